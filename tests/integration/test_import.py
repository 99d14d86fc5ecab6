"""Importing other programs' configurations: dry run, storing, again, undo; what is refused; seeding."""
import pathlib

import grpc
import pytest
from helpers import fails

CODE = grpc.StatusCode
DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "import"
ANN = "sk-test-caller-ann-0123456789"
BACKEND = "sk-test-caller-backend-0123456789"
FILES = ["litellm.yaml", "configmap.yaml", "model_config.json", "llm_models.json", "providers.env", "deepseek.env"]


@pytest.fixture
def served(start_sluice):
    return start_sluice(models={"test": "test"}, env={
        "ANN_KEY": ANN, "BACKEND_KEY": BACKEND, "MY_GEMINI_KEY": "sk-test-service-gemini-0001", "OTHER_SECRET": "sk-test-service-other-00001",
    }, config={
        "access": {"anonymous": False, "keys": [
            {"name": "ann", "key": "env:ANN_KEY", "tier": "free"},
            {"name": "backend", "key": "env:BACKEND_KEY", "scopes": ["complete", "models", "admin", "act_as"],
             "roles": ["admin"]}]},
        "secrets": {"references": ["env:MY_GEMINI_KEY"]}})


@pytest.fixture
def admin(served):
    return served.api(served.admin_key).registry


@pytest.fixture
def ann(served):
    return served.api(ANN).registry


@pytest.fixture
def pb(stubs):
    return stubs.registry


def request(pb, name="", text=None, **fields):
    content = text.encode() if text is not None else (DATA / name).read_bytes()
    return pb.ImportModelsRequest(files=[pb.ImportFile(name=name or "x", content=content)], **fields)


def actions(reply, pb):
    names = pb.Change.Action.Name
    return sorted({names(c.action)[7:] for c in reply.changes})


def everything(api, reg):
    """What the registry shows of models, providers and defaults, without etags."""
    models = api.ListModels(reg.ListModelsRequest(page_size=1000)).models
    for m in models:
        m.etag = ""
    return [m.SerializeToString(deterministic=True) for m in models]


@pytest.mark.parametrize("name", FILES)
def test_import_again_and_undo(served, admin, pb, stubs, name):
    reg = stubs.registry
    before = everything(admin, reg)
    dry = admin.ImportModels(request(pb, name))
    assert not dry.run_id and "CREATE" in actions(dry, pb)
    assert everything(admin, reg) == before
    done = admin.ImportModels(request(pb, name, apply=True))
    assert len(done.run_id) == 36 and done.revision
    assert [(c.kind, c.name, c.action) for c in done.changes] == [(c.kind, c.name, c.action) for c in dry.changes]
    assert everything(admin, reg) != before
    again = admin.ImportModels(request(pb, name, apply=True))
    assert actions(again, pb) == ["KEEP"] and not again.run_id
    assert "sk-test" not in str(done)
    admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id))
    assert everything(admin, reg) == before
    runs = admin.ListImports(pb.ListImportsRequest()).runs
    assert [(r.run_id, r.kind, r.source, bool(r.undone_ms)) for r in runs] == [(done.run_id, "import", name, True)]
    fails(lambda: admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id)), CODE.FAILED_PRECONDITION)


def test_undo_refuses_what_was_changed_since(admin, pb, stubs):
    reg = stubs.registry
    done = admin.ImportModels(request(pb, "model_config.json", apply=True))
    admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="gpt-4o", description="mine"), update_mask="description"))
    fails(lambda: admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id)), CODE.FAILED_PRECONDITION, "CHANGED_SINCE")
    dry = admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id, dry_run=True))
    assert list(dry.changed_since) == ["models/gpt-4o"]
    assert admin.GetModel(reg.GetModelRequest(name="gpt-4o")).description == "mine"
    admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id, force=True))
    names = [m.name for m in admin.ListModels(reg.ListModelsRequest()).models if m.source.startswith("import")]
    assert names == []


def test_references_only_where_they_are_allowed(admin, ann, pb):
    text = ("model_list:\n- model_name: a\n  litellm_params: {model: gemini/gemini-2.5-pro, api_key: os.environ/%s}\n")
    allowed = admin.ImportModels(request(pb, text=text % "MY_GEMINI_KEY"))
    assert "key: env:MY_GEMINI_KEY" in allowed.changes[0].differences
    for name in ("OTHER_SECRET", "SLUICE_ENCRYPTION_KEYS", "NOT_SET_ANYWHERE"):
        refused = admin.ImportModels(request(pb, text=text % name))
        assert not [d for d in refused.changes[0].differences if d.startswith("key")]
        assert any("the key is not stored" in n.message for n in refused.notes)
        assert "sk-test-service" not in str(refused)
    given = admin.ImportModels(request(pb, text=text % "OTHER_SECRET", environment={"OTHER_SECRET": "sk-test-given-000000009876"}))
    assert "key: ...9876" in given.changes[0].differences
    personal = ann.ImportModels(request(pb, text=text % "MY_GEMINI_KEY", personal=True))
    assert not personal.changes and any(n.level == pb.ImportNote.LEVEL_ERROR for n in personal.notes)
    own = ann.ImportModels(request(pb, text=text % "MY_GEMINI_KEY", personal=True, apply=True,
                                   environment={"MY_GEMINI_KEY": "sk-test-given-000000001234"}))
    assert "key: ...1234" in own.changes[0].differences and own.run_id


def test_an_address_is_not_read_from_any_variable(admin, pb):
    text = ("model_list:\n- model_name: a\n  litellm_params: {model: openai/x, api_base: os.environ/%s}\n")
    for name in ("OTHER_SECRET", "SLUICE_ENCRYPTION_KEYS", "PATH"):
        reply = admin.ImportModels(request(pb, text=text % name))
        assert not reply.changes and any("is not known here" in n.message for n in reply.notes)


def test_global_imports_and_runs_are_not_for_users(admin, ann, pb, stubs):
    reg = stubs.registry
    fails(lambda: ann.ImportModels(request(pb, "model_config.json", apply=True)), CODE.PERMISSION_DENIED, "ROLE_MISSING")
    fails(lambda: ann.SeedModels(pb.SeedModelsRequest()), CODE.PERMISSION_DENIED, "ROLE_MISSING")
    run = admin.ImportModels(request(pb, "model_config.json", apply=True)).run_id
    assert not ann.ListImports(pb.ListImportsRequest()).runs
    with pytest.raises(grpc.RpcError) as refused:
        ann.UndoImport(pb.UndoImportRequest(run_id=run, force=True))
    assert refused.value.code() in (CODE.PERMISSION_DENIED, CODE.NOT_FOUND)
    own = ann.ImportModels(request(pb, "llm_models.json", personal=True, apply=True))
    assert own.run_id and [r.run_id for r in ann.ListImports(pb.ListImportsRequest()).runs] == [own.run_id]
    made = ann.GetModel(reg.GetModelRequest(name="models/house"))
    assert (made.source, list(made.allowed_tiers), made.key_last4) == ("import:" + own.run_id, [], "0001")
    fails(lambda: admin.GetModel(reg.GetModelRequest(name="models/house")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")
    ann.UndoImport(pb.UndoImportRequest(run_id=own.run_id))
    fails(lambda: ann.GetModel(reg.GetModelRequest(name="models/house")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")


def test_nobody_imports_as_another_user(served, admin, ann, pb, stubs):
    reg, bob = stubs.registry, [("sluice-user", "bob")]
    backend = served.api(BACKEND).registry
    fails(lambda: ann.ImportModels(request(pb, "llm_models.json", personal=True, apply=True), metadata=bob),
          CODE.PERMISSION_DENIED, "ACT_AS_FORBIDDEN")
    # who may act for a user is that user, and no administrator meanwhile
    fails(lambda: backend.ImportModels(request(pb, "llm_models.json", apply=True), metadata=bob), CODE.PERMISSION_DENIED,
          "ROLE_MISSING")
    own = backend.ImportModels(request(pb, "llm_models.json", personal=True, apply=True), metadata=bob)
    assert own.run_id and not [c for c in own.changes if c.kind in ("tier", "provider")]
    assert backend.GetModel(reg.GetModelRequest(name="models/house"), metadata=bob).key_last4 == "0001"
    for other in (ann, admin, backend):
        fails(lambda api=other: api.GetModel(reg.GetModelRequest(name="models/house")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")
    assert not ann.ListImports(pb.ListImportsRequest()).runs
    fails(lambda: ann.UndoImport(pb.UndoImportRequest(run_id=own.run_id, force=True)), CODE.NOT_FOUND, "NOT_FOUND")
    backend.UndoImport(pb.UndoImportRequest(run_id=own.run_id), metadata=bob)


def test_missing_tiers_are_made_and_taken_back(served, admin, pb, stubs):
    access, tiers = served.api(served.admin_key).access, stubs.access
    before = {t.name for t in access.ListTiers(tiers.ListTiersRequest()).tiers}
    done = admin.ImportModels(request(pb, "llm_models.json", apply=True))
    made = {c.name for c in done.changes if c.kind == "tier"}
    assert made == {"free", "pro", "enterprise"}
    now = {t.name: t for t in access.ListTiers(tiers.ListTiersRequest()).tiers}
    assert set(now) == before | {"tiers/" + name for name in made}
    for name in made:
        t = now["tiers/" + name]
        assert (list(t.models), list(t.tasks), list(t.rpcs), t.rank) == ([], [], [], 0)
        assert t.limits == tiers.TierLimits()
    admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id))
    assert {t.name for t in access.ListTiers(tiers.ListTiersRequest()).tiers} == before


def test_a_report_from_an_entry_on(admin, pb):
    whole = admin.ImportModels(request(pb, "litellm.yaml"))
    entries = len(whole.changes) + len(whole.notes)
    assert (whole.created, whole.updated, whole.kept, whole.report_left) == (len(whole.changes), 0, 0, 0)
    for start in (1, len(whole.changes), len(whole.changes) + 2, entries, entries + 5):
        part = admin.ImportModels(request(pb, "litellm.yaml", report_from=start))
        assert list(part.changes) == list(whole.changes)[start:]
        assert list(part.notes) == list(whole.notes)[max(start - len(whole.changes), 0):]
        assert (part.created, part.report_left) == (whole.created, 0)
    for wrong in ({"report_from": -1}, {"report_from": 1, "apply": True}):
        fails(lambda fields=wrong: admin.ImportModels(request(pb, "litellm.yaml", **fields)), CODE.INVALID_ARGUMENT)


@pytest.mark.parametrize("text, error", [
    ("model_list:\n\t- x", "bad.yaml:2: "),
    ("{{- if .Values.x }}\nmodel_list: []", "render it first"),
    ("a: 1\na: 2", "bad.yaml:2: the key 'a' is already in line 1"),
])
def test_bad_files_are_refused_with_their_line(admin, pb, text, error):
    bad = pb.ImportModelsRequest(files=[pb.ImportFile(name="bad.yaml", content=text.encode())],
                                 format=pb.ImportModelsRequest.FORMAT_LITELLM)
    with pytest.raises(grpc.RpcError) as refused:
        admin.ImportModels(bad)
    assert refused.value.code() == CODE.INVALID_ARGUMENT and error in refused.value.details()


def test_seed_is_idempotent_and_can_be_taken_back(start_sluice, pb, stubs):
    served = start_sluice(models={"test": "test"}, env={"OPENAI_API_KEY": "sk-test-openai-00000000001"})
    admin, reg = served.api(served.admin_key).registry, stubs.registry
    dry = admin.SeedModels(pb.SeedModelsRequest(dry_run=True))
    assert dry.changes and not dry.run_id and dry.notes
    done = admin.SeedModels(pb.SeedModelsRequest())
    seeded = [m for m in admin.ListModels(reg.ListModelsRequest(page_size=1000)).models if m.source == "seed"]
    assert seeded and {m.provider_kind for m in seeded} == {"openai"}
    again = admin.SeedModels(pb.SeedModelsRequest())
    assert not again.run_id and actions(again, pb) == ["KEEP"]
    admin.UndoImport(pb.UndoImportRequest(run_id=done.run_id))
    assert not [m for m in admin.ListModels(reg.ListModelsRequest(page_size=1000)).models if m.source == "seed"]
    fails(lambda: admin.SeedModels(pb.SeedModelsRequest(lineup="none-such")), CODE.NOT_FOUND, "NOT_FOUND")
