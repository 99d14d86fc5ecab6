"""The main job: whole and streamed completions from an OpenAI-shaped provider."""
import concurrent.futures
import json

import pytest
from helpers import Answer, Background, ask, complete, stream, text_of, user

from conftest import PROVIDER_KEY


def test_unary_answer_and_report(sluice, provider, stubs):
    provider.script("test", "text", text="Paris is the capital.", reasoning="think first")
    reply = complete(sluice.api(), ask("Capital of France?", temperature=0.5, max_output_tokens=99, seed=7))
    assert text_of(reply.message) == "Paris is the capital."
    assert [p.WhichOneof("content") for p in reply.message.parts] == ["reasoning", "text"]
    assert reply.message.parts[0].reasoning.text == "think first"
    assert reply.message.role == stubs.chat.ROLE_ASSISTANT
    assert reply.finish_reason == stubs.chat.FINISH_REASON_STOP and reply.raw_finish_reason == "stop"
    usage = reply.usage
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens) == (11, 4, 5)
    assert json.loads(usage.provider_json)["total_tokens"] == 20 and not usage.estimated
    report = reply.report
    assert (report.model_asked, report.provider, report.attempts) == ("test", "scripted", 1)
    assert report.model in ("test", "models/test")
    assert report.provider_model == "test" and report.provider_response_id == "chatcmpl-scripted-0"
    assert report.provider_request_id == "req_scripted_0" and report.system_fingerprint == "fp_scripted"
    assert report.call_id and report.reason and report.total_ms > 0
    seen = provider.wait_requests(1)[0]
    assert (seen.method, seen.path) == ("POST", "/v1/chat/completions")
    assert seen.headers["authorization"] == "Bearer " + PROVIDER_KEY
    assert seen.headers["content-type"].startswith("application/json")
    assert "accept-encoding" not in seen.headers and "expect" not in seen.headers
    body = seen.json
    assert (body["model"], body["temperature"], body["seed"]) == ("test", 0.5, 7)
    assert body["max_completion_tokens"] == 99 and "max_tokens" not in body
    assert not body.get("stream")


def test_stream_arrives_piece_by_piece(sluice, provider):
    """Each token reaches the client before the provider sends the next one: the gate proves it without a clock."""
    provider.script("test", "text", text="one two three", gate="rest", gate_after=1)
    events = []
    opened = []

    def on_event(event):
        events.append(event)
        if event.WhichOneof("event") == "text_delta" and not opened:
            opened.append(True)
            provider.gate("rest").open()

    answer = Answer(sluice.api().completion.StreamComplete(ask(), timeout=30), on_event)
    assert [d.text for d in answer.of("text_delta")] == ["one", " two", " three"]
    assert opened
    assert answer.finished.complete and answer.finished.report.attempts == 1
    assert answer.finished.report.HasField("first_token_ms")
    assert answer.started.model in ("test", "models/test") and answer.started.provider == "scripted"
    body = provider.requests[0].json
    assert body["stream"] is True and body["stream_options"]["include_usage"] is True


def test_stream_never_merges_events(sluice, provider):
    """A burst arrives in few messages, but every piece is an event of its own."""
    provider.script("test", "text", words=500)
    answer = stream(sluice.api(), ask())
    assert len(answer.of("text_delta")) == 500
    assert len(answer.of("part_done")) == 1


def test_include_message_is_what_the_deltas_said(sluice, provider, stubs):
    provider.script("test", "tool", calls=3, arguments='{"city":"Zürich","n":12345678901234567890}')
    answer = stream(sluice.api(), ask(include_message=True))
    calls = {}
    for delta in answer.of("tool_call_delta"):
        call = calls.setdefault(delta.part, {"id": "", "name": "", "arguments": ""})
        call["id"] += delta.id
        call["name"] += delta.name
        call["arguments"] += delta.arguments_fragment
    whole = [{"id": p.tool_call.id, "name": p.tool_call.name, "arguments": p.tool_call.arguments_json}
             for p in answer.finished.message.parts]
    assert whole == list(calls.values()) and len(whole) == 3
    assert whole[0]["arguments"] == '{"city":"Zürich","n":12345678901234567890}'
    assert answer.finished.finish_reason == stubs.chat.FINISH_REASON_TOOL_CALLS
    assert not stream(sluice.api(), ask()).finished.HasField("message")


@pytest.mark.parametrize("streamed", [False, True])
def test_refusal(sluice, provider, streamed):
    provider.script("test", "refusal", text="I will not.")
    if streamed:
        answer = stream(sluice.api(), ask(include_message=True))
        assert "".join(d.refusal for d in answer.of("part_delta")) == "I will not."
        parts = answer.finished.message.parts
    else:
        parts = complete(sluice.api(), ask()).message.parts
    assert [p.refusal for p in parts] == ["I will not."]


def test_finish_by_length_is_not_complete(sluice, provider, stubs):
    provider.script("test", "text", finish="length")
    finished = stream(sluice.api(), ask()).finished
    assert finished.finish_reason == stubs.chat.FINISH_REASON_LENGTH and not finished.complete


def test_concurrent_calls_do_not_mix(sluice, provider):
    """Many streams at once on one channel: each gets its own words back, all of them, in order."""
    provider.default("echo")
    api = sluice.api()

    def one(number):
        said = " ".join("call-%d-word-%d" % (number, i) for i in range(40))
        if number % 2:
            return said, stream(api, ask(said)).text
        return said, text_of(complete(api, ask(said)).message)

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        for said, got in pool.map(one, range(200)):
            assert got == said


def test_connections_to_the_provider_are_reused(sluice, provider):
    api = sluice.api()
    for _ in range(20):
        complete(api, ask())
    # no more than one for each of the service's loops
    assert provider.connections <= 8 and len(provider.requests) == 20


def test_large_request_reaches_the_provider_whole(sluice, provider, stubs):
    """15 MiB of picture, as bytes, become base64 in the JSON body and are the same bytes."""
    picture = bytes(range(256)) * (15 * 4096)
    request = ask("what is this?")
    image = request.messages[0].parts.add().image
    image.data, image.media_type = picture, "image/png"
    complete(sluice.api(), request, timeout=60)
    import base64
    url = provider.requests[0].json["messages"][0]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,") and base64.b64decode(url.split(",", 1)[1]) == picture


def test_provider_options_travel_unchanged(sluice, provider):
    options = '{"metadata": {"b": 1, "a": 12345678901234567890}, "store": true, "logit_bias": {"50256": -100}}'
    complete(sluice.api(), ask(provider_options_json=options))
    body = provider.requests[0].body.decode()
    assert "12345678901234567890" in body
    for key, value in json.loads(options).items():
        assert provider.requests[0].json[key] == value


def test_text_of_every_kind_travels_unchanged(sluice, provider):
    provider.default("echo")
    said = "tab\t quote\" back\\slash / newline\n \u0001 \u2028 café 東京 🦊 👩‍👩‍👧 \ufeff e\u0301 \x7f"
    assert text_of(complete(sluice.api(), ask(said)).message) == said
    assert stream(sluice.api(), ask(said)).text == said


def test_empty_answer_is_an_answer(sluice, provider):
    provider.script("test", "text", text="")
    assert text_of(complete(sluice.api(), ask()).message) == ""
    assert stream(sluice.api(), ask()).text == ""


def test_conversation_with_system_and_history(sluice, provider, stubs):
    chat = stubs.chat
    request = stubs.completion.CompleteRequest(model="test", messages=[
        chat.Message(role=chat.ROLE_SYSTEM, parts=[chat.Part(text="be short")]), user("hello"),
        chat.Message(role=chat.ROLE_ASSISTANT, parts=[chat.Part(text="hi")]), user("bye")])
    complete(sluice.api(), request)
    got = provider.requests[0].json["messages"]
    assert [m["role"] for m in got] == ["system", "user", "assistant", "user"]


def test_default_model_answers_a_request_without_a_model(sluice, provider):
    reply = complete(sluice.api(), ask(model=""))
    assert reply.report.model_asked == "" and reply.report.provider_model == "test"


def test_a_slow_call_does_not_hold_up_a_fast_one(start_sluice, provider):
    """With one loop thread, so that nothing else could hide it."""
    sluice = start_sluice(models={"slow": "slow", "fast": "fast"}, config={"server": {"loops": 1}})
    provider.script("slow", "text", gate="slow", gate_after=0)
    api = sluice.api()
    slow = Background(stream, api, ask(model="slow"))
    provider.wait_requests(1)
    for _ in range(10):
        complete(api, ask(model="fast"), timeout=10)
    assert slow.running()
    provider.gate("slow").open()
    assert slow.result().text == "Hello from the scripted provider."
