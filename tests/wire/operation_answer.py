"""What a call beside chat came to, and its comparison with a case's `expected`."""
import json

import grpc
from chat_answer import Comparison, Outcome
from formats.format import differences
from helpers import Failure

CLOSE = 1e-6  # what single precision cannot tell apart, relative


def run_operation(api, form, request, timeout):
    out = Outcome()
    try:
        reply = getattr(getattr(api, form.stub), form.rpc(None))(request, timeout=timeout)
        # a stream is read to its end here, so that its status counts
        out.reply = reply if hasattr(reply, "DESCRIPTOR") else list(reply)
    except grpc.RpcError as error:
        out.failure = Failure(error)
    return out


class OperationComparison(Comparison):
    def run(self):
        if self.case["response"]["status"] >= 400 or set(self.expected) == {"error"}:
            self.failed(self.expected.get("error") or {})
        elif self.out.failure:
            self.lines.append("failed: %s" % self.out.failure)
        else:
            self.form.compare(self, self.out.reply)
        return self.lines

    def facts(self, reply):
        """Model, usage, and that nothing of the request was left out."""
        if self.expected.get("model"):
            self.check("model", self.expected["model"], reply.report.provider_model)
        if "usage" in self.expected:
            self.counts(self.expected["usage"], reply.usage)
        for warning in reply.warnings:
            if warning.reason == "UNSUPPORTED_PARAMETER":
                self.lines.append("warning: %s %s: %s" % (warning.reason, warning.field, warning.message))

    def counts(self, wanted, got):
        if wanted is None:
            self.check("usage.estimated", True, got.estimated)
            return
        self.check("usage.estimated", False, got.estimated)
        for key, value in (("input_tokens", got.input_tokens), ("output_tokens", got.output_tokens)):
            if wanted.get(key) is not None:
                self.check("usage." + key, wanted[key], value)
        raw = json.loads(got.provider_json or "{}")
        if "raw" in wanted:
            self.check("usage.provider_json", wanted["raw"], raw)
        elif wanted:
            self.check("usage.provider_json", wanted, {k: find(raw, k) for k in wanted})

    def close(self, name, wanted, got):
        """Numbers that single precision cannot tell apart are equal."""
        same = abs(wanted - got) <= CLOSE * max(abs(wanted), abs(got))
        if not same:
            self.lines += differences(wanted, got, name)


def find(value, key):
    """The value of a member anywhere in an object."""
    if not isinstance(value, dict):
        return None
    if key in value:
        return value[key]
    return next((v for v in (find(inner, key) for inner in value.values()) if v is not None), None)
