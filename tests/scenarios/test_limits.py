"""Each limit has a key, and holds."""

import socket
import threading
import time

import pytest
from support.client import Client, Ended, eventually, exchange
from support.origin import answer_once, ok, serve


def head(origin, *lines):
    return "\r\n".join([f"GET {origin.url}/ HTTP/1.1", f"Host: {origin.authority}", *lines]) + "\r\n\r\n"


class TestHeads:
    def test_200_fields_and_64_kib_by_default(self, weir, origin):
        # Host counts too.
        for count, status in ((199, 200), (200, 431)):
            assert exchange(weir.port, "GET", origin.url + "/", [(f"X-{n}", "v") for n in range(count)]).status == status
        # Just below the limit on the size of a head, and over it.
        assert weir.get(origin.url + "/", [("X-Large", "x" * 65000)]).status == 200
        assert weir.get(origin.url + "/", [("X-Large", "x" * 65600)]).status == 431

    @pytest.mark.parametrize("method", ["GET", "CONNECT"])
    def test_a_smaller_head(self, start, origin, method):
        weir = start('[limits]\nhead = "2KiB"\nfields = 10\n')
        target = origin.authority if method == "CONNECT" else origin.url + "/"
        for fields in ([("X-Large", "x" * 3000)], [(f"X-{n}", "v") for n in range(20)]):
            with weir.client() as client:
                client.send_request(method, target, [("Host", origin.authority), *fields])
                assert client.response(method).status == 431
                assert client.is_closed()
        assert weir.get(origin.url + "/", [("X-Small", "x" * 1000)]).status == 200
        assert len(origin.requests) == 1

    def test_heads_of_responses(self, start, play):
        weir = start('[limits]\nhead = "2KiB"\nfields = 10\n')
        for fields in ([("X-Large", "x" * 3000)], [(f"X-{n}", "v") for n in range(20)]):
            origin = play(answer_once(ok(fields=fields)))
            assert weir.get(origin.url + "/").status == 502

    @pytest.mark.parametrize("trailers", ["".join(f"X-{n}: v\r\n" for n in range(300)), "X-Large: " + "x" * 70000 + "\r\n"])
    def test_trailers(self, weir, play, trailers):
        origin = play(answer_once(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n{trailers}\r\n"))
        response = weir.get(origin.url + "/")
        assert response.status == 502 or not response.complete
        with weir.client() as client:
            fields = [("Host", origin.authority), ("Transfer-Encoding", "chunked")]
            client.send_request("POST", origin.url + "/", fields, f"0\r\n{trailers}\r\n".encode())
            try:
                assert client.response().status in (400, 431)
            except Ended:
                pass  # Cut, if a response's head had gone out.
        assert not any(request.complete and request.method == "POST" for request in origin.requests)

    def test_interim_responses(self, start, play):
        weir = start("[limits]\ninterim_responses = 3\n")
        hint = b"HTTP/1.1 103 Early Hints\r\n\r\n"
        assert len(weir.get(play(serve(hint * 3 + ok())).url + "/").interim) == 3
        assert weir.get(play(answer_once(hint * 4 + ok())).url + "/").status == 502

    def test_an_endless_head_costs_little(self, weir):
        with weir.client() as client:
            client.send("GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            with pytest.raises(OSError):
                for _ in range(2000):
                    client.send("X-Field: " + "v" * 65536 + "\r\n")
        assert weir.is_running()

    def test_an_endless_head_of_an_origin(self, weir, play):
        def script(connection):
            connection.request()
            connection.send("HTTP/1.1 200 OK\r\n")
            for _ in range(2000):
                connection.send("X-Field: " + "v" * 65536 + "\r\n")

        origin = play(script)
        assert weir.get(origin.url + "/").status == 502


@pytest.mark.threads
class TestConnections:
    def test_idle_ones_are_shed_first(self, start, origin):
        weir = start("[limits]\nconnections = 4\n")
        idle = []
        for _ in range(4):
            client = weir.client()
            client.send(head(origin))
            assert client.response().status == 200
            idle.append(client)
        for _ in range(3):
            assert weir.get(origin.url + "/").status == 200
        closed = [client for client in idle if not client.stays_open(0.2)]
        assert closed
        for client in idle:
            client.close()

    def test_then_accepting_stops(self, start, play):
        weir = start("[limits]\nconnections = 4\n")
        go = threading.Event()

        def script(connection):
            connection.request()
            assert go.wait(20)
            connection.respond(b"ok", close=True)

        origin = play(script)
        clients = []
        for number in range(6):
            clients.append(weir.client())
            clients[-1].send(head(origin, "Connection: close"))
            if number < 4:  # Weir would close one without a request as idle.
                eventually(lambda number=number: len(origin.connections) == number + 1)
        time.sleep(0.5)
        assert len(origin.connections) == 4
        go.set()
        assert [client.response().status for client in clients] == [200] * 6
        for client in clients:
            client.close()

    def test_few_descriptors(self, start, site):
        """When descriptors run out, accepting waits until some are free again, then goes on."""
        weir = start(wrapper=("prlimit", "--nofile=80"))
        clients = [Client(weir.port) for _ in range(150)]
        for client in clients[:60]:
            client.close()
        for client in clients[60:]:
            client.close()
        eventually(lambda: weir.get(site.url + "/").status == 200, within=15)
        held = [Client(weir.port) for _ in range(150)]
        for client in held:
            client.close()
        eventually(lambda: weir.get(site.url + "/").status == 200, within=15)

    def test_slow_clients_do_not_stop_others(self, weir, origin):
        slow = [Client(weir.port) for _ in range(300)]
        for client in slow:
            client.send("GET http://127.0.0.1/ HTTP/1.1\r\nX: ")
        before = time.monotonic()
        for _ in range(10):
            assert weir.get(origin.url + "/").status == 200
        assert time.monotonic() - before < 5
        for client in slow:
            client.close()

    def test_nothing_is_left_behind(self, weir, site):
        """Descriptors are closed, however the exchanges ended."""
        for _ in range(3):
            weir.get(site.url + "/")
        eventually(lambda: len(weir.log) == 3)
        before = weir.descriptors()
        for number in range(40):
            client = weir.client()
            client.send_request("GET", site.url + ("/size/1000000" if number % 2 else "/"), [("Host", site.authority)])
            client.reset() if number % 3 else client.close()
        eventually(lambda: weir.descriptors() <= before + 8, what="the closing of descriptors")


class TestPool:
    def test_idle_connections_are_closed(self, start, origin):
        weir = start('[pool]\nidle_timeout = "500ms"\n')
        assert weir.get(origin.url + "/").status == 200
        eventually(lambda: origin.connections[0].closed, within=6)

    def test_so_many_for_an_origin(self, start, play):
        weir = start("workers = 1\n[pool]\nidle_per_origin = 2\n")
        together = threading.Barrier(6)

        def script(connection):
            while connection.more():
                connection.request()
                together.wait(10)
                connection.respond(b"ok")

        origin = play(script)
        clients = [weir.client() for _ in range(6)]
        for client in clients:
            client.send(head(origin))
        assert [client.response().status for client in clients] == [200] * 6
        eventually(lambda: sum(not connection.closed for connection in origin.connections) <= 2)
        time.sleep(0.2)
        assert sum(not connection.closed for connection in origin.connections) == 2
        for client in clients:
            client.close()

    def test_none(self, start, origin):
        weir = start("[pool]\nidle = 0\n")
        for _ in range(3):
            assert weir.get(origin.url + "/").status == 200
        assert len(origin.connections) == 3


def test_a_megabyte_in_chunks_of_a_byte(weir, play):
    origin = play(serve(lambda request: ok(str(len(request.body)).encode())))
    size = 300_000
    with weir.client(wait=40) as client:
        client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Transfer-Encoding", "chunked")])
        client.socket.sendall(b"1\r\nx\r\n" * size + b"0\r\n\r\n")
        assert client.response().body == str(size).encode()
    # Weir does not pass the content on in such small chunks.
    assert len(origin.connections[0].received) < 4 * size


def test_many_clients_at_once(weir, site):
    faults = []

    def one():
        try:
            with socket.create_connection(("127.0.0.1", weir.port), 30):
                pass
            for _ in range(5):
                if weir.get(site.url + "/size/20000").status != 200:
                    faults.append("status")
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=one) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    weir.wait_log(300)
    assert len(weir.log) == 300
