"""The scripted provider over HTTP/2 and TLS (ALPN h2), with the behaviours of provider_behaviours.py. Needs `h2`.

One reader and one writer thread for each connection, one thread for each request. TLS runs over memory BIOs under the
connection's lock, so that reading and writing never touch OpenSSL at the same time; the socket itself is read and
written without the lock, so that a client that does not read is still heard.
"""
import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from provider_behaviours import BEHAVIOURS
from provider_core import ClientGone, Exchange, Gate, Provider, readable

QUEUE = 256 * 1024  # bytes that may wait for the writer before bodies have to wait


class H2Exchange(Exchange):
    """One stream."""

    def __init__(self, provider, seen, link, stream):
        super().__init__(provider, seen)
        self.link = link
        self.stream = stream
        self.gone = Gate()

    def wait_fds(self):
        return [self.gone]

    def client_gone(self, ready):
        return self.gone in ready

    def raw(self, data):
        raise NotImplementedError("raw bytes make no sense inside of HTTP/2")

    torn = raw

    def head(self, status=200, headers=(), length=None):
        fields = [(":status", str(status)), *headers]
        if length is not None:
            fields.append(("content-length", str(length)))
        self.link.do(self, lambda h2c: h2c.send_headers(self.stream, fields))
        self.mark("head")

    def send(self, data):
        view = memoryview(data)
        while view:
            n = self.link.send_some(self, view)
            view = view[n:]
            self.seen.sent += n

    def end(self):
        self.link.do(self, lambda h2c: h2c.end_stream(self.stream))
        self.whole = True

    def settle(self):
        self.wait(0.05)

    def reset(self):
        self.link.do(self, lambda h2c: h2c.reset_stream(self.stream, 2))

    def cut(self):
        """Ends the whole connection without a GOAWAY."""
        self.link.shutdown()


class H2Link:
    def __init__(self, provider, sock):
        self.provider = provider
        self.sock = sock
        self.number = provider.new_connection()
        self.lock = threading.Condition()
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = provider.context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.streams = {}
        self.heads = {}
        self.bodies = {}
        self.queue = bytearray()
        self.dead = False
        self.nth = 0

    # -- under the lock --

    def _flush(self):
        data = self.h2.data_to_send()
        if data:
            self.tls.write(data)
        self._push()

    def _push(self):
        if self.outgoing.pending:
            self.queue += self.outgoing.read()
            self.lock.notify_all()

    def do(self, exchange, action):
        with self.lock:
            if self.dead or exchange.gone.event.is_set():
                raise ClientGone
            try:
                action(self.h2)
            except h2.exceptions.ProtocolError as problem:
                raise ClientGone from problem
            self._flush()

    def send_some(self, exchange, view):
        with self.lock:
            while True:
                if self.dead or exchange.gone.event.is_set():
                    raise ClientGone
                try:
                    window = self.h2.local_flow_control_window(exchange.stream)
                except h2.exceptions.ProtocolError as problem:
                    raise ClientGone from problem
                room = min(window, self.h2.max_outbound_frame_size, len(view))
                if room > 0 and len(self.queue) < QUEUE:
                    break
                self.lock.wait()
            self.h2.send_data(exchange.stream, bytes(view[:room]))
            self._flush()
            return room

    def shutdown(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    # -- the writer --

    def _write(self):
        try:
            while True:
                with self.lock:
                    self.lock.wait_for(lambda: self.queue or self.dead)
                    if not self.queue:
                        return
                    data, self.queue = self.queue, bytearray()
                    self.lock.notify_all()
                self.sock.sendall(data)
        except OSError:
            self.shutdown()

    # -- the reader --

    def _handshake(self):
        while True:
            try:
                with self.lock:
                    self.tls.do_handshake()
                    self._push()
                return
            except ssl.SSLWantReadError:
                with self.lock:
                    self._push()
                data = self.sock.recv(65536)
                if not data:
                    raise ClientGone from None
                self.incoming.write(data)

    def _decrypt(self):
        out = []
        while True:
            try:
                data = self.tls.read(65536)
            except ssl.SSLWantReadError:
                return b"".join(out), False
            except ssl.SSLError:
                return b"".join(out), True
            if not data:
                return b"".join(out), True
            out.append(data)

    def run(self):
        try:
            threading.Thread(target=self._write, daemon=True, name="h2-writer").start()
            self._handshake()
            if self.tls.selected_alpn_protocol() != "h2":
                return
            with self.lock:
                self.h2.initiate_connection()
                self._flush()
            while self._turn():
                pass
        except (ClientGone, OSError, ssl.SSLError, h2.exceptions.ProtocolError):
            pass
        finally:
            with self.lock:
                self.dead = True
                for exchange in self.streams.values():
                    exchange.gone.open()
                self.lock.notify_all()
            self.shutdown()
            self.sock.close()
            self.provider.forget(self)

    def _turn(self):
        data, over = self._decrypt_locked()
        if not data and not over:
            if self.provider.stop_gate in readable([self.sock, self.provider.stop_gate]):
                return False
            received = self.sock.recv(1 << 18)
            if not received:
                return False
            with self.lock:
                self.incoming.write(received)
            return True
        with self.lock:
            for event in self.h2.receive_data(data):
                self._event(event)
            self._flush()
            self.lock.notify_all()
        return not over

    def _decrypt_locked(self):
        with self.lock:
            return self._decrypt()

    def _event(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.heads[event.stream_id] = event.headers
            self.bodies[event.stream_id] = []
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id].append(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self._begin(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            exchange = self.streams.get(event.stream_id)
            if exchange:
                exchange.gone.open()

    def _begin(self, stream):
        fields = self.heads.pop(stream)
        pseudo = {k: v for k, v in fields if k.startswith(":")}
        headers = [(k, v) for k, v in fields if not k.startswith(":")] + [("host", pseudo.get(":authority", ""))]
        seen = self.provider.record(pseudo[":method"], pseudo[":path"], headers, self.number, self.nth)
        self.nth += 1
        seen.take_body(b"".join(self.bodies.pop(stream)))
        exchange = H2Exchange(self.provider, seen, self, stream)
        self.streams[stream] = exchange
        self.provider.publish(seen)
        threading.Thread(target=self._answer, args=(exchange,), daemon=True, name="h2-stream").start()

    def _answer(self, exchange):
        self.provider.run(exchange)
        with self.lock:
            self.streams.pop(exchange.stream, None)
            if not exchange.whole and not exchange.gone.event.is_set() and not self.dead:
                try:
                    self.h2.reset_stream(exchange.stream, 2)
                    self._flush()
                except (OSError, h2.exceptions.ProtocolError):
                    pass
        exchange.gone.close()


class ScriptedH2Provider(Provider):
    """HTTP/2 over TLS. Starts listening when made; close() ends every connection."""

    def __init__(self, certificate, default="text", **default_params):
        super().__init__(BEHAVIOURS, default, **default_params)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.url = "https://127.0.0.1:%d" % self.port
        self.links = set()
        self.thread = threading.Thread(target=self._accept, daemon=True, name="h2-provider")
        self.thread.start()

    def _accept(self):
        while self.stop_gate not in readable([self.listener, self.stop_gate]):
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = H2Link(self, sock)
            with self.lock:
                self.links.add(link)
            threading.Thread(target=link.run, daemon=True, name="h2-link").start()

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
                link.shutdown()
            self.lock.wait_for(lambda: not self.links, 10)
