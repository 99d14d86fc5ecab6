"""Planted keys are found nowhere: not in the log, not in an error, not in the data folder, not in what the process shows."""
import base64
import resource
import subprocess

import grpc
import pytest
from env import binary
from helpers import ask, complete, fails, stream

PROVIDER = "sk-test-planted-4f9a1c7e2b8d6053"
CALLER = "planted-caller-key-71c2e9"
RING = base64.b64encode(b"planted ring of thirty-two bytes").decode()
PLANTED = (PROVIDER, PROVIDER[8:], CALLER, RING)


def assert_nowhere(text, where):
    for secret in PLANTED:
        assert secret not in text, "%s is in %s" % (secret[:8], where)


@pytest.fixture
def sluice(start_sluice, provider):
    return start_sluice(env={"PLANTED_KEY": PROVIDER, "CALLER_KEY": CALLER, "SLUICE_ENCRYPTION_KEYS": "k1:" + RING},
                        config={"log": {"level": "debug"},
                                "access": {"anonymous": False, "keys": [{"name": "team", "key": "env:CALLER_KEY"}]},
                                "providers": [{"id": "planted", "kind": "custom", "base_url": provider.url, "key": "env:PLANTED_KEY"}],
                                "models": [{"name": "planted", "provider": "planted", "model_id": "test"}], "default_model": "planted"})


def test_a_provider_that_tells_the_key(sluice, provider):
    api = sluice.api(CALLER)
    complete(api, ask(model="planted"))
    assert provider.requests[-1].headers["authorization"] == "Bearer " + PROVIDER
    for behaviour, code in (({"status": 401, "type": "invalid_request_error", "code": "invalid_api_key"}, grpc.StatusCode.FAILED_PRECONDITION),
                            ({"status": 400}, grpc.StatusCode.INVALID_ARGUMENT), ({"status": 500}, grpc.StatusCode.UNAVAILABLE)):
        for text in ("Incorrect API key provided: %s." % PROVIDER, PROVIDER, "(Bearer %s)" % PROVIDER, "x" * 600 + PROVIDER):
            for call in (complete, stream):
                provider.script("test", "error", message=text, **behaviour)
                failure = fails(lambda: call(api, ask(model="planted")), code)
                assert_nowhere(str(failure) + failure.message, "the error")
    sluice.stop()
    assert_nowhere(sluice.stderr(), "the log")


def test_nothing_lies_on_the_disk(sluice):
    complete(sluice.api(CALLER), ask(model="planted"))
    files = [path for path in sluice.data_dir.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for secret in PLANTED:
            assert secret.encode() not in content, path
    sluice.stop()
    for path in sluice.data_dir.rglob("*"):
        if path.is_file():
            for secret in PLANTED:
                assert secret.encode() not in path.read_bytes(), path


def test_the_process_leaves_no_core(sluice):
    assert resource.prlimit(sluice.pid, resource.RLIMIT_CORE) == (0, 0)


@pytest.mark.parametrize("value", ["k1:" + RING + "x", RING, "k1:%s,k1:%s" % (RING, RING), "k 1:" + RING, "k1:" + RING[:-8]])
def test_printing_the_configuration_shows_no_key(tmp_path, value):
    shown = subprocess.run([binary("sluiced"), "--print-config"], cwd=tmp_path, capture_output=True, text=True, timeout=30,
                           env={"SLUICE_ENCRYPTION_KEYS": value, "HOME": str(tmp_path)})
    assert shown.returncode == 0 and "env:SLUICE_ENCRYPTION_KEYS" in shown.stdout
    assert RING[:-8] not in shown.stdout + shown.stderr


def test_keys_are_not_written_into_the_file(tmp_path):
    (tmp_path / "sluice.yaml").write_text("encryption: {keys: 'k1:%s'}\n" % RING)
    shown = subprocess.run([binary("sluiced"), "--check-config"], cwd=tmp_path, capture_output=True, text=True, timeout=30,
                           env={"HOME": str(tmp_path)})
    assert shown.returncode != 0 and "encryption.keys has to be a reference" in shown.stderr
    assert RING not in shown.stdout + shown.stderr
