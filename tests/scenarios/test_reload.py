"""Reloads under load: nothing is dropped, no exchange is of two configurations, and the end comes in order."""

import base64
import json
import pathlib
import random
import signal
import subprocess
import threading
import time

import pytest
from support.client import Client, Ended, eventually
from support.origin import Origin
from support.weir import LOG_LINE, Weir, binary, environment

pytestmark = pytest.mark.threads

# What sam says is right in both configurations; ada's word in one is wrong in the other.
HASHES = {
    "steady": "$5$rounds=1000$weirtest$8ck7fP2gJQ3BNKUC9yAV9C07aHn3Q6i9Jgig8hFXya3",
    "first": "$5$rounds=1000$weirtest$exkmdKILN8jicaFDCnjwAeQPPhuWwzCDFBG19t7QqR5",
    "second": "$5$rounds=1000$weirtest$ixYkxBOlHNVLSnrPjxUusl2PlRbe68ciuEAbyde6ha.",
}


def login(user, password):
    return ("Proxy-Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


SAM = login("sam", "steady")


def token_origin(connection):
    """Answers with the request's own token; /slow takes its time."""
    while connection.more():
        request = connection.request()
        token = request.fields.get("x-token", "").encode()
        assert "proxy-authorization" not in request.fields
        if "/slow" not in request.line:
            connection.respond(token)
            continue
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (20 * len(token)))
        for _ in range(20):
            connection.send(token)
            time.sleep(0.05)


def echo_origin(connection):
    while True:
        try:
            connection.send(connection._receive() or _ended())
        except (Ended, OSError):
            return


def _ended():
    raise Ended


class Load:
    """Clients in threads of their own, until they are told to stop or Weir drains; a fault of one is the test's."""

    def __init__(self):
        self.stop = threading.Event()
        self.draining = threading.Event()
        self.faults = []
        self.counts = {}
        self.sent = 0
        self.answered = 0
        self.lock = threading.Lock()
        self.threads = []

    def spawn(self, actor, *arguments):
        def run():
            try:
                actor(self, *arguments)
            except ConnectionRefusedError as fault:
                if not self.draining.is_set():  # Then nobody is let in any more.
                    self.faults.append(AssertionError(f"{actor.__name__}: {fault}"))
            except BaseException as fault:  # noqa: B902
                self.faults.append(AssertionError(f"{actor.__name__}: {type(fault).__name__}: {fault}"))

        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()

    def count(self, name):
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + 1

    def exchange(self, client, method, target, host, *fields):
        """The response, or None where the connection ended before it began, which only a drain may do."""
        with self.lock:
            self.sent += 1
        try:
            client.send_request(method, target, [("Host", host), *fields])
            response = client.response(method)
        except (Ended, OSError):
            if not self.draining.is_set():
                raise
            return None
        with self.lock:
            self.answered += 1
        return response

    def over(self):
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()
        if self.faults:
            raise self.faults[0]


def keep_alive(load, weir, origin):
    """One connection from before the first reload to the drain."""
    with Client(weir.port, source="127.0.0.10") as client:
        for number in range(1_000_000):
            token = f"kept-{number}-"
            response = load.exchange(client, "GET", origin.url + "/", origin.authority, SAM, ("X-Token", token))
            if response is None:
                return
            assert (response.status, response.text) == (200, token)
            load.count("kept")
            if response.fields.get("connection") == "close":
                assert load.draining.is_set()
                return


def come_and_go(load, weir, origin, source):
    """A connection for each request, to the listener that remains."""
    number = 0
    while not load.stop.is_set():
        number += 1
        token = f"fresh-{source}-{number}-"
        with Client(weir.port, source=source) as client:
            response = load.exchange(client, "GET", origin.url + "/", origin.authority, SAM, ("X-Token", token))
            if response is None:
                return  # It came when nobody was let in any more.
            assert (response.status, response.text) == (200, token)
        load.count("fresh")


def download(load, weir, origin):
    """Over several reloads each."""
    while not load.stop.is_set():
        with Client(weir.port, source="127.0.0.12") as client:
            response = load.exchange(client, "GET", origin.url + "/slow", origin.authority, SAM, ("X-Token", "abcd" * 500))
        if response is None:
            return
        assert response.complete, "what runs comes to its end, through reloads and the drain"
        assert response.body == b"abcd" * 500 * 20
        load.count("download")


def tunnel(load, weir, origin):
    """Opaque bytes to and fro, through one tunnel."""
    with Client(weir.port, source="127.0.0.13") as client:
        assert load.exchange(client, "CONNECT", origin.authority, origin.authority, SAM).status == 200
        while not load.stop.is_set():
            client.send(b"\x01ping" * 100)
            assert client.read(500) == b"\x01ping" * 100
            load.count("tunnel")


def session_inside(load, weir, origin):
    """Requests inside one tunnel: each by the configuration of its time."""
    with Client(weir.port, source="127.0.0.14") as client:
        assert load.exchange(client, "CONNECT", origin.authority, origin.authority, SAM).status == 200
        for number in range(1_000_000):
            if load.stop.is_set():
                return
            token = f"inside-{number}-"
            response = load.exchange(client, "GET", "/", origin.authority, ("X-Token", token))
            if response is None:
                return
            assert (response.status, response.text) == (200, token)
            load.count("inside")


def second_listener(load, weir, origin):
    """Comes and goes by reloads: who has been let in is served, whoever knocks at another time is not."""
    while not load.stop.is_set():
        ports = [port for host, port in list(weir.addresses) if host == "127.0.0.2"]
        if not ports:
            time.sleep(0.01)
            continue
        try:
            client = Client(ports[-1], "127.0.0.2", source="127.0.0.15")
        except OSError:
            time.sleep(0.005)
            continue
        with client:
            try:
                for number in range(50):
                    token = f"second-{number}-"
                    client.send_request("GET", origin.url + "/", [("Host", origin.authority), SAM, ("X-Token", token)])
                    response = client.response()
                    with load.lock:
                        load.sent += 1
                        load.answered += 1
                    assert (response.status, response.text) == (200, token)
                    load.count("second")
            except (Ended, OSError):
                # In the accept queue of a listener that went: never let in, so never answered.
                assert number == 0 or load.draining.is_set(), "a client that was served is dropped"


def mixed(load, weir, mine, others, password, other_realm, source):
    """Ada's word of one configuration, to that one's origin and to the other's. By the first she may reach `mine` alone, by the second
    she is not known: so `others` answers only an exchange that was of both."""
    dice = random.Random(source)
    while not load.stop.is_set():
        origin = dice.choice((mine, others))
        with load.lock:
            load.sent += 1
        with Client(weir.port, source=source) as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority), login("ada", password), ("X-Token", "ada")])
            try:
                response = client.response()
            except (Ended, OSError):
                assert origin is mine or load.draining.is_set(), "only what runs and is no longer allowed may be cut"
                load.count("cut")
                continue
        with load.lock:
            load.answered += 1
        if response.status == 407:
            assert other_realm in response.fields.get("proxy-authenticate")
            load.count("unknown")
        elif origin is mine:
            assert (response.status, response.text) == (200, "ada")
            load.count("mine")
        else:
            assert response.status == 403, "login by one configuration, policy by the other"
            load.count("denied")


def ask_status(load, socket):
    """Every worker tells of itself while all this goes on."""
    while not load.stop.is_set():
        done = subprocess.run([binary(), "status", "--control", str(socket)], capture_output=True, text=True, timeout=30, check=False, env=environment())
        if not load.draining.is_set():
            assert done.returncode == 0 and "workers_that_answered: 4" in done.stdout, done.stderr
            load.count("status")
        time.sleep(0.05)


def reload_by(weir, socket, way):
    """Empty if it was taken, else what was said."""
    if way == "socket":
        done = subprocess.run([binary(), "reload", "--control", str(socket)], capture_output=True, text=True, timeout=30, check=False, env=environment())
        return "" if done.returncode == 0 else done.stderr

    def said():
        return [number for number, line in enumerate(list(weir.stderr_lines)) if "reloaded" in line or "stays" in line]

    before = len(said())
    weir.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(said()) > before)
    text = "\n".join(list(weir.stderr_lines)[said()[before] :])
    return "" if "stays" not in text else text


class TwoConfigurations:
    def __init__(self, tmp_path, first_origin, second_origin):
        self.socket = tmp_path / "control"
        self.logs = {"a": tmp_path / "a.log", "b": tmp_path / "b.log"}
        self.users = {"a": tmp_path / "users-a", "b": tmp_path / "users-b"}
        self.origins = {"a": second_origin, "b": first_origin}  # What each denies.
        for name, word in (("a", "first"), ("b", "second")):
            self.write_users(name, word)

    def write_users(self, name, word, extra=""):
        path = self.users[name]
        fresh = path.with_suffix(".new")
        fresh.write_text(f"sam:{HASHES['steady']}\nada:{HASHES[word]}\n{extra}")
        fresh.rename(path)

    def text(self, name):
        second = '[[listener]]\naddress = "127.0.0.2:0"\n' if name == "b" else ""
        return f"""
workers = 4
control = "{self.socket}"
blocked_ports = [{self.origins[name].port}]
[login]
file = "{self.users[name]}"
realm = "house-{name}"
[log]
format = "{"json" if name == "a" else "combined"}"
to = "{self.logs[name]}"
[[listener]]
address = "127.0.0.1:0"
{second}"""


class Quiet(Weir):
    @property
    def log(self):
        return []


@pytest.mark.seconds(150)
def test_reloads_under_load(tmp_path):
    with Origin(token_origin) as origin, Origin(token_origin) as first, Origin(token_origin) as second, Origin(echo_origin) as echo:
        two = TwoConfigurations(tmp_path, first, second)
        load = Load()
        with Quiet(two.text("a")) as weir:
            load.spawn(keep_alive, weir, origin)
            load.spawn(come_and_go, weir, origin, "127.0.0.11")
            load.spawn(come_and_go, weir, origin, "127.0.0.21")
            load.spawn(download, weir, origin)
            load.spawn(tunnel, weir, echo)
            load.spawn(session_inside, weir, origin)
            load.spawn(second_listener, weir, origin)
            load.spawn(mixed, weir, first, second, "first", "house-b", "127.0.0.16")
            load.spawn(mixed, weir, second, first, "second", "house-a", "127.0.0.17")
            load.spawn(ask_status, two.socket)
            taken = 0
            for number in range(36):
                if number % 6 == 5:
                    weir.write_config(two.text("a") + "\n[limits]\nconnexions = 1\n")
                    refused = reload_by(weir, two.socket, "socket" if number % 4 == 1 else "signal")
                    assert "the old configuration stays" in refused
                    continue
                name = "ab"[(taken + 1) % 2]
                # The file of the configuration that comes is another one each time; and that of the one that runs changes under it.
                two.write_users(name, "first" if name == "a" else "second", f"bob-{number}:{HASHES['first']}\n")
                weir.write_config(two.text(name))
                assert not reload_by(weir, two.socket, "signal" if number % 2 else "socket")
                taken += 1
                if number % 3 == 0:
                    weir.process.send_signal(signal.SIGUSR1)  # The log is opened anew.
                eventually(lambda: load.faults or load.counts.get("fresh", 0) >= 25 * taken, within=30)
                if load.faults:
                    break
            assert not load.faults, load.faults[0]
            assert taken == 30
            eventually(lambda: all(load.counts.get(name) for name in ("kept", "fresh", "download", "tunnel", "inside", "second", "status", "unknown", "mine", "denied")),
                       what=f"each kind of client's success: {load.counts}")
            load.draining.set()
            load.stop.set()
            weir.process.send_signal(signal.SIGTERM)
            load.over()
            assert weir.process.wait(30) == 0, weir.stderr[-3000:]
        lines = {name: path.read_text().splitlines() for name, path in two.logs.items()}
        for line in lines["a"]:
            json.loads(line)
        for line in lines["b"]:
            assert LOG_LINE.fullmatch(line), line
        # Every exchange has its line in one of them; one that a drain kept from beginning has none.
        assert load.answered <= len(lines["a"]) + len(lines["b"]) <= load.sent


def test_who_waits_to_be_accepted_is_served_after_a_reload(tmp_path):
    """At the limit of connections nobody is accepted: who comes waits in the kernel's queue, and a reload that leaves the listener, or
    raises the limit, loses none of them."""
    go = threading.Event()

    def script(connection):
        while connection.more():
            connection.request()
            assert go.wait(30)
            connection.respond(b"ok")

    def text(limit, more=""):
        return f'workers = 3\ncontrol = "{tmp_path}/control"\n[limits]\nconnections = {limit}\n[[listener]]\naddress = "127.0.0.1:0"\n' + more

    def connections():
        done = subprocess.run([binary(), "status", "--control", f"{tmp_path}/control"], capture_output=True, text=True, timeout=30, check=True)
        return int(dict(line.split(": ") for line in done.stdout.splitlines())["client_connections"])

    with Origin(script) as origin, Weir(text(4)) as weir:
        head = [("Host", origin.authority)]
        busy, waiting = [], []
        try:
            # Two workers may each let in one more than the limit: until no further one is let in.
            while len(busy) < 12:
                busy.append(weir.client().send_request("GET", origin.url + "/", head))
                try:
                    eventually(lambda: len(origin.requests) == len(busy), within=1)
                except AssertionError:
                    break
            assert 4 < len(busy) < 12
            waiting.append(busy.pop())
            waiting += [weir.client().send_request("GET", origin.url + "/", head) for _ in range(11)]
            held = connections()
            assert held == len(busy)
            for round in range(6):
                weir.write_config(text(4, '[[listener]]\naddress = "127.0.0.2:0"\n' if round % 2 == 0 else ""))
                assert not reload_by(weir, f"{tmp_path}/control", "socket")
            assert connections() == held, "they wait still"
            weir.write_config(text(100))
            assert not reload_by(weir, f"{tmp_path}/control", "socket")
            go.set()
            for client in busy + waiting:
                response = client.response()
                assert (response.status, response.body) == (200, b"ok")
        finally:
            go.set()
            for client in busy + waiting:
                client.close()


@pytest.mark.seconds(120)
@pytest.mark.parametrize("round", range(6))
def test_reloads_and_the_end_at_the_same_time(tmp_path, round):
    """Reloads come by signal and by socket while Weir is told to end, once or twice: it ends, in order."""
    config = 'workers = 4\ncontrol = "{}/control"\nblocked_ports = [{}]\n[timeouts]\ndrain = "2s"\n[[listener]]\naddress = "127.0.0.1:0"\n'
    other = '[[listener]]\naddress = "127.0.0.2:0"\n'
    stop = threading.Event()
    faults = []

    with Origin(token_origin) as origin:
        weir = Weir(config.format(tmp_path, 25))
        port = weir.port

        def ask():
            """Whatever comes is whole; at the end nobody is there."""
            while not stop.is_set():
                try:
                    with Client(port) as client:
                        client.send_request("GET", origin.url + "/", [("Host", origin.authority), ("X-Token", "token")])
                        response = client.response()
                        if (response.status, response.text) != (200, "token"):
                            faults.append(f"{response.status} {response.text}")
                except (Ended, OSError):
                    time.sleep(0.002)

        def reload():
            number = 0
            while not stop.is_set():
                number += 1
                path = pathlib.Path(weir.directory.name) / "weir.toml"
                fresh = path.with_suffix(".new")
                try:
                    fresh.write_text(config.format(tmp_path, 25 + number % 2) + (other if number % 3 == 0 else ""))
                    fresh.rename(path)
                    weir.process.send_signal(signal.SIGHUP)
                except (OSError, ProcessLookupError):
                    return
                subprocess.run([binary(), "reload", "--control", f"{tmp_path}/control"], capture_output=True, timeout=40, check=False, env=environment())

        threads = [threading.Thread(target=each, daemon=True) for each in (ask, ask, ask, reload, reload)]
        for thread in threads:
            thread.start()
        eventually(lambda: sum("reloaded" in line for line in list(weir.stderr_lines)) >= 4 + 3 * round, within=30)
        weir.process.send_signal(signal.SIGTERM)
        if round % 2:
            weir.process.send_signal(signal.SIGHUP)
            weir.process.send_signal(signal.SIGTERM)
        try:
            assert weir.process.wait(20) == 0, weir.stderr[-4000:]
        finally:
            stop.set()
        for thread in threads:
            thread.join(45)
            assert not thread.is_alive()
        weir.stop()
        assert not faults, faults[0]
