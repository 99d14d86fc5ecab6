"""A rolling restart behind a Kubernetes Service loses no call."""
import signal
import threading
import time

import grpc
import pytest
import stubs as stub_modules
from env import slack
from forwarder import Forwarder
from helpers import Answer, Background, ask, complete, fails, stream

RUNS = 10
WORKERS = 8
DRAIN = {"server": {"max_connection_age": "1s"}, "drain": {"announce": "auto", "deadline": "20s"}}


class Load:
    """Clients that call all the time, each on a channel of its own, whole answers and streams in turn."""

    def __init__(self, address):
        self.address = address
        self.stop = threading.Event()
        self.lock = threading.Condition()
        self.good = 0
        self.failures = []
        self.workers = [Background(self._work, number) for number in range(WORKERS)]

    def _work(self, number):
        channel = grpc.insecure_channel(self.address, [("grpc.use_local_subchannel_pool", 1)])
        api = stub_modules.load().completion_grpc.CompletionStub(channel)
        turn = number
        while not self.stop.is_set():
            try:
                if turn % 2:
                    api.Complete(ask(model="quick"), timeout=20)
                else:
                    Answer(api.StreamComplete(ask(model="stream"), timeout=20))
                with self.lock:
                    self.good += 1
                    self.lock.notify_all()
            except (grpc.RpcError, AssertionError) as error:
                with self.lock:
                    self.failures.append("%s %s" % (error.code().name, error.details()) if isinstance(error, grpc.RpcError) else repr(error))
                    self.lock.notify_all()
            turn += 1
        channel.close()

    def wait(self, more, timeout=30):
        with self.lock:
            target = self.good + more
            assert self.lock.wait_for(lambda: self.good >= target or self.failures, timeout), "no calls go through"

    def end(self):
        self.stop.set()
        for worker in self.workers:
            worker.result(40)


@pytest.mark.parametrize("run", range(RUNS))
def test_drain_behind_a_service(start_sluice, provider, run):
    provider.script("quick", "text", text="ok")
    provider.script("stream", "text", words=6, interval_ms=20)
    provider.script("long", "text", words=22, interval_ms=100)
    models = {"quick": "quick", "stream": "stream", "long": "long"}
    old = start_sluice(models=models, config=DRAIN, name="old")
    new = start_sluice(models=models, config=DRAIN, name="new")
    service = Forwarder(old.address)
    load = Load(service.address)
    long = None
    try:
        load.wait(100)
        channel = grpc.insecure_channel(service.address, [("grpc.use_local_subchannel_pool", 1)])
        long = Background(lambda: Answer(stub_modules.load().completion_grpc.CompletionStub(channel).StreamComplete(
            ask(model="long"), timeout=60)))
        load.wait(20)
        service.switch(new.address)
        old.terminate()
        assert old.wait(40) == 0
        load.wait(50)
        assert len(service.counts) == 2 and service.counts[service.target] >= WORKERS, service.counts
    finally:
        load.end()
        service.close()
    assert load.failures == [], "%d of %d calls failed: %s" % (len(load.failures), load.good + len(load.failures), load.failures[:5])
    assert len(long.result().of("text_delta")) == 22
    channel.close()
    print("%d calls over connections %s, none failed" % (load.good, list(service.counts.values())))


def test_exit_is_quick_without_calls(start_sluice):
    sluice = start_sluice(config={"drain": {"announce": "0s"}})
    start = time.monotonic()
    sluice.terminate()
    assert sluice.wait(10) == 0
    assert time.monotonic() - start < slack(1.0, 5.0)


def test_a_running_stream_may_end_within_the_deadline(start_sluice, provider):
    sluice = start_sluice(config={"drain": {"announce": "0s", "deadline": "20s"}})
    provider.script("test", "text", text="one two three", gate="go")
    running = Background(stream, sluice.api(), ask())
    provider.wait_requests(1)
    sluice.terminate()
    sluice.wait_log(lambda line: "drain" in line.get("msg", ""))
    provider.gate("go").open()
    assert running.result().text == "one two three"
    assert sluice.wait(10) == 0


def test_the_deadline_ends_what_is_left(start_sluice, provider):
    sluice = start_sluice(config={"drain": {"announce": "0s", "deadline": "500ms"}})
    provider.script("test", "stall", at="between")
    running = Background(fails, lambda: stream(sluice.api(), ask()), grpc.StatusCode.UNAVAILABLE)
    seen = provider.wait_requests(1)[0]
    start = time.monotonic()
    sluice.terminate()
    assert sluice.wait(10) == 0
    assert 0.4 < time.monotonic() - start < 0.5 + slack(1.5, 6.0)
    assert running.result().reason in ("SHUTTING_DOWN", None)
    seen.wait_closed()


def test_a_second_signal_skips_the_announcement(start_sluice, provider):
    sluice = start_sluice(config={"drain": {"announce": "1m", "deadline": "5s"}})
    complete(sluice.api(), ask())
    sluice.terminate()
    sluice.wait_log(lambda line: "drain" in line.get("msg", ""))
    complete(sluice.api(), ask())  # still announcing: calls are served
    start = time.monotonic()
    sluice.signal(signal.SIGTERM)
    assert sluice.wait(20) == 0
    assert time.monotonic() - start < slack(6, 12)


def test_sigint_ends_it_too(start_sluice):
    sluice = start_sluice()
    sluice.signal(signal.SIGINT)
    assert sluice.wait(10) == 0
