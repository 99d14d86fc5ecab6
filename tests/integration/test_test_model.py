"""TestModel: each step, what makes later ones pointless, models that are not stored, and what must not happen on the way."""
import signal
import socket
import threading
import time

import grpc
import pytest
from conftest import PROVIDER_KEY, entry
from helpers import fails

CODE = grpc.StatusCode
KEY = "sk-test-planted-0123456789abcdefWXYZ"
ANN, OPS, READER = "sk-test-caller-ann-0123456789", "sk-test-caller-ops-0123456789", "sk-test-caller-eva-0123456789"
CHAT = ["address", "tls", "credentials", "listing", "completion", "streaming", "tools", "vision", "json", "summary"]


def keys():
    return {"access": {"anonymous": False, "keys": [
        {"name": "ann", "key": "env:ANN_KEY", "tier": "free"},
        {"name": "ops", "key": "env:OPS_KEY", "roles": ["operator"]},
        {"name": "eva", "key": "env:READER_KEY", "scopes": ["complete"]}]},
        "upstream": {"allowed_addresses": ["127.0.0.0/8"]}}


ENV = {"ANN_KEY": ANN, "OPS_KEY": OPS, "READER_KEY": READER}


@pytest.fixture
def served(start_sluice):
    return start_sluice(models={"good": "able", "other": "able"}, env=ENV, config=keys())


@pytest.fixture
def admin(served):
    return served.api(served.admin_key).registry


@pytest.fixture
def reg(stubs):
    return stubs.registry


class Report:
    """The steps of one test, by name; told in the order that is promised, the summary last."""

    def __init__(self, reg, steps):
        self.reg, self.list = reg, list(steps)
        self.names = [s.step for s in self.list]
        self.by_name = {s.step: s for s in self.list}
        assert self.names[-1] == "summary" and len(set(self.names)) == len(self.names)
        assert self.names == [n for n in CHAT[:-1] + ["embedding", "rerank", "moderation", "image", "summary"] if n in self.names]

    def __getitem__(self, name):
        return self.by_name[name]

    def result(self, name):
        return self.reg.TestModelStep.Result.Name(self[name].result)[len("RESULT_"):].lower()

    def results(self):
        return {n: self.result(n) for n in self.names}

    def __str__(self):
        return str(self.list)


def run(stub, reg, *, personal=False, model=None, name="", steps=(), **more):
    target = {"model": reg.Model(**model)} if model is not None else {"name": name}
    return Report(reg, stub.TestModel(reg.TestModelRequest(steps=steps, personal=personal, **target, **more), timeout=60))


# ---- stored models ----

def test_all_steps_pass(admin, reg, provider):
    report = run(admin, reg, name="good")
    assert report.names == CHAT, report
    assert report.results() == {**{n: "passed" for n in CHAT}, "tls": "skipped"}, report
    assert report["completion"].usage.output_tokens == 1 and report["completion"].attempts == 1
    assert report["streaming"].HasField("first_token_ms") and report["address"].HasField("resolve_ms")
    summary = report["summary"]
    assert (summary.model, summary.provider, summary.base_url) == ("models/good", "scripted", provider.url + "/v1")
    assert summary.detected.name == "models/good" and summary.update_mask == "capabilities"
    can = summary.detected.capabilities
    assert can.tools and can.vision and can.json_schema and can.streaming
    asked = [r for r in provider.requests if r.json]
    assert [r.json["max_completion_tokens"] for r in asked] == [1, 1, 64, 64, 64]
    assert summary.usage.output_tokens == sum(s.usage.output_tokens for s in report.list[:-1])
    assert summary.attempts == len(provider.requests)
    assert "authorization" not in provider.requests[0].headers and provider.requests[0].method == "HEAD"


def test_what_was_detected_is_stored(admin, reg):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(name="m", provider="scripted", model_id="able?tools=0")))
    report = run(admin, reg, name="m")
    assert report.result("tools") == "unsupported" and report.result("summary") == "passed", report
    summary = report["summary"]
    admin.UpdateModel(reg.UpdateModelRequest(model=summary.detected, update_mask=summary.update_mask))
    stored = admin.GetModel(reg.GetModelRequest(name="m"))
    assert stored.capabilities.vision and not stored.capabilities.tools and stored.capabilities.HasField("tools")
    again = run(admin, reg, name="m")
    assert again.result("tools") == "skipped" and "name the step" in again["tools"].detail
    assert not again["summary"].HasField("detected") and not again["summary"].update_mask
    assert run(admin, reg, name="m", steps=["tools"]).results() == {"tools": "unsupported", "summary": "passed"}


@pytest.mark.parametrize("model_id, step, detail", [
    ("able?tools=0", "tools", "does not take tools"), ("able?vision=0", "vision", "I see nothing"),
    ("able?schema=0", "json", "Yes, it is")])
def test_a_capability_that_is_claimed_and_missing_fails(admin, reg, model_id, step, detail):
    can = {"tools": "tools", "vision": "vision", "json": "json_schema"}[step]
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(
        name="m", provider="scripted", model_id=model_id, capabilities=reg.ModelCapabilities(**{can: True}))))
    report = run(admin, reg, name="m")
    assert report.result(step) == "failed" and detail in report[step].detail and report[step].reason, report
    assert report.result("summary") == "failed"
    assert getattr(report["summary"].detected.capabilities, can) is False


def test_larger_answers_where_small_ones_are_refused(admin, reg, provider):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(name="m", provider="scripted", model_id="able?min_tokens=16")))
    report = run(admin, reg, name="m", steps=["completion", "streaming"])
    assert report.results() == {"completion": "passed", "streaming": "passed", "summary": "passed"}, report
    assert [r.json["max_completion_tokens"] for r in provider.requests] == [1, 16, 16]
    assert report["completion"].attempts == 2


def test_limits_come_from_the_listing(start_sluice, provider, stubs):
    reg = stubs.registry
    provider.listing = [{"id": "able", "object": "model", "max_model_len": 4096}]
    sluice = start_sluice(models={"good": "able"}, config={"providers": [entry(provider, kind="vllm")]})
    report = run(sluice.api().registry, reg, name="good")
    assert "this one among them" in report["listing"].detail
    assert report["summary"].detected.context_tokens == 4096
    assert "context_tokens" in report["summary"].update_mask.split(",")


def test_a_refused_key(admin, reg, provider):
    provider.lists_models = False
    provider.default("error", status=401, type="authentication_error", code="invalid_api_key",
                     message="Incorrect API key provided: %s." % PROVIDER_KEY)
    report = run(admin, reg, name="good", steps=[n for n in CHAT if n != "summary"])
    assert report.results() == {"address": "passed", "tls": "skipped", "credentials": "failed", **{
        n: "skipped" for n in CHAT[3:-1]}, "summary": "failed"}, report
    failed = report["credentials"]
    assert (failed.reason, failed.provider_status, failed.provider_code) == ("PROVIDER_AUTH", 401, "invalid_api_key")
    assert PROVIDER_KEY not in str(report)
    assert len([r for r in provider.requests if r.method != "HEAD"]) == 1


def test_a_public_listing_does_not_vouch_for_the_key(admin, reg, provider):
    provider.script("able", "error", status=401, type="authentication_error")
    report = run(admin, reg, name="good")
    assert report.result("credentials") == "failed" and report.result("listing") == "passed", report
    assert report.result("completion") == "skipped" and report["completion"].detail == "the key was refused"


def test_a_key_that_may_not_list(admin, reg, provider):
    provider.lists_models = False
    provider.script("", "error", status=403, type="permission_error")
    report = run(admin, reg, name="good")
    assert report.result("credentials") == "passed" and report.result("listing") == "failed", report
    assert report.result("completion") == "passed"


def test_a_missing_key(start_sluice, stubs):
    sluice = start_sluice(models={"good": "able"}, env={"SCRIPTED_KEY": ""})
    report = run(sluice.api().registry, stubs.registry, name="good")
    assert report.result("address") == "passed"
    assert report.result("credentials") == "failed" and report["credentials"].reason == "PROVIDER_KEY_MISSING", report
    assert {report.result(n) for n in CHAT[3:-1]} == {"skipped"}


def test_no_listing(admin, reg, provider):
    provider.lists_models = False
    provider.script("", "error", status=404, type="invalid_request_error")
    report = run(admin, reg, name="good")
    assert report.result("listing") == "skipped" and report.result("credentials") == "passed", report


def test_an_unknown_model_at_the_provider(admin, reg, provider):
    provider.script("able", "error", status=404, type="invalid_request_error", code="model_not_found")
    report = run(admin, reg, name="good")
    assert report.result("completion") == "failed" and report["completion"].reason == "PROVIDER_NOT_FOUND", report
    assert report["summary"].reason == "PROVIDER_NOT_FOUND"
    assert {report.result(n) for n in CHAT[5:-1]} == {"skipped"}


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_an_unreachable_host(admin, reg):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(
        name="m", provider="scripted", model_id="able", key=KEY, base_url="http://127.0.0.1:%d/v1" % closed_port())))
    report = run(admin, reg, name="m")
    assert report.result("address") == "failed" and report["address"].reason == "PROVIDER_UNREACHABLE", report
    assert {report.result(n) for n in CHAT[1:-1]} == {"skipped"}


def test_a_certificate_that_nobody_knows(admin, reg, tls_provider):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(
        name="m", provider="scripted", model_id="able", key=KEY, base_url=tls_provider.url + "/v1")))
    report = run(admin, reg, name="m")
    assert report.result("address") == "passed" and report.result("tls") == "failed", report
    assert report["tls"].reason == "PROVIDER_TLS" and not tls_provider.requests
    assert {report.result(n) for n in CHAT[2:-1]} == {"skipped"}


def test_a_good_certificate(start_sluice, stubs, tls_provider, certs):
    sluice = start_sluice(models={"good": "able"}, provider=tls_provider, config={
        "providers": [entry(tls_provider, ca_file=str(certs.ca))]})
    report = run(sluice.api().registry, stubs.registry, name="good", steps=["address", "tls"])
    assert report.results() == {"address": "passed", "tls": "passed", "summary": "passed"}, report
    assert report["tls"].elapsed_ms > 0 and len(tls_provider.requests) == 1


# ---- models for other things ----

def embed(x):
    x.json({"object": "list", "model": "e", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
            "usage": {"prompt_tokens": 2, "total_tokens": 2}})


def test_an_embedding_model(admin, reg, provider):
    provider.script("e", embed)
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(name="m", provider="scripted", model_id="e", api="embeddings")))
    report = run(admin, reg, name="m")
    assert report.names == ["address", "tls", "credentials", "listing", "embedding", "summary"], report
    assert report.result("embedding") == "passed" and "2 dimensions" in report["embedding"].detail
    assert report["summary"].detected.capabilities.embeddings
    only = run(admin, reg, name="m", steps=["credentials"])
    assert only.results() == {"credentials": "passed", "embedding": "passed", "summary": "passed"}
    assert run(admin, reg, name="m", steps=["tools"])["tools"].detail == "the model is for embeddings"


def test_a_picture_is_made_only_where_it_is_asked_for(admin, reg, provider):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(
        name="m", provider="scripted", model_id="i", capabilities=reg.ModelCapabilities(images=True))))
    report = run(admin, reg, name="m")
    assert report.result("image") == "skipped" and report.result("credentials") == "passed", report
    assert not [r for r in provider.requests if r.method == "POST"]


# ---- models that are not stored ----

def unsaved(provider, **fields):
    return {"name": "new", "provider": "scripted", "model_id": "able", "base_url": provider.url + "/v1", **fields}


def test_an_unsaved_model(served, admin, reg, provider):
    report = run(admin, reg, model=unsaved(provider, key=KEY))
    assert report.result("summary") == "passed" and report.result("credentials") == "passed", report
    assert {r.headers.get("authorization") for r in provider.requests[1:]} == {"Bearer " + KEY}
    assert report["summary"].detected.provider == "scripted" and KEY not in str(report)
    fails(lambda: admin.GetModel(reg.GetModelRequest(name="new")), CODE.NOT_FOUND)
    assert not admin.ListCredentials(reg.ListCredentialsRequest()).credentials
    assert KEY not in served.stderr()


def test_an_unsaved_model_without_a_name(admin, reg, provider):
    report = run(admin, reg, model=unsaved(provider, name="", key=KEY), steps=["completion"])
    assert report.result("completion") == "passed"


def test_an_unsaved_model_gets_the_providers_own_key_at_the_providers_own_address_only(admin, reg, provider, tls_provider):
    assert run(admin, reg, model=unsaved(provider), steps=["completion"]).result("completion") == "passed"
    assert provider.requests[-1].headers["authorization"] == "Bearer " + PROVIDER_KEY
    report = run(admin, reg, model=unsaved(tls_provider))
    assert report.result("tls") == "failed" and not tls_provider.requests, report
    report = run(admin, reg, model=unsaved(provider, base_url=provider.url.replace("127.0.0.1", "localhost") + "/v1"))
    assert report["credentials"].detail == "no key is sent", report
    assert "authorization" not in provider.requests[-1].headers


@pytest.mark.parametrize("change", [{"base_url": "http://localhost:%d/v1"}, {"auth": "header", "auth_header": "x-key"},
                                    {"headers": {"x-more": "1"}}, {"provider": "openai"}])
def test_a_changed_copy_of_a_stored_model_needs_its_key_again(admin, reg, provider, change):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(**unsaved(provider, key=KEY))))
    change = {k: v % provider.port if k == "base_url" else v for k, v in change.items()}
    before = len(provider.requests)
    fails(lambda: run(admin, reg, model={"name": "new", **change}), CODE.FAILED_PRECONDITION, "KEY_NEEDED")
    credential = admin.GetModel(reg.GetModelRequest(name="new")).credential
    if "base_url" in change:
        report = run(admin, reg, model={"name": "copy", "provider": "scripted", "model_id": "able", "credential": credential,
                                        **change})
        assert report.result("credentials") == "failed" and report["credentials"].reason == "PROVIDER_KEY_MISSING", report
        assert not [r for r in provider.requests[before:] if "authorization" in r.headers]


def test_an_unchanged_copy_of_a_stored_model_keeps_its_key(admin, reg, provider):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(**unsaved(provider, key=KEY, headers={"x-team": "one"}))))
    before = admin.GetModel(reg.GetModelRequest(name="new"))
    report = run(admin, reg, model={"name": "new", "model_id": "able?tools=0"}, steps=["completion", "tools"])
    assert report.results() == {"completion": "passed", "tools": "unsupported", "summary": "passed"}, report
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY
    assert admin.GetModel(reg.GetModelRequest(name="new")) == before


def test_headers_of_a_draft_are_of_that_draft_alone(admin, reg, provider):
    """Opened secrets are kept for minutes: those of one draft may not be taken for another's, or for stored ones."""
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(**unsaved(provider, key=KEY, headers={"x-team": "one"}))))

    def team(**model):
        run(admin, reg, model={"name": "new", "key": KEY, **model}, steps=["completion"])
        return provider.requests[-1].headers["x-team"]

    assert team(headers={"x-team": "two"}) == "two"
    assert team(headers={"x-team": "three"}) == "three"
    admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="new", key=KEY, headers={"x-team": "four"})))
    run(admin, reg, name="new", steps=["completion"])
    assert provider.requests[-1].headers["x-team"] == "four"


# ---- rights ----

def test_whoever_may_use_a_model_may_test_it(served, reg):
    for key in (ANN, OPS, READER):
        assert run(served.api(key).registry, reg, name="good", steps=["completion"]).result("completion") == "passed"


def test_models_of_other_tiers(served, admin, reg):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(
        name="pro", provider="scripted", model_id="able", allowed_tiers=["pro"])))
    fails(lambda: run(served.api(ANN).registry, reg, name="pro"), CODE.PERMISSION_DENIED, "MODEL_FORBIDDEN")
    fails(lambda: run(served.api(ANN).registry, reg, name="no-such-model-anywhere"), CODE.NOT_FOUND)


def test_who_may_not_create_may_not_test_what_is_not_stored(served, reg, provider):
    fails(lambda: run(served.api(READER).registry, reg, model=unsaved(provider, key=KEY), personal=True),
          CODE.PERMISSION_DENIED, "SCOPE_MISSING")
    fails(lambda: run(served.api(ANN).registry, reg, model=unsaved(provider, key=KEY)), CODE.PERMISSION_DENIED, "ROLE_MISSING")
    assert not provider.requests


def test_a_personal_model(served, reg, provider):
    report = run(served.api(ANN).registry, reg, model=unsaved(provider, key=KEY), personal=True)
    assert report.result("summary") == "passed", report
    fails(lambda: run(served.api(ANN).registry, reg, model=unsaved(provider), personal=True), CODE.INVALID_ARGUMENT)


def test_an_unsaved_copy_of_anothers_model_has_none_of_its_key(served, admin, reg, provider):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(**unsaved(provider, key=KEY))))
    stored = admin.GetModel(reg.GetModelRequest(name="new"))
    for model in (unsaved(provider), unsaved(provider, credential=stored.credential)):
        fails(lambda: run(served.api(ANN).registry, reg, model=model, personal=True), {CODE.INVALID_ARGUMENT, CODE.NOT_FOUND})
    assert not provider.requests


def test_references_are_for_administrators(served, admin, reg, provider):
    for key in ("env:SCRIPTED_KEY", "file:/etc/hostname", "env:SLUICE_ENCRYPTION_KEYS"):
        for caller, personal in ((ANN, True), (OPS, False), (served.admin_key, True)):
            fails(lambda: run(served.api(caller).registry, reg, model=unsaved(provider, key=key), personal=personal),
                  CODE.PERMISSION_DENIED, "REFERENCE_FORBIDDEN")
    assert not provider.requests


def test_a_personal_model_may_not_reach_inside(start_sluice, stubs, provider):
    config = keys()
    del config["upstream"]
    sluice = start_sluice(models={"good": "able"}, env=ENV, config=config)
    reg = stubs.registry
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        model = unsaved(provider, key=KEY, base_url="http://%s:%d/v1" % (host, provider.port))
        report = run(sluice.api(ANN).registry, reg, model=model, personal=True)
        assert report.result("address") == "failed" and report["address"].reason == "ADDRESS_FORBIDDEN", report
        assert {report.result(n) for n in CHAT[1:-1]} == {"skipped"}
        only = run(sluice.api(ANN).registry, reg, model=model, personal=True, steps=["completion"])
        assert only["completion"].reason == "ADDRESS_FORBIDDEN", only
    assert not provider.requests


def test_a_model_that_is_switched_off(served, admin, reg, provider):
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(name="off", provider="scripted", model_id="able", enabled=False)))
    ann = served.api(ANN).registry
    ann.CreateModel(reg.CreateModelRequest(model=reg.Model(**unsaved(provider, key=KEY, enabled=False)), personal=True))
    assert run(admin, reg, name="off", steps=["completion"]).result("completion") == "passed"
    assert run(ann, reg, name="new", steps=["completion"]).result("completion") == "passed"
    fails(lambda: run(ann, reg, name="off"), CODE.FAILED_PRECONDITION, "MODEL_DISABLED")
    fails(lambda: run(admin, reg, name="new"), CODE.NOT_FOUND)


# ---- time ----

def test_a_cancel_tears_the_running_step_down(admin, reg, provider):
    provider.script("able", "stall")
    call = admin.TestModel(reg.TestModelRequest(name="good"), timeout=60)
    steps = [next(call).step for _ in range(2)]
    assert steps == ["address", "tls"]
    stalled = provider.wait_requests(3)[2]
    began = time.monotonic()
    call.cancel()
    assert stalled.wait_closed() - began < 1
    assert len(provider.requests) == 3


def test_cancels_while_a_model_is_made(admin, reg, provider):
    for _ in range(30):
        call = admin.TestModel(reg.TestModelRequest(model=reg.Model(**unsaved(provider, key=KEY))), timeout=60)
        call.cancel()
    assert run(admin, reg, model=unsaved(provider, key=KEY)).result("summary") == "passed"


def test_a_stop_ends_a_test(start_sluice, stubs, provider):
    sluice = start_sluice(models={"good": "stall"}, config={"drain": {"deadline": "0s"}})
    call = sluice.api().registry.TestModel(stubs.registry.TestModelRequest(name="good"), timeout=60)
    stalled = provider.wait_requests(3)[2]
    sluice.signal(signal.SIGTERM)
    with pytest.raises(grpc.RpcError) as error:
        list(call)
    stalled.wait_closed()
    assert error.value.code() == CODE.UNAVAILABLE


def test_the_callers_deadline_counts(admin, reg, provider):
    provider.script("able", "stall")
    with pytest.raises(grpc.RpcError) as error:
        list(admin.TestModel(reg.TestModelRequest(name="good"), timeout=1))
    assert error.value.code() == CODE.DEADLINE_EXCEEDED
    provider.wait_requests(3)[2].wait_closed()


def test_each_step_has_its_time(admin, reg, provider):
    provider.script("able", [("stall", {})])
    report = run(admin, reg, name="good", step_timeout_ms=300)
    assert report.result("completion") == "failed" and report["completion"].reason == "TOTAL_TIMEOUT", report
    assert report["completion"].elapsed_ms >= 250 and report.result("credentials") == "passed"
    assert {report.result(n) for n in CHAT[5:-1]} == {"skipped"}
    provider.requests[-1].wait_closed()


def test_all_steps_have_their_time(admin, reg, provider):
    provider.script("able", "able")
    provider.lists_models = False
    provider.script("", "stall")
    report = run(admin, reg, name="good", timeout_ms=400)
    assert report.result("listing") == "failed", report
    assert report["completion"].detail == "no time is left"


@pytest.mark.parametrize("fields, field", [({"name": "good", "steps": ["nonsense"]}, "steps"), ({}, "name"),
                                           ({"name": "good", "steps": ["summary"]}, "steps"),
                                           ({"name": "good", "timeout_ms": -1}, "timeout_ms"),
                                           ({"name": "good", "step_timeout_ms": 400000}, "step_timeout_ms")])
def test_bad_requests(admin, reg, fields, field):
    failure = fails(lambda: list(admin.TestModel(reg.TestModelRequest(**fields))), CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert failure.fields == [field]


def test_many_at_once(admin, reg):
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(run(admin, reg, name="good"))) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [r.result("summary") for r in reports] == ["passed"] * 8
