"""Clients of every kind for tests that reload under load: what each sends and must get; and the two
configurations."""

import base64
import random
import signal
import subprocess
import threading
import time

from support.client import Client, Ended, eventually
from support.weir import Weir, binary, environment

# Sam's password is right in both configurations; each of Ada's two is right in one only.
HASHES = {
    "steady": "$5$rounds=1000$weirtest$8ck7fP2gJQ3BNKUC9yAV9C07aHn3Q6i9Jgig8hFXya3",
    "first": "$5$rounds=1000$weirtest$exkmdKILN8jicaFDCnjwAeQPPhuWwzCDFBG19t7QqR5",
    "second": "$5$rounds=1000$weirtest$ixYkxBOlHNVLSnrPjxUusl2PlRbe68ciuEAbyde6ha.",
}


def login(user, password):
    return ("Proxy-Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


SAM = login("sam", "steady")


def token_origin(connection):
    """Answers with the request's own token; /slow answers slowly."""
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
    """Runs each client in a thread, until it is told to stop or Weir drains; a fault of a client
    fails the test."""

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
                if not self.draining.is_set():  # During a drain no client is accepted any more.
                    self.faults.append(AssertionError(f"{actor.__name__}: {fault}"))
            except BaseException as fault:  # noqa: B902
                self.faults.append(AssertionError(f"{actor.__name__}: {type(fault).__name__}: {fault}"))

        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()

    def count(self, name):
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + 1

    @staticmethod
    def client(port, **more):
        """A client. One that is reset while it connects was in the queue of a closing listener, so
        it was never accepted."""
        try:
            return Client(port, **more)
        except ConnectionResetError as fault:
            raise ConnectionRefusedError(str(fault)) from fault

    def exchange(self, client, method, target, host, *fields):
        """The response, or None if the connection ended before the response began, which only a
        drain may cause."""
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
    """Uses one connection from before the first reload until the drain."""
    with load.client(weir.port, source="127.0.0.10") as client:
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
    """Opens a connection for each request, to the listener that remains."""
    number = 0
    while not load.stop.is_set():
        number += 1
        token = f"fresh-{source}-{number}-"
        with load.client(weir.port, source=source) as client:
            response = load.exchange(client, "GET", origin.url + "/", origin.authority, SAM, ("X-Token", token))
            if response is None:
                return  # It came after the drain began.
            assert (response.status, response.text) == (200, token)
        load.count("fresh")


def download(load, weir, origin):
    """Sends requests that each last for several reloads."""
    while not load.stop.is_set():
        with load.client(weir.port, source="127.0.0.12") as client:
            response = load.exchange(client, "GET", origin.url + "/slow", origin.authority, SAM, ("X-Token", "abcd" * 500))
        if response is None:
            return
        assert response.complete, "what runs comes to its end, through reloads and the drain"
        assert response.body == b"abcd" * 500 * 20
        load.count("download")


def tunnel(load, weir, origin):
    """Sends opaque bytes both ways through one tunnel."""
    with load.client(weir.port, source="127.0.0.13") as client:
        assert load.exchange(client, "CONNECT", origin.authority, origin.authority, SAM).status == 200
        while not load.stop.is_set():
            client.send(b"\x01ping" * 100)
            assert client.read(500) == b"\x01ping" * 100
            load.count("tunnel")


def session_inside(load, weir, origin):
    """Sends requests inside one tunnel; the configuration of the moment decides about each."""
    with load.client(weir.port, source="127.0.0.14") as client:
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
    """Uses the listener that reloads add and remove: accepted clients are served, others can't
    connect."""
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
                # It was in the accept queue of a removed listener: never accepted, so never
                # answered.
                assert number == 0 or load.draining.is_set(), "a client that was served is dropped"


def mixed(load, weir, mine, others, password, other_realm, source):
    """Sends Ada's password of one configuration to that configuration's origin and to the other's.
    In the first she may reach only `mine`; in the second her password is wrong. So `others` answers
    only if an exchange mixes both configurations."""
    dice = random.Random(source)
    while not load.stop.is_set():
        origin = dice.choice((mine, others))
        with load.lock:
            load.sent += 1
        with load.client(weir.port, source=source) as client:
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
    """Asks for the status again and again; every worker must answer."""
    while not load.stop.is_set():
        done = subprocess.run([binary(), "status", "--control", str(socket)], capture_output=True, text=True, timeout=30, check=False, env=environment())
        if not load.draining.is_set():
            assert done.returncode == 0 and "workers_that_answered: 4" in done.stdout, done.stderr
            load.count("status")
        time.sleep(0.05)


def reload_by(weir, socket, way):
    """Reloads; returns an empty text on success, else the message."""
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
        self.origins = {"a": second_origin, "b": first_origin}  # The origin that each denies.
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
[tunnel]
serve = "always"
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
