"""Origins that end or make a mistake at every stage: what the client must see, what Proxy-Status
names, and what the log says."""

import socket
import threading
import time

import pytest
from support.client import eventually
from support.nameserver import Silent
from support.origin import Origin, answer_once

HEAD = b"HTTP/1.1 200 OK\r\nX-Of: origin\r\n"
LENGTH = HEAD + b"Content-Length: 10\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\nX-Of: hint\r\n\r\n"

# What the client sees: an error page of Weir's with that status and Proxy-Status error, or the part
# of the origin's answer that came.
REFUSED = "connection_refused"
CODING = "http_response_transfer_coding"
NO_ANSWER = "connection_terminated"
INCOMPLETE = "http_response_incomplete"
PROTOCOL = "http_protocol_error"


class Page:
    """Expects Weir's own error page, since no byte of the answer had gone out."""

    def __init__(self, error, status=502):
        self.error, self.status = error, status


class Cut:
    """Expects the origin's head, `body`, and then an end that can't be mistaken for a whole
    answer."""

    def __init__(self, error, body=b""):
        self.error, self.body = error, body


class Whole:
    def __init__(self, body):
        self.body = body


# stage: what the origin sends before it ends; what the client sees where the origin closes, and where it resets.
STAGES = {
    "before any byte": (b"", Page(NO_ANSWER), Page(NO_ANSWER)),
    "inside the status line": (b"HTTP/1.1 2", Page(INCOMPLETE), Page(INCOMPLETE)),
    "after the status line": (b"HTTP/1.1 200 OK\r\n", Page(INCOMPLETE), Page(INCOMPLETE)),
    "inside a field": (b"HTTP/1.1 200 OK\r\nContent-Le", Page(INCOMPLETE), Page(INCOMPLETE)),
    "between fields": (HEAD, Page(INCOMPLETE), Page(INCOMPLETE)),
    "after an interim response": (HINT, Page(INCOMPLETE), Page(INCOMPLETE)),
    "inside an interim response": (HINT[:30], Page(INCOMPLETE), Page(INCOMPLETE)),
    "inside a head after an interim response": (HINT + HEAD, Page(INCOMPLETE), Page(INCOMPLETE)),
    "after a head with a length": (LENGTH, Cut(INCOMPLETE), Cut(INCOMPLETE)),
    "inside content with a length": (LENGTH + b"12345", Cut(INCOMPLETE, b"12345"), Cut(INCOMPLETE, b"12345")),
    "one byte short": (LENGTH + b"123456789", Cut(INCOMPLETE, b"123456789"), Cut(INCOMPLETE, b"123456789")),
    "after all content": (LENGTH + b"1234567890", Whole(b"1234567890"), Whole(b"1234567890")),
    "after too much content": (LENGTH + b"1234567890more", Whole(b"1234567890"), Whole(b"1234567890")),
    "after a head with chunks": (CHUNKED, Cut(INCOMPLETE), Cut(INCOMPLETE)),
    "inside a chunk's size": (CHUNKED + b"5", Cut(INCOMPLETE), Cut(INCOMPLETE)),
    "inside a chunk": (CHUNKED + b"5\r\n123", Cut(INCOMPLETE, b"123"), Cut(INCOMPLETE, b"123")),
    "after a chunk": (CHUNKED + b"5\r\n12345\r\n", Cut(INCOMPLETE, b"12345"), Cut(INCOMPLETE, b"12345")),
    "inside the last chunk": (CHUNKED + b"5\r\n12345\r\n0\r", Cut(INCOMPLETE, b"12345"), Cut(INCOMPLETE, b"12345")),
    "before the trailers": (CHUNKED + b"5\r\n12345\r\n0\r\n", Cut(INCOMPLETE, b"12345"), Cut(INCOMPLETE, b"12345")),
    "inside the trailers": (CHUNKED + b"5\r\n12345\r\n0\r\nX-T: v", Cut(INCOMPLETE, b"12345"), Cut(INCOMPLETE, b"12345")),
    "after a trailer": (CHUNKED + b"5\r\n12345\r\n0\r\nX-T: v\r\n", Cut(INCOMPLETE, b"12345"), Cut(INCOMPLETE, b"12345")),
    "after the trailers": (CHUNKED + b"5\r\n12345\r\n0\r\nX-T: v\r\n\r\n", Whole(b"12345"), Whole(b"12345")),
    "content until the end": (HEAD + b"\r\n12345", Whole(b"12345"), Cut(INCOMPLETE, b"12345")),
    "no content until the end": (HEAD + b"\r\n", Whole(b""), Cut(INCOMPLETE, b"")),
}


@pytest.fixture
def weir(shared_weir):
    """One Weir for all tests; each test adds one line to the log."""
    shared_weir.before = len(shared_weir.log)
    yield shared_weir
    assert len(shared_weir.log) == shared_weir.before + 1


def check(weir, response, expected):
    """Checks one answer and its line in the log."""
    before = getattr(weir, "before", 0)
    [line] = weir.wait_log(before + 1)[before:]
    status = response.fields.get("proxy-status", "")
    if isinstance(expected, Page):
        assert (response.status, response.complete) == (expected.status, True), response
        assert f"error={expected.error}" in status
        assert response.fields.get("x-of") is None
        assert (line.status, line.outcome) == (expected.status, expected.error)
        return
    assert (response.status, response.body) == (200, expected.body), response
    assert response.fields.get("x-of") == "origin"
    assert response.complete == isinstance(expected, Whole), response
    assert (line.status, line.outcome) == (200, "complete" if isinstance(expected, Whole) else expected.error)


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("stage", STAGES)
def test_it_ends(weir, play, stage, how):
    data, closed, reset = STAGES[stage]

    def script(connection):
        connection.request()
        connection.send(data)
        if how == "reset":
            connection.wait_until_read().reset()

    origin = play(script)
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        check(weir, client.response(), closed if how == "close" else reset)
    assert len(origin.connections) == 1


@pytest.mark.parametrize("family", ["name", "address"])
def test_nobody_listens(weir, family):
    with Origin() as origin:
        pass
    host = "localhost" if family == "name" else "127.0.0.1"
    check(weir, weir.get(f"http://{host}:{origin.port}/"), Page(REFUSED))


@pytest.mark.parametrize("how", ["close", "reset"])
def test_it_ends_on_connect(weir, play, how):
    """The origin ends before it has read a byte of the request. That is not a refused
    connection."""
    origin = play(lambda connection: connection.reset() if how == "reset" else None)
    check(weir, weir.get(origin.url + "/"), Page(NO_ANSWER))


# For requests with content: how much of it the origin reads before it ends.
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("read", ["nothing", "the head", "some content", "all content"])
def test_it_ends_in_an_upload(weir, play, read, framing, how):
    size = 3_000_000

    def script(connection):
        if read != "nothing":
            request = connection.head()
        if read == "some content":
            connection.reader.exactly(500_000)
        if read == "all content":
            connection.body(request)
        if how == "reset":
            connection.reset()

    origin = play(script)
    fields = [("Host", origin.authority)]
    fields.append(("Content-Length", str(size)) if framing == "length" else ("Transfer-Encoding", "chunked"))
    with weir.client() as client:
        client.send_request("POST", origin.url + "/", fields)
        try:
            for _ in range(size // 50_000):
                client.send(b"x" * 50_000 if framing == "length" else b"c350\r\n" + b"x" * 50_000 + b"\r\n")
            client.send(b"" if framing == "length" else b"0\r\n\r\n")
        except OSError:
            pass  # Weir has answered, and reads no more.
        check(weir, client.response("POST"), Page(NO_ANSWER))
    assert len(origin.connections) == 1, "an upload is never sent twice"


@pytest.mark.parametrize("how", ["close", "reset"])
def test_it_answers_in_an_upload_and_ends_inside_the_answer(weir, play, how):
    def script(connection):
        connection.head()
        connection.send(LENGTH + b"12345")
        if how == "reset":
            connection.wait_until_read().reset()

    origin = play(script)
    with weir.client() as client:
        client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "1000")], b"x" * 10)
        check(weir, client.response("POST"), Cut(INCOMPLETE, b"12345"))


# Answers that are longer or shorter than they say, or have wrong framing.
WRONG = {
    "a negative length": (HEAD + b"Content-Length: -1\r\n\r\n", Page(PROTOCOL)),
    "no number": (HEAD + b"Content-Length: ten\r\n\r\n1234567890", Page(PROTOCOL)),
    "an empty length": (HEAD + b"Content-Length: \r\n\r\n", Page(PROTOCOL)),
    "beyond 64 bits": (HEAD + b"Content-Length: 18446744073709551626\r\n\r\n1234567890", Page(PROTOCOL)),
    "two that differ": (HEAD + b"Content-Length: 10\r\nContent-Length: 11\r\n\r\n1234567890", Page(PROTOCOL)),
    "another coding": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n12345", Page(CODING)),
    "no HTTP": (b"220 mail.example ready\r\n", Page(PROTOCOL)),
}


@pytest.mark.parametrize("what", WRONG)
def test_heads_that_say_it_wrongly(weir, play, what):
    data, expected = WRONG[what]
    check(weir, weir.get(play(answer_once(data)).url + "/"), expected)


# After a head and a first chunk: the fault, and the part of it that the client may get as content.
CHUNKS = {
    "no number": (b"xyz\r\n", b""),
    "longer than it says": (b"5\r\n1234567\r\n0\r\n\r\n", b"12345"),
    "shorter than it says": (b"5\r\n123\r\n0\r\n\r\n", b"123\r\n"),
    "beyond 64 bits": (b"11111111111111111\r\n1", b""),
    "negative": (b"-5\r\n12345\r\n0\r\n\r\n", b""),
    "no trailer": (b"0\r\n a fold of nothing\r\n\r\n", b""),
}


@pytest.mark.parametrize("when", ["at once", "later"])
@pytest.mark.parametrize("what", CHUNKS)
def test_chunks_that_err(weir, play, what, when):
    """If Weir sees the fault before the head has gone out, the client gets a page; after that its
    answer is cut."""
    data, content = CHUNKS[what]
    begun = threading.Event()

    def script(connection):
        connection.request()
        if when == "later":
            connection.send(CHUNKED + b"5\r\nfirst\r\n")
            assert begun.wait(10)
            connection.send(data)
        else:
            connection.send(CHUNKED + b"5\r\nfirst\r\n" + data)

    origin = play(script)
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        if when == "later":
            eventually(lambda: b"first" in client.socket.recv(65536, socket.MSG_PEEK))
            begun.set()
            # Content from before the fault may have been passed on, but nothing after it.
            response = client.response()
            check(weir, response, Cut(PROTOCOL, response.body))
            assert (b"first" + content).startswith(response.body) and response.body.startswith(b"first")
        else:
            check(weir, client.response(), Page(PROTOCOL))


@pytest.mark.parametrize("framing", ["length", "chunked", "end"])
def test_a_side_that_trickles_both_ways(start, play, framing):
    """Both sides send a byte at a time, for longer than either may be silent."""
    weir = start('[timeouts]\ncontent = "1s"\nfirst_byte = "1s"\nclient_write = "1s"\norigin_write = "1s"\n')
    content = bytes(range(48, 78))
    head = {"length": b"Content-Length: 30\r\n\r\n", "chunked": b"Transfer-Encoding: chunked\r\n\r\n", "end": b"\r\n"}[framing]
    got = []

    def script(connection):
        request = connection.head()
        connection.send_in_pieces(HEAD + head, 7, 0.01)
        for byte in content:
            piece = bytes([byte])
            got.append(connection.reader.exactly(1))
            connection.send(b"1\r\n" + piece + b"\r\n" if framing == "chunked" else piece)
        if framing == "chunked":
            connection.send(b"0\r\n\r\n")
        request.complete = True

    origin = play(script)
    with weir.client() as client:
        client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "30")])
        for byte in content:
            client.send(bytes([byte]))
            time.sleep(0.05)  # 1.5 s in all.
        response = client.response("POST")
    assert b"".join(got) == content
    check(weir, response, Whole(content))


@pytest.mark.parametrize(
    "sent, expected",
    [
        (b"", Page("http_response_timeout", 504)),
        (b"HTTP/1.1 200 OK\r\nX-", Page("http_response_timeout", 504)),
        (HINT, Page("http_response_timeout", 504)),
        (LENGTH + b"123", Cut("connection_read_timeout", b"123")),
        (CHUNKED + b"3\r\n123\r\n", Cut("connection_read_timeout", b"123")),
        (HEAD + b"\r\n123", Cut("connection_read_timeout", b"123")),
    ],
    ids=["at once", "in a head", "after a hint", "in a length", "in chunks", "in content until the end"],
)
def test_it_falls_silent(start, play, sent, expected):
    weir = start('[timeouts]\ncontent = "500ms"\nfirst_byte = "500ms"\n')

    def script(connection):
        connection.request()
        connection.send(sent).wait_for_end()

    check(weir, weir.get(play(script).url + "/"), expected)


def test_the_name_server_is_silent(start, names):
    """Weir asks for each family as often as `tries` says, then answers; no client waits for longer
    than total_timeout."""
    names.set("silent.test", Silent)
    weir = start(names.config() + '[dns]\ntimeout = "200ms"\ntries = 2\ntotal_timeout = "2s"\n')
    with weir.client() as tunnel:
        tunnel.send_request("CONNECT", "silent.test:443", [("Host", "silent.test:443")])
        for response in (weir.get("http://silent.test/"), tunnel.response("CONNECT")):
            assert response.status == 504 and "error=dns_timeout" in response.fields.get("proxy-status", "")
    assert [(line.status, line.outcome) for line in weir.wait_log(2)] == [(504, "dns_timeout")] * 2
