"""Starts the real sluiced, waits until it listens, reads its log, and stops it."""
import copy
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import types

import grpc
import yaml

import stubs as stub_modules
from env import binary, slack

# what a sanitizer writes when it has something to say
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer|LeakSanitizer")


def merge(base, over):
    """A copy of base with over laid upon it, mapping by mapping; a value None takes the key away."""
    out = copy.deepcopy(base)
    for key, value in (over or {}).items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = merge(out[key], value)
        else:
            out[key] = copy.deepcopy(value)
    return out


def base_config(data_dir):
    return {
        "server": {"listen": ["127.0.0.1:0"]},
        "data_dir": str(data_dir),
        "log": {"level": "debug"},
        "metrics": {"address": "127.0.0.1:0"},
        "access": {"anonymous": True},
        "drain": {"announce": "0s", "deadline": "5s"},
        "registry": {"version_check": "off"},  # no request that a test does not expect
    }


class Sluiced:
    """One process. config is the whole configuration as Python values."""

    def __init__(self, folder, config, env=None, args=(), preexec=None, program=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = program or binary("sluiced")
        self.config = config
        self.config_path = self.folder / "sluice.yaml"
        self.data_dir = pathlib.Path(config["data_dir"])
        self.write_config(config)
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith(("SLUICE_", "GRPC_")) and not k.endswith("_API_KEY")}
        environment.update(env or {})
        self.lines = []       # stderr, as it came
        self.log = []         # its lines that are JSON, parsed
        self.more = threading.Condition()
        self.ended = False
        self.started = time.monotonic()
        self.process = subprocess.Popen([str(self.program), "--config", str(self.config_path), *args], cwd=self.folder,
                                        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, preexec_fn=preexec)
        self.reader = threading.Thread(target=self._read, daemon=True, name="sluiced-log")
        self.reader.start()
        self.channels = []
        self.expect_exit = (0,)

    # -- life --

    def write_config(self, config):
        self.config = config
        new = self.config_path.with_suffix(".new")
        new.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
        new.replace(self.config_path)

    def _read(self):
        for raw in self.process.stderr:
            line = raw.decode("utf-8", "backslashreplace").rstrip("\n")
            try:
                parsed = json.loads(line)
            except ValueError:
                parsed = None
            with self.more:
                self.lines.append(line)
                if isinstance(parsed, dict):
                    self.log.append(parsed)
                self.more.notify_all()
        with self.more:
            self.ended = True
            self.more.notify_all()

    def wait_log(self, predicate, timeout=10, since=0):
        """The first parsed log line, from number `since` on, for which the predicate holds."""
        deadline = time.monotonic() + slack(timeout, timeout * 4)
        with self.more:
            at = since
            while True:
                while at < len(self.log):
                    if predicate(self.log[at]):
                        return self.log[at]
                    at += 1
                left = deadline - time.monotonic()
                if self.ended or left <= 0:
                    raise AssertionError("no such log line%s; the log is:\n%s" % (
                        " before the process ended" if self.ended else "", self.stderr_locked()[-6000:]))
                self.more.wait(left)

    def stderr_locked(self):
        return "\n".join(self.lines)

    def stderr(self):
        with self.more:
            return self.stderr_locked()

    def wait_listening(self, timeout=20):
        self.wait_log(lambda line: line.get("msg") == "listening", timeout)
        return self

    @property
    def addresses(self):
        """What it listens on, with the real ports; one log line for each address, or one with several."""
        found = []
        with self.more:
            for line in self.log:
                if line.get("msg") == "listening":
                    address = line.get("address")
                    found += address if isinstance(address, list) else re.split(r"[,\s]+", address.strip())
        return found

    @property
    def address(self):
        return self.addresses[0]

    @property
    def metrics_address(self):
        """Of /metrics, /healthz and /readyz, with the real port."""
        return self.wait_log(lambda line: line.get("msg") == "metrics")["address"]

    @property
    def pid(self):
        return self.process.pid

    @property
    def admin_key(self):
        return (self.data_dir / "admin.key").read_text().strip()

    def alive(self):
        return self.process.poll() is None

    def rss(self):
        """Resident memory in bytes."""
        for line in pathlib.Path("/proc/%d/status" % self.pid).read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def descriptors(self):
        """Open descriptors. The service is not dumpable, so that only root may count them; others get 0 each time."""
        try:
            return len(os.listdir("/proc/%d/fd" % self.pid))
        except PermissionError:
            return 0

    def signal(self, number):
        self.process.send_signal(number)

    def terminate(self):
        self.signal(signal.SIGTERM)

    def reload(self, config=None, timeout=10):
        """Rewrites the configuration (where one is given), sends SIGHUP and waits for the line that says how it went."""
        if config is not None:
            self.write_config(config)
        with self.more:
            since = len(self.log)
        self.signal(signal.SIGHUP)
        return self.wait_log(lambda line: line.get("msg", "").startswith("reload"), timeout, since)

    def wait(self, timeout=10):
        code = self.process.wait(slack(timeout, timeout * 4))
        self.reader.join(10)
        return code

    def skip_announcement(self):
        """A second signal does; it must not meet the first one still pending."""
        if self.config.get("drain", {}).get("announce") == "0s":
            return
        with self.more:
            self.more.wait_for(lambda: self.ended or any(line.get("msg") == "draining" for line in self.log), 10)
        if self.alive():
            self.terminate()

    def stop(self):
        """Ends it as an operator would; the exit must be clean and the sanitizers must be silent."""
        for channel in self.channels:
            channel.close()
        problems = []
        if self.alive():
            self.terminate()
            try:
                self.skip_announcement()
                self.wait(20)
            except subprocess.TimeoutExpired:
                problems.append("did not end within 20 s of SIGTERM")
                self.process.kill()
                self.wait(10)
        else:
            self.wait(10)
        if self.process.returncode not in self.expect_exit:
            problems.append("ended with %d" % self.process.returncode)
        text = self.stderr()
        if SANITIZER.search(text):
            problems.append("a sanitizer reported")
        assert not problems, "sluiced %s; its log ends:\n%s" % (" and ".join(problems), text[-8000:])

    # -- clients --

    def channel(self, key=None, credentials=None, options=(), address=None):
        options = [("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1),
                   ("grpc.max_receive_message_length", 64 << 20), *options]
        target = address or self.address
        if credentials:
            channel = grpc.secure_channel(target, credentials, options)
        else:
            channel = grpc.insecure_channel(target, options)
        self.channels.append(channel)
        if key:
            channel = grpc.intercept_channel(channel, _Bearer(key))
        return channel

    def api(self, key=None, channel=None, **kw):
        """Stubs of every service on one channel."""
        from grpc_health.v1 import health_pb2_grpc
        modules = stub_modules.load()
        channel = channel or self.channel(key, **kw)
        return types.SimpleNamespace(channel=channel, completion=modules.completion_grpc.CompletionStub(channel),
                                     registry=modules.registry_grpc.ModelRegistryStub(channel),
                                     access=modules.access_grpc.AccessStub(channel),
                                     health=health_pb2_grpc.HealthStub(channel))


class _Bearer(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):
    def __init__(self, key):
        self.entry = ("authorization", "Bearer " + key)

    def _with(self, details):
        metadata = list(details.metadata or []) + [self.entry]
        return details._replace(metadata=metadata)

    def intercept_unary_unary(self, continuation, details, request):
        return continuation(self._with(details), request)

    def intercept_unary_stream(self, continuation, details, request):
        return continuation(self._with(details), request)

    def intercept_stream_stream(self, continuation, details, requests):
        return continuation(self._with(details), requests)

