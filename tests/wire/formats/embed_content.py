"""Gemini's embedContent and batchEmbedContents: recorded requests into an EmbedRequest. README.md lists the rules."""
from formats.format import Untranslatable
from formats.generate_content import GenerateContent, camels, decode
from formats.operation import EmbedOperation

TASKS = {"RETRIEVAL_DOCUMENT": "SEARCH_DOCUMENT", "RETRIEVAL_QUERY": "SEARCH_QUERY", "CLASSIFICATION": "CLASSIFICATION",
         "CLUSTERING": "CLUSTERING", "SEMANTIC_SIMILARITY": "SIMILARITY", "CODE_RETRIEVAL_QUERY": "CODE_QUERY",
         "QUESTION_ANSWERING": "QUESTION_ANSWERING", "FACT_VERIFICATION": "FACT_VERIFICATION"}


class EmbedContent(EmbedOperation):
    key_headers = {"gemini": "x-goog-api-key"}
    base_path = GenerateContent.base_path
    model_id = GenerateContent.model_id

    def __init__(self, api):
        self.apis = (api,)
        self.api = api
        one = {"content": {"parts": [{"text": "Hello"}]}}
        self.simple_body = one if api == "embedContent" else {"requests": [one]}

    def model_in_path(self, case):
        return True

    def query(self, case):
        return {k: v for k, v in super().query(case).items() if k not in ("key", "alt", "$alt")}

    def message(self, stubs, left, case):
        said = camels(dict(left))
        left.clear()
        items = said.pop("requests", None) or [said]
        request = stubs.completion.EmbedRequest()
        options = []
        for item in items:
            options.append(self.item(stubs, request, dict(item)))
        if any(o != options[0] for o in options):
            raise Untranslatable("the requests of a batch have different options")
        left.update(options[0])
        return request

    def item(self, stubs, request, item):
        item.pop("model", None)
        task, size = item.pop("taskType", None), item.pop("outputDimensionality", None)
        if task:
            request.task = getattr(stubs.completion, "EMBED_TASK_" + TASKS[task])
        if size is not None:
            request.dimensions = size
        out = request.inputs.add(title=item.pop("title", None) or "")
        parts = item.pop("content")["parts"]
        if len(parts) == 1 and "text" in parts[0]:
            out.text = parts[0]["text"]
        else:
            for part in parts:
                self.part(out.parts.parts.add(), part)
        return item

    def part(self, out, part):
        if "text" in part:
            out.text = part["text"]
        else:
            out.image.media_type = part["inlineData"]["mimeType"]
            out.image.data = decode(part["inlineData"]["data"])

    def canonical(self, body, case):
        """A content without a role is the user's; the model stands in the path."""
        out = camels({k: v for k, v in body.items() if v is not None})
        for item in out.get("requests") or [out]:
            item.pop("model", None)
            item["content"] = {"role": "user", **item["content"]}
        return out
