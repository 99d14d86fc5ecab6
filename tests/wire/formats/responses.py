"""The Responses API: recorded requests into a CompleteRequest, and into a canonical form in which two are compared.

Items become messages: what the model said between two turns of the caller is one assistant message. What of an item a
part cannot say (ids, encrypted reasoning) is the part's provider_state, as the adapter's answers carry it.
"""
import copy
import json

from formats.format import Format, Untranslatable, canonical_arguments, canonical_url, data_url, keys_known

EFFORTS = {"none": "EFFORT_NONE", "minimal": "EFFORT_MINIMAL", "low": "EFFORT_LOW", "medium": "EFFORT_MEDIUM",
           "high": "EFFORT_HIGH", "xhigh": "EFFORT_XHIGH"}
ROLES = {"system": "ROLE_SYSTEM", "developer": "ROLE_DEVELOPER", "user": "ROLE_USER", "assistant": "ROLE_ASSISTANT"}
CHOICES = {"auto": "MODE_AUTO", "none": "MODE_NONE", "required": "MODE_REQUIRED"}
NUMBERS = ("temperature", "top_p", "max_output_tokens", "top_logprobs", "parallel_tool_calls")
END_USER = {"openai": "safety_identifier", "azure": "user", "xai": "user", "openrouter": "user", "custom": "user"}
PENALTIES = {"openrouter"}
TOP_K = {"openrouter", "custom"}
BUDGET = {"openrouter"}       # reasoning.max_tokens
LOGPROBS_MEMBER = {"xai"}     # logprobs: true instead of an include
LOGPROBS = "message.output_text.logprobs"
# items with which the caller answers one of the provider's
CALLERS = {"computer_call_output", "local_shell_call_output", "shell_call_output", "apply_patch_call_output", "mcp_approval_response"}
CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
OUTPUTS = ("function_call_output", "custom_tool_call_output")
NO_PARAMETERS = {"type": "object", "properties": {}}


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


class Translator:
    def __init__(self, stubs, kind):
        self.chat, self.completion, self.kind = stubs.chat, stubs.completion, kind

    def translate(self, body):
        left = dict(body)
        request = self.completion.CompleteRequest()
        left.pop("model", None)
        left.pop("stream", None)
        self.items(request, left.pop("input", None), left)
        self.tools(request, left)
        self.scalars(request, left)
        self.joined(request, left)
        if left:
            request.provider_options_json = dumps(left)
        return request

    # -- items --

    def items(self, request, items, left):
        if left.get("instructions"):
            request.messages.add(role=self.chat.ROLE_SYSTEM).parts.add().text = left.pop("instructions")
        if isinstance(items, str):
            items = [{"role": "user", "content": items}]
        for index, item in enumerate(items or []):
            self.item(request, item, "input[%d]" % index)

    def said(self, request):
        """The assistant message at the end, begun if there is none."""
        if not request.messages or request.messages[-1].role != self.chat.ROLE_ASSISTANT:
            request.messages.add(role=self.chat.ROLE_ASSISTANT)
        return request.messages[-1].parts

    def state(self, part, value):
        part.provider_state.provider = self.kind
        part.provider_state.data = dumps(value).encode()

    def item(self, request, item, where):
        kind = item.get("type") or ("message" if "role" in item else None)
        if kind == "message":
            self.message(request, item, where)
        elif kind == "reasoning":
            part = self.said(request).add()
            texts = item.get("summary") or item.get("content") or []
            part.reasoning.text = "".join(t.get("text") or "" for t in texts)
            self.state(part, item)
        elif kind in CALLS:
            self.call(self.said(request).add(), item, kind, where)
        elif kind in OUTPUTS:
            self.output(request, item, where)
        elif kind in CALLERS:
            result = self.said(request).add().provider_tool_result
            result.kind = kind
            result.output_json = dumps({k: v for k, v in item.items() if k != "type"})
        elif kind:  # what the provider made, and gets back as it was
            part = self.said(request).add()
            part.provider_tool_call.id = item.get("id") or ""
            part.provider_tool_call.kind = kind[:-len("_call")] if kind.endswith("_call") else kind
            self.state(part, item)
        else:
            raise Untranslatable("%s: an item of type %r" % (where, kind))

    def message(self, request, item, where):
        keys_known(item, {"type", "role", "content", "id", "status", "phase"}, where)
        role = item.get("role")
        if role not in ROLES:
            raise Untranslatable("%s: role %r" % (where, role))
        content = item.get("content")
        if isinstance(content, str):
            content = [{"type": "output_text" if role == "assistant" else "input_text", "text": content}]
        if role == "assistant":
            parts = self.said(request)
            own = {k: item[k] for k in ("id", "status", "phase") if item.get(k)} if item.get("id") else None
            for index, part in enumerate(content or []):
                self.spoken(parts.add(), part, own, "%s.content[%d]" % (where, index))
            return
        out = request.messages.add(role=getattr(self.chat, ROLES[role]))
        for index, part in enumerate(content or []):
            self.part(out.parts.add(), part, "%s.content[%d]" % (where, index))

    def spoken(self, out, part, own, where):
        kind = part.get("type")
        if kind == "refusal":
            keys_known(part, {"type", "refusal"}, where)
            out.refusal = part["refusal"]
        elif kind in ("output_text", "input_text"):
            keys_known(part, {"type", "text", "annotations", "logprobs"}, where)
            out.text = part["text"]
            for annotation in part.get("annotations") or []:
                out.citations.add().provider_json = dumps(annotation)
        else:
            raise Untranslatable("%s: part of type %r" % (where, kind))
        if own:
            self.state(out, own)

    def part(self, out, part, where):
        kind = part.get("type")
        if kind == "input_text":
            keys_known(part, {"type", "text"}, where)
            out.text = part["text"]
        elif kind == "input_image":
            self.image(out.image, part, where)
        elif kind == "input_file":
            self.file(out.document, part, where)
        else:
            raise Untranslatable("%s: part of type %r" % (where, kind))

    def image(self, out, part, where):
        keys_known(part, {"type", "image_url", "file_id", "detail"}, where)
        inline = data_url(part["image_url"]) if part.get("image_url") else None
        if part.get("file_id"):
            out.file_id = part["file_id"]
        elif inline:
            out.media_type, out.data = inline
        else:
            out.url = part["image_url"]
        out.detail = part.get("detail") or ""

    def file(self, out, part, where):
        keys_known(part, {"type", "file_id", "file_url", "file_data", "filename"}, where)
        if part.get("file_id"):
            out.file_id = part["file_id"]
        elif part.get("file_url"):
            out.url = part["file_url"]
        else:
            inline = data_url(part["file_data"])
            if not inline:
                raise Untranslatable("%s: file_data that is no data: URL" % where)
            out.media_type, out.data = inline
        out.filename = part.get("filename") or ""

    def call(self, out, item, kind, where):
        keys_known(item, {"type", "id", "status", "call_id", "name", CALLS[kind]}, where)
        out.tool_call.id = item.get("call_id") or ""
        out.tool_call.name = item.get("name") or ""
        if kind == "function_call":
            out.tool_call.arguments_json = item.get("arguments") or ""
        else:
            out.tool_call.custom_input = item.get("input") or ""
        if item.get("id"):
            self.state(out, {"id": item["id"]})

    def output(self, request, item, where):
        keys_known(item, {"type", "id", "status", "call_id", "output"}, where)
        if not request.messages or request.messages[-1].role != self.chat.ROLE_TOOL:
            request.messages.add(role=self.chat.ROLE_TOOL)
        result = request.messages[-1].parts.add().tool_result
        result.tool_call_id = item["call_id"]
        output = item.get("output")
        if isinstance(output, str):
            output = [{"type": "input_text", "text": output}] if output else []
        for index, part in enumerate(output or []):
            self.part(result.parts.add(), part, "%s.output[%d]" % (where, index))

    # -- tools --

    def tools(self, request, left):
        for index, tool in enumerate(left.pop("tools", None) or []):
            where, kind, out = "tools[%d]" % index, tool.get("type"), request.tools.add()
            if kind == "function":
                keys_known(tool, {"type", "name", "description", "parameters", "strict"}, where)
                out.function.name = tool["name"]
                out.function.description = tool.get("description") or ""
                if tool.get("parameters") is not None:
                    out.function.parameters_json = dumps(tool["parameters"])
                if tool.get("strict") is not None:
                    out.function.strict = tool["strict"]
            elif kind == "custom":
                keys_known(tool, {"type", "name", "description", "format"}, where)
                out.custom.name = tool["name"]
                out.custom.description = tool.get("description") or ""
                if tool.get("format") is not None:
                    out.custom.format_json = dumps(tool["format"])
            elif kind:
                out.provider.kind = kind
                settings = {k: v for k, v in tool.items() if k != "type"}
                if settings:
                    out.provider.configuration_json = dumps(settings)
            else:
                raise Untranslatable(where + " has no type")
        choice = left.pop("tool_choice", None)
        if choice is not None:
            self.tool_choice(request.tool_choice, choice)

    def tool_choice(self, out, choice):
        kinds = self.chat.ToolChoice
        if isinstance(choice, str):
            if choice not in CHOICES:
                raise Untranslatable("tool_choice %r" % choice)
            out.mode = getattr(kinds, CHOICES[choice])
        elif choice.get("type") == "allowed_tools":
            keys_known(choice, {"type", "mode", "tools"}, "tool_choice")
            out.mode = getattr(kinds, CHOICES[choice["mode"]])
            out.allowed.extend(t.get("name") or t["type"] for t in choice["tools"])
        else:
            keys_known(choice, {"type", "name"} | ({"server_label"} if choice["type"] == "mcp" else set()), "tool_choice")
            out.mode = kinds.MODE_TOOL
            out.name = choice.get("name") or choice["type"]

    # -- everything else --

    def scalars(self, request, left):
        numbers = list(NUMBERS)
        numbers += ["frequency_penalty", "presence_penalty"] if self.kind in PENALTIES else []
        numbers += ["top_k"] if self.kind in TOP_K else []
        numbers += ["logprobs"] if self.kind in LOGPROBS_MEMBER else []
        for key in numbers:
            value = left.pop(key, None)
            if value is not None:
                setattr(request, key, value)
        user = END_USER.get(self.kind)
        if user and left.get(user):
            request.end_user = left.pop(user)

    def joined(self, request, left):
        """Members of which only a part has a field: the rest stays an option."""
        include = [v for v in left.pop("include", None) or []]
        if LOGPROBS in include and self.kind not in LOGPROBS_MEMBER:
            include.remove(LOGPROBS)
            request.logprobs = True
        if include:
            left["include"] = include
        text = dict(left.pop("text", None) or {})
        self.format(request, text.pop("format", None))
        if text:
            left["text"] = text
        reasoning = {k: v for k, v in (left.pop("reasoning", None) or {}).items() if v is not None}
        if reasoning.get("effort") in EFFORTS:
            request.reasoning.effort = getattr(self.chat.ReasoningOptions, EFFORTS[reasoning.pop("effort")])
        if reasoning.get("summary"):
            request.reasoning.summary = reasoning.pop("summary")
        if reasoning.get("max_tokens") and self.kind in BUDGET:
            request.reasoning.budget_tokens = reasoning.pop("max_tokens")
        if reasoning:
            left["reasoning"] = reasoning

    def format(self, request, wanted):
        if wanted is None:
            return
        kinds, out, kind = self.chat.ResponseFormat, request.response_format, wanted.get("type")
        if kind in ("text", "json_object"):
            keys_known(wanted, {"type"}, "text.format")
            out.type = kinds.TYPE_TEXT if kind == "text" else kinds.TYPE_JSON
        elif kind == "json_schema":
            keys_known(wanted, {"type", "name", "description", "schema", "strict"}, "text.format")
            out.type = kinds.TYPE_JSON_SCHEMA
            out.schema_name = wanted["name"]
            out.description = wanted.get("description") or ""
            out.schema_json = dumps(wanted["schema"])
            if wanted.get("strict") is not None:
                out.strict = wanted["strict"]
        else:
            raise Untranslatable("text.format of type %r" % kind)


# ---- the canonical form ----

def without(obj, *empty):
    """Without members that are null, and those named that are empty."""
    return {k: v for k, v in obj.items() if v is not None and not (k in empty and v in ("", [], {}))}


def canonical_part(part):
    out = without(part, "annotations", "logprobs")
    if out.get("type") in ("input_text", "output_text"):
        out["type"] = "text"
        # probabilities of an earlier answer say nothing to the model
        out.pop("logprobs", None)
    for key in ("image_url", "file_data"):
        if out.get(key):
            out[key] = canonical_url(out[key])
    return out


def canonical_content(content):
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return [p for p in map(canonical_part, content or []) if p != {"type": "text", "text": ""}]


def canonical_item(item):
    out = without(item)
    kind = out.setdefault("type", "message")
    if kind == "message":
        out["content"] = canonical_content(out.get("content"))
        if out.get("status") == "completed" or not out.get("id"):
            out.pop("status", None)  # of an item that the caller wrote, it says nothing
    elif kind in CALLS:
        out.pop("status", None)
        if kind == "function_call":
            out["arguments"] = canonical_arguments(out.get("arguments") or "")
    elif kind in OUTPUTS:
        out.pop("status", None)
        out["output"] = canonical_content(out.get("output"))
    return out


def canonical_tool(tool):
    out = without(tool, "description")
    if out.get("type") == "function":
        out.setdefault("parameters", NO_PARAMETERS)
    return out


def canonical(body):
    out = without(copy.deepcopy(body), "include", "tools", "text", "reasoning")
    out["stream"] = bool(out.get("stream"))
    if "include" in out:
        out["include"] = sorted(out["include"])  # a set
    items = out.get("input")
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    items = [canonical_item(i) for i in items or []]
    if out.get("instructions"):
        items.insert(0, canonical_item({"role": "system", "content": out["instructions"]}))
    out.pop("instructions", None)
    out["input"] = items
    if "tools" in out:
        out["tools"] = [canonical_tool(t) for t in out["tools"]]
    text = without(out.get("text") or {})
    if text.get("format") == {"type": "text"}:
        del text["format"]
    elif text.get("format"):
        text["format"] = without(text["format"], "description")
    for key, value in (("text", text), ("reasoning", without(out.get("reasoning") or {}))):
        out.pop(key, None)
        if value:
            out[key] = value
    return out


# ---- answers ----

def reasoning_block(part):
    """What `expected.reasoning_blocks` says of an item, from the part's state."""
    item = json.loads(part.provider_state.data or b"{}")
    out = {"type": item.get("type"), "id": item.get("id"),
           "summary_parts": [t.get("text") for t in item.get("summary") or []]}
    if item.get("content"):
        out["content_parts"] = [t.get("text") for t in item["content"]]
    if item.get("encrypted_content"):
        out["encrypted_content"] = item["encrypted_content"]
    return out


def server_items(parts):
    """One for each item: parts of one item have the same state."""
    out = []
    for part in parts:
        if part.WhichOneof("content") == "provider_tool_call":
            item = json.loads(part.provider_state.data or b"{}")
            call = part.provider_tool_call
            out.append({**item, "id": call.id or None, "status": call.status or None})
    return out


class Responses(Format):
    apis = ("responses",)
    api = "responses"
    suffix = "/responses"
    simple_body = {"input": "Hello"}
    more_expected = frozenset({"reasoning_blocks", "server_items"})
    more_call = frozenset({"item_id"})
    key_headers = {"azure": "api-key"}

    def request(self, stubs, case, body):
        version = self.query(case).get("api-version") if case.kind == "azure" else None
        return Translator(stubs, case.kind).translate(body), {"api_version": version} if version else {}

    def canonical(self, body, case):
        return canonical(body)

    def usage(self, wanted):
        """Cached and written tokens are part of the input, reasoning is part of the output."""
        cached, written = wanted.get("cached_input_tokens") or 0, wanted.get("cache_creation_input_tokens") or 0
        reasoning = wanted.get("reasoning_tokens") or 0
        return {"cache_read_tokens": cached, "cache_write_tokens": written,
                "input_tokens": max(0, (wanted.get("input_tokens") or 0) - cached - written),
                "reasoning_tokens": reasoning, "output_tokens": max(0, (wanted.get("output_tokens") or 0) - reasoning)}

    def compare_more(self, comparison):
        expected, parts = comparison.expected, comparison.out.parts
        got = [reasoning_block(p) for p in parts if p.WhichOneof("content") == "reasoning"]
        comparison.check("reasoning_blocks", expected.get("reasoning_blocks") or [], got)
        items, wanted = server_items(parts), expected.get("server_items") or []
        comparison.check("number of server_items", len(wanted), len(items))
        for index, (want, item) in enumerate(zip(wanted, items)):
            # a picture's bytes are a part of their own; the item says what it is
            comparison.check("server_items[%d]" % index, want, {k: item.get(k) for k in want})
        calls = [p for p in parts if p.WhichOneof("content") == "tool_call"]
        for index, (want, part) in enumerate(zip(expected.get("tool_calls") or [], calls)):
            if want.get("item_id"):
                item = json.loads(part.provider_state.data or b"{}")
                comparison.check("tool_calls[%d].item_id" % index, want["item_id"], item.get("id"))
