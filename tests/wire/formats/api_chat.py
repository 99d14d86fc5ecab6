"""Ollama's /api/chat: recorded requests into a CompleteRequest, and into a canonical form. README.md lists the rules."""
import base64
import copy
import json

from formats.format import Format, Untranslatable, keys_known

ROLES = {"system": "ROLE_SYSTEM", "user": "ROLE_USER", "assistant": "ROLE_ASSISTANT", "tool": "ROLE_TOOL"}
# members of `options` that a typed field carries
OPTIONS = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "num_predict": "max_output_tokens",
           "seed": "seed", "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty"}
LEVELS = {False: "EFFORT_NONE", "low": "EFFORT_LOW", "medium": "EFFORT_MEDIUM", "high": "EFFORT_HIGH"}
# what a picture is does not stand in the request; the first bytes tell
SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def picture(image, text):
    image.data = base64.b64decode(text)
    image.media_type = next((kind for head, kind in SIGNATURES.items() if image.data.startswith(head)), "image/png")


def integer(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value


def options(request, left):
    """The members of `options` and the ones at the top that both of Ollama's APIs share."""
    inner = left.pop("options", None) or {}
    for key, field in OPTIONS.items():
        if inner.get(key) is not None:
            value = inner.pop(key)
            setattr(request, field, value if key.endswith(("e", "p", "y")) else integer(value))
    stop = inner.pop("stop", None)
    if stop:
        request.stop.extend([stop] if isinstance(stop, str) else stop)
    if inner:
        left["options"] = inner
    for key in ("logprobs", "top_logprobs"):
        if left.get(key) is not None:
            setattr(request, key, left[key])
        left.pop(key, None)


def response_format(stubs, request, left):
    wanted = left.pop("format", None)
    kinds = stubs.chat.ResponseFormat
    if wanted == "json":
        request.response_format.type = kinds.TYPE_JSON
    elif isinstance(wanted, dict):
        request.response_format.type = kinds.TYPE_JSON_SCHEMA
        request.response_format.schema_json = json.dumps(wanted, ensure_ascii=False)
    elif wanted:
        raise Untranslatable("format %r" % wanted)


def think(stubs, request, left):
    """`true` has no level: it stays a provider option."""
    level = left.get("think")
    if level is True:
        return
    left.pop("think", None)
    if level is not None:
        if level not in LEVELS:
            raise Untranslatable("think %r" % level)
        request.reasoning.effort = getattr(stubs.chat.ReasoningOptions, LEVELS[level])


def finish(request, left):
    left = {k: v for k, v in left.items() if v is not None}
    if left:
        request.provider_options_json = json.dumps(left, ensure_ascii=False)
    return request, {}


def functions(request, tools):
    for index, tool in enumerate(tools or []):
        where = "tools[%d]" % index
        keys_known(tool, {"type", "function"}, where)
        if tool.get("type", "function") != "function":
            raise Untranslatable("%s of type %r" % (where, tool["type"]))
        keys_known(tool["function"], {"name", "description", "parameters"}, where)
        out = request.tools.add().function
        out.name = tool["function"]["name"]
        out.description = tool["function"].get("description") or ""
        if tool["function"].get("parameters") is not None:
            out.parameters_json = json.dumps(tool["function"]["parameters"], ensure_ascii=False)


def number_calls(messages):
    """Calls and the results that answer them get the same ids, by their order; a result also gets its call's name. One
    that names no id answers the first open call of its name, else the first open call."""
    out, count, opened, names = [], 0, [], {}
    for message in messages:
        message = copy.deepcopy(message)
        if message.get("tool_calls"):
            opened = []
            for call in message["tool_calls"]:
                new = "call_%d" % count
                count += 1
                opened.append((call.get("id"), call["function"]["name"], new))
                names[new] = call["function"]["name"]
                call["id"] = new
        elif message.get("role") == "tool":
            found = next((o for o in opened if message.get("tool_call_id") and o[0] == message["tool_call_id"]), None)
            found = found or next((o for o in opened if o[1] == message.get("tool_name")), None)
            found = found or (opened[0] if opened else None)
            if found:
                opened.remove(found)
                message["tool_call_id"], message["tool_name"] = found[2], found[1]
        out.append(message)
    return out


class ApiChat(Format):
    apis = ("api_chat",)
    api = "api_chat"
    suffix = "/api/chat"

    def request(self, stubs, case, body):
        try:
            return self._request(stubs, copy.deepcopy(body))
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a chat request's form: %r" % problem) from problem

    def _request(self, stubs, left):
        request = stubs.completion.CompleteRequest()
        for key in ("model", "stream"):
            left.pop(key, None)
        for index, message in enumerate(number_calls(left.pop("messages"))):
            self.message(stubs, request.messages.add(), message, "messages[%d]" % index)
        functions(request, left.pop("tools", None))
        options(request, left)
        response_format(stubs, request, left)
        think(stubs, request, left)
        return finish(request, left)

    def message(self, stubs, out, message, where):
        role = message.get("role")
        if role not in ROLES:
            raise Untranslatable("%s: role %r" % (where, role))
        known = {"role", "content", "images"}
        known |= {"assistant": {"thinking", "tool_calls"}, "tool": {"tool_name", "tool_call_id"}}.get(role, set())
        keys_known({k: v for k, v in message.items() if v is not None}, known, where)
        out.role = getattr(stubs.chat, ROLES[role])
        if role == "tool":
            result = out.parts.add().tool_result
            result.tool_call_id = message.get("tool_call_id") or "call_unknown"
            result.name = message.get("tool_name") or ""
            if message.get("content"):
                result.parts.add().text = message["content"]
            return
        if message.get("thinking"):
            out.parts.add().reasoning.text = message["thinking"]
        if message.get("content") or (role != "assistant" and not message.get("images")):
            out.parts.add().text = message.get("content") or ""
        for image in message.get("images") or []:
            picture(out.parts.add().image, image)
        for call in message.get("tool_calls") or []:
            keys_known(call, {"id", "type", "function"}, where + ".tool_calls")
            keys_known(call["function"], {"index", "name", "arguments"}, where + ".tool_calls")
            made = out.parts.add().tool_call
            made.id = call["id"]
            made.name = call["function"]["name"]
            made.arguments_json = json.dumps(call["function"].get("arguments") or {}, ensure_ascii=False)

    def canonical(self, body, case):
        out = {k: v for k, v in body.items() if v is not None}
        out["stream"] = out.get("stream", True)
        out["messages"] = [self.canonical_message(m) for m in number_calls(out.get("messages") or [])]
        for key, empty in (("tools", []), ("options", {}), ("format", "")):
            if out.get(key) == empty:
                del out[key]
        return canonical_options(out)

    def canonical_message(self, message):
        out = {k: v for k, v in message.items() if v is not None and v != "" and v != []}
        out["images"] = [base64.b64decode(i).hex() for i in out.get("images") or []]
        for call in out.get("tool_calls") or []:
            call.pop("type", None)
            call["function"].pop("index", None)
            call["function"].setdefault("arguments", {})
        return out

    def usage(self, wanted):
        return {"input_tokens": wanted.get("input_tokens") or 0, "output_tokens": wanted.get("output_tokens") or 0}


def canonical_options(out):
    inner = out.get("options")
    if isinstance(inner, dict):
        inner = {k: v for k, v in inner.items() if v is not None and v != []}
        if isinstance(inner.get("stop"), str):
            inner["stop"] = [inner["stop"]]
        out["options"] = inner
        if not inner:
            del out["options"]
    for tool in out.get("tools") or []:
        tool["function"] = {k: v for k, v in tool["function"].items() if v not in (None, "")}
    return out
