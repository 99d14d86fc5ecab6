"""Bedrock's InvokeModel with Claude's own bodies: those of Messages, the model in the path."""
from formats.converse import BedrockPath
from formats.messages import Messages


class Invoke(BedrockPath, Messages):
    apis = ("invoke",)
    api = "invoke"
    simple_body = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 16}

    def expected_headers(self, case):
        headers = super().expected_headers(case)
        return {k: v for k, v in headers.items() if k != "x-amzn-bedrock-accept"}

    def key_header(self, case, key):
        return "authorization", "Bearer " + key
