"""OpenAI's embeddings: recorded requests into an EmbedRequest. README.md lists the rules."""
from formats.operation import ENCODINGS, EmbedOperation

END_USER = {"openai", "azure", "custom", "openrouter", "together"}

INPUT_TYPES = {"query": "EMBED_TASK_SEARCH_QUERY", "passage": "EMBED_TASK_SEARCH_DOCUMENT"}


class Embeddings(EmbedOperation):
    apis = ("embeddings",)
    api = "embeddings"
    suffix = "/embeddings"
    simple_body = {"input": "Hello"}
    key_headers = {"azure": "api-key"}

    def base_path(self, case):
        """Of an Azure deployment the path's own; the adapter adds the deployment only where the base URL lacks it."""
        return super().base_path(case)

    def entry(self, case):
        version = self.query(case).get("api-version") if case.kind == "azure" else None
        return {"api_version": version} if version else {}

    def message(self, stubs, left, case):
        request = stubs.completion.EmbedRequest()
        for item in inputs(left.pop("input")):
            if isinstance(item, str):
                request.inputs.add().text = item
            else:
                request.inputs.add().tokens.ids.extend(item)
        if left.get("dimensions") is not None:
            request.dimensions = left.pop("dimensions")
        for key in ("encoding_format", "output_dtype"):
            if left.get(key) in ENCODINGS:
                request.encodings.append(ENCODINGS[left.pop(key)])
                break
        if left.get("output_dimension") is not None and case.kind == "mistral":
            request.dimensions = left.pop("output_dimension")
        if case.kind == "nvidia":
            if left.get("input_type") in INPUT_TYPES:
                request.task = INPUT_TYPES[left.pop("input_type")]
            if left.get("truncate"):
                request.truncate = "EMBED_TRUNCATE_" + left.pop("truncate")
        if case.kind in END_USER and left.get("user"):
            request.end_user = left.pop("user")
        return request

    def canonical(self, body, case):
        out = super().canonical(body, case)
        out["input"] = inputs(out["input"])
        return out


def inputs(value):
    """One text is a list of one; so is one list of token ids."""
    if isinstance(value, str) or (value and isinstance(value[0], int)):
        return [value]
    return value
