"""What the calls beside chat share: one RPC each, its reply compared with the case's `expected`.

A format translates the recorded body into the RPC's request, and says in compare() how the reply is told from `expected`.
"""
import copy
import json

from formats.format import Format, Untranslatable


class Operation(Format):
    """One API of one operation."""

    operation = True
    stub = "completion"  # the service's name in api()

    def rpc(self, case):
        raise NotImplementedError

    def message(self, stubs, body, case):
        """The RPC's request for a recorded body, whose members it may take away; what is left travels in
        provider_options_json."""
        raise NotImplementedError

    def compare(self, comparison, reply):
        """Notes what differs with comparison.check()."""
        raise NotImplementedError

    def request(self, stubs, case, body):
        left = copy.deepcopy(body if body is not None else self.simple_body)
        try:
            request = self.message(stubs, left, case)
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise Untranslatable("the request is not of the API's form: %r" % problem) from problem
        left = {k: v for k, v in (left or {}).items() if v is not None and k != "model"}
        if left:
            request.provider_options_json = json.dumps(left, ensure_ascii=False)
        return request, self.entry(case)

    def entry(self, case):
        """What the model's configuration needs besides."""
        return {}

    def canonical(self, body, case):
        """Members that are null say nothing; a request without a model means the one that the server has."""
        out = {k: v for k, v in copy.deepcopy(body).items() if v is not None}
        if not self.model_in_path(case):
            out.setdefault("model", self.model_id(case))
        return out

    def model_in_path(self, case):
        return False


ENCODINGS = {"float": "EMBEDDING_ENCODING_FLOAT", "base64": "EMBEDDING_ENCODING_BASE64", "int8": "EMBEDDING_ENCODING_INT8",
             "uint8": "EMBEDDING_ENCODING_UINT8", "binary": "EMBEDDING_ENCODING_BINARY",
             "ubinary": "EMBEDDING_ENCODING_UBINARY"}
SIGNED = {"EMBEDDING_ENCODING_INT8", "EMBEDDING_ENCODING_BINARY"}


class EmbedOperation(Operation):
    def rpc(self, case):
        return "Embed"

    def compare(self, comparison, reply):
        expected = comparison.expected
        wanted = expected.get("embeddings") or []
        comparison.check("number of embeddings", len(wanted), len(reply.embeddings))
        # the recording lists a form's vectors together, the reply an input's
        types = list(dict.fromkeys(e.get("type") for e in wanted))
        wanted = sorted(wanted, key=lambda e: (e["index"], types.index(e.get("type"))))
        for index, (want, got) in enumerate(zip(wanted, reply.embeddings)):
            self.vector(comparison, "embeddings[%d]" % index, want, got)
        comparison.facts(reply)

    def vector(self, comparison, where, want, got):
        name = comparison.stubs.completion.EmbeddingEncoding.Name(got.encoding)
        numbers = list(got.values) or [b - 256 if name in SIGNED and b > 127 else b for b in got.data]
        comparison.check(where + ".index", want["index"], got.index)
        comparison.check(where + ".dimensions", want["dimensions"], len(numbers))
        if want.get("type"):
            kind = "float" if want["type"] == "base64" else want["type"]
            comparison.check(where + ".encoding", ENCODINGS[kind], name)
        for place, (w, g) in enumerate(zip(want["head"], numbers)):
            if want["encoding"] == "base64":  # rounded to 9 decimals
                g = round(g, 9)
            comparison.close("%s.head[%d]" % (where, place), w, g)
