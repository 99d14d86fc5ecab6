"""Ranking in Jina's and Cohere's form: recorded requests into a RerankRequest. README.md lists the rules."""
from urllib.parse import urlsplit

from formats.operation import Operation

SUFFIXES = {"rerank": "/rerank", "v1_rerank": "/v1/rerank", "v2_rerank": "/v2/rerank"}


class Rerank(Operation):
    simple_body = {"query": "Hello", "documents": ["Hello"]}

    def __init__(self, api):
        self.apis = (api,)
        self.api = api
        self.suffix = SUFFIXES[api]

    def rpc(self, case):
        return "Rerank"

    def message(self, stubs, left, case):
        documents = [text_of(d) for d in left.pop("documents" if "documents" in left else "texts")]
        request = stubs.completion.RerankRequest(query=left.pop("query"), documents=documents)
        for key in ("top_n", "top_k"):
            if left.get(key) is not None:
                request.top_n = left.pop(key)
        if "return_documents" in left:
            request.return_documents = bool(left.pop("return_documents"))
        if left.get("max_tokens_per_doc") is not None:
            request.max_tokens_per_document = left.pop("max_tokens_per_doc")
        return request

    def canonical(self, body, case):
        out = super().canonical(body, case)
        if not out.get("return_documents", True):
            del out["return_documents"]  # the default
        if "documents" in out:
            out["documents"] = [text_of(d) for d in out["documents"]]
        return out

    def compare(self, comparison, reply):
        got = [{"index": r.index, "relevance_score": r.relevance_score} for r in reply.results]
        wanted = comparison.expected.get("results") or []
        comparison.check("order", [w["index"] for w in wanted], [g["index"] for g in got])
        for index, (w, g) in enumerate(zip(wanted, got)):
            comparison.close("results[%d].relevance_score" % index, w["relevance_score"], g["relevance_score"])
        comparison.facts(reply)


def text_of(document):
    """{"text": "..."} is the text."""
    return document["text"] if isinstance(document, dict) and set(document) == {"text"} else document


def host(case):
    return urlsplit((case.recorded or {}).get("url") or "").hostname or ""
