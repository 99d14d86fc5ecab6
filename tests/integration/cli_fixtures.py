"""Fixtures of the tests of the command-line client: the program, a service whose answers a test writes, terminals, and
short words for events. A test module imports those it needs by name."""
import os
import re
import subprocess

import pytest

import env as environment
from cli_service import Terminal, WrittenService

# what nothing but our own colours may send to a terminal
NOT_ON_A_TERMINAL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.fixture(scope="session")
def program():
    path = environment.binary("sluice")
    if not path:
        pytest.skip("bin/sluice is not built")
    return str(path)


@pytest.fixture
def service():
    made = WrittenService()
    yield made
    made.close()


@pytest.fixture
def settings(service, tmp_path):
    """The environment of the client: nothing of the tester's own."""
    out = {k: v for k, v in os.environ.items() if not k.startswith(("SLUICE_", "GRPC_")) and k != "NO_COLOR"}
    out.update(SLUICE_ADDRESS=service.address, SLUICE_DATA_DIR=str(tmp_path / "none"), TERM="xterm", LC_ALL="C.UTF-8",
               HOME=str(tmp_path))
    return out


@pytest.fixture
def run(program, settings):
    def start(*args, input=None, env=None, timeout=20):
        return subprocess.run([program, *args], input=input or "", env={**settings, **(env or {})}, capture_output=True,
                              text=True, timeout=environment.slack(timeout, timeout * 4))
    return start


@pytest.fixture
def terminal(program, settings):
    made = []

    def start(*args, env=None, **more):
        made.append(Terminal([program, *args], {**settings, **(env or {})}, **more))
        return made[-1]

    yield start
    for each in made:
        each.close()


@pytest.fixture
def words(stubs):
    """Short names for events."""
    c, chat = stubs.completion, stubs.chat

    class Words:
        @staticmethod
        def started(**kw):
            return c.StreamEvent(started=c.Started(model="m", provider="p", attempt=1, call_id="c-1", **kw))

        @staticmethod
        def text(text, part=0):
            return c.StreamEvent(text_delta=c.TextDelta(text=text, part=part))

        @staticmethod
        def reasoning(text, part=0):
            return c.StreamEvent(reasoning_delta=c.ReasoningDelta(text=text, part=part))

        @staticmethod
        def call(part, index, fragment, id="", name=""):
            return c.StreamEvent(tool_call_delta=c.ToolCallDelta(part=part, index=index, id=id, name=name,
                                                                 arguments_fragment=fragment))

        @staticmethod
        def done(part):
            return c.StreamEvent(part_done=c.PartDone(part=part))

        @staticmethod
        def finished(text=None, reason=chat.FINISH_REASON_STOP, complete=True, **kw):
            if text is not None:
                kw["message"] = chat.Message(role=chat.ROLE_ASSISTANT, parts=[chat.Part(text=text)])
            return c.StreamEvent(finished=c.Finished(finish_reason=reason, complete=complete, **kw))

    return Words


def sent_text(request, at=-1):
    return [p.text for p in request.messages[at].parts]
