"""The operators' port: what is counted, and whether the service is well."""
import pathlib
import re
import socket
import time

import grpc
import postgres as postgres_server
import pytest
from env import REPO, slack
from helpers import Background, ask, complete, fails, stream
from scrape import Scrape, get

METHOD = "sluice.v1.Completion/"
RPCS = "sluice_rpcs_total"


def scrape(sluice):
    return Scrape(sluice.metrics_address)


def wait_until(check):
    """Reads again and again until it is so."""
    started = time.monotonic()
    while not check():
        assert time.monotonic() - started < slack(30, 120), "not in time"
        time.sleep(0.01)


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


def test_providers_are_well_or_ill(start_sluice, provider):
    provider.script("bad", "error", status=500)
    sluice = start_sluice(models={"good": "good", "bad": "bad"})
    api = sluice.api()
    assert scrape(sluice).value("sluice_provider_healthy", provider="scripted") is None
    complete(api, ask(model="good"))
    assert scrape(sluice).value("sluice_provider_healthy", provider="scripted") == 1
    fails(lambda: complete(api, ask(model="bad")), grpc.StatusCode.UNAVAILABLE)
    assert scrape(sluice).value("sluice_provider_healthy", provider="scripted") == 0


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


def test_guesses_are_slowed_and_counted(start_sluice):
    sluice = start_sluice(env={"CHOSEN_KEY": "a text that somebody chose"}, config={"access": {
        "anonymous": False, "keys": [{"name": "chosen", "key": "env:CHOSEN_KEY"}]}})
    wrong = slowed = 0
    while slowed < 2:
        failure = fails(lambda: complete(sluice.api("guess %d" % wrong), ask()),
                        {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED})
        wrong += failure.reason == "CREDENTIALS_INVALID"
        slowed += failure.reason == "TOO_MANY_FAILURES"
        assert wrong < 100, "nobody minds"
    now = scrape(sluice)
    assert now.value("sluice_auth_failures_total") == wrong
    assert now.value("sluice_auth_slowed_total") == slowed
    assert now.value("sluice_auth_pauses_total") >= 1
    assert now.value("sluice_auth_checks_total", result="TOO_MANY_FAILURES") == slowed


def test_the_registry_is_counted(start_sluice, provider, stubs):
    reg, access = stubs.registry, stubs.access
    models = {"one": "a", "ending": {"model_id": "b", "retirement_date": "2999-01-31"},
              "old": {"model_id": "c", "retirement_date": "2024-01-31"}}
    sluice = start_sluice(models=models)
    admin = sluice.api(sluice.admin_key)
    before = scrape(sluice)
    assert before.value("sluice_models", origin="config") == 3 and before.value("sluice_models", origin="api") == 0
    assert before.value("sluice_users") == before.value("sluice_api_keys", origin="store") == 1
    left = {dict(labels)["model"]: days for labels, days in before.all("sluice_deprecated_model_days_left").items()}
    assert left.keys() == {"ending", "old"} and left["ending"] > 300000 and left["old"] < 0
    admin.registry.CreateModel(reg.CreateModelRequest(model=reg.Model(
        name="stored", provider="scripted", model_id="test", key="sk-test-stored-0123456789")))
    made = admin.access.CreateUser(access.CreateUserRequest(user=access.User(name="zoe-quince"), with_key=True))
    user = sluice.api(made.key)
    user.registry.CreateModel(reg.CreateModelRequest(model=reg.Model(
        name="own-one", provider="openai", model_id="gpt-4.1", key="sk-test-own-0123456789"), personal=True))
    complete(admin, ask(model="stored"))
    complete(admin, ask(model="stored"))
    after = scrape(sluice)
    assert after.since(before, {"sluice_models", "sluice_users", "sluice_api_keys", "sluice_credentials", "sluice_secret_cache_hits_total",
                                "sluice_secret_cache_misses_total", "sluice_secret_cache_entries", "sluice_store_revision",
                                "sluice_snapshot_revision"}) == {
        ("sluice_models", "origin=api"): 1, ("sluice_models", "origin=personal"): 1,
        ("sluice_users",): 1, ("sluice_api_keys", "origin=store"): 1, ("sluice_credentials",): 2,
        ("sluice_secret_cache_misses_total",): 1, ("sluice_secret_cache_hits_total",): 1, ("sluice_secret_cache_entries",): 1,
        ("sluice_store_revision",): 3, ("sluice_snapshot_revision",): 3,
    }
    assert not any(text in after.text for text in ("own-one", "quince", "sk-test"))


def test_the_store_is_watched(sluice):
    now = scrape(sluice)
    assert now.value("sluice_store_up") == 1 and now.value("sluice_store_outages_total") == 0
    assert now.value("sluice_snapshot_failures_total") == 0
    assert 0 <= now.value("sluice_snapshot_age_seconds") < slack(20, 60)
    assert now.value("sluice_store_state_timestamp_seconds") >= now.value("process_start_time_seconds") - 1
    pools = {dict(labels)["pool"] for labels in now.all("sluice_store_pool_size")}
    assert pools in ({"app", "sync"}, {"readers", "writer"})
    assert all(now.value("sluice_store_pool_opened_total", pool=pool) >= 1 for pool in pools)


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


def test_health_of_other_ports(start_sluice, certs, tmp_path):
    """With TLS, and on a unix socket: whatever answers is well."""
    tls = {"certificate": str(certs.server_cert), "key": str(certs.server_key)}
    sluice = start_sluice(config={"server": {"listen": ["127.0.0.1:0", "unix:%s/s" % tmp_path], "tls": tls}})
    assert get(sluice.metrics_address, "/healthz")[::2] == (200, "alive\n")


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


@pytest.mark.skipif(not postgres_server.wanted(), reason="SLUICE_TEST_POSTGRES names no server")
def test_the_database_goes_away_and_comes_back(server, start_sluice, tmp_path, stubs):
    """Notices, age, absence and return, and the connections that went with it."""
    access = stubs.access
    cluster = postgres_server.Cluster(server, start_sluice, tmp_path)
    admin = cluster.bootstrap()
    one, two = cluster.replica(), cluster.replica()

    def add(name):
        one.api(admin).access.CreateTier(access.CreateTierRequest(tier=access.Tier(name=name)))

    wait_until(lambda: scrape(two).value("sluice_store_listeners_total") == 1)
    before = scrape(two)
    add("silver")
    wait_until(lambda: scrape(two).value("sluice_store_notices_total") > before.value("sluice_store_notices_total"))
    wait_until(lambda: scrape(two).value("sluice_snapshot_revision") > before.value("sluice_snapshot_revision"))
    assert scrape(two).value("sluice_snapshot_revision") == scrape(two).value("sluice_store_revision")
    assert before.value("sluice_store_up") == 1 and before.value("sluice_store_outages_total") == 0
    server.sql("CHECKPOINT")  # this server may forget its last commits in a crash
    server.stop()
    try:
        wait_until(lambda: scrape(two).value("sluice_store_up") == 0)
        wait_until(lambda: scrape(two).value("sluice_snapshot_age_seconds") > 1.5)
        away = scrape(two)
        assert away.value("sluice_store_outages_total") == 1
        assert away.value("sluice_store_state_timestamp_seconds") > before.value("sluice_store_state_timestamp_seconds")
        assert get(two.metrics_address, "/readyz")[0] == get(two.metrics_address, "/healthz")[0] == 200
    finally:
        server.start()
    wait_until(lambda: scrape(two).value("sluice_store_up") == 1)
    wait_until(lambda: scrape(two).value("sluice_store_listeners_total") > 1)
    add("gold")
    wait_until(lambda: scrape(two).value("sluice_snapshot_revision") > away.value("sluice_snapshot_revision"))
    assert scrape(two).value("sluice_snapshot_age_seconds") < slack(1.5, 10)
    assert scrape(two).value("sluice_store_pool_lost_total", pool="app") >= 1
    assert scrape(two).value("sluice_store_pool_size", pool="app") == 8


@pytest.mark.skipif(not postgres_server.wanted(), reason="SLUICE_TEST_POSTGRES names no server")
def test_a_change_that_could_not_be_read_is_read_later(server, start_sluice, tmp_path):
    """Though nobody writes again."""
    cluster = postgres_server.Cluster(server, start_sluice, tmp_path)
    cluster.bootstrap()
    sluice = cluster.replica()
    cluster.sql("ALTER TABLE models RENAME TO hidden")
    cluster.sql("UPDATE registry_revision SET revision = revision + 1")
    wait_until(lambda: scrape(sluice).value("sluice_snapshot_failures_total") >= 1)
    now = scrape(sluice)
    assert now.value("sluice_snapshot_revision") < now.value("sluice_store_revision")
    cluster.sql("ALTER TABLE hidden RENAME TO models")
    wait_until(lambda: scrape(sluice).value("sluice_snapshot_revision") == now.value("sluice_store_revision"))
