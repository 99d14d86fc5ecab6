"""Hugging Face's feature extraction: recorded requests into an EmbedRequest. README.md lists the rules."""
import re

from formats.operation import EmbedOperation

PIPELINE = "/pipeline/feature-extraction"
DIRECTIONS = {"left": "EMBED_TRUNCATE_START", "right": "EMBED_TRUNCATE_END"}


class FeatureExtraction(EmbedOperation):
    apis = ("feature_extraction",)
    api = "feature_extraction"
    simple_body = {"inputs": "Hello"}

    def base_path(self, case):
        """The whole path, but for a model's id behind the pipeline."""
        path = self.path(case)
        head, found, _ = path.partition(PIPELINE + "/")
        return head + PIPELINE if found else path

    def model_id(self, case):
        path = self.path(case)
        found = re.search(PIPELINE + "/(.+)$", path) or re.search("/models/(.+)" + PIPELINE, path)
        return found.group(1) if found else "recorded"

    def model_in_path(self, case):
        return True

    def message(self, stubs, left, case):
        request = stubs.completion.EmbedRequest()
        texts = left.pop("inputs")
        for text in [texts] if isinstance(texts, str) else texts:
            request.inputs.add().text = text
        direction = left.get("truncation_direction")
        if left.get("truncate") is False and not direction:
            left.pop("truncate")
            request.truncate = "EMBED_TRUNCATE_NONE"
        elif left.get("truncate") and direction:
            left.pop("truncate")
            request.truncate = DIRECTIONS[left.pop("truncation_direction").lower()]
        return request

    def canonical(self, body, case):
        """One input is a list of one; no parameters say nothing."""
        out = super().canonical(body, case)
        if isinstance(out.get("inputs"), str):
            out["inputs"] = [out["inputs"]]
        if not out.get("parameters", True):
            del out["parameters"]
        if "truncation_direction" in out:
            out["truncation_direction"] = out["truncation_direction"].lower()
        return out
