"""Gemini's generateContent and streamGenerateContent: recorded requests into a CompleteRequest, and into a canonical form.

README.md one folder up lists every rule. Google reads JSON by proto3's rules, so names in snake_case mean the same as those
in camelCase; what a caller wrote himself (arguments, results, schemas) is left as it is.
"""
import base64
import copy
import json
from urllib.parse import urlsplit

from formats.format import Format, Untranslatable, keys_known

EFFORTS = {"MINIMAL": "EFFORT_MINIMAL", "LOW": "EFFORT_LOW", "MEDIUM": "EFFORT_MEDIUM", "HIGH": "EFFORT_HIGH"}
# members of generationConfig that a field carries
NUMBERS = {"temperature": ("temperature", float), "topP": ("top_p", float), "topK": ("top_k", int),
           "maxOutputTokens": ("max_output_tokens", int), "seed": ("seed", int),
           "presencePenalty": ("presence_penalty", float), "frequencyPenalty": ("frequency_penalty", float),
           "responseLogprobs": ("logprobs", bool), "logprobs": ("top_logprobs", int)}
# values that the caller wrote: their keys are not names of Google's
CARRIED = {"args", "response", "parametersJsonSchema", "responseJsonSchema", "_responseJsonSchema", "labels"}
SCHEMAS = {"parameters": "parametersJsonSchema", "responseSchema": "responseJsonSchema"}
SCHEMA_NAMES = {"any_of": "anyOf", "min_items": "minItems", "max_items": "maxItems", "min_length": "minLength",
                "max_length": "maxLength", "property_ordering": "propertyOrdering", "min_properties": "minProperties",
                "max_properties": "maxProperties"}
ITEMS = {"executableCode": ("provider_tool_call", "input_json"), "codeExecutionResult": ("provider_tool_result", "output_json"),
         "toolCall": ("provider_tool_call", "input_json"), "toolResponse": ("provider_tool_result", "output_json")}
# queries that say how the answer is encoded: what Sluice asks for is its own business
ENCODING = {"alt", "$alt", "prettyPrint", "key"}


def camel(name):
    head, *rest = name.split("_") if not name.startswith("_") else [name]
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def camels(value):
    """The same value with Google's names in camelCase; what the caller wrote stays."""
    if isinstance(value, list):
        return [camels(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, inner in value.items():
        name = camel(key)
        out[name] = inner if name in CARRIED else schema(inner) if name in SCHEMAS else camels(inner)
    return out


def schema(value):
    """Google's Schema with its own names in camelCase; names of properties stay."""
    if isinstance(value, list):
        return [schema(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, inner in value.items():
        name = SCHEMA_NAMES.get(key, key)
        if name == "properties" and isinstance(inner, dict):
            out[name] = {k: schema(v) for k, v in inner.items()}
        else:
            out[name] = inner if name in ("enum", "default", "example", "required") else schema(inner)
    return out


def plain_schema(value):
    """A schema whose types are written in lower case, as JSON schema has them."""
    if isinstance(value, list):
        return [plain_schema(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, inner in value.items():
        if key == "type" and isinstance(inner, str):
            out[key] = inner.lower()
        elif key == "properties" and isinstance(inner, dict):
            out[key] = {k: plain_schema(v) for k, v in inner.items()}
        else:
            out[key] = inner if key in ("enum", "default", "example", "required") else plain_schema(inner)
    return out


def decode(data):
    """Bytes of standard or URL-safe base64."""
    text = data.replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4))


def inline(blob, where):
    keys_known(blob, {"mimeType", "data"}, where)
    return blob["mimeType"], decode(blob["data"])


def kind_of(media_type):
    kind = (media_type or "").split("/")[0]
    return kind if kind in ("image", "audio", "video") else "document"


class Translator:
    """Builds the CompleteRequest for one recorded body, whose names are in camelCase."""

    def __init__(self, stubs, kind):
        self.chat = stubs.chat
        self.completion = stubs.completion
        self.kind = kind
        self.ids = {}  # names of functions -> ids of calls that came without one and wait for their result
        self.made = 0

    def translate(self, body):
        if not isinstance(body, dict) or not isinstance(body.get("contents"), (list, dict)):
            raise Untranslatable("the request's body is no generateContent request")
        try:
            return self._translate(camels(body))
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a generateContent request's form: %r" % problem) from problem

    def _translate(self, left):
        left = copy.deepcopy(left)
        left.pop("model", None)
        request = self.completion.CompleteRequest(include_message=True)
        self.system(request, left.pop("systemInstruction", None))
        contents = left.pop("contents")
        for index, content in enumerate(contents if isinstance(contents, list) else [contents]):
            self.content(request, content, "contents[%d]" % index)
        self.tools(request, left)
        self.config(request, left)
        left = {k: v for k, v in left.items() if v not in (None, {})}
        if left:
            request.provider_options_json = json.dumps(left, ensure_ascii=False)
        return request

    def system(self, request, content):
        if not content:
            return
        if isinstance(content, str):
            content = {"parts": [{"text": content}]}
        parts = content["parts"]
        out = request.messages.add(role=self.chat.ROLE_SYSTEM)
        for index, part in enumerate(parts if isinstance(parts, list) else [parts]):
            keys_known(part, {"text"}, "systemInstruction.parts[%d]" % index)
            out.parts.add().text = part["text"]

    # -- contents --

    def content(self, request, content, where):
        """Results of functions are messages of their own."""
        keys_known(content, {"role", "parts"}, where)
        role = content.get("role") or "user"
        if role not in ("user", "model", "function"):
            raise Untranslatable("%s: role %r" % (where, role))
        out = None
        for index, part in enumerate(content.get("parts") or []):
            wanted = self.chat.ROLE_ASSISTANT if role == "model" else self.chat.ROLE_USER
            if "functionResponse" in part:
                wanted = self.chat.ROLE_TOOL
            if out is None or out.role != wanted:
                out = request.messages.add(role=wanted)
            self.part(out.parts.add(), part, "%s.parts[%d]" % (where, index))

    def part(self, out, part, where):
        part = {k: v for k, v in part.items() if v is not None}
        signature = part.pop("thoughtSignature", None)
        thought = part.pop("thought", False)
        if signature is not None:
            out.provider_state.provider = self.kind
            out.provider_state.data = signature.encode()
        metadata = part.pop("videoMetadata", None)
        if metadata is not None:
            out.provider_state.provider = self.kind
            out.provider_state.data = json.dumps({"videoMetadata": metadata}).encode()
        if not part and signature is not None:
            part = {"text": ""}
        if len(part) != 1:
            raise Untranslatable("%s: a part with %s" % (where, sorted(part)))
        (name, value), = part.items()
        if name == "text":
            if thought:
                out.reasoning.text = value
            else:
                out.text = value
        elif name == "inlineData":
            media, data = inline(value, where)
            target = getattr(out, kind_of(media))
            target.media_type, target.data = media, data
        elif name == "fileData":
            keys_known(value, {"mimeType", "fileUri"}, where)
            kind = kind_of(value.get("mimeType")) if value.get("mimeType") else "video"
            getattr(out, kind).media_type = value.get("mimeType") or ""
            getattr(out, kind).url = value["fileUri"]
        elif name == "functionCall":
            self.call(out.tool_call, value, where)
        elif name == "functionResponse":
            self.response(out.tool_result, value, where)
        elif name in ITEMS:
            self.item(out, name, value)
        else:
            raise Untranslatable("%s: a part of kind %s" % (where, name))

    def call(self, out, call, where):
        keys_known(call, {"id", "name", "args"}, where)
        out.id = call.get("id") or self.make_id(call["name"])
        out.name = call["name"]
        out.arguments_json = json.dumps(call.get("args") or {}, ensure_ascii=False)

    def make_id(self, name):
        """As Sluice makes one up: "call_" and 24 letters."""
        text = "".join(chr(ord("a") + int(digit)) for digit in str(self.made))
        self.made += 1
        made = "call_" + text.rjust(24, "q")
        self.ids.setdefault(name, []).append(made)
        return made

    def response(self, out, response, where):
        keys_known(response, {"id", "name", "response", "parts"}, where)
        waiting = self.ids.get(response["name"]) or []
        out.tool_call_id = response.get("id") or (waiting.pop(0) if waiting else self.make_id(response["name"]))
        out.name = response["name"]
        out.parts.add().text = json.dumps(response.get("response") or {}, ensure_ascii=False)
        for index, part in enumerate(response.get("parts") or []):
            keys_known(part, {"inlineData"}, "%s.parts[%d]" % (where, index))
            media, data = inline(part["inlineData"], where)
            kind = kind_of(media)
            if kind not in ("image", "document"):
                raise Untranslatable("%s: a tool result with %s" % (where, media))
            target = getattr(out.parts.add(), kind)
            target.media_type, target.data = media, data

    def item(self, out, name, value):
        field, json_field = ITEMS[name]
        target = getattr(out, field)
        target.kind = "code_execution" if name in ("executableCode", "codeExecutionResult") else (
            value.get("toolType") or "tool").lower()
        target.id = value.get("id") or "run"
        setattr(target, json_field, json.dumps(value, ensure_ascii=False))
        out.provider_state.provider = self.kind

    # -- tools --

    def tools(self, request, left):
        tools = left.pop("tools", None) or []
        for tool in tools if isinstance(tools, list) else [tools]:
            for name, value in tool.items():
                if name == "functionDeclarations":
                    for function in value or []:
                        self.function(request.tools.add().function, function)
                elif value is not None:
                    out = request.tools.add().provider
                    out.kind = name
                    if value:
                        out.configuration_json = json.dumps(value, ensure_ascii=False)
        config = left.get("toolConfig")
        if isinstance(config, dict):
            self.choice(request, config.pop("functionCallingConfig", None) or {})

    def function(self, out, function):
        keys_known(function, {"name", "description", "parameters", "parametersJsonSchema"}, "functionDeclarations")
        out.name = function["name"]
        out.description = function.get("description") or ""
        parameters = function.get("parameters") or function.get("parametersJsonSchema")
        if parameters is not None:
            out.parameters_json = json.dumps(parameters, ensure_ascii=False)

    def choice(self, request, config):
        if not config:
            return
        keys_known(config, {"mode", "allowedFunctionNames"}, "toolConfig.functionCallingConfig")
        kinds, out = self.chat.ToolChoice, request.tool_choice
        mode, allowed = (config.get("mode") or "AUTO").upper(), config.get("allowedFunctionNames") or []
        if mode == "ANY" and len(allowed) == 1:
            out.mode, out.name = kinds.MODE_TOOL, allowed[0]
            return
        modes = {"AUTO": kinds.MODE_AUTO, "VALIDATED": kinds.MODE_AUTO, "ANY": kinds.MODE_REQUIRED, "NONE": kinds.MODE_NONE}
        if mode not in modes or (mode == "AUTO" and allowed):
            raise Untranslatable("toolConfig.functionCallingConfig %r" % config)
        out.mode = modes[mode]
        out.allowed.extend(allowed)
        if mode == "VALIDATED" and not allowed:
            for tool in request.tools:
                if tool.HasField("function"):
                    tool.function.strict = True

    # -- generationConfig --

    def config(self, request, left):
        config = left.get("generationConfig")
        if not isinstance(config, dict):
            return
        for key, (field, cast) in NUMBERS.items():
            if config.get(key) is not None:
                setattr(request, field, cast(config[key]))
            config.pop(key, None)
        if request.HasField("top_logprobs") and not request.logprobs:
            raise Untranslatable("generationConfig.logprobs without responseLogprobs")
        request.stop.extend(config.pop("stopSequences", None) or [])
        self.format(request, config)
        self.thinking(request, config)
        for key in [k for k, v in config.items() if v is None]:
            del config[key]

    def format(self, request, config):
        kinds = self.chat.ResponseFormat
        kind = config.get("responseMimeType")
        wanted = next((config[k] for k in ("responseSchema", "responseJsonSchema", "_responseJsonSchema")
                       if config.get(k) is not None), None)
        if kind == "text/plain" and wanted is None:
            request.response_format.type = kinds.TYPE_TEXT
        elif kind == "application/json":
            request.response_format.type = kinds.TYPE_JSON if wanted is None else kinds.TYPE_JSON_SCHEMA
            if wanted is not None:
                request.response_format.schema_json = json.dumps(wanted, ensure_ascii=False)
        else:
            return  # as provider options
        for key in ("responseMimeType", "responseSchema", "responseJsonSchema", "_responseJsonSchema"):
            config.pop(key, None)

    def thinking(self, request, config):
        thinking = config.get("thinkingConfig")
        if not isinstance(thinking, dict):
            return
        budget, level = thinking.get("thinkingBudget"), thinking.get("thinkingLevel")
        known = set(thinking) <= {"thinkingBudget", "thinkingLevel", "includeThoughts"}
        if not known or (budget is not None and (budget < 0 or level)) or (level and level.upper() not in EFFORTS):
            return  # as provider options
        config.pop("thinkingConfig")
        if budget is not None:
            request.reasoning.budget_tokens = budget
        if level:
            request.reasoning.effort = getattr(self.chat.ReasoningOptions, EFFORTS[level.upper()])
        if thinking.get("includeThoughts"):
            request.reasoning.summary = "auto"


# ---- the canonical form ----

def canonical_part(part):
    out = {k: v for k, v in part.items() if v is not None and (k, v) != ("thought", False)}
    if isinstance(out.get("inlineData"), dict):
        out["inlineData"] = canonical_blob(out["inlineData"])
    if isinstance(out.get("functionCall"), dict):
        call = {k: v for k, v in out["functionCall"].items() if v is not None}
        out["functionCall"] = {**call, "args": call.get("args") or {}}
    if isinstance(out.get("functionResponse"), dict):
        response = {k: v for k, v in out["functionResponse"].items() if v is not None and (k, v) != ("parts", [])}
        if "parts" in response:
            response["parts"] = [canonical_part(p) for p in response["parts"]]
        out["functionResponse"] = response
    return {"text": "", **out} if set(out) == {"thoughtSignature"} else out


def canonical_blob(blob):
    return {**blob, "data": decode(blob["data"]).hex()}


def canonical_contents(contents):
    """Neighbours of one role are one element; empty texts say nothing."""
    out = []
    for content in contents if isinstance(contents, list) else [contents]:
        role = content.get("role") or "user"
        role = "user" if role == "function" else role
        parts = [canonical_part(p) for p in content.get("parts") or []]
        parts = [p for p in parts if p not in ({}, {"text": ""}, {"text": "", "thought": True})]
        if not parts:
            continue
        if out and out[-1]["role"] == role:
            out[-1]["parts"] += parts
        else:
            out.append({"role": role, "parts": parts})
    return out


def canonical_function(function):
    out = {k: v for k, v in function.items() if v not in (None, "")}
    for name, other in SCHEMAS.items():
        if name in out:
            out[other] = out.pop(name)
    if "parametersJsonSchema" in out:
        out["parametersJsonSchema"] = plain_schema(out["parametersJsonSchema"])
    return out


def canonical_tools(tools):
    functions, others = [], []
    for tool in tools if isinstance(tools, list) else [tools]:
        for name, value in tool.items():
            if name == "functionDeclarations":
                functions += [canonical_function(f) for f in value or []]
            elif value is not None:
                others.append({name: value})
    return {"functions": functions, "others": others}


def canonical_config(config):
    out = {k: v for k, v in config.items() if v is not None and v != [] and (k, v) != ("responseMimeType", "text/plain")}
    for name in ("responseSchema", "_responseJsonSchema", "responseJsonSchema"):
        if name in out:
            out["responseJsonSchema"] = plain_schema(out.pop(name))
    thinking = out.get("thinkingConfig")
    if isinstance(thinking, dict):
        thinking = {k: v for k, v in thinking.items() if v is not None and (k, v) != ("includeThoughts", False)}
        if isinstance(thinking.get("thinkingLevel"), str):
            thinking["thinkingLevel"] = thinking["thinkingLevel"].upper()
        out["thinkingConfig"] = thinking
    return {k: v for k, v in out.items() if v != {}}


def canonical(body):
    out = {k: v for k, v in camels(copy.deepcopy(body)).items() if v is not None}
    out.pop("model", None)
    out["contents"] = canonical_contents(out.get("contents") or [])
    system = out.pop("systemInstruction", None)
    if isinstance(system, str):
        system = {"parts": [{"text": system}]}
    if system:
        parts = system.get("parts") or []
        out["systemInstruction"] = [p for p in (parts if isinstance(parts, list) else [parts]) if p.get("text")]
    if out.get("tools"):
        out["tools"] = canonical_tools(out["tools"])
    if isinstance(out.get("generationConfig"), dict):
        out["generationConfig"] = canonical_config(out["generationConfig"])
    choice = (out.get("toolConfig") or {}).get("functionCallingConfig")
    if isinstance(choice, dict):
        choice = {k: v for k, v in choice.items() if v not in (None, [])}
        out["toolConfig"] = {**out["toolConfig"], "functionCallingConfig": {**choice, "mode": (choice.get("mode") or "AUTO").upper()}}
    return {k: v for k, v in out.items() if v not in ({}, [])}


# ---- the format ----

class GenerateContent(Format):
    apis = ("generateContent", "streamGenerateContent")
    api = "generate_content"
    simple_body = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
    key_headers = {"gemini": "x-goog-api-key"}
    more_expected = frozenset({"thought_signatures", "server_items", "block_reason", "finish_message"})
    more_usage = frozenset({"tool_use_input_tokens"})
    more_call = frozenset({"thought_signature"})

    def base_path(self, case):
        path = self.path(case)
        if not path:
            return "/v1beta"
        head, models, rest = path.rpartition("/models/")
        if not models or ":" not in rest:
            raise Untranslatable("the recorded path %s names no model" % path)
        return head

    def model_id(self, case):
        path = self.path(case)
        if not path:
            return case.data["expected"].get("model") or "recorded"
        return path.rpartition("/models/")[2].rpartition(":")[0]

    def query(self, case):
        said = {k: v for k, v in super().query(case).items() if k not in ENCODING}
        streamed = urlsplit((case.recorded or {}).get("url") or "").path.endswith(":streamGenerateContent")
        return {**said, **({"alt": "sse"} if streamed else {})}

    def request(self, stubs, case, body):
        return Translator(stubs, case.kind).translate(body), {}

    def canonical(self, body, case):
        return canonical(body)

    def usage(self, wanted):
        cached = wanted.get("cached_input_tokens") or 0
        return {"input_tokens": (wanted.get("input_tokens") or 0) - cached + (wanted.get("tool_use_input_tokens") or 0),
                "cache_read_tokens": cached, "cache_write_tokens": 0, "output_tokens": wanted.get("output_tokens") or 0,
                "reasoning_tokens": wanted.get("reasoning_tokens") or 0}

    def citations(self, citations):
        """The first citation of an object carries it whole; the others are its single sources."""
        objects = [json.loads(c.provider_json) for c in citations if c.provider_json]
        return [o for o in objects if "urlContextMetadata" not in o]

    def compare_more(self, comparison):
        expected, out = comparison.expected, comparison.out
        self.signatures(comparison, expected, out)
        self.items(comparison, expected, out)
        said = [w.message for w in out.warnings if w.reason == "PROMPT_BLOCKED"]
        if expected.get("block_reason"):
            comparison.check("block_reason", True, any(str(expected["block_reason"]) in text for text in said))
        if expected.get("finish_message") and expected.get("raw_finish_reason") != "STOP":
            said = [w.message for w in out.warnings if w.reason == "FINISH_MESSAGE"]
            comparison.check("finish_message", [expected["finish_message"]], said)

    def signatures(self, comparison, expected, out):
        texts, calls = [], []
        for part in out.parts:
            state = part.provider_state.data.decode()
            if part.WhichOneof("content") == "tool_call":
                calls.append(state)
            elif part.WhichOneof("content") in ("text", "reasoning") and state:
                texts.append(state)
        comparison.check("thought_signatures", [s["signature"] for s in expected.get("thought_signatures") or []], texts)
        comparison.check("tool_calls[].thought_signature",
                         [c.get("thought_signature") or "" for c in expected.get("tool_calls") or []], calls)

    def items(self, comparison, expected, out):
        """Kinds in order, and whatever else the recording says of an item."""
        got = []
        for part in out.parts:
            kind = part.WhichOneof("content")
            if kind in ("image", "audio"):
                media = getattr(part, kind)
                got.append(({"image", "inlineData", "audio"}, {"mime_type": media.media_type, "bytes": len(media.data),
                                                                 "size": len(media.data)}))
            elif kind == "provider_tool_call":
                call = part.provider_tool_call
                names = {"executableCode"} if call.kind == "code_execution" else {"toolCall"}
                got.append((names, json.loads(call.input_json)))
            elif kind == "provider_tool_result":
                result = part.provider_tool_result
                names = {"codeExecutionResult"} if result.kind == "code_execution" else {"toolResponse"}
                got.append((names, json.loads(result.output_json)))
        wanted = expected.get("server_items") or []
        comparison.check("number of server_items", len(wanted), len(got))
        for index, (item, (names, facts)) in enumerate(zip(wanted, got)):
            comparison.check("server_items[%d].type" % index, True, item.get("type") in names)
            for key, value in item.items():
                if key in facts:
                    comparison.check("server_items[%d].%s" % (index, key), value, facts[key])
