"""Cohere's v2 chat: recorded requests into a CompleteRequest, and into a canonical form. README.md lists the rules."""
import copy
import json

from formats.format import Format, Untranslatable, canonical_arguments, canonical_url, data_url, keys_known

ROLES = {"system": "ROLE_SYSTEM", "user": "ROLE_USER", "assistant": "ROLE_ASSISTANT", "tool": "ROLE_TOOL"}
NUMBERS = {"temperature": "temperature", "p": "top_p", "k": "top_k", "max_tokens": "max_output_tokens", "seed": "seed",
           "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty"}
CHOICES = {"REQUIRED": "MODE_REQUIRED", "NONE": "MODE_NONE"}


def scalars(request, left):
    for key, field in NUMBERS.items():
        if left.get(key) is not None:
            setattr(request, field, left[key])
        left.pop(key, None)
    request.stop.extend(left.pop("stop_sequences", None) or [])


def response_format(stubs, request, left, names):
    wanted = left.pop("response_format", None)
    if wanted is None:
        return
    keys_known(wanted, {"type", *names}, "response_format")
    kinds, out = stubs.chat.ResponseFormat, request.response_format
    schema = next((wanted[n] for n in names if wanted.get(n) is not None), None)
    if wanted["type"] == "text":
        out.type = kinds.TYPE_TEXT
    elif schema is None:
        out.type = kinds.TYPE_JSON
    else:
        out.type = kinds.TYPE_JSON_SCHEMA
        out.schema_json = json.dumps(schema, ensure_ascii=False)


def finish(request, left):
    left = {k: v for k, v in left.items() if v is not None}
    if left:
        request.provider_options_json = json.dumps(left, ensure_ascii=False)
    return request, {}


class V2Chat(Format):
    apis = ("v2_chat",)
    api = "v2_chat"
    suffix = "/v2/chat"
    more_expected = frozenset({"tool_plan"})
    more_usage = frozenset({"billed_input_tokens", "billed_output_tokens"})

    def expected(self, expected):
        """A tool plan is reasoning, in a part of its own."""
        if not expected.get("tool_plan"):
            return expected
        return {**expected, "reasoning": expected.get("reasoning", "") + expected["tool_plan"]}

    def request(self, stubs, case, body):
        try:
            return self._request(stubs, copy.deepcopy(body))
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a chat request's form: %r" % problem) from problem

    def _request(self, stubs, left):
        request = stubs.completion.CompleteRequest()
        for key in ("model", "stream"):
            left.pop(key, None)
        for index, message in enumerate(left.pop("messages")):
            self.message(stubs, request.messages.add(), message, "messages[%d]" % index)
        self.documents(stubs, request, left)
        self.tools(stubs, request, left)
        scalars(request, left)
        response_format(stubs, request, left, ("json_schema", "schema"))
        thinking = left.get("thinking")
        if thinking == {"type": "disabled"}:
            request.reasoning.effort = stubs.chat.ReasoningOptions.EFFORT_NONE
            del left["thinking"]
        elif isinstance(thinking, dict) and set(thinking) == {"type", "token_budget"} and thinking["type"] == "enabled":
            request.reasoning.budget_tokens = thinking["token_budget"]
            del left["thinking"]
        return finish(request, left)

    def documents(self, stubs, request, left):
        """Documents of a title and a text become parts of the last user's message; others stay a provider option."""
        wanted = left.get("documents")
        users = [m for m in request.messages if m.role == stubs.chat.ROLE_USER]
        if not wanted or not users:
            if wanted == []:
                del left["documents"]
            return
        for index, document in enumerate(wanted):
            plain = (isinstance(document, dict) and set(document) <= {"id", "data"} and isinstance(document["data"], dict)
                     and document.get("id", "doc:%d" % index) == "doc:%d" % index
                     and "text" in document["data"] and set(document["data"]) <= {"title", "text", "filename", "context"}
                     and all(isinstance(v, str) and v for v in document["data"].values()))
            if not plain:
                return
        for document in left.pop("documents"):
            out = users[-1].parts.add().document
            for key, value in document["data"].items():
                setattr(out, key, value)

    def message(self, stubs, out, message, where):
        role = message.get("role")
        if role not in ROLES:
            raise Untranslatable("%s: role %r" % (where, role))
        known = {"role", "content"}
        known |= {"assistant": {"tool_plan", "tool_calls"}, "tool": {"tool_call_id"}}.get(role, set())
        keys_known({k: v for k, v in message.items() if v is not None}, known, where)
        out.role = getattr(stubs.chat, ROLES[role])
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}] if content or role in ("system", "user") else []
        if role == "tool":
            self.result(out.parts.add().tool_result, message["tool_call_id"], content or [], where)
            return
        for part in content or []:
            self.part(out.parts.add(), part, where)
        if message.get("tool_plan"):
            part = out.parts.add()
            part.reasoning.text = message["tool_plan"]
            part.provider_state.provider = "cohere"
            part.provider_state.data = b"tool_plan"
        for call in message.get("tool_calls") or []:
            keys_known(call, {"id", "type", "function"}, where + ".tool_calls")
            keys_known(call["function"], {"name", "arguments"}, where + ".tool_calls")
            made = out.parts.add().tool_call
            made.id, made.name = call["id"], call["function"]["name"]
            made.arguments_json = call["function"].get("arguments") or ""

    def part(self, out, part, where):
        kind = part.get("type")
        keys_known(part, {"type", kind}, where)
        if kind == "text":
            out.text = part["text"]
        elif kind == "thinking":
            out.reasoning.text = part["thinking"]
        elif kind == "image_url":
            keys_known(part["image_url"], {"url", "detail"}, where)
            inline = data_url(part["image_url"]["url"])
            if inline:
                out.image.media_type, out.image.data = inline
            else:
                out.image.url = part["image_url"]["url"]
            out.image.detail = part["image_url"].get("detail") or ""
        else:
            raise Untranslatable("%s: part of type %r" % (where, kind))

    def result(self, out, call_id, content, where):
        out.tool_call_id = call_id
        for part in content:
            kind = part.get("type")
            keys_known(part, {"type", kind}, where)
            if kind == "text":
                out.parts.add().text = part["text"]
            elif kind == "document" and set(part["document"]) == {"data"} and isinstance(part["document"]["data"], str):
                out.parts.add().document.text = part["document"]["data"]
            else:
                raise Untranslatable("%s: a tool result's part of type %r" % (where, kind))

    def tools(self, stubs, request, left):
        strict = left.get("strict_tools")
        tools = left.pop("tools", None) or []
        for index, tool in enumerate(tools):
            where = "tools[%d]" % index
            keys_known(tool, {"type", "function"}, where)
            keys_known(tool["function"], {"name", "description", "parameters"}, where)
            out = request.tools.add().function
            out.name = tool["function"]["name"]
            out.description = tool["function"].get("description") or ""
            if tool["function"].get("parameters") is not None:
                out.parameters_json = json.dumps(tool["function"]["parameters"], ensure_ascii=False)
            if strict is not None:
                out.strict = strict
        if tools:
            left.pop("strict_tools", None)
        choice = left.pop("tool_choice", None)
        if choice is not None:
            request.tool_choice.mode = getattr(stubs.chat.ToolChoice, CHOICES[choice])

    def canonical(self, body, case):
        out = {k: v for k, v in copy.deepcopy(body).items() if v is not None}
        out["stream"] = bool(out.get("stream"))
        out["messages"] = [self.canonical_message(m) for m in out.get("messages") or []]
        for key in ("documents", "tools", "stop_sequences"):
            if out.get(key) == []:
                del out[key]
        for index, document in enumerate(out.get("documents") or []):
            if isinstance(document, dict):
                document.setdefault("id", "doc:%d" % index)
        for tool in out.get("tools") or []:
            tool["function"] = {k: v for k, v in tool["function"].items() if v not in (None, "")}
        wanted = out.get("response_format")
        if wanted == {"type": "text"}:
            del out["response_format"]
        elif isinstance(wanted, dict) and "schema" in wanted:
            wanted["json_schema"] = wanted.pop("schema")
        return out

    def canonical_message(self, message):
        out = {k: v for k, v in message.items() if v is not None and v != "" and v != []}
        content = out.pop("content", [])
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        for part in content:
            if part.get("type") == "image_url":
                part["image_url"]["url"] = canonical_url(part["image_url"]["url"])
        out["content"] = content
        for call in out.get("tool_calls") or []:
            call.setdefault("type", "function")
            call["function"]["arguments"] = canonical_arguments(call["function"].get("arguments") or "")
        return out

    def usage(self, wanted):
        """Cached tokens are part of the input's, reasoning of the output's, which `expected` leaves to `raw`."""
        given, output = wanted.get("input_tokens") or 0, wanted.get("output_tokens") or 0
        cached = wanted.get("cached_input_tokens") or 0
        reasoning = ((wanted.get("raw") or {}).get("tokens") or {}).get("reasoning_tokens") or 0
        return {"input_tokens": given - cached, "cache_read_tokens": cached, "output_tokens": output - reasoning,
                "reasoning_tokens": reasoning}

    def compare_more(self, comparison):
        plan = "".join(p.reasoning.text for p in comparison.out.parts if p.provider_state.data == b"tool_plan")
        comparison.check("tool_plan", comparison.expected.get("tool_plan") or "", plan)
