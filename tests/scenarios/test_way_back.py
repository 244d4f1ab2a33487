"""From a session inside a tunnel back to relaying: bytes that turn out not to be HTTP are passed on
unchanged, and none is lost."""

import threading
import time

import pytest
from support.client import eventually
from support.tunnels import connect

AUDIO = b"\xff\xfb\x90\x00" + bytes(range(256)) * 8


@pytest.fixture
def always(start):
    return start('[tunnel]\nserve = "always"\n')


def received(origin):
    return bytes(origin.connections[0].received) if origin.connections else b""


def after_head(origin):
    return received(origin).partition(b"\r\n\r\n")[2]


def get(origin, path="/", host=None):
    return f"GET {path} HTTP/1.1\r\nHost: {host or origin.authority}\r\n\r\n".encode()


def answer_then(raw):
    """Answers one request, waits for `go`, then sends `raw` and keeps what still comes."""

    def script(connection):
        connection.request()
        connection.respond(b"ok")
        connection.origin.go.wait(20)
        connection.send(raw)
        connection.wait_for_end()

    return script


def one_request(client, origin):
    client.send(get(origin))
    assert client.response().body == b"ok"


@pytest.fixture
def play_and_wait(play):
    def start_one(script, **more):
        origin = play(script, tolerant=True, **more)
        origin.go = threading.Event()
        return origin

    return start_one


class TestBeyondARequest:
    """Bytes that can't begin a request are content of the running exchange."""

    def test_a_source_that_streams_after_its_answer(self, always, play_and_wait):
        def script(connection):
            connection.head()
            connection.send(b"HTTP/1.0 200 OK\r\n\r\n")
            connection.wait_for_end()

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(f"SOURCE /live HTTP/1.0\r\nHost: {origin.authority}\r\nAuthorization: Basic eDp5\r\n\r\n")
            assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
            for _ in range(5):
                client.send(AUDIO)
            eventually(lambda: after_head(origin) == AUDIO * 5)
            client.half_close()
            eventually(lambda: origin.connections[0].ended == "eof")
            assert client.is_closed()
        assert b"Via: " in received(origin)

    def test_what_comes_before_the_answer(self, always, play_and_wait):
        def script(connection):
            connection.head()
            connection.read = connection.reader.exactly(6)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.send(b"\x01raw")
            connection.wait_for_end()

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin) + b"\x00first")
            assert client.response().body == b"ok"
            # The exchange is over; the tunnel relays.
            assert client.read(4) == b"\x01raw"
            client.send(b"GET is no request any more\r\n")
            eventually(lambda: received(origin).endswith(b"GET is no request any more\r\n"))
        assert origin.connections[0].read == b"\x00first"

    def test_all_of_much(self, always, play_and_wait):
        """More bytes than the sockets hold, to an origin that reads late: every byte arrives, in
        order."""

        def script(connection):
            connection.head()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.origin.go.wait(20)
            connection.wait_for_end()

        origin = play_and_wait(script)
        data = b"\x00" + bytes(range(256)) * 40_000
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin))
            sender = threading.Thread(target=lambda: (client.send(data), client.half_close()))
            sender.start()
            assert client.response().body == b"ok"
            origin.go.set()
            sender.join()
            assert client.is_closed()
        assert after_head(origin) == data

    def test_after_content_too(self, always, play_and_wait):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            connection.beyond = connection.reader.exactly(3)
            connection.send(b"1\r\nb\r\n0\r\n\r\nafter")
            connection.wait_for_end()

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(f"POST / HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: 3\r\n\r\nabc\x01\x02\x03")
            assert client.response().body == b"ab"
            assert client.read(5) == b"after"
        assert origin.connections[0].beyond == b"\x01\x02\x03"

    @pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n",
                                        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
    @pytest.mark.parametrize("head", ["SOURCE /live HTTP/1.0\r\n", "PUT /live HTTP/1.1\r\nConnection: close\r\n"])
    def test_a_stream_after_the_answer_to_a_last_request(self, always, play_and_wait, head, answer):
        """The answer is complete, and the client has said that this request is its last. Both may
        still send bytes."""

        def script(connection):
            connection.head()
            connection.send(answer)
            connection.stream = connection.reader.exactly(len(AUDIO))
            connection.send(b"thanks")

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(f"{head}Host: {origin.authority}\r\n\r\n")
            client.read_until(b"\r\n\r\n")
            client.send(AUDIO)
            assert client.rest().endswith(b"thanks")
        assert origin.connections[0].stream == AUDIO

    @pytest.mark.parametrize("text", [b"hello world, this is no request line\n", b"LOG two lines\r\nmore\r\n", b"GET is " + b"x" * 40_000])
    def test_text_that_begins_like_a_request(self, always, play_and_wait, text):
        def script(connection):
            connection.head()
            connection.text = connection.reader.exactly(len(text))
            connection.respond(b"ok")

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin) + text)
            assert client.response().body == b"ok"
        assert origin.connections[0].text == text

    def test_the_next_request_stays_one(self, always, play):
        def script(connection):
            for body in (b"one", b"two"):
                connection.request()
                connection.respond(body)

        origin = play(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin, "/1") + b"\r\n" + get(origin, "/2"))
            assert client.response().body == b"one"
            assert client.response().body == b"two"
        assert ["via" in each.fields for each in origin.requests] == [True, True]

    def test_a_large_next_request_stays_one(self, always, play):
        def script(connection):
            for body in (b"one", b"two"):
                request = connection.request()
                connection.respond(body + str(len(request.body)).encode())

        origin = play(script)
        with always.client() as client:
            connect(client, origin.authority)
            post = f"POST / HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: 100000\r\n\r\n"
            sender = threading.Thread(target=client.send, args=(get(origin) + post.encode() + b"x" * 100_000,))
            sender.start()
            assert client.response().body == b"one0"
            assert client.response().body == b"two100000"
            sender.join()
        assert ["via" in each.fields for each in origin.requests] == [True, True]

    def test_letters_that_become_nothing(self, always, play_and_wait):
        """Weir waits for a second while bytes may still become a request."""

        def script(connection):
            connection.head()
            connection.wait_for_end()

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin))
            eventually(lambda: received(origin).endswith(b"\r\n\r\n"))
            client.send(b"LOGIN")
            eventually(lambda: after_head(origin) == b"LOGIN")


class TestAnswersThatAreNone:
    @pytest.mark.parametrize("raw", [b"<html>hi", b"hello\n", b"ICY 200 OK\r\n\r\n\xd3\x00", b"\x00\x01", b"HTTP/1.1 x\r\n\r\n",
                                     b"HTTP/1.1 101 Switching Protocols\r\n\r\nraw",
                                     b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"])
    def test_they_pass_as_they_came(self, always, play_and_wait, raw):
        def script(connection):
            connection.head()
            connection.send_in_pieces(raw, 3)
            connection.up = connection.reader.exactly(14)
            connection.send(b"down")
            connection.wait_for_end()

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin))
            assert client.read(len(raw)) == raw
            client.send(b"GET is raw now")
            assert client.read(4) == b"down"
        assert origin.connections[0].up == b"GET is raw now"
        inside = next(line for line in always.wait_log(2) if line.request.startswith("GET"))
        assert (inside.status, inside.outcome) == (0, "relayed")

    def test_content_that_is_not_in_its_coding(self, always, play_and_wait):
        """The content came with its head, so Weir has written nothing of it yet."""
        raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n"

        def script(connection):
            connection.head()
            connection.send(raw)
            connection.up = connection.reader.exactly(3)
            connection.send(b"down")

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin))
            assert client.read(len(raw)) == raw
            client.send(b"up!")
            assert client.read(4) == b"down"

    def test_after_an_interim_answer(self, always, play_and_wait):
        def script(connection):
            connection.head()
            connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nno answer")
            connection.wait_for_end()

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin))
            assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 103 ")
            assert client.read(9) == b"no answer"

    def test_an_end_inside_the_head(self, always, play_and_wait):
        def script(connection):
            connection.head()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Le")

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin))
            assert client.rest() == b"HTTP/1.1 200 OK\r\nContent-Le"

    @pytest.mark.parametrize("beyond", [b"", b"\x00a stream"])
    def test_an_end_without_a_word(self, always, play_and_wait, beyond):
        def script(connection):
            connection.head()
            connection.beyond = connection.reader.exactly(len(beyond))

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(get(origin) + beyond)
            assert client.rest() == b""
        assert origin.connections[0].beyond == beyond

    @pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Content-Length: 15"])
    def test_one_that_the_client_waits_for_within_its_content(self, always, play_and_wait, framing):
        def script(connection):
            request = connection.head()
            connection.send(b"ICY 200 OK\r\n\r\n")
            connection.content = connection.body(request).body
            connection.send(b"down")
            connection.wait_for_end()

        origin = play_and_wait(script)
        pieces = [b"first", b"later", b"ended"]
        chunked = framing.endswith("chunked")
        with always.client() as client:
            connect(client, origin.authority)
            client.send(f"PUT /live HTTP/1.1\r\nHost: {origin.authority}\r\n{framing}\r\n\r\n")
            assert client.read(14) == b"ICY 200 OK\r\n\r\n"
            for piece in pieces:
                client.send(b"5\r\n" + piece + b"\r\n" if chunked else piece)
            if chunked:
                client.send(b"0\r\n\r\n")
            assert client.read(4) == b"down"
        assert origin.connections[0].content == b"".join(pieces)

    @pytest.mark.parametrize("chunked", [False, True])
    def test_the_content_under_way_gets_to_its_end(self, always, play_and_wait, chunked):
        def script(connection):
            request = connection.head()
            connection.send(b"! what is this?\n")
            connection.content = connection.body(request).body
            connection.up = connection.reader.exactly(4)

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            framing = "Transfer-Encoding: chunked" if chunked else "Content-Length: 200000"
            client.send(f"POST / HTTP/1.1\r\nHost: {origin.authority}\r\n{framing}\r\n\r\n")
            for _ in range(2):
                client.send(b"186a0\r\n" + b"x" * 100_000 + b"\r\n" if chunked else b"x" * 100_000)
            if chunked:
                client.send(b"0\r\n\r\n")
            assert client.read(16) == b"! what is this?\n"
            client.send(b"\x05raw")
            eventually(lambda: getattr(origin.connections[0], "up", None) == b"\x05raw")
        assert origin.connections[0].content == b"x" * 200_000

    def test_what_follows_an_answer(self, always, play_and_wait):
        """Content after the answer to HEAD: the framed part ends, and the rest is relayed."""

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray")
            connection.wait_for_end()

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(f"HEAD / HTTP/1.1\r\nHost: {origin.authority}\r\n\r\n")
            assert client.response("HEAD").status == 200
            assert client.read(5) == b"stray"
            client.send(b"and up")
            eventually(lambda: received(origin).endswith(b"and up"))


class TestBetweenRequests:
    def test_an_origin_that_speaks_unasked(self, always, play_and_wait):
        origin = play_and_wait(answer_then(b"news\n"))
        with always.client() as client:
            connect(client, origin.authority)
            one_request(client, origin)
            origin.go.set()
            assert client.read(5) == b"news\n"
            client.send(get(origin, "/raw"))
            eventually(lambda: received(origin).endswith(get(origin, "/raw")))

    def test_what_weir_answered_itself_is_nobody_elses(self, always, play_and_wait):
        origin = play_and_wait(lambda connection: (connection.origin.go.wait(20), connection.send(b"news"), connection.wait_for_end()))
        with always.client() as client:
            connect(client, origin.authority)
            client.send(f"TRACE / HTTP/1.1\r\nHost: {origin.authority}\r\nMax-Forwards: 0\r\n\r\n")
            assert client.response().status == 200
            origin.go.set()
            assert client.read(4) == b"news"
            client.send(b"\x01raw")
            eventually(lambda: received(origin) == b"\x01raw")

    def test_an_origin_that_speaks_while_its_answer_is_being_taken(self, always, play_and_wait):
        size = 4_000_000

        def script(connection):
            connection.head()
            connection.respond(b"x" * size)
            connection.send(b"news")
            connection.raw = connection.reader.exactly(4)
            connection.send(b"back")

        origin = play_and_wait(script)
        with always.client(receive_buffer=4096) as client:
            connect(client, origin.authority)
            client.send(get(origin))
            eventually(lambda: origin.connections and origin.connections[0].requests)
            assert client.response().body == b"x" * size
            assert client.read(4) == b"news"
            client.send(b"\x01raw")
            assert client.read(4) == b"back"

    def test_an_origin_that_ends(self, always, play_and_wait):
        def script(connection):
            connection.request()
            connection.respond(b"ok")

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            one_request(client, origin)
            assert client.is_closed()

    @pytest.mark.parametrize("raw", [
        b"\x16\x03\x01 a handshake", b"<x/>", b"CONNECT other:1 HTTP/1.1\r\nHost: other:1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n", b"GET http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n", b"GET / HTTP/1.0\r\n\r\n", b"GET /\r\n",
        b"POST / HTTP/1.1\r\nHost: other.example\r\nContent-Length: 3\r\n\r\nabc", b"\r\n\r\n\r\n",
    ])
    @pytest.mark.parametrize("bytewise", [False, True])
    def test_what_is_no_request_to_this_site(self, always, play_and_wait, raw, bytewise):
        def script(connection):
            connection.request()
            connection.respond(b"ok")
            connection.raw = connection.reader.exactly(len(raw))
            connection.send(b"back")

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, f"localhost:{origin.port}")
            client.send(get(origin, host=f"localhost:{origin.port}"))
            assert client.response().body == b"ok"
            (client.send_bytewise if bytewise else client.send)(raw)
            assert client.read(4) == b"back"
        assert origin.connections[0].raw == raw

    def test_an_absolute_form_for_the_site_itself(self, always, origin):
        with always.client() as client:
            connect(client, origin.authority)
            one_request(client, origin)
            client.send_request("GET", f"http://{origin.authority}/x", [("Host", origin.authority)])
            assert client.response().status == 200
        assert [each.target for each in origin.requests] == ["/", "/x"]


class TestAtOnce:
    """A first head for another site, and HTTP on ports where Weir does not serve it, are relayed
    byte for byte."""

    @pytest.mark.parametrize("head", ["CONNECT site.example:80 HTTP/1.1\r\nHost: site.example:80\r\n\r\n",
                                      "GET http://other.example/ HTTP/1.1\r\nHost: other.example\r\nX:  y \r\n\r\n"])
    def test_a_second_proxy(self, always, play_and_wait, head):
        def script(connection):
            connection.until_head = connection.reader.exactly(len(head))
            connection.send(b"HTTP/1.0 200 ok, says the other proxy\r\n\r\n")
            connection.wait_for_end()

        origin = play_and_wait(script)
        with always.client() as client:
            connect(client, origin.authority)
            client.send(head)
            assert client.read_until(b"\r\n\r\n") == b"HTTP/1.0 200 ok, says the other proxy\r\n\r\n"
        assert origin.connections[0].until_head == head.encode()

    def test_by_default_only_port_80_is_served(self, weir, play_and_wait):
        def script(connection):
            connection.until_head = connection.reader.until(b"\r\n\r\n")
            connection.send(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi")
            connection.wait_for_end()

        origin = play_and_wait(script)
        head = get(origin, "/x")
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(head)
            assert client.read(37) == b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"
        assert origin.connections[0].until_head == head
        assert len(weir.wait_log(1)) == 1

    def test_port_80_is_served(self, network, start):
        with network("198.51.100.1/32"):
            from support.origin import Origin

            weir = start("")
            with Origin(host="198.51.100.1", port=80) as origin, weir.client() as client:
                connect(client, "198.51.100.1:80")
                client.send_request("GET", "/", [("Host", "198.51.100.1")])
                assert client.response().body == b"ok"
                assert "via" in origin.requests[0].fields


def test_never_serves_no_pages_of_its_own(start, play_and_wait):
    weir = start('[tunnel]\nserve = "never"\n')
    with weir.client() as client:
        connect(client, "weir.internal:80", status=403)
    assert weir.get("http://weir.internal/").status == 200


def test_frames_that_come_with_the_handshake_wait_for_the_101(always, play_and_wait):
    def script(connection):
        connection.head()
        connection.before = bytes(connection.reader.buffer)
        connection.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        connection.frame = connection.reader.exactly(8)
        connection.send(b"\x81\x02ok")
        connection.wait_for_end()

    origin = play_and_wait(script)
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    with always.client() as client:
        connect(client, origin.authority)
        client.send(f"GET /ws HTTP/1.1\r\nHost: {origin.authority}\r\n{upgrade}\r\n".encode() + b"\x81\x82\0\0\0\0hi")
        assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        assert client.read(4) == b"\x81\x02ok"
    assert (origin.connections[0].before, origin.connections[0].frame) == (b"", b"\x81\x82\0\0\0\0hi")


def test_an_empty_line_after_the_content_ends_no_session(always, play):
    """Old clients send an empty line after a POST's content: it is not content, and the next
    request is served too."""
    asked = threading.Event()

    def script(connection):
        connection.request()
        asked.set()
        connection.origin.go.wait(20)
        connection.respond(b"one")
        connection.request()
        connection.respond(b"two")

    origin = play(script)
    origin.go = threading.Event()
    with always.client() as client:
        connect(client, origin.authority)
        client.send(f"POST / HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: 3\r\n\r\nabc\r\n")
        assert asked.wait(10)
        time.sleep(1.2)  # Longer than Weir waits for a request to become complete.
        origin.go.set()
        assert client.response().body == b"one"
        client.send(get(origin))
        assert client.response().body == b"two"
    assert "via" in origin.requests[1].fields
