"""Expect and 100 (Continue): which client is asked for its content, and when."""

import time

import pytest
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
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")  # A late 100, which is dropped.
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
        """The origin has asked for the content, so it gets it, and the client gets the 100 before
        the answer."""

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
        """The head fills a block exactly. Then more bytes may follow, but that does not mean that
        the content has begun."""

        def script(connection):
            connection.head()
            time.sleep(0.3)  # No 100 may come in this time.
            connection.respond(b"no", "401 Unauthorized", close=True)

        origin = play(script)
        for block in (16384 - 64, 16384):  # Sizes of the blocks into which Weir reads a head.
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


class TestA100ThatNobodyAskedFor:
    """Weir passes it on (RFC 9110, 15.2), with its own reason and fields."""

    @pytest.mark.parametrize(("method", "fields", "body"), [("GET", [], b""), ("POST", [("Content-Length", "3")], b"abc")])
    def test_goes_on(self, weir, play, method, fields, body):
        def script(connection):
            connection.request()
            connection.send("HTTP/1.1 100 Go\r\nX-Hint: 1\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\nHTTP/1.1 100 Again\r\n\r\n")
            connection.respond(b"ok")

        origin = play(script)
        with weir.client() as client:
            client.send_request(method, origin.url + "/", [("Host", origin.authority), *fields], body)
            response = client.response(method)
        assert (response.status, response.body) == (200, b"ok")
        assert [each.status for each in response.interim] == [100, 100]
        assert response.interim[0].fields.get("x-hint") == "1" and "x-hop" not in response.interim[0].fields

    def test_but_not_to_http_1_0(self, weir, play):
        def script(connection):
            connection.request()
            connection.send("HTTP/1.1 100 Go\r\n\r\n")
            connection.respond(b"ok")

        origin = play(script)
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", version="1.0")
            response = client.response()
        assert (response.status, response.interim) == (200, [])
