"""One greedy client does not keep another waiting. The tests compare the order of the log's lines,
which is the order of one worker's work, and measure no time. The second client sends all its
requests in one piece, so that its own speed does not matter."""

import signal
import socket
import threading
import time

import pytest
from support.client import Client, eventually
from support.control import status
from support.weir import Weir, fast_binary

PIPELINED = 100_000
BODY = bytes(range(256)) * 40_960  # 10 MiB
SECOND = 200  # Requests of the second client.


@pytest.fixture
def one_worker():
    with Weir("workers = 1\n", program=fast_binary()) as running:
        yield running


def own_page(name):
    """Weir answers it without waiting for anything: only the budget of a turn interrupts it."""
    return f"GET http://weir.internal/{name} HTTP/1.1\r\nHost: weir.internal\r\n\r\n".encode()


class Greedy:
    """Sends `data` from one thread, as fast as Weir takes it, and reads and drops all answers in
    another."""

    def __init__(self, port, data):
        self.client = Client(port, wait=60, receive_buffer=1 << 20)
        self.received = self.sent = 0
        self.pieces = iter(data)
        self.threads = [threading.Thread(target=each, daemon=True) for each in (self.send, self.receive)]
        self.client.send(own_page("first"))  # From here on Weir serves this client.
        assert self.client.response().status == 404

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def send(self):
        try:
            for piece in self.pieces:
                self.client.socket.sendall(piece)
                self.sent += 1
            self.client.half_close()
        except OSError:
            pass  # The test has seen enough.

    def receive(self):
        buffer = bytearray(1 << 20)
        try:
            while count := self.client.socket.recv_into(buffer):
                self.received += count
        except OSError:
            pass

    def is_stuck(self):
        """Whether the kernel takes no more bytes."""
        before = self.sent
        time.sleep(0.3)
        return before == self.sent > 0

    def end(self):
        # Closing alone does not end a connection while a thread waits on its socket.
        try:
            self.client.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        for thread in self.threads:
            thread.join(20)
        self.client.reset()


def play_second(weir, greedy, after):
    """Sends the second client's requests once the greedy client has had `after` bytes. Returns how
    many lines of the greedy client the log has before the second client's first line, between its
    first and its last, and after its last."""
    with weir.client(wait=60) as second:
        second.send(own_page("first"))
        assert second.response().status == 404
        eventually(lambda: greedy.received > after, within=30, what="the greedy one's beginning")
        second.send(b"".join(own_page(f"second-{number}") for number in range(SECOND)))
        for _ in range(SECOND):
            assert second.response().status == 404


def between(weir):
    requests = [line.request for line in weir.log]
    places = [at for at, request in enumerate(requests) if "/second-" in request]
    assert len(places) == SECOND
    first, last = places[0], places[-1]
    greedy = [at for at, request in enumerate(requests) if "/greedy" in request]
    return sum(at < first for at in greedy), sum(first < at < last for at in greedy), sum(at > last for at in greedy)


@pytest.mark.seconds(120)
def test_a_hundred_thousand_pipelined_requests(one_worker):
    """Weir is stopped while both clients send. When it continues, the greedy client has sent more
    requests than fit into a turn, and there is room for the answers, so that only the budget ends
    its turn."""
    weir = one_worker
    with weir.client(wait=60) as second:
        second.send(own_page("first"))
        assert second.response().status == 404
        greedy = Greedy(weir.port, (own_page("greedy") * 1000 for _ in range(PIPELINED // 1000)))
        weir.process.send_signal(signal.SIGSTOP)
        greedy.start()
        eventually(greedy.is_stuck, within=30, what="a full socket")
        second.send(b"".join(own_page(f"second-{number}") for number in range(SECOND)))
        weir.process.send_signal(signal.SIGCONT)
        for _ in range(SECOND):
            assert second.response().status == 404
    for thread in greedy.threads:
        thread.join(60)
    weir.wait_log(PIPELINED + SECOND + 2, within=60)
    before, among, after = between(weir)
    print(before, among, after, status(weir)["longest_stretch_us"])
    assert before + among + after == PIPELINED
    # A turn's budget is 64 operations, and the second client needs some turns too.
    assert before + among <= 4 * SECOND


@pytest.mark.seconds(120)
@pytest.mark.parametrize("direction", ["download", "upload"])
def test_bodies_of_ten_megabytes(one_worker, play, direction):
    weir = one_worker

    def script(connection):
        while connection.more():
            request = connection.head()
            left = int(request.fields.get("content-length", "0")) - len(connection.reader.buffer)
            if left > 0:
                connection.reader.buffer.clear()
                buffer = bytearray(1 << 20)
                while left and (count := connection.socket.recv_into(buffer, min(left, len(buffer)))):
                    left -= count
            elif request.fields.get("content-length"):
                connection.body(request)
            connection.respond(BODY if direction == "download" else b"taken")

    origin = play(script)
    if direction == "download":
        pieces = (f"GET {origin.url}/greedy HTTP/1.1\r\nHost: x\r\n\r\n".encode() for _ in range(300))
    else:
        head = f"POST {origin.url}/greedy HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
        pieces = (piece for _ in range(300) for piece in (head, BODY))
    greedy = Greedy(weir.port, pieces).start()
    play_second(weir, greedy, 100)
    count = len(weir.wait_log(SECOND + 3))
    eventually(lambda: len(weir.log) > count, within=30, what="the greedy one's going on")
    before, among, after = between(weir)
    greedy.end()
    print(before, among, after, status(weir)["longest_stretch_us"])
    assert after > 0
    # If each of the second client's requests waited for a whole body, there would be 200. A few end
    # meanwhile, more of them where this test's own threads are slow to take turns.
    assert among <= SECOND // 20


@pytest.mark.seconds(120)
def test_one_giant_reader(one_worker, play):
    """The greedy client reads endless content as fast as it comes."""
    weir = one_worker

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        while True:
            connection.send(BODY)

    origin = play(script)
    greedy = Greedy(weir.port, [f"GET {origin.url}/greedy HTTP/1.1\r\nHost: x\r\n\r\n".encode()]).start()
    play_second(weir, greedy, len(BODY))
    had = greedy.received
    eventually(lambda: greedy.received > had, what="the greedy one's going on")
    greedy.client.reset()
    weir.wait_log(SECOND + 3)
    assert between(weir) == (0, 0, 1)
