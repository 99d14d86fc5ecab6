"""WatchModels: a snapshot, then every change, for those who may see it."""
import datetime
import shutil
import subprocess
import time

import grpc
import postgres as postgres_server
import pytest
from env import REPO, SANITIZED, slack
from helpers import ask, complete, fails, failure_of
from watching import Follower

CODE = grpc.StatusCode


@pytest.fixture
def reg(stubs):
    return stubs.registry


@pytest.fixture
def acc(stubs):
    return stubs.access


def start(start_sluice, models=None, **config):
    return start_sluice(models=models or {"test": "test", "other": "other"}, config={
        "access": {"anonymous": False}, "upstream": {"allowed_addresses": ["127.0.0.0/8"]}, **config})


@pytest.fixture
def served(start_sluice):
    return start(start_sluice)


@pytest.fixture
def admin(served):
    return served.api(served.admin_key)


def create(api, reg, name, personal=False, **fields):
    own = {"key": "sk-test-own-0123456789"} if personal else {}
    return api.registry.CreateModel(reg.CreateModelRequest(
        model=reg.Model(name=name, **{"provider": "scripted", "model_id": "test", **own, **fields}), personal=personal))


def update(api, reg, name, mask, **fields):
    return api.registry.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name=name, **fields), update_mask=mask))


def delete(api, reg, name):
    api.registry.DeleteModel(reg.DeleteModelRequest(name=name))


def add_user(served, acc, name, tier="", **key):
    """A user with a key; its stubs, and the key."""
    admin = served.api(served.admin_key)
    made = admin.access.CreateUser(acc.CreateUserRequest(user=acc.User(name=name, tier=tier), with_key=not key))
    if not key:
        return served.api(made.key), made.api_key
    made = admin.access.CreateApiKey(acc.CreateApiKeyRequest(api_key=acc.ApiKey(user=name, **key)))
    return served.api(made.key), made.api_key


# ---- snapshot and changes ----

def test_a_snapshot_then_each_change(admin, reg):
    f = Follower(admin).wait_whole()
    assert set(f.models) == {"test", "other"} and not f.types()
    assert [e.type for e in f.events][::len(f.events) - 1] == [reg.ModelEvent.TYPE_SNAPSHOT_BEGIN,
                                                               reg.ModelEvent.TYPE_SNAPSHOT_DONE]
    made = create(admin, reg, "fast", description="quick")
    f.wait(lambda f: "fast" in f.models)
    assert f.events[-1].model == made and f.events[-1].key == made.id and f.events[-1].revision == int(f.revision)
    changed = update(admin, reg, "fast", "description", description="quicker")
    f.wait(lambda f: f.models["fast"].description == "quicker")
    assert f.models["fast"] == changed
    admin.registry.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="fast"), update_mask="new_name", new_name="faster"))
    f.wait(lambda f: "faster" in f.models)
    assert "fast" not in f.models and f.events[-1].key == made.id
    delete(admin, reg, "faster")
    f.wait(lambda f: "faster" not in f.models)
    admin.registry.UndeleteModel(reg.UndeleteModelRequest(name=made.id))
    f.wait(lambda f: "faster" in f.models)
    assert f.types() == ["ADDED", "CHANGED", "CHANGED", "REMOVED", "ADDED"]
    f.cancel()
    assert f.status.code() == CODE.CANCELLED


def test_a_stored_model_takes_the_place_of_the_configurations(admin, reg):
    f = Follower(admin).wait_whole()
    create(admin, reg, "test", description="stored")
    f.wait(lambda f: f.models["test"].description == "stored")
    assert len(f.by_key) == 2 and f.types() == ["REMOVED", "ADDED"]
    delete(admin, reg, "test")
    f.wait(lambda f: "test" in f.models and f.models["test"].source == "config")
    assert len(f.by_key) == 2


def test_a_provider_changes_its_models_and_no_others(admin, reg):
    admin.registry.CreateProvider(reg.CreateProviderRequest(provider=reg.Provider(
        name="box", kind="openai", base_url="http://127.0.0.1:9/v1")))
    for name in "ab":
        create(admin, reg, name, provider="box")
    f = Follower(admin).wait_whole()
    admin.registry.UpdateProvider(reg.UpdateProviderRequest(
        provider=reg.Provider(name="box", base_url="http://127.0.0.1:10/v1"), update_mask="base_url"))
    f.wait(lambda f: all(f.models[n].base_url.endswith(":10/v1") for n in "ab"))
    assert f.types("test") == f.types("other") == [] and set(f.types()) == {"CHANGED"}


def test_a_reload_shows(start_sluice, provider, reg):
    sluice = start(start_sluice)
    f = Follower(sluice.api(sluice.admin_key)).wait_whole()
    config = dict(sluice.config)
    config["models"] = [m for m in config["models"] if m["name"] != "other"] + [
        {"name": "new", "provider": "scripted", "model_id": "new"}]
    sluice.reload(config)
    f.wait(lambda f: set(f.models) == {"test", "new"})
    assert sorted(f.types()) == ["ADDED", "REMOVED"]


@pytest.mark.parametrize("request_fields, field", [({"after_revision": -1}, "after_revision"), ({"filter": "what = 1"}, "filter"),
                                                   ({"heartbeat_seconds": 301}, "heartbeat_seconds")])
def test_bad_requests(admin, reg, request_fields, field):
    failure = fails(lambda: list(admin.registry.WatchModels(reg.WatchModelsRequest(**request_fields), timeout=10)),
                    CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert failure.fields == [field]


def test_a_filter(admin, reg):
    f = Follower(admin, filter='label.team = "a"').wait_whole()
    create(admin, reg, "one", labels={"team": "a"})
    create(admin, reg, "two", labels={"team": "b"})
    f.wait(lambda f: "one" in f.models)
    update(admin, reg, "two", "labels", labels={"team": "a"})
    f.wait(lambda f: "two" in f.models)
    update(admin, reg, "one", "labels", labels={"team": "c"})
    f.wait(lambda f: "one" not in f.models)
    assert f.types() == ["ADDED", "ADDED", "REMOVED"]


def test_heartbeats(admin, reg, acc):
    f = Follower(admin, heartbeat_seconds=1).wait_whole()
    first, revision = f.messages, f.revision
    admin.access.CreateUser(acc.CreateUserRequest(user=acc.User(name="nobody-sees-this")))
    f.wait(lambda f: f.messages >= first + 2 and f.revision > revision)
    assert not f.types()


# ---- resuming ----

def test_resume_without_loss_or_repeat(admin, reg):
    f = Follower(admin).wait_whole()
    create(admin, reg, "seen")
    f.wait(lambda f: "seen" in f.models)
    f.cancel()
    for n in range(20):
        create(admin, reg, "m%d" % n)
    update(admin, reg, "m0", "description", description="late")
    delete(admin, reg, "seen")
    for request in ({"resume_token": f.token}, {"after_revision": f.revision}):
        again = Follower(admin, **request).wait(lambda f: len(f.events) >= 21)
        last = again.revision
        assert again.snapshots == 0
        assert again.types("seen") == ["REMOVED"] and again.types("m0") == ["ADDED"]
        assert [e.model.name for e in again.events] == ["models/m%d" % n for n in range(1, 20)] + ["models/m0", "models/seen"]
        assert again.models["m0"].description == "late"
        again.cancel()
        nothing = Follower(admin, resume_token=again.token).wait(lambda f: f.messages == 1)
        assert not nothing.events and nothing.revision == last
        nothing.cancel()


@pytest.mark.parametrize("token", ["nonsense", "0190-0.1.2.3", "...", "x" * 3000])
def test_a_foreign_token_leads_to_a_snapshot(admin, reg, token):
    f = Follower(admin, resume_token=token).wait_whole()
    assert f.snapshots == 1 and set(f.models) == {"test", "other"}


def test_a_revision_that_is_to_come_leads_to_a_snapshot(admin, reg):
    create(admin, reg, "one")
    f = Follower(admin, after_revision=1 << 40).wait_whole()
    assert f.snapshots == 1 and "one" in f.models


def test_a_token_holds_for_its_filter_and_rights(served, admin, reg, acc):
    admin.access.CreateTier(acc.CreateTierRequest(tier=acc.Tier(name="some", models=["test"])))
    ann, _ = add_user(served, acc, "ann", "some")
    f = Follower(ann).wait_whole()
    f.cancel()
    other = Follower(ann, resume_token=f.token, filter="name = test").wait_whole()
    assert other.snapshots == 1
    admin.access.UpdateTier(acc.UpdateTierRequest(tier=acc.Tier(name="some", models=["other"]), update_mask="models"))
    again = Follower(ann, resume_token=f.token).wait_whole()
    assert again.snapshots == 1 and set(again.models) == {"other"}


@pytest.mark.embedded
def test_a_restart_leads_to_a_snapshot(start_sluice, reg):
    sluice = start(start_sluice)
    admin = sluice.api(sluice.admin_key)
    create(admin, reg, "kept")
    f = Follower(admin).wait_whole()
    sluice.terminate()
    assert f.wait_end().code() == CODE.UNAVAILABLE
    assert failure_of(f.status).reason == "SHUTTING_DOWN"
    sluice.stop()
    again = start_sluice(models={"test": "test"}, config={**sluice.config, "models": None, "providers": None,
                                                          "default_model": None})
    for request in ({"resume_token": f.token}, {"after_revision": 1}):  # of another process; of long ago
        g = Follower(again.api(again.admin_key), **request).wait_whole()
        assert g.snapshots == 1 and "kept" in g.models


# ---- rights ----

def test_nobody_elses_models_are_told(served, admin, reg, acc):
    ann, _ = add_user(served, acc, "ann")
    bob, _ = add_user(served, acc, "bob")
    followers = {"ann": Follower(ann), "bob": Follower(bob), "admin": Follower(admin)}
    for f in followers.values():
        f.wait_whole()
    create(ann, reg, "mine", personal=True)
    update(ann, reg, "mine", "description", description="secret")
    delete(ann, reg, "mine")
    create(admin, reg, "fence")
    for f in followers.values():
        f.wait(lambda f: "fence" in f.models)
    assert followers["ann"].types("mine")[-1] == "REMOVED" and followers["ann"].types("mine")[0] == "ADDED"
    assert followers["bob"].types() == followers["admin"].types() == ["ADDED"]
    late = Follower(bob, after_revision=1).wait_whole()
    assert "mine" not in late.models


def test_a_model_of_ones_own_hides_a_global_one(served, admin, reg, acc):
    ann, _ = add_user(served, acc, "ann")
    f, g = Follower(ann).wait_whole(), Follower(admin).wait_whole()
    create(ann, reg, "test", personal=True)
    f.wait(lambda f: set(f.models) == {"test", "global/test", "other"})
    assert f.models["test"].owner == "ann"
    delete(ann, reg, "test")
    f.wait(lambda f: set(f.models) == {"test", "other"} and not f.models["test"].owner)
    assert not g.types()


def test_tiers_of_models(served, admin, reg, acc):
    admin.access.CreateTier(acc.CreateTierRequest(tier=acc.Tier(name="pro")))
    create(admin, reg, "gold", allowed_tiers=["pro"])
    ann, _ = add_user(served, acc, "ann")
    f = Follower(ann).wait_whole()
    assert "gold" not in f.models
    update(admin, reg, "gold", "allowed_tiers", allowed_tiers=[])
    f.wait(lambda f: "gold" in f.models)
    update(admin, reg, "gold", "allowed_tiers", allowed_tiers=["pro"])
    f.wait(lambda f: "gold" not in f.models)
    assert f.types() == ["ADDED", "REMOVED"]


def test_a_change_of_rights_shows(served, admin, reg, acc):
    admin.access.CreateTier(acc.CreateTierRequest(tier=acc.Tier(name="free", models=["test"])))
    admin.access.CreateTier(acc.CreateTierRequest(tier=acc.Tier(name="pro")))
    create(admin, reg, "gold", allowed_tiers=["pro"])
    ann, _ = add_user(served, acc, "ann", "free")
    create(ann, reg, "mine", personal=True)
    f = Follower(ann).wait_whole()
    assert set(f.models) == {"test", "mine"}
    admin.access.UpdateUser(acc.UpdateUserRequest(user=acc.User(name="ann", tier="pro"), update_mask="tier"))
    f.wait(lambda f: set(f.models) == {"test", "other", "gold", "mine"})
    admin.access.UpdateTier(acc.UpdateTierRequest(tier=acc.Tier(name="pro", models=["o*"]), update_mask="models"))
    f.wait(lambda f: set(f.models) == {"other", "mine"})
    assert f.snapshots == 1 and sorted(f.types()) == ["ADDED", "ADDED", "REMOVED", "REMOVED"]
    admin.access.UpdateTier(acc.UpdateTierRequest(tier=acc.Tier(name="pro", rpcs=["Completion/*"]), update_mask="rpcs"))
    assert f.wait_end(2).code() == CODE.PERMISSION_DENIED


def test_favourites_and_hidden_ones_are_marked(served, admin, acc):
    ann, _ = add_user(served, acc, "ann")
    f, g = Follower(ann).wait_whole(), Follower(admin).wait_whole()
    ann.access.UpdatePreferences(acc.UpdatePreferencesRequest(
        preferences=acc.Preferences(favourite_models=["test"], hidden_models=["other"]), update_mask="favourite_models,hidden_models"))
    f.wait(lambda f: f.models["test"].favourite and f.models["other"].hidden)
    ann.access.UpdatePreferences(acc.UpdatePreferencesRequest(preferences=acc.Preferences(), update_mask="hidden_models"))
    f.wait(lambda f: not f.models["other"].hidden)
    assert f.types("test") == ["CHANGED"] and f.types("other") == ["CHANGED"] * 2 and not g.types()


def test_a_revoked_key_ends_the_stream(served, admin, acc):
    ann, key = add_user(served, acc, "ann")
    f, g = Follower(ann).wait_whole(), Follower(admin).wait_whole()
    admin.access.RevokeApiKey(acc.RevokeApiKeyRequest(name=key.name))
    started = time.monotonic()
    assert f.wait_end().code() == CODE.UNAUTHENTICATED
    assert time.monotonic() - started < slack(1, 5)
    assert not g.ended


def test_an_expired_key_ends_the_stream(served, admin, acc):
    expires = time.time() + slack(2, 5)
    ann, _ = add_user(served, acc, "ann", expires_ms=int(expires * 1000))
    f = Follower(ann).wait_whole()
    assert f.wait_end().code() == CODE.UNAUTHENTICATED
    assert -1.1 < time.time() - expires < slack(1, 5)


def test_a_user_who_is_disabled_or_deleted(served, admin, acc):
    for name in ("ann", "bob"):
        api, _ = add_user(served, acc, name)
        f = Follower(api).wait_whole()
        if name == "ann":
            admin.access.UpdateUser(acc.UpdateUserRequest(user=acc.User(name=name, disabled=True), update_mask="disabled"))
        else:
            admin.access.DeleteUser(acc.DeleteUserRequest(name=name))
        assert f.wait_end().code() == CODE.UNAUTHENTICATED


def test_an_end_user_is_followed_for(served, admin, reg, acc):
    """A key of the scope act_as sees what the end user sees, and no more than itself."""
    admin.access.CreateTier(acc.CreateTierRequest(tier=acc.Tier(name="free", models=["test"])))
    backend, _ = add_user(served, acc, "backend", scopes=["complete", "models", "act_as"])
    ann, _ = add_user(served, acc, "ann", "free")
    create(ann, reg, "mine", personal=True)
    f = Follower(backend, metadata=[("sluice-user", "ann")]).wait_whole()
    assert set(f.models) == {"test", "mine"}
    admin.access.UpdateUser(acc.UpdateUserRequest(user=acc.User(name="ann", tier=""), update_mask="tier"))
    f.wait(lambda f: set(f.models) == {"test", "mine", "other"})


# ---- states ----

def test_a_provider_that_fails_shows(admin, reg, provider):
    create(admin, reg, "broken", model_id="error?status=503")
    state = reg.ModelStatus
    f = Follower(admin).wait_whole()
    only_bad = Follower(admin, filter="state != healthy").wait_whole()
    assert f.models["test"].status.state == state.STATE_HEALTHY and not only_bad.models
    fails(lambda: complete(admin, ask(model="broken")), CODE.UNAVAILABLE)
    f.wait(lambda f: f.models["test"].status.state == state.STATE_DEGRADED)
    only_bad.wait(lambda f: set(f.models) == {"test", "other", "broken"})
    for _ in range(5):
        fails(lambda: complete(admin, ask(model="broken")), CODE.UNAVAILABLE)
    f.wait(lambda f: f.models["other"].status.state == state.STATE_FAILING)
    for _ in range(16):
        complete(admin, ask(model="test"))
    f.wait(lambda f: f.models["test"].status.state == state.STATE_HEALTHY)
    only_bad.wait(lambda f: not f.models)
    assert set(f.types()) == {"STATUS"} and f.snapshots == 1


def test_keys_that_come_and_go(admin, reg):
    state = reg.ModelStatus
    create(admin, reg, "keyless", provider="mistral", model_id="mistral-small-latest")
    f = Follower(admin).wait_whole()
    assert f.models["keyless"].status.state == state.STATE_KEY_MISSING
    made = admin.registry.CreateCredential(reg.CreateCredentialRequest(credential=reg.Credential(
        provider="mistral", key="sk-test-0123456789abcdef")))
    f.wait(lambda f: f.models["keyless"].status.state == state.STATE_HEALTHY)
    assert f.models["keyless"].key_present and f.models["keyless"].key_last4 == "cdef"
    admin.registry.DeleteCredential(reg.DeleteCredentialRequest(name=made.name))
    f.wait(lambda f: f.models["keyless"].status.state == state.STATE_KEY_MISSING)
    update(admin, reg, "keyless", "enabled", enabled=False)
    f.wait(lambda f: f.models["keyless"].status.state == state.STATE_DISABLED)


@pytest.fixture(scope="module")
def shifted_clock(tmp_path_factory):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    path = tmp_path_factory.mktemp("clock") / "shifted_clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(path), str(REPO / "tests/support/shifted_clock.c"), "-ldl"], check=True)
    return path


@pytest.mark.skipif(SANITIZED, reason="a sanitizer answers for the clock of the libraries, too")
def test_a_day_that_comes_shows(start_sluice, shifted_clock, reg):
    """Nobody writes anything: midnight (UTC) is a few seconds away."""
    now = datetime.datetime.now(datetime.timezone.utc)
    tomorrow = (now + datetime.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    env = {"LD_PRELOAD": str(shifted_clock), "CLOCK_SHIFT_S": str(int((tomorrow - now).total_seconds()) - 8)}
    sluice = start_sluice(env=env, config={"access": {"anonymous": False}})
    admin = sluice.api(sluice.admin_key)
    day, later = tomorrow.date(), tomorrow.date() + datetime.timedelta(days=9)
    create(admin, reg, "old", deprecation_date=day.isoformat(), retirement_date=later.isoformat())
    create(admin, reg, "older", deprecation_date="2020-01-01", retirement_date=day.isoformat())
    state = reg.ModelStatus
    f = Follower(admin).wait_whole()
    assert [f.models[n].status.state for n in ("old", "older")] == [state.STATE_HEALTHY, state.STATE_DEPRECATED]
    assert f.models["old"].status.days_left == 10
    f.wait(lambda f: f.models["old"].status.state == state.STATE_DEPRECATED, 15)
    f.wait(lambda f: f.models["older"].status.state == state.STATE_RETIRED)
    assert f.models["old"].status.days_left == 9 and set(f.types()) == {"STATUS"}


# ---- load ----

def test_a_slow_reader_costs_little_and_catches_up(start_sluice, reg):
    """It does not read while a model changes again and again; then it is told the last state, not all of them."""
    sluice = start(start_sluice, limits={"stream_buffer": "64KiB"})
    admin = sluice.api(sluice.admin_key)
    create(admin, reg, "busy")
    window = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536)]
    slow = Follower(sluice.api(sluice.admin_key, options=window), read=False)
    quick = Follower(admin).wait_whole()
    ballast = '{"metadata": {"x": "%s"}}' % ("y" * 8000)
    rounds = slack(600, 300)
    before = sluice.rss()
    for n in range(rounds):
        update(admin, reg, "busy", "description,provider_options_json", description=str(n), provider_options_json=ballast)

    def done(f):
        return f.whole and "busy" in f.models and f.models["busy"].description == str(rounds - 1)

    quick.wait(done)
    slow.start()
    slow.wait(done)
    assert set(slow.models) == set(quick.models) and slow.snapshots == 1
    assert len(slow.events) < rounds / 2, "%d of %d changes were told" % (len(slow.events), rounds)
    if not SANITIZED:
        assert sluice.rss() - before < 40 << 20


@pytest.mark.skipif(not postgres_server.wanted(), reason="SLUICE_TEST_POSTGRES names no server")
def test_replicas_tell_each_others_changes(server, start_sluice, tmp_path, reg, acc):
    cluster = postgres_server.Cluster(server, start_sluice, tmp_path)
    key = cluster.bootstrap()
    replicas = cluster.replica(), cluster.replica()
    one, two = (each.api(key) for each in replicas)
    f, times = Follower(two).wait_whole(), []
    for n in range(slack(20, 5)):
        started = time.monotonic()
        create(one, reg, "m%d" % n)
        f.wait(lambda f: "m%d" % n in f.models)
        times.append(time.monotonic() - started)
    assert max(times) < slack(1, 5) and f.types() == ["ADDED"] * len(times)
    g = Follower(one, after_revision=f.revision).wait(lambda f: f.messages)
    assert not g.events and g.revision == f.revision
    made = one.access.CreateUser(acc.CreateUserRequest(user=acc.User(name="ann"), with_key=True))
    create(one, reg, "fence")
    f.wait(lambda f: "fence" in f.models)  # the key, which came before it, is known there, too
    ann = Follower(replicas[1].api(made.key)).wait_whole()
    started = time.monotonic()
    one.access.RevokeApiKey(acc.RevokeApiKeyRequest(name=made.api_key.name))
    assert ann.wait_end().code() == CODE.UNAUTHENTICATED and time.monotonic() - started < slack(1, 5)
