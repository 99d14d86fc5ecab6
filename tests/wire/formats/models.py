"""Listings of models, of every provider: DiscoverModels. README.md lists the rules."""
from formats.operation import Operation

# what a listing's path ends with; Gemini's and Anthropic's end as OpenAI's
SUFFIXES = ("/models", "/api/tags", "/foundation-models")
KEY_HEADERS = {"azure": "api-key", "gemini": "x-goog-api-key", "anthropic": "x-api-key"}


class Models(Operation):
    apis = ("models",)
    api = "models"
    stub = "registry"
    simple_body = None
    content_type = ""
    key_headers = KEY_HEADERS

    def rpc(self, case):
        return "DiscoverModels"

    def base_path(self, case):
        path = self.path(case)
        suffix = next((s for s in SUFFIXES if path.endswith(s)), "")
        path = path[:-len(suffix)] if suffix else path
        # Cohere's adapters write the version themselves
        return path[:-len("/v1")] if case.kind == "cohere" and path.endswith("/v1") else path

    def query(self, case):
        """How many to a page is Sluice's business."""
        return {k: v for k, v in super().query(case).items() if k not in ("key", "alt")}

    def message(self, stubs, left, case):
        return stubs.registry.DiscoverModelsRequest()

    def canonical(self, body, case):
        return None

    def compare(self, comparison, reply):
        wanted = [m[len("models/"):] if m.startswith("models/") else m for m in comparison.expected.get("models") or []]
        comparison.check("models", wanted, [m.id for m in reply.models])
        # the replay gives the same page for ever: a listing that goes in a circle is cut off, and says so
        comparison.check("truncated", bool(comparison.expected.get("next")), reply.truncated)
