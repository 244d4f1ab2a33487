"""Things that clients in use send although the grammar does not allow them, and what the origin and
the log see."""

import base64

import pytest
from support.client import Client, eventually
from support.origin import ok, serve
from support.tunnels import connect
from support.weir import Weir
from support.websocket import accept_key

SECRET = "s3cret"


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def ask(weir, origin, target, *fields, method="GET"):
    return weir.exchange(method, target, [("Host", origin.authority), *fields])


class TestNamesAndPasswordsInUrls:
    def test_become_an_authorization(self, weir, origin):
        url = f"http://ada:{SECRET}@{origin.authority}/path?to=a@b#part"
        assert ask(weir, origin, url).status == 200
        [request] = origin.requests
        assert request.line == "GET /path?to=a@b HTTP/1.1"
        assert request.fields.all("authorization") == [basic(f"ada:{SECRET}")]
        assert request.fields.all("host") == [origin.authority]
        assert weir.wait_log(1)[0].request == f"GET http://{origin.authority}/path?to=a@b HTTP/1.1"

    def test_the_requests_own_authorization_stays(self, weir, origin):
        url = f"http://ada:{SECRET}@{origin.authority}/"
        assert ask(weir, origin, url, ("Authorization", "Bearer x")).status == 200
        assert origin.requests[0].fields.all("authorization") == ["Bearer x"]

    def test_share_a_connection_with_requests_without(self, weir, origin):
        with weir.client() as client:
            for userinfo in (f"ada:{SECRET}@", "", "bob@"):
                client.send_request("GET", f"http://{userinfo}{origin.authority}/", [("Host", origin.authority)])
                assert client.response().status == 200
        assert len(origin.connections) == 1
        assert [request.fields.get("authorization") for request in origin.requests] == [
            basic(f"ada:{SECRET}"),
            None,
            basic("bob:"),
        ]

    def test_inside_a_tunnel(self, start, origin):
        weir = start('[tunnel]\nserve = "always"\n')
        with weir.client() as client:
            connect(client, origin.authority)
            url = f"http://ada:{SECRET}@{origin.authority}/"
            client.send_request("GET", url, [("Host", origin.authority)])
            assert client.response().status == 200
        assert origin.requests[0].fields.get("authorization").startswith("Basic ")
        assert all(SECRET not in line.line for line in weir.wait_log(2))

    # Each of these is refused for a different reason, or answered by Weir itself.
    SHOWN = [
        ("GET http://ada:s3cret@127.0.0.1:25/ HTTP/1.1\r\nHost: x\r\n\r\n", 403),
        ("GET http://ada:s3cret@169.254.169.254/ HTTP/1.1\r\nHost: x\r\n\r\n", 403),
        ("GET http://ada:s3cret@127.0.0.1:2/ HTTP/1.1\r\nHost: x\r\n\r\n", 502),
        ("GET http://ada:s3cret@127.0.0.1/ HTTP/1.1\r\n\r\n", 400),
        ("GET http://ada:s3cret@127.0.0.1/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET http://ada:s3cret@127.0.0.1/ HTTP/1.1\r\nHost: x\r\nno field\r\n\r\n", 400),
        ("GET http://ada:s3cret@127.0.0.1/ HTTP/1.1\r\nHost: x\r\nX: \\*\r\n\r\n", 431),
        ("GET http://ada:s3cret@127.0.0.1/ HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        ("GET http://ada:s3cret@127.0.0.1/ HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
        ("GET http://ada:s3cret word@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http://ada:s3cret@127.0.0.1/ HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", 417),
        ("GET https://ada:s3cret@127.0.0.1:2/ HTTP/1.1\r\nHost: x\r\n\r\n", 502),
        ("TRACE http://ada:s3cret@127.0.0.1/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n", 200),
        ("GET http://ada:s3cret@weir.internal/ HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        ("GET http://ada:s3cret@weir.internal/none HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        ("CONNECT ada:s3cret@127.0.0.1:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http://ada:s3cret@x@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http://ada:s3cret%0a@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http://ada:s3cret/x@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http:/ada:s3cret@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET ftp://ada:s3cret@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ]

    @pytest.mark.parametrize("log", ["common", "combined", "json", "squid"])
    def test_nothing_shows_them(self, start, tmp_path, log):
        path = tmp_path / "log"
        weir = start(f'[log]\nformat = "{log}"\nto = "{path}"\n')
        for raw, status in self.SHOWN:
            for accept in ("text/html", "text/plain"):
                with weir.client() as client:
                    client.send(raw.replace("\\*", "x" * 70000).replace("\r\n\r\n", f"\r\nAccept: {accept}\r\n\r\n"))
                    response = client.response(raw.split(" ")[0])
                    assert response.status == status, raw
                    assert SECRET not in response.text and SECRET not in str(response.fields.lines), raw
                    assert basic(f"ada:{SECRET}") not in response.text, raw
        lines = eventually(lambda: (text := path.read_text()).count("\n") == 2 * len(self.SHOWN) and text)
        assert SECRET not in lines and SECRET not in weir.stderr
        assert "127.0.0.1" in lines

    def test_nor_does_debug(self, start, origin):
        weir = start(arguments=["--debug", "0"])
        assert ask(weir, origin, f"http://ada:{SECRET}@{origin.authority}/x").status == 200
        assert ask(weir, origin, f"http://ada:{SECRET}@x@{origin.authority}/y").status == 400
        weir.wait_log(2)
        assert f"GET http://{origin.authority}/x HTTP/1.1" in weir.stderr
        assert SECRET not in weir.stdout and SECRET not in weir.stderr

    def test_nor_does_the_line_of_a_head_that_was_cut(self, weir):
        with weir.client() as client:
            client.send(f"GET http://ada:{SECRET}@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n")
            client.half_close()
            client.rest()
        assert weir.wait_log(1)[0].request == "GET http://127.0.0.1/ HTTP/1.1"

    def test_the_page_says_what_is_wrong(self, weir):
        for target, words in [
            (f"http://a:{SECRET}@b@c/", "more than one '@'"),
            (f"http://a%3a:{SECRET}@c/", "colon"),
            (f"http://a:{SECRET}%00@c/", "control"),
            (f"http://a:{SECRET}^@c/", "percent-encoded"),
            ("http://<x>/", "has a byte that no host name has"),
            ("http:///path", "The host is empty"),
        ]:
            response = weir.get(target, [("Host", "x")])
            assert response.status == 400
            assert words in response.text


class TestHost:
    """Weir passes Host on unchanged, since signatures are made over it."""

    @pytest.mark.parametrize("written", ["Name.Test:{}", "name.test.:{}", "NAME.test:{}"])
    def test_is_as_the_target_had_it(self, start, names, origin, written):
        names.set("name.test", "127.0.0.1")
        weir = start(names.config() + '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n')
        authority = written.format(origin.port)
        assert weir.exchange("GET", f"http://{authority}/", [("Host", "other.test")]).status == 200
        assert weir.exchange("GET", f"http://name.test:{origin.port}/", [("Host", "other.test")]).status == 200
        assert [request.fields.all("host") for request in origin.requests] == [[authority], [f"name.test:{origin.port}"]]
        weir.wait_log(2)

    def test_keeps_its_default_port(self, network, play):
        with network("198.51.100.7/32"):
            with Weir("workers = 1\n") as weir, play(host="198.51.100.7", port=80) as origin:
                for written in ("198.51.100.7:80", "198.51.100.7", "198.51.100.7:"):
                    assert weir.get(f"http://{written}/", [("Host", written)]).status == 200
                assert [request.fields.get("host") for request in origin.requests] == [
                    "198.51.100.7:80",
                    "198.51.100.7",
                    "198.51.100.7:",
                ]
                # For the pool they are one authority.
                assert len(origin.connections) == 1

    def test_of_an_http_1_0_request_comes_from_the_target(self, weir, origin):
        with weir.client() as client:
            client.send(f"GET {origin.url}/ HTTP/1.0\r\n\r\n")
            assert client.response().status == 200
        assert origin.requests[0].fields.all("host") == [origin.authority]


class TestTrailersThatAreAskedFor:
    TRAILING = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n"

    @pytest.mark.parametrize("te", ["trailers", "gzip;q=0.5, TRAILERS"])
    def test_by_te(self, weir, play, te):
        origin = play(serve(self.TRAILING))
        response = ask(weir, origin, origin.url + "/", ("TE", te), ("Connection", "TE, x-mine"), ("X-Mine", "1"))
        assert response.trailers.lines == [(b"X-Sum", b"7")]
        [request] = origin.requests
        assert request.fields.all("te") == ["trailers"]
        assert request.fields.all("connection") == ["TE"]
        assert "x-mine" not in request.fields

    def test_codings_alone_are_not(self, weir, origin):
        assert ask(weir, origin, origin.url + "/", ("TE", "gzip"), ("Connection", "TE")).status == 200
        assert "te" not in origin.requests[0].fields and "connection" not in origin.requests[0].fields

    def test_not_for_http_1_0(self, weir, origin):
        with weir.client() as client:
            client.send(f"GET {origin.url}/ HTTP/1.0\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
            assert client.response().status == 200
        assert "te" not in origin.requests[0].fields

    def test_not_beside_an_upgrade(self, weir, play):
        def script(connection):
            request = connection.request()
            key = request.fields.get("sec-websocket-key")
            connection.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n"
            )
            connection.wait_for_end()

        origin = play(script)
        fields = [("Host", origin.authority), ("Connection", "Upgrade, TE"), ("Upgrade", "websocket"), ("TE", "trailers")]
        fields += [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13")]
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", fields)
            assert client.response().status == 101
        assert origin.requests[0].fields.all("connection") == ["Upgrade"]


class TestTheOriginsOwn407:
    ANSWER = ok(b"no", status="407 Proxy Authentication Required", fields=[("Proxy-Authenticate", 'Basic realm="theirs"')])

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
    def test_is_no_question_for_the_proxys_password(self, weir, play, method):
        origin = play(serve(self.ANSWER if method != "HEAD" else self.ANSWER[:-2]))
        response = weir.exchange(method, origin.url + "/", body=b"x" if method == "POST" else b"")
        assert response.status == 502
        assert "proxy-authenticate" not in response.fields
        assert "http_protocol_error" in response.fields.get("proxy-status")
        if method != "HEAD":
            assert origin.authority in response.text and "407" in response.text
        line = weir.wait_log(1)[0]
        assert (line.status, line.outcome) == (502, "http_protocol_error")

    def test_passes_inside_a_tunnel(self, start, play):
        """Inside a tunnel the client speaks with the site, and believes that a 407 is the site's,
        as without a proxy."""
        weir = start('[tunnel]\nserve = "always"\n')
        origin = play(serve(self.ANSWER))
        with weir.client() as client:
            connect(client, origin.authority)
            client.send_request("GET", "/", [("Host", origin.authority)])
            assert client.response().status == 407


class TestHeadsThatCanNeverBecomeValid:
    """Weir answers as soon as it knows, not when the time for a head is over."""

    @pytest.mark.parametrize(
        "raw",
        [
            "GET http://127.0.0.1/ HTTP/1.1\rHost: 127.0.0.1\r\r",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\rX: y",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\rX",
            "GET http://127.0.0.1/\0",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \0",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \x1b",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n folded",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nno field",
            "GET http://127.0.0.1/ SMTP",
        ],
    )
    @pytest.mark.parametrize("bytewise", [False, True])
    def test_at_once(self, weir, raw, bytewise):
        with Client(weir.port) as client:
            if bytewise:
                client.send_bytewise(raw.encode())
            else:
                client.send(raw)
            assert client.response().status == 400  # The time limit would give 408.


def test_expect_without_content_is_not_passed_on(weir, origin):
    assert ask(weir, origin, origin.url + "/", ("Expect", "100-continue")).status == 200
    more = [("Expect", "100-continue"), ("Content-Length", "0")]
    assert ask(weir, origin, origin.url + "/", *more, method="POST").status == 200
    assert all("expect" not in request.fields for request in origin.requests)


def test_a_fragment_is_cut(weir, origin):
    assert ask(weir, origin, origin.url + "/a?b#c@d/e").status == 200
    assert origin.requests[0].line == "GET /a?b HTTP/1.1"
    assert ask(weir, origin, origin.url + "#c").status == 400
