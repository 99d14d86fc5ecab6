"""What the scripted providers share: what a request looked like, which behaviour answers it, and how a behaviour waits.

A behaviour is a function of an Exchange and keyword parameters (provider_behaviours.py). The transports
(scripted_provider.py for HTTP/1.1, scripted_h2.py for HTTP/2) make one Exchange for each request and run the behaviour
in a thread of its own. Standard library only: ./service/run uses it without any package.
"""
import json
import os
import select
import threading
import time
from urllib.parse import parse_qsl, urlsplit


def readable(objects, seconds=None):
    """Which of the objects (with a fileno) can be read, or are closed. poll: descriptors may be over 1023."""
    poller = select.poll()
    by_fd = {}
    for each in objects:
        by_fd[each.fileno()] = each
        poller.register(each, select.POLLIN)
    ready = poller.poll(None if seconds is None else max(0, seconds) * 1000)
    return [by_fd[fd] for fd, _ in ready]


class ClientGone(Exception):
    """The client closed its side before the answer was whole."""


class Stopped(Exception):
    """The provider is being closed."""


class Gate:
    """Opened once; behaviours wait for it with select, so that a client's close is still seen."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        self.event = threading.Event()

    def fileno(self):
        return self.reader

    def open(self):
        if not self.event.is_set():
            self.event.set()
            os.write(self.writer, b"x")  # never read: it stays readable for everyone

    def close(self):
        os.close(self.reader)
        os.close(self.writer)


class Seen:
    """One request, as the provider received it, and how its answer ended. Times are time.monotonic()."""

    def __init__(self, number, method, target, headers, connection, nth):
        parts = urlsplit(target)
        self.number = number          # 0, 1, 2, ... over the provider's life
        self.method = method
        self.target = target
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.raw_headers = headers    # [(name, value)] as sent
        self.headers = {k.lower(): v for k, v in headers}
        self.connection = connection  # 0, 1, 2, ...
        self.nth = nth                # 0 for the first request of its connection
        self.body = b""
        self.json = None
        self.arrived = time.monotonic()
        self.sent = 0                 # bytes of the body given to the kernel
        self.marks = {}               # name -> time, set by behaviours
        self.outcome = None           # "answered", "client closed", "broken off", "stopped"
        self.closed_at = None
        self.closed = threading.Event()
        self.done = threading.Event()

    def take_body(self, body):
        self.body = body
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None

    @property
    def model(self):
        return self.json.get("model", "") if isinstance(self.json, dict) else ""

    @property
    def streamed(self):
        return bool(isinstance(self.json, dict) and self.json.get("stream"))

    def wait_closed(self, timeout=10):
        """When the client was seen to close before its answer was whole."""
        assert self.closed.wait(timeout), "the provider never saw the client close (outcome %r)" % self.outcome
        return self.closed_at

    def wait_done(self, timeout=10):
        assert self.done.wait(timeout), "the provider is still answering"
        return self.outcome

    def as_dict(self):
        return {"number": self.number, "method": self.method, "target": self.target, "headers": self.headers,
                "body": self.json, "body_bytes": len(self.body), "connection": self.connection, "nth": self.nth,
                "sent": self.sent, "outcome": self.outcome}


def parse_call(text):
    """'text?words=3&interval_ms=5' -> ('text', {'words': 3, 'interval_ms': 5})"""
    name, _, query = text.partition("?")
    params = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        try:
            params[key] = int(value)
        except ValueError:
            try:
                params[key] = float(value)
            except ValueError:
                params[key] = value
    return name, params


class Provider:
    """Scripts, records and life of a scripted provider; the transports add sockets."""

    def __init__(self, behaviours, default="text", **default_params):
        self.behaviours = behaviours
        self.lock = threading.Condition()
        self.requests = []
        self.connections = 0
        self.stop_gate = Gate()
        self._default = [(default, default_params)]
        self._scripts = {}
        self._gates = {}

    # -- test control --

    def script(self, model, behaviour, **params):
        """What requests for this model id get: a name, a function, or a list of (name, params), one for each request."""
        with self.lock:
            self._scripts[model] = self._steps(behaviour, params)

    def default(self, behaviour, **params):
        with self.lock:
            self._default = self._steps(behaviour, params)

    def _steps(self, behaviour, params):
        if not isinstance(behaviour, list):
            behaviour = [(behaviour, params)]
        for name, _ in behaviour:
            if not callable(name) and name not in self.behaviours:
                raise KeyError("no behaviour " + name)
        return list(behaviour)

    def gate(self, name):
        with self.lock:
            return self._gates.setdefault(name, Gate())

    def wait_requests(self, count, timeout=10):
        """Waits until so many requests came; gives all of them."""
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.requests) >= count, timeout), \
                "%d requests came, %d were awaited" % (len(self.requests), count)
            return list(self.requests)

    # -- used by the transports --

    def record(self, method, target, headers, connection, nth):
        with self.lock:
            seen = Seen(len(self.requests), method, target, headers, connection, nth)
            return seen

    def publish(self, seen):
        """The request is whole: tests may see it now."""
        with self.lock:
            seen.number = len(self.requests)
            self.requests.append(seen)
            self.lock.notify_all()

    def new_connection(self):
        with self.lock:
            self.connections += 1
            return self.connections - 1

    def choose(self, seen):
        """The behaviour and parameters for a request: a script, a name spelled by header or model id, the default."""
        with self.lock:
            model = seen.headers.get("x-script") or seen.model
            steps = self._scripts.get(model)
            if steps is None:
                name, params = parse_call(model)
                if name in self.behaviours:
                    return self.behaviours[name], params
                steps = self._default
            name, params = steps.pop(0) if len(steps) > 1 else steps[0]
            return (name if callable(name) else self.behaviours[name]), params

    def run(self, exchange):
        """Runs the behaviour of one exchange and notes how it ended. True: the connection may be used again."""
        seen = exchange.seen
        try:
            behaviour, params = self.choose(seen)
            behaviour(exchange, **params)
            seen.outcome = "answered" if exchange.whole else "broken off"
        except Stopped:
            seen.outcome = "stopped"
        except (ClientGone, ConnectionError, TimeoutError):
            seen.closed_at = seen.closed_at or time.monotonic()
            seen.outcome = "client closed"
            seen.closed.set()
        finally:
            seen.done.set()
        return seen.outcome == "answered"

    def close_gates(self):
        self.stop_gate.open()
        with self.lock:
            for gate in self._gates.values():
                gate.open()


class Exchange:
    """One request being answered. The transports give: head, send, end, cut, reset, and fileno for waiting."""

    def __init__(self, provider, seen):
        self.provider = provider
        self.seen = seen
        self.whole = False

    def head(self, status=200, headers=(), length=None):
        """Starts the answer. length None: the transport's way of an unknown length."""
        raise NotImplementedError

    def send(self, data):
        raise NotImplementedError

    def end(self):
        """Ends the answer in good order."""
        raise NotImplementedError

    def cut(self):
        """Closes without ending the answer."""
        raise NotImplementedError

    def reset(self):
        """Closes with a TCP reset, or RST_STREAM."""
        raise NotImplementedError

    def client_gone(self, ready):
        """The client's socket is readable: whether that means that it closed."""
        raise NotImplementedError

    def wait_fds(self):
        """What becomes readable when the client closes."""
        raise NotImplementedError

    def mark(self, name):
        self.seen.marks[name] = time.monotonic()

    def wait(self, seconds=None, gate=None):
        """Waits for a time or a gate (both None: for ever). Raises ClientGone as soon as the client closes."""
        until = None if seconds is None else time.monotonic() + seconds
        stop = self.provider.stop_gate
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            ready = readable([stop, *self.wait_fds()] + ([gate] if gate else []), left)
            if stop in ready:
                raise Stopped
            clients = [fd for fd in ready if fd is not gate]
            if clients and self.client_gone(clients):
                self.seen.closed_at = time.monotonic()
                raise ClientGone
            if gate in ready:
                return True
            if until is not None and time.monotonic() >= until:
                return False

    def hold(self):
        self.wait()

    def body(self, status, content_type, data, headers=()):
        """A whole answer."""
        self.head(status, [("content-type", content_type), *headers], length=len(data))
        self.send(data)
        self.end()

    def json(self, obj, status=200, headers=()):
        self.body(status, "application/json", json.dumps(obj, ensure_ascii=False).encode(), headers)

    def start_stream(self, headers=()):
        self.head(200, [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"), *headers])

    def event(self, obj):
        self.send(b"data: " + json.dumps(obj, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n")
