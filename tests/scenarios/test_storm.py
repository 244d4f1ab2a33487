"""Everything at once, at random, from a seed: no request gets the answer to another, each exchange
has one line, and nothing is left behind. WEIR_STORM_SEED and WEIR_STORM_SECONDS set the seed and
the duration."""

import contextlib
import os
import random
import re
import threading
import time

import pytest
from support import websocket
from support.client import Client, Ended, eventually
from support.origin import Origin, ok
from support.weir import Weir

pytestmark = pytest.mark.threads

SEED = int(os.environ.get("WEIR_STORM_SEED", "20261124"))
SECONDS = float(os.environ.get("WEIR_STORM_SECONDS", "12"))
LONG_SECONDS = max(SECONDS, 300)
ACTORS = 24
# Longer than a virtual machine may stand still: a client that gives up, or an origin that closes a
# connection of a tunnel because nobody asks, is a fault that Weir did not make.
WAIT = 90


def tokens(request):
    """The token that an answer must contain to belong to its request."""
    return request.fields.get("x-token", "").encode()


def storm_origin(connection):
    """Answers each request with its own token, in one of many ways, some of them faulty."""
    dice = random.Random(f"{SEED} {connection.number}")
    while connection.more():
        request = connection.head()
        way = request.fields.get("x-way", "")
        if way == "early":
            connection.respond(tokens(request), "403 Forbidden", close=True)
            connection.wait_for_end()
            return
        if way == "die":
            if dice.random() < 0.5:
                connection.reset()
            return
        connection.body(request)
        token = tokens(request)
        content = token * (1 + len(request.body) // max(1, len(token))) if request.body else token
        if way == "upgrade":
            websocket.serve_echo(connection, request)
            return
        if way == "chunked":
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(content), 7000):
                piece = content[at : at + 7000]
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.send("0\r\nX-Token: " + token.decode() + "\r\n\r\n")
        elif way == "cut":
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + token)
            return
        elif way == "until-end":
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + content)
            return
        elif way == "slow":
            data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)
            connection.send_in_pieces(data[:200], 50, 0.01).send(data[200:])
        elif way == "poison":
            # In one segment, since bytes that come after the connection was reused can't be told
            # from an answer.
            connection.send(ok(content) + ok(b"poison"))
        elif way == "hint":
            connection.send("HTTP/1.1 103 Early Hints\r\nX-Token: " + token.decode() + "\r\n\r\n").respond(content)
        else:
            connection.respond(content)


class Actor(threading.Thread):
    """Runs one client after the other. Counts the exchanges that must have a line, and keeps
    faults."""

    WAYS = ["plain"] * 6 + ["chunked", "slow", "hint", "until-end", "poison", "cut", "die", "early"]

    def __init__(self, number, weir, origin, deadline):
        super().__init__(daemon=True)
        self.dice = random.Random(f"{SEED} actor {number}")
        self.number = number
        self.weir, self.origin, self.deadline = weir, origin, deadline
        self.exchanges = 0
        self.faults = []

    def run(self):
        count = 0
        while time.monotonic() < self.deadline:
            count += 1
            try:
                self.dice.choice([self.session] * 6 + [self.tunnel, self.killed, self.killed, self.socket, self.malformed])(
                    count
                )
            except (Ended, OSError) as error:
                self.faults.append(f"{type(error).__name__} {error}")
            except AssertionError as error:
                self.faults.append(str(error)[:300])

    def fields(self, token, way, size=0):
        fields = [("Host", self.origin.authority), ("X-Token", token), ("X-Way", way)]
        if size:
            fields.append(("Content-Length", str(size)))
        return fields

    def check(self, response, token, way):
        token = token.encode()
        if response.status in (200, 403):
            assert (
                response.body[: len(token)] == token[: len(response.body)]
            ), f"another's answer: {response.body[:60]!r} for {token!r}"
            assert b"poison" not in response.body, "bytes after a response were taken for one"
            assert response.complete or way in ("cut", "die"), f"cut: {way}"
            assert not (response.complete and way == "cut"), "a cut answer looks complete"
        else:
            assert response.status == 502 and way in ("die", "cut"), f"{response.line} for {way}"
        return response

    def session(self, count):
        """Some requests on one connection, now and then pipelined."""
        with Client(self.weir.port, wait=WAIT) as client:
            self.talk(client, count, self.origin.url)

    def talk(self, client, count, base):
        for number in range(self.dice.randrange(1, 5)):
            way = self.dice.choice(self.WAYS)
            token = f"{self.number}-{count}-{number}-{self.dice.randrange(10**9)};"
            method = self.dice.choice(["GET", "GET", "GET", "POST", "PUT"])
            size = self.dice.choice([1, 100, 70000]) if method != "GET" else 0
            self.exchanges += 1
            client.send_request(method, base + "/" + token[:-1], self.fields(token, way, size))
            try:
                client.send(b"x" * size)
            except OSError:
                assert way in ("early", "die"), way
            try:
                response = self.check(client.response(method), token, way)
            except (Ended, ConnectionResetError):
                assert way in ("die", "cut", "early"), f"no answer: {way}"
                return
            if not response.complete or "close" in response.fields.get("connection", "").lower() or way in ("early", "die"):
                return

    def tunnel(self, count):
        with Client(self.weir.port, wait=WAIT) as client:
            self.exchanges += 1
            client.send_request("CONNECT", self.origin.authority, [("Host", self.origin.authority)])
            assert client.response("CONNECT").status == 200
            for number in range(self.dice.randrange(1, 4)):
                token = f"t{self.number}-{count}-{number};"
                self.exchanges += 1
                client.send_request("GET", "/", self.fields(token, "plain"))
                self.check(client.response(), token, "plain")

    def socket(self, count):
        with Client(self.weir.port, wait=WAIT) as client:
            self.exchanges += 1
            client.send_request(
                "GET", self.origin.url + "/ws", websocket.upgrade_fields(self.origin.authority) + [("X-Way", "upgrade")]
            )
            assert client.response().status == 101
            for number in range(3):
                message = f"{self.number}-{count}-{number}"
                client.send(websocket.frame(message, masked=True))
                assert websocket.read_frame(client.read) == (websocket.TEXT, b"echo: " + message.encode())

    def malformed(self, count):
        with Client(self.weir.port, wait=WAIT) as client:
            self.exchanges += 1
            client.send(f"GET {self.origin.url}/ HTTP/1.1\r\nHost: x\r\nbad {count}: x\r\n\r\n")
            assert client.response().status == 400
            assert client.is_closed()

    def killed(self, count):
        """A client that closes or resets at a random place."""
        token = f"k{self.number}-{count};"
        size = self.dice.choice([0, 0, 5000])
        head = "".join(f"{name}: {value}\r\n" for name, value in self.fields(token, self.dice.choice(self.WAYS), size))
        data = f"{'POST' if size else 'GET'} {self.origin.url}/ HTTP/1.1\r\n{head}\r\n".encode() + b"x" * size
        cut = self.dice.randrange(1, len(data) + 1)
        self.exchanges += 1
        client = Client(self.weir.port, wait=WAIT)
        client.send(data[:cut])
        if self.dice.random() < 0.5:
            time.sleep(self.dice.random() * 0.02)
        if self.dice.random() < 0.5:
            client.reset()
        else:
            client.close()


@pytest.mark.seconds(int(SECONDS) + 3 * WAIT)
def test_storm():
    storm(SECONDS)


@pytest.mark.long
@pytest.mark.seconds(int(LONG_SECONDS) + 3 * WAIT)
def test_a_long_storm():
    storm(LONG_SECONDS)


def storm(seconds):
    with Weir('[tunnel]\nserve = "always"\n') as weir, Origin(storm_origin, tolerant=True, wait=WAIT) as origin:
        weir.get(origin.url + "/")
        before = weir.descriptors()
        deadline = time.monotonic() + seconds
        actors = [Actor(number, weir, origin, deadline) for number in range(ACTORS)]
        for actor in actors:
            actor.start()
        for actor in actors:
            actor.join(seconds + 2 * WAIT)
            assert not actor.is_alive(), "an actor waits in vain"
        faults = [fault for actor in actors for fault in actor.faults]
        assert faults == [], f"{len(faults)} faults, seed {SEED}"
        expected = 1 + sum(actor.exchanges for actor in actors)
        assert expected > 100
        eventually(lambda: len(weir.stdout_lines) >= expected, within=20, what=f"{expected} lines")
        time.sleep(0.5)
        assert len(weir.log) == expected
        assert not any(re.search("proxy_internal_error", line.outcome) for line in weir.log)
        for connection in origin.connections:
            with contextlib.suppress(OSError):
                connection.half_close()
        eventually(lambda: weir.descriptors() <= before + 40, what="the closing of descriptors")
        assert weir.get(origin.url + "/").status == 200
