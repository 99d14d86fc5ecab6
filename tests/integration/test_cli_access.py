"""sluice whoami, users, keys, tiers, audit and prefs, against the real service; the administrator's key is found in the data
directory."""
import json
import os
import subprocess

import pytest

import env as environment


@pytest.fixture
def served(start_sluice):
    return start_sluice(models={"test": "test", "other": "other"}, config={"access": {"anonymous": False}})


@pytest.fixture
def sluice_cli(served):
    program = environment.binary("sluice")
    if not program:
        pytest.skip("bin/sluice is not built")

    def run(*args, key=None, code=0):
        full = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        full.update(SLUICE_ADDRESS=served.address, SLUICE_DATA_DIR=str(served.data_dir), LC_ALL="C.UTF-8", TZ="UTC")
        if key:
            full["SLUICE_API_KEY"] = key
        done = subprocess.run([str(program), *args], env=full, text=True, capture_output=True, timeout=environment.slack(30, 120))
        assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        return done

    return run


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_whoami(sluice_cli):
    out = sluice_cli("whoami").stdout
    assert "admin" in out and "user, admin" in out and "api_key" in out and "test" in out
    assert lines(sluice_cli("whoami", "--json"))[0]["name"] == "admin"
    sluice_cli("whoami", "me", code=2)


def test_whoami_without_a_key(served, sluice_cli, tmp_path):
    done = sluice_cli("whoami", "--data-dir", str(tmp_path), code=4)
    assert "no key was sent" in done.stderr
    assert "admin" in sluice_cli("whoami", "--data-dir", str(served.data_dir)).stdout


def test_users(sluice_cli):
    sluice_cli("tiers", "create", "pro", "--rank", "2")
    made = sluice_cli("users", "create", "ann", "--tier", "pro", "--model", "other", "--title", "Ann")
    key = made.stdout.strip()
    assert key.startswith("sl_") and "\n" not in key
    assert "made the user ann in the tier pro, whose default model is other" in made.stderr and "once" in made.stderr
    assert sluice_cli("users", "create", "bob", "--no-key", "--role", "auditor", "--quiet").stdout == ""
    table = sluice_cli("users").stdout.splitlines()
    assert table[0].split() == ["NAME", "TIER", "ROLES", "STATE", "TITLE", "CREATED"]
    assert [row.split()[0] for row in table[1:]] == ["admin", "ann", "bob"]
    assert sluice_cli("users", "list", "--names").stdout == "admin\nann\nbob\n"
    assert {u["name"] for u in lines(sluice_cli("users", "list", "--json"))} == {"users/admin", "users/ann", "users/bob"}
    shown = sluice_cli("users", "show", "ann").stdout
    assert "pro" in shown and "other" in shown
    assert "disabled" in sluice_cli("users", "update", "ann", "--disable", "--title", "").stdout
    sluice_cli("whoami", key=key, code=4)
    sluice_cli("users", "update", "ann", "--enable")
    assert "ann" in sluice_cli("whoami", key=key).stdout
    assert "deleted the user ann" in sluice_cli("users", "delete", "ann").stderr
    assert "ann" in sluice_cli("users", "show", "ann", code=5).stderr
    assert "LAST_ADMIN" in sluice_cli("users", "delete", "admin", code=1).stderr
    assert "--tier" in sluice_cli("users", "update", "bob", code=2).stderr
    failure = lines(sluice_cli("users", "create", "a b", "--json", code=1))[0]["error"]
    assert failure["code"] == "INVALID_ARGUMENT" and failure["reason"] == "INVALID_REQUEST"


def test_a_user_asks_with_the_new_key(sluice_cli):
    key = sluice_cli("users", "create", "ann", "--model", "test").stdout.strip()
    assert sluice_cli("chat", "Say hello.", key=key).stdout
    assert "ROLE_MISSING" in sluice_cli("users", key=key, code=4).stderr


def test_keys(sluice_cli):
    sluice_cli("users", "create", "ann", "--no-key", "--quiet")
    made = sluice_cli("keys", "create", "laptop", "--user", "ann", "--scope", "complete", "--expires", "30d")
    key = made.stdout.strip()
    identity = key.split("_")[1]
    assert "made the key %s of ann" % identity in made.stderr
    row = sluice_cli("keys", "list", "--user", "ann").stdout.splitlines()[1].split()
    assert row[:5] == [identity, "ann", "laptop", "complete", "valid"]
    assert len(sluice_cli("keys", "list", "--all", "--names").stdout.splitlines()) == 2
    assert "revoked the key" in sluice_cli("keys", "revoke", identity).stderr
    assert "revoked" in sluice_cli("keys", "list", "--user", "ann").stdout
    sluice_cli("whoami", key=key, code=4)
    assert "--expires" in sluice_cli("keys", "create", "--expires", "soon", code=2).stderr
    sluice_cli("keys", "revoke", "nothing", code=5)
    own = lines(sluice_cli("keys", "create", "--json"))[0]
    assert own["key"].startswith("sl_") and own["apiKey"]["user"] == "admin"


def test_tiers(sluice_cli):
    made = sluice_cli("tiers", "create", "pro", "--title", "Pro", "--allow-model", "gpt-*", "--allow-model", "test", "--allow-rpc",
                      "Completion/*", "--requests-per-minute", "60", "--monthly-cost", "12.5", "--rank", "3").stdout
    assert "gpt-*" in made and "$12.5 a month" in made and "Completion/*" in made
    table = sluice_cli("tiers").stdout.splitlines()
    assert table[1].split()[:2] == ["pro", "3"] and "12.5" in table[1]
    assert "gpt-*" not in sluice_cli("tiers", "update", "pro", "--allow-model", "").stdout
    assert lines(sluice_cli("tiers", "show", "pro", "--json"))[0]["limits"]["monthlyCostNanos"] == "12500000000"
    sluice_cli("users", "create", "ann", "--tier", "pro", "--quiet")
    assert "TIER_IN_USE" in sluice_cli("tiers", "delete", "pro", code=1).stderr
    sluice_cli("users", "delete", "ann")
    assert "deleted the tier pro" in sluice_cli("tiers", "delete", "pro").stderr
    assert "fits no RPC" in sluice_cli("tiers", "create", "x", "--allow-rpc", "Completion/Nope", code=1).stderr


def test_audit(sluice_cli):
    sluice_cli("users", "create", "ann", "--quiet")
    table = sluice_cli("audit").stdout
    assert "users ann" in table and "admin" in table
    assert len(lines(sluice_cli("audit", "list", "--json", "--limit", "1"))) == 1
    found = lines(sluice_cli("audit", "list", "--json", "--filter", "resource = users AND resource_name = ann"))
    assert [e["action"] for e in found] == ["insert"]
    assert "intact: " in sluice_cli("audit", "verify").stdout
    assert "at character" in sluice_cli("audit", "--filter", "colour = red", code=1).stderr


def test_prefs(sluice_cli):
    shown = sluice_cli("prefs", "set", "--task-model", "code=other", "--favourite", "test", "--priority", "speed", "--cost-ceiling",
                       "0.05").stdout
    assert "code = other" in shown and "speed" in shown and "at most $0.05 for 1000 tokens" in shown
    assert sluice_cli("prefs").stdout == shown
    cleared = lines(sluice_cli("prefs", "set", "--task-model", "", "--priority", "none", "--json"))[0]
    assert "taskModels" not in cleared and "priority" not in cleared and cleared["favouriteModels"] == ["test"]
    assert [line.split("  ")[0] for line in sluice_cli("models", "list").stdout.splitlines()[1:]] == ["test *", "other"]
    sluice_cli("prefs", "set", "--hide", "other", "--task-model", "code=test")
    assert sluice_cli("models", "list", "--names").stdout.split() == ["test"]
    assert sluice_cli("models", "list", "--names", "--all").stdout.split() == ["test", "other"]
    assert "default of the user for code" in sluice_cli("models", "resolve", "--for-task", "code").stdout
    assert "default of the user for code" in sluice_cli("chat", "-v", "--for-task", "code", "hello").stderr
    sluice_cli("prefs", "set", code=2)
    sluice_cli("prefs", "set", "--task-model", "code", code=2)
