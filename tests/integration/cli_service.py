"""What test_cli.py needs beside the real service: a gRPC service whose answers a test writes itself (also such as no
honest service gives), and a terminal to run the client on."""
import fcntl
import os
import pty
import queue
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from concurrent import futures

import grpc

import stubs as stub_modules
from env import slack


class WrittenService(grpc.GenericRpcHandler):
    """Serves Completion, ModelRegistry and Health; `stream`, `complete`, `models`, `get`, `resolve` and `health` are
    functions (request, context) that a test sets. Keeps the requests and metadata it saw."""

    def __init__(self, address="127.0.0.1:0", credentials=None):
        self.modules = stub_modules.load()
        self.requests = []
        self.metadata = []
        self.cancelled = queue.Queue()
        self.handlers = {}
        self.server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        self.server.add_generic_rpc_handlers((self,))
        port = (self.server.add_secure_port(address, credentials) if credentials
                else self.server.add_insecure_port(address))
        self.address = address if address.startswith("unix:") else "127.0.0.1:%d" % port
        self.server.start()

    def close(self):
        self.server.stop(0).wait()

    def on(self, method, handler):
        """Answers a method, "StreamComplete", with handler(request, context)."""
        self.handlers[method] = handler

    def events(self, *events, numbered=True):
        """Answers StreamComplete with these events, one message each; a callable is run in its place, an exception
        raised."""
        def stream(_request, _context):
            count = 0
            for event in events:
                if callable(event):
                    event()
                    continue
                if isinstance(event, Exception):
                    raise event
                if numbered:
                    event.sequence = count
                    count += 1
                yield self.modules.completion.StreamCompleteResponse(events=[event])
        self.on("StreamComplete", stream)

    def fails(self, method, code, message="", details=None):
        """Ends a method with a status; details are protobuf messages for google.rpc.Status."""
        status = None
        if details is not None:
            status = self.modules.status.Status(code=code.value[0], message=message)
            for detail in details:
                status.details.add().Pack(detail)

        def fail(_request, context):
            if status is not None:
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(code, message)
        self.on(method, fail)

    def service(self, call):
        from grpc_health.v1 import health_pb2 as health
        completion, registry = self.modules.completion, self.modules.registry
        types = {
            "Complete": (completion.CompleteRequest, False), "StreamComplete": (completion.CompleteRequest, True),
            "ListModels": (registry.ListModelsRequest, False), "GetModel": (registry.GetModelRequest, False),
            "ResolveModel": (registry.ResolveModelRequest, False), "Check": (health.HealthCheckRequest, False),
            "Watch": (health.HealthCheckRequest, True),
        }
        name = call.method.rsplit("/", 1)[1]
        if name not in self.handlers:
            return None
        kind, streams = types[name]

        def handle(request, context):
            self.requests.append(request)
            self.metadata.append(dict(context.invocation_metadata()))
            context.add_callback(lambda: self.cancelled.put(time.monotonic()))
            return self.handlers[name](request, context)

        made = grpc.unary_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        return made(handle, request_deserializer=kind.FromString,
                    response_serializer=lambda m: m if isinstance(m, bytes) else m.SerializeToString())


class Terminal:
    """A program on a pseudo-terminal. `out` is all it wrote so far."""

    def __init__(self, command, env, columns=100, stdout=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

        def become_foreground():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(command, stdin=slave, stdout=stdout or slave, stderr=slave, env=env,
                                        preexec_fn=become_foreground)
        os.close(slave)
        self.out = ""
        self.seen = 0
        self.reader = threading.Condition()

    def _read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: the other side is gone
            return False
        self.out += data.decode("utf-8", "replace")
        return bool(data)

    def expect(self, pattern, timeout=10):
        """Waits for a regular expression in what came after the last match."""
        deadline = time.monotonic() + slack(timeout, timeout * 4)
        while True:
            match = re.search(pattern, self.out[self.seen:], re.S)
            if match:
                self.seen += match.end()
                return match
            alive = self._read(max(0, deadline - time.monotonic()))
            if not alive and not re.search(pattern, self.out[self.seen:], re.S) or time.monotonic() > deadline:
                raise AssertionError("no %r in %r" % (pattern, self.out[self.seen:]))

    def send(self, text):
        os.write(self.master, text.encode())

    def wait(self, timeout=10):
        """The exit code; a signal as a negative number."""
        deadline = time.monotonic() + slack(timeout, timeout * 4)
        while self._read(0.2) and time.monotonic() < deadline:
            if self.process.poll() is not None and not select.select([self.master], [], [], 0)[0]:
                break
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
