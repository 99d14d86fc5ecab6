"""What a client may send and what not: oversized, malformed and hostile messages, before and after authentication."""
import grpc
import pytest
from env import slack
from helpers import Failure, ask, complete, fails, text_of

INVALID = grpc.StatusCode.INVALID_ARGUMENT
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
MIB = 1 << 20
COMPLETE = "/sluice.v1.Completion/Complete"
STREAM = "/sluice.v1.Completion/StreamComplete"


def varint(n):
    out = bytearray()
    while True:
        out.append((n & 0x7F) | (0x80 if n > 0x7F else 0))
        n >>= 7
        if not n:
            return bytes(out)


def field(number, data):
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def raw_call(channel, data, path=COMPLETE, **kw):
    if path == STREAM:
        return list(channel.unary_stream(path, lambda b: b, lambda b: b)(data, timeout=30, **kw))
    return channel.unary_unary(path, lambda b: b, lambda b: b)(data, timeout=30, **kw)


def message(role=b"\x08\x03", parts=b""):
    return field(2, role + parts)


def text_part(data):
    return field(2, field(1, data))


GOOD = field(1, b"test") + message(parts=text_part(b"hello"))

# name -> (bytes, the field that the answer has to name, or None)
BAD = {
    "no protobuf": (b"\xff" * 40, None),
    "cut varint": (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
    "length past the end": (field(1, b"test") + b"\x12\xff\xff\xff\xff\x07", None),
    "wrong wire type": (b"\x08\x05" + GOOD, "model"),
    "field number 0": (b"\x02\x00" + GOOD, None),
    "group": (b"\x0b" + GOOD, None),
    "groups in groups": (b"\xa3\x06" * 17_000, None),
    "bad UTF-8 in a name": (field(1, b"\xff\xfe") + message(parts=text_part(b"x")), "model"),
    "bad UTF-8 in a text": (field(1, b"test") + message(parts=text_part(b"caf\xc3")), "messages[0].parts[0].text"),
    "surrogates": (field(1, b"test") + message(parts=text_part(b"\xed\xa0\x80")), "messages[0].parts[0].text"),
    "overlong UTF-8": (field(1, b"test") + message(parts=text_part(b"\xc0\xaf")), "messages[0].parts[0].text"),
    "NUL in a name": (field(1, b"te\0st") + message(parts=text_part(b"x")), "model"),
    "NUL in a text": (field(1, b"test") + message(parts=text_part(b"a\0b")), "messages[0].parts[0].text"),
    "NUL in a map key": (GOOD + field(24, field(1, b"a\0") + field(2, b"b")), "labels"),
    "half a million messages": (field(1, b"test") + b"\x12\x00" * 524_288, None),
    "half a million parts": (field(1, b"test") + field(2, b"\x08\x03" + b"\x12\x00" * 524_288), None),
    "a million stops": (GOOD + b"\x6a\x00" * 1_000_000, None),
    "half a million labels": (GOOD + field(24, b"") * 500_000, None),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("path", [COMPLETE, STREAM])
def test_bad_message(sluice, provider, name, path):
    data, where = BAD[name]
    api = sluice.api()
    complete(api, ask())
    before = sluice.rss()
    failure = fails(lambda: raw_call(api.channel, data, path), INVALID)
    if where:
        assert any(f.startswith(where) for f in [*failure.fields, failure.message, str(failure.info)]) or \
            where in failure.message, "%s does not name %s" % (failure, where)
    assert sluice.rss() - before < slack(24, 200) * MIB
    assert len(provider.requests) == 1
    complete(api, ask())


@pytest.mark.parametrize("name", BAD)
def test_bad_message_of_a_stranger(locked, provider, name):
    """Without credentials nothing of the message is even looked at."""
    data, _ = BAD[name]
    channel = locked.channel()
    before = locked.rss()
    fails(lambda: raw_call(channel, data), UNAUTHENTICATED, "CREDENTIALS_MISSING")
    assert locked.rss() - before < slack(24, 200) * MIB
    assert text_of(complete(locked.api(locked.admin_key), ask()).message)


@pytest.fixture
def locked(start_sluice):
    return start_sluice(config={"access": {"anonymous": False}})


def test_oversized_message(sluice, provider):
    """A byte over 16 MiB is refused, by the core or by us; the connection lives on."""
    api = sluice.api()
    request = ask("x" * (16 * MIB))
    with pytest.raises(grpc.RpcError) as error:
        complete(api, request)
    failure = Failure(error.value)
    assert failure.code == grpc.StatusCode.RESOURCE_EXHAUSTED or (failure.code == INVALID and failure.reason == "MESSAGE_TOO_LARGE")
    assert provider.requests == []
    complete(api, ask())


def test_oversized_message_of_a_stranger(locked, provider):
    channel = locked.channel()
    with pytest.raises(grpc.RpcError) as error:
        raw_call(channel, GOOD + field(1, b"x" * (17 * MIB)))
    assert error.value.code() in (UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED)
    complete(locked.api(locked.admin_key), ask())


def test_size_limit_is_configurable(start_sluice):
    sluice = start_sluice(config={"server": {"max_message": "64KiB"}})
    api = sluice.api()
    with pytest.raises(grpc.RpcError):
        complete(api, ask("x" * 70_000))
    complete(api, ask("x" * 60_000))


def test_request_memory_is_bounded(start_sluice, provider):
    """More requests at once than limits.request_memory holds: the rest is refused or waits, nobody is lost."""
    from helpers import Background
    sluice = start_sluice(config={"limits": {"request_memory": "40MiB"}})
    provider.default("text", gate="all", gate_after=0)
    api = sluice.api()
    before = sluice.rss()

    def one():
        try:
            complete(api, ask("x" * (8 * MIB)), timeout=60)
            return "ok"
        except grpc.RpcError as error:
            return Failure(error)

    running = [Background(one) for _ in range(12)]
    provider.wait_requests(2)
    refused = [r for r in running if not r.running()]
    provider.gate("all").open()
    results = [r.result(90) for r in running]
    assert results.count("ok") >= 2
    for result in results:
        assert result == "ok" or (result.code, result.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "REQUEST_MEMORY"), result
    assert refused or results.count("ok") == 12
    assert sluice.rss() - before < slack(220, 900) * MIB
    complete(api, ask())


VIOLATIONS = {
    "no messages": (lambda r: r.ClearField("messages"), "messages"),
    "no role": (lambda r: setattr(r.messages[0], "role", 0), "messages[0].role"),
    "unknown role": (lambda r: setattr(r.messages[0], "role", 77), "messages[0].role"),
    "no parts": (lambda r: r.messages[0].ClearField("parts"), "messages[0].parts"),
    "empty part": (lambda r: r.messages[0].parts.add(), "messages[0].parts[1]"),
    "image without a source": (lambda r: r.messages[0].parts.add().image.SetInParent(), "messages[0].parts[1]"),
    "image without a type": (lambda r: setattr(r.messages[0].parts.add().image, "data", b"x"), "messages[0].parts[1]"),
    "temperature": (lambda r: setattr(r, "temperature", 3), "temperature"),
    "temperature NaN": (lambda r: setattr(r, "temperature", float("nan")), "temperature"),
    "top_p": (lambda r: setattr(r, "top_p", -1), "top_p"),
    "max_output_tokens": (lambda r: setattr(r, "max_output_tokens", 0), "max_output_tokens"),
    "top_logprobs": (lambda r: setattr(r, "top_logprobs", 21), "top_logprobs"),
    "stops": (lambda r: r.stop.extend(["x"] * 17), "stop"),
    "tool without a kind": (lambda r: r.tools.add(), "tools[0]"),
    "tool without a name": (lambda r: r.tools.add().function.SetInParent(), "tools[0]"),
    "schema that is no JSON": (lambda r: bad_schema(r), "tools[0].function.parameters_json"),
    "choice of no tool": (lambda r: bad_choice(r), "tool_choice"),
    "options that are no object": (lambda r: setattr(r, "provider_options_json", "[1]"), "provider_options_json"),
    "options that Sluice writes": (lambda r: setattr(r, "provider_options_json", '{"model": "other"}'), "provider_options_json"),
    "options with messages": (lambda r: setattr(r, "provider_options_json", '{"mess\\u0061ges": []}'), "provider_options_json"),
    "long request id": (lambda r: setattr(r, "request_id", "x" * 129), "request_id"),
    "labels": (lambda r: r.labels.update({str(i): "x" for i in range(17)}), "labels"),
    "response format": (lambda r: setattr(r.response_format, "type", 3), "response_format"),
}


def bad_schema(request):
    tool = request.tools.add().function
    tool.name, tool.parameters_json = "f", '{"type": '


def bad_choice(request):
    request.tools.add().function.name = "f"
    request.tool_choice.mode, request.tool_choice.name = 4, "g"


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violation_is_named(sluice, provider, name):
    change, where = VIOLATIONS[name]
    request = ask()
    change(request)
    failure = fails(lambda: complete(sluice.api(), request), INVALID)
    named = failure.fields or [failure.info.metadata.get("field", "")]
    assert any(f.startswith(where) for f in named), "%s: %s" % (named, failure)
    assert provider.requests == []


def test_all_violations_at_once(sluice):
    request = ask()
    for name in ("temperature", "top_p", "no role", "stops"):
        VIOLATIONS[name][0](request)
    failure = fails(lambda: complete(sluice.api(), request), INVALID, "INVALID_REQUEST")
    assert {"temperature", "top_p", "messages[0].role", "stop"} <= set(failure.fields)


def test_unknown_fields_are_a_warning(sluice, stubs):
    data = ask().SerializeToString() + field(4000, b"from the future") + field(2, b"\x08\x03" + field(2, field(1, b"x")) + field(99, b"y"))
    reply = stubs.completion.CompleteResponse.FromString(raw_call(sluice.channel(), data))
    warnings = [(w.reason, w.field) for w in reply.warnings]
    assert [r for r, _ in warnings] == ["UNKNOWN_FIELD"] * 2
    assert any("4000" in f for _, f in warnings) and any(f.startswith("messages[1]") and "99" in f for _, f in warnings)


def test_unknown_fields_are_a_warning_in_a_stream(sluice, stubs):
    data = ask().SerializeToString() + field(4000, b"z")
    replies = [stubs.completion.StreamCompleteResponse.FromString(b) for b in raw_call(sluice.channel(), data, STREAM)]
    events = [e for r in replies for e in r.events]
    assert "UNKNOWN_FIELD" in [w.reason for w in events[-1].finished.warnings]


def test_unsupported_parameter_warns_or_fails(sluice, provider, stubs):
    """OpenAI has no top_k."""
    reply = complete(sluice.api(), ask(top_k=5))
    assert [(w.reason, w.field) for w in reply.warnings] == [("UNSUPPORTED_PARAMETER", "top_k")]
    assert "top_k" not in provider.requests[0].json
    request = ask(top_k=5, on_unsupported=stubs.completion.ON_UNSUPPORTED_FAIL)
    failure = fails(lambda: complete(sluice.api(), request), INVALID, "UNSUPPORTED_PARAMETER")
    assert "top_k" in str(failure.fields) + failure.message and len(provider.requests) == 1


def test_many_bad_messages_leak_nothing(sluice):
    api = sluice.api()
    for data, _ in BAD.values():
        for _ in range(3):
            with pytest.raises(grpc.RpcError):
                raw_call(api.channel, data)
    middle = sluice.rss()
    for _ in range(3):
        for data, _ in BAD.values():
            with pytest.raises(grpc.RpcError):
                raw_call(api.channel, data)
    assert sluice.rss() - middle < slack(16, 200) * MIB


def test_a_call_without_a_message(sluice):
    """Half-closed without a message: the client breaks the protocol, and gets an answer all the same."""
    call = sluice.channel().stream_unary(COMPLETE, lambda b: b, lambda b: b)
    with pytest.raises(grpc.RpcError) as error:
        call(iter([]), timeout=10)
    assert error.value.code() in (INVALID, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.CANCELLED)


def test_two_messages_for_a_unary_call(sluice):
    call = sluice.channel().stream_unary(COMPLETE, lambda b: b, lambda b: b)
    try:
        call(iter([GOOD, GOOD]), timeout=10)
    except grpc.RpcError as error:
        assert error.code() != grpc.StatusCode.DEADLINE_EXCEEDED
    complete(sluice.api(), ask())


def test_large_metadata_is_refused(sluice):
    with pytest.raises(grpc.RpcError) as error:
        complete(sluice.api(), ask(), metadata=[("x-filler", "f" * 80_000)])
    assert error.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE)
    complete(sluice.api(), ask(), metadata=[("x-filler", "f" * 8_000)])


OPEN = ["/grpc.health.v1.Health/Check", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"]
OPEN_BAD = {
    "no protobuf": b"\xff" * 40,
    "NUL": field(1, b"a\0b"),
    "bad UTF-8": field(1, b"\xff"),
    "groups in groups": b"\x0b" * 34_000,
    "length past the end": b"\x0a\xff\xff\xff\xff\x07",
}


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("name", OPEN_BAD)
def test_bad_message_to_a_method_that_is_open_to_everybody(locked, path, name):
    call = locked.channel().stream_stream(path, lambda b: b, lambda b: b)
    fails(lambda: list(call(iter([OPEN_BAD[name]]), timeout=10)), INVALID)
    complete(locked.api(locked.admin_key), ask())


@pytest.mark.parametrize("path", OPEN)
def test_oversized_message_to_a_method_that_is_open_to_everybody(locked, path):
    before = locked.rss()
    call = locked.channel().stream_stream(path, lambda b: b, lambda b: b)
    with pytest.raises(grpc.RpcError) as error:
        list(call(iter([field(1, b"x" * (17 * MIB))]), timeout=20))
    assert error.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, INVALID)
    assert locked.rss() - before < slack(64, 300) * MIB
    complete(locked.api(locked.admin_key), ask())
