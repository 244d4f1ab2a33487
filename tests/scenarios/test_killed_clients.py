"""A thousand clients are killed at random offsets: the log has a line for each with the right
outcome, and nothing is left behind."""

import collections
import random
import re
import socket
import time

import pytest
from support.client import Client, eventually
from support.control import status
from support.origin import Origin

pytestmark = pytest.mark.threads

CLIENTS = 1000
SEED = 20261125


def origin_script(connection):
    """Answers a request with its own target; sends other bytes back as they come, until the peer
    ends."""
    first = connection.socket.recv(1, socket.MSG_PEEK)
    if first in (b"G", b"P"):
        while connection.more():
            request = connection.request()
            connection.respond(request.target.encode() + request.body)
        return
    while True:
        data = connection.socket.recv(65536)
        if not data:
            return
        connection.send(data)


class Killed:
    """One client: the bytes that it has, how many of them it sends, and how it ends."""

    def __init__(self, number, origin, dice):
        self.kind = dice.choice(["get", "length", "chunked", "tunnel"])
        self.how = dice.choice(["reset", "end"])
        self.pause = dice.random() < 0.3  # Otherwise it is gone before Weir looks.
        # Each has its own host (in 127.0.0.0/8), so that any whole request line shows which
        # client's line it is.
        self.host = f"127.1.{number // 250}.{1 + number % 250}"
        authority = f"{self.host}:{origin.port}"
        content = dice.randbytes(dice.randrange(1, 300))
        fields = f"Host: {authority}\r\nX-Filler: {'f' * dice.randrange(200)}\r\n"
        if self.kind == "get":
            self.head = f"GET http://{authority}/k{number} HTTP/1.1\r\n{fields}\r\n".encode()
            self.rest, content = b"", b""
        elif self.kind == "length":
            self.head = f"POST http://{authority}/k{number} HTTP/1.1\r\n{fields}Content-Length: {len(content)}\r\n\r\n".encode()
            self.rest = content
        elif self.kind == "chunked":
            self.head = f"POST http://{authority}/k{number} HTTP/1.1\r\n{fields}Transfer-Encoding: chunked\r\n\r\n".encode()
            self.rest = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
        else:
            self.head = f"CONNECT {authority} HTTP/1.1\r\n{fields}\r\n".encode()
            content = b"\0" + content
            self.rest = content
        data = self.head + self.rest
        # In a fifth of the cases all of it.
        self.cut = len(data) if dice.random() < 0.2 else dice.randrange(1, len(data) + 1)
        self.data = data[: self.cut]
        self.body = f"/k{number}".encode() + content

    @property
    def complete(self):
        """Whether it sent a request, or the beginning of a tunnel, that can be answered."""
        return self.cut >= len(self.head) if self.kind == "tunnel" else self.cut == len(self.head) + len(self.rest)

    def play(self, port):
        with Client(port) as client:
            client.send(self.data)
            if self.pause:
                time.sleep(0.001)
            if self.how == "reset":
                client.reset()
            elif not self.complete:
                client.close()
            else:
                client.half_close()
                if self.kind == "tunnel":
                    assert client.response("CONNECT").status == 200
                    assert client.rest() == self.rest[: self.cut - len(self.head)]
                else:
                    response = client.response(self.kind)
                    assert (response.status, response.body) == (200, self.body), self.head

    @property
    def outcomes(self):
        """The outcomes that its line may have. A reset after a complete request may come before or
        after the answer."""
        if not self.complete:
            return {"client_closed"}
        return {"complete"} if self.how == "end" else {"complete", "client_closed"}

    @property
    def named(self):
        """Whether it sent the whole request line."""
        return b"\r\n" in self.data


@pytest.mark.seconds(120)
def test_a_thousand_clients(start):
    weir = start("[pool]\nidle = 0\n")
    dice = random.Random(SEED)
    with Origin(origin_script, host="0.0.0.0", tolerant=True) as origin:
        weir.get(f"http://127.0.0.1:{origin.port}/first")
        weir.wait_log(1)
        before = eventually(lambda: status(weir)["client_connections"] == 0 and weir.descriptors())
        clients = [Killed(number, origin, dice) for number in range(CLIENTS)]
        for client in clients:
            client.play(weir.port)
        weir.wait_log(1 + CLIENTS)

        def nothing_runs():
            now = status(weir)
            idle = now["client_connections"] == now["sessions"] == now["exchanges_running"] == now["idle_origin_connections"] == 0
            return idle and now

        numbers = eventually(nothing_runs)
        eventually(lambda: weir.descriptors() == before, what=f"{before} descriptors, as before")
        lines = weir.log[1:]
        assert len(lines) == CLIENTS == numbers["exchanges_ended"] - 1
        by_host = collections.defaultdict(list)
        for line in lines:
            host = re.search(r"127\.1\.\d+\.\d+", line.request)
            by_host[host and host[0]].append(line)
        for client in clients:
            if client.named:
                [line] = by_host.pop(client.host)
                assert line.outcome in client.outcomes, (client.kind, client.how, client.cut, len(client.head), line)
        # Lines of clients whose request line was cut.
        rest = [line for each in by_host.values() for line in each]
        assert len(rest) == sum(not client.named for client in clients) > 100
        assert {line.outcome for line in rest} == {"client_closed"}
        # Checks that there were enough of each kind.
        kinds = collections.Counter((client.kind, client.how, client.complete) for client in clients)
        assert len(kinds) == 16 and min(kinds.values()) > 10, kinds
