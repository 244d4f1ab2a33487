"""Limits on connections to one origin and of one client, and what requests beyond them get."""

import threading

import pytest
from support.client import Client, eventually
from support.weir import Weir

pytestmark = pytest.mark.threads


class Counting:
    """Answers each request after `go`, and counts how many connections there were at once."""

    def __init__(self, play):
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.go = threading.Event()
        self.origin = play(self.script)

    def script(self, connection):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            while True:
                connection.request()
                assert self.go.wait(20)
                connection.respond(b"ok")
        except Exception:  # pylint: disable=broad-except
            pass  # Weir has closed the connection.
        finally:
            with self.lock:
                self.now -= 1


def ask(client, origin):
    client.send_request("GET", origin.url + "/", [("Host", origin.authority)])


def test_more_clients_than_connections(start, play):
    weir = start("[limits]\nconnections_per_origin = 2\n")
    counting = Counting(play)
    clients = [weir.client() for _ in range(8)]
    for client in clients:
        ask(client, counting.origin)
    eventually(lambda: counting.now == 2)
    counting.go.set()
    assert [client.response().status for client in clients] == [200] * 8
    assert counting.most <= 2
    for client in clients:
        client.close()


def test_who_waits_too_long_is_told(start, play):
    weir = start('[limits]\nconnections_per_origin = 1\n[timeouts]\nconnect = "500ms"\n')
    counting = Counting(play)
    with weir.client() as first, weir.client() as second:
        ask(first, counting.origin)
        eventually(lambda: counting.now == 1)
        ask(second, counting.origin)
        response = second.response()
        assert response.status == 503
        assert b"connections_per_origin" in response.body
        counting.go.set()
        assert first.response().status == 200
        ask(second, counting.origin)
        assert second.response().status == 200


def test_one_who_waits_and_goes_harms_nobody(start, play):
    weir = start("[limits]\nconnections_per_origin = 1\n")
    counting = Counting(play)
    with weir.client() as first, weir.client() as last:
        ask(first, counting.origin)
        eventually(lambda: counting.now == 1)
        lost = weir.client()
        ask(lost, counting.origin)
        ask(last, counting.origin)
        lost.reset()
        counting.go.set()
        assert first.response().status == 200
        assert last.response().status == 200


def test_tunnels_do_not_count(start, play):
    weir = start("[limits]\nconnections_per_origin = 1\n")
    counting = Counting(play)
    counting.go.set()
    with weir.client() as tunnel, weir.client() as plain:
        tunnel.send_request("CONNECT", counting.origin.authority, [("Host", counting.origin.authority)])
        assert tunnel.response("CONNECT").status == 200
        ask(plain, counting.origin)
        assert plain.response().status == 200


def test_connections_of_one_client(network):
    config = '[limits]\nconnections_per_client = 3\n[[listener]]\naddress = "198.51.100.7:0"\nclients = ["198.51.100.0/24"]\n'
    with network("198.51.100.7/32"), Weir(config) as weir:
        kept = [Client(weir.port, "198.51.100.7") for _ in range(3)]
        for client in kept:
            client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
            assert client.response().status == 200
        with Client(weir.port, "198.51.100.7") as beyond:
            beyond.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
            response = beyond.response()
            assert response.status == 503 and b"connections_per_client" in response.body
            assert beyond.is_closed(within=5)
        for client in kept:
            client.close()

        def let_in_again():
            with Client(weir.port, "198.51.100.7") as client:
                client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
                return client.response().status == 200

        eventually(let_in_again)


def test_this_machine_has_no_limit(start, origin):
    weir = start("[limits]\nconnections_per_client = 1\n")
    with weir.client() as one, weir.client() as two:
        for client in (one, two):
            ask(client, origin)
            assert client.response().status == 200
