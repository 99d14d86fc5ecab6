"""Cohere's v1 chat: recorded requests into a CompleteRequest, and into a canonical form. README.md lists the rules."""
import copy

from formats.format import Format, Untranslatable, keys_known
from formats.v2_chat import finish, response_format, scalars

ROLES = {"SYSTEM": "ROLE_SYSTEM", "USER": "ROLE_USER", "CHATBOT": "ROLE_ASSISTANT"}


class V1Chat(Format):
    apis = ("v1_chat",)
    api = "v1_chat"
    suffix = "/v1/chat"
    simple_body = {"message": "Hello"}
    more_usage = frozenset({"billed_input_tokens", "billed_output_tokens"})

    def request(self, stubs, case, body):
        try:
            return self._request(stubs, copy.deepcopy(body))
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a chat request's form: %r" % problem) from problem

    def _request(self, stubs, left):
        request = stubs.completion.CompleteRequest()
        for key in ("model", "stream"):
            left.pop(key, None)
        for index, turn in enumerate(left.pop("chat_history", None) or []):
            where = "chat_history[%d]" % index
            role = str(turn.get("role")).upper()
            keys_known(turn, {"role", "message"}, where)
            if role not in ROLES:
                raise Untranslatable("%s: role %r" % (where, role))
            message = request.messages.add(role=getattr(stubs.chat, ROLES[role]))
            message.parts.add().text = turn["message"]
        message = request.messages.add(role=stubs.chat.ROLE_USER)
        message.parts.add().text = left.pop("message")
        scalars(request, left)
        response_format(stubs, request, left, ("schema",))
        return finish(request, left)

    def canonical(self, body, case):
        out = {k: v for k, v in copy.deepcopy(body).items() if v is not None and v != []}
        out["stream"] = bool(out.get("stream"))
        for turn in out.get("chat_history") or []:
            turn["role"] = turn["role"].upper()
        if out.get("response_format") == {"type": "text"}:
            del out["response_format"]
        return out

    def usage(self, wanted):
        return {"input_tokens": wanted.get("input_tokens") or 0, "output_tokens": wanted.get("output_tokens") or 0}
