"""Ollama's /api/generate: one prompt, recorded requests into a CompleteRequest. README.md lists the rules."""
import base64
import copy

from formats.api_chat import canonical_options, finish, options, picture, response_format, think
from formats.format import Format, Untranslatable


class ApiGenerate(Format):
    apis = ("api_generate",)
    api = "api_generate"
    suffix = "/api/generate"
    simple_body = {"prompt": "Hello"}

    def request(self, stubs, case, body):
        try:
            return self._request(stubs, copy.deepcopy(body))
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a generate request's form: %r" % problem) from problem

    def _request(self, stubs, left):
        request = stubs.completion.CompleteRequest()
        for key in ("model", "stream"):
            left.pop(key, None)
        system = left.pop("system", None)
        if system:
            message = request.messages.add(role=stubs.chat.ROLE_SYSTEM)
            message.parts.add().text = system
        if left.get("template") == "":
            del left["template"]
        message = request.messages.add(role=stubs.chat.ROLE_USER)
        message.parts.add().text = left.pop("prompt", None) or ""
        for image in left.pop("images", None) or []:
            picture(message.parts.add().image, image)
        options(request, left)
        response_format(stubs, request, left)
        think(stubs, request, left)
        return finish(request, left)

    def canonical(self, body, case):
        out = {k: v for k, v in body.items() if v is not None}
        out["stream"] = out.get("stream", True)
        out["images"] = [base64.b64decode(i).hex() for i in out.get("images") or []]
        for key in ("system", "template", "format"):
            if out.get(key) == "":
                del out[key]
        return canonical_options(out)

    def usage(self, wanted):
        return {"input_tokens": wanted.get("input_tokens") or 0, "output_tokens": wanted.get("output_tokens") or 0}
