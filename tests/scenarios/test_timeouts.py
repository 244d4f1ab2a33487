"""Each time limit has a key, and holds."""

import re
import subprocess
import threading
import time

import pytest
from support.client import Client, eventually
from support.origin import serve


def head(origin, *lines):
    return "\r\n".join([f"GET {origin.url}/ HTTP/1.1", f"Host: {origin.authority}", *lines]) + "\r\n\r\n"


class TestTimes:
    def test_a_slow_head(self, start):
        """The time for a head, by default 10 seconds, is for the whole head, not for each byte."""
        weir = start('[timeouts]\nhead = "1s"\n')
        before = time.monotonic()
        with weir.client() as client:
            client.send("GET http://127.0.0.1/ HTTP/1.1\r\n")
            with pytest.raises((OSError, AssertionError)):
                while time.monotonic() - before < 8:
                    client.send("X")
                    if not client.stays_open(0.2):
                        data = client.rest()
                        assert data == b"" or data.startswith(b"HTTP/1.1 408 ")
                        raise ConnectionResetError
            assert 0.8 < time.monotonic() - before < 6
        [line] = weir.wait_log(1)
        assert line.outcome != "complete" or line.status == 408

    def test_a_connection_that_says_nothing(self, start):
        weir = start('[timeouts]\nhead = "1s"\n')
        with weir.client() as client:
            assert client.is_closed(within=6)
        assert weir.log == []

    def test_a_slow_head_by_default(self, weir):
        with weir.client() as client:
            before = time.monotonic()
            client.send("GET http://127.0.0.1/ HTTP/1.1\r\n").wait(20)
            client.rest()
            assert 8 < time.monotonic() - before < 15

    def test_an_idle_client(self, start, origin):
        weir = start('[timeouts]\nclient_idle = "1s"\n')
        with weir.client() as client:
            client.send(head(origin))
            assert client.response().status == 200
            assert client.is_closed(within=6)
        assert len(weir.wait_log(1)) == 1

    def test_silence_in_an_answer(self, start, play):
        weir = start('[timeouts]\ncontent = "1s"\n')

        def script(connection):
            connection.request()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
            connection.wait_for_end()

        origin = play(script)
        response = weir.get(origin.url + "/")
        assert (response.status, response.complete) == (200, False)
        assert weir.wait_log(1)[0].outcome != "complete"
        eventually(lambda: origin.connections[0].ended)

    def test_silence_in_an_upload(self, start, origin):
        weir = start('[timeouts]\ncontent = "1s"\n')
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "100")], b"begun")
            data = client.rest()
            assert data == b"" or re.match(rb"HTTP/1\.1 (408|504|400|502) ", data)
        assert origin.complete == []

    def test_it_is_silence_that_counts_and_not_the_total(self, start, play):
        weir = start('[timeouts]\ncontent = "1s"\nfirst_byte = "2s"\n')

        def script(connection):
            connection.request()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
            connection.send_in_pieces(b"12345678", delay=0.3)

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "8")])
            for _ in range(8):
                client.send("x")
                time.sleep(0.3)
            assert client.response().body == b"12345678"

    def test_a_client_that_does_not_read(self, start, site):
        weir = start('[timeouts]\nclient_write = "1s"\n')
        with Client(weir.port, receive_buffer=4096) as client:
            client.send_request("GET", site.url + "/size/500000000", [("Host", site.authority)])
            [line] = weir.wait_log(1, within=15)
            assert line.outcome != "complete"
        eventually(lambda: site.connections[0].closed)

    def test_an_origin_that_does_not_read(self, start, play):
        weir = start('[timeouts]\norigin_write = "1s"\n')
        held = threading.Event()

        def script(connection):
            connection.head()
            held.wait(20)

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "500000000")])

            def sender():
                try:
                    while True:
                        client.send(b"x" * 65536)
                except OSError:
                    pass

            thread = threading.Thread(target=sender, daemon=True)
            thread.start()
            response = client.response()
            assert response.status in (502, 504)
        held.set()
        thread.join(10)

    def test_a_silent_tunnel(self, start, play):
        weir = start('[timeouts]\nfirst_byte = "1s"\n')
        origin = play(lambda connection: connection.wait_for_end())
        with weir.client() as client:
            client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
            assert client.response("CONNECT").status == 200
            assert client.is_closed(within=6)

    def test_expect(self, start, play):
        weir = start('[timeouts]\nexpect = "100ms"\n')
        origin = play(serve())
        with weir.client() as client:
            before = time.monotonic()
            fields = [("Host", origin.authority), ("Content-Length", "1"), ("Expect", "100-continue")]
            client.send_request("POST", origin.url + "/", fields)
            assert client.reader.response_head().status == 100
            assert time.monotonic() - before < 0.8
            client.send("x")
            assert client.response().status == 200

    def test_tcp_keep_alive_everywhere(self, weir, play):
        origin = play(lambda connection: connection.wait_for_end())
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            eventually(lambda: origin.connections)
            sockets = subprocess.run(["ss", "-tno"], capture_output=True, text=True, check=True).stdout.splitlines()
            ends = [tuple(line.split()[3:5]) for line in sockets]
            to_client = (f"127.0.0.1:{weir.port}", f"127.0.0.1:{client.port}")
            to_origin = next(pair for pair in ends if pair[1] == origin.authority)
            for pair in (to_client, to_origin):
                line = sockets[ends.index(pair)]
                assert re.search(r"timer:\(keepalive,(\d+sec|1min|59\.?)", line), line


class TestLinger:
    def test_its_keys(self, start, play):
        weir = start('[limits]\nlinger = "1MiB"\n')

        def script(connection):
            connection.head()
            connection.respond(b"enough", "403 Forbidden")
            connection.wait_for_end()

        origin = play(script)
        sent = 0
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "1000000000")])
            origin.wait_for_requests(1)
            with pytest.raises(OSError):
                while sent < 200 << 20:
                    client.send(b"x" * 65536)
                    sent += 65536
        assert sent < 40 << 20

    def test_total_time(self, start, play):
        weir = start('[timeouts]\nlinger = "1s"\n')

        def script(connection):
            connection.head()
            connection.respond(b"enough", "403 Forbidden")
            connection.wait_for_end()

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "1000000000")])
            before = time.monotonic()
            with pytest.raises(OSError):
                while time.monotonic() - before < 8:
                    client.send("x")
                    time.sleep(0.1)
            assert time.monotonic() - before < 6
