"""The runner itself: it passes the repository's own cases, and a case that is wrong in any way fails."""
import copy
import json
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import env  # noqa: E402
from formats.chat_completions import canonical  # noqa: E402
from formats.format import differences  # noqa: E402

CASES = HERE / "cases"


def run(folder, *more):
    process = subprocess.run([sys.executable, str(HERE / "run_wire.py"), "--cases", str(folder), *more],
                             capture_output=True, text=True, timeout=env.slack(300, 1200))
    return process.returncode, process.stdout, process.stdout.strip().splitlines()[-1] if process.stdout.strip() else process.stderr


@pytest.fixture(scope="module", autouse=True)
def binary():
    if not env.binary("sluiced"):
        pytest.fail("no bin/sluiced in %s" % env.build(), pytrace=False)


@pytest.mark.timeout(1200)
def test_own_cases_pass():
    code, output, last = run(CASES)
    assert code == 0, output
    assert last == "%d passed, 0 failed, 0 skipped" % len(list(CASES.rglob("*.json")))


def load(situation):
    path = next(CASES.glob("openai/openai-%s-??????.json" % situation))
    return json.loads(path.read_text())


def mutate(case, path, value):
    """A copy with one value replaced."""
    out = copy.deepcopy(case)
    at = out
    for key in path[:-1]:
        at = at[key]
    assert at[path[-1]] != value
    at[path[-1]] = value
    return out


MUTATIONS = [
    # situation, path, wrong value, what the failure names
    ("text", ["expected", "text"], "something else", "text"),
    ("text", ["expected", "usage", "input_tokens"], 18, "usage.input_tokens"),
    ("text", ["expected", "usage", "raw", "total_tokens"], 1, "usage.provider_json"),
    ("text", ["expected", "finish_reason"], "length", "finish_reason"),
    ("text", ["expected", "raw_finish_reason"], "end", "raw_finish_reason"),
    ("text", ["expected", "model"], "other", "model"),
    ("text", ["expected", "id"], "other", "id"),
    ("text", ["expected", "reasoning"], "hm", "reasoning"),
    ("parallel-tools", ["expected", "tool_calls", 1, "arguments", "place"], "Oslo", "tool_calls[1].arguments.place"),
    ("parallel-tools", ["expected", "tool_calls", 0, "id"], "call_x", "tool_calls[0].id"),
    ("refusal", ["expected", "refusal"], "no", "refusal"),
    ("logprobs", ["expected", "logprobs", 0, "logprob"], -0.3, "logprobs"),
    ("stream-text", ["expected", "text"], "Hello world", "text"),
    ("stream-logprobs", ["expected", "logprobs", 1, "token"], "x", "logprobs"),
    ("stream-web-search", ["expected", "citations", 0, "url_citation", "url"], "x", "citations"),
    ("stream-audio-answer", ["expected", "audio", "sha256"], "x", "audio.sha256"),
    ("error-429", ["expected", "error", "retry_after_ms"], "1", "retry_after_ms"),
    ("error-429", ["expected", "error", "code"], "x", "error.code"),
    ("error-429", ["expected", "error", "message"], "x", "error.message"),
    ("error-429", ["expected", "error", "status"], 500, "error"),
    ("error-400", ["expected", "error", "param"], "top_p", "error.param"),
    ("stream-midstream-error", ["expected", "text"], "Half a ", "text"),
    ("stream-truncated", ["expected", "text"], "Hell", "text"),
]


@pytest.mark.parametrize("situation,path,value,names", MUTATIONS, ids=lambda v: ".".join(map(str, v)) if isinstance(v, list) else None)
def test_a_wrong_case_fails(tmp_path, situation, path, value, names):
    case = mutate(load(situation), path, value)
    (tmp_path / (case["id"] + ".json")).write_text(json.dumps(case))
    code, output, last = run(tmp_path, "--cut", "0")
    assert (code, last) == (1, "0 passed, 1 failed, 0 skipped"), output
    assert "FAIL " + case["id"] in output and names in output


def body(**more):
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}], **more}


def said(content, role="user", **more):
    return body(messages=[{"role": role, "content": content, **more}])


def call(arguments):
    return said(None, "assistant", tool_calls=[{"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}])


TEXT = {"type": "text", "text": "hi"}
SAME = [
    (body(), body(stream=False, temperature=None, tools=[], stop=None)),
    (said("hi"), said([TEXT])),
    (said("hi"), said([TEXT, {"type": "text", "text": ""}])),
    (said("", "assistant"), said(None, "assistant")),
    (body(stop="x"), body(stop=["x"])),
    (call('{"a": 1, "b": 2}'), call('{"b":2,"a":1}')),
    (call(""), call("{}")),
    (body(stream=True, stream_options={"include_usage": True}), body(stream=True)),
    (body(temperature=1), body(temperature=1.0)),
]
OTHER = [
    (body(temperature=0.2), body(temperature=0.3)),
    (body(temperature=0.2), body()),
    (body(), body(n=1)),
    (body(stream=True), body()),
    (body(store=True), body(store=1)),
    (said("hi"), said("hi ")),
    (said("hi"), said("hi", "system")),
    (said("hi"), said("hi", name="x")),
    (said([TEXT, TEXT]), said([TEXT])),
    (call('{"a": 1}'), call('{"a": "1"}')),
    (call('{"a": 1'), call('{"a": 1}')),
    (body(max_tokens=5), body(max_completion_tokens=5)),
    (body(stream_options={"include_obfuscation": False}), body()),
    (said([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]),
     said([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAB"}}])),
    (said([{"type": "image_url", "image_url": {"url": "https://x/1", "detail": "low"}}]),
     said([{"type": "image_url", "image_url": {"url": "https://x/1"}}])),
]


@pytest.mark.parametrize("a,b", SAME)
def test_requests_that_mean_the_same(a, b):
    assert differences(canonical(a), canonical(b)) == []


@pytest.mark.parametrize("a,b", OTHER)
def test_requests_that_differ(a, b):
    assert differences(canonical(a), canonical(b))
    assert differences(canonical(b), canonical(a))


def unknown_expected(case):
    case["expected"]["telepathy"] = "yes"


def unknown_request(case):
    case["request"]["body"]["messages"][0]["mood"] = "calm"


def unknown_part(case):
    case["request"]["body"]["messages"][0]["content"] = [{"type": "smell", "smell": "rose"}]


@pytest.mark.parametrize("change", [unknown_expected, unknown_request, unknown_part])
def test_what_is_not_understood_is_a_failure(tmp_path, change):
    case = load("text")
    change(case)
    (tmp_path / "case.json").write_text(json.dumps(case))
    code, output, last = run(tmp_path, "--cut", "0")
    assert (code, last) == (1, "0 passed, 1 failed, 0 skipped"), output


def test_skips_have_a_reason(tmp_path):
    one, two = load("text"), load("text")
    one.update(id="one", provider="some-provider-of-2040")
    two.update(id="two", api="telegraph")
    (tmp_path / "one.json").write_text(json.dumps(one))
    (tmp_path / "two.json").write_text(json.dumps(two))
    (tmp_path / "index.json").write_text("[]")
    code, output, last = run(tmp_path)
    assert (code, last) == (0, "0 passed, 0 failed, 2 skipped"), output
    assert "skipped 1: provider some-provider-of-2040: no adapter yet" in output


def test_no_cases_at_all(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    assert run(tmp_path)[0] == 1
    (tmp_path / "broken.json").unlink()
    assert run(tmp_path)[0] == 1
    assert run(tmp_path / "nowhere")[0] == 2
