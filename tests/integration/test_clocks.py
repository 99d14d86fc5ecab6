"""Each clock of a model ends a call by itself, with its own reason, and closes the connection to the provider."""
import socket
import time

import grpc
import pytest
from env import slack
from helpers import ask, fails, run, stream

from conftest import entry

CODE = grpc.StatusCode.DEADLINE_EXCEEDED
LIMIT = 0.4  # seconds; each clock under test is set to it, all others to a minute
FAR = {"connect": "1m", "first_byte": "1m", "first_token": "1m", "idle": "1m", "total": "1m"}


def start_with(start_sluice, provider, clock, place="model"):
    clocks = {**FAR, clock: "400ms"}
    if place == "model":
        return start_sluice(models={"test": {"model_id": "test", "timeouts": clocks}})
    if place == "provider":
        return start_sluice(config={"providers": [entry(provider, timeouts=clocks)]})
    return start_sluice(config={"upstream": {"timeouts": clocks}})


def timed_failure(sluice, reason, streamed):
    api = sluice.api()
    grpc.channel_ready_future(api.channel).result(10)
    start = time.monotonic()
    failure = fails(lambda: run(api, ask(), streamed), CODE, reason)
    took = time.monotonic() - start
    assert LIMIT - 0.02 <= took <= LIMIT + slack(0.25, 1.5), "%s after %.3f s" % (reason, took)
    assert failure.failure is not None and failure.failure.report.attempts == 1
    return failure


CASES = [
    ("first_byte", {"at": "head"}, False),
    ("first_byte", {"at": "head"}, True),
    ("first_token", {"at": "token"}, True),
    ("first_token", {"at": "token", "comments_ms": 50}, True),
    ("idle", {"at": "between"}, True),
    ("idle", {"at": "between"}, False),
    ("total", {"at": "between", "comments_ms": 50}, True),
]


@pytest.mark.parametrize("clock,params,streamed", CASES)
def test_clock(start_sluice, provider, clock, params, streamed):
    provider.script("test", "stall", **params)
    sluice = start_with(start_sluice, provider, clock)
    failure = timed_failure(sluice, clock.upper() + "_TIMEOUT", streamed)
    assert failure.failure.partial == (params["at"] == "between" and streamed)
    provider.requests[0].wait_closed()


@pytest.mark.parametrize("streamed", [False, True])
def test_total_clock_over_a_provider_that_never_stops(start_sluice, provider, streamed):
    provider.script("test", "drip", interval_ms=10)
    sluice = start_with(start_sluice, provider, "total")
    timed_failure(sluice, "TOTAL_TIMEOUT", streamed)
    provider.requests[0].wait_closed()


def test_connect_clock(start_sluice, provider):
    """The port accepts TCP and never speaks TLS."""
    with socket.create_server(("127.0.0.1", 0)) as hole:
        url = "https://127.0.0.1:%d/v1" % hole.getsockname()[1]
        sluice = start_sluice(models={"test": {"model_id": "test", "timeouts": {**FAR, "connect": "400ms"}}},
                              config={"providers": [entry(provider, base_url=url)]})
        timed_failure(sluice, "CONNECT_TIMEOUT", True)


@pytest.mark.parametrize("place", ["provider", "upstream"])
def test_clock_is_inherited(start_sluice, provider, place):
    provider.script("test", "stall", at="head")
    timed_failure(start_with(start_sluice, provider, "first_byte", place), "FIRST_BYTE_TIMEOUT", False)


def test_a_model_may_switch_an_inherited_clock_off(start_sluice, provider):
    provider.script("test", "late", at="head", ms=700)
    sluice = start_sluice(models={"test": {"model_id": "test", "timeouts": {"first_byte": "0"}}},
                          config={"upstream": {"timeouts": {**FAR, "first_byte": "400ms"}}})
    assert stream(sluice.api(), ask()).text == "late enough"


@pytest.mark.parametrize("at", ["head", "token", "between"])
def test_late_within_the_clocks_is_fine(start_sluice, provider, at):
    provider.script("test", "late", at=at, ms=300)
    sluice = start_sluice(models={"test": {"model_id": "test", "timeouts": {
        "first_byte": "2s", "first_token": "2s", "idle": "2s", "total": "5s"}}})
    assert stream(sluice.api(), ask()).text == "late enough"


def test_tokens_that_keep_coming_never_idle(start_sluice, provider):
    """Twice as long in all as the idle clock, but never silent."""
    provider.script("test", "text", words=20, interval_ms=50)
    sluice = start_sluice(models={"test": {"model_id": "test", "timeouts": {**FAR, "idle": "500ms"}}})
    assert len(stream(sluice.api(), ask()).of("text_delta")) == 20


def test_the_callers_deadline_is_shorter_than_the_clocks(sluice, provider):
    """Both say DEADLINE_EXCEEDED; the log tells them apart."""
    provider.script("test", "stall", at="head")
    with pytest.raises(grpc.RpcError) as error:
        sluice.api().completion.Complete(ask(), timeout=0.3)
    assert error.value.code() == CODE
