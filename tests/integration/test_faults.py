"""A provider that is down, broken off, wrong or hostile: a clear status with details, never a clean finish, and the
service goes on."""
import socket

import grpc
import pytest
from env import slack
from helpers import ask, complete, fails, run, stream, text_of

from conftest import entry

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
INVALID = grpc.StatusCode.INVALID_ARGUMENT
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
NOT_FOUND = grpc.StatusCode.NOT_FOUND

GARBAGE = {"PROVIDER_GARBAGE"}
TRUNCATED = {"PROVIDER_TRUNCATED"}
TOO_LARGE = {"PROVIDER_TOO_LARGE"}
UNREACHABLE = {"PROVIDER_UNREACHABLE"}
SMALL = {"limits": {"max_line": "1MiB", "max_event": "1MiB", "max_body": "4MiB", "max_header": "16KiB"}}

BOTH, WHOLE, STREAM = (False, True), (False,), (True,)
FAULTS = [
    # behaviour, parameters, whole or stream, reasons, whether pieces were sent before
    ("bad_json", {}, WHOLE, GARBAGE, False),
    ("bad_json", {}, STREAM, GARBAGE, True),
    ("html", {}, BOTH, GARBAGE, False),
    ("wrong_types", {}, WHOLE, GARBAGE, False),
    ("wrong_types", {}, STREAM, GARBAGE, True),
    ("deep", {}, WHOLE, GARBAGE, False),
    ("deep", {}, STREAM, GARBAGE, True),
    ("wide", {"elements": 400_000}, WHOLE, GARBAGE | TOO_LARGE, False),
    ("wide", {"elements": 400_000}, STREAM, GARBAGE | TOO_LARGE, True),
    ("endless_line", {}, BOTH, TOO_LARGE | GARBAGE, False),
    ("endless_event", {}, STREAM, TOO_LARGE, False),
    ("endless_head", {}, BOTH, TOO_LARGE, False),
    ("big", {"bytes": 20_000_000}, WHOLE, TOO_LARGE, False),
    ("empty", {}, BOTH, GARBAGE | TRUNCATED, False),
    ("empty", {"content_type": "text/event-stream"}, STREAM, GARBAGE | TRUNCATED, False),
    ("no_choices", {}, BOTH, GARBAGE | TRUNCATED, False),
    ("not_http", {}, BOTH, GARBAGE | UNREACHABLE, False),
    ("cut", {"at": "event"}, STREAM, TRUNCATED | GARBAGE, True),
    ("cut", {"at": "boundary"}, STREAM, TRUNCATED, True),
    ("cut", {"at": "chunk"}, STREAM, TRUNCATED, True),
    ("cut", {"at": "finish"}, STREAM, TRUNCATED, True),
    ("cut", {"at": "body"}, WHOLE, GARBAGE | TRUNCATED, False),
    ("cut", {"at": "chunk"}, WHOLE, TRUNCATED, False),
    ("reset", {}, BOTH, UNREACHABLE | TRUNCATED, False),
    ("reset", {"at": "between"}, WHOLE, UNREACHABLE | TRUNCATED, False),
    ("reset", {"at": "between"}, STREAM, UNREACHABLE | TRUNCATED, True),
    ("close", {}, BOTH, UNREACHABLE | TRUNCATED, False),
    ("long_length", {}, WHOLE, TRUNCATED, False),
    ("long_length", {}, STREAM, TRUNCATED, True),
    ("short_length", {}, WHOLE, TRUNCATED | GARBAGE, False),
    ("short_length", {}, STREAM, TRUNCATED | GARBAGE, True),
    ("redirect", {}, BOTH, {"PROVIDER_REDIRECT"}, False),
    ("redirect", {"status": 308, "to": "http://169.254.169.254/latest/meta-data"}, BOTH, {"PROVIDER_REDIRECT"}, False),
]
ROWS = [(name, params, streamed, reasons, partial) for name, params, ways, reasons, partial in FAULTS for streamed in ways]


def row_id(row):
    return "%s-%s-%s" % (row[0], "-".join(str(v)[:8] for v in row[1].values()) or "plain", "stream" if row[2] else "whole")


def still_well(api, provider):
    provider.script("test", "text", text="well again")
    assert text_of(complete(api, ask()).message) == "well again"
    assert stream(api, ask()).text == "well again"


@pytest.mark.parametrize("row", ROWS, ids=row_id)
def test_fault(start_sluice, provider, row):
    name, params, streamed, reasons, partial = row
    sluice = start_sluice(config=SMALL)
    api = sluice.api()
    complete(api, ask())
    before = sluice.rss()
    provider.script("test", name, **params)
    failure = fails(lambda: run(api, ask(), streamed), UNAVAILABLE, reasons)
    assert failure.failure is not None, failure
    assert failure.failure.report.attempts == len(provider.requests) - 1
    if not streamed or not partial:
        assert not failure.failure.partial
    elif name not in ("reset",):
        assert failure.failure.partial
    assert sluice.rss() - before < slack(48, 400) * 1024 * 1024
    still_well(api, provider)


def test_attempts_after_a_close_are_what_the_provider_saw(sluice, provider):
    """close: the request was read, and nothing came back, each time."""
    api = sluice.api()
    complete(api, ask())
    provider.script("test", "close")
    failure = fails(lambda: complete(api, ask()), UNAVAILABLE)
    assert failure.failure.report.attempts == len(provider.requests) - 1 <= 2


@pytest.mark.parametrize("streamed", [False, True])
def test_bytes_that_are_no_text_are_replaced_and_said(sluice, provider, streamed):
    provider.script("test", "bad_utf8")
    text, warnings = outcome(sluice.api(), streamed)
    assert "\ufffd" in text and "bad" in text and "here" in text
    assert "INVALID_TEXT_REPLACED" in warnings


@pytest.mark.parametrize("streamed", [False, True])
def test_nul_from_the_provider_is_replaced_and_said(sluice, provider, streamed):
    provider.script("test", "nul")
    text, warnings = outcome(sluice.api(), streamed)
    assert text == "a\ufffdb" and "INVALID_TEXT_REPLACED" in warnings


def outcome(api, streamed):
    if streamed:
        answer = stream(api, ask())
        return answer.text, [w.reason for w in answer.finished.warnings]
    reply = complete(api, ask())
    return text_of(reply.message), [w.reason for w in reply.warnings]


ERRORS = [
    # parameters of the behaviour, code, reasons, whether the same may succeed later
    ({"status": 400, "type": "invalid_request_error", "code": "invalid_value", "param": "temperature", "message": "Too hot."},
     INVALID, "PROVIDER_INVALID_REQUEST", False),
    ({"status": 400, "type": "invalid_request_error", "code": "context_length_exceeded", "message": "Too long."},
     PRECONDITION, "CONTEXT_TOO_LONG", False),
    ({"status": 400, "type": "invalid_request_error", "code": "content_policy_violation", "message": "No."},
     INVALID, "CONTENT_REFUSED", False),
    ({"status": 401, "type": "invalid_request_error", "code": "invalid_api_key", "message": "Incorrect API key provided."},
     PRECONDITION, "PROVIDER_AUTH", False),
    ({"status": 403, "type": "invalid_request_error", "message": "Country not supported."}, PRECONDITION, "PROVIDER_AUTH", False),
    ({"status": 404, "type": "invalid_request_error", "code": "model_not_found", "message": "No such model."},
     NOT_FOUND, "PROVIDER_NOT_FOUND", False),
    ({"status": 429, "type": "requests", "code": "rate_limit_exceeded", "message": "Slow down.", "retry_after": 7},
     EXHAUSTED, "PROVIDER_RATE_LIMIT", True),
    ({"status": 429, "type": "insufficient_quota", "code": "insufficient_quota", "message": "Pay."},
     EXHAUSTED, "PROVIDER_QUOTA", False),
    ({"status": 500}, UNAVAILABLE, "PROVIDER_ERROR", True),
    ({"status": 502, "html": True}, UNAVAILABLE, "PROVIDER_ERROR", True),
    ({"status": 503, "text": "upstream connect error or disconnect/reset before headers"}, UNAVAILABLE, "PROVIDER_OVERLOADED", True),
    ({"status": 418, "text": ""}, INVALID, "PROVIDER_INVALID_REQUEST", False),
]


@pytest.mark.parametrize("params,code,reason,retryable", ERRORS, ids=lambda v: str(v.get("status")) if isinstance(v, dict) else None)
@pytest.mark.parametrize("streamed", [False, True])
def test_error_status(sluice, provider, params, code, reason, retryable, streamed):
    provider.script("test", "error", **params)
    failure = fails(lambda: run(sluice.api(), ask(), streamed), code, reason)
    info = failure.failure
    assert info.provider_status == params["status"] and info.retryable == retryable and not info.partial
    assert info.provider_code == (params.get("code") or "")
    assert info.provider_param == (params.get("param") or "")
    if "message" in params:
        assert info.provider_message == params["message"]
    if params.get("text"):
        assert info.provider_message == params["text"]
    assert info.report.attempts == 1 == len(provider.requests)
    assert info.report.provider_request_id == "req_scripted_0"
    if "retry_after" in params:
        assert info.retry_after_ms == 7000 and failure.retry.retry_delay.seconds == 7
        assert failure.trailers["grpc-retry-pushback-ms"] == "7000"
    else:
        assert not info.HasField("retry_after_ms")
        assert failure.trailers.get("grpc-retry-pushback-ms", "-1") == "-1"


@pytest.mark.parametrize("streamed", [False, True])
def test_error_with_a_body_that_nobody_reads_to_its_end(sluice, provider, streamed):
    before = sluice.rss()
    provider.script("test", "big_error")
    failure = fails(lambda: run(sluice.api(), ask(), streamed), UNAVAILABLE, "PROVIDER_ERROR")
    assert failure.failure.provider_message.startswith("EEEE")
    assert sluice.rss() - before < slack(32, 300) * 1024 * 1024


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("done", [False, True])
def test_error_inside_of_a_200(sluice, provider, streamed, done):
    provider.script("test", "error_in_stream", message="It broke.", done=done)
    failure = fails(lambda: run(sluice.api(), ask(), streamed), UNAVAILABLE)
    assert failure.failure.provider_message == "It broke." and failure.failure.provider_status == 200
    assert failure.failure.partial == streamed


def test_the_providers_key_never_comes_back(sluice, provider):
    """A provider that quotes the key in its error."""
    from conftest import PROVIDER_KEY
    provider.script("test", "error", status=401, type="invalid_request_error", code="invalid_api_key",
                    message="Incorrect API key provided: %s. Also sk-proj-abcdefghijklmnopqrstuvwxyz012345." % PROVIDER_KEY)
    failure = fails(lambda: complete(sluice.api(), ask()), PRECONDITION, "PROVIDER_AUTH")
    everything = failure.message + str(failure.status) + sluice.stderr()
    assert PROVIDER_KEY not in everything and "sk-proj-abcdefghijklmnop" not in everything


def test_long_error_messages_are_shortened(sluice, provider):
    provider.script("test", "error", status=400, type="t" * 3000, code="c" * 3000, param="p" * 3000, message="m" * 40_000)
    failure = fails(lambda: complete(sluice.api(), ask()), INVALID)
    assert failure.failure.provider_message.startswith("mmm")


def test_nobody_listens(start_sluice, provider):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    sluice = start_sluice(config={"providers": [entry(provider, base_url="http://127.0.0.1:%d/v1" % port)]})
    failure = fails(lambda: complete(sluice.api(), ask()), UNAVAILABLE, UNREACHABLE)
    assert failure.failure.retryable and failure.failure.provider_status == 0


def test_no_such_host(start_sluice, provider):
    sluice = start_sluice(config={"providers": [entry(provider, base_url="https://no-such-host.invalid/v1")]})
    fails(lambda: complete(sluice.api(), ask()), UNAVAILABLE, UNREACHABLE)


def test_key_missing(start_sluice, provider):
    sluice = start_sluice(config={"providers": [entry(provider, key="env:NOT_SET_ANYWHERE")]})
    failure = fails(lambda: complete(sluice.api(), ask()), PRECONDITION, "PROVIDER_KEY_MISSING")
    assert "NOT_SET_ANYWHERE" in failure.message + str(failure.info)
    assert provider.requests == []


@pytest.mark.parametrize("streamed", [False, True])
def test_provider_killed_in_the_middle(start_sluice, streamed, tmp_path):
    """A provider process that dies by SIGKILL, in the middle of an answer."""
    import pathlib
    import subprocess
    import sys
    script = pathlib.Path(__file__).resolve().parents[1] / "support" / "scripted_provider.py"
    with subprocess.Popen([sys.executable, str(script), "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        url = "http://127.0.0.1:%d" % int(process.stdout.readline())

        class Elsewhere:
            pass

        Elsewhere.url = url
        sluice = start_sluice(models={"test": "stall?at=between"}, provider=Elsewhere)
        call = sluice.api().completion

        def killed():
            if not streamed:
                future = call.Complete.future(ask(), timeout=30)
                wait_seen(url)
                process.kill()
                return future.result()
            for reply in call.StreamComplete(ask(), timeout=30):
                if any(e.WhichOneof("event") == "text_delta" for e in reply.events):
                    process.kill()

        failure = fails(killed, UNAVAILABLE, TRUNCATED | UNREACHABLE)
        assert failure.failure.partial == streamed


def wait_seen(url):
    """Until the provider process has a request."""
    import json
    import urllib.request
    import time
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with urllib.request.urlopen(url + "/_seen", timeout=5) as answer:
            if json.load(answer):
                return
    raise AssertionError("no request came")
