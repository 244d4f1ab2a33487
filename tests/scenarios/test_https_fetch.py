"""https:// URLs that a client asks Weir itself for: Weir speaks TLS with the origin, and knows it by
its certificate."""

import contextlib
import hashlib
import os
import re
import ssl
import threading

import pytest
from support import websocket
from support.reloading import Reloading
from support.tls import Authority
from support.weir import Weir


@pytest.fixture(scope="module")
def context(authority):
    return authority.issue("127.0.0.1", "localhost", "site.localhost")


def trusting(authority, more=""):
    return f'[tls]\nroots = ["{authority.pem}"]\n{more}'


@pytest.fixture
def weir(start, authority):
    """One worker, which has all connections to origins."""
    return start("workers = 1\n" + trusting(authority))


def kept(connection):
    """Answers every request on the connection."""
    while connection.more():
        connection.request()
        connection.respond(b"ok")


def test_a_site_is_fetched_and_its_connection_kept(weir, play, context):
    origin = play(kept, tls=context)
    for url in (origin.url + "/a?b", f"https://site.localhost:{origin.port}/a?b"):
        for _ in range(3):
            response = weir.get(url)
            assert (response.status, response.body) == (200, b"ok"), response.text
    assert len(origin.connections) == 2, "one for each name"
    assert [request.target for request in origin.requests] == ["/a?b"] * 6
    assert {request.fields.get("host") for request in origin.requests} == {origin.authority, f"site.localhost:{origin.port}"}
    assert weir.wait_log(6)[0].details["origin"] == origin.authority


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_much_goes_both_ways(weir, play, authority, version):
    context = authority.issue("127.0.0.1")
    context.minimum_version = context.maximum_version = version
    up, down = os.urandom(3_000_000), os.urandom(5_000_000)

    def script(connection):
        assert connection.request().body == up
        pieces = [down[at : at + 70_001] for at in range(0, len(down), 70_001)]
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            connection.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.send(b"0\r\n\r\n")
        connection.wait_for_end()

    origin = play(script, tls=context)
    response = weir.exchange("POST", origin.url + "/", body=up)
    assert response.status == 200 and hashlib.sha256(response.body).digest() == hashlib.sha256(down).digest()


def test_sessions_are_resumed(weir, play, context):
    resumed = []

    def script(connection):
        resumed.append(connection.socket.session_reused)
        connection.request()
        connection.respond(b"ok", close=True)

    origin = play(script, tls=context)
    for _ in range(12):
        assert weir.get(origin.url + "/").body == b"ok"
    assert resumed == [False] + [True] * 11


def test_websocket(weir, play, context):
    origin = play(lambda connection: websocket.serve_echo(connection, connection.request()), tls=context)
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", websocket.upgrade_fields(origin.authority))
        assert client.response().status == 101
        for number in range(3):
            client.send(websocket.frame(f"message {number}", masked=True))
            assert websocket.read_frame(client.read) == (websocket.TEXT, f"echo: message {number}".encode())


class TestWhomWeirDoesNotBelieve:
    """The client is told why, and the origin gets nothing of the request."""

    def refused(self, weir, play, context, error, words, host="127.0.0.1"):
        origin = play(kept, tls=context)
        for fields in ((), (("Accept", "text/html"),)):
            response = weir.get(f"https://{host}:{origin.port}/secret", fields)
            assert response.status == 502
            assert f"error={error}" in response.fields.get("proxy-status")
            assert words in response.text
        assert not origin.requests and not any(connection.received for connection in origin.connections)
        assert weir.wait_log(2)[-1].outcome == error

    def test_another_name(self, weir, play, authority):
        words = "is for another name: it is for other.test"
        self.refused(weir, play, authority.issue("other.test"), "tls_certificate_error", words, "localhost")

    def test_an_old_certificate(self, weir, play, authority):
        context = authority.issue("127.0.0.1", begin="20200101000000Z", end="20210102000000Z")
        self.refused(weir, play, context, "tls_certificate_error", "has expired (on 2021-01-02)")

    def test_one_of_the_future(self, weir, play, authority):
        context = authority.issue("127.0.0.1", begin="20980101000000Z", end="20990101000000Z")
        self.refused(weir, play, context, "tls_certificate_error", "is not valid yet (from 2098-01-01 on)")

    def test_an_unknown_issuer(self, weir, play, tmp_path):
        other = Authority(tmp_path, "Somebody Else")
        words = "has an unknown issuer: &quot;Somebody Else&quot; is not trusted here"
        origin = play(kept, tls=other.issue("127.0.0.1"))
        response = weir.get(origin.url + "/", [("Accept", "text/html")])
        assert response.status == 502 and words in response.text
        assert not origin.requests

    def test_an_issuer_that_is_left_out(self, weir, play, authority, tmp_path):
        between = Authority(tmp_path, "Between", parent=authority)
        self.refused(weir, play, between.issue("127.0.0.1"), "tls_certificate_error", "or the site leaves out a certificate between")

    def test_one_for_clients(self, weir, play, authority):
        context = authority.issue("127.0.0.1", usage="clientAuth")
        self.refused(weir, play, context, "tls_certificate_error", "was not accepted: unsuitable certificate purpose")

    def test_no_tls_at_all(self, weir, play):
        def script(connection):
            connection.socket.recv(10_000)
            connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.wait_for_end()

        response = weir.get(f"https://{play(script).authority}/")
        assert response.status == 502 and "error=tls_protocol_error" in response.fields.get("proxy-status")

    def test_a_refusal(self, weir, play, authority):
        context = authority.issue("127.0.0.1")
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.pem)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        origin = play(kept, tls=context)
        response = weir.get(origin.url + "/")
        assert response.status == 502 and not origin.requests
        assert "error=tls_alert_received" in response.fields.get("proxy-status")

    def test_an_origin_that_says_nothing(self, start, play, authority):
        weir = start(trusting(authority, '[timeouts]\nconnect = "500ms"\n'))
        origin = play(lambda connection: connection.wait_for_end())
        response = weir.get(f"https://{origin.authority}/")
        assert response.status == 504 and "did not finish the TLS handshake in time" in response.text


def test_an_end_that_is_said(weir, play, context):
    """A response that ends with its connection is whole if TLS says so (RFC 9112, 9.8)."""

    def script(connection):
        connection.request()
        connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it")
        connection.socket = connection.socket.unwrap()

    origin = play(script, tls=context)
    assert weir.get(origin.url + "/").body == b"all of it"


def test_a_cut_answer_is_seen_as_cut(weir, play, context):
    def script(connection):
        connection.request()
        connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it")
        connection.half_close()  # Of TCP, below TLS.
        connection.wait_for_end()

    origin = play(script, tls=context)
    assert not weir.get(origin.url + "/").complete
    assert weir.wait_log(1)[0].outcome == "http_response_incomplete"


def test_another_authority_by_reload(tmp_path, play, authority, context):
    """Connections that one authority vouched for serve no request that relies on another."""
    origin = play(kept, tls=context)
    with Reloading(tmp_path, trusting(authority)) as weir:
        assert weir.get(origin.url + "/").status == 200
        weir.reload("[tls]\nroots = []\n")
        assert weir.get(origin.url + "/").status == 502
        weir.reload(trusting(authority))
        assert weir.get(origin.url + "/").status == 200


def test_a_reload_that_changes_nothing_keeps_connections(tmp_path, play, authority, context):
    origin = play(kept, tls=context)
    roots = tmp_path / "roots.pem"
    text = f'workers = 1\n[tls]\nroots = ["{roots}"]\n'
    roots.write_bytes(authority.pem.read_bytes())
    with Reloading(tmp_path, text) as weir:
        assert weir.get(origin.url + "/").status == 200
        roots.unlink()
        roots.write_bytes(authority.pem.read_bytes())
        weir.reload(text)
        assert weir.get(origin.url + "/").status == 200 and len(origin.connections) == 1
        roots.write_bytes(Authority(tmp_path, "Another").pem.read_bytes() + authority.pem.read_bytes())
        weir.reload(text)
        assert weir.get(origin.url + "/").status == 200 and len(origin.connections) == 2


def test_rules_see_the_whole_url(start, play, authority, context):
    origin = play(kept, tls=context)
    rule = f'[[rule]]\nname = "no"\naction = "deny"\nwhat.url = ["https://127.0.0.1:{origin.port}/no/*"]\n'
    weir = start(trusting(authority, rule))
    assert weir.get(origin.url + "/yes").status == 200
    assert weir.get(origin.url + "/no/x").status == 403


def test_own_pages_are_not_there(weir):
    assert weir.get("https://weir.internal/").status == 403
    assert weir.get(f"https://127.0.0.1:{weir.port}/").status == 403


def test_http_and_https_share_no_connection(weir, play, context):
    """Not even where both are at one port."""
    origin = play(kept, tls=context)
    assert weir.get(origin.url + "/").status == 200
    assert weir.get(f"http://{origin.authority}/").status == 502


def test_a_file_without_certificates_is_a_mistake(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing\n")
    with pytest.raises(AssertionError, match="empty.pem has no certificates in PEM"):
        Weir(f'[tls]\nroots = ["{tmp_path}/empty.pem"]\n')


def test_its_memory_counts(tmp_path, play, authority, context):
    """Each connection holds some 10 KB: what is idle is closed when memory gets scarce."""

    def held():
        return int(re.search(r"^memory_tls: (\d+)$", weir.ask("status").stdout, re.MULTILINE)[1])

    all_here = threading.Barrier(20)

    def script(connection):
        while connection.more():
            if connection.request().target == "/together":
                all_here.wait(20)
            connection.respond(b"ok")

    origin = play(script, tls=context)
    with Reloading(tmp_path, "workers = 1\n" + trusting(authority)) as weir:
        assert weir.get(origin.url + "/").status == 200
        one = held()
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(weir.client()) for _ in range(20)]
            for client in clients:
                client.send_request("GET", origin.url + "/together", [("Host", origin.authority)])
            for client in clients:
                assert client.response().status == 200
            assert held() > one + 19 * 5000
