"""Keys that are given to Sluice in every way there is, used, and sealed anew, are found nowhere: not in the data folder while
it runs nor after, not in the database's dump, not in a log, a reply, an error or a metric; and with a user goes all that is
the user's."""
import base64
import http.client
import json
import os
import pathlib
import pwd
import re
import secrets
import sqlite3
import subprocess
import tempfile

import grpc
import pytest
from env import REPO, binary
from helpers import ask, complete, stream
from sluiced import Sluiced, base_config
from stored import Store

CODE = grpc.StatusCode
ANN = "sk-test-caller-ann-0123456789"


class Planted:
    """Keys, and every form in which one of them would be found."""

    def __init__(self):
        self.keys = {}

    def __call__(self, place, prefix="sk-test-"):
        return self.keys.setdefault(place, prefix + secrets.token_hex(24))

    @staticmethod
    def forms(key):
        core = key[-48:].encode()
        yield from (core[:20], core[20:40])  # also where it was cut
        yield core.hex().encode()
        yield core.hex().upper().encode()
        for skip in range(3):  # wherever it begins in what was encoded
            yield base64.b64encode(core[skip:][:33])[:44]
            yield base64.urlsafe_b64encode(core[skip:][:33])[:44]

    def assert_nowhere_in(self, data, where):
        data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
        for place, key in self.keys.items():
            for form in self.forms(key):
                assert form not in data, "the key of %s is in %s: %r" % (place, where, form)


def test_the_search_finds_keys():
    """What it is worth: each form of a key is found wherever it begins."""
    planted = Planted()
    key = planted("it").encode()
    for text in (key, key[:40], b"x" + key.hex().encode(), key.hex().upper().encode(), b"ab%sc" % key,
                 *(base64.b64encode(b"x" * n + key) for n in range(5)), base64.urlsafe_b64encode(b"Bearer " + key)):
        with pytest.raises(AssertionError):
            planted.assert_nowhere_in(b"before" + text + b"behind", "a test")
    planted.assert_nowhere_in(b"nothing", "a test")


@pytest.fixture
def planted():
    return Planted()


@pytest.fixture
def store(start_sluice, tmp_path):
    return Store(start_sluice, tmp_path, config={
        "access": {"anonymous": False, "keys": [{"name": "ann", "key": "env:ANN_KEY"}]},
        "upstream": {"allowed_addresses": ["127.0.0.0/8"]}})


class Told:
    """Everything that a client hears."""

    def __init__(self):
        self.parts = []

    def call(self, method, request, code=None):
        try:
            reply = method(request, timeout=60)
            replies = [reply] if hasattr(reply, "SerializeToString") else list(reply)
            assert code is None, "it succeeded"
            self.parts += [each.SerializeToString() for each in replies]
            return replies[0] if replies else None
        except grpc.RpcError as error:
            assert code is not None and error.code() in code, (error.code(), error.details())
            self.parts.append((error.details() or "").encode())
            self.parts += [value if isinstance(value, bytes) else value.encode()
                           for _, value in error.trailing_metadata() or ()]
            return None

    def bytes(self):
        return b"\n".join(self.parts)


def plant(service, provider, pb, planted, told):
    """In every place; gives (model, caller, key) of what has to work."""
    url = provider.url + "/v1"
    admin, ann = service.api(service.admin_key).registry, service.api(ANN).registry
    mine = {"provider": "scripted", "model_id": "test"}
    told.call(admin.CreateModel, pb.CreateModelRequest(model=pb.Model(
        name="own", key=planted("a model"), headers={"x-planted": planted("a model's header", "")}, **mine)))
    told.call(admin.CreateProvider, pb.CreateProviderRequest(provider=pb.Provider(
        name="house", kind="custom", base_url=url, key=planted("a provider"),
        headers={"x-planted": planted("a provider's header", "")})))
    told.call(admin.CreateModel, pb.CreateModelRequest(model=pb.Model(name="h", provider="house", model_id="test")))
    told.call(admin.CreateProvider, pb.CreateProviderRequest(provider=pb.Provider(name="spare", kind="custom", base_url=url)))
    told.call(admin.CreateCredential, pb.CreateCredentialRequest(credential=pb.Credential(
        provider="spare", key=planted("a credential"))))
    told.call(admin.CreateModel, pb.CreateModelRequest(model=pb.Model(name="s", provider="spare", model_id="test")))
    told.call(ann.CreateModel, pb.CreateModelRequest(personal=True, model=pb.Model(
        name="personal", base_url=url, key=planted("a personal model"),
        headers={"x-planted": planted("a personal header", "")}, **mine)))
    told.call(admin.CreateModelFromTemplate, pb.CreateModelFromTemplateRequest(
        template="deepseek", name="template", key=planted("a template")))
    entries = [{"model_name": "imported", "litellm_params": {"model": "openai/test", "api_base": url,
                                                             "api_key": planted("an import")}},
               {"model_name": "referred", "litellm_params": {"model": "openai/test", "api_base": url,
                                                             "api_key": "os.environ/PLANTED"}}]
    told.call(admin.ImportModels, pb.ImportModelsRequest(
        files=[pb.ImportFile(name="c.yaml", content=json.dumps({"model_list": entries}).encode())],
        environment={"PLANTED": planted("an import's environment")}, apply=True))
    # replaced, refused and only tried keys are keys as well
    told.call(admin.UpdateModel, pb.UpdateModelRequest(model=pb.Model(name="own", key=planted("a second key")),
                                                       update_mask="key"))
    told.call(admin.CreateModel, pb.CreateModelRequest(validate_only=True, model=pb.Model(
        name="dry", key=planted("a dry run"), **mine)))
    told.call(admin.CreateModel, pb.CreateModelRequest(model=pb.Model(
        name="own", key=planted("a name that is taken"), **mine)), {CODE.ALREADY_EXISTS})
    told.call(admin.CreateModel, pb.CreateModelRequest(model=pb.Model(
        name="a b", key=planted("a bad name"), headers={"a b": planted("a bad header", "")}, **mine)), {CODE.INVALID_ARGUMENT})
    told.call(admin.CreateModel, pb.CreateModelRequest(model=pb.Model(
        name="lines", key="one\n" + planted("a key of two lines"), **mine)), {CODE.INVALID_ARGUMENT})
    told.call(ann.CreateModel, pb.CreateModelRequest(personal=True, model=pb.Model(
        name="f", base_url=url, key="file:/" + planted("a reference", ""), **mine)),
        {CODE.PERMISSION_DENIED, CODE.INVALID_ARGUMENT, CODE.FAILED_PRECONDITION})
    told.call(admin.ImportModels, pb.ImportModelsRequest(
        files=[pb.ImportFile(name="x.env", content=b"OPENAI_API_KEY=" + planted("a dry import").encode())]))
    told.call(admin.TestModel, pb.TestModelRequest(model=pb.Model(name="tried", key=planted("a test"), **mine)))
    return [("own", service.admin_key, "a second key"), ("h", service.admin_key, "a provider"),
            ("s", service.admin_key, "a credential"), ("personal", ANN, "a personal model"),
            ("imported", service.admin_key, "an import"), ("referred", service.admin_key, "an import's environment"),
            ("configured", service.admin_key, "the environment")]


def use(service, provider, works, planted, told):
    for model, caller, place in works:
        told.parts.append(complete(service.api(caller), ask(model=model)).SerializeToString())
        assert provider.requests[-1].headers["authorization"] == "Bearer " + planted(place)
    headers = {"own": "a model's header", "h": "a provider's header", "personal": "a personal header"}
    for model, caller, _ in works[:4]:
        stream(service.api(caller), ask(model=model))
        if model in headers:
            assert provider.requests[-1].headers["x-planted"] == planted(headers[model])


def fail(service, provider, works, planted, told, pb):
    """The provider repeats the key that it got, and the header."""
    for model, caller, place in works:
        api = service.api(caller)
        for status in (400, 401, 500):
            for text in (planted(place), "x" * 590 + planted(place), "(Bearer %s)" % planted(place)):
                provider.script("test", "error", status=status, message=text)
                told.call(api.completion.Complete, ask(model=model), set(CODE) - {CODE.OK})
                provider.script("test", "error", status=status, text=text)
                told.call(api.completion.StreamComplete, ask(model=model), set(CODE) - {CODE.OK})
        provider.script("test", "error", status=401, message="no: " + planted(place))
        told.call(api.registry.TestModel, pb.TestModelRequest(name=model))
    provider.script("test", "text")


def look(service, pb, access, told):
    """All that can be read."""
    for caller in (service.admin_key, ANN):
        api = service.api(caller)
        told.call(api.registry.ListModels, pb.ListModelsRequest(page_size=1000))
        told.call(api.registry.ListProviders, pb.ListProvidersRequest())
    api = service.api(service.admin_key)
    told.call(api.registry.ListCredentials, pb.ListCredentialsRequest())
    told.call(api.registry.ListImports, pb.ListImportsRequest())
    told.call(api.access.ListAuditEvents, access.ListAuditEventsRequest(page_size=1000))


def metrics(service):
    connection = http.client.HTTPConnection(service.metrics_address, timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read()
    connection.close()
    return text


def search_the_disk(folder, planted, when):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "admin.key" for path in files)
    for path in files:
        planted.assert_nowhere_in(path.read_bytes(), "%s %s" % (path, when))


def dump(store):
    if store.embedded:
        with sqlite3.connect(store.data / "sluice.db") as db:
            text = "\n".join(db.iterdump())
        db.close()
        return text
    return subprocess.run(["pg_dump", "--inserts", store.config["store"]["url"]], check=True, capture_output=True,
                          timeout=120).stdout


def test_planted_keys_are_found_nowhere(store, provider, stubs, planted):
    pb, told = stubs.registry, Told()
    config = {"models": [{"name": "configured", "provider": "planted", "model_id": "test"}],
              "providers": [{"id": "scripted", "kind": "openai", "base_url": provider.url + "/v1"},
                            {"id": "planted", "kind": "openai", "base_url": provider.url + "/v1", "key": "env:PLANTED_KEY",
                             "headers": {"x-planted": "env:PLANTED_HEADER"}}],
              "default_model": "configured"}
    env = {"ANN_KEY": ANN, "PLANTED_KEY": planted("the environment"), "PLANTED_HEADER": planted("a configured header", "")}
    logs = []

    def start(*keys):
        service = store.start(*keys, env=env, **config)
        logs.append(service)
        return service

    first = start("k1")
    works = plant(first, provider, pb, planted, told)
    use(first, provider, works, planted, told)
    fail(first, provider, works, planted, told, pb)
    look(first, pb, stubs.access, told)
    planted.assert_nowhere_in(metrics(first), "the metrics")
    search_the_disk(store.data, planted, "while it runs")
    first.stop()
    search_the_disk(store.data, planted, "after it")
    second = start("k2", "k1")
    use(second, provider, works, planted, told)
    done = store.run("rotate-keys", "--batch", "2", keys=("k2", "k1"), check=0, env=env)
    planted.assert_nowhere_in(done.stdout + done.stderr, "what rotate-keys says")
    search_the_disk(store.data, planted, "while it runs after the rotation")
    use(second, provider, works, planted, told)
    second.stop()
    third = start("k2")
    use(third, provider, works, planted, told)
    look(third, pb, stubs.access, told)
    planted.assert_nowhere_in(metrics(third), "the metrics")
    search_the_disk(store.data, planted, "at the end")
    third.stop()
    planted.assert_nowhere_in(dump(store), "the dump")
    for service in logs:
        assert service.stderr()
        planted.assert_nowhere_in(service.stderr(), "the log")
    assert len(told.parts) > 100
    planted.assert_nowhere_in(told.bytes(), "what clients hear")
    assert len(planted.keys) >= 20


# ---- a user's end ----

def test_with_a_user_goes_all_that_is_the_users(store, provider, stubs, planted):
    pb, access, told = stubs.registry, stubs.access, Told()
    service = store.start("k1", env={"ANN_KEY": ANN})
    admin = service.api(service.admin_key)
    made = admin.access.CreateUser(access.CreateUserRequest(user=access.User(name="eve"), with_key=True))
    eve = service.api(made.key)
    told.call(eve.registry.CreateModel, pb.CreateModelRequest(personal=True, model=pb.Model(
        name="mine", provider="scripted", model_id="test", base_url=provider.url + "/v1", key=planted("eve"),
        headers={"x-own": planted("eve's header", "")})))
    entry = {"model_name": "carried", "litellm_params": {"model": "openai/test", "api_base": provider.url + "/v1",
                                                         "api_key": planted("eve's import")}}
    told.call(eve.registry.ImportModels, pb.ImportModelsRequest(
        files=[pb.ImportFile(name="c.yaml", content=json.dumps({"model_list": [entry]}).encode())], apply=True, personal=True))
    complete(eve, ask(model="mine"))
    owned = [(table, "owner") for table in ("models", "credentials", "api_keys", "model_defaults", "conversations",
                                            "preferences", "import_runs", "import_changes")]
    count = {table: int(store.sql("SELECT count(*) FROM %s WHERE %s = '%s'" % (table, owner, made.user.id)))
             for table, owner in owned}
    assert count["models"] == 2 and count["credentials"] == 2 and count["api_keys"] == 1 and count["import_changes"] >= 2
    sealed = []
    if store.embedded:
        with sqlite3.connect(store.data / "sluice.db") as db:
            sealed = [row[0] for row in db.execute(
                "SELECT secret FROM credentials WHERE owner = ?1 UNION SELECT headers_secret FROM models WHERE owner = ?1 "
                "AND length(headers_secret) > 0", (made.user.id,))]
        db.close()
        assert len(sealed) == 3
    admin.access.DeleteUser(access.DeleteUserRequest(name="eve"))
    for table, owner in owned:
        assert store.sql("SELECT count(*) FROM %s WHERE %s = '%s'" % (table, owner, made.user.id)) == "0", table
    service.stop()
    for path in store.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [each for each in sealed if each in content], path
        assert made.key.encode() not in content


# ---- the process ----

@pytest.fixture
def unprivileged(build):
    """(folder, preexec, uid) of a service that does not run as root, for whom alone the kernel makes a difference."""
    if os.geteuid():
        with tempfile.TemporaryDirectory(prefix="sluice-process-") as name:
            yield pathlib.Path(name), None, os.geteuid()
        return
    user = pwd.getpwnam("nobody")
    may = subprocess.run([str(binary("sluiced")), "--version"], user=user.pw_uid, group=user.pw_gid, cwd="/",
                         capture_output=True, check=False) if os.stat(REPO).st_mode & 0o5 == 0o5 else None
    if not may or may.returncode:
        pytest.skip("the user nobody may not run the build")

    def become():
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    with tempfile.TemporaryDirectory(prefix="sluice-process-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        os.chown(folder, user.pw_uid, user.pw_gid)
        yield folder, become, user.pw_uid


def test_nobody_looks_into_the_process(unprivileged):
    """It leaves no core, and its memory belongs to root alone (prctl(2), PR_SET_DUMPABLE; proc(5))."""
    folder, become, uid = unprivileged
    service = Sluiced(folder, base_config(folder / "data"), preexec=become)
    try:
        service.wait_listening()
        shown = pathlib.Path("/proc/%d" % service.pid)
        assert shown.stat().st_uid == uid
        assert {(shown / name).stat().st_uid for name in ("mem", "environ", "maps", "auxv")} == {0}
        limits = (shown / "limits").read_text()
        assert re.search(r"^Max core file size +0 +0 +bytes", limits, re.MULTILINE), limits
    finally:
        service.stop()
