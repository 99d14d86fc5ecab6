"""Connections to providers: kept-alive ones that die, names that take their time, TLS, sockets that run out."""
import concurrent.futures
import contextlib
import resource
import socket
import time

import grpc
import preload
import pytest
from env import slack
from helpers import Background, ask, complete, fails, run, stream, text_of

from conftest import entry

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


# ---- kept-alive connections ----

@pytest.mark.parametrize("streamed", [False, True])
def test_stale_connection_is_repeated_as_a_counted_attempt(start_sluice, provider, streamed):
    """The provider reads the second request of a connection and closes. The request is sent once more, on a fresh
    connection, and both are reported: the provider saw exactly as many requests as there were attempts."""
    sluice = start_sluice(config={"server": {"loops": 1}})
    provider.default("stale")
    api = sluice.api()
    attempts = 0
    for number in range(5):
        if streamed:
            answer = stream(api, ask())
            assert answer.text == "fresh"
            attempts += answer.finished.report.attempts
        else:
            reply = complete(api, ask())
            assert text_of(reply.message) == "fresh"
            attempts += reply.report.attempts
        assert len(provider.requests) == attempts, "after call %d" % number
    assert attempts > 5, "no connection was ever reused"


def test_stale_connection_is_repeated_once_only(start_sluice, provider):
    sluice = start_sluice(config={"server": {"loops": 1}})
    api = sluice.api()
    complete(api, ask())
    provider.default("close")
    failure = fails(lambda: complete(api, ask()), UNAVAILABLE)
    assert failure.failure.report.attempts == 2 == len(provider.requests) - 1


def test_fresh_connection_is_never_repeated(sluice, provider):
    provider.default("close")
    failure = fails(lambda: complete(sluice.api(), ask()), UNAVAILABLE)
    assert failure.failure.report.attempts == 1 == len(provider.requests)


def test_a_connection_that_dies_in_its_answer_is_never_repeated(start_sluice, provider):
    """Something was answered: the provider may have done the work."""
    sluice = start_sluice(config={"server": {"loops": 1}})
    api = sluice.api()
    complete(api, ask())
    provider.default("cut", at="chunk")
    failure = fails(lambda: run(api, ask(), True), UNAVAILABLE, "PROVIDER_TRUNCATED")
    assert failure.failure.report.attempts == 1 and len(provider.requests) == 2


def test_bytes_left_on_a_connection_are_nobodys_answer(start_sluice, provider):
    """A provider that sends two answers to one request: the second one must not become the next caller's."""
    sluice = start_sluice(config={"server": {"loops": 1}})
    api = sluice.api()
    for _ in range(5):
        provider.default("smuggle")
        assert text_of(complete(api, ask()).message) == "asked for"
        provider.requests[-1].wait_done()  # the second one is out
        provider.default("text", text="honest")
        assert text_of(complete(api, ask()).message) == "honest"


def test_thousands_of_calls_on_kept_connections_all_succeed(start_sluice, provider):
    """Connections go from call to call all the time; no call may break another one's."""
    sluice = start_sluice(config={"server": {"loops": 1}})
    api = sluice.api()

    def one(number):
        run(api, ask(), number % 2)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(slack(3000, 2000))))
    assert provider.connections <= 200


# ---- names ----

@pytest.fixture(scope="module")
def slow_resolver(tmp_path_factory):
    """Path of a library that makes one host's name take SLOW_MS."""
    return preload.build("slow_resolver", tmp_path_factory.mktemp("resolver"))


def slow_name(start_sluice, provider, library, ms, timeouts=None):
    env = preload.environment(library, SLOW_HOST="slow.test", SLOW_MS=ms)
    providers = [entry(provider), entry(provider, id="slow", base_url="http://slow.test:%d/v1" % provider.port)]
    models = [{"name": "test", "provider": "scripted", "model_id": "test"},
              {"name": "slow", "provider": "slow", "model_id": "slow", "timeouts": timeouts or {}}]
    return start_sluice(env=env, config={"server": {"loops": 1}, "providers": providers, "models": models})


def test_slow_resolver_holds_up_nobody(start_sluice, provider, slow_resolver):
    """One loop thread: while one name takes 3 s, other calls are quick, and a cancel of the slow one is at once."""
    sluice = slow_name(start_sluice, provider, slow_resolver, 3000)
    api = sluice.api()
    complete(api, ask())
    slow = [api.completion.Complete.future(ask(model="slow"), timeout=60) for _ in range(3)]
    gave_up = api.completion.Complete.future(ask(model="slow"), timeout=60)
    start = time.monotonic()
    slowest = 0.0
    while time.monotonic() - start < 1.0:
        one = time.monotonic()
        complete(api, ask())
        slowest = max(slowest, time.monotonic() - one)
    assert slowest < slack(0.25, 1.5), "a call took %.0f ms beside a slow name" % (slowest * 1e3)
    gave_up.cancel()
    one = time.monotonic()
    for _ in range(20):
        complete(api, ask())
    assert time.monotonic() - one < slack(0.5, 3.0), "the loop stood still after a cancel in the resolver"
    for call in slow:
        assert text_of(call.result(30).message)


def test_slow_resolver_ends_by_the_connect_clock(start_sluice, provider, slow_resolver):
    sluice = slow_name(start_sluice, provider, slow_resolver, 3000, {"connect": "400ms"})
    api = sluice.api()
    grpc.channel_ready_future(api.channel).result(10)
    start = time.monotonic()
    fails(lambda: complete(api, ask(model="slow")), grpc.StatusCode.DEADLINE_EXCEEDED, "CONNECT_TIMEOUT")
    assert 0.35 <= time.monotonic() - start < 0.4 + slack(0.4, 2.0)


# ---- TLS to providers ----

@pytest.mark.parametrize("streamed", [False, True])
def test_https_with_a_ca_file(start_sluice, tls_provider, certs, streamed):
    sluice = start_sluice(provider=tls_provider, config={"providers": [entry(tls_provider, ca_file=str(certs.ca))]})
    run(sluice.api(), ask(), streamed)


def test_https_without_trust_is_refused(start_sluice, tls_provider):
    sluice = start_sluice(provider=tls_provider)
    failure = fails(lambda: complete(sluice.api(), ask()), UNAVAILABLE, "PROVIDER_TLS")
    assert tls_provider.requests == [] and failure.failure.report.attempts == 1


def test_https_for_another_name_is_refused(start_sluice, tls_provider, certs):
    """The certificate is trusted, but it is not this host's."""
    sluice = start_sluice(provider=tls_provider, config={"providers": [
        entry(tls_provider, ca_file=str(certs.ca), base_url="https://other.test/v1", connect_to="127.0.0.1:%d" % tls_provider.port)]})
    fails(lambda: complete(sluice.api(), ask()), UNAVAILABLE, "PROVIDER_TLS")
    assert tls_provider.requests == []


def test_https_insecure_by_choice(start_sluice, tls_provider):
    sluice = start_sluice(provider=tls_provider, config={"providers": [entry(tls_provider, insecure=True)]})
    complete(sluice.api(), ask())


@pytest.mark.parametrize("http,version", [("auto", "h2"), ("1.1", "none")])
def test_http2_where_it_is_offered(start_sluice, h2_provider, certs, http, version):
    """The HTTP/2 provider speaks nothing else: with http: 1.1 the handshake finds no common protocol."""
    sluice = start_sluice(provider=h2_provider, config={
        "server": {"loops": 1}, "providers": [entry(h2_provider, ca_file=str(certs.ca), http=http)]})
    api = sluice.api()
    if version == "none":
        fails(lambda: complete(api, ask()), UNAVAILABLE)
        return
    h2_provider.script("test", "text", text="gated", gate="all", gate_after=0)
    running = [Background(stream, api, ask()) for _ in range(20)]
    h2_provider.wait_requests(20)
    assert h2_provider.connections == 1
    h2_provider.gate("all").open()
    assert {r.result().text for r in running} == {"gated"}


def test_http2_faults(start_sluice, h2_provider, certs):
    """RST_STREAM in the middle ends one call, the connection's end those that are on it."""
    sluice = start_sluice(provider=h2_provider, config={
        "server": {"loops": 1}, "providers": [entry(h2_provider, ca_file=str(certs.ca))]})
    api = sluice.api()
    for params in ({"at": "head"}, {"at": "between"}):
        h2_provider.script("test", "reset", **params)
        failure = fails(lambda: run(api, ask(), True), UNAVAILABLE)
        assert failure.failure.partial == (params["at"] == "between")
    h2_provider.script("test", "cut", at="boundary")
    fails(lambda: run(api, ask(), True), UNAVAILABLE, "PROVIDER_TRUNCATED")
    h2_provider.script("test", "text", text="well")
    assert stream(api, ask()).text == "well"


def test_http2_cancel_resets_one_stream_only(start_sluice, h2_provider, certs):
    sluice = start_sluice(provider=h2_provider, config={
        "server": {"loops": 1}, "providers": [entry(h2_provider, ca_file=str(certs.ca))]})
    api = sluice.api()
    h2_provider.default("stall", at="between")
    doomed = api.completion.StreamComplete(ask(), timeout=60)
    h2_provider.wait_requests(1)
    h2_provider.default("text", text="a b c d", gate="later")
    other = Background(stream, api, ask())
    h2_provider.wait_requests(2)
    start = time.monotonic()
    doomed.cancel()
    assert h2_provider.requests[0].wait_closed() - start < slack(0.1, 1.0)
    h2_provider.gate("later").open()
    assert other.result().text == "a b c d" and h2_provider.connections == 1


# ---- unix sockets ----

def test_provider_behind_a_unix_socket(start_sluice, tmp_path):
    from scripted_provider import ScriptedProvider
    path = tmp_path / "p.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(16)
    provider = ScriptedProvider(sock=listener)
    try:
        sluice = start_sluice(provider=provider, config={"providers": [
            entry(provider, base_url="http://localhost/v1", unix_socket=str(path))]})
        complete(sluice.api(), ask())
        assert provider.requests[0].path == "/v1/chat/completions"
    finally:
        provider.close()


def test_listening_on_a_unix_socket(start_sluice, tmp_path):
    path = tmp_path / "s.sock"
    sluice = start_sluice(config={"server": {"listen": ["unix:%s" % path, "127.0.0.1:0"]}})
    assert text_of(complete(sluice.api(address="unix:%s" % path), ask()).message)
    tcp = next(a for a in sluice.addresses if not a.startswith("unix:"))
    complete(sluice.api(address=tcp), ask())


# ---- a proxy ----

def test_through_a_proxy(start_sluice, provider):
    """Plain HTTP: the proxy gets the absolute URL. The scripted provider plays the proxy."""
    sluice = start_sluice(config={"providers": [entry(provider, base_url="http://api.provider.test/v1",
                                                      proxy="http://127.0.0.1:%d" % provider.port)]})
    complete(sluice.api(), ask())
    seen = provider.requests[0]
    assert seen.target == "http://api.provider.test/v1/chat/completions" or seen.headers["host"] == "api.provider.test"


def test_the_environments_proxy_is_not_taken_up(start_sluice, provider):
    """Only the configuration decides where requests go."""
    dead = "http://127.0.0.1:1"
    sluice = start_sluice(env={"http_proxy": dead, "https_proxy": dead, "ALL_PROXY": dead})
    complete(sluice.api(), ask())


# ---- descriptors ----

def few_descriptors(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


@pytest.mark.timeout(300)
def test_descriptors_used_up_by_providers(start_sluice, provider):
    """More streams than there are sockets: what cannot be carried fails clearly or waits; those that run go on; then
    everything works again."""
    sluice = start_sluice(preexec=few_descriptors(160), config={"upstream": {"timeouts": {"connect": "2s", "first_byte": "4s"}}})
    provider.default("text", words=4, gate="all")
    api = sluice.api()
    running = [Background(run_quietly, api) for _ in range(300)]
    provider.wait_requests(40, slack(20, 60))
    # the door is still open for somebody new
    assert sluice.api().health.Check(health_request(), timeout=10).status == 1
    provider.gate("all").open()
    results = [r.result(60) for r in running]
    codes = {r for r in results if r != "ok"}
    assert results.count("ok") >= 40 and codes <= {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}, codes
    for _ in range(5):
        complete(sluice.api(), ask())


@pytest.mark.timeout(300)
def test_descriptors_used_up_by_callers(start_sluice, provider):
    """More connections than there are descriptors; when they are gone, new callers get in."""
    sluice = start_sluice(preexec=few_descriptors(160))
    host, port = sluice.address.rsplit(":", 1)
    with contextlib.ExitStack() as stack:
        for _ in range(400):
            try:
                stack.enter_context(socket.create_connection((host, int(port)), timeout=5))
            except OSError:
                break
    deadline = time.monotonic() + 30
    while True:
        try:
            complete(sluice.api(), ask(), timeout=5, wait_for_ready=True)
            break
        except grpc.RpcError as error:
            assert time.monotonic() < deadline, "never again reachable: %s" % error.details()


def run_quietly(api):
    try:
        stream(api, ask(), timeout=60)
        return "ok"
    except grpc.RpcError as error:
        return error.code().name


def health_request():
    from grpc_health.v1 import health_pb2
    return health_pb2.HealthCheckRequest()
