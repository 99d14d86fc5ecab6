"""Short words for what tests do all the time: requests, answers, failures."""
import threading
import time

import grpc

import stubs

DOMAIN = "sluice"


def user(text):
    chat = stubs.load().chat
    return chat.Message(role=chat.ROLE_USER, parts=[chat.Part(text=text)])


def ask(text="Say hello.", model="test", **fields):
    """A CompleteRequest."""
    return stubs.load().completion.CompleteRequest(model=model, messages=[user(text)], **fields)


def text_of(message):
    return "".join(p.text for p in message.parts if p.WhichOneof("content") == "text")


class Answer:
    """A stream, read to its end, its rules checked: numbers without a gap, started first, finished last."""

    def __init__(self, replies, on_event=None):
        self.events = []
        self.times = []
        for reply in replies:
            assert reply.events, "a reply without events"
            for event in reply.events:
                self.events.append(event)
                self.times.append(time.monotonic())
                if on_event:
                    on_event(event)
        self.check()

    def check(self):
        kinds = [e.WhichOneof("event") for e in self.events]
        assert [e.sequence for e in self.events] == list(range(len(self.events)))
        assert kinds[0] == "started" and kinds.count("started") == 1, kinds
        assert kinds[-1] == "finished" and kinds.count("finished") == 1, kinds

    def of(self, kind):
        return [getattr(e, kind) for e in self.events if e.WhichOneof("event") == kind]

    @property
    def text(self):
        return "".join(d.text for d in self.of("text_delta"))

    @property
    def finished(self):
        return self.events[-1].finished

    @property
    def started(self):
        return self.events[0].started


class Failure:
    """What a failed call says: code, message, and the details, each of which comes at most once."""

    def __init__(self, error):
        modules = stubs.load()
        self.code = error.code()
        self.message = error.details() or ""
        self.trailers = {k: v for k, v in (error.trailing_metadata() or ())}
        self.status = self.info = self.retry = self.bad = self.failure = self.quota = None
        packed = self.trailers.get("grpc-status-details-bin")
        if packed is None:
            return
        assert len(packed) <= 3072, "status details of %d bytes" % len(packed)
        self.status = modules.status.Status.FromString(packed)
        assert self.status.code == self.code.value[0], (self.status.code, self.code)
        kinds = {"info": modules.errors.ErrorInfo, "retry": modules.errors.RetryInfo, "bad": modules.errors.BadRequest,
                 "quota": modules.errors.QuotaFailure, "failure": modules.completion.FailureInfo}
        for detail in self.status.details:
            for name, kind in kinds.items():
                if detail.Is(kind.DESCRIPTOR):
                    assert getattr(self, name) is None, "two details of kind " + name
                    value = kind()
                    detail.Unpack(value)
                    setattr(self, name, value)
                    break
            else:
                raise AssertionError("unknown detail " + detail.type_url)

    @property
    def reason(self):
        return self.info.reason if self.info else None

    @property
    def fields(self):
        return [v.field for v in self.bad.field_violations] if self.bad else []

    def __str__(self):
        return "%s %s: %s" % (self.code, self.reason, self.message)


def failure_of(error):
    return error if isinstance(error, Failure) else Failure(error)


def fails(call, code, reason=None):
    """Runs the call, which must fail with the code (one, or a set of them) and the reason; gives the Failure. Every
    error carries ErrorInfo of the domain and a bounded message."""
    try:
        got = call()
    except grpc.RpcError as error:
        failure = Failure(error)
    else:
        raise AssertionError("the call succeeded: %s" % str(got)[:300])
    codes = code if isinstance(code, (set, tuple, list)) else {code}
    reasons = reason if isinstance(reason, (set, tuple, list)) else {reason}
    assert failure.code in codes, "%s; awaited %s %s" % (failure, code, reason)
    assert failure.info is not None, "no ErrorInfo in %s" % failure
    assert failure.info.domain == DOMAIN
    if reason is not None:
        assert failure.reason in reasons, "%s; awaited %s %s" % (failure, code, reason)
    assert len(failure.message.encode()) <= 512
    assert failure.message, "an error without a message"
    return failure


def complete(api, request, timeout=30, **kw):
    return api.completion.Complete(request, timeout=timeout, **kw)


def stream(api, request, timeout=30, **kw):
    return Answer(api.completion.StreamComplete(request, timeout=timeout, **kw))


def run(api, request, streamed, timeout=30):
    """Either way, to the end; for tests that only care whether it fails."""
    return stream(api, request, timeout) if streamed else complete(api, request, timeout)


class Background:
    """A function in a thread; result() gives what it returned or raises what it raised."""

    def __init__(self, function, *args, **kw):
        self.value = self.error = None

        def work():
            try:
                self.value = function(*args, **kw)
            except BaseException as error:  # handed to whoever asks
                self.error = error

        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def running(self):
        return self.thread.is_alive()

    def result(self, timeout=30):
        self.thread.join(timeout)
        assert not self.thread.is_alive(), "still running after %s s" % timeout
        if self.error is not None:
            raise self.error
        return self.value


def percentile(values, share):
    """The value below which that share of them lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, int(round(share * len(ordered) + 0.5)) - 1))]
