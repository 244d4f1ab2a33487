"""Content from the client: Expect and 100 (Continue), early responses, and clients that are still sending."""

import threading
import time

import pytest
from support.client import Client
from support.message import Ended
from support.origin import ok, serve

BODY = b"the content"


def send_expecting(client, origin, method="POST", body=b"", version="1.1", more=()):
    fields = [("Host", origin.authority), ("Content-Length", str(len(BODY))), ("Expect", "100-continue"), *more]
    client.send_request(method, origin.url + "/", fields, body, version)


def continuing(connection):
    """An origin that asks for the content with a 100."""
    request = connection.head()
    assert request.fields.get("expect") == "100-continue"
    connection.send("HTTP/1.1 100 Continue\r\n\r\n")
    connection.body(request)
    connection.respond(request.body)


class TestExpect:
    def test_the_origins_100_asks_for_the_content(self, weir, play):
        origin = play(continuing)
        with weir.client() as client:
            before = time.monotonic()
            send_expecting(client, origin)
            assert client.reader.response_head().status == 100
            assert time.monotonic() - before < 0.9
            client.send(BODY)
            response = client.response()
        assert (response.interim, response.body) == ([], BODY)

    def test_nothing_of_the_content_goes_before_the_100(self, weir, play):
        waited = []

        def script(connection):
            request = connection.head()
            connection.socket.settimeout(0.4)
            try:
                waited.append(connection.socket.recv(1))
            except TimeoutError:
                waited.append(None)
            connection.socket.settimeout(10)
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")
            connection.body(request)
            connection.respond(request.body)

        origin = play(script)
        with weir.client() as client:
            send_expecting(client, origin)
            assert client.reader.response_head().status == 100
            client.send(BODY)
            assert client.response().body == BODY
        assert waited == [None]

    def test_a_silent_origin_gets_the_content_after_a_second(self, weir, play):
        def script(connection):
            request = connection.request()  # No 100; the content comes nevertheless.
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")  # A late one, which is dropped.
            connection.respond(request.body)

        origin = play(script)
        with weir.client() as client:
            before = time.monotonic()
            send_expecting(client, origin)
            assert client.reader.response_head().status == 100
            assert 0.7 < time.monotonic() - before < 5
            client.send(BODY)
            response = client.response()
        assert (response.interim, response.body) == ([], BODY)

    def test_an_upload_refused_within_a_second_is_never_asked_for(self, weir, play):
        def script(connection):
            connection.head()
            connection.respond(b"no", "401 Unauthorized", [("WWW-Authenticate", "Basic realm=x")])
            assert connection.wait_for_end() in ("eof", "reset")
            assert BODY not in bytes(connection.received)

        origin = play(script)
        with weir.client() as client:
            send_expecting(client, origin)
            response = client.response()
            assert (response.status, response.interim) == (401, [])

    def test_content_that_has_begun_needs_no_100(self, weir, play):
        origin = play(serve(lambda request: ok(request.body)))
        with weir.client() as client:
            before = time.monotonic()
            send_expecting(client, origin, body=BODY)
            response = client.response()
            assert (response.interim, response.body) == ([], BODY)
            assert time.monotonic() - before < 0.9

    def test_content_that_has_begun_and_an_origin_with_a_100(self, weir, play):
        origin = play(continuing)
        with weir.client() as client:
            send_expecting(client, origin, body=BODY)
            response = client.response()
            assert (response.interim, response.body) == ([], BODY)

    def test_several_100s_are_one(self, weir, play):
        def script(connection):
            request = connection.head()
            connection.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            connection.body(request)
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")
            connection.respond(request.body)

        origin = play(script)
        with weir.client() as client:
            send_expecting(client, origin)
            assert client.reader.response_head().status == 100
            client.send(BODY)
            response = client.response()
            assert (response.interim, response.body) == ([], BODY)

    @pytest.mark.parametrize("before", [b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"])
    def test_a_100_and_the_answer_at_once(self, weir, play, before):
        """The origin has asked for the content: it gets it, and the client is told before it hears the answer."""

        def script(connection):
            request = connection.head()
            connection.send(before + b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n")
            connection.body(request)
            connection.send(request.body)

        origin = play(script)
        with weir.client() as client:
            send_expecting(client, origin)
            heads = [client.reader.response_head().status for _ in range(2 + bool(before))]
            assert heads[-2:] == [100, 200]
            client.send(BODY)
            assert client.reader.exactly(len(BODY)) == BODY

    def test_a_head_that_fills_its_block_is_no_content(self, weir, play):
        """What came fills a block just so: that more may be there is no sign that the content has begun."""

        def script(connection):
            connection.head()
            time.sleep(0.3)  # In which nobody may ask.
            connection.respond(b"no", "401 Unauthorized", close=True)

        origin = play(script)
        for block in (16384 - 64, 16384):  # What Weir reads a head into.
            with weir.client() as client:
                head = (
                    f"POST {origin.url}/ HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: {len(BODY)}\r\n"
                    "Expect: 100-continue\r\nX: "
                )
                client.send(head + "x" * (block - len(head) - 4) + "\r\n\r\n")
                response = client.response()
                assert (response.status, response.interim) == (401, [])

    def test_a_client_of_http_1_0_gets_no_100(self, weir, play):
        origin = play(serve(lambda request: ok(request.body)))
        with weir.client() as client:
            send_expecting(client, origin, version="1.0", body=BODY)
            response = client.response()
            assert (response.interim, response.body) == ([], BODY)

    def test_an_upload_that_no_origin_takes_is_never_asked_for(self, weir, play):
        origin = play()
        origin.close()
        with weir.client() as client:
            send_expecting(client, origin)
            response = client.response()
            assert (response.status, response.interim) == (502, [])

    def test_without_content_there_is_no_100(self, weir, origin):
        with weir.client() as client:
            fields = [("Host", origin.authority), ("Expect", "100-continue")]
            client.send_request("GET", origin.url + "/", fields)
            response = client.response()
            assert (response.status, response.interim) == (200, [])

    @pytest.mark.parametrize(
        "lines", [["100-continue", "100-continue"], ["100-Continue"], ["100-continue, x"], ["other"], [""]]
    )
    def test_odd_expectations_do_no_harm(self, weir, play, lines):
        origin = play(serve(lambda request: ok(request.body)))
        with weir.client() as client:
            fields = [("Host", origin.authority), ("Content-Length", str(len(BODY)))] + [("Expect", line) for line in lines]
            client.send_request("POST", origin.url + "/", fields, BODY)
            assert client.response().status in (200, 400, 417)
        assert weir.get(weir.url + "/").status == 200

    def test_a_client_that_leaves_while_asked(self, weir, play):
        origin = play(continuing)
        with weir.client() as client:
            send_expecting(client, origin)
            assert client.reader.response_head().status == 100
        weir.wait_log(1)
        assert origin.complete == []

    def test_chunked_content(self, weir, play):
        origin = play(continuing)
        with weir.client() as client:
            fields = [("Host", origin.authority), ("Transfer-Encoding", "chunked"), ("Expect", "100-continue")]
            client.send_request("PUT", origin.url + "/", fields)
            assert client.reader.response_head().status == 100
            client.send(b"3\r\nabc\r\n0\r\n\r\n")
            assert client.response().body == b"abc"


class TestStreaming:
    def test_content_flows_both_ways_at_once(self, weir, play):
        """Each piece of the answer is made from a piece of the request that came just before."""

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
        """A slow trickle (server-sent events) is not held back."""
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
    """The sending side is shut; what comes is read and dropped, so that a client that is still sending sees the answer."""

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
            client.send(b"x")  # It still reads.
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
