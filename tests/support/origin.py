"""An origin whose behaviour is a script: a function that is called with each connection. The origin
keeps every byte that it receives."""

import errno
import socket
import ssl
import struct
import threading
import time

from .client import WAIT, eventually
from .message import Ended, Malformed, Reader


class Connection:
    """One accepted connection. `received` keeps all bytes that came in; requests that were read are
    in `origin.requests`."""

    def __init__(self, origin, accepted, number):
        self.origin = origin
        self.socket = accepted
        self.number = number
        self.received = bytearray()
        self.requests = []
        self.ended = None  # 'eof' or 'reset', once the peer has ended it.
        self.closed = False
        self.reader = Reader(self._receive)
        accepted.settimeout(origin.wait)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _receive(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            self.ended = "reset"
            raise
        if not data:
            self.ended = self.ended or "eof"
        self.received += data
        return data

    def more(self):
        """Whether another request comes; False too if the connection stays idle for a while."""
        try:
            return not self.reader.at_end()
        except TimeoutError:
            return False

    def head(self):
        """The next request's head; its content is not read."""
        request = self.reader.request_head()
        self.requests.append(request)
        self.origin.requests.append(request)
        return request

    def body(self, request):
        return self.reader.request_body(request)

    def request(self):
        return self.body(self.head())

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def send_in_pieces(self, data, size=1, delay=0.0):
        for at in range(0, len(data), size):
            self.socket.sendall(data[at : at + size])
            if delay:
                time.sleep(delay)
        return self

    def respond(self, body=b"", status="200 OK", fields=(), close=False):
        lines = [f"HTTP/1.1 {status}"] + [f"{name}: {value}" for name, value in fields]
        lines.append(f"Content-Length: {len(body)}")
        if close:
            lines.append("Connection: close")
        return self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def wait_until_read(self):
        """Waits until the peer, on this machine, has read all bytes from the kernel, so that it
        reads later bytes separately."""
        ends = [f":{port:04X}" for _, port in (self.socket.getpeername()[:2], self.socket.getsockname()[:2])]

        def taken():
            with open("/proc/thread-self/net/tcp", encoding="ascii") as table:
                for line in table:
                    words = line.split()
                    if words[1].endswith(ends[0]) and words[2].endswith(ends[1]):
                        return words[4].endswith(":00000000")
            return True

        eventually(taken, what="the reading of what was sent")
        return self

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # The peer has reset it already.
                raise
        return self

    def reset(self):
        """Ends the connection with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.closed = True
        self.socket.close()

    def wait_for_end(self):
        """Reads and keeps all bytes until the peer ends the connection."""
        try:
            while self._receive():
                pass
        except ConnectionResetError:
            pass
        return self.ended


class Origin:
    """Listens on a free port. `script(connection)` runs in a thread of its own for each connection,
    which is closed when the script returns. A failed assertion in a script, or a malformed message,
    fails the test."""

    def __init__(self, script=None, host="127.0.0.1", port=0, backlog=128, wait=WAIT, tolerant=False, tls=None):
        self.script = script or serve()
        self.wait = wait
        self.tolerant = tolerant
        self.tls = tls  # A server's ssl.SSLContext, or None for no TLS.
        self.connections = []
        self.requests = []
        self.faults = []
        self.closing = False
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            self.listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.listener.bind((host, port))
        self.listener.listen(backlog)
        self.host = host
        self.port = self.listener.getsockname()[1]
        self.authority = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.authority}"
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close()
        if kind is None and self.faults:
            raise self.faults[0]

    def _accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            connection = Connection(self, accepted, len(self.connections))
            self.connections.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            if self.tls:
                connection.socket = self.tls.wrap_socket(connection.socket, server_side=True)
            self.script(connection)
        except (Ended, ConnectionResetError, BrokenPipeError):
            pass  # The peer may leave whenever it likes; tests ask `connection.ended` where it matters.
        except Malformed as fault:
            if not self.tolerant:
                self.faults.append(fault)
        except TimeoutError as fault:
            if not self.closing:
                self.faults.append(AssertionError(f"an origin's script waited in vain: {fault}"))
        except ssl.SSLError:
            pass  # The client does not trust the certificate, or has left.
        except OSError as fault:
            if not self.closing and not connection.closed:
                self.faults.append(fault)
        except BaseException as fault:  # noqa: B902 - any fault of a script fails the test.
            self.faults.append(fault)
        finally:
            connection.close()

    def close(self):
        self.closing = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.thread.join(WAIT)
        for connection in self.connections:
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def complete(self):
        """The requests that arrived whole."""
        return [request for request in self.requests if request.complete]

    def wait_for_requests(self, count):
        eventually(lambda: len(self.requests) >= count, what=f"request {count} at the origin")
        return self.requests


def serve(answer=None):
    """A script that answers each request of a connection. `answer` is bytes, or a function of the request that returns
    bytes (raw, head included); None answers 200 with "ok"."""

    def script(connection):
        while connection.more():
            request = connection.request()
            data = answer(request) if callable(answer) else answer
            if data is None:
                connection.respond(b"ok")
            else:
                connection.send(data)

    return script


def answer_once(data, then=None):
    """A script that answers the first request with raw bytes and then closes (or calls `then`)."""

    def script(connection):
        connection.request()
        connection.send(data)
        if then:
            then(connection)

    return script


def silent(connection):
    """A script that reads everything and never answers."""
    connection.wait_for_end()


def ok(body=b"ok", fields=(), status="200 OK"):
    """The bytes of a plain response."""
    lines = [f"HTTP/1.1 {status}"] + [f"{name}: {value}" for name, value in fields] + [f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
