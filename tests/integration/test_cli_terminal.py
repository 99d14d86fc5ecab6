"""The command-line client and what surrounds it: signals, broken pipes, full disks, the terminal, the interactive session;
against a service whose answers are written here."""
import os
import signal
import subprocess
import threading
import time

import grpc
import pytest

from cli_fixtures import (NOT_ON_A_TERMINAL, program, run, sent_text, service, settings, terminal,  # noqa: F401
                          words)


# ---- signals and broken output ----


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_cancels_the_call(service, program, settings, words, number):
    release = threading.Event()
    service.events(words.started(), words.text("half"), lambda: release.wait(20), words.finished())
    process = subprocess.Popen([program, "chat", "x"], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL)
    try:
        assert os.read(process.stdout.fileno(), 100) == b"half"
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (128 + number, b"\n", b"")
        service.cancelled.get(timeout=10)
    finally:
        release.set()


def test_signal_while_reading_input(program, settings):
    process = subprocess.Popen([program, "chat", "-"], env=settings, stdin=subprocess.PIPE)
    wait_for = "/proc/%d/task" % process.pid
    deadline = time.monotonic() + 10
    while len(os.listdir(wait_for)) < 2 and time.monotonic() < deadline:  # the thread that takes signals
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == -signal.SIGINT
    process.stdin.close()


def test_reader_that_goes_away(service, program, settings, words):
    more = threading.Event()
    service.events(words.started(), words.text("a" * 10), lambda: more.wait(20),
                   *[words.text("b" * 1000) for _ in range(1000)], words.finished())
    process = subprocess.Popen([program, "chat", "x"], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL)
    assert os.read(process.stdout.fileno(), 10) == b"a" * 10
    process.stdout.close()
    more.set()
    assert process.wait(20) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_full_disk(service, program, settings, words):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    service.events(words.started(), words.text("hi"), words.finished())
    with open("/dev/full", "w") as full:
        got = subprocess.run([program, "chat", "x"], env=settings, stdout=full, stderr=subprocess.PIPE, text=True,
                             stdin=subprocess.DEVNULL, timeout=60)
    assert got.returncode == 1
    assert "cannot write the output: No space left" in got.stderr


# ---- on a terminal ----

HOSTILE = "a\x1b]0;title\x07b\x1b[2J\u009b31m\u202ec\rde\x7f\ttab\n日本"


def test_answers_cannot_drive_the_terminal(service, terminal, words, stubs):
    c = stubs.completion
    service.events(words.started(warnings=[c.Warning(reason="R\x1b[1m", field="\x1b", message="\x1b[2J")]),
                   words.reasoning(HOSTILE), words.text(HOSTILE, 1), words.call(2, 0, HOSTILE, "\x1bid", "\x1bname"),
                   words.finished(report=c.CallReport(model="\x1bm", provider="\x07"), raw_finish_reason="\x1b",
                                  reason=stubs.chat.FINISH_REASON_OTHER))
    screen = terminal("chat", "-v", "x", env={"NO_COLOR": "1"})
    assert screen.wait() == 0
    assert not NOT_ON_A_TERMINAL.search(screen.out.replace("\r\n", "\n")), screen.out
    assert "\\x1b[2J" in screen.out and "\\u{9b}31m" in screen.out and "\\u{202e}" in screen.out and "日本" in screen.out


def test_pipes_get_the_bytes(service, run, words):
    service.events(words.started(), words.text("a\x1b[2J\u009b"), words.finished())
    assert run("chat", "x").stdout == "a\x1b[2J\u009b\n"


def test_failure_cannot_drive_the_terminal(service, terminal):
    service.fails("StreamComplete", grpc.StatusCode.INTERNAL, "no\x1b[2J")
    screen = terminal("chat", "x", env={"NO_COLOR": "1"})
    assert screen.wait() == 1
    assert "no\\x1b[2J" in screen.out


def test_colours(service, terminal, run, words):
    service.events(words.started(), words.reasoning("hm"), words.text("yes", 1), words.finished())
    plain = terminal("chat", "x", env={"NO_COLOR": "1"})
    assert plain.wait() == 0 and "\x1b" not in plain.out
    assert plain.out == "hm\r\nyes\r\n"
    coloured = terminal("chat", "x", env={"NO_COLOR": ""})
    assert coloured.wait() == 0 and coloured.out == "\x1b[2mhm\x1b[0m\r\nyes\r\n"
    dumb = terminal("chat", "x", env={"TERM": "dumb"})
    assert dumb.wait() == 0 and "\x1b" not in dumb.out
    assert terminal("chat", "--color", "never", "x").wait() == 0
    assert "\x1b[2mhm" in run("chat", "--color", "always", "x").stderr
    assert "\x1b" not in run("chat", "x").stderr


# ---- the session ----


def echo_session(service, words, stubs):
    """Answers "you said: TEXT" with the assembled message, as include_message asks."""
    def stream(request, _context):
        text = "you said: " + request.messages[-1].parts[-1].text
        for event in (words.started(), words.text(text), words.finished(text if request.include_message else None)):
            yield stubs.completion.StreamCompleteResponse(events=[event])
    service.on("StreamComplete", stream)


def test_session_keeps_history(service, terminal, words, stubs):
    echo_session(service, words, stubs)
    screen = terminal("chat", "-s", "be brief", "-m", "gpt")
    screen.expect(r"gpt; /help")
    screen.expect(r"> ")
    screen.send("one\r")
    screen.expect(r"you said: one\r\n.*> ")
    screen.send("zw\u00f6i\r")
    screen.expect(r"you said: zw\u00f6i\r\n.*> ")
    screen.send("\x04")
    assert screen.wait() == 0
    last = service.requests[-1]
    assert [m.role for m in last.messages] == [stubs.chat.ROLE_SYSTEM, stubs.chat.ROLE_USER, stubs.chat.ROLE_ASSISTANT,
                                               stubs.chat.ROLE_USER]
    assert [sent_text(last, i)[0] for i in range(4)] == ["be brief", "one", "you said: one", "zw\u00f6i"]
    assert last.include_message and last.model == "gpt"


def test_session_cancel_ends_the_answer_only(service, terminal, words, stubs):
    release = threading.Event()
    service.events(words.started(), words.text("half an answ"), lambda: release.wait(20), words.finished())
    screen = terminal("chat")
    screen.expect(r"> ")
    screen.send("long\r")
    screen.expect(r"half an answ")
    screen.send("\x03")
    screen.expect(r"\[cancelled\].*> ")
    service.cancelled.get(timeout=10)
    release.set()
    echo_session(service, words, stubs)
    screen.send("go on\r")
    screen.expect(r"you said: go on\r\n.*> ")
    screen.send("typed\x03")
    screen.expect(r"Ctrl-D leaves.*> ")
    screen.send("/quit\r")
    assert screen.wait() == 0
    assert [sent_text(service.requests[-1], i)[0] for i in range(3)] == ["long", "half an answ", "go on"]


def test_session_forgets_a_failed_question(service, terminal, words, stubs):
    service.fails("StreamComplete", grpc.StatusCode.UNAVAILABLE, "down", [stubs.errors.ErrorInfo(reason="R")])
    screen = terminal("chat")
    screen.expect(r"> ")
    screen.send("one\r")
    screen.expect(r"UNAVAILABLE: down.*> ")
    echo_session(service, words, stubs)
    screen.send("/retry\r")
    screen.expect(r"you said: one\r\n.*> ")
    assert len(service.requests[-1].messages) == 1
    screen.send("two\r")
    screen.expect(r"you said: two\r\n.*> ")
    assert len(service.requests[-1].messages) == 3
    screen.send("/retry\r")
    screen.expect(r"you said: two\r\n.*> ")
    assert len(service.requests[-1].messages) == 3
    screen.send("/undo\r")
    screen.expect(r"forgotten.*> ")
    screen.send("three\r")
    screen.expect(r"you said: three\r\n.*> ")
    assert [m.parts[0].text for m in service.requests[-1].messages] == [
        "one", "you said: one", "three"]


def test_session_commands(service, terminal, words, stubs, tmp_path):
    echo_session(service, words, stubs)
    (tmp_path / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    screen = terminal("chat")
    for send, expect in [
        ("/help", r"/retry"), ("/frob", r"no such command"), ("/image", r"needs a value"), ("/clear x", r"takes no value"),
        ("/model gpt", r"gpt"), ("/system be brief", r"instructions set"), ("/image %s/none" % tmp_path, r"cannot read"),
        ("/image %s/p.png" % tmp_path, r"added"), ("//etc is a path", r"you said: /etc is a path"),
        ("/clear", r"begins anew"), ("two \\", r"\. "), (" lines", r"you said: two \r?\n lines"),
        ("/undo", r"forgotten"), ("/undo", r"nothing to take back"),
    ]:
        if not send.startswith(" "):
            screen.expect(r"> ")
        screen.send(send + "\r")
        screen.expect(expect)
    first, last = service.requests
    assert [p.WhichOneof("content") for p in first.messages[1].parts] == ["image", "text"]
    assert (first.model, sent_text(first, 0)) == ("gpt", ["be brief"])
    assert [sent_text(last, i) for i in range(2)] == [["be brief"], ["two \n lines"]]
    screen.send("/quit\r")
    assert screen.wait() == 0


def test_session_answers_tool_calls(service, terminal, words, stubs, tmp_path):
    chat, c = stubs.chat, stubs.completion
    call = chat.ToolCall(id="call_1", name="weather", arguments_json='{"city":"Oslo"}')

    def stream(request, _context):
        if request.messages[-1].role == chat.ROLE_TOOL:
            result = request.messages[-1].parts[0].tool_result
            text = "it is " + result.parts[0].text
            events = [words.started(), words.text(text), words.finished(text)]
        else:
            message = chat.Message(role=chat.ROLE_ASSISTANT, parts=[chat.Part(tool_call=call)])
            events = [words.started(), words.call(0, 0, call.arguments_json, "call_1", "weather"), words.done(0),
                      words.finished(reason=chat.FINISH_REASON_TOOL_CALLS, message=message)]
        for event in events:
            yield c.StreamCompleteResponse(events=[event])
    service.on("StreamComplete", stream)
    (tmp_path / "tools.json").write_text('[{"name":"weather"}]')
    screen = terminal("chat", "--tools", str(tmp_path / "tools.json"))
    screen.expect(r"> ")
    screen.send("weather?\r")
    screen.expect(r"\[tool call\].*weather.*result of weather> ")
    screen.send("sunny\r")
    screen.expect(r"it is sunny\r\n.*> ")
    result = service.requests[1].messages[-1].parts[0].tool_result
    assert (result.tool_call_id, result.name, result.parts[0].text) == ("call_1", "weather", "sunny")
    # giving up at the prompt takes the question back
    screen.send("again\r")
    screen.expect(r"result of weather> ")
    screen.send("\x03")
    screen.expect(r"> ")
    screen.send("\x04")
    assert screen.wait() == 0


def test_session_paste_is_one_question(service, terminal, words, stubs):
    echo_session(service, words, stubs)
    screen = terminal("chat")
    screen.expect(r"> ")
    screen.send("one\rtwo\rthree\r")
    screen.expect(r"you said: one\r\ntwo\r\nthree\r\n.*> ")
    assert sent_text(service.requests[0]) == ["one\ntwo\nthree"]


def test_session_with_the_answers_in_a_file(service, terminal, words, stubs, tmp_path):
    echo_session(service, words, stubs)
    with open(tmp_path / "answers", "w") as answers:
        screen = terminal("chat", stdout=answers)
        for text in ("one", "two"):
            screen.expect(r"> ")
            screen.send(text + "\r")
        screen.expect(r"> ")
        screen.send("\x04")
        assert screen.wait() == 0
    assert (tmp_path / "answers").read_text() == "you said: one\nyou said: two\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_session_ends_by_signal(service, terminal, words, stubs, number):
    echo_session(service, words, stubs)
    screen = terminal("chat")
    screen.expect(r"> ")
    screen.process.send_signal(number)
    assert screen.wait() == 128 + number


def test_session_needs_no_json(terminal):
    screen = terminal("chat", "--json")
    assert screen.wait() == 2
