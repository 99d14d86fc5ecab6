"""One line for each call, with the facts and without prompt, answer or key."""
import grpc
import pytest
from helpers import ask, complete, fails, stream

from conftest import PROVIDER_KEY

PROMPT = "the secret prompt about turnips"
ANSWER = "the secret answer about radishes"


def line_of(sluice, call_id=None, method=None):
    def match(line):
        if call_id is not None:
            return call_id in (line.get("id"), line.get("call_id")) and "method" in line
        return method in str(line.get("method", "")) and "status" in line or "code" in line and method in str(line.get("method", ""))
    return sluice.wait_log(match)


def status_of(line):
    return line.get("status") or line.get("code")


@pytest.mark.parametrize("streamed", [False, True])
def test_line_of_a_good_call(sluice, provider, streamed):
    provider.script("test", "text", text=ANSWER)
    request = ask(PROMPT, conversation_id="conv-1", message_id="msg-1", labels={"team": "blue"})
    api = sluice.api()
    report = stream(api, request).finished.report if streamed else complete(api, request).report
    line = line_of(sluice, report.call_id)
    assert ("StreamComplete" if streamed else "Complete") in line["method"]
    assert status_of(line) == "OK" and line["attempts"] == 1
    assert line["model"] in ("test", "models/test") and line["provider"] == "scripted"
    assert line["principal"]
    text = str(line)
    for fact in ("conv-1", "msg-1", "blue", "req_scripted_0", report.reason):
        assert fact in text, "%s is not in %s" % (fact, text)
    numbers = [k for k in line if k.endswith("_ms") or k.endswith("_tokens")]
    assert any("first_token" in k for k in numbers) and any("total" in k for k in numbers)
    assert any("input" in k for k in numbers) and any("output" in k for k in numbers)


def test_line_of_a_failed_call(sluice, provider):
    provider.script("test", "error", status=500, message=ANSWER)
    failure = fails(lambda: complete(sluice.api(), ask(PROMPT)), grpc.StatusCode.UNAVAILABLE, "PROVIDER_ERROR")
    line = line_of(sluice, failure.failure.report.call_id)
    assert status_of(line) == "UNAVAILABLE" and line["reason"] == "PROVIDER_ERROR" and line["attempts"] == 1


def test_line_of_a_call_that_never_got_to_a_provider(sluice):
    fails(lambda: complete(sluice.api(), ask(PROMPT, model="nope")), grpc.StatusCode.NOT_FOUND)
    line = sluice.wait_log(lambda l: l.get("reason") == "MODEL_NOT_FOUND")
    assert status_of(line) == "NOT_FOUND" and "nope" in str(line)


def test_line_of_a_cancelled_call(sluice, provider):
    provider.script("test", "stall", at="between")
    call = sluice.api().completion.StreamComplete(ask(PROMPT), timeout=60)
    next(iter(call))
    call.cancel()
    line = sluice.wait_log(lambda l: "StreamComplete" in str(l.get("method")))
    assert status_of(line) == "CANCELLED"


def test_one_line_a_call(sluice):
    api = sluice.api()
    ids = [complete(api, ask()).report.call_id for _ in range(30)]
    assert len(set(ids)) == 30
    line_of(sluice, ids[-1])
    for call_id in ids:
        line_of(sluice, call_id)
    lines = [l for l in sluice.log if "Completion/Complete" in str(l.get("method"))]
    assert len(lines) == 30


@pytest.mark.parametrize("level", ["debug", "info"])
def test_nothing_secret_at_any_level(start_sluice, provider, level):
    sluice = start_sluice(config={"log": {"level": level}, "access": {"anonymous": False}})
    api = sluice.api(sluice.admin_key)
    provider.script("test", "text", text=ANSWER)
    complete(api, ask(PROMPT))
    stream(api, ask(PROMPT))
    provider.script("test", "bad_json")
    fails(lambda: stream(api, ask(PROMPT)), grpc.StatusCode.UNAVAILABLE)
    provider.script("test", "error", status=400, message="You said: " + PROMPT)
    fails(lambda: complete(api, ask(PROMPT)), grpc.StatusCode.INVALID_ARGUMENT)
    fails(lambda: complete(api, ask(PROMPT, temperature=9)), grpc.StatusCode.INVALID_ARGUMENT)
    sluice.stop()
    text = sluice.stderr()
    for secret in ("turnips", "radishes", PROVIDER_KEY, sluice.admin_key):
        assert secret not in text, "%s is in the log" % secret


def test_the_log_is_json_lines(sluice):
    complete(sluice.api(), ask())
    sluice.stop()
    assert len(sluice.lines) == len(sluice.log) > 0
    for line in sluice.log:
        assert line["msg"] and line["level"] in ("debug", "info", "warn", "error")
