"""Which protocols Weir recognises inside a tunnel, and what it does with them."""

import threading
import time

import pytest
from support.client import eventually
from support.control import status
from support.origin import serve
from support.tls import client_hello
from support.tunnels import connect, echo, greeting


class TestTls:
    def test_the_name_is_in_the_log_and_the_bytes_pass(self, weir, play):
        origin = play(echo)
        hello = client_hello("secret-site.example")
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(hello)
            assert client.read(len(hello)) == hello.upper()
        [line] = weir.wait_log(1)
        assert line.details["sni"] == "secret-site.example"
        assert line.bytes >= len(hello)
        assert bytes(origin.connections[0].received) == hello

    def test_in_pieces(self, weir, play):
        origin = play(echo)
        hello = client_hello("pieces.example")
        with weir.client() as client:
            connect(client, origin.authority)
            client.send_bytewise(hello)
            assert client.read(len(hello)) == hello.upper()
        assert weir.wait_log(1)[0].details["sni"] == "pieces.example"

    def test_without_a_name(self, weir, play):
        origin = play(echo)
        hello = client_hello()
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(hello)
            assert client.read(len(hello)) == hello.upper()
        assert "sni" not in weir.wait_log(1)[0].details

    def test_records_that_only_look_like_it(self, weir, play):
        origin = play(echo)
        data = b"\x16\x03\x01\x00\x08\x01\x00\x00\x04junk" + b"\x00" * 20
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(data)
            assert client.read(len(data)) == data.upper()


class TestSession:
    """HTTP/1 inside a tunnel, on ports where Weir serves it, with a fixed authority."""

    @pytest.fixture
    def weir(self, start):
        return start('[tunnel]\nserve = "always"\n')

    @pytest.fixture
    def strict(self, start, origin):
        """A Weir that needs the inside of tunnels to this origin, so that it never goes back to
        relaying."""
        return start(f"[tunnel]\nno_opaque_ports = [{origin.port}]\n")

    def test_requests_inside(self, weir, origin):
        with weir.client() as client:
            connect(client, origin.authority)
            for number in range(3):
                client.send_request("GET", f"/{number}", [("Host", origin.authority), ("Proxy-Connection", "keep-alive")])
                assert client.response().body == b"ok"
            client.send_request("POST", "/p", [("Host", origin.authority), ("Content-Length", "3")], b"abc")
            assert client.response().status == 200
        assert [request.target for request in origin.requests] == ["/0", "/1", "/2", "/p"]
        assert "proxy-connection" not in origin.requests[0].fields
        assert "via" in origin.requests[0].fields
        assert len(origin.connections) == 1  # The connection that the CONNECT opened.
        lines = weir.wait_log(5)
        assert sum(line.request.startswith("CONNECT") for line in lines) == 1
        assert sum(line.request.startswith(("GET", "POST")) for line in lines) == 4

    def test_the_same_rules_hold_inside(self, strict, origin):
        with strict.client() as client:
            connect(client, origin.authority)
            client.send_request("GET", "/", [("Host", origin.authority)])
            assert client.response().status == 200
            client.send(
                f"GET / HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            assert client.response().status == 400
            assert client.is_closed()
        assert len(origin.requests) == 1

    def test_another_host_after_the_first_gets_421(self, strict, origin):
        with strict.client() as client:
            connect(client, origin.authority)
            client.send_request("GET", "/", [("Host", origin.authority)])
            assert client.response().status == 200
            client.send_request("GET", "/", [("Host", "other.example")])
            assert client.response().status == 421
        assert len(origin.requests) == 1

    def test_a_first_head_with_another_host_is_opaque(self, weir, play):
        """Policy allows opaque tunnels by default: the bytes pass unchanged."""
        origin = play(serve(), tolerant=True)
        head = b"GET /x HTTP/1.1\r\nHost: other.example\r\nX-Spelling:  odd \r\n\r\n"
        with weir.client() as client:
            connect(client, f"localhost:{origin.port}")
            client.send(head)
            assert client.response().body == b"ok"
        assert bytes(origin.connections[0].received) == head

    def test_a_connect_by_address_takes_the_first_host(self, strict, origin):
        with strict.client() as client:
            connect(client, origin.authority)
            client.send_request("GET", "/", [("Host", f"site.example:{origin.port}")])
            assert client.response().status == 200
            client.send_request("GET", "/", [("Host", f"site.example:{origin.port}")])
            assert client.response().status == 200
            client.send_request("GET", "/", [("Host", "other.example")])
            assert client.response().status == 421
        assert {request.fields.get("host") for request in origin.requests} == {f"site.example:{origin.port}"}

    def test_no_connect_nests(self, strict, origin):
        with strict.client() as client:
            connect(client, origin.authority)
            client.send_request("GET", "/", [("Host", origin.authority)])
            assert client.response().status == 200
            client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
            assert client.response("CONNECT").status >= 400
        assert [request.method for request in origin.requests] == ["GET"]

    def test_syntax_fault_at_once_is_opaque(self, weir, play):
        origin = play(echo)
        data = b"GET /x HTTP/1.1\r\nHost : spaced\r\n\r\n"
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(data)
            assert client.read(len(data)) == data.upper()

    def test_a_slow_first_line(self, weir, origin):
        with weir.client() as client:
            connect(client, origin.authority)
            client.send_bytewise(f"GET / HTTP/1.1\r\nHost: {origin.authority}\r\n\r\n".encode())
            assert client.response().body == b"ok"
        assert "via" in origin.requests[0].fields

    def test_a_pinned_connection_that_died_is_not_replaced(self, weir, play):
        def script(connection):
            connection.request()
            connection.respond(b"ok")

        origin = play(script)
        with weir.client() as client:
            connect(client, origin.authority)
            client.send_request("GET", "/", [("Host", origin.authority)])
            assert client.response().status == 200
            eventually(lambda: origin.connections[0].closed)
            try:
                client.send_request("GET", "/", [("Host", origin.authority)])
                client.rest()
            except OSError:
                pass
        assert len(origin.connections) == 1


class TestNoOpaque:
    """A port on which Weir lets only TLS and HTTP through."""

    @pytest.fixture
    def strict(self, start, origin):
        return start(f"[tunnel]\nno_opaque_ports = [{origin.port}]\n")

    @pytest.mark.parametrize("data", [b"\x00binary", b"SSH-2.0-OpenSSH_9.2\r\n"])
    def test_other_bytes_do_not_pass(self, strict, origin, data):
        with strict.client() as client:
            connect(client, origin.authority)
            client.send(data)
            client.rest()
        strict.wait_log(1)
        assert all(bytes(connection.received) == b"" for connection in origin.connections)

    @pytest.mark.parametrize("host, status", [("other.example", 421), (" spaced : x", 400)])
    def test_requests_that_would_be_opaque(self, strict, origin, host, status):
        with strict.client() as client:
            connect(client, f"localhost:{origin.port}")
            client.send(
                f"GET / HTTP/1.1\r\nHost:{host}\r\nX{host}\r\n\r\n"
                if status == 400
                else f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"
            )
            assert client.response().status == status
        assert origin.requests == []

    def test_http_and_tls_do(self, strict, origin):
        with strict.client() as client:
            connect(client, origin.authority)
            client.send_request("GET", "/", [("Host", origin.authority)])
            assert client.response().status == 200
        hello = client_hello("a.example")
        origin.tolerant = True
        with strict.client() as client:
            connect(client, origin.authority)
            client.send(hello)
            eventually(lambda: any(bytes(connection.received) == hello for connection in origin.connections))

    def test_a_server_that_speaks_first_does_not(self, start, play):
        origin = play(greeting)
        weir = start(f"[tunnel]\nno_opaque_ports = [{origin.port}]\n")
        with weir.client() as client:
            connect(client, origin.authority)
            assert b"220" not in client.rest()
        [line] = weir.wait_log(1)
        assert (line.outcome, line.details["rule"]) == ("http_request_denied", "no_opaque_ports")

    @pytest.mark.parametrize("half", [False, True])
    def test_a_client_that_leaves_without_a_word(self, strict, origin, half):
        """Such an end is an ordinary end of the tunnel, not a refusal."""
        with strict.client() as client:
            connect(client, origin.authority)
            if half:
                client.half_close()
                assert client.is_closed()
        with strict.client() as client:
            connect(client, "weir.internal:80")
        lines = strict.wait_log(2)
        assert [(line.outcome, "rule" in line.details) for line in lines] == [("complete", False)] * 2
        eventually(lambda: origin.connections[0].ended == "eof")

    @pytest.mark.parametrize("port_is_strict", [False, True])
    @pytest.mark.parametrize("said", [b"", b"GET / HT"])
    @pytest.mark.parametrize("how, outcome", [("close", "complete"), ("reset", "connection_terminated")])
    def test_an_origin_that_leaves_without_a_word(self, start, play, port_is_strict, said, how, outcome):
        def script(connection):
            leave.wait(10)
            getattr(connection, how)()

        leave = threading.Event()
        origin = play(script)
        weir = start(f"[tunnel]\nno_opaque_ports = [{origin.port}]\n" if port_is_strict else "")
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(said)
            time.sleep(0.1)
            leave.set()
            assert client.is_closed()
        if said and (how == "reset" or port_is_strict):
            outcome = "connection_terminated"
        elif said:
            outcome = None  # Depends on whether the client's bytes come before Weir closes the socket.
        [line] = weir.wait_log(1)
        assert line.outcome == (outcome or line.outcome) and "rule" not in line.details


def test_how_much_is_looked_at(start, play):
    """A first line that is longer than `sniff` is not taken for a request."""
    weir = start('[tunnel]\nsniff = "1KiB"\n')
    origin = play(echo)
    data = b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    with weir.client() as client:
        connect(client, origin.authority)
        client.send(data)
        assert client.read(len(data)) == data.upper()


def test_little_is_held_for_those_who_say_little(start, play):
    """Many tunnels hold the beginning of a possible request. Their memory stays near the limit,
    since no room is kept for bytes that may never come."""
    limit = 4 << 20
    weir = start(f"workers = 1\n[limits]\nmemory = {limit}\n")
    origin = play(lambda connection: connection.wait_for_end(), backlog=600)
    clients = [weir.client() for _ in range(600)]
    for client in clients:
        connect(client, origin.authority)
    most = 0
    for client in clients:
        client.send(b"GET /")
        most = max(most, status(weir)["memory_accounted"])
    assert most < limit * 17 // 16 + (1 << 20)
    for client in clients:
        client.close()


def test_a_byte_now_and_then_does_not_hold_a_tunnel(start, play):
    """The time to recognise the content runs from the first byte, and later bytes do not extend
    it."""
    weir = start('[tunnel]\nserve = "always"\n')
    origin = play(lambda connection: connection.wait_for_end())
    with weir.client() as client:
        connect(client, origin.authority)
        before = time.monotonic()
        while not (origin.connections and origin.connections[0].received):
            client.send(b"G")
            time.sleep(0.3)
            assert time.monotonic() - before < 5
        assert origin.connections[0].received.startswith(b"GGGG")
