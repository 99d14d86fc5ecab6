"""Behaviours of the scripted provider: how an OpenAI-shaped server answers well, slowly, late, wrongly, or not at all.

Each is a function of an Exchange and keyword parameters, found by its name in BEHAVIOURS. The wire shapes are those of
https://platform.openai.com/docs/api-reference/chat (objects chat.completion and chat.completion.chunk).
"""
import json

BEHAVIOURS = {}

DEMO_TEXT = ("Hello! This is Sluice's demonstration provider speaking: a small script without any model behind it. Your "
             "request came in through gRPC, went out as an HTTP request, and these words stream back to you one by one. "
             "Give Sluice the key of a real provider and a real model will answer here.")
WORDS = "the quick brown fox jumps over the lazy dog and runs on".split()


def behaviour(function):
    BEHAVIOURS[function.__name__] = function
    return function


# ---- building blocks ----

def usage(prompt=11, completion=7, reasoning=0, cached=0):
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0}}


def base(x, kind):
    return {"id": "chatcmpl-scripted-%d" % x.seen.number, "object": kind, "created": 1760000000,
            "model": x.seen.model or "scripted", "system_fingerprint": "fp_scripted"}


def chunk(x, delta=None, finish=None, **extra):
    out = base(x, "chat.completion.chunk")
    out["choices"] = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    out.update(extra)
    return out


def wants_usage(x):
    options = (x.seen.json or {}).get("stream_options") or {}
    return bool(options.get("include_usage"))


def finish_stream(x, reason="stop", used=None, done=True):
    x.event(chunk(x, {}, reason))
    if wants_usage(x):
        x.event(chunk(x, usage=used or usage()))
    if done:
        x.send(b"data: [DONE]\n\n")
    x.end()


def answer(x, message, reason="stop", used=None, headers=()):
    body = base(x, "chat.completion")
    body["choices"] = [{"index": 0, "message": {"role": "assistant", "content": None, "refusal": None, **message},
                        "logprobs": None, "finish_reason": reason}]
    body["usage"] = used or usage()
    x.json(body, headers=[("x-request-id", "req_scripted_%d" % x.seen.number), *headers])


def begin_stream(x, headers=()):
    x.start_stream([("x-request-id", "req_scripted_%d" % x.seen.number), *headers])
    x.event(chunk(x, {"role": "assistant", "content": ""}))


def pieces(text):
    """Words, each with the blank in front of it, so that they join to the text."""
    out, start = [], 0
    for i in range(1, len(text)):
        if text[i] == " " and text[i - 1] != " ":
            out.append(text[start:i])
            start = i
    return out + [text[start:]] if text else []


def words(count):
    return " ".join(WORDS[i % len(WORDS)] for i in range(count))


def error_body(message, type="server_error", code=None, param=None):
    return {"error": {"message": message, "type": type, "param": param, "code": code}}


# ---- answering well ----

@behaviour
def text(x, text="Hello from the scripted provider.", words=0, interval_ms=0, reasoning="", gate=None, gate_after=1,
         finish="stop", comment=False, completion_tokens=0):
    """A plain answer; with a gate, the stream waits for it after so many pieces."""
    if words:
        text = globals()["words"](words)
    parts = pieces(text)
    used = usage(completion=completion_tokens or len(parts) + (5 if reasoning else 0), reasoning=5 if reasoning else 0)
    if not x.seen.streamed:
        if gate:
            x.wait(gate=x.provider.gate(gate))
        if interval_ms:
            x.wait(interval_ms * len(parts) / 1000)
        message = {"content": text}
        if reasoning:
            message["reasoning_content"] = reasoning
        return answer(x, message, finish, used)
    begin_stream(x)
    for piece in pieces(reasoning):
        x.event(chunk(x, {"reasoning_content": piece}))
    for i, piece in enumerate(parts):
        if gate and i == gate_after:
            x.wait(gate=x.provider.gate(gate))
        if interval_ms and i:
            x.wait(interval_ms / 1000)
        if comment:
            x.send(b": keep-alive\n\n")
        x.event(chunk(x, {"content": piece}))
        x.mark("piece-%d" % i)
    return finish_stream(x, finish, used)


@behaviour
def demo(x, interval_ms=40):
    """The answer of ./service/run: friendly, and plain about what it is."""
    text(x, text=DEMO_TEXT, interval_ms=interval_ms if x.seen.streamed else 0)


@behaviour
def echo(x, interval_ms=0):
    """Says the last user message's text back."""
    last = [m for m in (x.seen.json or {}).get("messages", []) if m.get("role") == "user"][-1:]
    content = last[0].get("content", "") if last else ""
    if isinstance(content, list):
        content = "".join(p.get("text", "") for p in content)
    text(x, text=content, interval_ms=interval_ms)


@behaviour
def request(x):
    """Says the request's JSON back."""
    text(x, text=json.dumps(x.seen.json, sort_keys=True))


@behaviour
def tool(x, name="get_weather", arguments='{"city":"Paris"}', calls=1, fragment=5):
    """Asks for tool calls, streamed in fragments."""
    made = [{"id": "call_scripted%d" % i, "type": "function", "function": {"name": name, "arguments": arguments}}
            for i in range(calls)]
    if not x.seen.streamed:
        return answer(x, {"tool_calls": made}, "tool_calls")
    begin_stream(x)
    for i, call in enumerate(made):
        first = {**call, "index": i, "function": {"name": name, "arguments": ""}}
        x.event(chunk(x, {"tool_calls": [first]}))
        for at in range(0, len(arguments), fragment):
            x.event(chunk(x, {"tool_calls": [{"index": i, "function": {"arguments": arguments[at:at + fragment]}}]}))
    return finish_stream(x, "tool_calls")


def shows_picture(body):
    return any(isinstance(m.get("content"), list) and any(p.get("type") == "image_url" for p in m["content"])
               for m in body.get("messages", []))


@behaviour
def able(x, tools=1, vision=1, schema=1, min_tokens=1, reasoning=0):
    """Does what it is asked for: calls a tool, says the colour of a picture, follows a schema; where a parameter is 0, it
    refuses tools, does not see, and talks instead of JSON."""
    body = x.seen.json or {}
    room = body.get("max_completion_tokens") or body.get("max_tokens") or 1000
    used = usage(prompt=9, completion=min(room, 3), reasoning=reasoning)
    if room < min_tokens:
        return x.json(error_body("max_completion_tokens is too small", "invalid_request_error", "integer_below_min_value",
                                 "max_completion_tokens"), status=400)
    if body.get("tools") and not tools:
        return x.json(error_body("this model does not take tools", "invalid_request_error", None, "tools"), status=400)
    if body.get("tools"):
        name = body["tools"][0]["function"]["name"]
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"ready":true}'}}
        return answer(x, {"tool_calls": [call]}, "tool_calls", used)
    if shows_picture(body):
        return answer(x, {"content": "Red." if vision else "I see nothing."}, used=used)
    if body.get("response_format"):
        return answer(x, {"content": '{"blue":true}' if schema else "Yes, it is."}, used=used)
    return text(x, text="Yes", finish="length" if room == 1 else "stop", completion_tokens=min(room, 3))


@behaviour
def refusal(x, text="I can't help with that."):
    if not x.seen.streamed:
        return answer(x, {"refusal": text})
    begin_stream(x)
    for piece in pieces(text):
        x.event(chunk(x, {"refusal": piece}))
    return finish_stream(x)


# ---- slow, late, never ----

@behaviour
def late(x, at="head", ms=300, text="late"):
    """Answers well, but waits at one place: before the head, before the first token, between tokens."""
    if at == "head":
        x.wait(ms / 1000)
    if not x.seen.streamed:
        return answer(x, {"content": text})
    begin_stream(x)
    if at == "token":
        x.wait(ms / 1000)
    x.event(chunk(x, {"content": text}))
    if at == "between":
        x.wait(ms / 1000)
    x.event(chunk(x, {"content": " enough"}))
    return finish_stream(x)


@behaviour
def stall(x, at="head", comments_ms=0):
    """Goes quiet for ever. comments_ms: sends SSE comments meanwhile, which are no token."""
    if at != "head":
        if x.seen.streamed:
            begin_stream(x)
            if at == "between":
                x.event(chunk(x, {"content": "before the silence"}))
        else:
            x.head(200, [("content-type", "application/json")])
            x.send(b'{"id":"chatcmpl-x",')
    x.mark("quiet")
    while comments_ms:
        x.wait(comments_ms / 1000)
        x.send(b": still here\n\n")
    x.hold()


@behaviour
def drip(x, interval_ms=20, text="x"):
    """Tokens for ever, at a pace."""
    if x.seen.streamed:
        begin_stream(x)
        while True:
            x.event(chunk(x, {"content": text}))
            x.wait(interval_ms / 1000)
    x.head(200, [("content-type", "application/json")])
    while True:
        x.send(b" ")
        x.wait(interval_ms / 1000)


@behaviour
def flood(x, bytes=200_000_000, piece=16384):
    """Pushes a long stream as fast as the client takes it, then ends it well."""
    begin_stream(x)
    one = b"data: " + json.dumps(chunk(x, {"content": "x" * piece})).encode() + b"\n\n"
    batch = one * 8
    x.mark("flood")
    while x.seen.sent < bytes:
        x.send(batch)
    x.mark("flooded")
    finish_stream(x)


@behaviour
def big(x, bytes=100_000_000):
    """One answer with a text of so many bytes."""
    head = json.dumps(base(x, "chat.completion"))[:-1] + ', "choices": [{"index": 0, "finish_reason": "stop", "message": '
    head = (head + '{"role": "assistant", "content": "').encode()
    tail = b'"}}]}'
    x.head(200, [("content-type", "application/json")], length=len(head) + bytes + len(tail))
    x.send(head)
    left = bytes
    while left:
        n = min(left, 1 << 20)
        x.send(b"y" * n)
        left -= n
    x.send(tail)
    x.end()


# ---- wrong ----

def wrong_stream(x, data):
    """A good first piece, then the given bytes, then a good end: only the middle is wrong."""
    begin_stream(x)
    x.event(chunk(x, {"content": "good so far"}))
    x.send(data)
    finish_stream(x)


def wrong(x, whole, frame):
    if x.seen.streamed:
        wrong_stream(x, b"data: " + frame + b"\n\n")
    else:
        x.body(200, "application/json", whole)


@behaviour
def bad_json(x):
    wrong(x, b'{"id": "chatcmpl-1", "choices": [{"index": 0, "message": {', b'{"choices": [{"delta": {"content": ')


@behaviour
def html(x, status=200):
    """What a proxy on the way answers."""
    page = b"<!DOCTYPE html><html><head><title>Oops</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    x.body(status, "text/html; charset=utf-8", page)


@behaviour
def wrong_types(x):
    whole = {"id": 7, "object": [], "choices": {"index": "zero", "message": "text"}, "usage": "lots"}
    frame = {"id": {}, "choices": [{"index": 0, "delta": {"content": {"not": "text"}}}], "usage": [1, 2]}
    wrong(x, json.dumps(whole).encode(), json.dumps(frame).encode())


@behaviour
def bad_utf8(x):
    """Bytes that are no UTF-8 inside of a text."""
    whole = json.dumps({**base(x, "chat.completion"), "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "bad \x01 here"}, "finish_reason": "stop"}]})
    frame = json.dumps(chunk(x, {"content": "bad \x01 here"}))
    wrong(x, *(t.encode().replace(b"\\u0001", b"\xff\xc3\x28") for t in (whole, frame)))


@behaviour
def nul(x):
    """U+0000, escaped, inside of a text: legal JSON, no legal text in an answer."""
    if x.seen.streamed:
        begin_stream(x)
        x.event(chunk(x, {"content": "a\u0000b"}))
        return finish_stream(x)
    return answer(x, {"content": "a\u0000b"})


@behaviour
def deep(x, depth=100_000):
    bomb = b"[" * depth + b"]" * depth
    wrong(x, b'{"choices": ' + bomb + b"}", b'{"choices": ' + bomb + b"}")


@behaviour
def wide(x, elements=3_000_000):
    """A body of very many tiny JSON tokens."""
    bomb = b"[" + b"1," * elements + b"1]"
    wrong(x, b'{"choices": ' + bomb + b"}", b'{"choices": ' + bomb + b"}")


@behaviour
def endless_line(x, bytes=64_000_000):
    """An SSE line without an end."""
    if x.seen.streamed:
        begin_stream(x)
    else:
        x.head(200, [("content-type", "text/event-stream")])
    x.send(b'data: {"choices":[{"delta":{"content":"')
    while x.seen.sent < bytes:
        x.send(b"a" * 65536)
    x.send(b'"}}]}\n\n')
    x.end()


@behaviour
def endless_event(x, bytes=64_000_000):
    """One SSE event of endlessly many short lines."""
    begin_stream(x)
    while x.seen.sent < bytes:
        x.send(b"data: 1\n" * 4096)
    x.end()


@behaviour
def endless_head(x, bytes=8_000_000):
    """Header lines without an end (HTTP/1.1 only)."""
    x.raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
    sent = 0
    while sent < bytes:
        line = b"x-filler-%08d: %s\r\n" % (sent, b"f" * 1000)
        x.raw(line)
        sent += len(line)
    x.raw(b"\r\n")
    x.cut()


@behaviour
def empty(x, content_type="application/json"):
    """A 200 without a body."""
    x.body(200, content_type, b"")


@behaviour
def no_choices(x):
    """A stream, or an answer, that never says anything."""
    if x.seen.streamed:
        x.start_stream()
        x.send(b"data: [DONE]\n\n")
        return x.end()
    return x.json({**base(x, "chat.completion"), "choices": []})


@behaviour
def not_http(x):
    """No HTTP at all (HTTP/1.1 only)."""
    x.raw(b"SSH-2.0-OpenSSH_9.2\r\n" + b"\x00\x01\x02" * 50)
    x.cut()


# ---- cut off ----

@behaviour
def cut(x, at="event"):
    """The answer ends too early. event: in the middle of an SSE event, HTTP in good order; boundary: the same between two
    events; chunk: in the middle of an HTTP chunk; finish: after the finish reason, HTTP broken off; body: in the middle
    of a whole answer's JSON, HTTP in good order."""
    if not x.seen.streamed:
        data = json.dumps({**base(x, "chat.completion"), "choices": []}).encode()[:60]
        x.head(200, [("content-type", "application/json")])
        x.send(data)
        return x.end() if at in ("body", "event", "boundary") else x.cut()
    begin_stream(x)
    x.event(chunk(x, {"content": "half an answ"}))
    if at == "finish":
        x.event(chunk(x, {}, "stop"))
        return x.cut()
    if at == "boundary":
        return x.end()
    rest = b"data: " + json.dumps(chunk(x, {"content": "er"})).encode() + b"\n\n"
    if at == "event":
        x.send(rest[:len(rest) // 2])
        return x.end()
    x.torn(rest)
    return x.cut()


@behaviour
def reset(x, at="head"):
    if at == "between":
        if x.seen.streamed:
            begin_stream(x)
            x.event(chunk(x, {"content": "before the reset"}))
        else:
            x.head(200, [("content-type", "application/json")], length=1000)
            x.send(b'{"id": "chatcmpl-1"')
        x.settle()
    x.reset()


@behaviour
def close(x):
    """Reads the request and closes, in good TCP order, without a byte."""
    x.cut()


@behaviour
def stale(x, text="fresh"):
    """Answers the first request of a connection, and closes the connection after reading a second one."""
    if x.seen.nth > 0:
        return x.cut()
    return BEHAVIOURS["text"](x, text=text)


@behaviour
def long_length(x, extra=100):
    """Content-Length says more than comes."""
    lie(x, extra)


@behaviour
def short_length(x, missing=20):
    """Content-Length says less than comes."""
    lie(x, -missing)


@behaviour
def smuggle(x, text="smuggled"):
    """A good whole answer, and, once it was taken, a second one that nobody asked for (HTTP/1.1 only)."""
    def answered(words):
        data = json.dumps({**base(x, "chat.completion"), "choices": [
            {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}]}).encode()
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data
    x.raw(answered("asked for"))
    x.settle()
    x.raw(answered(text))
    x.whole = True


def lie(x, difference):
    if x.seen.streamed:
        data = b"".join(b"data: " + json.dumps(c).encode() + b"\n\n"
                        for c in (chunk(x, {"content": "a lie"}), chunk(x, {}, "stop"))) + b"data: [DONE]\n\n"
        kind = "text/event-stream"
    else:
        data = json.dumps({**base(x, "chat.completion"), "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "a lie"}, "finish_reason": "stop"}]}).encode()
        kind = "application/json"
    x.head(200, [("content-type", kind)], length=len(data) + difference)
    x.send(data)
    x.cut()


# ---- errors said properly ----

@behaviour
def error(x, status=500, type="server_error", code=None, message="The server had an error.", param=None, retry_after=None,
          retry_after_ms=None, text=None, body=None, html=False):
    headers = [("x-request-id", "req_scripted_%d" % x.seen.number)]
    if retry_after is not None:
        headers.append(("retry-after", str(retry_after)))
    if retry_after_ms is not None:
        headers.append(("retry-after-ms", str(retry_after_ms)))
    if html:
        return x.body(status, "text/html", b"<html><body>no</body></html>", headers)
    if text is not None:
        return x.body(status, "text/plain", text.encode(), headers)
    return x.json(body if body is not None else error_body(message, type, code, param), status, headers)


@behaviour
def big_error(x, status=500, bytes=20_000_000):
    """An error with a body far longer than anybody reads."""
    x.head(status, [("content-type", "text/plain")], length=bytes)
    left = bytes
    while left:
        n = min(left, 1 << 16)
        x.send(b"E" * n)
        left -= n
    x.end()


@behaviour
def error_in_stream(x, after=1, type="server_error", code=None, message="The server had an error while processing.", done=True):
    """A 200 whose body is, or turns into, an error."""
    if not x.seen.streamed:
        return x.json(error_body(message, type, code))
    begin_stream(x)
    for piece in pieces(words(after)):
        x.event(chunk(x, {"content": piece}))
    x.event(error_body(message, type, code))
    if done:
        x.send(b"data: [DONE]\n\n")
    return x.end()


@behaviour
def redirect(x, status=302, to=None):
    x.body(status, "text/plain", b"elsewhere", [("location", to or x.seen.target + "/elsewhere")])


@behaviour
def timed(x, head_ms=0, token_ms=0, between_ms=0, count=3):
    """Answers well with a wait before the head, the first token and each further one."""
    x.wait(head_ms / 1000)
    begin_stream(x)
    x.wait(token_ms / 1000)
    for i in range(count):
        if i:
            x.wait(between_ms / 1000)
        x.event(chunk(x, {"content": WORDS[i % len(WORDS)] + " "}))
        x.mark("piece-%d" % i)
    finish_stream(x)
