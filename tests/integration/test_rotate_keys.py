"""sluiced rotate-keys: beside a service, interrupted at any point, twice at once; then the former key can go."""
import fcntl
import json
import os
import pty
import re
import resource
import signal
import stat
import subprocess
import time
import urllib.parse

import grpc
import postgres_store
import pytest
from env import slack
from helpers import ask, complete, fails
from stored import Store

MODELS = 150  # each with a key; the import that stores them keeps another copy for its undo
SECRETS = 2 * MODELS
KEY = "sk-test-rotated-%04d"
PIPE = 4096   # bytes, the smallest there is: a command whose output nobody reads comes to a stop


@pytest.fixture
def store(start_sluice, tmp_path):
    return Store(start_sluice, tmp_path)


def import_models(service, pb, provider, keys):
    """Models m0, m1, ... with these keys, by one import, which keeps what it changed; gives its reply."""
    entries = [{"model_name": "m%d" % i, "litellm_params": {"model": "openai/test", "api_base": provider.url + "/v1",
                                                            "api_key": key}} for i, key in enumerate(keys)]
    file = pb.ImportFile(name="config.yaml", content=json.dumps({"model_list": entries}).encode())
    done = service.api(service.admin_key).registry.ImportModels(pb.ImportModelsRequest(files=[file], apply=True))
    assert done.run_id, done
    return done


def fill(service, pb, provider, models=MODELS):
    import_models(service, pb, provider, [KEY % i for i in range(models)])


def counts(store, *keys):
    """What a dry run says: {key id: secrets}."""
    done = store.run("rotate-keys", "--dry-run", keys=keys, check=0)
    return {name: int(n) for name, n in re.findall(r"^(\S+) +(\d+) secrets?\b", done.stdout, re.MULTILINE)
            if not name.isdigit()}


def expect_keys(service, provider, numbers):
    api = service.api(service.admin_key)
    for i in numbers:
        complete(api, ask(model="m%d" % i))
        assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY % i


class Interrupted:
    """rotate-keys, one secret at a time, halted after `lines` lines of progress (and the few that the pipe holds)."""

    def __init__(self, store, lines, *args, keys=()):
        self.process = store.open("rotate-keys", "--batch", "1", *args, keys=keys)
        fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
        self.seen = b""
        while self.seen.count(b"resealed") < lines:
            some = os.read(self.process.stdout.fileno(), 1)
            assert some, self.process.communicate()
            self.seen += some

    def end(self, how):
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, (self.seen + out).decode(), err.decode()


# ---- beside a service ----

def test_beside_a_service(store, provider, stubs):
    reg = stubs.registry
    first = store.start("k1")
    admin = first.api(first.admin_key).registry
    admin.CreateProvider(reg.CreateProviderRequest(provider=reg.Provider(
        name="box", kind="custom", base_url=provider.url + "/v1", headers={"x-box": KEY % 901}, key=KEY % 902)))
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(name="boxed", provider="box", model_id="test")))
    admin.CreateModel(reg.CreateModelRequest(model=reg.Model(
        name="inherits", provider="scripted", model_id="test", key=KEY % 903, headers={"x-own": KEY % 904})))
    fill(first, stubs.registry, provider, 20)
    etag = admin.GetModel(reg.GetModelRequest(name="inherits")).etag
    first.stop()

    def check(service):
        api = service.api(service.admin_key)
        complete(api, ask(model="boxed"))
        assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY % 902
        assert provider.requests[-1].headers["x-box"] == KEY % 901
        complete(api, ask(model="inherits"))
        assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY % 903
        assert provider.requests[-1].headers["x-own"] == KEY % 904
        expect_keys(service, provider, range(20))

    both = store.start("k2", "k1")
    check(both)
    done = store.run("rotate-keys", keys=("k2", "k1"), check=0)
    assert "under 'k2'" in done.stdout and "no secret needs 'k1' any more" in done.stdout
    assert done.stderr == ""
    check(both)
    api = both.api(both.admin_key).registry
    assert api.GetModel(reg.GetModelRequest(name="inherits")).etag == etag
    api.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="inherits", etag=etag, description="still the same"),
                                           update_mask="description"))
    check(both)
    both.stop()
    after = store.start("k2")
    check(after)
    assert counts(store, "k2").keys() == {"k2"}
    refused = store.start("k1", wait=False)
    refused.expect_exit = (1,)
    assert refused.wait(30) == 1 and "'k2'" in refused.stderr()


def test_replicas_get_a_new_key_one_by_one(store, provider, stubs):
    """The steps of service/docs/store.md: whatever one replica stores, the other can use, at any moment of the rollout."""
    reg = stubs.registry
    count = [0]

    def check(*services):
        for writer in services:
            name = "m%d" % count[0]
            key = KEY % count[0]
            count[0] += 1
            writer.api(writer.admin_key).registry.CreateModel(reg.CreateModelRequest(model=reg.Model(
                name=name, provider="scripted", model_id="test", key=key)))
            for reader in services:
                api = reader.api(reader.admin_key)
                deadline = time.monotonic() + slack(10, 40)
                while True:
                    try:
                        complete(api, ask(model=name))
                        break
                    except grpc.RpcError as error:  # it has not heard of the model yet
                        assert error.code() == grpc.StatusCode.NOT_FOUND and time.monotonic() < deadline, error
                assert provider.requests[-1].headers["authorization"] == "Bearer " + key
        for service in services:
            expect_keys(service, provider, range(count[0]))

    a, b = store.start("k1"), store.start("k1")
    check(a, b)
    for keys in (("k1", "k2"), ("k2", "k1"), ("k2",)):
        if keys == ("k2",):
            assert "no secret needs 'k1' any more" in store.run("rotate-keys", keys=("k2", "k1"), check=0).stdout
            check(a, b)
        a.stop()
        a = store.start(*keys)
        check(a, b)
        b.stop()
        b = store.start(*keys)
        check(a, b)
    assert counts(store, "k2").keys() == {"k2"}


def test_an_import_is_undone_after_a_rotation(store, provider, stubs):
    """What the import keeps of the keys it replaced comes under the new key, too."""
    reg = stubs.registry
    first = store.start("k1")
    fill(first, reg, provider, 2)
    again = import_models(first, reg, provider, ["sk-test-other-%04d" % i for i in range(2)])
    first.stop()
    store.run("rotate-keys", keys=("k2", "k1"), check=0)
    after = store.start("k2")
    after.api(after.admin_key).registry.UndoImport(reg.UndoImportRequest(run_id=again.run_id))
    expect_keys(after, provider, range(2))


def test_a_dry_run_changes_nothing(store, provider, stubs):
    first = store.start("k1")
    fill(first, stubs.registry, provider, 10)
    assert counts(store, "k2", "k1") == {"k2": 0, "k1": 20}
    assert counts(store, "k2") == {"k2": 0, "k1": 20}
    first.stop()
    expect_keys(store.start("k1"), provider, range(3))


def test_what_it_says(store):
    assert "Usage: sluiced rotate-keys" in store.run("rotate-keys", "--help", check=0).stdout
    for wrong in (["--batch", "0"], ["--batch"], ["--batch=many"], ["--no-such-flag"]):
        assert wrong[0].split("=")[0] in store.run("rotate-keys", *wrong, check=78).stderr
    assert "rotate-keys" in store.run("--help", check=0).stdout
    assert "encryption.keys" in store.run("rotate-keys", "--new-key", keys=("k1",), check=78).stderr


# ---- interrupted ----

@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_interrupted_again_and_again(store, provider, stubs, how):
    first = store.start("k1")
    fill(first, stubs.registry, provider)
    first.stop()
    left = SECRETS
    for lines in (1, 17, 2):
        code, out, err = Interrupted(store, lines, keys=("k2", "k1")).end(how)
        assert code == (-how if how == signal.SIGKILL else 1), err
        assert "run it again" in err if how == signal.SIGINT else "no secret needs" not in out
        now = counts(store, "k2", "k1")
        assert now["k1"] + now["k2"] == SECRETS and left - now["k1"] >= lines and now["k1"] > 0
        left = now["k1"]
        # as it is now, with both keys, all is there
        if lines == 17:
            both = store.start("k2", "k1")
            expect_keys(both, provider, range(0, MODELS, 10))
            both.stop()
        if left < 120:
            break
    done = store.run("rotate-keys", keys=("k2", "k1"), check=0)
    assert "resealed %d secrets" % left in done.stdout
    expect_keys(store.start("k2"), provider, range(MODELS))


@pytest.mark.embedded
@pytest.mark.parametrize("keys, args", [(("k2", "k1"), ()), ((), ("--new-key",))])
def test_killed_at_any_write(store, provider, stubs, keys, args):
    """The kernel kills it (SIGXFSZ) at the write that would make a file longer than so much: at one after the other."""
    def limit(size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    first = store.start(*keys[1:])
    fill(first, stubs.registry, provider, 60)
    first.stop()
    deaths = 0
    for size in range(40 * 1024, 8000 * 1024, 20 * 1024):
        process = store.open("rotate-keys", "--batch", "5", *args, keys=keys, preexec_fn=limit(size))
        _, err = process.communicate(timeout=60)
        now = counts(store, *keys)
        assert sum(now.values()) == 120, now
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGXFSZ, err
        deaths += 1
    assert process.returncode == 0 and deaths >= 3
    assert list(now.values())[0] == 120  # all under the current key
    if not keys:
        assert len(now) == len(key_file(store)) == 1
    expect_keys(store.start(*keys[:1]), provider, range(60))


def test_killed_before_the_last_step(store, provider, stubs):
    """All is sealed anew, and the store still asks for the former key: another run makes an end of it."""
    first = store.start("k1")
    fill(first, stubs.registry, provider, 2)
    first.stop()
    store.run("rotate-keys", keys=("k2", "k1"), check=0)
    store.start("k1", "k2").stop()  # k1 may be in use again
    early = store.run("rotate-keys", keys=("k2",), check=1)
    assert "'k1'" in early.stderr
    done = store.run("rotate-keys", keys=("k2", "k1"), check=0)
    assert "resealed 0 secrets" in done.stdout
    expect_keys(store.start("k2"), provider, range(2))


@pytest.mark.skipif(not postgres_store.wanted(), reason="of PostgreSQL")
def test_the_database_goes_away(store, provider, stubs):
    first = store.start("k1")
    fill(first, stubs.registry, provider)
    first.stop()
    rotation = Interrupted(store, 3, keys=("k2", "k1"))
    name = urllib.parse.urlsplit(store.config["store"]["url"]).path[1:]

    def administrator(*statements):
        subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", os.environ["SLUICE_TEST_POSTGRES"],
                        *(word for each in statements for word in ("-c", each))], check=True, capture_output=True, timeout=60)

    administrator("ALTER DATABASE %s ALLOW_CONNECTIONS false" % name,
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'" % name)
    try:
        code, _, err = rotation.end(0)
        assert code == 1 and "run it again" in err and "database" in err
    finally:
        administrator("ALTER DATABASE %s ALLOW_CONNECTIONS true" % name)
    left = counts(store, "k2", "k1")["k1"]
    assert 0 < left < SECRETS
    assert "resealed %d secrets" % left in store.run("rotate-keys", keys=("k2", "k1"), check=0).stdout
    expect_keys(store.start("k2"), provider, range(0, MODELS, 10))


def test_progress_on_a_terminal(store, provider, stubs):
    """One line, written over."""
    first = store.start("k1")
    fill(first, stubs.registry, provider, 5)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(store.arguments("rotate-keys", "--batch", "2"), env=store.environment(("k2", "k1")),
                               stdout=theirs, stderr=subprocess.PIPE, cwd=store.folder)
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # the other end was closed
            break
    os.close(ours)
    assert process.wait(60) == 0, process.stderr.read()
    process.stderr.close()
    assert shown.count(b"\rresealed ") >= 5 and b"\rresealed 10 of 10\r\nresealed 10 secrets under 'k2'\r\n" in shown


def test_two_at_once(store, provider, stubs):
    first = store.start("k1")
    fill(first, stubs.registry, provider, 60)
    both = [store.open("rotate-keys", "--batch", "1", keys=("k2", "k1"), text=True) for _ in range(2)]
    answers = [each.communicate(timeout=120) for each in both]
    # what one of both finds done by the other is no error; the last step is one's alone
    assert {each.returncode for each in both} <= {0, 1}, answers
    assert sum(int(re.search(r"resealed (\d+) secrets? under", out).group(1)) for out, _ in answers) == 120
    for each, (_, err) in zip(both, answers):
        assert each.returncode == 0 or "run it again" in err
    store.run("rotate-keys", keys=("k2", "k1"), check=0)
    first.stop()
    expect_keys(store.start("k2"), provider, range(60))


# ---- what cannot be opened ----

def test_what_nothing_opens_is_named(store, provider, stubs):
    first = store.start("k1")
    fill(first, stubs.registry, provider, 5)
    first.stop()
    broken = store.sql("SELECT credential FROM models WHERE name = 'm3'")
    store.sql("UPDATE credentials SET binding = 'https://elsewhere.example:443' WHERE id = '%s'" % broken)
    done = store.run("rotate-keys", keys=("k2", "k1"), check=1)
    assert "credentials " + broken in done.stderr and "could not be opened" in done.stderr
    assert "resealed 9 secrets under 'k2'" in done.stdout and "'k1' has to stay: 1 secret" in done.stdout
    assert "sk-test" not in done.stdout + done.stderr
    service = store.start("k2", "k1")
    expect_keys(service, provider, (0, 1, 2, 4))
    fails(lambda: complete(service.api(service.admin_key), ask(model="m3")), grpc.StatusCode.FAILED_PRECONDITION)
    # entered again, it is sealed under the current key
    reg = stubs.registry
    service.api(service.admin_key).registry.UpdateModel(reg.UpdateModelRequest(
        model=reg.Model(name="m3", key=KEY % 3), update_mask="key"))
    store.sql("DELETE FROM credentials WHERE id = '%s'" % broken)
    service.stop()
    done = store.run("rotate-keys", keys=("k2", "k1"), check=0)
    assert "no secret needs 'k1' any more" in done.stdout
    expect_keys(store.start("k2"), provider, range(5))


# ---- the key file of the embedded store ----

def key_file(store):
    path = store.data / "encryption.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return re.findall(r"^(local-[0-9a-f]{8}):", path.read_text(), re.MULTILINE)


@pytest.mark.embedded
def test_a_new_key_in_the_file(store, provider, stubs):
    service = store.start()
    fill(service, stubs.registry, provider, 5)
    former = key_file(store)
    refused = store.run("rotate-keys", "--new-key", check=1)
    assert "a service runs on" in refused.stderr and key_file(store) == former
    service.stop()
    done = store.run("rotate-keys", "--new-key", check=0)
    assert "made a new key" in done.stdout and "took '%s' out of" % former[0] in done.stdout
    now = key_file(store)
    assert len(now) == 1 and now != former
    assert not list(store.data.glob("encryption.key?*"))
    expect_keys(store.start(), provider, range(5))


@pytest.mark.embedded
def test_a_new_key_in_the_file_interrupted(store, provider, stubs):
    service = store.start()
    fill(service, stubs.registry, provider)
    former = key_file(store)
    service.stop()
    rotation = Interrupted(store, 3, "--new-key")
    early = store.start(wait=False)  # whoever would seal under the former key does not start
    early.expect_exit = (1,)
    assert early.wait(30) == 1 and "rotate-keys" in early.stderr()
    assert rotation.end(signal.SIGKILL)[0] == -signal.SIGKILL
    both = key_file(store)
    assert len(both) == 2 and both[1:] == former
    # with both keys in the file it serves, and secrets can be sealed anew beside it; the file is its own
    service = store.start()
    expect_keys(service, provider, range(0, MODELS, 10))
    done = store.run("rotate-keys", check=0)
    assert "run this once more when no service runs" in done.stdout and key_file(store) == both
    expect_keys(service, provider, range(0, MODELS, 10))
    service.stop()
    done = store.run("rotate-keys", "--new-key", check=0)
    assert "holds a new key already" in done.stdout and "took '%s' out of" % former[0] in done.stdout
    assert key_file(store) == both[:1]
    expect_keys(store.start(), provider, range(MODELS))


@pytest.mark.embedded
def test_a_new_key_for_an_empty_store(store):
    assert "no secrets" in store.run("rotate-keys", "--dry-run", check=0).stdout
    assert not (store.data / "encryption.key").exists()
    store.run("rotate-keys", "--new-key", check=0)
    assert len(key_file(store)) == 1
