"""Responses that break the grammar: Weir mends those that can be read in one way, refuses those
that can be read in two, and never uses their connection again (docs/design/strictness.md). The raw
cases list the forms; these tests show the effect in the running program."""

import pytest
from support.client import eventually
from support.origin import answer_once

HEAD = b"HTTP/1.1 200 OK\r\n"

# Name, raw response, status, content, the log's word.
MENDED = [
    ("line feeds alone", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, b"ok", "line-feed"),
    ("ICY", b"ICY 200 OK\r\nicy-name: x\r\n\r\nok", 200, b"ok", "icy"),
    ("a line that is none", HEAD + b"digest in image\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", "field-line"),
    ("equal lengths", HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", "lengths"),
    ("both framings", HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, b"ok", "framing"),
    ("a status of its own", b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok", 999, b"ok", "status-line"),
    ("a NUL in a value", HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", "value"),
    ("a chunk size by a line feed", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n", 200, b"ok", "chunk-size"),
]
REFUSED = [
    ("different lengths", HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    ("a head that mixes line ends", HEAD + b"X: y\nContent-Length: 2\r\n\r\nok"),
    ("a length with a sign", HEAD + b"Content-Length: +2\r\n\r\nok"),
    ("another coding", HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("a length that is disguised", HEAD + b"Content-Length\x80: 2\r\n\r\nok"),
    ("no status line", b"ok\r\n"),
]


def by_name(table):
    return {"argvalues": [row[1:] for row in table], "ids": [row[0] for row in table]}


def keeps_open(raw):
    def script(connection):
        connection.request()
        connection.send(raw)
        connection.wait_for_end()

    return script


def ask(client, origin, method="GET"):
    client.send_request(method, origin.url + "/", [("Host", origin.authority)])
    return client.response(method)


@pytest.mark.parametrize("raw, status, content, word", **by_name(MENDED))
def test_they_are_mended_and_their_connection_ends(weir, play, raw, status, content, word):
    origin = play(answer_once(raw) if word == "icy" else keeps_open(raw))
    with weir.client() as client:
        response = ask(client, origin)
        assert (response.status, response.body) == (status, content)
        eventually(lambda: origin.connections[0].ended or origin.connections[0].closed)
        # The client's own connection still works.
        assert ask(client, origin).status == status
    assert len(origin.connections) == 2
    assert weir.wait_log(2)[0].details["mended"] == word


@pytest.mark.parametrize("raw", argvalues=[row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_two_readings_are_refused(weir, play, raw):
    origin = play(keeps_open(raw))
    with weir.client() as client:
        response = ask(client, origin)
        assert response.status == 502
        assert "error=http_" in response.fields.get("proxy-status")
    eventually(lambda: origin.connections[0].ended)


def test_what_is_to_the_letter_has_no_such_word(weir, origin):
    assert weir.get(origin.url + "/").status == 200
    assert "mended" not in weir.wait_log(1)[0].details


class TestResetContent:
    """A 205 has no content, whatever its fields say (RFC 9110, 15.3.6)."""

    @pytest.mark.parametrize("rest, kept", [
        (b"\r\n", False),
        (b"\r\nhello", False),
        (b"Content-Length: 0\r\n\r\n", True),
        (b"Content-Length: 5\r\n\r\nhello", False),
        (b"Content-Length: 5\r\n\r\n", False),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", False),
    ])
    def test_it_ends_at_once_and_is_empty(self, weir, play, rest, kept):
        def script(connection):
            while connection.more():
                connection.request()
                connection.send(b"HTTP/1.1 205 Reset Content\r\n" + rest)

        origin = play(script)
        with weir.client() as client:
            for _ in range(2):
                response = ask(client, origin)
                assert (response.status, response.body) == (205, b"")
                assert response.fields.get("content-length") == "0"
        assert len(origin.connections) == (1 if kept else 2)


class TestLeftovers:
    """On a connection that was used before, only `HTTP/` begins a response."""

    @pytest.mark.parametrize("left", [b"\r\n", b"\n", b"0\r\n\r\n", b"stray content", b"ICY 200 OK\r\n\r\n", b"HTTX"])
    def test_they_are_never_an_answer(self, weir, play, left):
        """The leftover bytes come when the next request is sent. Weir repeats that request on a new
        connection."""

        def script(connection):
            connection.request()
            connection.respond(b"ok")
            if connection.number == 0:
                connection.head()
                connection.send(left)
                connection.wait_for_end()

        origin = play(script)
        with weir.client() as client:
            assert ask(client, origin).body == b"ok"
            assert ask(client, origin).body == b"ok"
        assert len(origin.connections) == 2
        assert len(origin.requests) == 3

    @pytest.mark.parametrize("left", [b"junk", b"HTTP/1.0 408 Request Time-out\r\nConnection: close\r\n\r\n"])
    def test_a_post_is_the_clients_to_repeat(self, weir, play, left):
        """Weir may not send a POST again (RFC 9110, 9.2.2), so the client's own connection ends."""

        def script(connection):
            connection.request()
            connection.respond(b"ok")
            connection.request()
            connection.send(left)
            connection.wait_for_end()

        origin = play(script)
        with weir.client() as client:
            assert ask(client, origin).status == 200
            fields = [("Host", origin.authority), ("Content-Length", "3")]
            client.send_request("POST", origin.url + "/", fields, b"abc")
            assert client.rest() == b""
        assert len(origin.connections) == 1

    def test_a_408_for_idleness(self, weir, play):
        def script(connection):
            connection.request()
            connection.respond(b"ok")
            if connection.number == 0:
                connection.head()
                connection.send(b"HTTP/1.0 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

        origin = play(script)
        with weir.client() as client:
            assert ask(client, origin).status == 200
            assert ask(client, origin).status == 200
        assert len(origin.connections) == 2

    def test_a_408_that_answers(self, weir, play):
        """On a new connection a 408 is the site's answer."""

        def script(connection):
            connection.request()
            connection.respond(b"slow", status="408 Request Timeout", close=True)

        origin = play(script)
        assert weir.get(origin.url + "/").status == 408

    def test_after_an_interim_response_nothing_is_asked_again(self, weir, play):
        def script(connection):
            connection.request()
            connection.respond(b"ok")
            connection.head()
            connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\njunk")
            connection.wait_for_end()

        origin = play(script)
        with weir.client() as client:
            assert ask(client, origin).status == 200
            assert ask(client, origin).status == 502
        assert len(origin.connections) == 1
