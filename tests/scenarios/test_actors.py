"""Tests the actors against each other, without Weir, since all other tests rely on them."""

import socket
import struct

import pytest
from support import websocket
from support.client import Client, exchange, get
from support.message import Malformed, Reader
from support.nameserver import NXDOMAIN, Answer, NameServer, Sequence, Silent, read_name, write_name
from support.origin import Origin, ok, serve
from support.tls import client_hello


def reader_of(data):
    pieces = [data]
    return Reader(lambda: pieces.pop(0) if pieces else b"")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    ],
)
def test_the_strict_reader_refuses(data):
    with pytest.raises(Malformed):
        reader_of(data).request()


def test_the_strict_reader_reads_chunks_and_trailers():
    data = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: v\r\n\r\n"
    request = reader_of(data).request()
    assert (request.body, request.trailers.get("t"), request.complete) == (b"abcd", "v", True)


def test_client_and_origin(origin):
    response = get(origin.port, "/x")
    assert (response.status, response.body) == (200, b"ok")
    assert origin.requests[0].target == "/x"
    assert bytes(origin.connections[0].received).startswith(b"GET /x HTTP/1.1\r\n")


def test_an_origins_fault_fails_the_test():
    def script(connection):
        assert connection.request().method == "POST"

    with pytest.raises(AssertionError):
        with Origin(script) as origin:
            with Client(origin.port) as client:
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").rest()


def test_reset_and_half_close(play):
    def script(connection):
        assert connection.request().body == b"abc"
        connection.respond(b"heard").reset()

    origin = play(script)
    with Client(origin.port) as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").half_close()
        assert client.response().body == b"heard"


def test_interim_responses(play):
    origin = play(serve(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok(b"page")))
    response = get(origin.port, "/")
    assert [each.status for each in response.interim] == [103]
    assert response.body == b"page"


def ask(server, name, kind=1, tcp=False):
    query = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + write_name(name) + struct.pack("!HH", kind, 1)
    if tcp:
        with Client(server.port) as client:
            client.send(struct.pack("!H", len(query)) + query)
            return client.read(struct.unpack("!H", client.read(2))[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(1)
        udp.sendto(query, (server.host, server.port))
        return udp.recv(4096)


def test_name_server():
    with NameServer({"a.test": ["192.0.2.1", "2001:db8::1"], "c.test": {"CNAME": "a.test"}, "s.test": Silent}) as server:
        server.set("q.test", {"A": Sequence(["192.0.2.2"], ["192.0.2.3"])})
        server.set("big.test", {"A": Answer(["192.0.2.4"], truncate_udp=True)})
        server.set("no.test", Answer(code=2))
        assert ask(server, "a.test").endswith(bytes([192, 0, 2, 1]))
        assert ask(server, "a.test", 28).endswith(b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01")
        assert ask(server, "c.test").endswith(bytes([192, 0, 2, 1]))
        assert ask(server, "q.test").endswith(bytes([192, 0, 2, 2]))
        assert ask(server, "q.test").endswith(bytes([192, 0, 2, 3]))
        assert ask(server, "nowhere.test")[3] & 15 == NXDOMAIN
        assert ask(server, "no.test")[3] & 15 == 2
        assert ask(server, "big.test")[2] & 2
        assert ask(server, "big.test", tcp=True).endswith(bytes([192, 0, 2, 4]))
        with pytest.raises(TimeoutError):
            ask(server, "s.test")
        assert server.asked("q.test", "A") == 2
        assert read_name(write_name("a.b"), 0) == ("a.b", 5)


def test_network_of_its_own(network):
    with network("198.51.100.7/32", "2001:db8::7/128"):
        with Origin(host="198.51.100.7") as origin, Origin(host="2001:db8::7") as six:
            with Client(origin.port, "198.51.100.7") as client:
                assert client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").response().body == b"ok"
            with Client(six.port, "2001:db8::7") as client:
                assert client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").response().body == b"ok"
    with pytest.raises(OSError):
        Origin(host="198.51.100.7")


def test_websocket(site):
    with Client(site.port) as client:
        client.send_request("GET", "/ws", websocket.upgrade_fields("a"))
        assert client.response().status == 101
        client.send(websocket.frame("hello", masked=True))
        assert websocket.read_frame(client.read) == (websocket.TEXT, b"echo: hello")


def test_site(site):
    assert b"Welcome" in get(site.port, "/").body
    assert get(site.port, "/redirect").status == 302
    assert get(site.port, "/chunked").body == b"one two three"
    assert get(site.port, "/size/3000000").body[1000000:1000256] == bytes((1000000 + n) % 256 for n in range(256))
    assert get(site.port, "/members").status == 403
    login = exchange(site.port, "POST", "/login", body=b"user=ada&password=wonder+%26+love")
    assert login.status == 303 and len(login.fields.all("set-cookie")) == 2
    cookie = login.fields.all("set-cookie")[0].split(";")[0]
    assert b"Hello, ada" in get(site.port, "/members", [("Cookie", cookie)]).body
    assert exchange(site.port, "PUT", "/upload/a", body=b"x" * 1000).body == b"1000"


def test_client_hello_carries_the_name():
    assert b"example.org" in client_hello("example.org")
    assert client_hello()[0] == 22


def test_accept_key():
    assert websocket.accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3
