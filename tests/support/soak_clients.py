"""The process of the soak's clients: each client knows the right result of each request, and
reports any other."""

import collections
import hashlib
import json
import random
import sys
import threading
import time

from .client import Client
from .crowd_actors import content
from .message import Ended, Malformed

WAIT = 60
SIZES = [0, 1, 100, 4096, 16_384, 65_536, 300_000]
LARGE = 3_000_000

# The origin's ways to answer, and for each what the client must see: status, whether it is
# complete, and the log's word.
GOOD = ["length"] * 6 + ["chunked"] * 3 + ["end", "hint", "slow"]
BAD = {
    "reset": (502, "connection_terminated"),
    "close": (502, "connection_terminated"),
    "headcut": (502, "http_response_incomplete"),
    "short": (200, "http_response_incomplete"),
    "cutchunk": (200, "http_response_incomplete"),
    "malformed": (502, "http_protocol_error"),
}


class Wrong(Exception):
    pass


def must(condition, *what):
    if not condition:
        raise Wrong(" ".join(str(each)[:200] for each in what))


class Actor(threading.Thread):
    """Runs one client after the other until the time is over. `tally` counts the exchanges that
    must have a line in the log, by its outcome: complete, client_closed, `either` of the two, or
    failed."""

    def __init__(self, plan, number):
        super().__init__(daemon=True)
        self.plan, self.number = plan, number
        self.dice = random.Random(f"{plan['seed']} {number}")
        self.tally = collections.Counter()
        self.faults = []
        self.count = 0

    def run(self):
        actions = [self.session] * 10 + [self.tunnel] * 2 + [self.tunnelled, self.killed, self.killed, self.left, self.drip]
        while time.time() < self.plan["until"]:
            action = self.dice.choice(actions)
            try:
                action()
            except (Wrong, Malformed, Ended, OSError, AssertionError) as fault:
                if len(self.faults) < 10:
                    self.faults.append(f"{action.__name__}: {type(fault).__name__} {fault}"[:500])
                time.sleep(0.1)

    def client(self, **more):
        return Client(self.plan["port"], wait=WAIT, **more)

    def origin(self):
        return self.dice.choice(self.plan["origins"])

    def token(self):
        self.count += 1
        return f"t{self.number}-{self.count}-{self.dice.randrange(10**6)}"

    def pick_size(self):
        return LARGE if self.dice.random() < 0.01 else self.dice.choice(SIZES)

    # Requests on a persistent connection

    def session(self):
        with self.client() as client:
            for _ in range(self.dice.randrange(1, 9)):
                kinds = [self.get] * 8 + [self.upload] * 3 + [self.bad] * 2 + [self.pipelined, self.own]
                if self.dice.random() < 0.004:
                    kinds = [self.stall]
                if not self.dice.choice(kinds)(client):
                    return

    def ask(self, client, way, size, authority=None, form="absolute"):
        authority = authority or self.origin()
        token = self.token()
        target = f"/{way}/{token}/{size}"
        client.send_request("GET", target if form == "origin" else f"http://{authority}{target}", [("Host", authority)])
        return token

    def expect(self, response, token, size, way):
        must(response.status == 200 and response.complete, way, response)
        must(response.body == content(token, size), f"wrong content for {way} {token} of {size}")
        must(bool(response.interim) == (way == "hint"), "interim responses", way)
        return "close" not in response.fields.get("connection", "").lower()

    def get(self, client, **more):
        way, size = self.dice.choice(GOOD), self.pick_size()
        token = self.ask(client, way, size, **more)
        response = client.response()
        self.tally["complete"] += 1
        return self.expect(response, token, size, way)

    def pipelined(self, client):
        sizes = [self.dice.choice(SIZES[:5]) for _ in range(5)]
        tokens = [self.ask(client, "length", size) for size in sizes]
        for token, size in zip(tokens, sizes):
            response = client.response()
            self.tally["complete"] += 1
            self.expect(response, token, size, "length")
        return True

    def upload(self, client):
        data = self.dice.randbytes(1 + self.pick_size() % 1_000_000)
        authority, token = self.origin(), self.token()
        fields = [("Host", authority)]
        if self.dice.random() < 0.5:
            fields.append(("Content-Length", str(len(data))))
            body = data
        else:
            fields.append(("Transfer-Encoding", "chunked"))
            half = len(data) // 2
            pieces = [piece for piece in (data[:half], data[half:]) if piece]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        client.send_request("POST", f"http://{authority}/length/{token}/0", fields, body)
        response = client.response("POST")
        self.tally["complete"] += 1
        must(response.status == 200 and response.complete, "upload", response)
        must(response.body == hashlib.sha256(data).hexdigest().encode(), "an upload arrived otherwise than it was sent")
        return True

    def bad(self, client):
        """A request that fails because of the origin."""
        kind = self.dice.choice([*BAD, "refused", "denied"])
        if kind == "refused":
            self.ask(client, "length", 1, self.plan["closed"])
            return self.page(client, 502, "connection_refused")
        if kind == "denied":
            self.ask(client, "length", 1, "169.254.169.254")
            return self.page(client, 403, "destination_ip_prohibited")
        status, error = BAD[kind]
        size = self.dice.choice(SIZES)
        token = self.ask(client, kind, size)
        if status != 200:
            return self.page(client, status, error)
        self.tally["failed"] += 1
        try:
            response = client.response()
        except (Ended, ConnectionResetError):
            return False  # Cut before the head had arrived.
        must(response.status == 200 and not response.complete, kind, response)
        must(content(token, size).startswith(response.body), "wrong content before a cut")
        return False

    def page(self, client, status, error):
        response = client.response()
        self.tally["failed"] += 1
        said = response.fields.get("proxy-status", "")
        must(response.status == status and response.complete and f"error={error}" in said, "instead of", status, error, response)
        return "close" not in response.fields.get("connection", "").lower()

    def stall(self, client):
        self.ask(client, "stall", 1)
        return self.page(client, 504, "http_response_timeout")

    def own(self, client):
        client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        response = client.response()
        self.tally["complete"] += 1
        must(response.status == 200 and response.complete, "own page", response)
        return True

    # Tunnels

    def connect(self, client):
        authority = self.origin()
        client.send_request("CONNECT", authority, [("Host", authority)])
        response = client.response("CONNECT")
        must(response.status == 200, "CONNECT", response)
        return authority

    def tunnel(self):
        with self.client() as client:
            killed = self.dice.random() < 0.3
            self.tally["either" if killed else "complete"] += 1
            self.connect(client)
            for _ in range(self.dice.randrange(1, 6)):
                data = b"\0" + self.dice.randbytes(self.dice.choice(SIZES[:6]))
                client.send(data)
                must(client.read(len(data)) == data, "a tunnel's echo")
            if killed:
                client.reset()
                return
            client.half_close()
            must(client.rest() == b"", "more than was sent through a tunnel")

    def tunnelled(self):
        """HTTP inside a tunnel."""
        with self.client() as client:
            self.tally["either"] += 1
            authority = self.connect(client)
            for _ in range(self.dice.randrange(1, 4)):
                size = self.dice.choice(SIZES)
                token = self.ask(client, "length", size, authority, "origin")
                response = client.response()
                self.tally["complete"] += 1
                self.expect(response, token, size, "length")

    # Clients that misbehave

    def killed(self):
        authority, token = self.origin(), self.token()
        size = self.dice.choice([0, 0, 5000])
        fields = f"Host: {authority}\r\n" + (f"Content-Length: {size}\r\n" if size else "")
        method = "POST" if size else "GET"
        data = f"{method} http://{authority}/length/{token}/100 HTTP/1.1\r\n{fields}\r\n".encode() + b"x" * size
        cut = self.dice.randrange(1, len(data) + 1)
        self.tally["client_closed" if cut < len(data) else "either"] += 1
        client = self.client()
        client.send(data[:cut])
        if self.dice.random() < 0.5:
            time.sleep(self.dice.random() * 0.02)
        client.reset() if self.dice.random() < 0.5 else client.close()

    def left(self):
        """Leaves in the middle of an answer."""
        with self.client(receive_buffer=4096) as client:
            self.tally["either"] += 1
            self.ask(client, "length", LARGE)
            client.read(self.dice.randrange(1, 100_000))
            if self.dice.random() < 0.5:
                client.reset()

    def drip(self):
        """Sends slowly, and reads slowly."""
        with self.client(receive_buffer=4096) as client:
            authority, token = self.origin(), self.token()
            data = f"GET http://{authority}/length/{token}/200000 HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode()
            for at in range(0, len(data), 20):
                client.send(data[at : at + 20])
                time.sleep(0.02)
            self.tally["complete"] += 1
            receive = client.reader.receive
            client.reader.receive = lambda: (time.sleep(0.002), receive())[1]
            self.expect(client.response(), token, 200_000, "length")


def main():
    plan = json.loads(sys.argv[1])
    actors = [Actor(plan, plan["first"] + number) for number in range(plan["actors"])]
    for actor in actors:
        actor.start()
    tally, faults = collections.Counter(), []
    for actor in actors:
        actor.join(plan["until"] - time.time() + 2 * WAIT)
        if actor.is_alive():
            faults.append(f"actor {actor.number} waits in vain")
        tally += actor.tally
        faults += actor.faults
    print(json.dumps({"tally": tally, "faults": faults}), flush=True)


if __name__ == "__main__":
    main()
