"""A client that reads slowly costs bounded memory, and nobody else's time."""
import threading
import time

import grpc
import pytest
from env import slack
from helpers import Background, ask, fails

from conftest import entry

MIB = 1024 * 1024
FLOOD = 200_000_000


class Watch:
    """Samples a process's resident memory; peak is over the base at the start."""

    def __init__(self, sluice):
        self.sluice, self.base, self.peak = sluice, sluice.rss(), 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stop.wait(0.02):
            self.peak = max(self.peak, self.sluice.rss() - self.base)

    def end(self):
        self.stop.set()
        self.thread.join()
        return self.peak


def pace(api, model):
    """The longest gap between the pieces of a stream that has one every 20 ms."""
    times = []
    for reply in api.completion.StreamComplete(ask(model=model), timeout=60):
        for event in reply.events:
            if event.WhichOneof("event") == "text_delta":
                times.append(time.monotonic())
    assert len(times) == 100
    return max(b - a for a, b in zip(times, times[1:]))


def settle(value, seconds=1.0):
    """Waits until a number stops growing for that long, and gives it."""
    last, since = value(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.05)  # a condition of a foreign process: nothing to wait on
        now = value()
        if now != last:
            last, since = now, time.monotonic()
    return last


def slow_reader(sluice, provider, held, bound):
    """held: what may be on its way while the client does not read. bound: of the service's memory."""
    api = sluice.api()
    for model in ("healthy", "flood"):  # both connections exist
        provider.script(model, "text", words=3)
        list(api.completion.StreamComplete(ask(model=model), timeout=30))
    provider.script("healthy", "text", words=100, interval_ms=20)
    provider.script("flood", "flood", bytes=FLOOD)
    watch = Watch(sluice)
    call = api.completion.StreamComplete(ask(model="flood"), timeout=slack(120, 400))
    received = first_piece(call)
    seen = [s for s in provider.requests if s.model == "flood"][-1]
    # nobody reads: the provider's pushing comes to a standstill, healthy streams do not
    stood = settle(lambda: seen.sent)
    assert stood < held, "%.1f MB were taken from the provider for a client that does not read" % (stood / 1e6)
    gaps = [g.result(60) for g in [Background(pace, api, "healthy") for _ in range(4)]]
    assert max(gaps) < slack(0.4, 2.0), "a healthy stream stood still for %.0f ms" % (max(gaps) * 1e3)
    assert seen.sent <= stood + held // 2
    # read on, slowly at first: all of it arrives, in order, and ends well
    healthy = Background(pace, api, "healthy")
    count = finished = 0
    for reply in call:
        for event in reply.events:
            kind = event.WhichOneof("event")
            if kind == "text_delta":
                received += len(event.text_delta.text)
                count += 1
                if count < 200:
                    time.sleep(0.002)  # the slowness under test
            finished += kind == "finished"
    healthy.result(60)
    assert finished == 1 and received >= FLOOD * 0.98 and seen.wait_done() == "answered"
    peak = watch.end()
    print("peak of memory over the start: %.1f MiB; taken while nobody read: %.1f MB" % (peak / MIB, stood / 1e6))
    assert peak < bound, "memory grew by %.1f MiB" % (peak / MIB)


def first_piece(call):
    for reply in call:
        pieces = [len(e.text_delta.text) for e in reply.events if e.WhichOneof("event") == "text_delta"]
        if pieces:
            return sum(pieces)
    raise AssertionError("no piece came")


MODELS = {"flood": "flood", "healthy": "healthy"}


@pytest.mark.timeout(400)
def test_slow_reader_http1(start_sluice, provider):
    sluice = start_sluice(models=MODELS, config={"limits": {"slow_reader": "5m"}})
    slow_reader(sluice, provider, held=40_000_000, bound=slack(40, 400) * MIB)


@pytest.mark.timeout(600)
def test_slow_reader_http2(start_sluice, h2_provider, certs):
    """curl buffers a paused HTTP/2 stream up to its window of 32 MiB, in a buffer that doubles, and no further."""
    sluice = start_sluice(models=MODELS, provider=h2_provider, config={
        "server": {"loops": 1}, "limits": {"slow_reader": "5m"},
        "providers": [entry(h2_provider, ca_file=str(certs.ca))]})
    slow_reader(sluice, h2_provider, held=60_000_000, bound=slack(160, 600) * MIB)
    assert h2_provider.connections == 1, "the streams were not on one connection"


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_reader_that_never_reads_is_ended(start_sluice, provider, h2_provider, certs, version):
    chosen = provider if version == "1.1" else h2_provider
    sluice = start_sluice(models=MODELS, provider=chosen, config={
        "limits": {"slow_reader": "700ms"},
        "providers": [entry(chosen, **({} if version == "1.1" else {"ca_file": str(certs.ca)}))]})
    chosen.script("flood", "flood", bytes=FLOOD)
    call = sluice.api().completion.StreamComplete(ask(model="flood"), timeout=60)
    first_piece(call)
    seen = chosen.wait_requests(1)[0]
    seen.wait_closed(20)

    def rest():
        for _ in call:
            pass

    fails(rest, grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_READER")
