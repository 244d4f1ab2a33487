"""The lowest rate of content, while connections are near their limit: clients that drip content are
cut, and no others."""

import contextlib
import threading
import time

import pytest
from support.client import Client, eventually
from support.origin import Origin
from support.weir import Weir, run

RATE = 5000  # High, so that a slow reader is found after three periods, however its TCP window opens.
MOST = 32
LONG = 50  # Seconds until every dripping client must be found: three periods of four, on a busy machine.
FILM = bytes(range(256)) * 40_000


class Crowd:
    """Clients of all kinds at one Weir, which always has 7/8 of the connections that its limit
    allows."""

    def __init__(self, control):
        self.control = control
        self.over = threading.Event()
        self.thought = threading.Event()
        self.clients = {}
        self.origins = []
        self.events_sent = 0

    def __enter__(self):
        self.weir = Weir(f'control = "{self.control}"\nworkers = 1\n[limits]\nconnections = {MOST}\nlowest_rate = {RATE}\n')
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.thought.set()
        for client in self.clients.values():
            client.close()
        for origin in self.origins:
            origin.close()
        self.weir.__exit__(kind)

    def origin(self, script):
        self.origins.append(Origin(script, wait=2 * LONG))
        return self.origins[-1]

    def client(self, name, origin, method="GET", fields=(), **more):
        client = self.clients[name] = Client(self.weir.port, wait=LONG, **more)
        client.send_request(method, f"{origin.url}/{name}", [("Host", origin.authority), *fields])
        return client

    def keep(self, act, every=0.5):
        """Lets a client repeat an action until it fails."""

        def run_it():
            with contextlib.suppress(OSError):
                while not self.over.is_set() and act() is not False:
                    time.sleep(every)

        threading.Thread(target=run_it, daemon=True).start()

    def cut(self):
        code, out, err = run("status", "--control", str(self.control))
        assert code == 0, err
        return int(dict(line.split(": ", 1) for line in out.splitlines())["cut_for_lowest_rate"])

    def line(self, name):
        return next((line for line in self.weir.log if f"/{name} " in line.request), None)

    # Origins

    def model(self, connection):
        connection.request()
        self.thought.wait(2 * LONG)
        connection.respond(b"after long thought")

    def events(self, connection):
        connection.request()
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.over.wait(0.7):
            connection.send("8\r\ndata: 1\n\r\n")
            self.events_sent += 1

    @staticmethod
    def cinema(connection):
        connection.request()
        connection.respond(FILM)


@pytest.mark.seconds(90)
def test_only_as_many_as_need_be(start, tmp_path, play):
    """If memory is near its limit, dripping clients are cut until it no longer is; the other
    dripping clients go on."""
    control = tmp_path / "control"
    weir = start(f'control = "{control}"\nworkers = 1\n[limits]\nmemory = "8MiB"\nlowest_rate = {RATE}\n')
    origin = play(Crowd.cinema, wait=2 * LONG)
    slow = []

    def status():
        code, out, _ = run("status", "--control", str(control))
        return {name: int(value) for name, value in (line.split(": ", 1) for line in out.splitlines()) if value.isdigit()} if code == 0 else {}

    while status().get("memory_accounted", 0) < 15 << 19:  # Between 7/8 and the limit.
        slow.append(Client(weir.port, wait=LONG, receive_buffer=2048))
        slow[-1].send_request("GET", origin.url + "/", [("Host", origin.authority)])
        time.sleep(0.05)
        assert len(slow) < 300
    assert status()["requests_refused_for_memory"] == 0
    over = threading.Event()

    def read_slowly():
        while not over.wait(0.5):
            for client in slow:
                with contextlib.suppress(OSError):
                    client.socket.recv(500)

    reader = threading.Thread(target=read_slowly, daemon=True)
    reader.start()
    eventually(lambda: status()["cut_for_lowest_rate"] > 0 and status()["memory_accounted"] < 7 << 20, within=LONG)
    cut = status()["cut_for_lowest_rate"]
    time.sleep(1)
    assert status()["cut_for_lowest_rate"] == cut <= len(slow) // 2
    assert weir.get("http://weir.internal/").status == 200
    over.set()
    reader.join()
    for client in slow:
        client.close()
    eventually(lambda: status()["memory_accounted"] - status()["memory_kept"] < 200_000)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    with Crowd(tmp_path_factory.mktemp("crowd") / "control") as crowd:
        model, events, cinema = (crowd.origin(script) for script in (crowd.model, crowd.events, crowd.cinema))
        store = crowd.origin(None)
        # Clients that must not be cut.
        crowd.client("model", model)
        crowd.client("events", events)
        crowd.client("paused", cinema, receive_buffer=32768)
        microphone = crowd.client("microphone", store, "POST", [("Transfer-Encoding", "chunked")])
        crowd.keep(lambda: microphone.send(b"c8\r\n" + b"m" * 200 + b"\r\n"))  # 400 bytes a second.
        for number in range(MOST - 1 - 7):
            crowd.client(f"other{number}", model)
        time.sleep(5)  # Longer than it takes to find a dripping client.
        # Clients that drip.
        upload = crowd.client("upload", store, "POST", [("Content-Length", "100000")])
        crowd.keep(lambda: upload.send(b"d"))
        chunked = crowd.client("chunked", store, "POST", [("Transfer-Encoding", "chunked")])
        crowd.keep(lambda: chunked.send(b"1\r\nd\r\n"))
        slow = crowd.client("slow", cinema, receive_buffer=2048)
        crowd.keep(lambda: len(slow.socket.recv(500)) > 0)
        before = time.monotonic()
        eventually(lambda: crowd.cut() >= 3, within=LONG, what="the end of all that drips")
        crowd.took = time.monotonic() - before
        yield crowd


@pytest.mark.seconds(90)
def test_nobody_is_cut_at_once(crowd):
    assert crowd.took > 10
    assert crowd.cut() == 3


@pytest.mark.parametrize("name", ["upload", "chunked"])
def test_an_upload_that_drips_is_answered_and_ends(crowd, name):
    response = crowd.clients[name].response("POST")
    assert response.status == 408
    assert "error=http_request_error" in response.fields.get("proxy-status", "") and "more slowly than it may" in response.fields.get("proxy-status", "")
    assert b"limits.lowest_rate" in response.body
    eventually(lambda: crowd.line(name))
    assert (crowd.line(name).status, crowd.line(name).outcome) == (408, "http_request_error")
    assert crowd.line(name).details["rule"] == "limits.lowest_rate"


def test_a_download_that_drips_is_cut(crowd):
    eventually(lambda: crowd.line("slow"))
    assert (crowd.line("slow").status, crowd.line("slow").outcome) == (200, "lowest_rate")
    assert crowd.line("slow").bytes < len(FILM)


def test_a_paused_film_is_no_attack(crowd):
    assert crowd.line("paused") is None
    response = crowd.clients["paused"].response()
    assert response.complete and response.body == FILM


def test_events_are_no_attack(crowd):
    assert crowd.line("events") is None
    assert crowd.events_sent > 10
    assert crowd.clients["events"].read_until(b"data: 1\n\r\n")


def test_a_microphone_is_no_attack(crowd):
    assert crowd.line("microphone") is None
    time.sleep(0.6)
    crowd.clients["microphone"].send("0\r\n\r\n")
    assert crowd.clients["microphone"].response("POST").status == 200


def test_a_model_that_thinks_is_no_attack(crowd):
    assert crowd.line("model") is None
    crowd.thought.set()
    assert crowd.clients["model"].response().body == b"after long thought"
