"""The operators' port: what is counted, and whether the service is well."""
import pathlib
import re
import socket

import grpc
import pytest
from env import REPO
from helpers import Background, ask, complete, fails, stream
from scrape import Scrape, get

METHOD = "sluice.v1.Completion/"
RPCS = "sluice_rpcs_total"


def scrape(sluice):
    return Scrape(sluice.metrics_address)


def test_calls_are_counted_exactly(sluice, api, provider):
    complete(api, ask())
    before = scrape(sluice)
    complete(api, ask())
    complete(api, ask())
    stream(api, ask())
    fails(lambda: complete(api, ask(temperature=99)), grpc.StatusCode.INVALID_ARGUMENT)
    after = scrape(sluice)
    assert after.since(before, {RPCS, "sluice_rpc_duration_seconds_count"}) == {
        (RPCS, "code=OK", "method=" + METHOD + "Complete"): 2,
        (RPCS, "code=OK", "method=" + METHOD + "StreamComplete"): 1,
        (RPCS, "code=INVALID_ARGUMENT", "method=" + METHOD + "Complete"): 1,
        ("sluice_rpc_duration_seconds_count", "method=" + METHOD + "Complete"): 3,
        ("sluice_rpc_duration_seconds_count", "method=" + METHOD + "StreamComplete"): 1,
    }


def test_models_and_providers_are_counted(start_sluice, provider):
    provider.script("a", "text", text="one two", reasoning="hm")
    provider.script("b", "error", status=503)
    sluice = start_sluice(models={"first": "a", "second": "b"}, config={"registry": {"default_provider": "scripted"}})
    api = sluice.api()
    before = scrape(sluice)
    complete(api, ask(model="first"))
    stream(api, ask(model="first"))
    fails(lambda: complete(api, ask(model="second")), grpc.StatusCode.UNAVAILABLE)
    complete(api, ask(model="a-name-that-nobody-knows"))
    after = scrape(sluice)
    assert after.since(before, {"sluice_model_calls_total", "sluice_upstream_requests_total", "sluice_tokens_total",
                                "sluice_first_token_seconds_count"}) == {
        ("sluice_model_calls_total", "code=OK", "model=first"): 2,
        ("sluice_model_calls_total", "code=UNAVAILABLE", "model=second"): 1,
        ("sluice_model_calls_total", "code=OK", "model=(unknown)"): 1,
        ("sluice_upstream_requests_total", "outcome=OK", "provider=scripted"): 3,
        ("sluice_upstream_requests_total", "outcome=PROVIDER_OVERLOADED", "provider=scripted"): 1,
        ("sluice_first_token_seconds_count", "provider=scripted"): 3,
        ("sluice_tokens_total", "kind=input", "model=first", "source=reported"): 22,
        ("sluice_tokens_total", "kind=output", "model=first", "source=reported"): 4,
        ("sluice_tokens_total", "kind=reasoning", "model=first", "source=reported"): 10,
        ("sluice_tokens_total", "kind=input", "model=(unknown)", "source=reported"): 11,
        ("sluice_tokens_total", "kind=output", "model=(unknown)", "source=reported"): 5,
        ("sluice_tokens_total", "kind=input", "model=second", "source=estimated"): 3,
    }
    assert "nobody-knows" not in after.text


def test_a_caller_who_goes_away_is_an_outcome(sluice, api, provider):
    provider.script("test", "text", words=50, gate="never")
    call = api.completion.StreamComplete(ask())
    next(call)
    call.cancel()
    sluice.wait_log(lambda line: line.get("status") == "CANCELLED")
    now = scrape(sluice)
    assert now.value("sluice_upstream_requests_total", provider="scripted", outcome="CANCELLED") == 1
    assert now.value(RPCS, method=METHOD + "StreamComplete", code="CANCELLED") == 1
    assert now.value("sluice_rpcs_open", method=METHOD + "StreamComplete") == 0


@pytest.mark.parametrize("policy", ["refuse", "redirect"])
def test_models_that_end_are_counted(start_sluice, policy):
    models = {"old": {"model_id": "a", "retirement_date": "2024-01-31", "successor": "new"},
              "ending": {"model_id": "b", "retirement_date": "2999-01-31", "successor": "new"}, "new": "c"}
    sluice = start_sluice(models=models, config={"registry": {"retired_models": policy}})
    api = sluice.api()
    complete(api, ask(model="ending"))
    complete(api, ask(model="ending"))
    complete(api, ask(model="new"))
    if policy == "refuse":
        fails(lambda: complete(api, ask(model="old")), grpc.StatusCode.FAILED_PRECONDITION, "MODEL_RETIRED")
    else:
        complete(api, ask(model="old"))
    counted = scrape(sluice).all("sluice_deprecated_model_requests_total")
    assert counted == {frozenset({"model": "ending", "outcome": "served"}.items()): 2,
                       frozenset({"model": "old", "outcome": "refused" if policy == "refuse" else "redirected"}.items()): 1}


def test_credentials_are_counted(start_sluice):
    sluice = start_sluice(env={"CHOSEN_KEY": "a text that somebody chose"}, config={"access": {
        "anonymous": False, "keys": [{"name": "chosen", "key": "env:CHOSEN_KEY"}]}})
    complete(sluice.api("a text that somebody chose"), ask())
    for _ in range(3):
        fails(lambda: complete(sluice.api("a guess"), ask()), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    fails(lambda: complete(sluice.api(), ask()), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")
    now = scrape(sluice)
    assert now.all("sluice_auth_checks_total") == {frozenset({("result", "OK")}): 1, frozenset({("result", "CREDENTIALS_INVALID")}): 3,
                                                   frozenset({("result", "CREDENTIALS_MISSING")}): 1}
    assert now.value(RPCS, method=METHOD + "Complete", code="UNAUTHENTICATED") == 4
    assert "guess" not in now.text and "chose" not in now.text


def test_streams_are_open_until_they_end(sluice, api, provider):
    provider.script("test", "text", words=40, interval_ms=50)
    calls = [Background(lambda: stream(api, ask())) for _ in range(3)]
    try:
        while scrape(sluice).value("sluice_rpcs_open", method=METHOD + "StreamComplete") != 3:
            assert all(call.running() for call in calls)
    finally:
        for call in calls:
            call.result()
    assert scrape(sluice).value("sluice_rpcs_open", method=METHOD + "StreamComplete") == 0


def test_methods_that_are_not_served_are_one(sluice):
    for name in ("/made.up/Method", "/sluice.v1.Completion/MadeUp", "/another.one/Method"):
        with pytest.raises(grpc.RpcError) as refused:
            sluice.channel().unary_unary(name)(b"", timeout=10)
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
    now = scrape(sluice)
    assert now.value(RPCS, method="(unknown)", code="UNIMPLEMENTED") == 3
    assert "another.one" not in now.text and "MadeUp" not in now.text


def test_the_process_tells_of_itself(sluice):
    now = scrape(sluice)
    assert now.value("sluice_build_info", version=sluice.wait_log(lambda line: line.get("msg") == "listening")["version"]) == 1
    assert 1 << 20 < now.value("process_resident_memory_bytes") < 1 << 33
    assert now.value("process_open_fds") < now.value("process_max_fds")


def test_the_page_has_what_is_served(sluice):
    text = (pathlib.Path(REPO) / "service/docs/metrics.md").read_text()
    table = re.findall(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|", text, re.MULTILINE)
    served = re.findall(r"^# TYPE (\S+) (\S+)$", scrape(sluice).text, re.MULTILINE)
    assert table == served and len(served) > 5


def test_health_and_readiness(sluice):
    address = sluice.metrics_address
    assert get(address, "/healthz")[::2] == (200, "alive\n")
    assert get(address, "/readyz")[::2] == (200, "ready\n")


def test_a_drain_says_so_at_once(start_sluice, provider):
    provider.script("test", "text", words=20, interval_ms=50)
    sluice = start_sluice(config={"drain": {"announce": "10s"}})
    api = sluice.api()
    call = Background(lambda: stream(api, ask()))
    sluice.terminate()
    sluice.wait_log(lambda line: line.get("msg") == "draining")
    while get(sluice.metrics_address, "/readyz")[0] != 503:
        assert call.running()
    assert get(sluice.metrics_address, "/healthz")[0] == 200
    scrape(sluice)
    call.result()


@pytest.mark.parametrize("path", ["/", "/metrics/", "/metrics/../readyz", "/METRICS", "/etc/passwd", "/%2e%2e/metrics"])
def test_other_paths_are_not_found(sluice, path):
    status, _, body = get(sluice.metrics_address, path)
    assert status == 404 and "/metrics" in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_reading_is_allowed(sluice, method):
    status, headers, _ = get(sluice.metrics_address, "/metrics", method)
    assert status == 405 and headers["Allow"] == "GET, HEAD"


def test_head_has_no_body(sluice):
    status, headers, body = get(sluice.metrics_address, "/metrics", "HEAD")
    assert status == 200 and body == "" and int(headers["Content-Length"]) > 500


def test_many_readers_at_once(sluice, api):
    readers = [Background(lambda: [scrape(sluice) for _ in range(5)]) for _ in range(16)]
    for _ in range(20):
        complete(api, ask())
    for reader in readers:
        counts = [each.value(RPCS, method=METHOD + "Complete", code="OK") or 0 for each in reader.result(60)]
        assert counts == sorted(counts)
    assert scrape(sluice).value(RPCS, method=METHOD + "Complete", code="OK") == 20


def test_readers_that_do_not_read_cost_nothing(sluice, api):
    host, port = sluice.metrics_address.rsplit(":", 1)
    lazy = []
    for _ in range(30):
        each = socket.create_connection((host, int(port)), 10)
        each.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + (b"\r\n" if len(lazy) % 2 else b""))
        lazy.append(each)
    for _ in range(20):
        complete(api, ask())
    assert scrape(sluice).value(RPCS, method=METHOD + "Complete", code="OK") == 20
    for each in lazy:
        each.close()


def test_it_can_be_switched_off(start_sluice):
    sluice = start_sluice(config={"metrics": {"address": "off"}})
    complete(sluice.api(), ask())
    assert not any(line.get("msg") == "metrics" for line in sluice.log)


def test_an_address_that_is_said_has_to_be_free(sluice, start_sluice):
    other = start_sluice(config={"metrics": {"address": sluice.metrics_address}}, wait=False)
    other.expect_exit = (78,)
    assert other.wait() == 78
    assert "metrics.address" in other.stderr() and "in use" in other.stderr()
