"""TLS handshakes with origins that go wrong in the middle, or of which there are many."""

import socket
import ssl
import threading

import pytest
from support.client import eventually


@pytest.fixture(scope="module")
def context(authority):
    return authority.issue("127.0.0.1")


def config(authority, more=""):
    return f'workers = 1\n[tls]\nroots = ["{authority.pem}"]\n{more}'


def offers_session(connection):
    """Whether the ClientHello that waits to be read has the extension pre_shared_key, which is the last one
    (RFC 8446, 4.2.11), or a session ticket of TLS 1.2 (RFC 5077)."""
    hello = b""
    while len(hello) < 5 or len(hello) < 5 + int.from_bytes(hello[3:5], "big"):
        hello = connection.socket.recv(1 << 16, socket.MSG_PEEK)
        assert hello
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 1 + hello[at] + 2
    while at < len(hello):
        kind, size = int.from_bytes(hello[at : at + 2], "big"), int.from_bytes(hello[at + 2 : at + 4], "big")
        if kind == 41 or (kind == 35 and size > 0):
            return True
        at += 4 + size
    return False


class HatesSessions:
    """Breaks off each handshake in which a session is offered."""

    ALERT = bytes.fromhex("15030300020228")  # handshake_failure

    def __init__(self, context, last_words=b"", always=False):
        self.context, self.last_words, self.always = context, last_words, always
        self.offered = []

    def __call__(self, connection):
        self.offered.append(offers_session(connection))
        if self.offered[-1] or (self.always and len(self.offered) > 1):
            connection.socket.recv(1 << 16)
            connection.send(self.last_words)
            connection.close()
            return
        connection.socket = self.context.wrap_socket(connection.socket, server_side=True)
        connection.request()
        connection.respond(b"ok", close=True)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("last_words", [b"", HatesSessions.ALERT])
def test_once_more_without_the_session(start, play, authority, version, last_words):
    context = authority.issue("127.0.0.1")
    context.minimum_version = context.maximum_version = version
    script = HatesSessions(context, last_words)
    origin = play(script)
    weir = start(config(authority))
    for _ in range(3):
        response = weir.exchange("POST", f"https://{origin.authority}/", body=b"once")
        assert response.status == 200
    assert script.offered == [False, True, False, True, False]
    assert len(origin.requests) == 3, "nothing of a request was sent before"


def test_no_third_time(start, play, authority, context):
    script = HatesSessions(context, always=True)
    origin = play(script)
    weir = start(config(authority))
    assert weir.get(f"https://{origin.authority}/").status == 200
    response = weir.get(f"https://{origin.authority}/")
    assert response.status == 502 and "error=connection_terminated" in response.fields.get("proxy-status")
    assert script.offered == [False, True, False]
    assert weir.get(f"https://{origin.authority}/").status == 502
    assert script.offered == [False, True, False, False], "it was not for a session"


class Slow:
    """Shakes hands when it is let."""

    def __init__(self, play, context):
        self.context = context
        self.let = threading.Event()
        self.hellos = 0
        self.origin = play(self.script)

    def script(self, connection):
        connection.socket.recv(1, socket.MSG_PEEK)
        self.hellos += 1
        self.let.wait(20)
        connection.socket = self.context.wrap_socket(connection.socket, server_side=True)
        connection.request()
        connection.respond(b"ok", close=True)

    def ask(self, weir):
        client = weir.client()
        client.send_request("GET", f"https://{self.origin.authority}/", [("Host", self.origin.authority)])
        return client


@pytest.mark.parametrize("key", ["handshakes_per_client", "handshakes"])
def test_further_ones_wait_for_their_turn(start, play, origin, authority, context, key):
    slow = Slow(play, context)
    weir = start(config(authority, f"{key} = 2\n"))
    clients = [slow.ask(weir) for _ in range(6)]
    eventually(lambda: len(slow.origin.connections) == 6 and slow.hellos == 2, what="two begin")
    assert weir.get(origin.url + "/").status == 200, "what needs no handshake does not wait"
    assert slow.hellos == 2
    slow.let.set()
    for client in clients:
        assert client.response().status == 200
        client.close()
    assert slow.hellos == 6


def test_a_client_that_leaves_gives_its_turn_back(start, play, authority, context):
    slow = Slow(play, context)
    weir = start(config(authority, "handshakes = 1\n"))
    first, second = slow.ask(weir), None
    eventually(lambda: slow.hellos == 1, what="the first begins")
    second = slow.ask(weir)
    eventually(lambda: len(slow.origin.connections) == 2, what="the second is connected")
    first.reset()
    eventually(lambda: slow.hellos == 2, what="the second begins")
    slow.let.set()
    assert second.response().status == 200
    second.close()
