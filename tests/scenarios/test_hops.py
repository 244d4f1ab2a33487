"""What is for one hop and what is passed on: connections, hop-by-hop fields, Via, Max-Forwards (RFC
9110, 7.6; RFC 9112, 9)."""

import re
import threading

import pytest
from support.origin import answer_once, ok, serve


class TestConnections:
    def test_a_connection_carries_many_requests(self, weir, origin):
        with weir.client() as client:
            for number in range(20):
                client.send_request("GET", f"{origin.url}/{number}", [("Host", origin.authority)])
                assert client.response().body == b"ok"
        assert [request.target for request in origin.requests] == [f"/{number}" for number in range(20)]

    def test_pipelined_requests_are_answered_in_order(self, weir, play):
        slow = threading.Event()

        def script(connection):
            while connection.more():
                request = connection.request()
                if request.target == "/0":
                    assert slow.wait(10)
                connection.respond(request.target.encode() + request.body)

        origins = [play(script), play(script)]
        with weir.client() as client:
            data = b""
            for number in range(6):
                each = origins[number % 2]
                data += f"POST {each.url}/{number} HTTP/1.1\r\nHost: {each.authority}\r\nContent-Length: 2\r\n\r\n-{number}".encode()
            client.send(data)
            threading.Timer(0.2, slow.set).start()
            assert [client.response().body for _ in range(6)] == [f"/{n}-{n}".encode() for n in range(6)]

    def test_bytes_after_a_request_are_the_next_request(self, weir, origin):
        with weir.client() as client:
            head = f"POST {origin.url}/first HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: 3\r\n\r\nabc"
            client.send(head + f"GET {origin.url}/second HTTP/1.1\r\nHost: {origin.authority}\r\n\r\n")
            assert [client.response().status for _ in range(2)] == [200, 200]
        assert [(each.target, each.body) for each in origin.requests] == [("/first", b"abc"), ("/second", b"")]

    def test_a_half_close_after_a_complete_request_is_still_answered(self, weir, play):
        go = threading.Event()

        def script(connection):
            connection.request()
            assert go.wait(10)
            connection.respond(b"late")

        origin = play(script)
        with weir.client() as client:
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", "2")], b"hi")
            client.half_close()
            origin.wait_for_requests(1)
            threading.Timer(0.3, go.set).start()
            assert client.response().body == b"late"
            assert client.is_closed()

    def test_connection_close_is_honoured(self, weir, origin):
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority), ("Connection", "close")])
            response = client.response()
            assert "close" in response.fields.get("connection", "").lower()
            assert client.is_closed()

    def test_an_origin_that_closes_does_not_close_the_client(self, weir, play):
        origin = play(answer_once(ok(b"bye", [("Connection", "close")])))
        with weir.client() as client:
            for _ in range(2):
                client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
                response = client.response()
                assert (response.body, response.fields.get("connection")) in ((b"bye", None), (b"bye", "keep-alive"))
        assert len(origin.connections) == 2

    def test_empty_lines_before_a_request_are_ignored(self, weir, origin):
        with weir.client() as client:
            client.send(f"\r\nGET {origin.url}/ HTTP/1.1\r\nHost: {origin.authority}\r\n\r\n")
            assert client.response().status == 200


class TestHopByHop:
    def test_what_belongs_to_a_hop_is_removed(self, weir, origin):
        fields = [
            ("Host", origin.authority),
            ("Connection", "keep-alive, X-Private"),
            ("connection", "x-also"),
            ("X-Private", "1"),
            ("X-Also", "2"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
            ("Proxy-Authorization", "Basic c2VjcmV0OnNlY3JldA=="),
            ("TE", "gzip"),
            ("Upgrade", "h2c"),
            ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
            ("X-Kept", "3"),
        ]
        assert weir.exchange("GET", origin.url + "/", fields).status == 200
        names = {name.lower() for name in origin.requests[0].fields.names()}
        gone = [
            "x-private",
            "x-also",
            "keep-alive",
            "proxy-connection",
            "proxy-authorization",
            "te",
            "upgrade",
            "http2-settings",
        ]
        assert names.isdisjoint(gone)
        assert "x-kept" in names

    def test_fields_that_matter_keep_their_function_when_connection_names_them(self, weir, origin):
        named = "Host, Content-Length, Authorization, Cookie, Via, Cache-Control, Max-Forwards"
        fields = [
            ("Host", origin.authority),
            ("Connection", named),
            ("Authorization", "Basic eA=="),
            ("Content-Length", "3"),
        ]
        assert weir.exchange("POST", origin.url + "/", fields, b"abc").status == 200
        request = origin.requests[0]
        assert request.body == b"abc"
        assert request.fields.all("host") == [origin.authority]
        assert request.fields.get("authorization") == "Basic eA=="

    def test_from_origins_too(self, weir, play):
        fields = [("Connection", "X-Private, keep-alive"), ("X-Private", "1"), ("Keep-Alive", "timeout=5"), ("X-Kept", "2")]
        fields += [("Proxy-Connection", "close"), ("Upgrade", "h2c"), ("Proxy-Authenticate", "Basic realm=x")]
        origin = play(serve(ok(fields=fields)))
        response = weir.get(origin.url + "/")
        for name in ("x-private", "keep-alive", "proxy-connection", "upgrade"):
            assert name not in response.fields, name
        assert response.fields.get("x-kept") == "2"


class TestVia:
    def test_both_ways(self, weir, origin):
        response = weir.get(origin.url + "/", [("Via", "1.0 first"), ("Via", "1.1 second (x)")])
        via = origin.requests[0].fields.get("via")
        assert re.fullmatch(r"1\.0 first, 1\.1 second \(x\), 1\.1 \S+", via)
        assert re.fullmatch(r"1\.1 \S+", response.fields.get("via"))

    def test_a_loop_is_detected(self, weir, origin):
        weir.get(origin.url + "/")
        own = origin.requests[0].fields.get("via")
        response = weir.get(origin.url + "/", [("Via", f"1.1 other, {own}, 1.1 another")])
        assert response.status in (400, 502, 508)
        assert "proxy_loop_detected" in response.fields.get("proxy-status")
        assert len(origin.requests) == 1

    def test_another_weir_is_no_loop(self, start):
        one, other = start(), start()
        authority = f"127.0.0.1:{other.port}"
        response = one.get(f"http://{authority}/")
        assert response.status == 200
        assert "proxy-status" not in response.fields


class TestMaxForwards:
    @pytest.mark.parametrize("method", ["TRACE", "OPTIONS"])
    def test_it_counts_down(self, weir, origin, method):
        assert weir.exchange(method, origin.url + "/x", [("Max-Forwards", "5")]).status == 200
        assert origin.requests[0].fields.all("max-forwards") == ["4"]

    def test_trace_ends_at_0(self, weir, origin):
        fields = [("Max-Forwards", "0"), ("X-Seen", "yes"), ("Cookie", "secret=1"), ("Authorization", "Basic c2VjcmV0")]
        response = weir.exchange("TRACE", origin.url + "/x", fields)
        assert response.status == 200
        assert response.fields.get("content-type").startswith("message/http")
        assert "X-Seen: yes" in response.text and "/x" in response.text.splitlines()[0]
        assert "secret" not in response.text and "c2VjcmV0" not in response.text
        assert origin.connections == []

    def test_options_ends_at_0(self, weir, origin):
        response = weir.exchange("OPTIONS", origin.url + "/x", [("Max-Forwards", "0")])
        assert response.status in (200, 204)
        assert origin.connections == []

    def test_other_methods_pass_it_as_it_is(self, weir, origin):
        assert weir.get(origin.url + "/", [("Max-Forwards", "0")]).status == 200
        assert origin.requests[0].fields.all("max-forwards") == ["0"]

    @pytest.mark.parametrize("value", ["-1", "abc", "99999999999999999999999", "1, 2"])
    def test_nonsense(self, shared_weir, origin, value):
        response = shared_weir.exchange("TRACE", origin.url + "/", [("Max-Forwards", value)])
        assert response.status in (200, 400)

    def test_options_star(self, weir, origin):
        response = weir.exchange("OPTIONS", "*", [("Host", f"127.0.0.1:{weir.port}")])
        assert response.status in (200, 204)
        assert weir.exchange("OPTIONS", "*", [("Host", "example.org")]).status == 421
        # RFC 9112, 3.2.4: without path and query, the last proxy asks the origin with "*".
        assert weir.exchange("OPTIONS", origin.url, [("Host", origin.authority)]).status == 200
        assert origin.requests[0].target == "*"

    def test_star_is_for_options_alone(self, weir):
        assert weir.exchange("GET", "*", [("Host", f"127.0.0.1:{weir.port}")]).status == 400
