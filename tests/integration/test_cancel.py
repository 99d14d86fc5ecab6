"""A client's cancel reaches the provider at once, and so does the end of its deadline."""
import time

import grpc
import pytest
from env import slack
from helpers import ask, complete, percentile

CALLS = 200


def cancel_unary(api, provider, number):
    call = api.completion.Complete.future(ask(), timeout=60)
    seen = provider.wait_requests(number + 1)[number]
    start = time.monotonic()
    call.cancel()
    return seen.wait_closed() - start


def cancel_stream(api, provider, number):
    call = api.completion.StreamComplete(ask(), timeout=60)
    for reply in call:
        if any(e.WhichOneof("event") == "text_delta" for e in reply.events):
            break
    seen = provider.wait_requests(number + 1)[number]
    start = time.monotonic()
    call.cancel()
    return seen.wait_closed() - start


@pytest.mark.parametrize("kind,at", [(cancel_unary, "head"), (cancel_stream, "between")])
def test_cancel_reaches_the_provider(sluice, provider, kind, at):
    provider.default("stall", at=at)
    api = sluice.api()
    times = [kind(api, provider, number) for number in range(CALLS)]
    p99 = percentile(times, 0.99)
    print("cancel to close: median %.1f ms, p99 %.1f ms" % (percentile(times, 0.5) * 1e3, p99 * 1e3))
    assert p99 <= slack(0.050, 0.500), "p99 is %.1f ms" % (p99 * 1e3)
    assert [s.outcome for s in provider.requests] == ["client closed"] * CALLS
    provider.default("text")
    complete(api, ask())


def test_many_cancels_at_once_leave_nothing_behind(sluice, provider):
    provider.default("stall", at="between")
    api = sluice.api()
    calls = [api.completion.StreamComplete(ask(), timeout=60) for _ in range(100)]
    provider.wait_requests(100)
    before = sluice.descriptors()
    for call in calls:
        call.cancel()
    for seen in provider.requests:
        seen.wait_closed()
    provider.default("text")
    complete(api, ask())
    after = sluice.descriptors()
    assert after < before - 90 or before == 0


@pytest.mark.parametrize("streamed,at", [(False, "head"), (True, "between"), (True, "head")])
def test_deadline_of_the_caller(sluice, provider, streamed, at):
    provider.default("stall", at=at)
    api = sluice.api()
    start = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        if streamed:
            for _ in api.completion.StreamComplete(ask(), timeout=0.4):
                pass
        else:
            api.completion.Complete(ask(), timeout=0.4)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    closed = provider.wait_requests(1)[0].wait_closed() - start
    assert 0.3 <= closed <= 0.4 + slack(0.15, 1.0), "the provider saw the close after %.3f s" % closed


def test_a_client_that_vanishes_takes_its_calls_along(sluice, provider):
    """The channel is closed as a whole: no RST_STREAM for each call, the connection goes."""
    provider.default("stall", at="between")
    api = sluice.api()
    calls = [api.completion.StreamComplete(ask(), timeout=60) for _ in range(20)]
    provider.wait_requests(20)
    start = time.monotonic()
    api.channel.close()
    for seen in provider.requests:
        assert seen.wait_closed() - start <= slack(0.5, 2.0)
    assert calls


def test_cancel_before_the_provider_answers_its_connect(start_sluice, certs, provider):
    """A transfer that still shakes hands is torn down as well: the socket closes."""
    import socket
    hole = socket.create_server(("127.0.0.1", 0))
    sluice = start_sluice(config={"providers": [{"id": "scripted", "kind": "openai", "key": "env:SCRIPTED_KEY",
                                                 "base_url": "https://127.0.0.1:%d/v1" % hole.getsockname()[1]}]})
    call = sluice.api().completion.Complete.future(ask(), timeout=60)
    hole.settimeout(10)
    peer, _ = hole.accept()
    peer.settimeout(10)
    assert peer.recv(1)  # the first byte of a TLS hello
    start = time.monotonic()
    call.cancel()
    while peer.recv(65536):
        pass
    assert time.monotonic() - start <= slack(0.2, 1.0)
    peer.close()
    hole.close()
