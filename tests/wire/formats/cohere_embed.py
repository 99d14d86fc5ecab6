"""Cohere's embeddings, v1 and v2: recorded requests into an EmbedRequest. README.md lists the rules."""
from formats.format import canonical_url, data_url
from formats.operation import ENCODINGS, EmbedOperation

TASKS = {"search_document": "EMBED_TASK_SEARCH_DOCUMENT", "search_query": "EMBED_TASK_SEARCH_QUERY",
         "classification": "EMBED_TASK_CLASSIFICATION", "clustering": "EMBED_TASK_CLUSTERING"}
SUFFIXES = {"v1_embed": "/v1/embed", "v2_embed": "/v2/embed"}


class CohereEmbed(EmbedOperation):
    simple_body = {"texts": ["Hello"], "input_type": "search_document"}

    def __init__(self, api):
        self.apis = (api,)
        self.api = api
        self.suffix = SUFFIXES[api]

    def message(self, stubs, left, case):
        request = stubs.completion.EmbedRequest()
        for text in left.pop("texts", None) or []:
            request.inputs.add().text = text
        for item in left.pop("inputs", None) or []:
            parts = request.inputs.add().parts.parts
            for part in item["content"]:
                self.part(parts.add(), part)
        if left.get("input_type") in TASKS:
            request.task = getattr(stubs.completion, TASKS[left.pop("input_type")])
        types = left.get("embedding_types") or []
        if types and all(t in ENCODINGS for t in types):
            request.encodings.extend(ENCODINGS[t] for t in left.pop("embedding_types"))
        if left.get("truncate"):
            request.truncate = "EMBED_TRUNCATE_" + left.pop("truncate")
        if left.get("output_dimension") is not None:
            request.dimensions = left.pop("output_dimension")
        return request

    def part(self, out, part):
        if part["type"] == "text":
            out.text = part["text"]
            return
        inline = data_url(part["image_url"]["url"])
        if inline:
            out.image.media_type, out.image.data = inline
        else:
            out.image.url = part["image_url"]["url"]

    def canonical(self, body, case):
        """v2's defaults are what Sluice writes where a request leaves them out."""
        out = super().canonical(body, case)
        if self.api == "v2_embed":
            out.setdefault("embedding_types", ["float"])
        for item in out.get("inputs") or []:
            for part in item["content"]:
                if "image_url" in part:
                    part["image_url"] = {"url": canonical_url(part["image_url"]["url"])}
        return out
