"""A client as a script: raw bytes out, strictly parsed responses in. Every wait is bounded."""

import socket
import struct
import time

from .message import Ended, Reader

WAIT = 10  # Seconds that a script waits for an expected event.


class Client:
    """One connection, to Weir or to anything."""

    def __init__(self, port, host="127.0.0.1", wait=WAIT, receive_buffer=None, send_buffer=None, source=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if send_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self.socket.settimeout(wait)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(lambda: self.socket.recv(65536))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def wait(self, seconds):
        """Sets how long each later read or write may take."""
        self.socket.settimeout(seconds)

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def send_bytewise(self, data):
        """Sends one byte per segment, as far as the kernel allows: one write per byte, without
        delay. Stops when the peer has closed."""
        try:
            for at in range(len(data)):
                self.socket.sendall(data[at : at + 1])
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def send_request(self, method, target, fields=(), body=b"", version="1.1"):
        lines = [f"{method} {target} HTTP/{version}"] + [f"{name}: {value}" for name, value in fields]
        return self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def response(self, method="GET"):
        return self.reader.response(method)

    def read(self, count):
        return self.reader.exactly(count)

    def read_until(self, mark):
        return self.reader.until(mark)

    def rest(self):
        """All bytes until the end of the stream; a reset counts as the end."""
        try:
            return self.reader.rest()
        except ConnectionResetError:
            return bytes(self.reader.buffer)

    def is_closed(self, within=WAIT):
        """Whether the peer ends the connection in time, and sends nothing before."""
        self.socket.settimeout(within)
        try:
            return self.reader.at_end()
        except (ConnectionResetError, BrokenPipeError):
            return not self.reader.buffer
        except TimeoutError:
            return False

    def stays_open(self, seconds=0.3):
        """Whether no bytes and no end come in this time."""
        if self.reader.buffer:
            return False
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
            self.reader.buffer += data
            return False
        except TimeoutError:
            return True
        except OSError:
            return False
        finally:
            self.socket.settimeout(WAIT)

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The peer has reset the connection; its bytes may still be read.
        return self

    def reset(self):
        """Ends the connection with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


def exchange(port, method, target, fields=None, body=b"", host="127.0.0.1", version="1.1"):
    """One request on a connection of its own, and its response. Host is made from the target unless it is given."""
    with Client(port, host) as client:
        fields = list(fields or [])
        if not any(name.lower() == "host" for name, _ in fields):
            authority = target.split("://", 1)[-1].split("/", 1)[0]
            fields.insert(0, ("Host", authority))
        if body and not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in fields):
            fields.append(("Content-Length", str(len(body))))
        client.send_request(method, target, fields, body, version)
        return client.response(method)


def get(port, url, fields=None, **more):
    return exchange(port, "GET", url, fields, **more)


def eventually(condition, within=WAIT, what="what was waited for"):
    """Waits until condition() is true and returns what it returned."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {within} s")
        time.sleep(0.01)


__all__ = ["Client", "Ended", "WAIT", "eventually", "exchange", "get"]
