"""Counting of tokens: a chat request in the words of its provider, told as a CompleteRequest. README.md lists the rules."""
from formats.format import Untranslatable
from formats.generate_content import GenerateContent, camels
from formats.messages import Messages
from formats.operation import Operation


class Counting(Operation):
    def rpc(self, case):
        return "CountTokens"

    def compare(self, comparison, reply):
        comparison.check("input_tokens", comparison.expected.get("token_count"), reply.input_tokens)
        comparison.check("estimated", False, reply.estimated)


class CountTokens(Counting):
    """Anthropic."""

    apis = ("count_tokens",)
    api = "count_tokens"
    suffix = "/messages/count_tokens"
    chat = Messages()
    simple_body = chat.simple_body

    def key_header(self, case, key):
        return "x-api-key", key

    def query(self, case):
        return self.chat.query(case)

    def expected_headers(self, case):
        return self.chat.expected_headers(case)

    def request(self, stubs, case, body):
        request, entry = self.chat.request(stubs, case, body)
        request.include_message = False
        return request, entry

    def canonical(self, body, case):
        return self.chat.canonical(body, case)


class CountTokensGemini(Counting):
    apis = ("countTokens",)
    api = "countTokens"
    chat = GenerateContent()
    key_headers = GenerateContent.key_headers
    base_path = GenerateContent.base_path
    model_id = GenerateContent.model_id
    simple_body = chat.simple_body

    def query(self, case):
        return {k: v for k, v in super().query(case).items() if k not in ("key", "alt", "$alt")}

    def inner(self, body):
        """`contents` alone, or a whole request, mean the same (Gemini's reference, models.countTokens)."""
        said = camels(body)
        return said.get("generateContentRequest") or said

    def request(self, stubs, case, body):
        request, entry = self.chat.request(stubs, case, self.inner(body))
        request.include_message = False
        return request, entry

    def canonical(self, body, case):
        inner = dict(self.inner(body))
        inner.pop("model", None)
        if not isinstance(inner, dict):
            raise Untranslatable("the request's body is no countTokens request")
        return self.chat.canonical(inner, case)
