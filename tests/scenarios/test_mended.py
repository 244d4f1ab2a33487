"""Faults that a review found in the running program, each by what its victims saw."""

import threading
import time

import pytest
from support.client import eventually
from support.weir import Weir

pytestmark = pytest.mark.threads


def test_an_interim_response_promises_no_content(weir, play):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    origin = play(script)
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        response = client.response()
        assert response.body == b"ok"
        assert [each.status for each in response.interim] == [103]
        assert "content-length" not in response.interim[0].fields


def test_a_length_goes_on_as_it_was_read(weir, play):
    def script(connection):
        connection.request()
        connection.respond(b"ok")

    origin = play(script)
    with weir.client() as client:
        client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "005")], b"12345")
        assert client.response().status == 200
    assert b"\r\nContent-Length: 5\r\n" in bytes(origin.connections[0].received)


def test_a_login_beyond_the_last_pin_is_shared_with_nobody(weir, play):
    """More origins than one client connection may have logins at: the last one's connection ends, it is not pooled."""

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")
        connection.request()
        connection.respond(b"secret")

    origins = [play(script) for _ in range(33)]
    with weir.client() as client:
        for origin in origins:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.response().status == 401
        with weir.client() as other:
            other.send_request("GET", origins[-1].url + "/", [("Host", origins[-1].authority)])
            assert other.response().status == 401


def test_slow_readers_leave_descriptors_for_others(play, origin):
    go = threading.Event()

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        try:
            while not go.is_set():
                connection.send(b"x" * 100000)
        except OSError:
            pass

    bulk = play(script)
    with Weir("workers = 1\n", wrapper=("prlimit", "--nofile=600:600")) as weir:
        readers = []
        for _ in range(160):
            client = weir.client(receive_buffer=4096)
            client.send_request("GET", bulk.url + "/", [("Host", bulk.authority)])
            readers.append(client)
        eventually(lambda: len(bulk.connections) == 160)
        # Until all of them are stuck, and hold whatever they hold.
        counts = [-1, weir.descriptors()]
        while counts[-1] != counts[-2]:
            time.sleep(0.5)
            counts.append(weir.descriptors())
        assert weir.get(origin.url + "/").status == 200
        go.set()
        for client in readers:
            client.reset()
