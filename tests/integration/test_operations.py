"""Embed, GenerateImage, Rerank, Moderate, CountTokens and DiscoverModels through the real service."""
import base64
import json
import time

import grpc
import pytest
from env import slack
from helpers import ask, fails, percentile

from conftest import PROVIDER_KEY, entry

PICTURE = bytes(range(256)) * 12000  # three pieces


def vectors(x, size=3, **more):
    """A vector of `size` numbers for each input, the first of which is the input's own."""
    data = [{"index": i, "embedding": [float(text)] + [0.5] * (size - 1)} for i, text in enumerate(x.seen.json["input"])]
    x.json({"data": data[::-1], "model": "said", "usage": {"prompt_tokens": len(data)}, **more})


def embed(stubs, texts, **fields):
    c = stubs.completion
    return c.EmbedRequest(model="test", inputs=[c.EmbedInput(text=t) for t in texts], **fields)


def picture(stubs, **fields):
    return stubs.completion.GenerateImageRequest(model="test", prompt="A hat", **fields)


def events_of(replies):
    out = [event for reply in replies for event in reply.events]
    assert [e.sequence for e in out] == list(range(len(out)))
    return out


# ---- Embed ----

def test_embed(api, provider, stubs):
    provider.script("test", vectors)
    reply = api.completion.Embed(embed(stubs, ["7", "8"], dimensions=3, end_user="me"))
    assert [(e.index, list(e.values)) for e in reply.embeddings] == [(0, [7, 0.5, 0.5]), (1, [8, 0.5, 0.5])]
    assert reply.usage.input_tokens == 2 and not reply.usage.estimated
    assert (reply.report.provider_model, reply.report.attempts) == ("said", 1)
    seen = provider.requests[0]
    assert seen.path == "/v1/embeddings" and seen.headers["authorization"] == "Bearer " + PROVIDER_KEY
    assert seen.json == {"model": "test", "input": ["7", "8"], "dimensions": 3, "user": "me"}


def test_embed_in_batches(start_sluice, provider, stubs):
    """A provider of 10 inputs at once gets three requests; the reply has them all, in order."""
    provider.script("test", vectors)
    sluice = start_sluice(config={"providers": [entry(provider, kind="dashscope")]})
    texts = [str(n) for n in range(25)]
    reply = sluice.api().completion.Embed(embed(stubs, texts))
    assert [int(e.values[0]) for e in reply.embeddings] == list(range(25)) == [e.index for e in reply.embeddings]
    assert reply.usage.input_tokens == 25 and reply.report.attempts == 3
    assert sorted(len(s.json["input"]) for s in provider.requests) == [5, 10, 10]


def test_an_error_in_one_batch_is_the_call_s(start_sluice, provider, stubs):
    def answer(x):
        if "12" in x.seen.json["input"]:
            x.json({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, status=429, headers=[("retry-after", "7")])
        else:
            x.hold()

    provider.script("test", answer)
    sluice = start_sluice(config={"providers": [entry(provider, kind="dashscope")]})
    failure = fails(lambda: sluice.api().completion.Embed(embed(stubs, [str(n) for n in range(25)])),
                    grpc.StatusCode.RESOURCE_EXHAUSTED, "PROVIDER_RATE_LIMIT")
    assert failure.failure.retry_after_ms == 7000 and failure.failure.provider_status == 429
    for seen in provider.wait_requests(3):
        if "12" not in seen.json["input"]:
            seen.wait_closed()


def test_a_reply_that_would_be_too_large(api, provider, stubs):
    provider.script("test", vectors, size=4096)
    failure = fails(lambda: api.completion.Embed(embed(stubs, [str(n) for n in range(200)])),
                    grpc.StatusCode.INVALID_ARGUMENT, "MESSAGE_TOO_LARGE")
    assert failure.bad.field_violations[0].field == "inputs" and "at most 187" in failure.message
    assert len(api.completion.Embed(embed(stubs, [str(n) for n in range(187)])).embeddings) == 187


@pytest.mark.parametrize("make,field", [
    (lambda c: c.EmbedRequest(model="test"), "inputs"),
    (lambda c: c.EmbedRequest(model="test", inputs=[c.EmbedInput()]), "inputs[0]"),
    (lambda c: c.EmbedRequest(model="test", inputs=[c.EmbedInput(text="a")], dimensions=0), "dimensions"),
    (lambda c: c.EmbedRequest(model="test", inputs=[c.EmbedInput(text="a")] * 2049), "inputs"),
    (lambda c: c.EmbedRequest(model="test", inputs=[c.EmbedInput(text="a")], provider_options_json='{"input":1}'),
     "provider_options_json"),
    (lambda c: c.EmbedRequest(model="test", inputs=[c.EmbedInput(text="a")], task=1, on_unsupported=2), "task"),
])
def test_wrong_embed_requests(api, provider, stubs, make, field):
    failure = fails(lambda: api.completion.Embed(make(stubs.completion)), grpc.StatusCode.INVALID_ARGUMENT)
    assert field in [v.field for v in failure.bad.field_violations]
    assert provider.requests == []


def test_what_a_model_cannot_do(start_sluice, provider, stubs):
    sluice = start_sluice(models={"test": "test", "ranks": {"model_id": "r", "provider": "deep", "api": "rerank"}},
                          config={"providers": [entry(provider, kind="groq"), entry(provider, id="deep", kind="together")]})
    api = sluice.api()
    failure = fails(lambda: api.completion.Embed(embed(stubs, ["1"])), grpc.StatusCode.FAILED_PRECONDITION,
                    "PROVIDER_UNSUPPORTED")
    assert "no embeddings" in failure.message
    failure = fails(lambda: api.completion.Complete(ask(model="ranks")), grpc.StatusCode.FAILED_PRECONDITION,
                    "PROVIDER_UNSUPPORTED")
    assert "rerank" in failure.message


def test_warnings(api, provider, stubs):
    provider.script("test", vectors)
    reply = api.completion.Embed(embed(stubs, ["1"], task=1))
    assert [(w.reason, w.field) for w in reply.warnings] == [("UNSUPPORTED_PARAMETER", "task")]


def test_the_same_request_id_twice(api, provider, stubs):
    provider.script("test", vectors)
    request = embed(stubs, ["1"], request_id="once")
    api.completion.Embed(request)
    fails(lambda: api.completion.Embed(request), grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_USED")


def test_cancel_reaches_the_provider(sluice, provider, stubs):
    provider.default("stall")
    api = sluice.api()
    times = []
    for number in range(50):
        call = api.completion.Embed.future(embed(stubs, ["1"]), timeout=60)
        seen = provider.wait_requests(number + 1)[number]
        start = time.monotonic()
        call.cancel()
        times.append(seen.wait_closed() - start)
    assert percentile(times, 0.5) <= slack(0.050, 0.500)
    stream = api.completion.GenerateImage(picture(stubs), timeout=60)
    seen = provider.wait_requests(51)[50]
    stream.cancel()
    seen.wait_closed()


@pytest.mark.parametrize("clock", ["first_byte", "total"])
def test_clocks(start_sluice, provider, stubs, clock):
    provider.script("test", "stall", at="head")
    far = {"connect": "1m", "first_byte": "1m", "first_token": "1m", "idle": "1m", "total": "1m"}
    sluice = start_sluice(models={"test": {"model_id": "test", "timeouts": {**far, clock: "400ms"}}})
    api = sluice.api()
    for call in (lambda: api.completion.Embed(embed(stubs, ["1"])), lambda: list(api.completion.GenerateImage(picture(stubs)))):
        failure = fails(call, grpc.StatusCode.DEADLINE_EXCEEDED, clock.upper() + "_TIMEOUT")
        assert failure.failure.report.attempts == 1


@pytest.mark.parametrize("behaviour,code,reason", [
    ("bad_json", "UNAVAILABLE", "PROVIDER_GARBAGE"),
    ("wrong_types", "UNAVAILABLE", "PROVIDER_GARBAGE"),
    ("html", "UNAVAILABLE", "PROVIDER_GARBAGE"),
    ("deep", "UNAVAILABLE", "PROVIDER_GARBAGE"),
    ("reset", "UNAVAILABLE", "PROVIDER_TRUNCATED"),
    ("redirect", "UNAVAILABLE", "PROVIDER_REDIRECT"),
    ("error", "UNAVAILABLE", "PROVIDER_ERROR"),
])
def test_hostile_providers(api, provider, stubs, behaviour, code, reason):
    provider.script("test", behaviour)
    for call in (lambda: api.completion.Embed(embed(stubs, ["1"])), lambda: list(api.completion.GenerateImage(picture(stubs))),
                 lambda: api.completion.Moderate(moderate(stubs, "a"))):
        failure = fails(call, getattr(grpc.StatusCode, code))
        assert failure.reason == reason, failure
    provider.script("test", vectors)
    api.completion.Embed(embed(stubs, ["1"]))


# ---- GenerateImage ----

def test_a_whole_picture(api, provider, stubs):
    provider.script("test", lambda x: x.json({"data": [{"b64_json": base64.b64encode(PICTURE).decode(),
                                                         "revised_prompt": "A green hat"}], "output_format": "webp",
                                              "usage": {"input_tokens": 5, "output_tokens": 100}}))
    events = events_of(api.completion.GenerateImage(picture(stubs, size="1024x1024", delivery=1)))
    assert [e.WhichOneof("event") for e in events] == ["started", "image", "image", "image", "finished"]
    assert b"".join(e.image.data for e in events[1:4]) == PICTURE
    assert [e.image.last for e in events[1:4]] == [False, False, True]
    assert (events[1].image.media_type, events[1].image.revised_prompt) == ("image/webp", "A green hat")
    assert max(len(e.image.data) for e in events[1:4]) <= 1 << 20
    finished = events[-1].finished
    assert (finished.images, finished.usage.input_tokens, finished.usage.output_tokens) == (1, 5, 100)
    assert provider.requests[0].json == {"model": "test", "prompt": "A hat", "size": "1024x1024", "response_format": "b64_json"}


def test_fewer_pictures_than_asked_for(api, provider, stubs):
    provider.script("test", lambda x: x.json({"data": [{"url": "https://pictures.test/1"}]}))
    events = events_of(api.completion.GenerateImage(picture(stubs, n=2, delivery=2)))
    assert events[1].image.url == "https://pictures.test/1" and events[1].image.last
    assert [w.reason for w in events[-1].finished.warnings] == ["FEWER_IMAGES"]


def stream_of(*events, done=True):
    def answer(x):
        x.start_stream()
        for event in events:
            x.event(event)
        if done:
            x.end()
        else:
            x.cut()
    return answer


PARTIAL = {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": "AAEC"}
COMPLETED = {"type": "image_generation.completed", "b64_json": "AQID", "usage": {"input_tokens": 1, "output_tokens": 2}}


def test_unfinished_pictures(start_sluice, provider, stubs):
    provider.script("gpt-image-1", stream_of(PARTIAL, {"type": "something.new"}, COMPLETED))
    api = start_sluice(models={"test": "gpt-image-1"}).api()
    events = events_of(api.completion.GenerateImage(picture(stubs, partial_images=2)))
    assert [(e.WhichOneof("event"), e.image.partial, e.image.data) for e in events[1:3]] == [
        ("image", True, b"\0\1\2"), ("image", False, b"\1\2\3")]
    assert events[1].image.media_type == "image/png"
    assert events[-1].finished.usage.output_tokens == 2
    assert provider.requests[0].json == {"model": "gpt-image-1", "prompt": "A hat", "stream": True, "partial_images": 2}


@pytest.mark.parametrize("answer,code,reason", [
    (stream_of(PARTIAL), "UNAVAILABLE", "PROVIDER_TRUNCATED"),
    (stream_of(PARTIAL, done=False), "UNAVAILABLE", None),
    (stream_of(PARTIAL, {"type": "error", "error": {"code": "moderation_blocked", "message": "no"}}), "INVALID_ARGUMENT",
     "CONTENT_REFUSED"),
    (stream_of({"type": "image_generation.completed"}), "UNAVAILABLE", "PROVIDER_GARBAGE"),
])
def test_streams_that_break_off(api, provider, stubs, answer, code, reason):
    provider.script("test", answer)
    failure = fails(lambda: list(api.completion.GenerateImage(picture(stubs, partial_images=1))), getattr(grpc.StatusCode, code))
    assert reason in (None, failure.reason), failure


def test_an_edit_is_a_form(api, provider, stubs):
    image = stubs.chat.Image(data=b"\x89PNG bytes", media_type="image/png")
    provider.script(None, lambda x: x.json({"data": [{"b64_json": "AQID"}]}))
    provider.default(lambda x: x.json({"data": [{"b64_json": "AQID"}]}))
    list(api.completion.GenerateImage(picture(stubs, images=[image], mask=image, n=1)))
    seen = provider.requests[0]
    kind, boundary = seen.headers["content-type"].split("; boundary=")
    assert (seen.path, kind) == ("/v1/images/edits", "multipart/form-data")
    parts = seen.body.split(b"--" + boundary.encode())
    assert parts[-1] == b"--\r\n" and parts[0] == b""
    fields = {p.split(b'name="')[1].split(b'"')[0]: p.split(b"\r\n\r\n", 1)[1][:-2] for p in parts[1:-1]}
    assert fields == {b"model": b"test", b"prompt": b"A hat", b"n": b"1", b"image": b"\x89PNG bytes", b"mask": b"\x89PNG bytes"}


# ---- the others ----

def moderate(stubs, *texts):
    c = stubs.completion
    return c.ModerateRequest(model="test", inputs=[c.ModerateInput(parts=[stubs.chat.Part(text=t)]) for t in texts])


def test_moderate(api, provider, stubs):
    provider.script("test", lambda x: x.json({"results": [
        {"flagged": t == "bad", "categories": {"violence": t == "bad", "hate": False}, "category_scores": {"violence": 0.25}}
        for t in x.seen.json["input"]]}))
    reply = api.completion.Moderate(moderate(stubs, "good", "bad"))
    assert [r.flagged for r in reply.results] == [False, True]
    first, second = reply.results[1].categories
    assert (first.name, first.flagged, first.score) == ("violence", True, 0.25)
    assert (second.name, second.HasField("score")) == ("hate", False)


def test_rerank(start_sluice, provider, stubs):
    provider.script("test", lambda x: x.json({"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}],
                                              "usage": {"total_tokens": 4}}))
    api = start_sluice(config={"providers": [entry(provider, kind="vllm")]}).api()
    reply = api.completion.Rerank(stubs.completion.RerankRequest(model="test", query="q", documents=["a", "b"], top_n=2,
                                                                 return_documents=True))
    assert [(r.index, r.relevance_score, r.document) for r in reply.results] == [(1, 0.9, "b"), (0, 0.1, "a")]
    assert reply.usage.input_tokens == 4
    assert provider.requests[0].json == {"model": "test", "query": "q", "documents": ["a", "b"], "top_n": 2}


def test_an_estimate_of_tokens(api, provider):
    reply = api.completion.CountTokens(ask("four bytes a token"))
    assert (reply.input_tokens, reply.estimated, provider.requests) == (5, True, [])


def test_count_of_the_provider(start_sluice, provider):
    provider.default(lambda x: x.json({"input_tokens": 42}))
    api = start_sluice(config={"providers": [entry(provider, kind="anthropic")]}).api()
    reply = api.completion.CountTokens(ask("Hello", max_output_tokens=5))
    assert (reply.input_tokens, reply.estimated) == (42, False)
    assert provider.requests[0].path == "/v1/messages/count_tokens"
    assert set(provider.requests[0].json) == {"model", "messages"}


def test_discover_models(start_sluice, provider, stubs):
    provider.lists_models = False
    provider.default(lambda x: x.json({"data": [{"id": "test", "context_length": 5, "created": 7}, {"id": "fresh"}]}))
    sluice = start_sluice(models={"test": "test", "old": "gone-1"})
    request = stubs.registry.DiscoverModelsRequest(provider="scripted")
    fails(lambda: sluice.api().registry.DiscoverModels(request), grpc.StatusCode.PERMISSION_DENIED)
    reply = sluice.api(sluice.admin_key).registry.DiscoverModels(request)
    assert [(m.id, list(m.registered), m.context_tokens, m.created) for m in reply.models] == [
        ("test", ["test"], 5, 7), ("fresh", [], 0, 0)]
    assert (list(reply.gone), reply.truncated, reply.provider) == (["gone-1"], False, "scripted")
    assert provider.requests[0].method == "GET"
    registry = sluice.api(sluice.admin_key).registry
    assert len(registry.DiscoverModels(stubs.registry.DiscoverModelsRequest(model="test")).models) == 2
    fails(lambda: registry.DiscoverModels(stubs.registry.DiscoverModelsRequest(provider="nobody")), grpc.StatusCode.NOT_FOUND)
    fails(lambda: registry.DiscoverModels(stubs.registry.DiscoverModelsRequest()), grpc.StatusCode.INVALID_ARGUMENT)


def test_pages_of_models(start_sluice, provider, stubs):
    provider.lists_models = False

    def page(x):
        if "after_id" in x.seen.query:
            x.json({"data": [{"id": "b"}], "has_more": False})
        else:
            x.json({"data": [{"id": "a"}], "has_more": True, "last_id": "a"})

    provider.default(page)
    sluice = start_sluice()
    reply = sluice.api(sluice.admin_key).registry.DiscoverModels(stubs.registry.DiscoverModelsRequest(model="test"))
    assert [m.id for m in reply.models] == ["a", "b"]


# ---- the command line ----

def test_cli(cli, provider, tmp_path):
    provider.script("test", vectors)
    got = cli("embed", "-m", "test", "7", "8")
    assert (got.returncode, got.stdout) == (0, "7 0.5 0.5\n8 0.5 0.5\n"), got.stderr
    assert cli("embed", "-", input="7\n\n8\n").stdout == got.stdout
    assert json.loads(cli("embed", "--json", "7").stdout)["embeddings"][0]["values"] == [7, 0.5, 0.5]
    provider.script("test", lambda x: x.json({"data": [{"b64_json": "AQID"}, {"b64_json": "BAUG"}]}))
    got = cli("image", "-o", str(tmp_path / "hat.png"), "a", "hat")
    assert (got.returncode, got.stdout.split()) == (0, [str(tmp_path / "hat.png"), str(tmp_path / "hat-2.png")]), got.stderr
    assert (tmp_path / "hat.png").read_bytes() == b"\1\2\3" and (tmp_path / "hat-2.png").read_bytes() == b"\4\5\6"
    assert cli("image").returncode == 2
    provider.script("test", lambda x: x.json({"results": [{"flagged": True, "categories": {"hate": True},
                                                           "category_scores": {"hate": 0.5}}]}))
    assert cli("moderate", "bad words").stdout == "flagged\thate 0.5\n"
    got = cli("count-tokens", "four bytes a token")
    assert got.stdout == "5\n" and "estimate" in got.stderr
    provider.script("test", "error", status=429, message="slow down")
    assert cli("embed", "7").returncode == 6


def test_cli_rerank_and_discover(start_sluice, provider, tmp_path):
    import os
    import subprocess

    import env as environment
    provider.lists_models = False
    provider.default(lambda x: x.json({"results": [{"index": 1, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.25}]}
                                      if x.seen.method == "POST" else {"data": [{"id": "test"}, {"id": "fresh"}]}))
    sluice = start_sluice(config={"providers": [entry(provider, kind="vllm")]})
    full = {**os.environ, "SLUICE_ADDRESS": sluice.address, "SLUICE_API_KEY": sluice.admin_key}

    def run(*args):
        return subprocess.run([str(environment.binary("sluice")), *args], env=full, text=True, capture_output=True, timeout=60)

    got = run("rerank", "q", "a", "b")
    assert (got.returncode, got.stdout) == (0, "0.5\t1\tb\n0.25\t0\ta\n"), got.stderr
    got = run("models", "discover", "scripted")
    assert got.returncode == 0 and "(new)" in got.stdout and "fresh" in got.stdout, got.stderr
    assert run("models", "discover", "--names", "--model", "test").stdout == "test\nfresh\n"
