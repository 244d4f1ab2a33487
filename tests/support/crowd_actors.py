"""The program of the processes in support.crowd: reads commands from standard input, answers with
lines of JSON."""

import json
import select
import socket
import sys
import time

CONNECTING_AT_ONCE = 512
EXAMPLES = 5


def content(token, size):
    piece = token.encode() + b";"
    return (piece * (size // len(piece) + 1))[:size]


class Loop:
    def __init__(self):
        self.epoll = select.epoll()
        self.handlers = {}
        self.listeners = set()
        self.on_line = None
        self.input = b""
        self.watch(sys.stdin.fileno(), self._commands)
        self.stopped = False

    def watch(self, descriptor, handler, events=select.EPOLLIN):
        self.handlers[descriptor] = handler
        self.epoll.register(descriptor, events)

    def forget(self, descriptor):
        del self.handlers[descriptor]
        self.epoll.unregister(descriptor)

    def _commands(self, _):
        data = sys.stdin.buffer.raw.read(4096)
        if not data:
            sys.exit(0)
        self.input += data
        while b"\n" in self.input:
            line, _, self.input = self.input.partition(b"\n")
            if self.on_line:
                self.on_line(line.decode())

    def turn(self, wait):
        """Handles ends of connections before it accepts new ones, so that it counts as many
        connections at once as the peer does."""
        for descriptor, events in sorted(self.epoll.poll(wait, 20_000), key=lambda each: each[0] in self.listeners):
            handler = self.handlers.get(descriptor)
            if handler:
                handler(events)


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class OriginSide:
    """One accepted connection."""

    def __init__(self, main, number, accepted):
        self.main, self.number, self.socket = main, number, accepted
        self.input = b""
        self.output = b""
        self.echo = None
        self.ended = False
        main.loop.watch(accepted.fileno(), self.on_events)

    def on_events(self, events):
        try:
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR) and not self.ended:
                data = self.socket.recv(65536)
                if not data:
                    self.ended = True
                self.take(data)
            self.flush()
        except OSError:
            self.close()

    def take(self, data):
        if self.echo is None and data:
            self.echo = data[:1] == b"\0"
        if self.echo:
            self.output += data
            return
        self.input += data
        while b"\r\n\r\n" in self.input:
            head, _, self.input = self.input.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode()
            self.main.stats[self.number]["requests"] += 1
            _, token, size = target.split("/")
            body = content(token, int(size))
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            if self.main.held is None:
                self.output += answer
            else:
                self.main.held.append((self, answer))

    def flush(self):
        if self.output:
            try:
                sent = self.socket.send(self.output)
                self.output = self.output[sent:]
            except BlockingIOError:
                pass
        if self.ended and not self.output:
            self.close()
            return
        events = (0 if self.ended else select.EPOLLIN) | (select.EPOLLOUT if self.output else 0)
        self.main.loop.epoll.modify(self.socket.fileno(), events)

    def close(self):
        if self.socket.fileno() < 0:
            return
        self.main.loop.forget(self.socket.fileno())
        self.socket.close()
        self.main.stats[self.number]["now"] -= 1


class OriginMain:
    def __init__(self, plan):
        self.loop = Loop()
        self.loop.on_line = self.command
        self.held = [] if plan["hold"] else None
        self.stats = []
        ports = []
        for number, port in enumerate(plan["ports"]):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(4096)
            listener.setblocking(False)
            ports.append(listener.getsockname()[1])
            self.stats.append({"now": 0, "most": 0, "requests": 0})
            self.loop.listeners.add(listener.fileno())
            self.loop.watch(listener.fileno(), lambda _, number=number, listener=listener: self.accept(number, listener))
        say(ports=ports)

    def accept(self, number, listener):
        accepted, _ = listener.accept()
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stats = self.stats[number]
        stats["now"] += 1
        stats["most"] = max(stats["most"], stats["now"])
        OriginSide(self, number, accepted)

    def command(self, word):
        if word == "hold":
            self.held = self.held or []
        elif word == "release":
            held, self.held = self.held or [], None
            for side, answer in held:
                side.output += answer
                if side.socket.fileno() >= 0:
                    try:
                        side.flush()
                    except OSError:
                        side.close()
        say(origins=self.stats)

    def run(self):
        while True:
            self.loop.turn(-1)


class ClientSide:
    def __init__(self, main, number):
        self.main, self.number = main, number
        self.asked = self.tried = 0
        self.open()

    def open(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", self.main.plan["port"]))
        self.connected = False
        self.in_tunnel = False
        self.input = b""
        self.main.loop.watch(self.socket.fileno(), self.on_events, select.EPOLLOUT)

    @property
    def authority(self):
        return self.main.plan["authorities"][self.number % len(self.main.plan["authorities"])]

    @property
    def token(self):
        return f"c{self.number}-{self.asked}"

    def send(self):
        plan = self.main.plan
        if self.in_tunnel:
            data = b"\0" + content(self.token, plan["size"])
        elif plan["tunnel"]:
            data = f"CONNECT {self.authority} HTTP/1.1\r\nHost: {self.authority}\r\n\r\n".encode()
        else:
            url = f"http://{self.authority}/{self.token}/{plan['size']}"
            data = f"GET {url} HTTP/1.1\r\nHost: {self.authority}\r\n\r\n".encode()
        self.socket.send(data)

    def on_events(self, events):
        try:
            if not self.connected:
                error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, "connect")
                self.connected = True
                self.main.loop.epoll.modify(self.socket.fileno(), select.EPOLLIN)
                self.send()
                self.main.has_sent()
                return
            data = self.socket.recv(65536)
            if self.asked == self.main.plan["requests"]:
                assert not data, "more than was asked for"
                self.main.loop.forget(self.socket.fileno())
                self.socket.close()
                return
            if not data:
                self.main.count("ended", self.input[:100].decode("latin-1"))
                self.after_failure()
                return
            self.input += data
            self.look()
        except OSError as error:
            if not self.connected:
                self.main.has_sent()
            self.main.count("ended", str(error))
            self.after_failure()

    def look(self):
        size = self.main.plan["size"]
        if self.in_tunnel:
            if len(self.input) < size + 1:
                return
            right = self.input == b"\0" + content(self.token, size)
        else:
            head, found, rest = self.input.partition(b"\r\n\r\n")
            if not found:
                return
            status = head[9:12].decode("latin-1")
            tunnelled = self.main.plan["tunnel"] and status == "200"
            length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
            if not tunnelled and len(rest) < length:
                return
            self.input = rest[0 if tunnelled else length :]
            if status != "200":
                self.main.count(status, rest[:200].decode("latin-1"))
                self.after_failure()
                return
            if tunnelled:
                self.in_tunnel = True
                self.send()
                return
            right = rest == content(self.token, size)
        self.main.count("right" if right else "wrong", self.input[:100].decode("latin-1"))
        self.asked += 1
        if self.asked < self.main.plan["requests"]:
            self.input = b""
            self.send()
        else:
            self.main.finished()

    def after_failure(self):
        """Asks again on a new connection, a bounded number of times; then gives up."""
        self.main.loop.forget(self.socket.fileno())
        self.socket.close()
        self.tried += 1
        if self.tried <= self.main.plan["again"]:
            self.main.later.append((time.monotonic() + 0.05, self))
        else:
            self.main.finished()


class ClientMain:
    def __init__(self, plan):
        self.plan = plan
        self.loop = Loop()
        self.counts = {"right": 0, "wrong": 0, "ended": 0}
        self.examples = []
        self.sent = self.done = 0
        self.clients = []
        self.later = []

    def count(self, what, example):
        self.counts[what] = self.counts.get(what, 0) + 1
        if what != "right" and len(self.examples) < EXAMPLES:
            self.examples.append(f"{what}: {example}")

    def has_sent(self):
        self.sent += 1

    def finished(self):
        self.done += 1

    def run(self):
        wanted = self.plan["clients"]
        end = time.monotonic() + self.plan["seconds"]
        told = False
        while self.done < wanted and time.monotonic() < end:
            while len(self.clients) < wanted and len(self.clients) - self.sent < CONNECTING_AT_ONCE:
                self.clients.append(ClientSide(self, len(self.clients)))
            if self.sent >= wanted and not told:
                told = True
                say(sent=self.sent)
            self.loop.turn(0.05)
            now = time.monotonic()  # Read once: with two readings an item could be in neither list.
            due, self.later = [each for each in self.later if each[0] <= now], [each for each in self.later if each[0] > now]
            for _, client in due:
                client.open()
        if not told:
            say(sent=self.sent)
        say(**self.counts, late=wanted - self.done, examples=self.examples)
        while True:
            self.loop.turn(-1)


if __name__ == "__main__":
    {"origins": OriginMain, "clients": ClientMain}[sys.argv[1]](json.loads(sys.argv[2])).run()
