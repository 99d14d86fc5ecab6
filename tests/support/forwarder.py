"""A TCP forwarder that plays a Kubernetes Service: connections that exist stay where they are, new ones go to the
target that is set at that moment."""
import socket
import threading

from provider_core import Gate, readable


class Forwarder:
    def __init__(self, target):
        self.target = self._split(target)
        self.stop = Gate()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.lock = threading.Condition()
        self.counts = {}  # target -> connections made to it
        self.alive = 0
        threading.Thread(target=self._accept, daemon=True, name="forwarder").start()

    @staticmethod
    def _split(address):
        host, _, port = address.rpartition(":")
        return host, int(port)

    def switch(self, target):
        with self.lock:
            self.target = self._split(target)

    def _accept(self):
        while self.stop not in readable([self.listener, self.stop]):
            client, _ = self.listener.accept()
            with self.lock:
                target = self.target
                self.counts[target] = self.counts.get(target, 0) + 1
                self.alive += 1
            threading.Thread(target=self._carry, args=(client, target), daemon=True, name="forwarder-link").start()

    def _carry(self, client, target):
        try:
            with client, socket.create_connection(target, timeout=10) as server:
                for sock in (client, server):
                    sock.settimeout(None)
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._pump(client, server)
        except OSError:
            pass
        finally:
            with self.lock:
                self.alive -= 1
                self.lock.notify_all()

    def _pump(self, client, server):
        other = {client: server, server: client}
        open_sides = [client, server]
        while open_sides:
            ready = readable([*open_sides, self.stop])
            if self.stop in ready:
                return
            for sock in ready:
                data = sock.recv(65536)
                if data:
                    other[sock].sendall(data)
                else:
                    open_sides.remove(sock)
                    other[sock].shutdown(socket.SHUT_WR)

    def close(self):
        self.stop.open()
        self.listener.close()
        with self.lock:
            self.lock.wait_for(lambda: self.alive == 0, 10)
