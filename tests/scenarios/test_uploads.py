"""Content from the client: streaming, early responses, and clients that are still sending."""

import socket
import threading
import time

import pytest
from support.client import Client
from support.message import Ended
from support.origin import serve


class TestStreaming:
    def test_content_flows_both_ways_at_once(self, weir, play):
        """The origin makes each piece of the answer from the piece of the request that came just
        before."""

        def script(connection):
            request = connection.head()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(5):
                assert connection.reader.line() == b"4"
                piece = connection.reader.exactly(6)[:4]
                connection.send(b"4\r\n" + piece.upper() + b"\r\n")
            assert connection.reader.line() == b"0"
            connection.reader.fields()
            request.complete = True
            connection.send("0\r\n\r\n")
            connection.wait_for_end()

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Transfer-Encoding", "chunked")])
            head = client.reader.response_head()
            assert head.status == 200
            for number in range(5):
                client.send(b"4\r\nab%02d\r\n" % number)
                assert client.reader.until(b"AB%02d" % number)
            client.send("0\r\n\r\n")
            assert client.reader.until(b"0\r\n\r\n")

    def test_each_piece_is_out_at_once(self, weir, play):
        """Weir does not hold small pieces back (server-sent events)."""
        go = threading.Semaphore(0)

        def script(connection):
            connection.request()
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in range(3):
                connection.send(b"b\r\ndata: %04d\n\r\n" % number)
                assert go.acquire(timeout=10)
            connection.send("0\r\n\r\n")

        origin = play(script)
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            for number in range(3):
                client.read_until(b"data: %04d" % number)
                go.release()
            client.read_until(b"0\r\n\r\n")


def refuse_early(connection):
    connection.head()
    connection.respond(b"enough", "403 Forbidden")
    connection.wait_for_end()


class TestEarlyResponses:
    """Weir shuts its sending side, but reads and drops what still comes, so that a client that is
    still sending sees the answer."""

    def check(self, weir, target, authority, status, size):
        with weir.client(wait=30) as client:
            fields = [("Host", authority), ("Content-Length", str(size))]
            client.send_request("POST", target, fields)
            piece = b"x" * 65536
            for _ in range(size // len(piece)):
                client.send(piece)  # A reset would end the test here.
            response = client.response()
            assert response.status == status and response.complete
            assert client.is_closed()
            return response

    def test_an_origin_that_answers_early(self, weir, play):
        origin = play(refuse_early)
        assert self.check(weir, origin.url + "/", origin.authority, 403, 20 << 20).body == b"enough"
        assert not any(request.complete for request in origin.requests)

    def test_an_origin_that_answers_early_and_resets(self, weir, play):
        def script(connection):
            connection.head()
            connection.respond(b"enough", "403 Forbidden", close=True)
            time.sleep(0.2)  # The answer is read before the reset overtakes it.
            connection.reset()

        origin = play(script)
        self.check(weir, origin.url + "/", origin.authority, 403, 8 << 20)

    def drip_early(self, connection):
        connection.head()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        connection.send_in_pieces(b"0123456789", delay=0.3)
        connection.wait_for_end()

    def test_an_answer_that_flows_outlasts_a_client_that_sends_no_more(self, start, play):
        weir = start('[timeouts]\ncontent = "1s"\n')
        origin = play(self.drip_early)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "100")], b"x")
            response = client.response()
            assert (response.body, response.complete) == (b"0123456789", True)
        assert not any(request.complete for request in origin.requests)
        assert weir.wait_log(1)[0].outcome == "complete"

    def test_an_answer_that_flows_outlasts_an_origin_that_takes_no_more(self, start, play):
        weir = start('[timeouts]\norigin_write = "1s"\n')
        origin = play(self.drip_early)
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
            assert (response.body, response.complete) == (b"0123456789", True)
        thread.join(10)
        assert weir.wait_log(1)[0].outcome == "complete"

    def test_an_error_of_weirs_own(self, weir, play):
        origin = play()
        origin.close()
        self.check(weir, origin.url + "/", origin.authority, 502, 8 << 20)

    def test_a_malformed_request_with_much_behind_it(self, weir):
        with weir.client() as client:
            client.send("GET http://127.0.0.1/ HTTP/1.1\r\nHost : x\r\n\r\n")
            for _ in range(64):
                client.send(b"x" * 65536)
            assert client.response().status == 400
            assert client.is_closed()

    def test_two_seconds_of_silence_end_it(self, weir, play):
        origin = play(refuse_early)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "1000000")], b"x")
            assert client.response().status == 403
            assert client.is_closed()  # Its sending side is shut at once.
            client.send(b"x")  # Weir still reads.
            weir.wait_log(1, within=15)
            deadline = time.monotonic() + 15
            with pytest.raises(OSError):
                while time.monotonic() < deadline:
                    time.sleep(3)
                    client.send(b"x")

    def test_64_mib_end_it(self, weir, play):
        origin = play(refuse_early)
        size = 1 << 30
        sent = 0
        with weir.client(wait=30) as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", str(size))])
            origin.wait_for_requests(1)
            piece = b"x" * 65536
            with pytest.raises(OSError):
                while sent < size:
                    client.send(piece)
                    sent += len(piece)
        assert (48 << 20) < sent < (256 << 20)


class TestCutUploads:
    """Content that is cut must never reach the origin as complete."""

    @pytest.mark.parametrize("framing", ["length", "chunked"])
    @pytest.mark.parametrize("how", ["close", "reset", "half"])
    def test_the_origin_sees_no_end(self, weir, play, framing, how):
        origin = play(serve())
        with weir.client() as client:
            if framing == "length":
                client.send_request(
                    "POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "100")], b"x" * 50
                )
            else:
                fields = [("Host", origin.authority), ("Transfer-Encoding", "chunked")]
                client.send_request("POST", origin.url + "/", fields, b"32\r\n" + b"x" * 50 + b"\r\n")
            origin.wait_for_requests(1)
            if how == "reset":
                client.reset()
            elif how == "half":
                client.half_close()
                client.rest()
            else:
                client.close()
            weir.wait_log(1)
        assert origin.complete == []
        assert b"\r\n0\r\n\r\n" not in bytes(origin.connections[0].received)

    @pytest.mark.parametrize(
        "rest", [b"zz\r\n", b"5\r\nabcdefg\r\n", b"-1\r\n", b"5 \r\nabcde\r\n", b"3\nabc\r\n", b"0\r\nbad trailer\r\n\r\n"]
    )
    def test_nor_of_malformed_content(self, weir, play, rest):
        origin = play(serve())
        with weir.client() as client:
            fields = [("Host", origin.authority), ("Transfer-Encoding", "chunked")]
            client.send_request("POST", origin.url + "/", fields, b"3\r\nabc\r\n")
            origin.wait_for_requests(1)
            client.send(rest)
            try:
                assert client.response().status in (400, 502)
            except Ended:
                pass
            assert client.is_closed()
        weir.wait_log(1)
        assert origin.complete == []

    def test_an_origin_that_dies_in_the_upload(self, weir, play):
        def script(connection):
            connection.head()
            connection.reader.exactly(100000)
            connection.reset()

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", str(4 << 20))])
            for _ in range(64):
                client.send(b"x" * 65536)
            assert client.response().status == 502
        assert len(origin.connections) == 1


def test_a_client_that_sends_slowly(weir, site):
    with Client(weir.port) as client:
        head = f"POST {site.url}/echo HTTP/1.1\r\nHost: {site.authority}\r\nContent-Length: 40\r\n\r\n"
        client.send_bytewise(head.encode() + b"0123456789" * 4)
        assert client.response().body == b"0123456789" * 4


class TestContentAfterTheAnswerHasBegun:
    HEAD = [("Transfer-Encoding", "chunked")]

    @pytest.mark.parametrize("flows", [False, True], ids=["the answer waits", "the answer flows"])
    def test_what_is_wrong_with_it_cuts_both_sides(self, weir, play, flows):
        """The answer may depend on the malformed content: neither side may mistake a part for the
        whole, or wait for bytes that can't come."""

        def script(connection):
            connection.head()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
            try:
                while flows:
                    time.sleep(0.02)
                    connection.send(b"4\r\nmore\r\n")
            except OSError:
                return
            assert connection.wait_for_end() == "reset"

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), *self.HEAD], b"3\r\nabc\r\n")
            client.read_until(b"hi")
            client.send(b"ZZ\r\n")
            with pytest.raises((Ended, ConnectionResetError)):
                client.read_until(b"0\r\n\r\n")
            # Logged at once, not when the client has gone.
            line = weir.wait_log(1)[0]
        assert (line.status, line.outcome) == (200, "http_request_error"), line

    def test_a_pause_longer_than_the_limit_loses_nothing(self, start, play):
        weir = start('[timeouts]\ncontent = "1s"\n')
        ended = threading.Event()

        def script(connection):
            request = connection.head()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

            def flow():
                while not ended.wait(0.1):
                    connection.send(b"4\r\nmore\r\n")

            flowing = threading.Thread(target=flow)
            flowing.start()
            try:
                connection.body(request)
            finally:
                ended.set()
                flowing.join(10)
            connection.send(b"3\r\nend\r\n0\r\n\r\n")

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), *self.HEAD], b"3\r\nabc\r\n")
            client.read_until(b"more")
            time.sleep(2.5)
            client.send(b"3\r\ndef\r\n0\r\n\r\n")
            client.read_until(b"end\r\n0\r\n\r\n")
        assert origin.requests[0].body == b"abcdef" and origin.requests[0].complete
        assert weir.wait_log(1)[0].outcome == "complete"

    def test_an_answer_is_awaited_while_the_content_moves(self, start, play):
        """This includes connections with urgent data, which may seem readable although they are
        not."""
        weir = start('[timeouts]\nfirst_byte = "2s"\n')

        def script(connection):
            request = connection.head()
            connection.send(b"HTTP/1.1 103 Early Hints\r\n\r")
            connection.socket.send(b"\n", socket.MSG_OOB)
            connection.body(request)
            connection.respond(request.body)

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "8")])
            for _ in range(8):
                client.send(b"x")
                time.sleep(0.5)
            response = client.response()
        assert (response.status, response.body) == (200, b"x" * 8)


def test_a_length_goes_on_as_it_was_read(weir, play):
    def script(connection):
        connection.request()
        connection.respond(b"ok")

    origin = play(script)
    with weir.client() as client:
        client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "005")], b"12345")
        assert client.response().status == 200
    assert b"\r\nContent-Length: 5\r\n" in bytes(origin.connections[0].received)
