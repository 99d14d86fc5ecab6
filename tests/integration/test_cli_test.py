"""sluice models test: one model, all models, models that are not stored."""
import json
import os
import signal
import subprocess

import pytest
from cli_fixtures import program  # noqa: F401

KEY = "sk-test-planted-0123456789abcdefWXYZ"


@pytest.fixture
def served(start_sluice):
    return start_sluice(models={"good": "able", "blind": "able?vision=0"})


@pytest.fixture
def settings(served):
    out = {k: v for k, v in os.environ.items() if not k.startswith(("SLUICE_", "GRPC_"))}
    return {**out, "SLUICE_ADDRESS": served.address, "SLUICE_API_KEY": served.admin_key}


@pytest.fixture
def run(program, settings):  # noqa: F811
    def start(*args, code=0, env=None):
        done = subprocess.run([program, *args], env={**settings, **(env or {})}, text=True, capture_output=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done
    return start


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    return str(path)


def objects(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_one_model(run):
    lines = run("models", "test", "good").stdout.splitlines()
    words = [line.split()[:2] for line in lines[:10]]
    assert words[0] == ["passed", "address"] and words[1] == ["skipped", "tls"] and words[9] == ["passed", "summary"]
    assert any("requests" in line and "tokens in" in line for line in lines)
    assert any("--save stores it" in line for line in lines)


def test_one_model_as_json(run):
    steps = objects(run("models", "test", "good", "--json", "--step", "completion", "--step", "json"))
    assert [s["step"] for s in steps] == ["completion", "json", "summary"]
    assert steps[2]["result"] == "RESULT_PASSED" and steps[2]["model"] == "models/good" and steps[2]["provider"] == "scripted"


def test_a_model_that_does_not_answer(run, provider):
    provider.script("able", "error", status=404, type="invalid_request_error", code="model_not_found", message="no such model")
    done = run("models", "test", "good", code=1)
    assert "PROVIDER_NOT_FOUND" in done.stdout and "no such model" in done.stdout


def test_save(run):
    run("models", "create", "m", "--provider", "scripted", "--model-id", "able?vision=0")
    done = run("models", "test", "m", "--save")
    assert "stored in m" in done.stderr
    can = objects(run("models", "show", "m", "--json"))[0]["capabilities"]
    assert can["tools"] is True and can["vision"] is False
    assert "nothing was found out" in run("models", "test", "m", "--save").stderr
    assert "NOT_STORED" in run("models", "test", "good", "--save", code=1).stderr


def test_one_that_is_not_stored(run, provider, key_file):
    done = run("models", "test", "new", "--provider", "scripted", "--model-id", "able", "--base-url", provider.url + "/v1",
               "--provider-key-file", key_file)
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY
    assert KEY not in done.stdout + done.stderr
    assert "new" not in run("models", "list", "--names").stdout.split()
    run("models", "test", "--provider", "scripted", "--model-id", "able", "--step", "completion")
    assert "create the model first" in run("models", "test", "new", "--model-id", "able", "--save", code=2).stderr


def test_a_changed_copy_needs_the_key_again(run, provider, key_file):
    run("models", "create", "m", "--provider", "scripted", "--model-id", "able", "--provider-key-file", key_file)
    elsewhere = provider.url.replace("127.0.0.1", "localhost") + "/v1"
    assert "KEY_NEEDED" in run("models", "test", "m", "--base-url", elsewhere, code=1).stderr
    run("models", "test", "m", "--base-url", elsewhere, "--provider-key-file", key_file)
    assert provider.requests[-1].headers["host"].startswith("localhost")


def test_a_key_in_the_environment_is_not_the_stored_models(run, provider):
    done = run("models", "test", "good", "--step", "completion", env={"SLUICE_PROVIDER_KEY": KEY})
    assert "with its own key" in done.stderr and KEY not in provider.requests[-1].headers["authorization"]


def test_all_models(run, provider):
    done = run("models", "test", "--all")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0][:5] == ["MODEL", "PROVIDER", "ADDRESS", "RESULT", "TIME"]
    assert sorted(row[:4] for row in rows[1:]) == [
        [name, "scripted", provider.url + "/v1", "passed"] for name in ("blind", "good")]
    assert "2 of 2 models passed" in done.stderr
    assert {r.json["max_completion_tokens"] for r in provider.requests if r.json} == {1}


def test_all_models_where_one_fails(run, provider):
    run("models", "create", "gone", "--provider", "scripted", "--model-id", "nowhere")
    run("models", "create", "off", "--provider", "scripted", "--model-id", "able", "--set", "enabled=false")
    provider.script("nowhere", "error", status=404, type="invalid_request_error", code="model_not_found")
    done = run("models", "test", "--all", code=1)
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "failed" in rows["gone"] and "completion: PROVIDER_NOT_FOUND" in rows["gone"] and "passed" in rows["good"]
    assert "off" not in rows and "2 of 3" in done.stderr
    summaries = {s["model"]: s["result"] for s in objects(run("models", "test", "--all", "--json", code=1))}
    assert summaries == {"models/blind": "RESULT_PASSED", "models/good": "RESULT_PASSED", "models/gone": "RESULT_FAILED"}


def test_all_run_together_and_one_signal_ends_them(program, settings, run, provider):  # noqa: F811
    for i in range(10):
        run("models", "create", "slow-%d" % i, "--provider", "scripted", "--model-id", "stall")
    before = len(provider.requests)
    process = subprocess.Popen([program, "models", "test", "--all", "--step", "completion"], env=settings,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = provider.wait_requests(before + 2 + 8)  # the two that answer, and as many as run at a time
    process.send_signal(signal.SIGINT)
    assert process.wait(20) in (130, -signal.SIGINT)
    stalled = [r for r in seen[before:] if r.model == "stall"]
    assert len(stalled) == 8
    for request in stalled:
        request.wait_closed()
    assert len([r for r in provider.requests[before:] if r.model == "stall"]) == 8
    process.communicate()


@pytest.mark.parametrize("args", [["models", "test"], ["models", "test", "--all", "good"], ["models", "test", "--all", "--save"],
                                  ["models", "test", "--all", "--model-id", "x"]])
def test_wrong_use(run, args):
    run(*args, code=2)


def test_steps_that_are_none(run):
    assert "steps" in run("models", "test", "good", "--step", "nonsense", code=1).stderr
