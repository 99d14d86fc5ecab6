"""OpenAI's moderations: recorded requests into a ModerateRequest. README.md lists the rules."""
from formats.format import canonical_url, data_url
from formats.operation import Operation


class Moderations(Operation):
    apis = ("moderations",)
    api = "moderations"
    suffix = "/moderations"
    simple_body = {"input": "Hello"}
    key_headers = {"azure": "api-key"}

    def rpc(self, case):
        return "Moderate"

    def message(self, stubs, left, case):
        request = stubs.completion.ModerateRequest()
        value = left.pop("input")
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for part in value:  # judged together
                self.part((request.inputs or request.inputs.add() and request.inputs)[0].parts.add(), part)
            return request
        for text in [value] if isinstance(value, str) else value:
            request.inputs.add().parts.add().text = text
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
        out = super().canonical(body, case)
        value = out["input"]
        out["input"] = [value] if isinstance(value, str) else [
            {**v, "image_url": {"url": canonical_url(v["image_url"]["url"])}} if isinstance(v, dict) and "image_url" in v else v
            for v in value]
        return out

    def compare(self, comparison, reply):
        wanted = comparison.expected.get("results") or []
        comparison.check("number of results", len(wanted), len(reply.results))
        for index, (want, got) in enumerate(zip(wanted, reply.results)):
            where = "results[%d]" % index
            flagged = [c.name for c in got.categories if c.flagged]
            comparison.check(where + ".categories_true", sorted(want["categories_true"]), sorted(flagged))
            # where the provider gives no verdict, any category is one
            verdict = bool(flagged) if want["flagged"] is None else want["flagged"]
            comparison.check(where + ".flagged", verdict, got.flagged)
        comparison.facts(reply)
