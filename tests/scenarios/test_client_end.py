"""Clients that end their side while their request is with an origin: some have left, some have only
finished sending. The origin sees the end as it would without a proxy, and a client that still
listens gets the answer."""

import os
import threading
import time

import pytest
from support.client import eventually
from support.origin import ok

pytestmark = pytest.mark.threads


def after_its_end(connection):
    """Does not answer before the client's side has ended."""
    connection.request()
    assert connection.wait_for_end() == "eof"
    connection.send(ok(b"late", fields=[("Connection", "close")]))


def ask(client, origin, method="GET", fields=(), body=b""):
    return client.send_request(method, origin.url + "/poll", [("Host", origin.authority), *fields], body)


def test_who_has_gone_is_not_kept_at_the_origin(start, play):
    """The request is on a kept connection to the origin. Otherwise its end before an answer would
    be a reason to repeat the request."""

    def script(connection):
        connection.request()
        connection.send(ok(b"kept"))
        connection.request()
        connection.wait_for_end()

    # One worker, so that the second request finds the connection of the first.
    with start("workers = 1\n") as weir, weir.client() as client:
        origin = play(script)
        ask(client, origin)
        assert client.response().body == b"kept"
        ask(client, origin)
        eventually(lambda: len(origin.requests) == 2)
        assert len(origin.connections) == 1
        client.close()
        eventually(lambda: origin.connections[0].ended == "eof", what="the end at the origin")
        line = weir.wait_log(2)[1]
        assert line.outcome == "client_closed"
        assert len(origin.requests) == 2  # Weir has not repeated the request.


@pytest.mark.parametrize("fields, body", [((), b""), ([("Content-Length", "4")], b"data"),
                                          ([("Transfer-Encoding", "chunked")], b"4\r\ndata\r\n0\r\n\r\n")])
def test_who_only_ends_its_side_gets_the_answer(weir, play, fields, body):
    origin = play(after_its_end)
    with weir.client() as client:
        ask(client, origin, "POST" if body else "GET", fields, body)
        client.half_close()
        response = client.response()
        assert (response.status, response.body) == (200, b"late")
        assert client.is_closed()


def test_an_end_that_comes_before_the_content_is_sent_on(weir, play):
    origin = play(after_its_end)
    with weir.client() as client:
        ask(client, origin, "POST", [("Content-Length", str(8 << 20))], bytes(8 << 20))
        client.half_close()
        assert client.response("POST").body == b"late"


def test_an_end_inside_an_answer_goes_on_too(weir, play):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        connection.wait_for_end()
        connection.send(b"data: 2\n\n")

    origin = play(script)
    with weir.client() as client:
        ask(client, origin)
        assert client.read_until(b"data: 1\n\n")
        client.half_close()
        assert b"data: 2" in client.rest()


@pytest.mark.parametrize("begun, status", [(b"", 504), (b"HTTP/1.1 200 OK\r\nA: ", 502)])
def test_who_only_ended_its_side_is_told_what_went_wrong(start, play, begun, status):
    """If the origin times out, or sends half a head, it has not given the request up."""

    def script(connection):
        connection.request()
        connection.wait_for_end()
        connection.send(begun)
        if not begun:
            connection.origin.answered.wait(30)

    with start('[timeouts]\nfirst_byte = "2s"\n') as weir, weir.client() as client:
        origin = play(script)
        origin.answered = threading.Event()
        ask(client, origin)
        client.half_close()
        assert client.response().status == status
        origin.answered.set()


def test_an_answer_in_time_leaves_the_connection_as_it_was(weir, play):
    def script(connection):
        while connection.more():
            connection.request()
            connection.send(ok(b"soon"))

    origin = play(script)
    asked = slow = 0
    # On a busy machine an answer may take as long as Weir delays the end: such answers show
    # nothing.
    while asked - slow < 20 and asked < 200:
        with weir.client() as client:
            began = time.monotonic()
            ask(client, origin)
            client.half_close()
            assert client.response().body == b"soon"
            asked += 1
            slow += time.monotonic() - began > 0.9
    assert len(origin.connections) <= len(os.sched_getaffinity(0)) + slow


def test_requests_behind_it_come_before_the_end(weir, play):
    waiting = []

    def script(connection):
        while connection.more():
            request = connection.head()
            if request.target == "/first":
                waiting.append(connection)
                eventually(lambda: len(waiting) == 2)
            connection.send(ok(request.target.encode()))

    origin = play(script)
    with weir.client() as client:
        for path in ("/first", "/second"):
            client.send_request("GET", origin.url + path, [("Host", origin.authority)])
        client.half_close()
        eventually(lambda: waiting, what="the first request")
        assert client.stays_open(1.5)  # Longer than Weir delays the end.
        waiting.append(None)
        assert [client.response().body for _ in range(2)] == [b"/first", b"/second"]
    # If Weir had passed the end on, the second request could not have used the same connection.
    assert len(origin.connections) == 1
