"""Chat completions: recorded requests into a CompleteRequest, and into a canonical form in which two of them are compared.

README.md one folder up lists every rule. A field without a typed counterpart travels in provider_options_json; a thing
that neither can say raises Untranslatable, which fails the case.
"""
import base64
import binascii
import copy
import json
import mimetypes
import re

from formats.format import Format, Untranslatable, canonical_arguments, canonical_url, data_url, keys_known


EFFORTS = {"none": "EFFORT_NONE", "minimal": "EFFORT_MINIMAL", "low": "EFFORT_LOW", "medium": "EFFORT_MEDIUM",
           "high": "EFFORT_HIGH", "xhigh": "EFFORT_XHIGH"}
ROLES = {"system": "ROLE_SYSTEM", "developer": "ROLE_DEVELOPER", "user": "ROLE_USER", "assistant": "ROLE_ASSISTANT",
         "tool": "ROLE_TOOL"}
CHOICES = {"auto": "MODE_AUTO", "none": "MODE_NONE", "required": "MODE_REQUIRED"}
# OpenAI's names of audio formats and their media types
AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/opus", "aac": "audio/aac",
               "pcm16": "audio/pcm", "ogg": "audio/ogg", "m4a": "audio/mp4", "webm": "audio/webm"}
# keys of the request that a typed field carries; everything else goes to provider_options_json
NUMBERS = {"temperature": "temperature", "top_p": "top_p", "frequency_penalty": "frequency_penalty",
           "presence_penalty": "presence_penalty", "seed": "seed", "logprobs": "logprobs", "top_logprobs": "top_logprobs",
           "parallel_tool_calls": "parallel_tool_calls"}
# ---- what providers say in words of their own; the rest is OpenAI's ----
# which key of the wire CompleteRequest.end_user becomes, by adapter
END_USER = {"openai": "safety_identifier", "moonshot": "safety_identifier", "zhipu": "user_id",
            **dict.fromkeys(["custom", "vllm", "openrouter", "groq", "xai", "fireworks", "cerebras", "deepinfra", "huggingface",
                             "azure"], "user")}
# providers that have top_k
TOP_K = {"custom", "vllm", "lmstudio", "openrouter", "together", "fireworks", "perplexity", "deepinfra", "dashscope",
         "siliconflow"}
# providers whose references name max_tokens only
MAX_TOKENS = {"custom", "vllm", "lmstudio", "deepseek", "zhipu", "together", "fireworks", "perplexity", "deepinfra", "nvidia",
              "dashscope", "siliconflow", "mistral", "huggingface"}
MAX_EFFORT = {"deepseek", "moonshot"}              # the highest effort is "max"
THINKING = {"moonshot", "zhipu", "minimax"}        # no effort is thinking: {type: disabled}
SEED = {"mistral": "random_seed"}
PREFIX = {"mistral": "prefix", "deepseek": "prefix", "moonshot": "partial"}  # of a message that the answer goes on from
# codes of providers' own, and what they mean whatever the HTTP status
OWN_ERRORS = {
    ("minimax", "1002"): ("RESOURCE_EXHAUSTED", "PROVIDER_RATE_LIMIT"),
    ("minimax", "1004"): ("FAILED_PRECONDITION", "PROVIDER_AUTH"),
    ("minimax", "1027"): ("INVALID_ARGUMENT", "CONTENT_REFUSED"),
    ("moonshot", "exceeded_current_quota_error"): ("RESOURCE_EXHAUSTED", "PROVIDER_QUOTA"),
    ("zhipu", "1113"): ("RESOURCE_EXHAUSTED", "PROVIDER_QUOTA"),
    ("zhipu", "1301"): ("INVALID_ARGUMENT", "CONTENT_REFUSED"),
}
DETAILS = {"openrouter", "minimax"}                # reasoning_details go back as they came
TOOL_NAMES = {"mistral"}  # providers whose messages of tools have a name
# ids of tool calls that a provider takes; others are changed
CALL_IDS = {"mistral": re.compile("[a-zA-Z0-9]{9}"), "openai": re.compile(".{1,40}", re.DOTALL),
            "azure": re.compile(".{1,40}", re.DOTALL)}
DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/chat/completions$")
LEGACY_ID = "call_legacy_%d"


def modernise(messages):
    """Legacy function calls in the history as tool calls: an assistant's function_call gets a made-up id, and the
    `function` message after it answers that id."""
    out, count, open_id = [], 0, None
    for message in messages:
        message = dict(message)
        if message.get("role") == "assistant" and message.get("function_call"):
            call = message.pop("function_call")
            open_id = LEGACY_ID % count
            count += 1
            message["tool_calls"] = [{"id": open_id, "type": "function", "function": call}]
        elif message.get("role") == "function":
            message = {"role": "tool", "tool_call_id": open_id or LEGACY_ID % count, "content": message.get("content")}
            open_id = None
        if message.get("function_call", 0) is None:
            del message["function_call"]
        out.append(message)
    return out


class Translator:
    """Builds the CompleteRequest for one recorded body."""

    def __init__(self, stubs, kind="openai"):
        self.kind = kind
        self.chat = stubs.chat
        self.completion = stubs.completion
        self.end_user = END_USER.get(kind)

    def translate(self, body, model):
        """(CompleteRequest, quirks of the model's configuration)."""
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
            raise Untranslatable("the request's body is no chat request")
        try:
            return self._translate(body, model)
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a chat request's form: %r" % problem) from problem

    def _translate(self, body, model):
        left = copy.deepcopy(body)
        left.pop("model", None)
        left.pop("stream", None)
        quirks = {}
        request = self.completion.CompleteRequest(model=model, include_message=True)
        messages = modernise(left.pop("messages"))
        for message in messages:
            if isinstance(message, dict) and message.get(PREFIX.get(self.kind)) is False:
                del message[PREFIX[self.kind]]  # the default
        if messages and messages[-1].get("role") == "assistant" and messages[-1].get(PREFIX.get(self.kind)) is True:
            del messages[-1][PREFIX[self.kind]]  # Sluice's own
        for index, message in enumerate(messages):
            request.messages.append(self.message(message, "messages[%d]" % index))
        self.tools(request, left)
        self.scalars(request, left, quirks)
        self.response_format(request, left)
        self.stream_options(left)
        if left:
            request.provider_options_json = json.dumps(left, ensure_ascii=False)
        return request, quirks

    # -- messages --

    def message(self, message, where):
        role = message.get("role")
        # what client libraries write out of habit: "refusal": null, "annotations": [], "tool_calls": null
        message = {k: v for k, v in message.items() if k == "content" or v not in (None, "", [], {})}
        if role not in ROLES:
            raise Untranslatable("%s: role %r" % (where, role))
        known = {"role", "content", "name"}
        known |= {"assistant": {"tool_calls", "refusal", "audio", "reasoning_content", "reasoning", "reasoning_details"},
                  "tool": {"tool_call_id"}}.get(role, set())
        keys_known(message, known, where)
        out = self.chat.Message(role=getattr(self.chat, ROLES[role]), name=message.get("name") or "")
        content = message.get("content")
        if role == "tool":
            out.parts.append(self.tool_result(message, where))
            out.parts[0].tool_result.name, out.name = out.name, ""
            return out
        reasoning, details = message.get("reasoning_content") or message.get("reasoning"), message.get("reasoning_details")
        if details:
            # what Sluice gave as the part's state, and takes back
            part = out.parts.add()
            part.reasoning.text = reasoning or "".join(d.get("text") or d.get("summary") or "" for d in details)
            part.provider_state.provider = self.kind
            part.provider_state.data = json.dumps(details, ensure_ascii=False).encode()
        elif reasoning:
            out.parts.add().reasoning.text = reasoning
        if isinstance(content, str):
            # an empty answer has no parts; every other role needs one
            if content or role != "assistant":
                out.parts.add().text = content
        elif content is not None:
            for index, part in enumerate(content):
                self.part(out.parts.add(), part, "%s.content[%d]" % (where, index))
        if message.get("refusal"):
            out.parts.add().refusal = message["refusal"]
        if message.get("audio"):
            keys_known(message["audio"], {"id"}, where + ".audio")
            out.parts.add().audio.file_id = message["audio"]["id"]
        for call in message.get("tool_calls") or []:
            self.tool_call(out.parts.add().tool_call, call, where)
        return out

    def tool_call(self, out, call, where):
        kind = call.get("type", "function")
        out.id = call.get("id") or ""
        if kind == "function":
            keys_known(call, {"id", "type", "function", "index"}, where + ".tool_calls")
            out.name = call["function"]["name"]
            out.arguments_json = call["function"].get("arguments") or ""
        elif kind == "custom":
            keys_known(call, {"id", "type", "custom", "index"}, where + ".tool_calls")
            out.name = call["custom"]["name"]
            out.custom_input = call["custom"].get("input") or ""
        else:
            raise Untranslatable("%s: tool call of type %r" % (where, kind))

    def tool_result(self, message, where):
        out = self.chat.Part()
        out.tool_result.tool_call_id = message.get("tool_call_id") or ""
        out.tool_result.name = message.get("name") or ""
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}] if content else []
        for part in content or []:
            if part.get("type") != "text":
                raise Untranslatable("%s: a tool result's part of type %r" % (where, part.get("type")))
            keys_known(part, {"type", "text"}, where + ".content")
            out.tool_result.parts.add().text = part["text"]
        return out

    def part(self, out, part, where):
        kind = part.get("type")
        builder = {"text": self.text_part, "refusal": self.refusal_part, "image_url": self.image_part,
                   "input_audio": self.audio_part, "file": self.file_part, "thinking": self.thinking_part,
                   "video_url": self.video_part, "document_url": self.document_part}.get(kind)
        if not builder:
            raise Untranslatable("%s: part of type %r" % (where, kind))
        part = dict(part)
        if kind == "text" and part.get("cache_control"):
            self.cache_hint(out, part.pop("cache_control"), where)
        if kind == "thinking" and part.get("closed") is True:
            del part["closed"]  # the default
        if kind == "file" and "file_id" in part and self.kind == "mistral":
            part["file"] = {"file_id": part.pop("file_id")}
        if kind == "document_url":
            out.document.filename = part.pop("document_name", None) or ""
        keys_known(part, {"type", kind}, where)
        builder(out, part[kind], where)

    def cache_hint(self, out, control, where):
        lifetimes = {None: 0, "5m": 300, "1h": 3600}
        keys_known(control, {"type", "ttl"}, where + ".cache_control")
        if control.get("type") != "ephemeral" or control.get("ttl") not in lifetimes:
            raise Untranslatable("%s: cache_control %s" % (where, json.dumps(control)))
        out.cache_hint.ttl_seconds = lifetimes[control.get("ttl")]

    def thinking_part(self, out, thinking, where):
        for piece in thinking:
            keys_known(piece, {"type", "text"}, where + ".thinking")
        out.reasoning.text = "".join(piece["text"] for piece in thinking)

    def video_part(self, out, video, where):
        keys_known(video, {"url"}, where)
        inline = data_url(video["url"])
        if inline:
            out.video.media_type, out.video.data = inline
        else:
            out.video.url = video["url"]

    def document_part(self, out, url, where):
        inline = data_url(url)
        if inline:
            out.document.media_type, out.document.data = inline
        else:
            out.document.url = url

    def text_part(self, out, text, where):
        out.text = text

    def refusal_part(self, out, text, where):
        out.refusal = text

    def image_part(self, out, image, where):
        if isinstance(image, str):
            image = {"url": image}
        keys_known(image, {"url", "detail"}, where)
        inline = data_url(image["url"])
        if inline:
            out.image.media_type, out.image.data = inline
        else:
            out.image.url = image["url"]
        out.image.detail = image.get("detail") or ""

    def audio_part(self, out, audio, where):
        if isinstance(audio, str):
            if audio.startswith("http"):
                out.audio.url = audio
            else:
                out.audio.media_type, out.audio.data = "audio/mpeg", base64.b64decode(audio)
            return
        keys_known(audio, {"data", "format"}, where)
        if audio["format"] not in AUDIO_TYPES:
            raise Untranslatable("%s: audio format %r" % (where, audio["format"]))
        out.audio.media_type = AUDIO_TYPES[audio["format"]]
        out.audio.data = base64.b64decode(audio["data"])

    def file_part(self, out, file, where):
        keys_known(file, {"file_data", "file_id", "filename"}, where)
        if file.get("file_id"):
            out.document.file_id = file["file_id"]
        elif (file.get("file_data") or "").startswith("http"):
            out.document.url = file["file_data"]
        else:
            inline = file_bytes(file)
            if not inline:
                raise Untranslatable("%s: file_data that is neither a data: URL nor base64" % where)
            out.document.media_type, out.document.data = inline
        out.document.filename = file.get("filename") or ""

    # -- tools --

    def tools(self, request, left):
        for index, tool in enumerate(left.pop("tools", None) or []):
            where = "tools[%d]" % index
            kind = tool.get("type")
            out = request.tools.add()
            if kind == "function":
                keys_known(tool, {"type", "function"}, where)
                self.function(out.function, tool["function"], where)
            elif kind == "custom":
                keys_known(tool, {"type", "custom"}, where)
                custom = tool["custom"]
                keys_known(custom, {"name", "description", "format"}, where)
                out.custom.name = custom["name"]
                out.custom.description = custom.get("description") or ""
                if custom.get("format") is not None:
                    out.custom.format_json = json.dumps(custom["format"], ensure_ascii=False)
            elif kind:
                out.provider.kind = kind
                settings = {k: v for k, v in tool.items() if k != "type"}
                if settings:
                    out.provider.configuration_json = json.dumps(settings, ensure_ascii=False)
            else:
                raise Untranslatable(where + " has no type")
        if isinstance(left.get("web_search_options"), dict):
            # a tool that the provider runs, though the wire has it beside the tools
            out = request.tools.add().provider
            out.kind = "web_search"
            out.configuration_json = json.dumps(left.pop("web_search_options"), ensure_ascii=False)
        if left.get("tool_choice") is not None:
            self.tool_choice(request.tool_choice, left["tool_choice"])
        left.pop("tool_choice", None)

    def function(self, out, function, where):
        keys_known(function, {"name", "description", "parameters", "strict"}, where)
        out.name = function["name"]
        out.description = function.get("description") or ""
        if function.get("parameters") is not None:
            out.parameters_json = json.dumps(function["parameters"], ensure_ascii=False)
        if function.get("strict") is not None:
            out.strict = function["strict"]

    def tool_choice(self, out, choice):
        kinds = self.chat.ToolChoice
        if isinstance(choice, str):
            if choice == "any" and self.kind == "mistral":
                choice = "required"
            if choice not in CHOICES:
                raise Untranslatable("tool_choice %r" % choice)
            out.mode = getattr(kinds, CHOICES[choice])
        elif choice.get("type") in ("function", "custom"):
            out.mode = kinds.MODE_TOOL
            out.name = choice[choice["type"]]["name"]
        elif choice.get("type") == "allowed_tools":
            allowed = choice["allowed_tools"]
            keys_known(allowed, {"mode", "tools"}, "tool_choice.allowed_tools")
            out.mode = getattr(kinds, CHOICES[allowed["mode"]])
            out.allowed.extend(tool[tool["type"]]["name"] for tool in allowed["tools"])
        else:
            raise Untranslatable("tool_choice of type %r" % choice.get("type"))

    # -- everything else --

    def scalars(self, request, left, quirks):
        numbers = {**NUMBERS, **({"top_k": "top_k"} if self.kind in TOP_K else {})}
        if self.kind in SEED:
            numbers[SEED[self.kind]] = numbers.pop("seed")
        for key, field in numbers.items():
            if left.get(key) is not None:
                setattr(request, field, left[key])
            left.pop(key, None)
        if left.get("max_completion_tokens") is not None:
            request.max_output_tokens = left.pop("max_completion_tokens")
        elif left.get("max_tokens") is not None:
            request.max_output_tokens = left.pop("max_tokens")
            quirks["legacy_max_tokens"] = True
        for key in ("max_completion_tokens", "max_tokens"):
            if left.get(key, 0) is None:
                del left[key]
        stop = left.pop("stop", None)
        if stop is not None:
            request.stop.extend([stop] if isinstance(stop, str) else stop)
        self.reasoning(request, left)
        effort = left.get("reasoning_effort")
        if effort == "max" and self.kind in MAX_EFFORT:
            effort = "xhigh"
        if effort in EFFORTS or effort is None:
            left.pop("reasoning_effort", None)
            if effort:
                request.reasoning.effort = getattr(self.chat.ReasoningOptions, EFFORTS[effort])
        if self.end_user and left.get(self.end_user):
            request.end_user = left.pop(self.end_user)

    def reasoning(self, request, left):
        """OpenRouter's object, as far as it says no more than fields do."""
        wanted = left.get("reasoning")
        if self.kind != "openrouter" or not isinstance(wanted, dict) or set(wanted) - {"effort", "max_tokens"}:
            return
        if wanted.get("effort", "none") not in EFFORTS:
            return
        if "effort" in wanted:
            request.reasoning.effort = getattr(self.chat.ReasoningOptions, EFFORTS[wanted["effort"]])
        if "max_tokens" in wanted:
            request.reasoning.budget_tokens = wanted["max_tokens"]
        del left["reasoning"]

    def response_format(self, request, left):
        wanted = left.pop("response_format", None)
        if wanted is None:
            return
        kinds, out = self.chat.ResponseFormat, request.response_format
        kind = wanted.get("type")
        if kind in ("text", "json_object"):
            keys_known(wanted, {"type"}, "response_format")
            out.type = kinds.TYPE_TEXT if kind == "text" else kinds.TYPE_JSON
        elif kind == "json_schema":
            keys_known(wanted, {"type", "json_schema"}, "response_format")
            schema = wanted["json_schema"]
            keys_known(schema, {"name", "description", "schema", "strict"}, "response_format.json_schema")
            out.type = kinds.TYPE_JSON_SCHEMA
            out.schema_name = schema["name"]
            out.description = schema.get("description") or ""
            if schema.get("schema") is not None:
                out.schema_json = json.dumps(schema["schema"], ensure_ascii=False)
            if schema.get("strict") is not None:
                out.strict = schema["strict"]
        else:
            raise Untranslatable("response_format of type %r" % kind)

    def stream_options(self, left):
        """include_usage is Sluice's own business (it always asks); other members go beside it."""
        options = left.pop("stream_options", None) or {}
        extra = {k: v for k, v in options.items() if k != "include_usage"}
        if extra:
            left["stream_options"] = extra


# ---- the canonical form ----

def canonical(body, kind="openai"):
    """What a request says, apart from how: two bodies that mean the same are equal in this form. README.md lists the
    equivalences; nothing else is touched, so an unknown field has to be equal as it stands."""
    out = copy.deepcopy(body)
    own_words(out, kind)
    for message in out.get("messages") or []:
        if isinstance(message, dict) and message.get(PREFIX.get(kind)) is False:
            del message[PREFIX[kind]]
    out["messages"] = [canonical_message(m, kind) for m in modernise(without_nulls(out.get("messages") or []))]
    for key in list(out):
        if out[key] is None:
            del out[key]
    out["stream"] = bool(out.get("stream"))
    if isinstance(out.get("stop"), str):
        out["stop"] = [out["stop"]]
    if out.get("tools") == []:
        del out["tools"]
    if "tools" not in out and out.get("tool_choice") in ("auto", "none"):
        del out["tool_choice"]  # a choice among nothing
    if "tools" not in out:
        out.pop("parallel_tool_calls", None)  # Sluice leaves it out with a warning
    for tool in out.get("tools") or []:
        for part in (tool.get("function"), tool.get("custom")):
            if isinstance(part, dict):
                for key in ("description", "parameters", "strict", "format"):
                    if part.get(key, 0) in (None, ""):
                        del part[key]
    if out.get("response_format") == {"type": "text"}:
        del out["response_format"]  # what every model does unasked
    schema = (out.get("response_format") or {}).get("json_schema")
    if isinstance(schema, dict):
        for key in ("description", "strict", "schema"):
            if schema.get(key, 0) in (None, ""):
                del schema[key]
    options = out.pop("stream_options", None)
    if isinstance(options, dict):
        options.pop("include_usage", None)
        if options:
            out["stream_options"] = options
    return out


def own_words(out, kind):
    """What a provider lets one say in two ways."""
    if kind in MAX_TOKENS and "max_completion_tokens" in out:
        out["max_tokens"] = out.pop("max_completion_tokens")
    if kind == "mistral" and out.get("tool_choice") == "required":
        out["tool_choice"] = "any"
    if kind in MAX_EFFORT and out.get("reasoning_effort") == "xhigh":
        out["reasoning_effort"] = "max"
    if kind in THINKING and out.get("reasoning_effort") == "none":
        del out["reasoning_effort"]
        out["thinking"] = {"type": "disabled"}
    if kind == "openrouter" and out.get("reasoning_effort"):
        out.setdefault("reasoning", {})["effort"] = out.pop("reasoning_effort")
    if kind == "minimax" and out.get("reasoning_split") is True:
        del out["reasoning_split"]  # Sluice always asks for it
    if kind != "openai":
        for message in out.get("messages") or []:
            word = message.get("reasoning_content") or message.get("reasoning")
            if isinstance(word, str) and message.get("reasoning", word) == word:
                message.pop("reasoning_content", None)
                message["reasoning"] = word


def without_nulls(value):
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


def file_bytes(file):
    """(media type, bytes) of file_data: a data: URL, or bare base64 whose type the name says. None where it is neither."""
    text = file.get("file_data") or ""
    inline = data_url(text)
    if inline or not text:
        return inline
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return mimetypes.guess_type(file.get("filename") or "")[0] or "application/pdf", data


def canonical_message(message, kind):
    out = {k: v for k, v in message.items() if v not in ("", [], {})}
    content = out.pop("content", None)
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    parts = [canonical_part(p) for p in content or [] if p != {"type": "text", "text": ""}]
    if out.get("refusal"):
        parts.append({"type": "refusal", "refusal": out.pop("refusal")})
    out["content"] = parts
    for call in out.get("tool_calls") or []:
        call.setdefault("type", "function")
        call.pop("index", None)
        function = call.get("function")
        if function is not None:
            function["arguments"] = canonical_arguments(function.get("arguments") or "")
    if out.get("role") == "tool":
        if kind not in TOOL_NAMES:
            out.pop("name", None)
        out["content"] = [p for p in parts]
    return out


def canonical_part(part):
    out = copy.deepcopy(part)
    kind = out.get("type")
    if kind == "image_url":
        if isinstance(out["image_url"], str):
            out["image_url"] = {"url": out["image_url"]}
        out["image_url"] = {k: v for k, v in out["image_url"].items() if v is not None}
        out["image_url"]["url"] = canonical_url(out["image_url"]["url"])
    elif kind == "file" and "file" in out:
        out["file"] = {k: v for k, v in out["file"].items() if v is not None and v != ""}
        inline = file_bytes(out["file"])
        if inline:
            out["file"]["file_data"] = ["data", inline[0], inline[1].hex()]
    elif kind == "thinking" and out.get("closed") is True:
        del out["closed"]
    elif kind == "document_url":
        out["document_url"] = canonical_url(out["document_url"])
    elif kind == "input_audio" and isinstance(out["input_audio"], dict):
        out["input_audio"]["data"] = base64.b64decode(out["input_audio"]["data"]).hex()
    return out


def call_ids(message):
    calls = message.get("tool_calls") or [] if isinstance(message, dict) else []
    return [i for i in [c.get("id") for c in calls] + [message.get("tool_call_id") if isinstance(message, dict) else None] if i]


def number_ids(messages):
    """Ids that the provider does not take are changed, a call's and its result's alike: what is left is which is which."""
    names = {}
    for message in messages:
        for call in message.get("tool_calls") or []:
            call["id"] = names.setdefault(call.get("id"), len(names))
        if message.get("tool_call_id"):
            message["tool_call_id"] = names.setdefault(message["tool_call_id"], len(names))


class ChatCompletions(Format):
    apis = ("chat_completions",)
    api = "chat_completions"
    suffix = "/chat/completions"
    ignored_expected = frozenset({"content_null", "reasoning_field"})
    more_expected = frozenset({"reasoning_details"})
    key_headers = {"azure": "api-key"}

    def base_path(self, case):
        """Azure's adapter adds the deployment, too."""
        path = super().base_path(case)
        deployment = "/" + self.model_id(case)
        if case.kind == "azure" and path.endswith("/openai/deployments" + deployment):
            return path[:-len(deployment)]
        return path

    def model_id(self, case):
        named = DEPLOYMENT.search(self.path(case))
        return named.group(1) if named and case.kind == "azure" else super().model_id(case)

    def request(self, stubs, case, body):
        request, quirks = Translator(stubs, case.kind).translate(body, "")
        entry = {"quirks": quirks} if quirks else {}
        if case.kind == "azure" and self.query(case).get("api-version"):
            entry["api_version"] = self.query(case)["api-version"]
        return request, entry

    def canonical(self, body, case):
        out = canonical(body, case.kind)
        fits = CALL_IDS.get(case.kind)
        if fits and not all(fits.fullmatch(i) for m in case.body.get("messages") or [] for i in call_ids(m)):
            number_ids(out["messages"])
        if case.kind == "azure" and DEPLOYMENT.search(self.path(case)):
            out.pop("model", None)  # the path says it
        return out

    def error_class(self, error, provider):
        for word in (error.get("code"), error.get("type")):
            if (provider, str(word)) in OWN_ERRORS:
                code, reason = OWN_ERRORS[provider, str(word)]
                return {code}, {reason}
        return None

    def compare_more(self, comparison):
        """Details of reasoning are the reasoning part's state, where the provider takes them back."""
        wanted = comparison.expected.get("reasoning_details")
        states = [p.provider_state for p in comparison.out.parts if p.provider_state.provider]
        if wanted and comparison.case["provider"] in DETAILS:
            comparison.check("reasoning_details", wanted, [d for s in states for d in json.loads(s.data)])

    def usage(self, wanted):
        """OpenAI's cached tokens are part of the prompt's, reasoning of the answer's, unless the total says otherwise."""
        cached, written = wanted.get("cached_input_tokens") or 0, wanted.get("cache_creation_input_tokens") or 0
        reasoning, output = wanted.get("reasoning_tokens") or 0, wanted.get("output_tokens") or 0
        given = wanted.get("input_tokens") or 0
        beside = reasoning and wanted.get("total_tokens") == given + output + reasoning
        return {"cache_read_tokens": cached, "cache_write_tokens": written,
                "input_tokens": max(0, given - cached - written), "reasoning_tokens": reasoning,
                "output_tokens": output if beside else max(0, output - reasoning)}
