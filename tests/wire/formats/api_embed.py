"""Ollama's /api/embed and the older /api/embeddings: recorded requests into an EmbedRequest. README.md lists the rules."""
from formats.operation import EmbedOperation

SUFFIXES = {"api_embed": "/api/embed", "api_embeddings": "/api/embeddings"}


class ApiEmbed(EmbedOperation):
    def __init__(self, api):
        self.apis = (api,)
        self.api = api
        self.suffix = SUFFIXES[api]
        self.simple_body = {"input": ["Hello"]} if api == "api_embed" else {"prompt": "Hello"}

    def message(self, stubs, left, case):
        request = stubs.completion.EmbedRequest()
        texts = left.pop("input" if self.api == "api_embed" else "prompt")
        for text in [texts] if isinstance(texts, str) else texts:
            request.inputs.add().text = text
        if left.get("truncate") is not None:
            request.truncate = "EMBED_TRUNCATE_END" if left.pop("truncate") else "EMBED_TRUNCATE_NONE"
        if left.get("dimensions") is not None:
            request.dimensions = left.pop("dimensions")
        return request

    def canonical(self, body, case):
        """One input is a list of one."""
        out = super().canonical(body, case)
        if isinstance(out.get("input"), str):
            out["input"] = [out["input"]]
        return out
