"""Requests and responses of HTTP/1.1 and 1.0 on their way through (RFC 9110, RFC 9112)."""

import datetime
import re
import threading

import pytest
from support.origin import Origin, answer_once, ok, serve


def test_absolute_form_becomes_origin_form(weir, origin):
    response = weir.get(f"{origin.url}/a/b?c=d")
    assert (response.status, response.body) == (200, b"ok")
    request = origin.requests[0]
    assert request.line == "GET /a/b?c=d HTTP/1.1"
    assert request.fields.all("host") == [origin.authority]


@pytest.mark.parametrize(
    "target, seen", [("", "/"), ("?x", "/?x"), ("/", "/"), ("/?", "/?"), ("//a//b/../c", "//a//b/../c")]
)
def test_target_without_path(shared_weir, origin, target, seen):
    assert shared_weir.get(origin.url + target, [("Host", origin.authority)]).status == 200
    assert origin.requests[0].target == seen


@pytest.mark.parametrize(
    "raw", [r"/a\b", "/a|b", "/caf\xc3\xa9", "/%00%0d%0a%ff", '/"quoted"', "/{x}^`y`[z]", "/%zz", "/a;b=c,d?e=f?g"]
)
def test_path_and_query_pass_as_they_came(shared_weir, origin, raw):
    assert shared_weir.get(f"{origin.url}{raw}?q={raw}", [("Host", origin.authority)]).status == 200
    assert origin.requests[0].target == f"{raw}?q={raw}"


def test_ipv6_literal(weir):
    with Origin(host="::1") as origin:
        assert weir.get(origin.url + "/x").status == 200
        assert origin.requests[0].fields.all("host") == [origin.authority]


def test_port_80_is_the_default(network, start):
    with network():
        weir = start()
        with Origin(port=80) as origin:
            assert weir.get("http://127.0.0.1/x").status == 200
            assert weir.get("http://127.0.0.1:80/y", [("Host", "127.0.0.1")]).status == 200
            assert [request.fields.get("host") for request in origin.requests][0] == "127.0.0.1"


def test_scheme_and_host_in_capitals(weir, origin):
    assert weir.get(f"HTTP://LOCALHOST:{origin.port}/", [("Host", f"localhost:{origin.port}")]).status == 200
    assert origin.requests[0].fields.get("host").lower() == f"localhost:{origin.port}"


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/", "ws://127.0.0.1/", "file:///etc/passwd", "urn:isbn:1"])
def test_other_schemes_are_refused(shared_weir, target):
    assert shared_weir.get(target, [("Host", "127.0.0.1")]).status in (400, 501)


def test_a_host_that_differs_is_replaced(weir, origin):
    assert weir.get(origin.url + "/", [("Host", "other.example:99")]).status == 200
    assert origin.requests[0].fields.all("host") == [origin.authority]


def test_unknown_methods_and_fields_pass_untouched_and_in_order(weir, play):
    sent = [
        ("X-Zeta", "1"),
        ("accept", "*/*"),
        ("X-alpha", "a,  b ,c"),
        ("X-Zeta", "2"),
        ("x-empty", ""),
        ("X-8bit", "caf\xe9"),
    ]
    answer = [("X-One", "1"), ("Server", "x"), ("x-two", "2"), ("X-One", "3"), ("X-Empty", "")]
    origin = play(serve(ok(fields=answer)))
    response = weir.exchange("BREW-Coffee", origin.url + "/pot", sent)
    request = origin.requests[0]
    assert request.method == "BREW-Coffee"
    expected = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent]
    assert [line for line in request.fields.lines if line in expected] == expected
    expected = [(name.encode(), value.encode()) for name, value in answer]
    assert [line for line in response.fields.lines if line in expected] == expected


def test_nothing_is_added_but_via_and_framing(weir, origin):
    weir.get(origin.url + "/", [("Host", origin.authority), ("User-Agent", "t")])
    assert {name.lower() for name in origin.requests[0].fields.names()} <= {"host", "user-agent", "via", "connection"}


def test_several_set_cookie_are_kept_apart(weir, play):
    cookies = ["a=1; Expires=Wed, 09 Jun 2032 10:18:14 GMT", "b=2; Path=/", "a=3"]
    origin = play(serve(ok(fields=[("Set-Cookie", cookie) for cookie in cookies])))
    assert weir.get(origin.url + "/").fields.all("set-cookie") == cookies


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_content_with_a_length(shared_weir, site, method):
    body = bytes(range(256)) * 300
    response = shared_weir.exchange(method, site.url + "/echo", body=body)
    assert (response.status, response.body) == (200, body)
    assert site.requests[0].fields.all("content-length") == [str(len(body))]


def test_chunked_both_ways(weir, play):
    answer = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;ext=1\r\n world\r\n1;a="b;c"\r\n!\r\n0;last\r\n\r\n'
    origin = play(serve(answer))
    with weir.client() as client:
        client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Transfer-Encoding", "chunked")])
        client.send("5;name=value\r\nhello\r\n").send("A\r\n0123456789\r\n0\r\n\r\n")
        response = client.response()
    assert response.body == b" world!"
    assert origin.requests[0].body == b"hello0123456789"
    for extension in (b"name=value", b"ext=1"):
        assert extension not in bytes(origin.connections[0].received)


def test_trailers_both_ways(weir, play):
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nX-Two: b\r\n\r\n"
    origin = play(serve(answer))
    with weir.client() as client:
        fields = [("Host", origin.authority), ("Transfer-Encoding", "chunked"), ("TE", "trailers"), ("Connection", "TE")]
        client.send_request("POST", origin.url + "/", fields, b"2\r\nhi\r\n0\r\nX-Request-Sum: 9\r\n\r\n")
        response = client.response()
    assert response.trailers.lines == [(b"X-Sum", b"7"), (b"X-Two", b"b")]
    assert origin.requests[0].trailers.lines == [(b"X-Request-Sum", b"9")]


def test_a_response_without_date_gets_one(weir, play):
    """RFC 9110, section 6.6.1. A Date field that the origin sent stays unchanged, even if it is not
    a date."""
    origin = play(serve(lambda request: ok(b"", fields=[] if request.target == "/" else [("Date", "never")])))
    date = weir.get(origin.url + "/").fields.get("date")
    when = datetime.datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.timezone.utc)
    assert abs(datetime.datetime.now(datetime.timezone.utc) - when) < datetime.timedelta(minutes=2)
    assert weir.get(origin.url + "/own").fields.all("date") == ["never"]


def test_content_that_ends_with_the_connection(weir, play):
    origin = play(answer_once(b"HTTP/1.1 200 OK\r\n\r\nuntil the end"))
    response = weir.get(origin.url + "/")
    assert response.body == b"until the end" and response.complete


def test_head(weir, play):
    origin = play(serve(lambda request: ok(b"" if request.method == "HEAD" else b"x" * 10).replace(b": 0", b": 10")))
    with weir.client() as client:
        client.send_request("HEAD", origin.url + "/", [("Host", origin.authority)])
        response = client.response("HEAD")
        assert (response.status, response.fields.get("content-length")) == (200, "10")
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.response().body == b"x" * 10
    assert len(origin.connections) == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_responses_without_content(weir, play, status):
    answer = f'HTTP/1.1 {status}\r\nETag: "x"\r\n\r\n'.encode()
    origin = play(serve(lambda request: answer if request.target == "/none" else ok()))
    with weir.client() as client:
        client.send_request("GET", origin.url + "/none", [("Host", origin.authority)])
        assert client.response().line == f"HTTP/1.1 {status}"
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.response().body == b"ok"


@pytest.mark.parametrize("line", ["200 ", "299 Odd but fine", "404 Not Found", "418 I'm a teapot", "500 Oops", "599 x"])
def test_any_final_status_passes(shared_weir, play, line):
    origin = play(serve(f"HTTP/1.1 {line}\r\nContent-Length: 2\r\n\r\nhi".encode()))
    response = shared_weir.get(origin.url + "/")
    assert (response.status, response.body) == (int(line[:3]), b"hi")


class TestHttp10:
    def test_a_client_without_host(self, weir, origin):
        with weir.client() as client:
            client.send(f"GET {origin.url}/x HTTP/1.0\r\n\r\n")
            assert client.response().body == b"ok"
            assert client.is_closed()
        assert origin.requests[0].line == "GET /x HTTP/1.1"
        assert origin.requests[0].fields.all("host") == [origin.authority]

    def test_a_client_gets_no_chunks_and_no_interim_response(self, weir, play):
        body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n"
        origin = play(serve(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + body))
        with weir.client() as client:
            client.send(f"GET {origin.url}/ HTTP/1.0\r\n\r\n")
            response = client.response()
            assert (response.interim, response.chunked, response.body) == ([], False, b"abc")
            assert client.is_closed()

    def test_a_client_may_keep_its_connection(self, weir, origin):
        with weir.client() as client:
            for _ in range(2):
                client.send(f"GET {origin.url}/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                response = client.response()
                assert response.body == b"ok"
                if response.fields.get("connection", "").lower() != "keep-alive":
                    assert client.is_closed()
                    break

    def test_an_upload(self, weir, site):
        with weir.client() as client:
            client.send(f"POST {site.url}/echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello")
            assert client.response().body == b"hello"

    def test_an_origin(self, weir, play):
        origin = play(answer_once(b"HTTP/1.0 200 Fine\r\nX-Old: yes\r\n\r\nold content"))
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            response = client.response()
        assert (response.minor, response.status, response.body) == (1, 200, b"old content")
        assert re.match(r"1\.0 \S+", response.fields.get("via"))

    def test_an_origin_with_a_length(self, weir, play):
        origin = play(answer_once(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
        for _ in range(2):
            assert weir.get(origin.url + "/").body == b"abc"
        assert len(origin.connections) == 2


class TestInterim:
    def test_103_is_passed_on(self, weir, play):
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
        release = threading.Event()

        def script(connection):
            connection.request()
            connection.send(hints)
            assert release.wait(10)
            connection.send(hints + ok(b"page"))

        origin = play(script)
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            first = client.reader.response_head()  # It comes before the final response.
            release.set()
            response = client.response()
        assert (first.status, first.fields.get("link")) == (103, "</style.css>; rel=preload")
        assert [each.status for each in response.interim] == [103]
        assert response.body == b"page"

    def test_other_interim_responses(self, weir, play):
        origin = play(serve(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 Odd\r\nX-A: b\r\n\r\n" + ok()))
        response = weir.get(origin.url + "/")
        assert [each.status for each in response.interim] == [102, 199]

    def test_an_interim_response_promises_no_content(self, weir, play):
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

    def test_a_flood_of_them_ends(self, weir, play):
        def script(connection):
            connection.request()
            for _ in range(10000):
                connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")

        origin = play(script)
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            response = client.response()
        assert response.status == 502
        assert len(response.interim) <= 16

    def test_101_that_nobody_asked_for(self, weir, play):
        origin = play(answer_once(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello"))
        assert weir.get(origin.url + "/").status == 502
