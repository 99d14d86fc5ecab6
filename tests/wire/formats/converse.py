"""Bedrock's Converse: recorded requests into a CompleteRequest, and into a canonical form. README.md lists the rules."""
import base64
import copy
import json
import re
from urllib.parse import unquote, urlsplit

from formats.format import Format, Untranslatable, keys_known

MODEL_PATH = re.compile(r"^(.*)/model/([^/]+)/(converse|converse-stream|invoke|invoke-with-response-stream)$")
NUMBERS = {"maxTokens": "max_output_tokens", "temperature": "temperature", "topP": "top_p"}
CHOICES = {"auto": "MODE_AUTO", "any": "MODE_REQUIRED", "tool": "MODE_TOOL"}
LIFETIMES = {None: 0, "5m": 300, "1h": 3600}
MEDIA = {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "pdf": "application/pdf",
         "csv": "text/csv", "doc": "application/msword", "xls": "application/vnd.ms-excel", "html": "text/html",
         "txt": "text/plain", "md": "text/markdown", "mp4": "video/mp4", "mov": "video/quicktime",
         "mkv": "video/x-matroska", "webm": "video/webm", "flv": "video/x-flv", "mpeg": "video/mpeg",
         "wmv": "video/x-ms-wmv", "three_gp": "video/3gpp", "mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac",
         "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


class BedrockPath:
    """The model stands in the path, with its ':' encoded (some recorders decoded it)."""

    def path(self, case):
        return urlsplit((case.recorded or {}).get("url") or "").path.replace(":", "%3A")

    def parts(self, case):
        path = self.path(case)
        match = MODEL_PATH.match(path)
        if path and not match:
            raise Untranslatable("the recorded path %s is none of Bedrock's" % path)
        return match.groups() if match else ("", "recorded", "")

    def base_path(self, case):
        return self.parts(case)[0]

    def model_id(self, case):
        return unquote(self.parts(case)[1])


TOO_LONG = ("input is too long", "prompt is too long", "too many input tokens")
IN_STREAM = {"throttlingException": ({"RESOURCE_EXHAUSTED"}, {"PROVIDER_RATE_LIMIT"}),
             "validationException": ({"INVALID_ARGUMENT"}, {"PROVIDER_INVALID_REQUEST"})}


class Converse(BedrockPath, Format):
    apis = ("converse",)
    api = "converse"
    simple_body = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
    more_expected = frozenset({"reasoning_blocks", "server_items"})

    def request(self, stubs, case, body):
        try:
            return self._request(stubs, copy.deepcopy(body)), {}
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a Converse request's form: %r" % problem) from problem

    def _request(self, stubs, left):
        request = stubs.completion.CompleteRequest()
        left.pop("modelId", None)
        system = left.pop("system", None)
        if system:
            self.blocks(request.messages.add(role=stubs.chat.ROLE_SYSTEM), system, "system")
        for index, message in enumerate(left.pop("messages")):
            keys_known(message, {"role", "content"}, "messages[%d]" % index)
            self.turn(stubs, request, message, "messages[%d]" % index)
        inference = left.pop("inferenceConfig", None) or {}
        keys_known(inference, set(NUMBERS) | {"stopSequences"}, "inferenceConfig")
        for key, field in NUMBERS.items():
            if inference.get(key) is not None:
                setattr(request, field, inference[key])
        request.stop.extend(inference.get("stopSequences") or [])
        self.tools(stubs, request, left.pop("toolConfig", None) or {})
        self.output(stubs, request, left)
        left = {k: v for k, v in left.items() if v is not None}
        if left:
            request.provider_options_json = dumps(left)
        return request

    def turn(self, stubs, request, message, where):
        """Tools' results stand in a message of their own; its neighbours are the same turn."""
        roles = {"user": stubs.chat.ROLE_USER, "assistant": stubs.chat.ROLE_ASSISTANT}
        out = result = None
        for index, block in enumerate(message["content"]):
            place = "%s[%d]" % (where, index)
            is_result = "toolResult" in block and message["role"] == "user"
            if "cachePoint" in block:
                self.hint(out, block, place)
                continue
            if out is None or result != is_result:
                role = stubs.chat.ROLE_TOOL if is_result else roles[message["role"]]
                out, result = request.messages.add(role=role), is_result
            self.block(out.parts.add(), block, place)

    def blocks(self, out, content, where):
        for index, block in enumerate(content):
            if "cachePoint" in block:
                self.hint(out, block, where)
            else:
                self.block(out.parts.add(), block, "%s[%d]" % (where, index))

    def hint(self, out, block, where):
        if out is None or not out.parts:
            raise Untranslatable("%s: a cache point with nothing before it" % where)
        point = block["cachePoint"]
        keys_known(point, {"type", "ttl"}, where)
        out.parts[-1].cache_hint.ttl_seconds = LIFETIMES[point.get("ttl")]

    def block(self, out, block, where):
        block = {k: v for k, v in block.items() if v is not None}
        (kind, value), = block.items()
        if kind == "text":
            out.text = value
        elif kind in ("image", "document", "video", "audio"):
            self.medium(getattr(out, kind), kind, value, where)
        elif kind == "toolUse":
            self.call(out, value, where)
        elif kind == "toolResult":
            self.result(out, value, where)
        elif kind == "reasoningContent":
            self.reasoning(out.reasoning, value, where)
        elif kind == "guardContent" and set(value) == {"text"}:
            text = dict(value["text"])
            out.text = text.pop("text")
            out.provider_state.provider = "bedrock"
            out.provider_state.data = dumps(text).encode()
        else:
            raise Untranslatable("%s: a block of kind %r" % (where, kind))

    def medium(self, out, kind, value, where):
        keys_known(value, {"format", "source"} | ({"name", "context", "citations"} if kind == "document" else set()), where)
        source = value["source"]
        if "text" in source:
            out.text = source["text"]
        elif "bytes" in source:
            out.data = base64.b64decode(source["bytes"])
        elif set(source) == {"s3Location"} and set(source["s3Location"]) == {"uri"}:
            out.url = source["s3Location"]["uri"]
        else:
            raise Untranslatable("%s: a source %s" % (where, sorted(source)))
        out.media_type = MEDIA[value.get("format") or "txt"]
        if kind == "document":
            out.title = value["name"]
            out.context = value.get("context") or ""
            out.citations = bool((value.get("citations") or {}).get("enabled"))

    def call(self, out, value, where):
        keys_known(value, {"toolUseId", "name", "input", "type"}, where)
        if value.get("type") == "server_tool_use":
            call = out.provider_tool_call
            call.id, call.kind, call.name, call.input_json = value["toolUseId"], value["name"], value["name"], dumps(value["input"])
            return
        call = out.tool_call
        call.id, call.name, call.arguments_json = value["toolUseId"], value["name"], dumps(value["input"])

    def result(self, out, value, where):
        keys_known(value, {"toolUseId", "content", "status", "type"}, where)
        if value.get("type"):
            result = out.provider_tool_result
            result.id, result.kind, result.status = value["toolUseId"], value["type"], value.get("status") or ""
            result.output_json = dumps(value["content"])
            return
        result = out.tool_result
        result.tool_call_id, result.is_error = value["toolUseId"], value.get("status") == "error"
        for part in value["content"]:
            (kind, inner), = part.items()
            if kind == "text":
                result.parts.add().text = inner
            elif kind == "json":
                result.parts.add().text = dumps(inner)
            elif kind in ("image", "document"):
                self.medium(getattr(result.parts.add(), kind), kind, inner, where)
            else:
                raise Untranslatable("%s: a tool result of kind %r" % (where, kind))

    def reasoning(self, out, value, where):
        keys_known(value, {"reasoningText", "redactedContent"}, where)
        text = value.get("reasoningText") or {}
        out.text, out.signature = text.get("text") or "", text.get("signature") or ""
        out.redacted_data = (value.get("redactedContent") or "").encode()

    def tools(self, stubs, request, config):
        keys_known(config, {"tools", "toolChoice"}, "toolConfig")
        for index, tool in enumerate(config.get("tools") or []):
            (kind, value), = tool.items()
            where = "tools[%d]" % index
            if kind == "cachePoint":
                keys_known(value, {"type", "ttl"}, where)
                request.tools[-1].cache_hint.ttl_seconds = LIFETIMES[value.get("ttl")]
                continue
            out = request.tools.add()
            if kind == "systemTool":
                out.provider.kind = value["name"]
                continue
            keys_known(value, {"name", "description", "inputSchema", "strict"}, where)
            out.function.name, out.function.description = value["name"], value.get("description") or ""
            out.function.parameters_json = dumps(value["inputSchema"]["json"])
            if value.get("strict") is not None:
                out.function.strict = value["strict"]
        choice = config.get("toolChoice")
        if choice:
            (kind, value), = choice.items()
            request.tool_choice.mode = getattr(stubs.chat.ToolChoice, CHOICES[kind])
            request.tool_choice.name = value.get("name") or ""

    def output(self, stubs, request, left):
        form = ((left.get("outputConfig") or {}).get("textFormat") or {})
        schema = (form.get("structure") or {}).get("jsonSchema")
        if form.get("type") != "json_schema" or not schema or not schema.get("name"):
            return
        del left["outputConfig"]
        out = request.response_format
        out.type = stubs.chat.ResponseFormat.TYPE_JSON_SCHEMA
        out.schema_json, out.schema_name = schema["schema"], schema["name"]
        out.description = schema.get("description") or ""

    # -- canonical --

    def canonical(self, body, case):
        out = {k: v for k, v in copy.deepcopy(body).items() if v not in (None, [], {})}
        out.pop("modelId", None)
        turns = []
        for message in out["messages"]:
            content = [self.canonical_block(b) for b in message["content"]]
            content = [b for b in content if b.get("text", "x").strip()]
            if turns and turns[-1]["role"] == message["role"]:
                turns[-1]["content"] += content
            else:
                turns.append({"role": message["role"], "content": content})
        out["messages"] = turns
        inference = {k: v for k, v in (out.pop("inferenceConfig", None) or {}).items() if v not in (None, [])}
        if inference:
            out["inferenceConfig"] = inference
        for tool in (out.get("toolConfig") or {}).get("tools") or []:
            if "toolSpec" in tool:
                tool["toolSpec"] = {k: v for k, v in tool["toolSpec"].items() if v not in (None, "")}
        return out

    def canonical_block(self, block):
        out = {k: v for k, v in block.items() if v is not None}
        if "toolResult" in out:
            result = out["toolResult"]
            if result.get("status") == "success" and "type" not in result:
                del result["status"]
            result["content"] = [{"text": dumps(p["json"])} if set(p) == {"json"} else p for p in result["content"]]
        if (out.get("document") or {}).get("citations") == {"enabled": False}:
            del out["document"]["citations"]
        return out

    def usage(self, wanted):
        """Cache reads and writes are no part of the input's tokens."""
        return {"input_tokens": wanted.get("input_tokens") or 0, "cache_read_tokens": wanted.get("cached_input_tokens") or 0,
                "cache_write_tokens": wanted.get("cache_creation_input_tokens") or 0,
                "output_tokens": wanted.get("output_tokens") or 0, "reasoning_tokens": 0}

    def error_class(self, error, provider):
        """What the message says that the status does not; exceptions of a stream, which have no status."""
        if error.get("status") in (200, 400) and any(p in str(error.get("message") or "").lower() for p in TOO_LONG):
            return {"FAILED_PRECONDITION"}, {"CONTEXT_TOO_LONG"}
        return IN_STREAM.get(error.get("type")) if error.get("status") == 200 else None

    def compare_more(self, comparison):
        parts = comparison.out.parts
        wanted = comparison.expected.get("reasoning_blocks") or []
        got = [reasoning_block(p.reasoning) for p in parts if p.WhichOneof("content") == "reasoning"]
        if wanted:
            wanted = [{k: v for k, v in b.items() if v not in (None, "") or k == "text"} for b in wanted]
            comparison.check("reasoning_blocks", wanted, got)
        items = [p for p in parts if (p.WhichOneof("content") or "").startswith("provider_tool")]
        comparison.check("number of server_items", len(comparison.expected.get("server_items") or []), len(items))


def reasoning_block(reasoning):
    if reasoning.redacted_data:
        return {"type": "redacted_thinking", "data": reasoning.redacted_data.decode()}
    out = {"type": "thinking", "text": reasoning.text}
    return {**out, "signature": reasoning.signature} if reasoning.signature else out
