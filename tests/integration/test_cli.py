"""The command-line client in scripts: answers, JSON, requests, failures, keys and TLS, models, health, completion; against
a service whose answers are written here."""
import json
import os
import pathlib
import re
import subprocess
import threading
import time

import grpc
import pytest
from google.protobuf import json_format

import env as environment
from cli_fixtures import NOT_ON_A_TERMINAL, program, run, sent_text, service, settings, words  # noqa: F401
from cli_service import WrittenService


# ---- answers ----


def test_streams_text(service, run, words):
    service.events(words.started(), words.text("Hello, "), words.text("world"), words.done(0), words.finished())
    got = run("chat", "-m", "gpt", "Say", "hello")
    assert (got.returncode, got.stdout, got.stderr) == (0, "Hello, world\n", "")
    assert service.requests[0].model == "gpt"
    assert sent_text(service.requests[0]) == ["Say hello"]


def test_each_event_is_flushed(service, program, settings, words):
    release = threading.Event()
    service.events(words.started(), words.text("first"), lambda: release.wait(20), words.text(" second"),
                   words.finished())
    process = subprocess.Popen([program, "chat", "x"], env=settings, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        assert os.read(process.stdout.fileno(), 100) == b"first"
        release.set()
        assert process.stdout.read() == b" second\n"
        assert process.wait(20) == 0
    finally:
        release.set()
        process.kill()
        process.wait()


def test_whole_answer(service, run, stubs):
    chat, c = stubs.chat, stubs.completion
    service.on("Complete", lambda request, context: c.CompleteResponse(
        message=chat.Message(role=chat.ROLE_ASSISTANT, parts=[
            chat.Part(reasoning=chat.Reasoning(text="thinking")),
            chat.Part(text="Hello"),
            chat.Part(tool_call=chat.ToolCall(id="call_1", name="weather", arguments_json='{"city":"Oslo"}')),
            chat.Part(refusal="No.")]),
        finish_reason=chat.FINISH_REASON_TOOL_CALLS, warnings=[c.Warning(reason="UNSUPPORTED_PARAMETER", field="top_k",
                                                                         message="left out")]))
    got = run("chat", "--no-stream", "x")
    assert got.returncode == 0
    assert got.stdout == 'Hello\n[tool call] weather {"city":"Oslo"} (call_1)\nNo.\n'
    assert "thinking" in got.stderr
    assert "warning: top_k: left out [UNSUPPORTED_PARAMETER]" in got.stderr
    assert run("chat", "--no-stream", "-q", "x").stderr == ""


def test_parts_begin_on_their_own_lines(service, run, words):
    service.events(words.started(), words.reasoning("hm", 0), words.done(0), words.text("one", 1), words.done(1),
                   words.text("two\n", 2), words.done(2), words.text("three", 3), words.finished())
    got = run("chat", "x")
    assert got.stdout == "one\ntwo\nthree\n"
    assert got.stderr == "hm\n"
    assert run("chat", "--no-reasoning", "x").stderr == ""


def test_tool_calls_are_pieced_together(service, run, words, stubs):
    service.events(words.started(), words.call(0, 0, '{"ci', "call_1", "weather"), words.call(1, 1, "", "call_2", "time"),
                   words.call(0, 0, 'ty":"Oslo"}'), words.done(0), words.done(1),
                   words.finished(reason=stubs.chat.FINISH_REASON_TOOL_CALLS))
    got = run("chat", "x")
    assert got.stdout == '[tool call] weather {"city":"Oslo"} (call_1)\n[tool call] time  (call_2)\n'


def test_other_events(service, run, words, stubs):
    c, chat = stubs.completion, stubs.chat
    service.events(
        words.started(warnings=[c.Warning(reason="UNKNOWN_FIELD", message="field 99")]), words.text("void"),
        c.StreamEvent(restarted=c.Restarted(model="n", provider="q", attempt=2, reason="overloaded")),
        c.StreamEvent(heartbeat=c.Heartbeat()), words.text("fact"),
        c.StreamEvent(citation=chat.Citation(url="https://example.com/a", title="A")),
        c.StreamEvent(part_delta=c.PartDelta(part=1, audio=chat.Audio(data=b"1234", transcript="said"))),
        words.done(1),
        c.StreamEvent(part_delta=c.PartDelta(part=2, provider_tool_call=chat.ProviderToolCall(
            kind="web_search", input_json='{"q":1}'))),
        words.finished())
    got = run("chat", "x")
    assert got.returncode == 0
    assert got.stdout == "void\nfact\nsaid\n"
    for note in ("warning: field 99 [UNKNOWN_FIELD]", "[restarted: n (overloaded) begins anew", "[audio ", "4 bytes",
                 "[source 1: A, https://example.com/a]", '[provider\'s web_search {"q":1}]'):
        assert note in got.stderr, got.stderr


@pytest.mark.parametrize("reason, says", [("LENGTH", "a token limit"), ("CONTENT_FILTER", "the provider's policy"),
                                          ("OTHER", "was cut off")])
def test_cut_off_answer_warns(service, run, words, stubs, reason, says):
    service.events(words.started(), words.text("half"),
                   words.finished(reason=getattr(stubs.chat, "FINISH_REASON_" + reason), complete=False))
    got = run("chat", "x")
    assert got.returncode == 0
    assert says in got.stderr


def test_verbose_sums_up(service, run, words, stubs):
    usage = stubs.chat.TokenUsage(input_tokens=10, cache_read_tokens=5, output_tokens=20, reasoning_tokens=7)
    report = stubs.completion.CallReport(model="gpt", provider="openai", provider_model="gpt-2026", attempts=2,
                                         first_token_ms=310, total_ms=1240, tokens_per_second=27.4,
                                         cost_nanos=123456, reason="asked by name")
    service.events(words.started(), words.text("x"), words.finished(usage=usage, report=report))
    got = run("chat", "-v", "x")
    assert got.stderr == ("gpt (openai, gpt-2026), ended: stop, 15 tokens in (cache: 5 read, 0 written), 27 out "
                          "(7 reasoning), first token 310 ms, total 1240 ms, 27.4 tokens/s, $0.000123, 2 attempts, "
                          "asked by name\n")


def test_stream_without_end_is_an_error(service, run, words):
    service.events(words.started(), words.text("half"))
    got = run("chat", "x")
    assert (got.returncode, got.stdout) == (8, "half\n")
    assert "without its end marker" in got.stderr
    got = run("chat", "--json", "x")
    assert got.returncode == 8
    assert json.loads(got.stdout.splitlines()[-1])["error"]["code"] == "INCOMPLETE"


def test_undecodable_reply(service, run):
    service.on("StreamComplete", lambda request, context: iter([b"\xff\xff\xff"]))
    got = run("chat", "x")
    assert got.returncode == 1
    assert "cannot decode" in got.stderr


# ---- JSON ----


def test_json_events_are_the_messages(service, run, words, stubs):
    c, chat = stubs.completion, stubs.chat
    logprob = chat.TokenLogprob(token="a", logprob=-0.1234567890123, token_bytes=b"\xff\x00",
                                top=[chat.TopLogprob(token="b", logprob=-1e-300)])
    events = [
        words.started(warnings=[c.Warning(reason="R", field="f", message="\x1b[2J \u009b \u202e \"q\" \\ \n")]),
        c.StreamEvent(text_delta=c.TextDelta(part=1, text="grüße 日本 😀\x7f", logprobs=[logprob])),
        c.StreamEvent(reasoning_delta=c.ReasoningDelta(signature="s", redacted_data=bytes(range(256)))),
        c.StreamEvent(tool_call_delta=c.ToolCallDelta(index=2, custom_input_fragment="")),
        c.StreamEvent(citation=chat.Citation(start_index=0, end_index=5)),
        c.StreamEvent(part_done=c.PartDone(provider_state=chat.ProviderState(provider="p", data=b"x"))),
        c.StreamEvent(heartbeat=c.Heartbeat()),
        words.finished("all", usage=chat.TokenUsage(input_tokens=3, estimated=True),
                       report=c.CallReport(cost_nanos=0, first_token_ms=0, total_ms=1 / 3, tokens_per_second=float("inf"))),
    ]
    service.events(*events)
    got = run("chat", "--json", "x")
    assert (got.returncode, got.stderr) == (0, "")
    lines = got.stdout.splitlines()
    assert len(lines) == len(events)
    for line, event in zip(lines, events):
        assert json_format.Parse(line, c.StreamEvent()) == event
        assert not NOT_ON_A_TERMINAL.search(line)
        # the same names as the standard's own printer
        assert json.loads(line).keys() == json.loads(json_format.MessageToJson(event)).keys()


def test_json_whole_answer(service, run, stubs):
    c, chat = stubs.completion, stubs.chat
    answer = c.CompleteResponse(message=chat.Message(role=chat.ROLE_ASSISTANT, parts=[chat.Part(text="hi")]),
                                finish_reason=chat.FINISH_REASON_STOP)
    service.on("Complete", lambda request, context: answer)
    got = run("chat", "--json", "--no-stream", "x")
    assert got.returncode == 0
    assert json_format.Parse(got.stdout, c.CompleteResponse()) == answer


# ---- requests ----


def test_options_become_the_request(service, run, words, stubs, tmp_path):
    chat, c = stubs.chat, stubs.completion
    service.events(words.started(), words.finished())
    (tmp_path / "schema.json").write_text('{"type": "object", "x": 1.0}')
    (tmp_path / "tools.json").write_text('[{"name": "w", "parameters": {"a": 12345678901234567890}}]')
    got = run("chat", "-s", "be brief", "--temperature", "0", "--top-p", "0.5", "--top-k", "3", "--seed", "-1",
              "--frequency-penalty", "-1.5", "--presence-penalty", "0.25", "--max-tokens", "9", "--stop", "END",
              "--stop", "", "--logprobs", "2", "--reasoning-effort", "high", "--reasoning-budget", "100",
              "--reasoning-summary", "auto", "--schema", str(tmp_path / "schema.json"), "--tools",
              str(tmp_path / "tools.json"), "--tool-choice", "w", "--no-parallel-tools", "--strict",
              "--provider-options", '{"x": 1}', "--request-id", "r", "--conversation", "k", "--end-user", "u",
              "--label", "team=a=b", "-m", "gpt", "--", "-hi", "--there")
    assert (got.returncode, got.stderr) == (0, "")
    assert service.requests[0] == c.CompleteRequest(
        model="gpt", messages=[chat.Message(role=chat.ROLE_SYSTEM, parts=[chat.Part(text="be brief")]),
                               chat.Message(role=chat.ROLE_USER, parts=[chat.Part(text="-hi --there")])],
        temperature=0, top_p=0.5, top_k=3, seed=-1, frequency_penalty=-1.5, presence_penalty=0.25, max_output_tokens=9,
        stop=["END", ""], logprobs=True, top_logprobs=2,
        reasoning=chat.ReasoningOptions(effort=chat.ReasoningOptions.EFFORT_HIGH, budget_tokens=100, summary="auto"),
        response_format=chat.ResponseFormat(type=chat.ResponseFormat.TYPE_JSON_SCHEMA,
                                            schema_json='{"type": "object", "x": 1.0}'),
        tools=[chat.Tool(function=chat.FunctionTool(name="w", parameters_json='{"a": 12345678901234567890}'))],
        tool_choice=chat.ToolChoice(mode=chat.ToolChoice.MODE_TOOL, name="w"), parallel_tool_calls=False,
        on_unsupported=c.ON_UNSUPPORTED_FAIL, provider_options_json='{"x": 1}', request_id="r", conversation_id="k",
        end_user="u", labels={"team": "a=b"})


def test_bare_question_sets_nothing(service, run, words, stubs):
    service.events(words.started(), words.finished())
    run("chat", "hi")
    assert service.requests[0] == stubs.completion.CompleteRequest(
        messages=[stubs.chat.Message(role=stubs.chat.ROLE_USER, parts=[stubs.chat.Part(text="hi")])])


def test_files_and_pictures(service, run, words, tmp_path):
    service.events(words.started(), words.finished())
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4000
    (tmp_path / "p.png").write_bytes(picture)
    (tmp_path / "n.txt").write_text("notes\n")
    got = run("chat", "-i", str(tmp_path / "p.png"), "-f", str(tmp_path / "n.txt"), "-i", "https://example.com/c.jpg",
              "what is it?")
    assert got.returncode == 0, got.stderr
    parts = service.requests[0].messages[0].parts
    assert [p.WhichOneof("content") for p in parts] == ["image", "image", "document", "text"]
    assert parts[0].image.data == picture and parts[0].image.media_type == "image/png"
    assert parts[1].image.url == "https://example.com/c.jpg"
    assert (parts[2].document.text, parts[2].document.filename) == ("notes\n", "n.txt")


@pytest.mark.parametrize("args, input, text", [
    (["-"], "from stdin\n", "from stdin"), ([], "from stdin\r\n\n", "from stdin"),
    (["Sum", "up:", "-"], "a\nb\n", "Sum up:\n\na\nb"), (["-", "in", "short"], "a\n", "a\n\nin short"),
])
def test_standard_input(service, run, words, args, input, text):
    service.events(words.started(), words.finished())
    assert run("chat", *args, input=input).returncode == 0
    assert sent_text(service.requests[0]) == [text]


def test_standard_input_is_left_alone(service, program, settings, words):
    """With a TEXT a pipe that never ends is no reason to wait."""
    service.events(words.started(), words.finished())
    reader, writer = os.pipe()
    try:
        got = subprocess.run([program, "chat", "hi"], stdin=reader, env=settings, timeout=60, capture_output=True)
    finally:
        os.close(reader)
        os.close(writer)
    assert got.returncode == 0


@pytest.mark.parametrize("args, input, says", [
    (["chat"], "", "nothing to ask"), (["chat", ""], None, "nothing to ask"), (["chat", "-", "-"], "x", "only once"),
    (["chat", "-"], "a\0b", "not UTF-8"), (["chat", "-i", "/nonexistent", "x"], None, "/nonexistent"),
    (["chat", "--tools", "/nonexistent", "x"], None, "/nonexistent"), (["chat", "-i", "/bin/sh", "x"], None, "no picture"),
    (["chat", "--ca", "/nonexistent", "x"], None, "/nonexistent"), (["chat", "--cert", "/dev/null", "x"], None, "--key"),
    (["chat", "--address", "http://x:1", "x"], None, "HOST:PORT"), (["chat", "--api-key-file", "/dev/null", "x"], None, "key"),
    (["models", "show"], None, "show NAME"), (["models", "frob"], None, "models takes"), (["health", "a", "b"], None, "one"),
    (["completion", "tcsh"], None, "bash"), (["chta"], None, "chat"), ([], None, "Usage"), (["help", "x"], None, "command"),
])
def test_wrong_use(run, args, input, says):
    got = run(*args, input=input)
    assert got.returncode == 2
    assert says in got.stderr and got.stdout == ""


def test_wrong_use_as_json(run):
    got = run("chat", "--json", "--temperature", "9", "x")
    assert got.returncode == 2
    assert json.loads(got.stdout)["error"]["exit"] == 2


# ---- failures ----


@pytest.mark.parametrize("code, exit", [
    ("INVALID_ARGUMENT", 1), ("NOT_FOUND", 5), ("PERMISSION_DENIED", 4), ("UNAUTHENTICATED", 4),
    ("RESOURCE_EXHAUSTED", 6), ("DEADLINE_EXCEEDED", 7), ("UNAVAILABLE", 1), ("INTERNAL", 1), ("CANCELLED", 1)])
def test_exit_codes(service, run, stubs, code, exit):
    info = stubs.errors.ErrorInfo(reason="SOME_REASON", domain="sluice")
    service.fails("StreamComplete", getattr(grpc.StatusCode, code), "it did not work", [info])
    got = run("chat", "x")
    assert got.returncode == exit
    assert "sluice: %s: it did not work [SOME_REASON]" % code in got.stderr
    assert got.stdout == ""
    got = run("chat", "--json", "x")
    assert got.returncode == exit
    error = json.loads(got.stdout)["error"]
    assert (error["code"], error["reason"], error["exit"]) == (code, "SOME_REASON", exit)
    assert error["details"][0]["@type"].endswith("google.rpc.ErrorInfo")


def test_details_for_people(service, run, stubs):
    errors, c = stubs.errors, stubs.completion
    retry = errors.RetryInfo()
    retry.retry_delay.seconds = 20
    service.fails("StreamComplete", grpc.StatusCode.RESOURCE_EXHAUSTED, "too fast", [
        errors.ErrorInfo(reason="PROVIDER_RATE_LIMIT", domain="sluice"), retry,
        errors.BadRequest(field_violations=[errors.BadRequest.FieldViolation(field="messages[0]", description="is \x1bempty")]),
        c.FailureInfo(provider_status=429, provider_code="rate_limit_exceeded", provider_message="slow down",
                      partial=True, report=c.CallReport(call_id="0190", provider="openai"))])
    got = run("chat", "x")
    for line in ("messages[0]: is", "provider openai said 429 rate_limit_exceeded: slow down", "part of the answer",
                 "call 0190", "try again in 20 s"):
        assert line in got.stderr, got.stderr


def test_failure_after_text(service, run, words):
    def stream(_request, context):
        yield service.modules.completion.StreamCompleteResponse(events=[words.started(), words.text("half")])
        context.abort(grpc.StatusCode.UNAVAILABLE, "the provider broke off")
    service.on("StreamComplete", stream)
    got = run("chat", "x")
    assert got.stdout == "half\n"
    assert "the provider broke off" in got.stderr
    assert got.returncode != 0


def test_unreachable(run, tmp_path):
    for address in ("unix:" + str(tmp_path / "nobody.sock"), "127.0.0.1:1"):
        got = run("health", "--address", address)
        assert got.returncode == 3
        assert "nothing answers there" in got.stderr
    got = run("chat", "--json", "--address", "127.0.0.1:1", "x")
    assert got.returncode == 3
    assert json.loads(got.stdout)["error"]["code"] == "UNAVAILABLE"


def test_timeout(service, run):
    release = threading.Event()
    service.on("StreamComplete", lambda request, context: iter(lambda: release.wait(20), True))
    began = time.monotonic()
    got = run("chat", "--timeout", "0.3", "x")
    release.set()
    assert got.returncode == 7
    assert time.monotonic() - began < environment.slack(5, 15)


# ---- who calls, and over what ----


def test_key_from_environment_flag_and_file(service, run, words, tmp_path):
    service.events(words.started(), words.finished())
    (tmp_path / "key").write_text("sl_file_0123\n")
    run("chat", "x", env={"SLUICE_API_KEY": "sl_env_0123"})
    run("chat", "--api-key", "sl_flag_0123", "x", env={"SLUICE_API_KEY": "sl_env_0123"})
    run("chat", "--api-key-file", str(tmp_path / "key"), "x", env={"SLUICE_API_KEY": "sl_env_0123"})
    run("chat", "x")
    assert [m.get("authorization") for m in service.metadata] == [
        "Bearer sl_env_0123", "Bearer sl_flag_0123", "Bearer sl_file_0123", None]
    assert service.metadata[0]["user-agent"].startswith("sluice-cli/")


def test_admin_key_of_a_local_service(service, run, words, tmp_path):
    service.events(words.started(), words.finished())
    data = tmp_path / "data"
    data.mkdir()
    (data / "admin.key").write_text("sl_admin_0123\n")
    run("chat", "x", env={"SLUICE_DATA_DIR": str(data)})
    assert service.metadata[0]["authorization"] == "Bearer sl_admin_0123"


def test_missing_key_is_explained(service, run, tmp_path):
    service.fails("StreamComplete", grpc.StatusCode.UNAUTHENTICATED, "no credentials", [])
    got = run("chat", "x")
    assert got.returncode == 4
    assert "set SLUICE_API_KEY" in got.stderr and "admin.key" in got.stderr
    assert "SLUICE_API_KEY" not in run("chat", "x", env={"SLUICE_API_KEY": "sl_bad"}).stderr


def test_key_is_not_in_the_process_list(service, program, settings, words):
    release = threading.Event()
    service.events(words.started(), words.text("now"), lambda: release.wait(20), words.finished())
    process = subprocess.Popen([program, "chat", "--api-key", "sl_secret_0123", "x"], env=settings,
                               stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        assert process.stdout.read(3) == b"now"
        assert b"sl_secret" not in pathlib.Path("/proc/%d/cmdline" % process.pid).read_bytes()
    finally:
        release.set()
        process.communicate(timeout=20)
    assert service.metadata[0]["authorization"] == "Bearer sl_secret_0123"


def test_unix_socket(run, words, tmp_path):
    service = WrittenService("unix:" + str(tmp_path / "s.sock"))
    try:
        service.events(words.started(), words.text("hi"), words.finished())
        assert run("chat", "--address", service.address, "x").stdout == "hi\n"
    finally:
        service.close()


def test_http_proxy_is_not_used_for_local_services(service, run, words):
    service.events(words.started(), words.text("hi"), words.finished())
    got = run("chat", "x", env={"http_proxy": "http://127.0.0.1:1", "grpc_proxy": "http://127.0.0.1:1"})
    assert got.stdout == "hi\n", got.stderr


def test_tls(run, words, certs):
    read = lambda path: pathlib.Path(path).read_bytes()  # noqa: E731
    credentials = grpc.ssl_server_credentials([(read(certs.server_key), read(certs.server_cert))], read(certs.ca), True)
    service = WrittenService(credentials=credentials)
    own = ["--address", service.address, "--cert", str(certs.client_cert), "--key", str(certs.client_key)]
    try:
        service.events(words.started(), words.text("hi"), words.finished())
        got = run("chat", "--ca", str(certs.ca), *own, "x")
        assert got.stdout == "hi\n", got.stderr
        assert run("chat", "--ca", str(certs.ca), "--server-name", "elsewhere.example", *own, "x").returncode == 3
        assert run("chat", *own, "x").returncode == 3  # the system's authorities do not know it
        assert run("chat", "--address", service.address, "x").returncode == 3  # plaintext
        assert run("chat", "--ca", str(certs.ca), "--address", service.address, "x").returncode == 3  # no certificate
        got = run("chat", *own, "x", env={"SSL_CERT_FILE": str(certs.ca)})
        assert got.stdout == "hi\n", got.stderr
    finally:
        service.close()


# ---- models and health ----


def some_models(stubs):
    r = stubs.registry
    return [
        r.Model(name="models/gpt", provider="openai", provider_kind="openai", model_id="gpt-2026", context_tokens=128000,
                key_present=True, prices=r.ModelPrices(input_price_micros_per_mtok=2500000,
                                                       output_price_micros_per_mtok=10000000,
                                                       cache_read_price_micros_per_mtok=1250000),
                capabilities=r.ModelCapabilities(streaming=True, tools=True, vision=False), aliases=["fast", "best"],
                labels={"team": "a"}, source="config", base_url="https://api.example.com/v1", api="chat_completions",
                max_output_tokens=16384, description="The usual one."),
        r.Model(name="models/日本", provider="local", model_id="x", context_tokens=1000000),
    ]


def test_models_list(service, run, stubs):
    first, second = some_models(stubs)

    def pages(request, _context):
        assert 1 <= request.page_size <= 1000
        if not request.page_token:
            return stubs.registry.ListModelsResponse(models=[first], next_page_token="p2")
        assert request.page_token == "p2"
        return stubs.registry.ListModelsResponse(models=[second])
    service.on("ListModels", pages)
    got = run("models")
    assert (got.returncode, got.stderr) == (0, "")
    assert got.stdout.splitlines() == [
        "NAME  PROVIDER  MODEL     CONTEXT  $/M IN / OUT  CAN",
        "gpt   openai    gpt-2026  128k     2.5 / 10      stream,tools",
        "日本  local     (no key)  1M       -             -"]
    assert run("models", "list", "--names").stdout == "gpt\n日本\n"
    lines = run("models", "list", "--json").stdout.splitlines()
    assert [json_format.Parse(line, stubs.registry.Model()) for line in lines] == [first, second]


def test_models_show(service, run, stubs):
    first = some_models(stubs)[0]
    service.on("GetModel", lambda request, context: first)
    got = run("models", "show", "fast")
    assert service.requests[0].name == "fast"
    shown = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in got.stdout.splitlines() if not line.startswith(" "))
    assert shown["name"] == "gpt" and shown["cache read"] == "1.25 $/M tokens" and shown["can"] == "stream,tools"
    assert json_format.Parse(run("models", "show", "fast", "--json").stdout, stubs.registry.Model()) == first
    service.fails("GetModel", grpc.StatusCode.NOT_FOUND, "no model", [])
    assert run("models", "show", "x").returncode == 5


def test_models_resolve(service, run, stubs):
    r = stubs.registry
    reply = r.ResolveModelResponse(candidates=[r.ResolvedModel(model=m, reason="asked by name") for m in some_models(stubs)])
    service.on("ResolveModel", lambda request, context: reply)
    got = run("models", "resolve")
    assert service.requests[0].model == ""
    assert got.stdout.splitlines()[1] == "gpt   openai    gpt-2026  asked by name"
    lines = run("models", "resolve", "fast", "--json").stdout.splitlines()
    assert service.requests[1].model == "fast"
    assert [json_format.Parse(line, r.ResolvedModel()) for line in lines] == list(reply.candidates)


def test_health(service, run):
    from grpc_health.v1 import health_pb2 as health
    service.on("Check", lambda request, context: health.HealthCheckResponse(status=2 if request.service else 1))
    got = run("health")
    assert (got.returncode, got.stdout) == (0, "SERVING\n")
    got = run("health", "sluice.v1.Completion")
    assert (got.returncode, got.stdout) == (1, "NOT_SERVING\n")
    assert json.loads(run("health", "--json").stdout) == {"status": "SERVING"}
    service.on("Watch", lambda request, context: iter([health.HealthCheckResponse(status=s) for s in (1, 2, 1)]))
    got = run("health", "--watch")
    assert (got.returncode, got.stdout) == (0, "SERVING\nNOT_SERVING\nSERVING\n")


# ---- completion and help ----


def test_version_and_help(run):
    assert re.fullmatch(r"sluice \d+\.\d+\.\d+\n", run("--version").stdout)
    got = run("--help")
    assert got.returncode == 0 and "Exit status" in got.stdout
    assert run("help", "chat").stdout == run("chat", "--help").stdout


@pytest.mark.parametrize("line, expected", [
    ("sluice ", {"audit", "chat", "completion", "count-tokens", "embed", "health", "help", "image", "keys", "models", "moderate",
                 "prefs", "rerank", "tiers", "users", "whoami"}),
    ("sluice users ", {"list", "show", "create", "update", "delete"}),
    ("sluice audit v", {"verify"}),
    ("sluice mo", {"models", "moderate"}),
    ("sluice models ", {"list", "show", "resolve", "discover"}),
    ("sluice models show g", {"gpt"}),
    ("sluice chat --reasoning-e", {"--reasoning-effort"}),
    ("sluice chat --reasoning-effort m", {"minimal", "medium"}),
    ("sluice chat -m ", {"gpt", "日本"}),
    ("sluice health --im", set()),
])
def test_bash_completion(service, run, program, settings, stubs, line, expected):
    service.on("ListModels", lambda request, context: stubs.registry.ListModelsResponse(models=some_models(stubs)))
    got = set(complete_in_bash(run, program, settings, line))
    # of a list that grows with the program, those that a person would look for first
    assert expected <= got if line in ("sluice ", "sluice models ") else got == expected


def test_bash_completion_runs_nothing(service, run, program, settings, stubs, tmp_path):
    """Names come from the service; the shell must not expand them."""
    names = ["$(touch %s/run)" % tmp_path, "`touch %s/run`" % tmp_path, "a b", "it's"]
    service.on("ListModels", lambda request, context: stubs.registry.ListModelsResponse(
        models=[stubs.registry.Model(name="models/" + name) for name in names]))
    for line in ("sluice chat -m ", "sluice models show "):
        got = complete_in_bash(run, program, settings, line)
        assert len(got) == len(names)
        back = subprocess.run(["bash", "-c", "printf '%s\\n' " + " ".join(got)], capture_output=True, text=True)
        assert back.stdout.splitlines() == names
    assert not (tmp_path / "run").exists()


def complete_in_bash(run, program, settings, line):
    script = run("completion", "bash").stdout
    words = line.split(" ")
    array = " ".join("'%s'" % w for w in words)
    code = script + "\nCOMP_WORDS=(%s); COMP_CWORD=%d; _sluice; printf '%%s\\n' \"${COMPREPLY[@]}\"" % (
        array, len(words) - 1)
    got = subprocess.run(["bash", "-c", code], env={**settings, "PATH": os.path.dirname(program) + ":" + settings["PATH"]},
                         capture_output=True, text=True, timeout=60)
    assert got.stderr == ""
    return [each for each in got.stdout.splitlines() if each]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_parse(run, shell):
    import shutil
    if not shutil.which(shell):
        pytest.skip(shell + " is not installed")
    script = run("completion", shell).stdout
    got = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, timeout=60)
    assert (got.returncode, got.stderr) == (0, "")
