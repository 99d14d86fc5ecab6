"""Text Generation Inference's own API: one prompt, recorded requests into a CompleteRequest. README.md lists the rules."""
import copy
import json
import re

from formats.format import Format, Untranslatable, keys_known

NUMBERS = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "max_new_tokens": "max_output_tokens",
           "seed": "seed", "frequency_penalty": "frequency_penalty"}
# what Sluice sends itself, unless a request says otherwise
DETAILS, FULL_TEXT = True, False
MODEL = re.compile(r"^(.*/models)/([^/]+(?:/[^/]+)?)$")


def parameters(stubs, request, left):
    for key, field in NUMBERS.items():
        value = left.pop(key, None)
        if value is not None:
            setattr(request, field, value)
    request.stop.extend(left.pop("stop", None) or [])
    if left.get("details") in (None, DETAILS):
        left.pop("details", None)
    if left.get("return_full_text") in (None, FULL_TEXT):
        left.pop("return_full_text", None)
    grammar = left.get("grammar")
    if grammar and set(grammar) == {"type", "value"} and grammar["type"] == "json":
        del left["grammar"]
        request.response_format.type = stubs.chat.ResponseFormat.TYPE_JSON_SCHEMA
        request.response_format.schema_json = json.dumps(grammar["value"], ensure_ascii=False)


class TextGeneration(Format):
    apis = ("text_generation",)
    api = "text_generation"
    simple_body = {"inputs": "Hello"}
    more_expected = frozenset({"generated_text"})

    def base_path(self, case):
        path = self.path(case)
        named = MODEL.match(path)
        if named:
            return named.group(1)
        return re.sub(r"/generate_stream$", "/generate", path).rstrip("/")

    def model_id(self, case):
        named = MODEL.match(self.path(case))
        return named.group(2) if named else super().model_id(case)

    def request(self, stubs, case, body):
        left = copy.deepcopy(body)
        try:
            keys_known(left, {"inputs", "parameters", "stream", "model", "options"}, "the request")
            request = stubs.completion.CompleteRequest()
            request.messages.add(role=stubs.chat.ROLE_USER).parts.add().text = left.pop("inputs")
            left.pop("stream", None)
            given = {k: v for k, v in (left.pop("parameters", None) or {}).items() if v is not None}
            parameters(stubs, request, given)
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of a text generation's form: %r" % problem) from problem
        if given:
            left["parameters"] = given
        if left:
            request.provider_options_json = json.dumps(left, ensure_ascii=False)
        return request, {}

    def canonical(self, body, case):
        out = {k: v for k, v in body.items() if v is not None}
        said = {k: v for k, v in (out.get("parameters") or {}).items() if v not in (None, [])}
        said.setdefault("details", DETAILS)
        said.setdefault("return_full_text", FULL_TEXT)
        out["parameters"] = said
        if self.path(case).endswith(("/generate", "/generate_stream")):
            out.pop("stream", None)
        else:
            # a recorder may have left out what the path says
            out["stream"] = bool(out.get("stream")) or case.stream
        return out

    def usage(self, wanted):
        return {"input_tokens": wanted.get("input_tokens") or 0, "output_tokens": wanted.get("output_tokens") or 0}

    def compare_more(self, comparison):
        """A stream's last frame repeats the text; where it differs from the tokens, these count."""
