"""Models that should be replaced: which, why, by what; the upgrade, its undo, and who may do it; asking providers what they
list."""
import json
import time

import grpc
import postgres as postgres_server
import pytest
from conftest import entry
from helpers import ask, complete, fails
from scrape import Scrape

CODE = grpc.StatusCode
ANN = "sk-test-caller-ann-0123456789"
BOB = "sk-test-caller-bob-0123456789"

LONG = "t-" + "long" * 49

FACTS = """
models:
- {provider: openai, id: t-old, input: [text], output: [text], announced: 2019-06-01, retires: 2020-01-01, successor: t-new,
   context_tokens: 8192, prices: {input: 10, output: 30}, lifecycle_source: "https://example.test/ends"}
- {provider: openai, id: t-older, input: [text], output: [text], retires: 2019-01-01, successor: t-old}
- {provider: openai, id: t-ending, input: [text], output: [text], announced: 2020-01-01, retires: 2999-01-01, successor: t-new}
- {provider: openai, id: t-moved, input: [text], output: [text], retires: 2020-01-01, successor: anthropic/claude-sonnet-4-6}
- {provider: openai, id: t-alone, input: [text], output: [text], retires: 2020-01-01}
- {provider: openai, id: t-new, input: [text], output: [text], context_tokens: 128000, max_output_tokens: 100, temperature: false,
   prices: {input: 2.5, output: 10}}
- {provider: openai, id: %s, input: [text], output: [text], retires: 2020-01-01, successor: t-new}
""" % LONG


def providers(provider):
    """OpenAI's own address under another id, so that no line-up of the environment comes along: nothing depends on the day."""
    return [entry(provider), {"id": "direct", "kind": "openai", "key": "env:T_KEY"}]


@pytest.fixture
def served(start_sluice, provider, tmp_path):
    facts = tmp_path / "facts.yaml"
    facts.write_text(FACTS)
    return start_sluice(models={"test": "test"}, env={
        "ANN_KEY": ANN, "BOB_KEY": BOB, "T_KEY": "sk-test-openai-0123456789",
    }, config={"providers": providers(provider), "catalogue": {"file": str(facts)}, "access": {"anonymous": False, "keys": [
        {"name": "ann", "key": "env:ANN_KEY", "tier": "free"}, {"name": "bob", "key": "env:BOB_KEY", "tier": "free"}]}})


@pytest.fixture
def admin(served):
    return served.api(served.admin_key).registry


@pytest.fixture
def ann(served):
    return served.api(ANN).registry


@pytest.fixture
def bob(served):
    return served.api(BOB).registry


@pytest.fixture
def pb(stubs):
    return stubs.registry


def create(api, pb, name, personal=False, **fields):
    fields.setdefault("provider", "direct")
    return api.CreateModel(pb.CreateModelRequest(model=pb.Model(name=name, **fields), personal=personal))


def set_default(api, pb, scope, model, subject=""):
    api.SetDefaultModel(pb.SetDefaultModelRequest(scope=getattr(pb, "DEFAULT_SCOPE_" + scope), subject=subject, model=model))


def default_of(api, pb, scope, subject=""):
    return api.GetDefaultModel(pb.GetDefaultModelRequest(scope=getattr(pb, "DEFAULT_SCOPE_" + scope), subject=subject)).model


def pinned(api, pb, conversation):
    return api.GetConversation(pb.GetConversationRequest(conversation_id=conversation)).model


def outdated(api, pb, **fields):
    return {m.model: m for m in api.ListOutdatedModels(pb.ListOutdatedModelsRequest(**fields)).models}


def upgrade(api, pb, *models, apply=True):
    return api.UpgradeModels(pb.UpgradeModelsRequest(models=models, apply=apply))


def changed(reply):
    return sorted((c.kind, c.name) for c in reply.changes)


def everything(api, pb):
    """All models, without etags and what changes by itself."""
    models = api.ListModels(pb.ListModelsRequest(page_size=1000)).models
    for m in models:
        m.etag = ""
    return [m.SerializeToString(deterministic=True) for m in models]


def test_what_is_listed_and_why(admin, ann, bob, pb):
    create(admin, pb, "past", model_id="t-old")
    create(admin, pb, "ending", model_id="t-ending", fallback_models=["past"])
    create(admin, pb, "chain", model_id="t-older")
    create(admin, pb, "moved", model_id="t-moved")
    create(admin, pb, "alone", model_id="t-alone")
    create(admin, pb, "said", model_id="x", retirement_date="2999-12-31", deprecation_date="2020-01-01", successor="fine")
    create(admin, pb, "fine", model_id="t-new")
    create(admin, pb, "elsewhere", provider="scripted", model_id="t-old")
    create(ann, pb, "mine", personal=True, model_id="t-old", key="sk-test-own-0123456789")
    set_default(admin, pb, "TIER", "past", "free")
    set_default(ann, pb, "USER", "past")
    set_default(ann, pb, "CONVERSATION", "past", "c1")
    seen = outdated(admin, pb)
    assert {n: (m.status, m.successor) for n, m in seen.items()} == {
        "models/past": ("retired", "t-new"), "models/ending": ("deprecated", "t-new"), "models/chain": ("retired", "t-new"),
        "models/moved": ("retired", "anthropic/claude-sonnet-4-6"), "models/alone": ("retired", ""),
        "models/said": ("deprecated", "fine")}
    past = seen["models/past"]
    assert (past.provider, past.model_id, past.retirement_date, past.source) == (
        "direct", "t-old", "2020-01-01", "https://example.test/ends")
    assert past.days_left < 0 and seen["models/ending"].days_left > 300000
    assert sorted(past.references) == ["defaults and conversations of users: 2", "the default of tier free",
                                       "the fallbacks of model ending"]
    assert seen["models/alone"].detail == "no successor is known"
    assert seen["models/said"].source == "the entry"
    own = outdated(ann, pb)
    assert own["models/mine"].status == "retired" and set(own) == set(seen) | {"models/mine"}
    assert sorted(own["models/past"].references) == ["the conversation c1", "the default of tier free",
                                                     "the fallbacks of model ending", "your default"]
    assert "models/mine" not in outdated(bob, pb)
    fails(lambda: ann.ListOutdatedModels(pb.ListOutdatedModelsRequest(refresh=True)), CODE.PERMISSION_DENIED, "ROLE_MISSING")


def test_upgrade_in_one_revision_and_back(served, admin, ann, bob, pb, stubs):
    create(admin, pb, "t-old", allowed_tiers=["free"],
           prices=pb.ModelPrices(input_price_micros_per_mtok=10_000_000, output_price_micros_per_mtok=30_000_000))
    create(admin, pb, "quick", model_id="t-ending", aliases=["fast"], context_tokens=4000)
    create(admin, pb, "user-of-both", provider="scripted", model_id="test", fallback_models=["t-old", "quick"])
    create(admin, pb, "alone", model_id="t-alone")
    create(admin, pb, "moved", model_id="t-moved")
    set_default(admin, pb, "REGISTRY", "t-old")
    set_default(admin, pb, "TIER", "global/t-old", "free")
    for api, conversation in ((ann, "c1"), (bob, "c2"), (admin, "c3")):
        set_default(api, pb, "USER", "t-old")
        set_default(api, pb, "CONVERSATION", "t-old", conversation)
    set_default(ann, pb, "CONVERSATION", "fast", "other")
    before = everything(admin, pb)
    was = admin.GetModel(pb.GetModelRequest(name="t-old"))

    dry = upgrade(admin, pb, apply=False)
    assert not dry.run_id and everything(admin, pb) == before
    assert default_of(admin, pb, "REGISTRY") == "models/t-old"
    done = upgrade(admin, pb)
    assert len(done.run_id) == 36 and done.revision > dry.revision
    assert changed(done) == changed(dry) == [
        ("conversation", "c1 of ann"), ("conversation", "c2 of bob"), ("conversation", "c3 of admin"),
        ("default", "registry"), ("default", "tier free"), ("default", "user admin"), ("default", "user ann"),
        ("default", "user bob"), ("model", "quick"), ("model", "t-old"), ("model", "user-of-both")]
    said = {c.name: list(c.differences) for c in done.changes}
    assert "model_id: t-old -> t-new" in said["t-old"] and "name: t-old -> t-new; t-old stays an alias" in said["t-old"]
    assert "context_tokens, by the catalogue: 8192 -> 128000" in said["t-old"]
    assert "model_id: t-ending -> t-new" in said["quick"]
    assert any("stays 4000, as the entry says" in d for d in said["quick"])
    assert said["user-of-both"] == ['fallbacks: ["t-old","quick"] -> ["t-new","quick"]']
    assert sorted((n.subject, n.message) for n in done.notes)[0] == ("alone", "no successor is known")
    assert any(n.subject == "moved" and "of another provider" in n.message for n in done.notes)

    now = admin.GetModel(pb.GetModelRequest(name="t-new"))
    assert (now.name, now.model_id, list(now.aliases), now.context_tokens, now.id) == (
        "models/t-new", "t-new", ["t-old"], 128000, was.id)
    assert now.etag != was.etag and list(now.allowed_tiers) == ["free"] and not now.successor
    assert admin.GetModel(pb.GetModelRequest(name="t-old")).id == was.id  # who names the old one finds it
    assert default_of(admin, pb, "REGISTRY") == "models/t-new"
    assert default_of(admin, pb, "TIER", "free") == "models/global/t-new"
    for api, conversation in ((ann, "c1"), (bob, "c2"), (admin, "c3")):
        assert default_of(api, pb, "USER") == "models/t-new"
        assert pinned(api, pb, conversation) == "models/t-new"
    assert pinned(ann, pb, "other") == "models/fast"
    assert set(outdated(admin, pb)) == {"models/alone", "models/moved"}
    again = upgrade(admin, pb)
    assert not again.changes and not again.run_id

    log = served.api(served.admin_key).access.ListAuditEvents(stubs.access.ListAuditEventsRequest(page_size=13)).events
    assert {e.actor for e in log} == {"admin"}
    assert sorted((e.resource, e.action) for e in log) == [("conversations", "update")] * 3 + [
        ("import_runs", "insert"), ("import_runs", "update")] + [("model_defaults", "update")] * 5 + [("models", "update")] * 3

    runs = admin.ListImports(pb.ListImportsRequest()).runs
    assert [(r.kind, r.run_id, r.changes) for r in runs] == [("upgrade", done.run_id, 11)]
    admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id))
    assert everything(admin, pb) == before
    for api, conversation in ((ann, "c1"), (bob, "c2"), (admin, "c3")):
        assert default_of(api, pb, "USER") == "models/t-old"
        assert pinned(api, pb, conversation) == "models/t-old"
    assert default_of(admin, pb, "TIER", "free") == "models/global/t-old"


def test_preferences_follow(served, admin, pb, stubs):
    """A hidden model does not come to light by its new name."""
    access = stubs.access
    made = served.api(served.admin_key).access.CreateUser(access.CreateUserRequest(user=access.User(name="eve"), with_key=True))
    eve = served.api(made.key)
    create(admin, pb, "t-old")
    create(admin, pb, "said", model_id="x", retirement_date="2020-01-01", successor="test")
    eve.access.UpdatePreferences(access.UpdatePreferencesRequest(
        preferences=access.Preferences(task_models={"code": "t-old", "chat": "said"}, hidden_models=["t-old", "said"],
                                       favourite_models=["global/t-old"]),
        update_mask="task_models,hidden_models,favourite_models"))
    before = eve.access.GetPreferences(access.GetPreferencesRequest())
    done = upgrade(admin, pb)
    assert changed(done) == [("model", "t-old"), ("preferences", "eve")]
    now = eve.access.GetPreferences(access.GetPreferencesRequest())
    assert dict(now.task_models) == {"code": "t-new", "chat": "test"}
    assert list(now.hidden_models) == ["t-new", "said"] and list(now.favourite_models) == ["global/t-new"]
    assert "models/t-new" not in [m.name for m in eve.registry.ListModels(pb.ListModelsRequest()).models]
    admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id))
    after = eve.access.GetPreferences(access.GetPreferencesRequest())
    before.etag = after.etag  # the revision alone is new
    assert after == before


def test_undo_is_refused_where_rows_were_changed_since(admin, ann, pb):
    create(admin, pb, "t-old")
    set_default(ann, pb, "USER", "t-old")
    run = upgrade(admin, pb).run_id
    set_default(ann, pb, "USER", "test")
    fails(lambda: admin.UndoImport(pb.UndoImportRequest(run_id=run)), CODE.FAILED_PRECONDITION, "CHANGED_SINCE")
    assert admin.GetModel(pb.GetModelRequest(name="t-new")).model_id == "t-new"
    assert admin.UndoImport(pb.UndoImportRequest(run_id=run, dry_run=True)).changed_since
    admin.UndoImport(pb.UndoImportRequest(run_id=run, force=True))
    assert default_of(ann, pb, "USER") == "models/t-old"
    fails(lambda: admin.GetModel(pb.GetModelRequest(name="t-new")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")


def test_entries_that_are_there_take_over(admin, ann, pb):
    """The successor's name is taken, the successor is another provider's entry, the outdated one is not stored."""
    create(admin, pb, "t-new")
    create(admin, pb, "t-old")
    create(admin, pb, "there", model_id="x", retirement_date="2020-01-01", successor="test", aliases=["yonder"])
    create(admin, pb, "narrow", model_id="x", retirement_date="2020-01-01", successor="staff")
    create(admin, pb, "staff", provider="scripted", model_id="y", allowed_tiers=["pro"])
    set_default(admin, pb, "REGISTRY", "t-old")
    set_default(ann, pb, "USER", "yonder")
    set_default(ann, pb, "CONVERSATION", "narrow", "c")
    done = upgrade(admin, pb)
    assert changed(done) == [("default", "registry"), ("default", "user ann"), ("model", "t-old")]
    assert default_of(admin, pb, "REGISTRY") == "models/t-new"
    assert default_of(ann, pb, "USER") == "models/test"
    assert pinned(ann, pb, "c") == "models/narrow"
    kept = admin.GetModel(pb.GetModelRequest(name="t-old"))
    assert (kept.name, kept.model_id) == ("models/t-old", "t-new")
    notes = {n.subject: n.message for n in done.notes}
    assert "takes its place" in notes["there"] and "not for the same tiers" in notes["narrow"]


def test_what_is_not_stored_is_not_changed(start_sluice, provider, tmp_path, pb):
    facts = tmp_path / "facts.yaml"
    facts.write_text(FACTS)
    sluice = start_sluice(models={"test": "test", "t-old": {"provider": "direct"}, "t-new": {"provider": "direct"}},
                          env={"T_KEY": "sk-test-openai-0123456789"},
                          config={"providers": providers(provider), "catalogue": {"file": str(facts)}})
    admin = sluice.api(sluice.admin_key).registry
    set_default(admin, pb, "REGISTRY", "t-old")
    done = upgrade(admin, pb)
    assert changed(done) == [("default", "registry")] and default_of(admin, pb, "REGISTRY") == "models/t-new"
    assert {n.subject: n.message for n in done.notes}["t-old"] == (
        "comes from the configuration: change its model_id to t-new there")


def test_rights(admin, ann, bob, pb):
    create(admin, pb, "t-old")
    create(ann, pb, "mine", personal=True, model_id="t-old", key="sk-test-own-0123456789")
    create(bob, pb, "his", personal=True, model_id="t-old", key="sk-test-own-0123456789")
    set_default(ann, pb, "USER", "t-old")
    fails(lambda: upgrade(ann, pb, "t-old"), CODE.PERMISSION_DENIED, "ROLE_MISSING")
    fails(lambda: upgrade(ann, pb, "his"), CODE.NOT_FOUND, "MODEL_NOT_FOUND")
    own = upgrade(ann, pb)
    assert changed(own) == [("model", "mine")]
    mine = ann.GetModel(pb.GetModelRequest(name="mine"))
    assert (mine.model_id, mine.key_last4) == ("t-new", "6789")  # its key is bound to the address, not to the id
    assert admin.GetModel(pb.GetModelRequest(name="t-old")).model_id == "t-old"
    assert not admin.ListImports(pb.ListImportsRequest()).runs
    fails(lambda: bob.UndoImport(pb.UndoImportRequest(run_id=own.run_id, force=True)), CODE.NOT_FOUND)
    ann.UndoImport(pb.UndoImportRequest(run_id=own.run_id))
    assert ann.GetModel(pb.GetModelRequest(name="mine")).model_id == "t-old"
    upgrade(admin, pb)
    assert ann.GetModel(pb.GetModelRequest(name="mine")).model_id == "t-old"
    assert default_of(ann, pb, "USER") == "models/t-new"


@pytest.mark.embedded
def test_more_than_a_reply_holds(admin, pb):
    """Stubs refuse replies from 4 MiB on: all is replaced, and the rest of the report is counted."""
    n, name = 5000, "a-model-with-a-long-name" * 4
    text = "model_list:\n" + "".join(
        "- {model_name: %s-%d, litellm_params: {model: openai/%s, temperature: 0.5, max_tokens: 4096},"
        " model_info: {max_input_tokens: 1000, max_output_tokens: 500, supports_vision: true, input_cost_per_token: 0.00009,"
        " output_cost_per_token: 0.0009}}\n" % (name, i, LONG) for i in range(n))
    admin.ImportModels(pb.ImportModelsRequest(files=[pb.ImportFile(name="c.yaml", content=text.encode())], apply=True))
    start = time.monotonic()
    listed = admin.ListOutdatedModels(pb.ListOutdatedModelsRequest())
    looked = time.monotonic()
    assert len(listed.models) + listed.models_left == n
    done = upgrade(admin, pb)
    print("5,000 models: listed in %.2f s, replaced in %.2f s" % (looked - start, time.monotonic() - looked))
    assert done.run_id and done.report_left and len(done.changes) + len(done.notes) + done.report_left == n
    assert not outdated(admin, pb)
    admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id))
    assert admin.GetModel(pb.GetModelRequest(name=name + "-0")).model_id == LONG


def test_names_choose(admin, pb):
    create(admin, pb, "one", model_id="t-old")
    create(admin, pb, "two", model_id="t-old")
    create(admin, pb, "fine", model_id="t-new")
    done = upgrade(admin, pb, "models/one", "fine")
    assert changed(done) == [("model", "one")] and [(n.subject, n.message) for n in done.notes] == [("fine", "is not outdated")]
    fails(lambda: upgrade(admin, pb, "nothing"), CODE.NOT_FOUND, "MODEL_NOT_FOUND")
    assert set(outdated(admin, pb)) == {"models/two"}


@pytest.mark.parametrize("policy", ["refuse", "redirect"])
def test_dates_of_the_catalogue_and_of_entries_are_minded(start_sluice, provider, tmp_path, pb, policy):
    """At the provider's own address, which the catalogue knows."""
    facts = tmp_path / "facts.yaml"
    facts.write_text(json.dumps({
        "providers": [{"id": "scripted", "kind": "openai", "base_url": provider.url + "/v1"}],
        "models": [{"provider": "scripted", "id": "c-old", "retires": "2020-01-01", "successor": "text"},
                   {"provider": "scripted", "id": "text"},
                   {"provider": "scripted", "id": "echo", "announced": "2020-01-01", "retires": "2999-01-01", "successor": "text"}]}))
    sluice = start_sluice(models={"test": "test", "by-catalogue": "c-old", "ending": "echo", "by-entry": {
        "model_id": "x", "retirement_date": "2020-01-01", "successor": "test"}},
        config={"catalogue": {"file": str(facts)}, "registry": {"retired_models": policy}})
    api = sluice.api()
    for name, successor in (("by-catalogue", "text"), ("by-entry", "test")):
        if policy == "refuse":
            refused = fails(lambda n=name: complete(api, ask(model=n)), CODE.FAILED_PRECONDITION, "MODEL_RETIRED")
            assert successor in str(refused)
            continue
        reply = complete(api, ask(model=name))
        assert [w.reason for w in reply.warnings] == ["MODEL_REDIRECTED"]
        assert reply.report.reason == "in place of %s, which is retired" % name
        assert provider.requests[-1].model == successor
    assert [w.reason for w in complete(api, ask(model="ending")).warnings] == ["MODEL_DEPRECATED"]


class Listing:
    """What the scripted provider lists, and how."""

    def __init__(self, provider):
        provider.lists_models = False
        self.ids = []
        self.asked = 0
        self.status = 200
        provider.default(self.answer)

    def answer(self, x):
        self.asked += 1
        if self.status != 200:
            return x.json({"error": {"message": "no"}}, status=self.status)
        return x.json({"data": [{"id": i} for i in self.ids]})


def test_the_check_sees_what_is_gone_and_what_is_newer(start_sluice, provider, pb):
    listing = Listing(provider)
    models = {"a": "a", "dated": "m-2024-05-13", "deployment": "never-listed"}
    sluice = start_sluice(models=models)
    admin = sluice.api(sluice.admin_key).registry
    assert admin.ListOutdatedModels(pb.ListOutdatedModelsRequest()).checked_ms == 0 and listing.asked == 0
    listing.ids = ["a", "m-2024-05-13", "b", "c"]
    first = admin.ListOutdatedModels(pb.ListOutdatedModelsRequest(refresh=True))
    assert listing.asked == 1 and abs(first.checked_ms / 1000 - time.time()) < 60 and not first.models
    listing.ids = ["m-2024-05-13", "m-2025-01-01", "b", "c"]
    seen = outdated(admin, pb, refresh=True)
    assert {n: (m.status, m.newer) for n, m in seen.items()} == {
        "models/a": ("gone", ""), "models/dated": ("newer", "m-2025-01-01")}
    since = seen["models/a"].gone_ms
    counted = Scrape(sluice.metrics_address)
    assert counted.all("sluice_gone_model_timestamp_seconds") == {frozenset({("model", "a")}): since / 1000}
    assert counted.value("sluice_version_check_timestamp_seconds") >= first.checked_ms / 1000
    assert since and seen["models/a"].source == "the provider's listing"
    for listing.status, listing.ids in ((500, []), (200, []), (200, ["b"])):  # failed, empty, much shorter
        assert outdated(admin, pb, refresh=True) == seen
    listing.ids = ["m-2025-01-01", "b", "c", "a"]
    assert {n: m.status for n, m in outdated(admin, pb, refresh=True).items()} == {"models/dated": "gone"}
    upgraded = upgrade(admin, pb, "dated", apply=False)
    assert [n.message for n in upgraded.notes] == ["no successor is known"]


def test_newer_is_taken_only_where_it_is_named(start_sluice, provider, pb):
    listing = Listing(provider)
    listing.ids = ["m-2024-05-13", "m-2025-01-01"]
    sluice = start_sluice()
    admin = sluice.api(sluice.admin_key).registry
    create(admin, pb, "dated", provider="scripted", model_id="m-2024-05-13")
    assert set(outdated(admin, pb, refresh=True)) == {"models/dated"}
    assert not upgrade(admin, pb).changes
    assert changed(upgrade(admin, pb, "dated")) == [("model", "dated")]
    assert admin.GetModel(pb.GetModelRequest(name="dated")).model_id == "m-2025-01-01"


def test_the_check_comes_by_itself(start_sluice, provider, pb):
    listing = Listing(provider)
    listing.ids = ["test", "other"]
    sluice = start_sluice(models={"test": "test", "past": {"model_id": "x", "retirement_date": "2020-01-01"}},
                          config={"registry": {"version_check": "1s"}})
    sluice.wait_log(lambda line: line.get("msg") == "asked providers what they list")
    said = sluice.wait_log(lambda line: line.get("msg") == "a model should be replaced")
    assert said["model"] == "past" and said["status"] == "retired"
    assert sluice.api(sluice.admin_key).registry.ListOutdatedModels(pb.ListOutdatedModelsRequest()).checked_ms


@pytest.mark.embedded
def test_the_outcome_survives_a_restart(start_sluice, provider, pb):
    listing = Listing(provider)
    sluice = start_sluice(models={"test": "test"}, name="same")
    admin = sluice.api(sluice.admin_key).registry
    for listing.ids in (["test", "b"], ["b", "c"]):
        seen = outdated(admin, pb, refresh=True)
    assert seen["models/test"].status == "gone"
    sluice.stop()
    again = start_sluice(models={"test": "test"}, name="same")
    assert outdated(again.api(again.admin_key).registry, pb) == seen and listing.asked == 2


@pytest.mark.skipif(not postgres_server.wanted(), reason="SLUICE_TEST_POSTGRES names no server")
def test_one_replicas_check_is_enough(server, start_sluice, provider, tmp_path, pb):
    listing = Listing(provider)
    cluster = postgres_server.Cluster(server, start_sluice, tmp_path)
    key = cluster.bootstrap()
    one, two = (cluster.replica(models={"test": "test"}).api(key).registry for _ in range(2))
    for listing.ids in (["test", "b"], ["b", "c"]):
        seen = outdated(one, pb, refresh=True)
    assert seen["models/test"].status == "gone" and outdated(two, pb) == seen and listing.asked == 2
    listing.ids = ["test", "c"]
    assert not outdated(two, pb, refresh=True) and not outdated(one, pb)


def test_a_check_does_not_hold_the_end_up(start_sluice, provider, pb):
    """The service stops although a provider never answers."""
    provider.lists_models = False
    provider.default("stall")
    sluice = start_sluice()
    call = sluice.api(sluice.admin_key).registry.ListOutdatedModels.future(pb.ListOutdatedModelsRequest(refresh=True))
    provider.wait_requests(1)
    sluice.stop()
    with pytest.raises(grpc.RpcError):
        call.result(timeout=30)


def test_a_caller_that_goes_leaves_the_check_alone(start_sluice, provider, pb):
    listing = Listing(provider)
    listing.ids = ["test", "b"]
    sluice = start_sluice()
    admin = sluice.api(sluice.admin_key).registry
    call = admin.ListOutdatedModels.future(pb.ListOutdatedModelsRequest(refresh=True))
    call.cancel()
    assert admin.ListOutdatedModels(pb.ListOutdatedModelsRequest(refresh=True)).checked_ms


# ---- the command line ----

@pytest.fixture
def sluice(served):
    return served


@pytest.fixture
def run(cli, served):
    def as_admin(*args, code=0):
        done = cli("models", *args, env={"SLUICE_API_KEY": served.admin_key})
        assert done.returncode == code, done.stdout + done.stderr
        return done
    return as_admin


def test_cli(run, cli, served, admin, pb):
    create(admin, pb, "t-old")
    create(admin, pb, "ending", model_id="t-ending")
    set_default(admin, pb, "REGISTRY", "t-old")
    listed = run("list")
    assert "warning: t-old is retired: its successor is t-new" in listed.stderr
    assert "warning: ending retires in" in listed.stderr and "warning" not in run("list", "--names", "--quiet").stderr

    seen = run("outdated", code=1)
    table = [line.split() for line in seen.stdout.splitlines()]
    assert table[0][:7] == ["MODEL", "PROVIDER", "ID", "STATUS", "END", "DAYS", "INSTEAD"]
    rows = {row[0]: row for row in table[1:]}
    assert rows["t-old"][1:5] == ["direct", "t-old", "retired", "2020-01-01"] and int(rows["t-old"][5]) < 0
    assert rows["t-old"][6:] == ["t-new", "the", "registry's", "default"] and rows["ending"][3] == "deprecated"
    assert "sluice models upgrade" in seen.stderr and "were never asked" in seen.stderr
    as_json = json.loads(run("outdated", "--json", code=1).stdout)
    assert [(m["model"], m["status"], m["successor"]) for m in as_json["models"]] == [
        ("models/ending", "deprecated", "t-new"), ("models/t-old", "retired", "t-new")]
    assert run("outdated", "--names", code=1).stdout.split() == ["ending", "t-old"]

    dry = run("upgrade")
    assert "~ model t-old" in dry.stdout and "    model_id: t-old -> t-new" in dry.stdout
    assert "~ default registry\n    model: t-old -> t-new" in dry.stdout
    assert "nothing was stored" in dry.stderr and "--apply stores it" in dry.stderr
    run("outdated", code=1)
    done = json.loads(run("upgrade", "--apply", "--json").stdout)
    assert {c["kind"] for c in done["changes"]} == {"model", "default"}
    assert "nothing has to be replaced" in run("outdated").stderr
    undone = cli("import", "undo", done["runId"], env={"SLUICE_API_KEY": served.admin_key})
    assert undone.returncode == 0 and "taken back" in undone.stderr
    assert run("outdated", "--names", code=1).stdout.split() == ["ending", "t-old"]
    assert "stored as run" in run("upgrade", "ending", "--apply").stderr
    assert run("outdated", "--names", "--refresh", code=1).stdout.split() == ["t-old"]
    run("upgrade", "nothing", code=5)
    run("outdated", "surplus", code=2)
