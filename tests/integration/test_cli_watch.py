"""sluice models watch: a table, a line for each change, and on after a break."""
import json
import os
import queue
import signal
import subprocess
import threading

import pytest
from env import binary, slack

PATIENCE = slack(20, 80)


@pytest.fixture
def sluice(start_sluice, tmp_path):
    return start_sluice(models={"test": "test", "other": "other"}, config={
        "access": {"anonymous": False}, "server": {"listen": ["127.0.0.1:0", "unix:%s/s" % tmp_path]}})


class Watching:
    """The running program, and its lines."""

    def __init__(self, sluice, socket, *args):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        env.update({"SLUICE_ADDRESS": "unix:%s" % socket, "SLUICE_API_KEY": sluice.admin_key})
        self.process = subprocess.Popen([str(binary("sluice")), "models", "watch", *args], env=env, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.notes = queue.Queue(), queue.Queue()
        for stream, to in ((self.process.stdout, self.lines), (self.process.stderr, self.notes)):
            threading.Thread(target=self._read, args=(stream, to), daemon=True).start()

    @staticmethod
    def _read(stream, to):
        for line in stream:
            to.put(line.rstrip("\n"))
        to.put(None)

    def line(self):
        line = self.lines.get(timeout=PATIENCE)
        assert line is not None, "it ended: %s" % [*self.notes.queue]
        return line.split()

    def note(self, text):
        while True:
            line = self.notes.get(timeout=PATIENCE)
            assert line is not None, "it ended without saying " + text
            if text in line:
                return line

    def end(self):
        """Ctrl-C; what is left of its lines."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == 130
        return list(iter(lambda: self.lines.get(timeout=PATIENCE), None))


@pytest.fixture
def watch(sluice, tmp_path):
    if not binary("sluice"):
        pytest.skip("bin/sluice is not built")
    started = []

    def start(*args):
        started.append(Watching(sluice, tmp_path / "s", *args))
        return started[-1]
    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()


@pytest.fixture
def admin(sluice):
    return sluice.api(sluice.admin_key).registry


def create(stub, reg, name, **fields):
    return stub.CreateModel(reg.CreateModelRequest(
        model=reg.Model(name=name, provider="scripted", model_id="test", **fields)))


def test_a_table_then_lines(watch, admin, stubs):
    reg = stubs.registry
    w = watch()
    assert [w.line()[0] for _ in range(3)] == ["NAME", "other", "test"]
    made = create(admin, reg, "fast")
    assert w.line()[1:] == ["added", "fast", "scripted", "healthy"]
    admin.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="fast", enabled=False), update_mask="enabled"))
    assert w.line()[1:] == ["changed", "fast", "scripted", "disabled:", "it", "is", "switched", "off"]
    admin.DeleteModel(reg.DeleteModelRequest(name="fast"))
    assert w.line()[1:] == ["removed", "fast"]
    assert w.end() == []
    revision = w.note("told up to revision").split()[4].rstrip(":")
    assert int(revision) >= int(made.etag) + 2
    create(admin, reg, "later")
    w = watch("--since", revision)
    assert w.line()[1:4] == ["added", "later", "scripted"]
    assert w.end() == []


def test_json(watch, admin, stubs):
    w = watch("--json", "--filter", "name = test")
    kinds = [json.loads(" ".join(w.line()))["type"] for _ in range(3)]
    assert kinds == ["TYPE_SNAPSHOT_BEGIN", "TYPE_SNAPSHOT", "TYPE_SNAPSHOT_DONE"]
    create(admin, stubs.registry, "test", description="stored")
    events = [json.loads(" ".join(w.line())) for _ in range(2)]
    assert [e["type"] for e in events] == ["TYPE_REMOVED", "TYPE_ADDED"]
    assert events[1]["model"]["description"] == "stored" and events[1]["revision"] == events[1]["model"]["etag"]


def test_nobody_answers(sluice, watch):
    sluice.stop()
    w = watch()
    assert w.process.wait(PATIENCE) == 3


@pytest.mark.embedded
def test_a_restart_of_the_service(sluice, watch, admin, stubs, start_sluice):
    """What did not change is not told again."""
    create(admin, stubs.registry, "kept")
    create(admin, stubs.registry, "gone")
    w = watch()
    assert [w.line()[0] for _ in range(5)] == ["NAME", "gone", "kept", "other", "test"]
    sluice.stop()
    w.note("trying again")
    models = [m for m in sluice.config["models"] if m["name"] != "other"]
    again = start_sluice(config={**sluice.config, "models": models})
    assert w.line()[1:] == ["removed", "other"]
    stub = again.api(again.admin_key).registry
    create(stub, stubs.registry, "new")
    assert w.line()[1:3] == ["added", "new"]
    stub.DeleteModel(stubs.registry.DeleteModelRequest(name="gone"))
    assert w.line()[1:] == ["removed", "gone"]
    assert w.end() == []
