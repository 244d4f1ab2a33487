"""The process of the soak's origin: the request's target, /WAY/TOKEN/SIZE, says how to answer it,
correctly or not."""

import hashlib
import socket
import struct
import sys
import threading
import time

from .crowd_actors import content
from .message import Ended, Malformed, Reader

PATIENCE = 120  # Seconds; a client that is silent for longer has gone.


def head(*fields, status="200 OK"):
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *fields, "")).encode()


def chunks(data, size):
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


class Connection:
    def __init__(self, accepted):
        self.socket = accepted
        self.reader = Reader(lambda: accepted.recv(1 << 16), limit=1 << 20)
        accepted.settimeout(PATIENCE)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self):
        try:
            if self.socket.recv(1, socket.MSG_PEEK) == b"\0":
                self.echo()
            else:
                while not self.reader.at_end() and self.serve():
                    pass
        except (Ended, Malformed, OSError):
            pass  # Clients die, and their connections with them.
        finally:
            self.socket.close()

    def echo(self):
        while data := self.socket.recv(1 << 16):
            self.socket.sendall(data)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def serve(self):
        """Answers one request; False if the connection ends with it."""
        request = self.reader.request()
        _, way, token, size = request.target.split("/")
        body = content(token, int(size))
        if request.body:
            body = hashlib.sha256(request.body).hexdigest().encode()
        send = self.socket.sendall
        length = f"Content-Length: {len(body)}"
        if way == "length":
            send(head(length) + body)
        elif way == "chunked":
            send(head("Transfer-Encoding: chunked"))
            for piece in chunks(body, 1 + len(body) // 3):
                send(piece)
            send(b"0\r\nX-Trailer: yes\r\n\r\n")
        elif way == "end":
            send(head("Connection: close") + body)
            return False
        elif way == "hint":
            send(head("Link: </style.css>; rel=preload", status="103 Early Hints") + head(length) + body)
        elif way == "slow":
            send(head(length))
            for at in range(0, len(body), 1 + len(body) // 10):
                send(body[at : at + 1 + len(body) // 10])
                time.sleep(0.05)
        elif way == "reset":
            self.reset()
            return False
        elif way == "close":
            return False
        elif way == "headcut":
            send(b"HTTP/1.1 200 OK\r\nContent-Le")
            return False
        elif way == "short":
            send(head(f"Content-Length: {len(body) + 10}") + body)
            return False
        elif way == "cutchunk":
            send(head("Transfer-Encoding: chunked") + b"".join(chunks(body, 1000)))
            return False
        elif way == "malformed":
            send(head("Content-Length: 1", "Content-Length: 2") + b"xy")
            return False
        elif way == "stall":
            self.reader.at_end()  # Waits until Weir gives up.
            return False
        return True


def main():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), sys.stdout.flush(), _end()), daemon=True).start()
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=Connection(accepted).run, daemon=True).start()


def _end():
    import os

    os._exit(0)


if __name__ == "__main__":
    main()
