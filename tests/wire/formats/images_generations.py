"""OpenAI's images: recorded requests into a GenerateImageRequest. README.md lists the rules."""
import hashlib

from formats.operation import Operation

WORDS = {"size": "size", "quality": "quality", "style": "style", "background": "background", "output_format": "output_format",
         "user": "end_user"}
NUMBERS = {"n": "n", "output_compression": "output_compression", "partial_images": "partial_images"}
XAI = {"aspect_ratio": "aspect_ratio", "resolution": "size", "n": "n"}
DELIVERIES = {"b64_json": "IMAGE_DELIVERY_BYTES", "url": "IMAGE_DELIVERY_URL"}


class ImagesGenerations(Operation):
    apis = ("images_generations",)
    api = "images_generations"
    suffix = "/images/generations"
    simple_body = {"prompt": "A hat"}
    key_headers = {"azure": "api-key"}

    def rpc(self, case):
        return "GenerateImage"

    def entry(self, case):
        version = self.query(case).get("api-version") if case.kind == "azure" else None
        return {"api_version": version} if version else {}

    def message(self, stubs, left, case):
        request = stubs.completion.GenerateImageRequest(prompt=left.pop("prompt"))
        for key, field in (XAI if case.kind == "xai" else {**WORDS, **NUMBERS}).items():
            if left.get(key) is not None:
                setattr(request, field, left.pop(key))
        if left.get("response_format") in DELIVERIES:
            request.delivery = getattr(stubs.completion, DELIVERIES[left.pop("response_format")])
        left.pop("stream", None)  # asked for by partial_images
        return request

    def compare(self, comparison, replies):
        events = [event for reply in replies for event in reply.events]
        comparison.check("sequence", list(range(len(events))), [e.sequence for e in events])
        kinds = [e.WhichOneof("event") for e in events]
        comparison.check("first and last event", ["started", "finished"], [kinds[0], kinds[-1]] if kinds else [])
        images = {}
        for event in events:
            chunk = event.image
            if event.WhichOneof("event") == "image" and not chunk.partial:
                found = images.setdefault(chunk.index, {"url": chunk.url, "data": b"", "prompt": chunk.revised_prompt, "last": 0})
                found["data"] += chunk.data
                found["last"] += chunk.last
        wanted = comparison.expected.get("images") or []
        comparison.check("number of images", len(wanted), len(images))
        for index, want in enumerate(wanted):
            self.image(comparison, "images[%d]" % index, want, images.get(index))
        finished = events[-1].finished
        comparison.check("finished.images", len(wanted), finished.images)
        comparison.facts(finished)

    def image(self, comparison, where, want, got):
        if got is None:
            return
        comparison.check(where + " ends", 1, got["last"])
        comparison.check(where + ".revised_prompt", want.get("revised_prompt") or "", got["prompt"])
        if want["kind"] == "url":
            comparison.check(where + ".url", want.get("url"), got["url"])
        else:
            comparison.check(where + ".bytes", want["bytes"], len(got["data"]))
            comparison.check(where + ".sha256", want["sha256"], hashlib.sha256(got["data"]).hexdigest())
