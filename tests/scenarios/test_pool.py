"""Connections to origins: Weir keeps and reuses them, retries once, and drops any that is
doubtful."""

import os
import threading
import time

import pytest
from support.client import eventually, exchange
from support.message import Ended
from support.origin import Origin, answer_once, ok, serve

pytestmark = pytest.mark.threads

WORKERS = len(os.sched_getaffinity(0))


def request(client, origin, method="GET", path="/", body=b"", more=()):
    fields = [("Host", origin.authority), *more]
    if body:
        fields.append(("Content-Length", str(len(body))))
    client.send_request(method, origin.url + path, fields, body)
    return client.response(method)


def test_one_client_uses_one_connection(weir, origin):
    with weir.client() as client:
        for _ in range(5):
            assert request(client, origin).status == 200
    assert len(origin.connections) == 1


def test_clients_share_the_connections_of_a_worker(weir, origin):
    for _ in range(6 * WORKERS):
        assert weir.get(origin.url + "/").status == 200
    assert len(origin.connections) <= WORKERS


def test_requests_at_the_same_time_do_not_wait_for_each_other(weir, play):
    together = threading.Barrier(5)

    def script(connection):
        while connection.more():
            connection.request()
            together.wait(10)
            connection.respond(b"ok")

    origin = play(script)
    clients = [weir.client() for _ in range(5)]
    for client in clients:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
    assert [client.response().status for client in clients] == [200] * 5
    for client in clients:
        client.close()
    assert len(origin.connections) == 5


@pytest.mark.parametrize(
    "answer",
    [
        ok(fields=[("Connection", "close")]),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ],
)
def test_connections_that_end_are_not_used_again(weir, play, answer):
    origin = play(answer_once(answer))
    with weir.client() as client:
        assert request(client, origin).body == b"ok"
        assert request(client, origin).body == b"ok"
    assert len(origin.connections) == 2


def dying(after, reset=False, fatal=None):
    """Answers `after` requests of its first connection, reads one more and closes without an
    answer; later connections work."""

    def script(connection):
        for _ in range(after if connection.number == 0 else 1000):
            if connection.reader.at_end():
                return
            connection.request()
            connection.respond(b"ok")
        connection.request()
        if reset:
            connection.reset()

    return script


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_a_reused_connection_that_died_is_retried_once(weir, play, method, reset):
    origin = play(dying(1, reset))
    with weir.client() as client:
        assert request(client, origin).status == 200
        more = [("Content-Length", "0")] if method == "PUT" else []
        assert request(client, origin, method, more=more).status == 200
    assert len(origin.connections) == 2
    assert [each.method for each in origin.requests] == ["GET", method, method]


@pytest.mark.parametrize("method, body", [("POST", b""), ("POST", b"abc"), ("PUT", b"abc"), ("PATCH", b""), ("BREW", b"")])
def test_what_may_not_be_repeated_is_not(start, play, method, body):
    """When the origin's kept connection ends, Weir closes the client's connection too, and the
    client decides whether to ask again."""
    weir = start("workers = 1\n")
    origin = play(dying(1))
    with weir.client() as client:
        assert request(client, origin).status == 200
        more = [] if body else [("Content-Length", "0")]
        with pytest.raises(Ended) as ended:
            request(client, origin, method, body=body, more=more)
        assert ended.value.args == (b"",)
    assert [each.method for each in origin.requests] == ["GET", method]
    assert [line.outcome for line in weir.wait_log(2)] == ["complete", "connection_terminated"]


@pytest.mark.parametrize("method, body", [("POST", b"abc"), ("PUT", b"abc"), ("BREW", b"")])
def test_a_client_that_has_no_answer_yet_is_told_so(start, play, method, body):
    """The client's connection is new, and no client asks again after such an end."""
    weir = start("workers = 1\n")
    origin = play(dying(1))
    with weir.client() as first, weir.client() as client:
        assert request(first, origin).status == 200
        assert request(client, origin, method, body=body).status == 502
    assert [each.method for each in origin.requests] == ["GET", method]
    assert len(origin.connections) == 1


def test_an_answer_of_weirs_own_is_one(start, play):
    weir = start("workers = 1\n")
    origin = play(dying(1))
    with weir.client() as first, weir.client() as client:
        client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        assert client.response().status == 200
        assert request(first, origin).status == 200
        with pytest.raises(Ended):
            request(client, origin, "POST", body=b"abc")


def test_it_is_retried_only_once(weir, play):
    def script(connection):
        if connection.number == 0:
            connection.request()
            connection.respond(b"ok")
        connection.request()

    origin = play(script)
    with weir.client() as client:
        assert request(client, origin).status == 200
        assert request(client, origin).status == 502
    assert len(origin.requests) == 3


def test_a_fresh_connection_is_not_retried(weir, play):
    origin = play(lambda connection: connection.request())
    with weir.client() as client:
        assert request(client, origin).status == 502
    assert len(origin.connections) == 1


def test_nothing_is_retried_once_response_bytes_came(weir, play):
    def script(connection):
        connection.request()
        connection.respond(b"ok")
        connection.request()
        connection.send("HTTP/1.1 200 OK\r\nContent-")

    origin = play(script)
    with weir.client() as client:
        assert request(client, origin).status == 200
        assert request(client, origin).status == 502
    assert len(origin.connections) == 1


def test_a_connection_that_the_origin_closed_while_idle(weir, play):
    def script(connection):
        connection.request()
        connection.respond(b"ok")

    origin = play(script)
    with weir.client() as client:
        assert request(client, origin).status == 200
        eventually(lambda: origin.connections[0].closed)
        assert request(client, origin, "POST", body=b"x").status == 200
    assert len(origin.connections) == 2


def test_only_what_may_be_repeated_uses_a_connection_that_was_long_idle(weir, origin):
    with weir.client() as client:
        assert request(client, origin).status == 200
        time.sleep(2.6)  # The test needs a connection that was idle for over 2 s.
        assert request(client, origin).status == 200
        assert len(origin.connections) == 1
        time.sleep(2.6)
        assert request(client, origin, "POST", body=b"x").status == 200
        assert len(origin.connections) == 2


def test_a_post_uses_a_connection_that_was_just_used(weir, origin):
    with weir.client() as client:
        assert request(client, origin).status == 200
        assert request(client, origin, "POST", body=b"x").status == 200
    assert len(origin.connections) == 1


def test_bytes_on_an_idle_connection_close_it(weir, play):
    poisoned = threading.Event()

    def script(connection):
        connection.request()
        connection.respond(b"first")
        if connection.number == 0:
            assert poisoned.wait(10)
            connection.send(ok(b"poison"))
        connection.wait_for_end()

    origin = play(script)
    with weir.client() as client:
        assert request(client, origin).body == b"first"
        poisoned.set()
        eventually(lambda: origin.connections[0].ended, what="Weir's closing of the poisoned connection")
        assert request(client, origin).body == b"first"
    assert len(origin.connections) == 2


@pytest.mark.parametrize(
    "first",
    [
        ok(b"first") + ok(b"poison"),
        ok(b"first") + b"x",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n" + ok(b"poison"),
        b"HTTP/1.1 204 No Content\r\n\r\n" + ok(b"poison"),
        b"HTTP/1.1 304 Not Modified\r\n\r\n" + ok(b"poison"),
    ],
)
def test_bytes_after_a_response_are_dropped(weir, play, first):
    def script(connection):
        connection.request()
        connection.send(first if connection.number == 0 else ok(b"second"))
        connection.wait_for_end()

    origin = play(script)
    with weir.client() as client:
        assert request(client, origin).body in (b"first", b"")
        response = request(client, origin)
        assert response.body == b"second"
    assert len(origin.connections) == 2
    assert len(origin.connections[0].requests) == 1


def test_the_content_of_a_head_response_is_dropped(weir, play):
    def script(connection):
        connection.request()
        connection.send(ok(b"content") if connection.number == 0 else ok(b"second"))
        connection.wait_for_end()

    origin = play(script)
    with weir.client() as client:
        assert request(client, origin, "HEAD").status == 200
        assert request(client, origin).body == b"second"
    assert len(origin.connections) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nxyz\r\n",
    ],
)
def test_content_that_is_cut_cuts_the_client(weir, play, answer):
    origin = play(answer_once(answer))
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        response = client.response()
        if b"xyz" in answer and response.status == 502:
            return  # Weir saw the fault before the head had gone out.
        assert (response.status, response.complete, response.body) == (200, False, b"short")
    assert len(origin.connections) == 1


def test_origins_with_different_names_share_no_connection(start, names):
    names.set("a.test", "127.0.0.1")
    names.set("b.test", "127.0.0.1")
    weir = start(names.config() + '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n')
    with Origin() as origin, weir.client() as client:
        for host in ("a.test", "b.test", "a.test"):
            authority = f"{host}:{origin.port}"
            client.send_request("GET", f"http://{authority}/", [("Host", authority)])
            assert client.response().status == 200
    assert [len(connection.requests) for connection in origin.connections] == [2, 1]


def test_two_listeners_share_no_more_than_their_rules_allow(start, names):
    names.set("app.test", "127.0.0.1")
    weir = start(
        names.config()
        + '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["app.test"]\n[[listener]]\naddress = "[::1]:0"\n'
    )
    with Origin(script=serve()) as origin:
        url = f"http://app.test:{origin.port}/"
        for _ in range(2 * WORKERS):
            assert weir.get(url).status == 200
        for _ in range(2 * WORKERS):
            response = exchange(weir.port_of("::1"), "GET", url, host="::1")
            assert response.status == 403
        assert len(origin.requests) == 2 * WORKERS
