"""Writing the registry: models, defaults, providers, credentials, and what is refused."""
import contextlib
import pathlib
import sqlite3
import time

import grpc
import pytest
from helpers import ask, complete, fails, text_of
from watching import Follower

CODE = grpc.StatusCode
KEY = "sk-test-planted-0123456789abcdefWXYZ"
ANN, BOB = "sk-test-caller-ann-0123456789", "sk-test-caller-bob-0123456789"


@pytest.fixture
def served(start_sluice):
    return start_sluice(models={"test": "test", "other": "other"}, env={"ANN_KEY": ANN, "BOB_KEY": BOB}, config={
        "access": {"anonymous": False, "keys": [{"name": "ann", "key": "env:ANN_KEY", "tier": "free"},
                                                {"name": "bob", "key": "env:BOB_KEY"}]},
        "upstream": {"allowed_addresses": ["127.0.0.0/8"]}})


@pytest.fixture
def admin(served):
    return served.api(served.admin_key).registry


@pytest.fixture
def ann(served):
    return served.api(ANN)


@pytest.fixture
def reg(stubs):
    return stubs.registry


def create(stub, reg, name, personal=False, **fields):
    return stub.CreateModel(reg.CreateModelRequest(model=reg.Model(name=name, **fields), personal=personal))


def scripted(provider, **fields):
    return {"provider": "scripted", "model_id": "test", **fields}


# ---- create ----

def test_a_created_model_answers_at_once(served, admin, reg, provider):
    made = create(admin, reg, "models/fast", **scripted(provider), description="quick", aliases=["quick"], context_tokens=1000)
    assert (made.name, made.source, made.owner, made.provider_kind) == ("models/fast", "api", "", "openai")
    assert len(made.id) == 36 and made.etag and made.created_ms and made.enabled
    assert text_of(complete(served.api(served.admin_key), ask(model="fast")).message)
    assert text_of(complete(served.api(served.admin_key), ask(model="quick")).message)


def test_provider_and_id_are_found_from_the_name(admin, reg):
    made = create(admin, reg, "gpt-4o-mini", key=KEY)
    assert (made.provider, made.model_id, made.base_url) == ("openai", "gpt-4o-mini", "https://api.openai.com/v1")
    assert made.context_tokens == 128000 and made.prices.input_price_micros_per_mtok == 150000 and made.key_present
    assert made.key == ""


@pytest.mark.parametrize("fields, field", [
    ({"name": ""}, "model.name"),
    ({"name": "a b"}, "model.name"),
    ({"name": "task:chat"}, "model.name"),
    ({"name": "x", "provider": "scripted", "model_id": "t", "base_url": "ftp://x"}, "model.base_url"),
    ({"name": "x", "provider": "scripted", "model_id": "t", "default_temperature": 3}, "model.default_temperature"),
    ({"name": "x", "provider": "scripted", "model_id": "t", "context_tokens": -1}, "model.context_tokens"),
    ({"name": "x", "provider": "scripted", "model_id": "t", "provider_options_json": "[]"}, "model.provider_options_json"),
    ({"name": "x", "provider": "scripted", "model_id": "t", "retirement_date": "2026-02-30"}, "model.retirement_date"),
    ({"name": "x", "provider": "scripted", "model_id": "t", "auth": "magic"}, "model.auth"),
    ({"name": "x", "provider": "scripted", "model_id": "t", "headers": {"a b": "c"}}, "model.headers"),
    ({"name": "x", "provider": "scripted", "model_id": "t", "api": "nonsense"}, "model.api"),
    ({"name": "nobody-knows-this"}, "model.provider"),
])
def test_bad_models(admin, reg, fields, field):
    failure = fails(lambda: create(admin, reg, **fields), CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert field in [v.field for v in failure.bad.field_violations]


def test_names_are_unique_and_free_again(admin, reg, provider):
    create(admin, reg, "one", **scripted(provider), aliases=["uno"])
    fails(lambda: create(admin, reg, "one", **scripted(provider)), CODE.ALREADY_EXISTS, "NAME_TAKEN")
    fails(lambda: create(admin, reg, "uno", **scripted(provider)), CODE.ALREADY_EXISTS, "NAME_TAKEN")
    fails(lambda: create(admin, reg, "two", **scripted(provider), aliases=["one"]), CODE.ALREADY_EXISTS, "NAME_TAKEN")
    admin.DeleteModel(reg.DeleteModelRequest(name="one"))
    again = create(admin, reg, "one", **scripted(provider))
    fails(lambda: admin.UndeleteModel(reg.UndeleteModelRequest(name="one")), CODE.ALREADY_EXISTS, "NAME_TAKEN")
    admin.DeleteModel(reg.DeleteModelRequest(name=again.id))
    assert admin.UndeleteModel(reg.UndeleteModelRequest(name=again.id)).id == again.id


def test_validate_only_stores_nothing(admin, reg, provider):
    request = reg.CreateModelRequest(model=reg.Model(name="dry", key=KEY, **scripted(provider)), validate_only=True)
    assert admin.CreateModel(request).key == ""
    fails(lambda: admin.GetModel(reg.GetModelRequest(name="dry")), CODE.NOT_FOUND)


def test_request_ids(admin, reg, provider):
    request = reg.CreateModelRequest(model=reg.Model(name="once", **scripted(provider)), request_id="r-1")
    admin.CreateModel(request)
    fails(lambda: admin.CreateModel(request), CODE.ALREADY_EXISTS, "REQUEST_ID_USED")


# ---- update ----

def test_update_by_mask(served, admin, reg, provider):
    made = create(admin, reg, "m", **scripted(provider), description="old", labels={"a": "1"})
    got = admin.UpdateModel(reg.UpdateModelRequest(
        model=reg.Model(name="m", description="new", context_tokens=5, etag=made.etag), update_mask="description,labels"))
    assert (got.description, dict(got.labels), got.context_tokens) == ("new", {}, 0) and got.etag != made.etag
    fails(lambda: admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="m", description="x", etag=made.etag))),
          CODE.ABORTED, "ETAG_STALE")
    fails(lambda: admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="m"), update_mask="nonsense")),
          CODE.INVALID_ARGUMENT)
    renamed = admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="m"), update_mask="new_name", new_name="n"))
    assert renamed.name == "models/n" and renamed.id == made.id
    fails(lambda: admin.GetModel(reg.GetModelRequest(name="m")), CODE.NOT_FOUND)


def test_models_of_the_configuration_are_not_stored(admin, reg, provider):
    fails(lambda: admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="test", description="x"))),
          CODE.FAILED_PRECONDITION, "NOT_STORED")
    create(admin, reg, "test", **scripted(provider), description="stored")
    assert admin.GetModel(reg.GetModelRequest(name="test")).source == "api"
    admin.DeleteModel(reg.DeleteModelRequest(name="test"))
    assert admin.GetModel(reg.GetModelRequest(name="test")).source == "config"


@pytest.mark.parametrize("change", [{"base_url": "http://127.0.0.1:1/v1"}, {"auth": "none"}, {"provider": "openai"},
                                    {"headers": {"x-a": "b"}}])
def test_a_key_is_not_carried_elsewhere(admin, reg, provider, change):
    create(admin, reg, "keyed", **scripted(provider), key=KEY)
    fails(lambda: admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="keyed", **change))),
          CODE.FAILED_PRECONDITION, "KEY_NEEDED")
    if "auth" not in change:
        admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="keyed", key=KEY + "2", **change)))


# ---- delete ----

def test_delete_names_what_uses_it(served, admin, reg, provider):
    create(admin, reg, "used", **scripted(provider))
    create(admin, reg, "leaning", **scripted(provider), fallback_models=["used"])
    admin.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_TIER, subject="free", model="used"))
    failure = fails(lambda: admin.DeleteModel(reg.DeleteModelRequest(name="used")), CODE.FAILED_PRECONDITION, "MODEL_IN_USE")
    assert "tier free" in failure.message
    gone = admin.DeleteModel(reg.DeleteModelRequest(name="used", force=True))
    assert sorted(gone.references) == ["the default of tier free", "the fallbacks of model leaning"]
    fails(lambda: complete(served.api(served.admin_key), ask(model="used")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")
    assert admin.UndeleteModel(reg.UndeleteModelRequest(name="used")).name == "models/used"
    assert text_of(complete(served.api(served.admin_key), ask(model="used")).message)


# ---- whose ----

def test_roles(served, ann, reg, provider):
    for call in (lambda: create(ann.registry, reg, "global-one", **scripted(provider)),
                 lambda: ann.registry.CreateProvider(reg.CreateProviderRequest(
                     provider=reg.Provider(name="providers/p", kind="custom", base_url="http://127.0.0.1:1"))),
                 lambda: ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_REGISTRY,
                                                                                 model="test"))):
        fails(call, CODE.PERMISSION_DENIED, "ROLE_MISSING")


def test_personal_models_are_nobody_elses(served, admin, ann, reg, provider):
    own = {"provider": "custom", "model_id": "test", "base_url": provider.url + "/v1", "key": KEY}
    mine = create(ann.registry, reg, "test", personal=True, **own)
    assert mine.owner == "ann"
    assert ann.registry.GetModel(reg.GetModelRequest(name="test")).id == mine.id
    assert ann.registry.GetModel(reg.GetModelRequest(name="global/test")).source == "config"
    assert text_of(complete(ann, ask(model="test")).message)
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY
    bob = served.api(BOB)
    assert bob.registry.GetModel(reg.GetModelRequest(name="test")).source == "config"
    for api in (bob.registry, admin):
        fails(lambda: api.GetModel(reg.GetModelRequest(name=mine.id)), CODE.NOT_FOUND)
        fails(lambda: api.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name=mine.id, description="x"))),
              CODE.NOT_FOUND, "MODEL_NOT_FOUND")
        fails(lambda: api.DeleteModel(reg.DeleteModelRequest(name=mine.id)), CODE.NOT_FOUND, "MODEL_NOT_FOUND")
    fails(lambda: bob.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, model=mine.id)),
          CODE.NOT_FOUND)


@pytest.mark.parametrize("key", ["env:SLUICE_ENCRYPTION_KEYS", "env:SCRIPTED_KEY", "file:/etc/passwd"])
def test_references_are_not_for_users(ann, reg, provider, key):
    fails(lambda: create(ann.registry, reg, "x", personal=True, provider="custom", model_id="t",
                         base_url=provider.url, key=key), CODE.PERMISSION_DENIED, "REFERENCE_FORBIDDEN")


def test_references_of_administrators_are_listed(admin, reg, provider):
    fails(lambda: create(admin, reg, "x", **scripted(provider), key="env:SLUICE_ENCRYPTION_KEYS"),
          CODE.PERMISSION_DENIED, "REFERENCE_FORBIDDEN")


def test_a_personal_model_needs_its_own_key(ann, reg):
    fails(lambda: create(ann.registry, reg, "gpt-4o-mini", personal=True), CODE.INVALID_ARGUMENT)


def test_personal_models_do_not_reach_inside(start_sluice, reg, provider):
    served = start_sluice(env={"ANN_KEY": ANN}, config={"access": {"keys": [{"name": "ann", "key": "env:ANN_KEY"}]}})
    ann = served.api(ANN)
    create(ann.registry, reg, "inside", personal=True, provider="custom", model_id="t", base_url=provider.url + "/v1", key=KEY)
    failure = fails(lambda: complete(ann, ask(model="inside")), CODE.PERMISSION_DENIED, "ADDRESS_FORBIDDEN")
    assert "upstream.allowed_addresses" in failure.message and not provider.requests


# ---- defaults and conversations ----

def test_defaults_and_pins(served, admin, ann, reg, provider):
    create(admin, reg, "pro-model", **scripted(provider))
    admin.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_TIER, subject="free", model="models/pro-model"))
    ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, model="other"))
    ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_CONVERSATION, subject="c-1", model="test"))
    got = ann.registry.GetConversation(reg.GetConversationRequest(conversation_id="c-1"))
    assert got.model == "models/test" and got.updated_ms
    assert ann.registry.GetConversation(reg.GetConversationRequest(conversation_id="c-2")).model == ""
    assert complete(ann, ask(model="")).report.model == "other"
    ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, model=""))
    assert complete(ann, ask(model="")).report.model == "pro-model"
    fails(lambda: ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, model="nothing")),
          CODE.NOT_FOUND)
    fails(lambda: ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, subject="bob",
                                                                          model="test")), CODE.PERMISSION_DENIED)


# ---- providers and credentials ----

def test_a_provider_without_code(served, admin, reg, provider):
    made = admin.CreateProvider(reg.CreateProviderRequest(provider=reg.Provider(
        name="providers/house", kind="custom", base_url=provider.url + "/v1", key=KEY, title="In-house")))
    assert (made.name, made.kind, made.title, made.key_source, made.key_present) == \
        ("providers/house", "custom", "In-house", "stored", True)
    create(admin, reg, "h", provider="house", model_id="test")
    complete(served.api(served.admin_key), ask(model="h"))
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY
    listed = {p.name: p for p in admin.ListProviders(reg.ListProvidersRequest()).providers}
    assert listed["providers/house"].model_count == 1 and listed["providers/scripted"].source == "config"
    fails(lambda: admin.UpdateProvider(reg.UpdateProviderRequest(provider=reg.Provider(
        name="providers/house", base_url="http://127.0.0.1:1/v1"))), CODE.FAILED_PRECONDITION, "KEY_NEEDED")
    fails(lambda: admin.DeleteProvider(reg.DeleteProviderRequest(name="providers/house")), CODE.FAILED_PRECONDITION,
          "PROVIDER_IN_USE")
    admin.DeleteProvider(reg.DeleteProviderRequest(name="providers/house", force=True))
    fails(lambda: admin.GetProvider(reg.GetProviderRequest(name="house")), CODE.NOT_FOUND)
    fails(lambda: admin.GetModel(reg.GetModelRequest(name="h")), CODE.NOT_FOUND)


def test_credentials(served, admin, reg, provider):
    admin.CreateProvider(reg.CreateProviderRequest(provider=reg.Provider(
        name="providers/house", kind="custom", base_url=provider.url + "/v1")))
    create(admin, reg, "h", provider="house", model_id="test")
    second = admin.CreateCredential(reg.CreateCredentialRequest(credential=reg.Credential(
        provider="house", key=KEY + "-2", priority=2, title="second")))
    first = admin.CreateCredential(reg.CreateCredentialRequest(credential=reg.Credential(
        provider="house", key=KEY + "-1", priority=1)))
    assert (second.title, second.key, second.source, second.last4) == ("second", "", "stored", "YZ-2")
    api = served.api(served.admin_key)
    complete(api, ask(model="h"))
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY + "-1"
    admin.UpdateCredential(reg.UpdateCredentialRequest(credential=reg.Credential(name=first.name, enabled=False)))
    complete(api, ask(model="h"))
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY + "-2"
    admin.UpdateCredential(reg.UpdateCredentialRequest(credential=reg.Credential(name=second.name, key=KEY + "-3")))
    complete(api, ask(model="h"))
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY + "-3"
    listed = admin.ListCredentials(reg.ListCredentialsRequest(provider="house")).credentials
    assert sorted(c.name for c in listed) == sorted([first.name, second.name])
    admin.DeleteCredential(reg.DeleteCredentialRequest(name=first.name))
    assert len(admin.ListCredentials(reg.ListCredentialsRequest(provider="house")).credentials) == 1


def test_a_provider_that_only_a_model_names_is_listed(admin, reg):
    create(admin, reg, "gpt-4o-mini", key=KEY)
    listed = {p.name: p for p in admin.ListProviders(reg.ListProvidersRequest()).providers}
    assert listed["providers/openai"].model_count == 1


def test_health_of_providers(served, admin, reg, provider):
    def health():
        return admin.GetProvider(reg.GetProviderRequest(name="scripted")).health

    api = served.api(served.admin_key)
    assert health() == "unknown"
    complete(api, ask(model="test"))
    assert health() == "healthy"
    create(admin, reg, "broken", provider="scripted", model_id="error?status=503")
    fails(lambda: complete(api, ask(model="broken")), CODE.UNAVAILABLE)
    assert health() == "degraded"
    assert admin.GetModel(reg.GetModelRequest(name="test")).status.state == reg.ModelStatus.STATE_DEGRADED
    for _ in range(3):
        complete(api, ask(model="test"))
    assert health() == "healthy"


# ---- templates, catalogue ----

def test_templates(admin, reg, provider):
    names = [t.name for t in admin.ListTemplates(reg.ListTemplatesRequest()).templates]
    for name in ("openai", "azure", "anthropic", "gemini", "huggingface", "ollama", "vllm", "lmstudio", "openrouter", "deepseek",
                 "moonshot", "zhipu", "minimax", "cohere", "bedrock", "vertex", "mistral", "custom"):
        assert name in names
    made = admin.CreateModelFromTemplate(reg.CreateModelFromTemplateRequest(template="deepseek", name="ds", key=KEY))
    assert (made.provider, made.model_id, made.source) == ("deepseek", "deepseek-chat", "template")
    made = admin.CreateModelFromTemplate(reg.CreateModelFromTemplateRequest(
        template="azure", name="az", key=KEY, model_id="my-deployment", variables={"resource": "acme"}))
    assert made.base_url == "https://acme.openai.azure.com/openai/v1"
    for bad in ({"template": "azure", "name": "b", "key": KEY, "model_id": "x"},
                {"template": "azure", "name": "b", "key": KEY, "model_id": "x", "variables": {"resource": "a/b"}},
                {"template": "openai", "name": "b", "variables": {"resource": "a"}}):
        fails(lambda: admin.CreateModelFromTemplate(reg.CreateModelFromTemplateRequest(**bad)), CODE.INVALID_ARGUMENT)
    fails(lambda: admin.CreateModelFromTemplate(reg.CreateModelFromTemplateRequest(template="nope", name="x")), CODE.NOT_FOUND)


def test_catalogue_pages(admin, reg):
    token, seen = "", []
    for _ in range(100):
        page = admin.ListCatalogueModels(reg.ListCatalogueModelsRequest(provider="openai", page_size=10, page_token=token))
        seen += [m.model_id for m in page.models]
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == len(set(seen)) > 30 and "gpt-4o" in seen
    found = admin.ListCatalogueModels(reg.ListCatalogueModelsRequest(query="gpt-4o-mini", provider="openai")).models
    assert any(m.model_id == "gpt-4o-mini" and m.prices.input_price_micros_per_mtok == 150000 for m in found)
    lineups = admin.ListLineups(reg.ListLineupsRequest()).lineups
    assert len(lineups) == 2 and sum(line.is_default for line in lineups) == 1


# ---- when they were used ----

def test_last_used(served, admin, ann, reg, provider):
    before = int(time.time() * 1000)
    made = create(admin, reg, "m", **scripted(provider, key=KEY))
    create(ann.registry, reg, "mine", personal=True, provider="openai", base_url=provider.url + "/v1", key=KEY, model_id="test")

    def get(stub, name):
        return stub.GetModel(reg.GetModelRequest(name=name))
    assert not get(admin, "m").last_used_ms and not get(admin, "test").last_used_ms
    for name in ("m", "test", "mine"):
        complete(ann, ask(model=name))
        assert before <= get(ann.registry, name).last_used_ms <= int(time.time() * 1000)
    assert not get(admin, "other").last_used_ms
    admin.DiscoverModels(reg.DiscoverModelsRequest(model="other"))
    assert not get(admin, "other").last_used_ms
    now = get(admin, "m")
    assert now.etag == made.etag and now.updated_ms == made.updated_ms
    changed = admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="m", description="x")))
    assert changed.last_used_ms == now.last_used_ms
    page = admin.ListModels(reg.ListModelsRequest(order_by="last_used desc"))
    assert [m.name for m in page.models] == ["models/test", "models/m", "models/other"] or \
        page.models[0].last_used_ms == page.models[1].last_used_ms


@pytest.mark.embedded
def test_last_used_survives_a_restart(start_sluice, reg, provider):
    served = start_sluice(models={"test": "test"}, name="kept")
    create(served.api(served.admin_key).registry, reg, "m", **scripted(provider, key=KEY))
    for name in ("m", "test"):
        complete(served.api(served.admin_key), ask(model=name))
    page = served.api(served.admin_key).registry.ListModels(reg.ListModelsRequest())
    served.stop()
    again = start_sluice(models={"test": "test"}, name="kept")
    assert again.api(again.admin_key).registry.ListModels(reg.ListModelsRequest()) == page
    assert all(m.last_used_ms for m in page.models)


# ---- secrets stay secret, and survive ----

@pytest.mark.embedded
def test_the_key_is_nowhere_in_the_clear_and_survives_a_restart(start_sluice, reg, provider, tmp_path):
    served = start_sluice(models={}, name="kept")
    admin = served.api(served.admin_key).registry
    create(admin, reg, "keyed", **scripted(provider), key=KEY, headers={"x-secret": "header-" + KEY})
    complete(served.api(served.admin_key), ask(model="keyed"))
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY
    assert provider.requests[-1].headers["x-secret"] == "header-" + KEY
    served.stop()
    for path in pathlib.Path(served.data_dir).rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path
    assert KEY not in served.stderr()
    again = start_sluice(models={}, name="kept")
    complete(again.api(again.admin_key), ask(model="keyed"))
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY


@pytest.mark.embedded
def test_another_keyring_is_refused(start_sluice, reg, provider):
    served = start_sluice(models={}, name="kept")
    create(served.api(served.admin_key).registry, reg, "keyed", **scripted(provider), key=KEY)
    served.stop()
    key_file = served.data_dir / "encryption.key"
    ident = key_file.read_text().split(":")[0].splitlines()[-1]
    key_file.write_text(ident + ":" + "A" * 43 + "=\n")
    refused = start_sluice(models={}, name="kept", wait=False)
    refused.expect_exit = (1,)
    assert refused.wait(20) == 1 and ident in refused.stderr()


def test_writes_by_many_at_once_lose_nothing(served, admin, reg, provider):
    import concurrent.futures
    create(admin, reg, "counted", **scripted(provider), description="0")

    def add(_):
        for _ in range(200):
            m = admin.GetModel(reg.GetModelRequest(name="counted"))
            try:
                admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(
                    name="counted", description=str(int(m.description) + 1), etag=m.etag)))
                return
            except grpc.RpcError as error:
                assert error.code() == CODE.ABORTED
                time.sleep(0)
        raise AssertionError("never got through")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    assert admin.GetModel(reg.GetModelRequest(name="counted")).description == "24"


# ---- a database that goes back ----

@pytest.mark.embedded
def test_a_restored_backup_is_taken_up(start_sluice, reg, tmp_path):
    """What was written after the backup is gone from memory too, and what is written next is seen."""
    sluice = start_sluice(config={"data_dir": str(tmp_path / "data"), "access": {"anonymous": False}})
    admin = sluice.api(sluice.admin_key).registry

    def names():
        return {m.name for m in admin.ListModels(reg.ListModelsRequest()).models} & {"models/kept", "models/lost", "models/later"}

    create(admin, reg, "kept", provider="scripted", model_id="test")
    with contextlib.closing(sqlite3.connect(str(tmp_path / "data" / "sluice.db"), timeout=10)) as db:
        (before,) = db.execute("SELECT revision FROM registry_revision").fetchone()
    create(admin, reg, "lost", provider="scripted", model_id="test")
    admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="lost", description="twice written"), update_mask="description"))
    assert names() == {"models/kept", "models/lost"}
    follower = Follower(sluice.api(sluice.admin_key)).wait(lambda f: "lost" in f.models)
    newest = follower.revision
    with contextlib.closing(sqlite3.connect(str(tmp_path / "data" / "sluice.db"), timeout=10)) as db, db:
        db.execute("DELETE FROM models WHERE name = 'lost'")
        db.execute("UPDATE registry_revision SET revision = ?", (before,))
    sluice.wait_log(lambda line: line.get("msg") == "the database went back to an earlier state, which is in force now")
    assert names() == {"models/kept"}
    create(admin, reg, "later", provider="scripted", model_id="test")
    assert names() == {"models/kept", "models/later"}
    follower.wait(lambda f: f.snapshots == 2 and f.whole and {"kept", "later"} <= set(f.models) and "lost" not in f.models)
    again = Follower(sluice.api(sluice.admin_key), after_revision=newest).wait_whole()
    assert again.snapshots == 1 and "lost" not in again.models
