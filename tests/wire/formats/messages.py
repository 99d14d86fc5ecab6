"""Anthropic's Messages: recorded requests into a CompleteRequest, and into a canonical form in which two are compared.

README.md one folder up lists every rule. What no field can say travels in provider_options_json; what that cannot say
either raises Untranslatable.
"""
import base64
import copy
import json
import re

from formats.format import Format, Untranslatable, keys_known

EFFORTS = {"low": "EFFORT_LOW", "medium": "EFFORT_MEDIUM", "high": "EFFORT_HIGH", "xhigh": "EFFORT_XHIGH"}
CHOICES = {"auto": "MODE_AUTO", "none": "MODE_NONE", "any": "MODE_REQUIRED", "tool": "MODE_TOOL"}
LIFETIMES = {None: 0, "5m": 300, "1h": 3600}
NUMBERS = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "max_tokens": "max_output_tokens"}
FUNCTION_KEYS = {"type", "name", "description", "input_schema", "strict", "cache_control"}
ADAPTIVE = re.compile(r"claude-(opus|sonnet)-(4-[6-9]|[5-9])")
RAW_PREDICT = re.compile(r"/([^/:]+):(streamRawPredict|rawPredict)$")
DIRECT = {"type": "direct"}
# https://platform.claude.com/docs/en/api/errors
IN_STREAM = {"invalid_request_error": ({"INVALID_ARGUMENT"}, {"PROVIDER_INVALID_REQUEST"}),
             "authentication_error": ({"FAILED_PRECONDITION"}, {"PROVIDER_AUTH"}),
             "permission_error": ({"FAILED_PRECONDITION"}, {"PROVIDER_AUTH"}),
             "not_found_error": ({"NOT_FOUND"}, {"PROVIDER_NOT_FOUND"}),
             "rate_limit_error": ({"RESOURCE_EXHAUSTED"}, {"PROVIDER_RATE_LIMIT"}),
             "api_error": ({"UNAVAILABLE"}, {"PROVIDER_ERROR"}), "timeout_error": ({"UNAVAILABLE"}, {"PROVIDER_ERROR"}),
             "overloaded_error": ({"UNAVAILABLE"}, {"PROVIDER_OVERLOADED"})}
# members of a block that a field carries, by its type; the rest is the part's opaque state
KNOWN = {"tool_use": {"id", "name", "input"}, "server_tool_use": {"id", "name", "input"},
         "mcp_tool_use": {"id", "name", "input"}}
KNOWN_BLOCKS = {"text", "image", "document", "tool_result", "thinking", "redacted_thinking", *KNOWN}  # that parts can say


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


def blocks(content):
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


class Translator:
    """Builds the CompleteRequest for one recorded body."""

    def __init__(self, stubs, model):
        self.chat, self.completion, self.model = stubs.chat, stubs.completion, model

    def translate(self, body):
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
            raise Untranslatable("the request's body is no Messages request")
        try:
            return self._translate(copy.deepcopy(body))
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a Messages request's form: %r" % problem) from problem

    def _translate(self, left):
        for key in ("model", "stream", "anthropic_version"):
            left.pop(key, None)
        request = self.completion.CompleteRequest(include_message=True)
        system = blocks(left.pop("system", None))
        if system:
            self.message(request.messages.add(role=self.chat.ROLE_SYSTEM), system, "system")
        for index, message in enumerate(left.pop("messages")):
            where = "messages[%d]" % index
            keys_known(message, {"role", "content"}, where)
            roles = {"user": self.chat.ROLE_USER, "assistant": self.chat.ROLE_ASSISTANT}
            if message["role"] not in roles:
                raise Untranslatable("%s: role %r" % (where, message["role"]))
            self.message(request.messages.add(role=roles[message["role"]]), blocks(message["content"]), where)
        self.tools(request, left)
        for key, field in NUMBERS.items():
            if left.get(key) is not None:
                setattr(request, field, left[key])
            left.pop(key, None)
        request.stop.extend(left.pop("stop_sequences", None) or [])
        metadata = left.pop("metadata", None) or {}
        keys_known(metadata, {"user_id"}, "metadata")
        request.end_user = metadata.get("user_id") or ""
        self.output(request, left)
        left = {k: v for k, v in left.items() if v is not None}
        if left:
            request.provider_options_json = dumps(left)
        return request

    # -- content --

    def message(self, out, content, where):
        for index, block in enumerate(content):
            source = block.get("source")
            own = block["type"] not in KNOWN_BLOCKS or (isinstance(source, dict) and source.get("type") == "content")
            if own and out.role == self.chat.ROLE_USER and not block["type"].endswith("_tool_result"):
                part = out.parts.add()
                block = {k: v for k, v in block.items() if v is not None}
                self.hint(part, block, where)
                self.whole(part, block)
                continue
            if own and block["type"] == "container_upload":
                result = out.parts.add().provider_tool_result
                result.kind, result.output_json = block["type"], dumps(block)
                continue
            self.block(out.parts.add(), {k: v for k, v in block.items() if v is not None}, "%s[%d]" % (where, index))

    def hint(self, out, block, where):
        control = block.pop("cache_control", None)
        if control is None:
            return
        keys_known(control, {"type", "ttl"}, where + ".cache_control")
        out.cache_hint.ttl_seconds = LIFETIMES[control.get("ttl")]

    def block(self, out, block, where):
        self.hint(out, block, where)
        kind = block["type"]
        if kind == "tool_result":
            self.tool_result(out.tool_result, block, where)
        elif kind in ("thinking", "redacted_thinking"):
            self.reasoning(out.reasoning, block, where)
        elif kind in KNOWN:
            self.call(out, block)
        elif kind.endswith("_tool_result"):
            self.provider_result(out, block)
        else:
            self.content(out, block, where)

    def content(self, out, block, where):
        kind = block["type"]
        if kind == "text":
            keys_known(block, {"type", "text", "citations"}, where)
            out.text = block["text"]
            for citation in block.get("citations") or []:
                out.citations.add().provider_json = dumps(citation)
        elif kind == "image":
            keys_known(block, {"type", "source"}, where)
            self.source(out.image, block["source"], where)
        elif kind == "document":
            keys_known(block, {"type", "source", "title", "context", "citations"}, where)
            self.source(out.document, block["source"], where)
            out.document.title = block.get("title") or ""
            out.document.context = block.get("context") or ""
            out.document.citations = bool((block.get("citations") or {}).get("enabled"))
        else:
            raise Untranslatable("%s: a block of type %r" % (where, kind))

    def whole(self, out, block):
        """A user's block that no part can say is the state of a text, which other providers get instead."""
        source = block.get("source")
        content = (source.get("content") if isinstance(source, dict) else None) or block.get("content") or []
        out.text = "".join(b.get("text") or "" for b in content if isinstance(b, dict)) if isinstance(content, list) else content
        out.provider_state.provider = "anthropic"
        out.provider_state.data = dumps(block).encode()

    def source(self, out, source, where):
        kind = source["type"]
        if kind == "base64":
            out.media_type = source["media_type"]
            out.data = base64.b64decode(source["data"])
        elif kind == "url":
            out.url = source["url"]
        elif kind == "file":
            out.file_id = source["file_id"]
        elif kind == "text":
            out.text = source["data"]
        else:
            raise Untranslatable("%s: a source of type %r" % (where, kind))

    def reasoning(self, out, block, where):
        keys_known(block, {"type", "thinking", "signature", "data"}, where)
        out.text = block.get("thinking") or ""
        out.signature = block.get("signature") or ""
        out.redacted_data = (block.get("data") or "").encode()

    def state(self, out, block, known):
        rest = {k: v for k, v in block.items() if k not in known | {"type"} and (k, v) != ("caller", DIRECT)}
        if rest:
            out.provider_state.provider = "anthropic"
            out.provider_state.data = dumps(rest).encode()

    def call(self, out, block):
        kind = block["type"]
        if kind == "tool_use":
            out.tool_call.id, out.tool_call.name = block["id"], block["name"]
            out.tool_call.arguments_json = dumps(block["input"])
        else:
            call = out.provider_tool_call
            call.id, call.name, call.input_json = block["id"], block["name"], dumps(block["input"])
            call.kind = "mcp" if kind == "mcp_tool_use" else block["name"]
        self.state(out, block, KNOWN[kind])

    def provider_result(self, out, block):
        result = out.provider_tool_result
        result.id = block["tool_use_id"]
        result.kind = block["type"][:-len("_tool_result")]
        result.output_json = dumps(block["content"])
        result.status = "error" if block.get("is_error") else ""
        self.state(out, block, {"tool_use_id", "content", "is_error"})

    def tool_result(self, out, block, where):
        keys_known(block, {"type", "tool_use_id", "content", "is_error"}, where)
        out.tool_call_id = block["tool_use_id"]
        out.is_error = bool(block.get("is_error"))
        for index, part in enumerate(blocks(block.get("content"))):
            part = {k: v for k, v in part.items() if v is not None}
            piece = out.parts.add()
            self.hint(piece, part, where)
            if part["type"] not in ("text", "image", "document"):
                raise Untranslatable("%s: a tool result's block of type %r" % (where, part["type"]))
            self.content(piece, part, "%s.content[%d]" % (where, index))

    # -- tools --

    def tools(self, request, left):
        for index, tool in enumerate(left.pop("tools", None) or []):
            tool = {k: v for k, v in tool.items() if v is not None}
            out, where = request.tools.add(), "tools[%d]" % index
            kind = tool.get("type", "custom")
            if kind == "custom" and not set(tool) - FUNCTION_KEYS:
                self.hint(out, tool, where)
                out.function.name = tool["name"]
                out.function.description = tool.get("description") or ""
                out.function.parameters_json = dumps(tool["input_schema"])
                if "strict" in tool:
                    out.function.strict = tool["strict"]
                continue
            self.hint(out, tool, where)
            tool.pop("type", None)
            out.provider.kind, out.provider.configuration_json = kind, dumps(tool)
        choice = left.pop("tool_choice", None)
        if not choice:
            return
        keys_known(choice, {"type", "name", "disable_parallel_tool_use"}, "tool_choice")
        request.tool_choice.mode = getattr(self.chat.ToolChoice, CHOICES[choice["type"]])
        request.tool_choice.name = choice.get("name") or ""
        if choice.get("disable_parallel_tool_use") is not None:
            request.parallel_tool_calls = not choice["disable_parallel_tool_use"]

    # -- thinking and output --

    def output(self, request, left):
        thinking, config = left.get("thinking"), dict(left.get("output_config") or {})
        form = left.get("output_format") or config.pop("format", None)
        if form and set(form) != {"type", "schema"}:
            return
        effort = config.pop("effort", None)
        reasoning = self.completion.CompleteRequest().reasoning
        if thinking and set(thinking) == {"type", "budget_tokens"} and thinking["type"] == "enabled" and not effort:
            reasoning.budget_tokens = thinking["budget_tokens"]
        elif thinking == {"type": "disabled"} and not effort:
            reasoning.effort = self.chat.ReasoningOptions.EFFORT_NONE
        elif thinking == {"type": "adaptive"} and effort in EFFORTS and ADAPTIVE.search(self.model):
            reasoning.effort = getattr(self.chat.ReasoningOptions, EFFORTS[effort])
        elif effort or config:
            return  # as provider options, unchanged
        else:
            reasoning = None
        if reasoning is not None:
            request.reasoning.CopyFrom(reasoning)
            left.pop("thinking")
        if form:
            request.response_format.type = self.chat.ResponseFormat.TYPE_JSON_SCHEMA
            request.response_format.schema_json = dumps(form["schema"])
        if config:
            raise Untranslatable("output_config has more than fields can carry: %s" % dumps(config))
        left.pop("output_config", None)
        left.pop("output_format", None)


# ---- canonical ----

def canonical_block(block):
    out = {k: v for k, v in block.items() if v not in (None, [])}
    if out.get("caller") == DIRECT:
        del out["caller"]
    if out.get("citations") == {"enabled": False}:
        del out["citations"]
    if out["type"] == "tool_result":
        out["content"] = canonical_content(out.get("content"))
        if not out.get("is_error"):
            out.pop("is_error", None)
    return out


def canonical_content(content):
    out = [canonical_block(block) for block in blocks(content)]
    return [block for block in out if block["type"] != "text" or block["text"].strip()]


def canonical_messages(messages):
    """Turns: neighbours of one role together, tool results first."""
    out = []
    for message in messages:
        content = canonical_content(message["content"])
        if out and out[-1]["role"] == message["role"]:
            out[-1]["content"] += content
        elif content:
            out.append({"role": message["role"], "content": content})
    for message in out:
        if message["role"] == "user":
            message["content"].sort(key=lambda block: block["type"] != "tool_result")
    if out and out[-1]["role"] == "assistant" and out[-1]["content"][-1]["type"] == "text":
        out[-1]["content"][-1]["text"] = out[-1]["content"][-1]["text"].rstrip()
    return out


def canonical_tool(tool):
    out = {k: v for k, v in tool.items() if v not in (None, "")}
    if out.get("type") == "custom":
        del out["type"]
    return out


def canonical(body):
    out = {k: v for k, v in body.items() if v is not None}
    if out.get("stream") is False:
        del out["stream"]
    out["messages"] = canonical_messages(out["messages"])
    if out.get("system") is not None:
        out["system"] = canonical_content(out["system"])
    if "tools" in out:
        out["tools"] = [canonical_tool(tool) for tool in out["tools"]]
    if "output_format" in out:
        out["output_config"] = {**out.get("output_config", {}), "format": out.pop("output_format")}
    for key in ("system", "tools", "stop_sequences", "metadata"):
        if key in out and not out[key]:
            del out[key]
    return out


# ---- the format ----

def reasoning_block(part):
    if part.reasoning.redacted_data:
        return {"type": "redacted_thinking", "data": part.reasoning.redacted_data.decode()}
    out = {"type": "thinking", "text": part.reasoning.text}
    return {**out, "signature": part.reasoning.signature} if part.reasoning.signature else out


def server_item(part):
    if part.WhichOneof("content") == "provider_tool_call":
        call = part.provider_tool_call
        return {"type": "mcp_tool_use" if call.kind == "mcp" else "server_tool_use", "id": call.id, "name": call.name,
                "input": json.loads(call.input_json)}
    result = part.provider_tool_result
    if not result.id:
        return json.loads(result.output_json)
    return {"type": result.kind + "_tool_result", "id": result.id, "content": json.loads(result.output_json),
            "is_error": result.status == "error"}


class Messages(Format):
    apis = ("messages",)
    api = "messages"
    suffix = "/messages"
    more_expected = frozenset({"reasoning_blocks", "server_items", "stop_details"})

    def base_path(self, case):
        path = self.path(case)
        if RAW_PREDICT.search(path):
            return RAW_PREDICT.sub("", path)
        return super().base_path(case)

    def query(self, case):
        """`beta=true` is a mark of the official clients' beta methods; the API's reference does not know it."""
        return {k: v for k, v in super().query(case).items() if (k, v) != ("beta", "true")}

    def model_id(self, case):
        if case.body is None:
            return case.data["expected"].get("model") or "recorded"
        named = RAW_PREDICT.search(self.path(case))
        return named.group(1) if named else super().model_id(case)

    def key_header(self, case, key):
        if RAW_PREDICT.search(self.path(case)):
            return "authorization", "Bearer " + key
        return "x-api-key", key

    def expected_headers(self, case):
        out = super().expected_headers(case)
        if "anthropic-beta" in out:
            out["anthropic-beta"] = ",".join(part.strip() for part in out["anthropic-beta"].split(","))
        return out

    def request(self, stubs, case, body):
        refused = case.data["response"]["status"] == 400 and body is case.body and isinstance(body, dict)
        if refused and (body.get("thinking") or (body.get("temperature") and body.get("top_p"))):
            raise Untranslatable("Sluice reshapes what the provider refuses about thinking and sampling")
        # a recorder may have kept the URL only
        request = Translator(stubs, self.model_id(case)).translate(self.simple_body if body is None else body)
        return request, {"api": "raw_predict"} if RAW_PREDICT.search(self.path(case)) else {}

    def canonical(self, body, case):
        return canonical(body) if case.body is not None else None

    def usage(self, wanted):
        """input_tokens has no cached tokens in it; output_tokens has the reasoning's."""
        reasoning = wanted.get("reasoning_tokens") or 0
        return {"input_tokens": wanted.get("input_tokens") or 0,
                "cache_read_tokens": wanted.get("cached_input_tokens") or 0,
                "cache_write_tokens": wanted.get("cache_creation_input_tokens") or 0,
                "output_tokens": max(0, (wanted.get("output_tokens") or 0) - reasoning), "reasoning_tokens": reasoning}

    def error_class(self, error, provider):
        """The words of messages whose type says only invalid_request_error; types, where a stream has no status."""
        text, kind = str(error.get("message") or ""), error.get("type")
        if kind == "invalid_request_error" and ("prompt is too long" in text or "exceed context limit" in text):
            return {"FAILED_PRECONDITION"}, {"CONTEXT_TOO_LONG"}
        if kind == "invalid_request_error" and "credit balance is too low" in text:
            return {"RESOURCE_EXHAUSTED"}, {"PROVIDER_QUOTA"}
        if kind == "invalid_request_error" and "content filtering policy" in text:
            return {"INVALID_ARGUMENT"}, {"CONTENT_REFUSED"}
        return IN_STREAM.get(kind) if error.get("status") == 200 else None

    def compare_more(self, comparison):
        expected, parts = comparison.expected, comparison.out.parts
        got = [reasoning_block(p) for p in parts if p.WhichOneof("content") == "reasoning"]
        wanted = [{k: v for k, v in b.items() if v not in (None, "") or k == "text"} for b in expected.get("reasoning_blocks") or []]
        if wanted:
            comparison.check("reasoning_blocks", wanted, got)
        items = [server_item(p) for p in parts if (p.WhichOneof("content") or "").startswith("provider_tool")]
        wanted = expected.get("server_items") or []
        comparison.check("number of server_items", len(wanted), len(items))
        for index, (want, item) in enumerate(zip(wanted, items)):
            comparison.check("server_items[%d]" % index, want, {k: item.get(k) for k in want})
        details = expected.get("stop_details") or {}
        said = " ".join(w.message for w in comparison.out.warnings)
        for key in ("category", "explanation"):
            if details.get(key) and details[key][:150] not in said:
                comparison.check("stop_details." + key, details[key], said)
