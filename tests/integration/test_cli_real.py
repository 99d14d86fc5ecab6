"""The command-line client against the real service."""
import os
import signal
import subprocess

from google.protobuf import json_format

from cli_fixtures import program  # noqa: F401


def test_real_chat(cli, provider, stubs):
    provider.script("test", "text", text="Hello from the provider.")
    got = cli("chat", "-v", "hi")
    assert (got.returncode, got.stdout) == (0, "Hello from the provider.\n"), got.stderr
    assert "test (scripted" in got.stderr
    assert cli("chat", "--no-stream", "hi").stdout == got.stdout
    events = [json_format.Parse(line, stubs.completion.StreamEvent()) for line in
              cli("chat", "--json", "hi").stdout.splitlines()]
    assert events[0].WhichOneof("event") == "started" and events[-1].WhichOneof("event") == "finished"


def test_real_models_and_health(cli):
    assert cli("models", "list", "--names").stdout == "test\n"
    assert "scripted" in cli("models", "show", "test").stdout
    assert cli("models", "resolve").stdout.splitlines()[1].startswith("test ")
    assert cli("models", "show", "unheard").returncode == 5
    assert cli("chat", "-m", "unheard/of", "hi").returncode != 0
    assert cli("health").stdout == "SERVING\n"
    assert cli("health", "sluice.v1.Completion").returncode == 0
    assert cli("health", "sluice.v1.Unheard").returncode == 5


def test_real_failures(cli, provider):
    provider.script("test", "error", status=429, code="rate_limit_exceeded", message="slow down", retry_after=7)
    got = cli("chat", "hi")
    assert got.returncode == 6, got.stderr
    assert "429" in got.stderr and "try again in" in got.stderr
    provider.script("test", "cut", at="event")
    assert cli("chat", "hi").returncode == 1


def test_real_keys(start_sluice, program):
    sluice = start_sluice(config={"access": {"anonymous": False}})
    env = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
    env.update(SLUICE_ADDRESS=sluice.address, SLUICE_DATA_DIR="/nonexistent")
    got = subprocess.run([program, "models"], env=env, capture_output=True, text=True, timeout=60)
    assert got.returncode == 4
    assert "set SLUICE_API_KEY" in got.stderr
    env["SLUICE_DATA_DIR"] = str(sluice.data_dir)
    got = subprocess.run([program, "models", "--names"], env=env, capture_output=True, text=True, timeout=60)
    assert (got.returncode, got.stdout) == (0, "test\n"), got.stderr


def test_real_service_that_dies(start_sluice, provider, program):
    sluice = start_sluice()
    sluice.expect_exit = (-signal.SIGKILL,)
    provider.script("test", "text", words=1000, interval_ms=20)
    process = subprocess.Popen([program, "chat", "hi"], env={**os.environ, "SLUICE_ADDRESS": sluice.address}, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout.read(1)
    sluice.signal(signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 8
    assert "UNAVAILABLE" in err and "nothing answers" not in err


def test_real_cancel_reaches_the_provider(sluice, provider, program):
    provider.script("test", "text", words=1000, interval_ms=20)
    process = subprocess.Popen([program, "chat", "hi"], env={**os.environ, "SLUICE_ADDRESS": sluice.address},
                               stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    seen = provider.wait_requests(1)[0]
    seen.wait_closed(10)
    process.communicate(timeout=20)
    assert process.returncode == 130
