"""Clients that let Weir begin to open TLS and never finish: in waves, from one thread."""

import selectors
import socket
import time

from .tls import client_hello

WAYS = ("half", "silent", "rejected", "reset")


class Rejecting:
    """One connection: CONNECT, then a ClientHello, then what `way` says. "half": only half of the ClientHello;
    "silent": nothing more; "rejected": the alert unknown_ca after the server's certificate; "reset": a reset then.
    TLS 1.2 where an alert must be readable, 1.3 otherwise."""

    def __init__(self, port, source, host, way):
        self.way = way
        self.hello = client_hello(host.rpartition(":")[0], version=_VERSIONS[way])
        if way == "half":
            self.hello = self.hello[: len(self.hello) // 2]
        self.head = f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self.answer, self.status, self.ended, self.seen = b"", None, False, 0
        self.socket = socket.socket()
        self.socket.bind((source, 0))
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))

    def begin(self):
        self.socket.send(self.head)

    def readable(self):
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        self.ended = not data
        if self.status is None:
            self.answer += data
            head, end, rest = self.answer.partition(b"\r\n\r\n")
            if not end:
                return
            self.status = int(head.split()[1])
            if self.status == 200:
                self.socket.send(self.hello)
            data = rest
        self.seen += len(data)
        if self.seen and self.way == "rejected":
            self.socket.send(b"\x15\x03\x03\x00\x02\x02\x30")
            self.close()
        elif self.seen and self.way == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.close()

    def settled(self):
        """Nothing more is to come of it."""
        return self.ended or (self.status is not None and (self.status != 200 or self.way == "half" or self.seen > 0))

    def close(self):
        self.ended = True
        self.socket.close()


_VERSIONS = {"half": None, "silent": None, "rejected": 0x0303, "reset": None}


def wave(port, sources, hosts, seconds):
    """One connection from each source at once. Those that say no more stay open until all are settled, or until
    `seconds` are over. Returns how many came to the point that `way` wants, by way."""
    selector = selectors.DefaultSelector()
    actors = []
    for number, source in enumerate(sources):
        actor = Rejecting(port, source, hosts[number % len(hosts)], WAYS[number % len(WAYS)])
        selector.register(actor.socket, selectors.EVENT_WRITE, actor)
        actors.append(actor)
    deadline = time.monotonic() + seconds
    while not all(actor.settled() for actor in actors) and time.monotonic() < deadline:
        for key, events in selector.select(0.1):
            actor = key.data
            if events & selectors.EVENT_WRITE:
                actor.begin()
                selector.modify(actor.socket, selectors.EVENT_READ, actor)
                continue
            descriptor = actor.socket
            actor.readable()
            if actor.ended:
                selector.unregister(descriptor)
                actor.close()
    counts = dict.fromkeys(WAYS, 0)
    for actor in actors:
        counts[actor.way] += actor.settled() and actor.status == 200
        actor.close()
    selector.close()
    return counts
