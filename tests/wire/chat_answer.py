"""What a chat answer came to, gathered from Sluice's reply or events, and compared with a case's `expected`."""
import base64
import hashlib
import json
import re

import grpc
from formats.format import canonical_arguments, differences, short
from helpers import Failure

FINISH = {"stop": "STOP", "length": "LENGTH", "tool_calls": "TOOL_CALLS", "content_filter": "CONTENT_FILTER",
          "error": "ERROR", "other": "OTHER", None: "UNSPECIFIED"}
# facts of the recording, not of the result; README.md says why each is not compared
ABOUT_THE_WIRE = {"stream"}
COMPARED = {"text", "reasoning", "tool_calls", "finish_reason", "raw_finish_reason", "usage", "model", "id", "refusal",
            "logprobs", "citations", "error", "choices", "audio", "stop_sequence"}
COUNTS = {"input_tokens", "output_tokens", "cached_input_tokens", "cache_creation_input_tokens", "reasoning_tokens",
          "total_tokens", "raw"}
# parts that no common member of `expected` describes; a format may compare them
OTHER_PARTS = {"image", "provider_tool_call", "provider_tool_result"}
# longest texts that a status's details carry unshortened
LONGEST = {"code": 63, "type": 63, "param": 63, "message": 400}


# what looks like a key, in a provider's words: Sluice shows its beginning only
KEY = re.compile(r"\b(sk-|gsk_|hf_|xai-|AIza|csk-|nvapi-|AKIA|eyJ|[Bb]earer +)[A-Za-z0-9*._-]{6,}")


class Outcome:
    """What a client ended up with."""

    def __init__(self):
        self.text = self.reasoning = self.refusal = ""
        self.calls = []      # {"id", "name", "arguments" or "input"}
        self.logprobs = []
        self.refusal_logprobs = []
        self.citations = []
        self.audio = None    # {"id", "transcript", "data", "expires_at"}
        self.parts = []      # the whole message's parts, for what a format compares itself
        self.finish = None   # Finished, or CompleteResponse
        self.failure = None
        self.problems = []   # broken rules of the API itself
        self.warnings = []

    def add_part(self, part):
        kind = part.WhichOneof("content")
        if kind == "text":
            self.text += part.text
        elif kind == "reasoning":
            self.reasoning += part.reasoning.text
        elif kind == "refusal":
            self.refusal += part.refusal
        elif kind == "tool_call":
            self.calls.append(call_of(part.tool_call))
        elif kind == "audio":
            # the id, with which the next request names the sound, is the part's opaque state
            self.audio = {"id": part.provider_state.data.decode(), "transcript": part.audio.transcript,
                          "data": part.audio.data, "expires_at": part.audio.expires_at}
        elif kind not in OTHER_PARTS:
            self.problems.append("a part of kind %s" % kind)
        self.citations.extend(part.citations)


def call_of(call):
    out = {"id": call.id, "name": call.name}
    if call.HasField("custom_input"):
        out["input"] = call.custom_input
    else:
        out["arguments"] = call.arguments_json
    return out


def whole(reply):
    out = Outcome()
    out.parts = list(reply.message.parts)
    for part in out.parts:
        out.add_part(part)
    out.logprobs = list(reply.logprobs)
    out.refusal_logprobs = list(reply.refusal_logprobs)
    out.finish = reply
    out.warnings = list(reply.warnings)
    return out


class Stream:
    """Reads a stream's events and checks the rules of the stream on the way."""

    def __init__(self):
        self.out = Outcome()
        self.kinds = []
        self.sequence = 0
        self.parts = {}    # index -> kind
        self.closed = set()
        self.message = None

    def feed(self, event):
        kind = event.WhichOneof("event")
        if event.sequence != self.sequence:
            self.out.problems.append("event %d has the number %d" % (self.sequence, event.sequence))
        self.sequence += 1
        self.kinds.append(kind)
        handler = getattr(self, "on_" + kind, None)
        if handler:
            handler(getattr(event, kind))
        elif kind not in ("started", "heartbeat"):
            self.out.problems.append("an event of kind %s" % kind)

    def part(self, index, kind):
        if index not in self.parts and index != len(self.parts):
            self.out.problems.append("part %d begins after %d parts" % (index, len(self.parts)))
        if self.parts.setdefault(index, kind) != kind:
            self.out.problems.append("part %d is %s and %s" % (index, self.parts[index], kind))
        if index in self.closed:
            self.out.problems.append("a delta for part %d after its end" % index)

    def on_text_delta(self, delta):
        self.part(delta.part, "text")
        self.out.text += delta.text
        self.out.logprobs.extend(delta.logprobs)

    def on_reasoning_delta(self, delta):
        self.part(delta.part, "reasoning")
        self.out.reasoning += delta.text

    def on_tool_call_delta(self, delta):
        new = delta.part not in self.parts
        self.part(delta.part, "tool_call")
        calls = self.out.calls
        if new:
            if delta.index != len(calls):
                self.out.problems.append("tool call %d begins as number %d" % (len(calls), delta.index))
            calls.append({"id": delta.id, "name": delta.name, "part": delta.part})
        call = next(c for c in calls if c["part"] == delta.part)
        if delta.HasField("custom_input_fragment"):
            call["input"] = call.get("input", "") + delta.custom_input_fragment
        else:
            call["arguments"] = call.get("arguments", "") + delta.arguments_fragment

    def on_part_delta(self, delta):
        kind = delta.WhichOneof("delta")
        self.part(delta.part, kind)
        if kind == "refusal":
            self.out.refusal += delta.refusal
            self.out.refusal_logprobs.extend(delta.logprobs)
        elif kind == "audio":
            sound = self.out.audio or {"id": "", "transcript": "", "data": b"", "expires_at": 0}
            sound["transcript"] += delta.audio.transcript
            sound["data"] += delta.audio.data
            sound["expires_at"] = delta.audio.expires_at or sound["expires_at"]
            self.out.audio = sound
        elif kind not in OTHER_PARTS:
            self.out.problems.append("a part delta of kind %s" % kind)

    def on_citation(self, citation):
        self.out.citations.append(citation)

    def on_part_done(self, done):
        if done.part not in self.parts or done.part in self.closed:
            self.out.problems.append("part %d ends twice or never began" % done.part)
        self.closed.add(done.part)
        if self.parts.get(done.part) == "audio":
            self.out.audio["id"] = done.provider_state.data.decode()

    def on_finished(self, finished):
        self.out.finish = finished
        self.message = finished.message

    def end(self, error):
        """The stream is over, with a failure or without."""
        out = self.out
        for call in out.calls:
            call.pop("part")
        out.warnings = list(out.finish.warnings) if out.finish else []
        if error is not None:
            out.failure = Failure(error)
            if out.finish:
                out.problems.append("finished, and then the status " + str(out.failure.code))
            return out
        if self.kinds[:1] != ["started"] or self.kinds[-1:] != ["finished"]:
            out.problems.append("the stream begins with %s and ends with %s" % (self.kinds[:1], self.kinds[-1:]))
        if self.closed != set(self.parts):
            out.problems.append("parts without an end: %s" % sorted(set(self.parts) - self.closed))
        if self.message is not None:
            out.parts = list(self.message.parts)
            self.compare_assembled()
        return out

    def compare_assembled(self):
        """include_message: the assembled message has to say what the deltas said."""
        again = Outcome()
        for part in self.message.parts:
            again.add_part(part)
        for name in ("text", "reasoning", "refusal", "calls", "audio"):
            if getattr(again, name) != getattr(self.out, name):
                self.out.problems.append("the assembled message has another %s: %s, the deltas %s" % (
                    name, short(getattr(again, name)), short(getattr(self.out, name))))


def run_whole(api, request, timeout):
    try:
        return whole(api.completion.Complete(request, timeout=timeout))
    except grpc.RpcError as error:
        out = Outcome()
        out.failure = Failure(error)
        return out


def run_stream(api, request, timeout):
    stream = Stream()
    try:
        for reply in api.completion.StreamComplete(request, timeout=timeout):
            if not reply.events:
                stream.out.problems.append("a reply without events")
            for event in reply.events:
                stream.feed(event)
    except grpc.RpcError as error:
        return stream.end(error)
    return stream.end(None)


# ---- comparing ----

class Comparison:
    def __init__(self, case, outcome, stubs, form):
        self.case = case
        self.form = form
        self.expected = form.expected(case["expected"])
        self.out = outcome
        self.stubs = stubs
        self.lines = ["rule of the API: " + p for p in outcome.problems]

    def check(self, name, wanted, got):
        self.lines += differences(wanted, got, name)

    def run(self):
        unknown = set(self.expected) - COMPARED - ABOUT_THE_WIRE - self.form.more_expected - self.form.ignored_expected
        if unknown:
            self.lines.append("expected has fields that this runner does not know: " + ", ".join(sorted(unknown)))
        if self.case["response"]["status"] >= 400 or set(self.expected) == {"error"}:
            self.failed(self.expected.get("error") or {})
        elif self.expected.get("error"):
            self.said()
            self.failed(self.expected["error"])
        elif self.broken_off():
            self.said()
            self.truncated()
        elif self.out.failure:
            self.lines.append("failed: %s" % self.out.failure)
        else:
            self.said()
            self.finished()
            self.form.compare_more(self)
        return self.lines

    def broken_off(self):
        """A stream without any end marker at all: Sluice has to call that an error."""
        facts = self.expected.get("stream") or {}
        return bool(facts) and self.expected.get("finish_reason") is None and not facts.get("done_marker")

    def said(self):
        """What the model said, up to the end or up to the error."""
        e, out = self.expected, self.out
        self.check("text", e.get("text", ""), out.text)
        self.check("reasoning", e.get("reasoning", ""), out.reasoning)
        self.check("refusal", e.get("refusal") or "", out.refusal)
        self.tool_calls(e.get("tool_calls") or [])
        wanted = [(t["token"], t["logprob"]) for t in e.get("logprobs") or []]
        got = [(t.token, t.logprob) for t in out.logprobs]
        if wanted != got:
            got += [(t.token, t.logprob) for t in out.refusal_logprobs]
        self.check("logprobs", [list(t) for t in wanted], [list(t) for t in got])
        wanted = e.get("citations") or []
        self.check("citations", wanted, self.form.citations(out.citations))
        self.audio(e.get("audio"))
        for choice in e.get("choices") or []:
            if choice.get("index", 0) == 0:
                self.check("choices[0].text", choice.get("text", out.text), out.text)

    def tool_calls(self, wanted):
        self.check("number of tool calls", len(wanted), len(self.out.calls))
        for index, (w, g) in enumerate(zip(wanted, self.out.calls)):
            where = "tool_calls[%d]" % index
            unknown = set(w) - {"id", "name", "arguments", "arguments_raw", "kind", "type", "input"} - self.form.more_call
            if unknown:
                self.lines.append("%s has fields that this runner does not know: %s" % (where, ", ".join(sorted(unknown))))
            self.check(where + ".name", w.get("name") or "", g["name"])
            if w.get("id"):
                self.check(where + ".id", w["id"], g["id"])
            elif not g["id"]:
                self.lines.append(where + ".id: none was made up")
            if (w.get("kind") or w.get("type")) == "custom":
                self.check(where + ".input", w.get("input", w.get("arguments_raw")) or "", g.get("input"))
            elif w.get("arguments") is None:
                self.check(where + ".arguments_raw", w.get("arguments_raw") or "", g.get("arguments"))
            else:
                self.check(where + ".arguments", w["arguments"], canonical_arguments(g.get("arguments") or ""))

    def audio(self, wanted):
        got = self.out.audio
        if not wanted or not got:
            if bool(wanted) != bool(got):
                self.lines.append("audio: awaited %s, got %s" % (short(wanted), "some" if got else "none"))
            return
        readings = {"id": got["id"], "transcript": got["transcript"], "expires_at": got["expires_at"],
                    "data": base64.b64encode(got["data"]).decode(), "bytes": len(got["data"]), "size": len(got["data"]),
                    "sha256": hashlib.sha256(got["data"]).hexdigest(), "data_bytes": len(got["data"])}
        for key, value in wanted.items():
            if key not in readings:
                self.lines.append("audio.%s: this runner does not know it" % key)
            elif value is not None:
                self.check("audio." + key, value, readings[key])

    def finished(self):
        e, out = self.expected, self.out
        names = self.stubs.chat.FinishReason
        name = FINISH.get(e.get("finish_reason"), "?")
        self.check("finish_reason", "FINISH_REASON_" + name, names.Name(out.finish.finish_reason))
        self.check("raw_finish_reason", e.get("raw_finish_reason") or "", out.finish.raw_finish_reason)
        self.check("model", e.get("model") or "", out.finish.report.provider_model)
        self.check("id", e.get("id") or "", out.finish.report.provider_response_id)
        if "stop_sequence" in e:
            self.check("stop_sequence", e["stop_sequence"] or "", out.finish.stop_sequence)
        if hasattr(out.finish, "complete"):
            cut = e.get("finish_reason") not in ("stop", "tool_calls")
            self.check("complete", not cut, out.finish.complete)
        self.usage(e.get("usage"), out.finish.usage)
        for warning in out.warnings:
            if warning.reason == "UNSUPPORTED_PARAMETER" and warning.field != "parallel_tool_calls":
                self.lines.append("warning: %s %s: %s" % (warning.reason, warning.field, warning.message))

    def usage(self, wanted, got):
        """Sluice's buckets are disjoint; how a provider's counts become them is the format's business."""
        if wanted is None:
            self.check("usage.estimated", True, got.estimated)
            self.check("usage.provider_json", "", got.provider_json)
            return
        unknown = set(wanted) - COUNTS - self.form.more_usage
        if unknown:
            self.lines.append("usage has fields that this runner does not know: %s" % sorted(unknown))
        for name, value in self.form.usage(wanted).items():
            self.check("usage." + name, value, getattr(got, name))
        self.check("usage.estimated", False, got.estimated)
        if "raw" in wanted:
            raw = json.loads(got.provider_json) if got.provider_json else None
            self.check("usage.provider_json", wanted["raw"], raw)

    def truncated(self):
        failure = self.out.failure
        if not failure:
            self.lines.append("a stream that broke off ended with OK")
            return
        self.check("status", "UNAVAILABLE", failure.code.name)
        self.check("reason", "PROVIDER_TRUNCATED", failure.reason)

    # -- errors --

    def failed(self, error):
        failure = self.out.failure
        if not failure:
            self.lines.append("ended with OK, awaited the error %s" % short(error))
            return
        unknown = set(error) - {"status", "type", "code", "message", "param", "retry_after", "retry_after_ms", "mid_stream",
                                "embedded_status", "metadata", "retry_delay"}
        if unknown:
            self.lines.append("the error has fields that this runner does not know: " + ", ".join(sorted(unknown)))
        info = failure.failure
        if info is None:
            self.lines.append("no FailureInfo in %s" % failure)
            return
        if failure.info is None or failure.info.domain != "sluice":
            self.lines.append("no ErrorInfo of the domain sluice")
        codes, reasons = self.form.error_class(error, self.case["provider"]) or error_class(error)
        if failure.code.name not in codes or failure.reason not in reasons:
            self.lines.append("error class: awaited %s %s, got %s %s" % (
                "|".join(sorted(codes)), "|".join(sorted(reasons)), failure.code.name, failure.reason))
        self.check("error.status", error.get("status", self.case["response"]["status"]), info.provider_status)
        for key, got in (("type", info.provider_type), ("code", info.provider_code), ("param", info.provider_param),
                         ("message", info.provider_message)):
            self.error_text(key, error.get(key), got)
        self.check("error.partial", bool(self.out.text or self.out.calls or self.out.reasoning or self.out.refusal),
                   info.partial)
        self.retry(error, failure)

    def error_text(self, key, wanted, got):
        wanted = "" if wanted is None else wanted if isinstance(wanted, str) else json.dumps(wanted)
        if key == "message" and wanted.lstrip().startswith("<"):
            wanted, got = (re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", t)).strip() for t in (wanted, got))
        wanted, got = KEY.sub(r"\1*", wanted), KEY.sub(r"\1*", got)
        if len(wanted.encode()) <= LONGEST[key]:
            self.check("error." + key, wanted.strip(), got.strip())
            return
        kept = got.rstrip("….").rstrip()
        if len(kept.encode()) < LONGEST[key] - 8 or not wanted.startswith(kept):
            self.check("error." + key, wanted, got)

    def tells_reset(self):
        response = self.case["response"]
        return response["status"] == 429 and any("ratelimit" in k.lower() and "reset" in k.lower() for k in response["headers"] or {})

    def retry(self, error, failure):
        wait = None
        if error.get("retry_after_ms"):
            wait = int(float(error["retry_after_ms"]))
        elif str(error.get("retry_after") or "").replace(".", "", 1).isdigit():
            wait = int(float(error["retry_after"]) * 1000)
        elif error.get("retry_delay"):  # google.rpc.RetryInfo, "48s"
            wait = int(float(error["retry_delay"].rstrip("s")) * 1000)
        info = failure.failure
        if wait is None and (error.get("retry_after") or self.tells_reset()):
            return  # a date, or a limit's renewal, that counts from an answer's Date, which no recording has
        self.check("error.retry_after_ms", wait, info.retry_after_ms if info.HasField("retry_after_ms") else None)
        if wait is not None and info.retryable:
            delay = failure.retry.retry_delay if failure.retry else None
            self.check("RetryInfo (ms)", wait, delay and delay.seconds * 1000 + delay.nanos // 1_000_000)


def error_class(error):
    """The status codes and reasons that design rules allow for a provider's error."""
    status, code, kind = error.get("status", 0), str(error.get("code") or ""), str(error.get("type") or "")
    if status < 400:
        # an error inside a 200 may name its status
        inner = error.get("embedded_status") or (int(code) if code.isdigit() else 0)
        status = inner if 400 <= inner <= 599 else status
    text = str(error.get("message") or "")
    if kind == "INVALID_ARGUMENT" and ("API key not valid" in text or "API key expired" in text):  # Google
        return {"FAILED_PRECONDITION"}, {"PROVIDER_AUTH"}
    if kind == "INVALID_ARGUMENT" and "exceeds the maximum number of tokens" in text:  # Google
        return {"FAILED_PRECONDITION"}, {"CONTEXT_TOO_LONG"}
    if code == "context_length_exceeded" or "maximum context length" in text or "maximum prompt length" in text:
        return {"FAILED_PRECONDITION"}, {"CONTEXT_TOO_LONG"}
    if code in ("content_filter", "content_policy_violation", "moderation_blocked"):
        return {"INVALID_ARGUMENT"}, {"CONTENT_REFUSED"}
    if "insufficient_quota" in (code, kind) or status == 402 or code in ("billing_hard_limit_reached", "billing_not_active"):
        return {"RESOURCE_EXHAUSTED"}, {"PROVIDER_QUOTA"}
    if status == 429 or code == "rate_limit_exceeded" or kind == "rate_limit_error":
        return {"RESOURCE_EXHAUSTED"}, {"PROVIDER_RATE_LIMIT"}
    if status in (401, 403) or code in ("invalid_api_key", "401"):
        return {"FAILED_PRECONDITION"}, {"PROVIDER_AUTH"}
    if status in (404, 410) or code == "model_not_found":
        return {"NOT_FOUND"}, {"PROVIDER_NOT_FOUND"}
    if status in (408, 409, 425):
        return {"UNAVAILABLE"}, {"PROVIDER_ERROR"}
    if 400 <= status < 500:
        return {"INVALID_ARGUMENT"}, {"PROVIDER_INVALID_REQUEST"}
    if status in (503, 529) or "overloaded" in code + kind:
        return {"UNAVAILABLE"}, {"PROVIDER_OVERLOADED"}
    if status >= 500 or kind in ("server_error", ""):
        return {"UNAVAILABLE"}, {"PROVIDER_ERROR", "PROVIDER_OVERLOADED"}
    if kind == "invalid_request_error":
        return {"INVALID_ARGUMENT", "UNAVAILABLE"}, {"PROVIDER_INVALID_REQUEST", "PROVIDER_ERROR"}
    return {"UNAVAILABLE"}, {"PROVIDER_ERROR", "PROVIDER_OVERLOADED"}
