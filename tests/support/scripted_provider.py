#!/usr/bin/env python3
"""An OpenAI-shaped provider that does what it is told, for tests and for the demonstration of ./service/run.

    scripted_provider.py [--port N] [--tls [--cert FILE --key FILE]] [--behaviour NAME[?param=value&...]]

HTTP/1.1 on 127.0.0.1, standard library only. Prints its port on the first line, with --tls the certificate to trust on
the second. The model id of a request may name a behaviour ("text?words=20&interval_ms=50", see provider_behaviours.py),
else the default one answers (on the command line: demo). GET /_seen gives what it saw, as JSON; GET /v1/models lists the
behaviours.
"""
import argparse
import atexit
import fcntl
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from provider_behaviours import BEHAVIOURS  # noqa: E402
from provider_core import ClientGone, Exchange, Provider, parse_call, readable  # noqa: E402

REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests",
           500: "Internal Server Error", 503: "Service Unavailable"}
SEND_TIMEOUT = 120  # seconds a client may not read before the provider gives up


class Http1Exchange(Exchange):
    """One request on an HTTP/1.1 connection."""

    def __init__(self, provider, seen, link):
        super().__init__(provider, seen)
        self.link = link
        self.chunked = False
        self.keep = True
        self.owed = None  # bytes of the body that content-length still promises

    def wait_fds(self):
        return [self.link.sock]

    def client_gone(self, ready):
        return self.link.sock in ready and self.link.peer_closed()

    def raw(self, data):
        self.link.sock.sendall(data)

    def head(self, status=200, headers=(), length=None):
        lines = ["HTTP/1.1 %d %s" % (status, REASONS.get(status, "Status"))]
        lines += ["%s: %s" % h for h in headers]
        self.chunked, self.owed = length is None, length
        lines.append("transfer-encoding: chunked" if length is None else "content-length: %d" % length)
        self.raw(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.mark("head")

    def send(self, data):
        if not data:
            return
        self.raw(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)
        self.seen.sent += len(data)

    def torn(self, data):
        """The beginning of a chunk whose end never comes."""
        self.raw(b"%x\r\n" % len(data) + data[:len(data) // 2])

    def end(self):
        if self.chunked:
            self.raw(b"0\r\n\r\n")
        self.whole = True

    def cut(self):
        self.keep = False
        self.link.close()

    def settle(self):
        """Gives the bytes sent so far the time to be read: a reset throws away what is still in the receiver's buffer."""
        fileno = self.link.sock.fileno()
        for _ in range(200):
            if not unacknowledged(fileno):
                break
            self.wait(0.005)
        self.wait(0.05)

    def reset(self):
        self.keep = False
        self.link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.link.close()


def unacknowledged(fileno):
    """Bytes in the send queue of a socket (SIOCOUTQ, Linux)."""
    buf = bytearray(4)
    fcntl.ioctl(fileno, termios.TIOCOUTQ, buf)
    return struct.unpack("i", buf)[0]


class Link:
    """A client's connection, in a thread of its own."""

    def __init__(self, provider, sock):
        self.provider = provider
        self.raw_sock = sock
        self.sock = sock
        self.buffer = b""
        self.number = provider.new_connection()

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def fill(self):
        data = self.sock.recv(65536)
        if not data:
            raise ClientGone
        self.buffer += data

    def peer_closed(self):
        """Called when the socket is readable; bytes of a next request are kept."""
        try:
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.settimeout(0)
                try:
                    data = self.sock.recv(65536)
                finally:
                    self.sock.settimeout(SEND_TIMEOUT)
            else:
                data = self.sock.recv(65536, socket.MSG_DONTWAIT)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except (OSError, ValueError):
            return True
        self.buffer += data
        return not data

    def read_until(self, mark, limit=1 << 20):
        while mark not in self.buffer:
            if len(self.buffer) > limit:
                raise ClientGone
            self.fill()
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def read_exactly(self, n):
        parts, have = [self.buffer[:n]], min(n, len(self.buffer))
        self.buffer = self.buffer[n:]
        while have < n:
            data = self.sock.recv(min(1 << 20, n - have))
            if not data:
                raise ClientGone
            parts.append(data)
            have += len(data)
        return b"".join(parts)

    def read_body(self, headers):
        if headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" not in headers.get("transfer-encoding", "").lower():
            return self.read_exactly(int(headers.get("content-length") or 0))
        out = []
        while True:
            n = int(self.read_until(b"\r\n").split(b";")[0], 16)
            if n == 0:
                while self.read_until(b"\r\n"):
                    pass
                return b"".join(out)
            out.append(self.read_exactly(n))
            self.read_until(b"\r\n")

    def next_request(self, nth):
        # an idle connection waits for the provider's end as well as for bytes
        while not self.buffer:
            if self.provider.stop_gate in readable([self.sock, self.provider.stop_gate]):
                raise ClientGone
            self.fill()
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        seen = self.provider.record(method, target, headers, self.number, nth)
        seen.take_body(self.read_body(seen.headers))
        return seen

    def serve(self):
        nth = 0
        while True:
            seen = self.next_request(nth)
            nth += 1
            exchange = Http1Exchange(self.provider, seen, self)
            if seen.path == "/_seen":
                exchange.json([s.as_dict() for s in list(self.provider.requests)])
                continue
            self.provider.publish(seen)
            if seen.method == "HEAD":
                exchange.head(404, length=0)
                seen.outcome = "answered"
                seen.done.set()
                continue
            if seen.path.endswith("/models") and seen.method == "GET" and self.provider.lists_models:
                exchange.json({"object": "list", "data": self.provider.listing})
                seen.outcome = "answered"
                seen.done.set()
                continue
            if not self.provider.run(exchange) or not exchange.keep:
                return

    def run(self):
        try:
            if self.provider.context:
                self.raw_sock.settimeout(10)
                self.sock = self.provider.context.wrap_socket(self.raw_sock, server_side=True)
            self.sock.settimeout(SEND_TIMEOUT)
            self.serve()
        except (ClientGone, OSError, ValueError):
            pass
        finally:
            self.close()
            self.provider.forget(self)


class ScriptedProvider(Provider):
    """HTTP/1.1, with or without TLS. Starts listening when made; close() ends every connection. GET .../models gives the
    listing, unless lists_models is False."""

    lists_models = True
    listing = [{"id": n, "object": "model"} for n in sorted(BEHAVIOURS)]

    def __init__(self, port=0, certificate=None, default="text", sock=None, **default_params):
        super().__init__(BEHAVIOURS, default, **default_params)
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
            self.context.set_alpn_protocols(["http/1.1"])
        self.listener = sock or socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self.listener.getsockname()[1] if self.listener.family != socket.AF_UNIX else 0
        self.url = "%s://127.0.0.1:%d" % ("https" if certificate else "http", self.port)
        self.links = set()
        self.thread = threading.Thread(target=self._accept, daemon=True, name="provider")
        self.thread.start()

    def _accept(self):
        while True:
            if self.stop_gate in readable([self.listener, self.stop_gate]):
                return
            try:
                sock, _ = self.listener.accept()
            except OSError:
                continue
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(self, sock)
            with self.lock:
                self.links.add(link)
            threading.Thread(target=link.run, daemon=True, name="provider-link").start()

    def forget(self, link):
        with self.lock:
            self.links.discard(link)
            self.lock.notify_all()

    def close(self):
        self.close_gates()
        self.thread.join(10)
        self.listener.close()
        with self.lock:
            for link in self.links:
                try:
                    socket.socket.shutdown(link.sock, socket.SHUT_RDWR)  # an SSLSocket's own is not thread-safe
                except OSError:
                    pass
            self.lock.wait_for(lambda: not self.links, 10)


def self_signed():
    folder = tempfile.mkdtemp(prefix="scripted-provider-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "7",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--tls", action="store_true", help="HTTPS; without --cert a self-signed certificate is made")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--behaviour", default="demo", help="what answers a model id that names no behaviour")
    arguments = parser.parse_args()
    name, params = parse_call(arguments.behaviour)
    if name not in BEHAVIOURS:
        parser.error("no such behaviour; there are: " + " ".join(sorted(BEHAVIOURS)))
    certificate = None
    if arguments.tls:
        certificate = (arguments.cert, arguments.key or arguments.cert) if arguments.cert else self_signed()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    provider = ScriptedProvider(arguments.port, certificate, name, **params)
    print(provider.port, flush=True)
    if certificate:
        print(certificate[0], flush=True)
    stop.wait()
    provider.close()


if __name__ == "__main__":
    main()
