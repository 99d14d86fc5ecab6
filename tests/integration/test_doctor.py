"""Diagnose and sluice doctor: nothing wrong where nothing is, and each finding by what really causes it."""
import base64
import contextlib
import json
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import threading
import time

import grpc
import postgres as postgres_server
import postgres_store
import pytest
from env import binary, slack
from helpers import ask, complete, fails

CODE = grpc.StatusCode
ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "sk-test-planted-0123456789abcdefWXYZ"
ANN, BOB = "sk-test-caller-ann-0123456789", "sk-test-caller-bob-0123456789"
CLOSED = {"anonymous": False}


@pytest.fixture
def reg(stubs):
    return stubs.registry


@pytest.fixture
def start(start_sluice):
    """start_sluice without anonymous callers, which are a finding of their own."""
    def made(config=None, **more):
        config = dict(config or {})
        config["access"] = {**CLOSED, **config.get("access", {})}
        return start_sluice(config=config, **more)
    return made


def diagnose(served, reg, key=None, reach=True, timeout=60):
    api = served.api(key or served.admin_key).registry
    return api.Diagnose(reg.DiagnoseRequest(reach=reach), timeout=timeout)


def wrong(report, reg):
    """{code: [findings]} of what is not as it should be."""
    found = {}
    for f in report.findings:
        assert f.topic and f.code and f.message and f.level != reg.Finding.LEVEL_UNSPECIFIED
        if f.level >= reg.Finding.LEVEL_WARNING:
            assert f.remedy or "more like these" in f.message, f
            found.setdefault(f.code, []).append(f)
    return found


def only(report, reg, code):
    """The one finding, which has to be all that is wrong."""
    found = wrong(report, reg)
    assert list(found) == [code], found
    assert len(found[code]) == 1, found
    return found[code][0]


def codes(report):
    return [f.code for f in report.findings]


def create(api, reg, name, personal=False, **fields):
    return api.CreateModel(reg.CreateModelRequest(model=reg.Model(name=name, **fields), personal=personal))


def doctor(served, *args, env=None, timeout=90):
    full = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
    full.update({"SLUICE_ADDRESS": served.address, "SLUICE_API_KEY": served.admin_key, **(env or {})})
    return subprocess.run([str(binary("sluice")), "doctor", *args], env=full, text=True, capture_output=True, timeout=timeout,
                          check=False)


class Mute:
    """Takes connections and says nothing; a server that hangs."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d/v1" % self.socket.getsockname()[1]
        self.taken = threading.Event()
        self.closed = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            while True:
                peer, _ = self.socket.accept()
                self.taken.set()
                while peer.recv(65536):
                    pass
                self.closed.set()
        except OSError:
            self.closed.set()

    def close(self):
        self.socket.close()


@pytest.fixture
def mute():
    made = Mute()
    yield made
    made.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


# ---- nothing is wrong ----

def test_all_is_well(start, reg, provider):
    served = start()
    report = diagnose(served, reg)
    assert not wrong(report, reg) and report.whole
    for code in ("DEFAULT_MODEL", "MODELS", "PROVIDER_KEY", "DEPRECATIONS_NONE", "ADDRESSES", "ENDPOINT", "DATABASE", "ENCRYPTION",
                 "ACCESS"):
        assert code in codes(report), codes(report)
    topics = [f.topic for f in report.findings]
    assert topics == sorted(topics, key=topics.index), "topics are mixed"
    assert "authorization" not in provider.requests[-1].headers, "a key went along"
    complete(served.api(served.admin_key), ask(model=""))


def test_the_command_line(start, provider):
    served = start()
    done = doctor(served)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is wrong" in done.stdout and "the registry's default is test (scripted), because: set, default_model of the configuration" in done.stdout
    before = len(provider.requests)
    done = doctor(served, "--offline", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["whole"] and len(provider.requests) == before
    assert not [f for f in report["findings"] if f["topic"] == "reach"]


def test_what_to_do_without_a_service(start):
    served = start()
    nobody = doctor(served, "--address", "127.0.0.1:%d" % free_port())
    assert nobody.returncode == 3 and "to start it: sluiced" in nobody.stderr
    stranger = doctor(served, env={"SLUICE_API_KEY": "sl_0123456789ab_" + "0" * 64})
    assert stranger.returncode == 4 and "admin.key" in stranger.stderr
    assert doctor(served, "nonsense").returncode == 2


def test_the_exit_code_and_the_remedy(start):
    served = start(config={"providers": [{"id": "groq", "key": "env:NOT_SET"}], "models": [{"name": "llama", "provider": "groq"}],
                           "default_model": "llama"})
    done = doctor(served, "--offline")
    assert done.returncode == 1, done.stdout
    assert "PROVIDER_KEY_MISSING" in done.stdout and "1 error, 1 warning" in done.stdout
    assert "sluice providers update groq --provider-key-file FILE" in done.stdout


# ---- defaults, models, keys ----

def test_a_missing_key(start, reg):
    served = start(config={"providers": [{"id": "groq", "key": "env:NOT_SET"}],
                           "models": [{"name": "llama", "provider": "groq"}, {"name": "qwen", "provider": "groq"}],
                           "default_model": "llama"})
    found = wrong(diagnose(served, reg), reg)
    assert sorted(found) == ["DEFAULT_KEY_MISSING", "PROVIDER_KEY_MISSING"]
    missing = found["PROVIDER_KEY_MISSING"][0]
    assert missing.subject == "providers/groq" and "NOT_SET" in missing.message and "2 of its 2 models" in missing.message
    assert "console.groq.com" in missing.remedy
    assert found["DEFAULT_KEY_MISSING"][0].subject == "models/llama"


def test_a_model_without_its_own_key(start, reg):
    served = start(config={"providers": [{"id": "scripted", "kind": "openai", "base_url": "http://127.0.0.1:1/v1", "key": "env:SCRIPTED_KEY"}],
                           "models": [{"name": "test", "provider": "scripted", "key": "env:NOT_SET"},
                                      {"name": "good", "provider": "scripted"}], "default_model": "good"})
    finding = only(diagnose(served, reg, reach=False), reg, "MODEL_KEY_MISSING")
    assert finding.subject == "models/test" and "NOT_SET" in finding.message


def test_there_are_no_models(start, reg):
    served = start(models={}, config={"providers": [], "models": []})
    found = wrong(diagnose(served, reg), reg)
    assert sorted(found) == ["DEFAULT_NONE", "MODELS_NONE"]


def test_a_default_that_is_switched_off(start, reg):
    served = start(models={"off": {"model_id": "x", "enabled": False}})
    found = wrong(diagnose(served, reg), reg)
    assert sorted(found) == ["DEFAULT_NONE", "DEFAULT_SKIPPED"]
    assert "'off' (default_model of the configuration) is passed over: it is switched off" in found["DEFAULT_SKIPPED"][0].message


def test_a_fallback_that_leads_nowhere(start, reg):
    served = start(models={"test": {"model_id": "x", "fallback_models": ["other", "nobody/knows-this"]}, "other": "y"})
    finding = only(diagnose(served, reg), reg, "FALLBACK_UNKNOWN")
    assert "nobody/knows-this" in finding.message and finding.subject == "models/test"


def test_defaults_that_are_not_for_them(start, reg, stubs):
    served = start(models={"test": "test", "vip": {"model_id": "v", "tiers": ["pro"]}})
    api, access = served.api(served.admin_key), stubs.access
    for tier in ("pro", "free"):
        api.access.CreateTier(access.CreateTierRequest(tier=access.Tier(name=tier)))
    made = api.access.CreateUser(access.CreateUserRequest(user=access.User(name="ann", tier="pro"), with_key=True))
    ann = served.api(made.key)
    ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, model="vip"))
    assert not wrong(diagnose(served, reg), reg)
    api.access.UpdateUser(access.UpdateUserRequest(user=access.User(name="ann", tier="free"), update_mask="tier"))
    finding = only(diagnose(served, reg), reg, "DEFAULT_SKIPPED")
    assert finding.subject == "users/ann" and "--user ann" in finding.remedy
    own = only(diagnose(served, reg, made.key), reg, "DEFAULT_SKIPPED")
    assert "vip" in own.message and own.remedy == "sluice models default NAME --user me"


def test_a_tier_that_allows_nothing(start, reg, stubs):
    served = start()
    api, access = served.api(served.admin_key), stubs.access
    api.access.CreateTier(access.CreateTierRequest(tier=access.Tier(name="shut", models=["nothing-*"])))
    finding = only(diagnose(served, reg), reg, "TIER_EMPTY")
    assert finding.subject == "tiers/shut" and "sluice tiers update shut" in finding.remedy


# ---- the end of models ----

def test_a_retired_default(start, reg):
    served = start(models={"old": {"model_id": "old-1", "retirement_date": "2020-01-31", "successor": "test"}, "test": "test"})
    found = wrong(diagnose(served, reg), reg)
    assert sorted(found) == ["DEFAULT_UNUSABLE", "MODEL_RETIRED"], found
    retired = found["MODEL_RETIRED"][0]
    assert "since 2020-01-31" in retired.message and "its successor is test" in retired.message
    assert "the registry's default" in retired.message


def test_deprecated_models_and_what_names_them(start, reg, provider):
    served = start()
    api = served.api(served.admin_key).registry
    soon = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 40 * 86400))
    later = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 400 * 86400))
    create(api, reg, "going", provider="scripted", model_id="test", retirement_date=soon, successor="test")
    create(api, reg, "staying", provider="scripted", model_id="test", retirement_date=later)
    create(api, reg, "leaning", provider="scripted", model_id="test", fallback_models=["going"])
    api.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_CONVERSATION, subject="c-7", model="going"))
    report = diagnose(served, reg)
    finding = only(report, reg, "MODEL_DEPRECATED")
    assert finding.subject == "models/going" and soon in finding.message and "days" in finding.message
    assert "conversation c-7" in finding.message and "the fallbacks of leaning" in finding.message
    assert finding.remedy == "sluice models upgrade going --apply"
    assert [f.subject for f in report.findings if f.code == "MODEL_RETIRES_LATER"] == ["models/staying"]


def test_a_retired_model_whose_successor_answers(start, reg):
    served = start(models={"test": "test", "old": {"model_id": "o", "retirement_date": "2020-01-31", "successor": "test"}},
                   config={"registry": {"retired_models": "redirect"}})
    assert only(diagnose(served, reg), reg, "MODEL_REDIRECTED").subject == "models/old"


# ---- addresses ----

def test_stored_addresses_of_proxies(start, reg):
    served = start()
    api = served.api(served.admin_key).registry
    create(api, reg, "left", provider="openai", model_id="gpt-x", base_url="http://litellm-proxy:4000/v1", key=KEY)
    create(api, reg, "inside", provider="openai", model_id="gpt-x", base_url="http://172.17.0.1:8000/v1", key=KEY)
    create(api, reg, "llama", provider="ollama", model_id="llama3", base_url="http://127.0.0.1:11434")
    found = wrong(diagnose(served, reg, reach=False), reg)
    assert sorted(found) == ["ADDRESS_INSIDE", "ADDRESS_IS_PROXY"], found
    proxy = found["ADDRESS_IS_PROXY"][0]
    assert proxy.subject == "models/left" and "http://litellm-proxy:4000" in proxy.message
    assert "--base-url https://api.openai.com/v1" in proxy.remedy
    assert found["ADDRESS_INSIDE"][0].subject == "models/inside"


def test_a_proxy_in_the_environment(start, reg):
    served = start(env={"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://localhost:4000/v1"})
    found = wrong(diagnose(served, reg, reach=False), reg)
    assert found["ADDRESS_IS_PROXY"][0].subject == "providers/openai"
    assert "OPENAI_BASE_URL" in found["ADDRESS_IS_PROXY"][0].remedy


def test_addresses_that_do_not_answer(start, reg, provider):
    gone = "http://127.0.0.1:%d/v1" % free_port()
    served = start(config={"providers": [{"id": "good", "kind": "custom", "base_url": provider.url + "/v1"},
                                         {"id": "bad", "kind": "custom", "base_url": gone}],
                           "models": [{"name": "test", "provider": "good"}, {"name": "a", "provider": "bad"},
                                      {"name": "b", "provider": "bad"}]})
    report = diagnose(served, reg)
    finding = only(report, reg, "ENDPOINT_UNREACHABLE")
    assert gone[:-3] in finding.message and "2 models" in finding.message and finding.subject == "models/a"
    assert codes(report).count("ENDPOINT") == 1
    assert not [r for r in provider.requests if r.method != "GET"]


def test_a_server_that_hangs_costs_its_limit(start, reg, mute):
    served = start(config={"providers": [{"id": "scripted", "kind": "custom", "base_url": mute.url}], "models": [
        {"name": "test", "provider": "scripted"}]})
    started = time.monotonic()
    finding = only(diagnose(served, reg, timeout=slack(4, 12)), reg, "ENDPOINT_UNREACHABLE")
    assert mute.taken.is_set() and time.monotonic() - started < slack(4, 12), "the caller's deadline was not kept"
    assert "cannot be reached" in finding.message


def test_who_goes_away_stops_it(start, reg, mute):
    served = start(config={"providers": [{"id": "scripted", "kind": "custom", "base_url": mute.url}], "models": [
        {"name": "test", "provider": "scripted"}]})
    call = served.api(served.admin_key).registry.Diagnose.future(reg.DiagnoseRequest(reach=True), timeout=60)
    assert mute.taken.wait(slack(10, 40))
    started = time.monotonic()
    call.cancel()
    assert mute.closed.wait(slack(3, 20)) and time.monotonic() - started < slack(3, 20), "it went on"
    served.wait_log(lambda line: line.get("method", "").endswith("/Diagnose") and line.get("status") == "CANCELLED")


# ---- who sees what ----

@pytest.fixture
def shared(start, provider):
    return start(env={"ANN_KEY": ANN, "BOB_KEY": BOB}, config={"access": {"keys": [
        {"name": "ann", "key": "env:ANN_KEY"}, {"name": "bob", "key": "env:BOB_KEY"}]}})


def test_users_see_what_is_theirs(shared, reg, provider):
    ann, bob = shared.api(ANN).registry, shared.api(BOB).registry
    create(ann, reg, "hers", personal=True, provider="custom", model_id="t", base_url=provider.url + "/v1", key=KEY)
    before = len(provider.requests)
    mine = diagnose(shared, reg, ANN)
    finding = only(mine, reg, "ENDPOINT_FORBIDDEN")
    assert not mine.whole and finding.subject == "models/hers" and "upstream.allowed_addresses" in finding.message + finding.remedy
    assert len(provider.requests) == before + 1, "the guarded address was asked"
    others = diagnose(shared, reg, BOB)
    assert not wrong(others, reg) and "hers" not in str(others)
    assert not {f.topic for f in others.findings} & {"database", "encryption", "access", "references"}
    whole = diagnose(shared, reg)
    assert only(whole, reg, "ENDPOINT_FORBIDDEN").subject == "users/ann/models/hers"
    assert KEY not in str(whole) + str(mine)
    fails(lambda: bob.Diagnose(reg.DiagnoseRequest(), timeout=10, metadata=[("sluice-user", "ann")]), CODE.PERMISSION_DENIED)


def test_users_are_told_whom_to_ask(start, reg):
    served = start(env={"ANN_KEY": ANN}, config={
        "providers": [{"id": "groq", "key": "env:NOT_SET"}], "models": [{"name": "llama", "provider": "groq"}],
        "default_model": "llama", "access": {"keys": [{"name": "ann", "key": "env:ANN_KEY"}]}})
    found = wrong(diagnose(served, reg, ANN), reg)
    assert all(f.remedy.startswith("an administrator can: ") for f in found["PROVIDER_KEY_MISSING"] + found["DEFAULT_KEY_MISSING"])


# ---- references, encryption, access ----

def test_a_file_that_cannot_be_read(start, reg, tmp_path):
    path = tmp_path / "key"
    config = {"providers": [{"id": "groq", "key": "file:%s" % path}], "models": [{"name": "llama", "provider": "groq"}],
              "default_model": "llama"}
    path.write_text(KEY)
    served = start(config=config)
    report = diagnose(served, reg, reach=False)
    assert not wrong(report, reg) and "REFERENCES" in codes(report)
    path.unlink()
    finding = only(diagnose(served, reg, reach=False), reg, "REFERENCE_UNREADABLE")
    assert str(path) in finding.message and "stays in use" in finding.message and KEY not in finding.message
    found = wrong(diagnose(start(config=config), reg, reach=False), reg)
    assert sorted(found) == ["DEFAULT_KEY_MISSING", "PROVIDER_KEY_MISSING", "REFERENCE_UNREADABLE"]
    assert "stays in use" not in found["REFERENCE_UNREADABLE"][0].message


@pytest.mark.embedded
def test_files_that_are_open_to_others(start, reg):
    served = start()
    for name, code in (("encryption.key", "KEY_FILE_OPEN"), ("admin.key", "ADMIN_KEY_FILE_OPEN")):
        path = served.data_dir / name
        path.chmod(0o644)
        assert only(diagnose(served, reg), reg, code).subject == str(path)
        path.chmod(0o600)
    assert not wrong(diagnose(served, reg), reg)
    (served.data_dir / "encryption.key").rename(served.data_dir / "elsewhere")
    assert only(diagnose(served, reg), reg, "KEY_FILE_GONE")


def keyring(*names):
    return ",".join("%s:%s" % (n, base64.b64encode(n.encode().ljust(32, b".")).decode()) for n in names)


@pytest.mark.embedded
def test_secrets_under_a_former_key(start, reg, provider):
    served = start(name="kept", env={"SLUICE_ENCRYPTION_KEYS": keyring("k1")})
    create(served.api(served.admin_key).registry, reg, "keyed", provider="scripted", model_id="test", key=KEY)
    report = diagnose(served, reg)
    assert not wrong(report, reg) and "current key k1" in str(report)
    served.stop()
    served = start(name="kept", env={"SLUICE_ENCRYPTION_KEYS": keyring("k2", "k1")})
    finding = only(diagnose(served, reg), reg, "FORMER_KEYS")
    assert finding.remedy == "sluiced rotate-keys" and finding.message.startswith("1 of 1")


def test_settings_that_let_people_in(start_sluice, reg):
    served = start_sluice(config={"access": {"anonymous": True}})
    finding = only(diagnose(served, reg), reg, "ANONYMOUS_ACCESS")
    assert finding.subject == "access.anonymous"
    served.reload({**served.config, "access": {"anonymous": False}})
    assert not wrong(diagnose(served, reg), reg)


def test_keys_in_the_clear_beyond_this_machine(start, reg):
    served = start(config={"server": {"listen": ["127.0.0.1:0", "0.0.0.0:0"]}})
    finding = only(diagnose(served, reg), reg, "TLS_OFF")
    assert "0.0.0.0:0" in finding.message


# ---- the database ----

@pytest.mark.embedded
def test_the_databases_file_is_gone(start, reg):
    served = start()
    (served.data_dir / "sluice.db").rename(served.data_dir / "moved.db")
    assert "sluice.db" in only(diagnose(served, reg), reg, "DATABASE_FILE_GONE").message


@pytest.mark.skipif(not postgres_server.wanted(), reason="SLUICE_TEST_POSTGRES names no server")
@pytest.mark.skipif(postgres_store.wanted(), reason="brings its own server")
def test_postgresql_goes_away(server, start_sluice, tmp_path, reg):
    cluster = postgres_server.Cluster(server, start_sluice, tmp_path)
    key = cluster.bootstrap()
    served = cluster.replica(models={"test": "test"}, store={"url": cluster.url, "connect_timeout": "2s"})
    report = diagnose(served, reg, key)
    assert not wrong(report, reg), wrong(report, reg)
    assert "postgresql answers" in str(report)
    server.stop()
    try:
        served.wait_log(lambda line: line.get("msg", "").startswith("the database is away"), 30)
        finding = only(diagnose(served, reg, key), reg, "DATABASE_AWAY")
        assert "since 20" in finding.message and "start PostgreSQL" in finding.remedy
    finally:
        server.start()
    served.wait_log(lambda line: line.get("msg") == "the database is back", 60)
    assert not wrong(diagnose(served, reg, key), reg)


# ---- what only a hand in the database brings about ----

class Database:
    """The embedded store's file, beside the service that runs on it."""

    def __init__(self, served):
        self.path = served.data_dir / "sluice.db"

    def run(self, *statements):
        with contextlib.closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            for sql in statements:
                db.execute(sql)

    def change(self, sql):
        """A change that services take up."""
        self.run(sql, "UPDATE registry_revision SET revision = revision + 1")


@pytest.mark.embedded
def test_a_change_that_cannot_be_taken_up(start, reg, stubs):
    served = start()
    api, access = served.api(served.admin_key), stubs.access
    api.access.CreateTier(access.CreateTierRequest(tier=access.Tier(name="pro")))
    Database(served).change("UPDATE tiers SET rights = '{', revision = (SELECT revision + 1 FROM registry_revision)")
    finding = only(diagnose(served, reg), reg, "SNAPSHOT_BEHIND")
    assert "pro" in finding.message or "rights" in finding.message, finding


@pytest.mark.embedded
def test_a_model_whose_provider_is_gone(start, reg):
    served = start(name="kept")
    create(served.api(served.admin_key).registry, reg, "lost", provider="scripted", model_id="test")
    served.stop()
    Database(served).run("UPDATE models SET provider = 'nobody'")
    finding = only(diagnose(start(name="kept"), reg), reg, "MODEL_UNUSABLE")
    assert finding.subject == "models/lost" and "sluice models delete lost" in finding.remedy


@pytest.mark.embedded
def test_secrets_that_nothing_opens(start, reg):
    served = start()
    create(served.api(served.admin_key).registry, reg, "keyed", provider="scripted", model_id="test", key=KEY)
    Database(served).run("UPDATE credentials SET secret = x'01026b39%s'" % ("00" * 60))
    finding = only(diagnose(served, reg), reg, "SEALING_KEY_UNKNOWN")
    assert finding.message.startswith("1 stored secret")


@pytest.mark.embedded
def test_a_keyring_that_is_not_the_databases(start, reg):
    served = start()
    diagnose(served, reg)
    Database(served).run("UPDATE meta SET value = 'AAAA' WHERE name = 'encryption_check'")
    assert only(diagnose(served, reg), reg, "CHECK_VALUE_WRONG")


# ---- many ----

def test_more_addresses_than_are_tried(start, reg):
    """Two hundred ports where nobody listens, and more."""
    many = 230
    served = start(config={"providers": [{"id": "p%d" % i, "kind": "custom", "base_url": "http://127.0.0.1:%d" % (i + 1)}
                                         for i in range(many)],
                           "models": [{"name": "m%d" % i, "provider": "p%d" % i} for i in range(many)], "default_model": "m0"})
    started = time.monotonic()
    report = diagnose(served, reg)
    assert time.monotonic() - started < slack(20, 60)
    found = wrong(report, reg)
    assert set(found) <= {"ENDPOINT_UNREACHABLE", "ENDPOINT_FAILING"}
    assert len(found["ENDPOINT_UNREACHABLE"]) == 51 and found["ENDPOINT_UNREACHABLE"][-1].message.endswith("more like these")
    skipped = [f.message for f in report.findings if f.code == "ENDPOINTS_SKIPPED"]
    assert skipped == ["30 addresses or models more were not tried"]


def test_a_gateway_without_its_server(start, reg, provider):
    provider.default("error", status=503)
    assert only(diagnose(start(), reg), reg, "ENDPOINT_FAILING").message.count("HTTP 503") == 1


# ---- what it says to run ----

def advised():
    """(command, verb) of every `sluice COMMAND VERB` in the remedies and on the page that explains them."""
    folder = ROOT / "service" / "api" / "diagnose"
    texts = [re.sub(r'"\s*\n\s*"', "", path.read_text()) for path in sorted(folder.glob("*.c"))]
    texts.append((ROOT / "service" / "docs" / "troubleshooting.md").read_text())
    return sorted({found for text in texts for found in re.findall(r"\bsluice ([a-z-]+) ([a-z]+)", text)})


def test_the_commands_that_it_names_exist():
    commands = advised()
    assert ("models", "default") in commands and ("tiers", "update") in commands
    for command, verb in commands:
        help_text = subprocess.run([str(binary("sluice")), "help", command], capture_output=True, text=True, timeout=30,
                                   check=True).stdout
        assert re.search(r"^  %s\b" % re.escape(verb), help_text, re.MULTILINE), "sluice %s has no %s" % (command, verb)


def test_a_model_that_its_provider_no_longer_lists(start, reg, provider):
    ids = ["test", "b", "c"]
    provider.lists_models = False
    provider.default(lambda x: x.json({"data": [{"id": i} for i in ids]}))
    served = start()
    admin = served.api(served.admin_key).registry
    admin.ListOutdatedModels(reg.ListOutdatedModelsRequest(refresh=True), timeout=30)
    assert not wrong(diagnose(served, reg), reg)
    ids.remove("test")
    admin.ListOutdatedModels(reg.ListOutdatedModelsRequest(refresh=True), timeout=30)
    finding = only(diagnose(served, reg), reg, "MODEL_GONE")
    assert finding.subject == "models/test" and time.strftime("%Y-", time.gmtime()) in finding.message
