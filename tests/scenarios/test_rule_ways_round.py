"""Ways round a rule that are not other spellings of what it names: later facts, aliases, parts."""

import threading

import pytest
from support.client import Ended, eventually
from support.origin import serve
from support.reloading import Reloading
from support.tunnels import connect

CUT = (Ended, ConnectionResetError)
LISTENER = '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'


def rule(action, what, more=""):
    return f'[[rule]]\nname = "no"\naction = "{action}"\n{more}what = {{ {what} }}\n'


def status_of(weir, url, fields=()):
    with weir.client() as client:
        client.send_request("GET", url, [("Host", url.split("/")[2]), *fields])
        return client.response().status


@pytest.fixture
def picture(play):
    """Answers with a picture of 50 bytes, of which it gives parts."""

    def answer(connection):
        while connection.more():
            request = connection.head()
            ranges = request.fields.get("range", "")
            if "," in ranges:
                connection.respond(b"--x\r\nContent-Type: image/png\r\n\r\n1\r\n--x--\r\n", "206 Partial Content", [("Content-Type", "multipart/byteranges; boundary=x")])
            elif ranges:
                connection.respond(b"1234", "206 Partial Content", [("Content-Type", "image/png"), ("Content-Range", "bytes 0-3/50")])
            else:
                connection.respond(b"x" * 50, "200 OK", [("Content-Type", "image/png")])

    return play(answer, tolerant=True)


class TestAliases:
    @pytest.fixture
    def names(self, names):
        names.set("ads.test", "127.0.0.1")
        names.set("a.test", {"CNAME": "ads.test"})
        names.set("b.test", "127.0.0.1")
        return names

    @pytest.mark.parametrize(
        "what",
        [
            'host = ["ads.test"], content_type = ["image/*"]',
            'host = ["ads.test"], not_content_type = ["text/html"]',
            'host = ["ads.test"], size_over = "10B"',
            'host = ["ads.test"], address = ["127.0.0.0/8"]',
            'host = ["ads.test"], type = ["image"]',
            'url = ["http://ads.test:*/x*"]',
            'host = ["ads.test"], method = ["GET"]',
        ],
    )
    @pytest.mark.parametrize("more", ["", "guard = true\n"])
    def test_what_is_known_later_holds_for_them_too(self, start, names, picture, what, more):
        weir = start(names.config() + rule("deny", what, more) + LISTENER)
        for host, status in (("ads.test", 403), ("a.test", 403), ("b.test", 200)):
            # A guard doubts what a client says of the type; other rules go by it, and in place of a
            # denied image an empty one is answered.
            fields = [] if what.endswith(', type = ["image"]') and not more else [("Sec-Fetch-Dest", "document")]
            # Twice: the second time by a connection of the pool.
            for _ in range(2):
                assert status_of(weir, f"http://{host}:{picture.port}/x", fields) == status, host

    def test_an_allow_that_waits_opens_no_alias(self, start, names, picture):
        text = names.config() + rule("allow", 'content_type = ["text/html"]') + rule("deny", 'host = ["ads.test"]').replace("no", "ads") + LISTENER
        weir = start(text)
        assert status_of(weir, f"http://a.test:{picture.port}/x") == 403
        assert status_of(weir, f"http://b.test:{picture.port}/x") == 200


    def test_an_allow_that_asks_for_the_path_comes_in_time(self, start, names, picture):
        weir = start(names.config() + rule("allow", 'url = ["http://ads.test:*/ok*"]') + rule("deny", 'host = ["ads.test"]').replace("no", "ads") + LISTENER)
        for host in ("ads.test", "a.test"):
            assert status_of(weir, f"http://{host}:{picture.port}/ok") == 200
            assert status_of(weir, f"http://{host}:{picture.port}/x") == 403

    def test_a_reload_to_no_rules_ends_the_counting(self, tmp_path, names, play):
        def slowly(connection):
            connection.body(connection.head())
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
            go.wait(30)
            connection.send("1\r\ny\r\n0\r\n\r\n")

        go = threading.Event()
        origin = play(slowly)
        with Reloading(tmp_path, names.config() + rule("deny", 'size_over = "1MiB"') + LISTENER) as weir, weir.client() as client:
            host = f"a.test:{origin.port}"
            client.send_request("GET", f"http://{host}/", [("Host", host)])
            head = client.reader.response_head()
            weir.reload(names.config() + LISTENER)
            go.set()
            client.reader.chunked(head)
            assert head.body == b"xy"


class TestParts:
    @pytest.mark.parametrize("what", ['content_type = ["image/*"]', 'type = ["image"]'])
    def test_an_answer_in_several_parts_hides_no_type(self, start, picture, what):
        weir = start(rule("deny", what, "guard = true\n"))
        for ranges in ("bytes=0-0,1-", "bytes=0-0, 1-2", "bytes=0-3"):
            assert status_of(weir, picture.url + "/x", [("Range", ranges), ("Sec-Fetch-Dest", "document")]) == 403

    def test_without_such_rules_parts_come_as_they_are(self, start, picture):
        weir = start(rule("deny", 'host = ["evil.test"]'))
        assert status_of(weir, picture.url + "/x", [("Range", "bytes=0-0,1-")]) == 206

    def test_an_origin_can_t_choose_its_size(self, start, play):
        def answer(connection):
            connection.body(connection.head())
            connection.send("HTTP/1.1 200 OK\r\nContent-Range: bytes 0-0/1\r\nContent-Length: 50\r\n\r\n" + "x" * 50)

        weir = start(rule("deny", 'size_over = "40B"'))
        assert status_of(weir, play(answer, tolerant=True).url + "/") == 403

    def test_of_several_types_the_last_counts(self, start, play):
        def answer(connection):
            connection.body(connection.head())
            connection.respond(b"x", "200 OK", [("Content-Type", "image/png, text/javascript")])

        weir = start(rule("deny", 'type = ["script"]', "guard = true\n"))
        assert status_of(weir, play(answer, tolerant=True).url + "/", [("Sec-Fetch-Dest", "image")]) in (200, 403)
        assert weir.wait_log(1)[0].details["rule"] == "no"

    def test_a_part_tells_the_size_of_the_whole(self, start, picture):
        weir = start(rule("deny", 'size_over = "40B"'))
        assert status_of(weir, picture.url + "/x", [("Range", "bytes=0-3")]) == 403


class TestThisMachine:
    @pytest.mark.parametrize("host", ["0.0.0.0", "[::ffff:0.0.0.0]", "[::]", "127.0.0.1", "[::ffff:127.0.0.1]"])
    def test_its_other_addresses(self, start, play, host):
        origin = play(serve())
        weir = start(rule("deny", 'address = ["127.0.0.0/8", "::1"]', "guard = true\n"))
        assert status_of(weir, f"http://{host}:{origin.port}/") == 403
        with weir.client() as client:
            connect(client, f"{host}:{origin.port}", status=403)

    @pytest.mark.parametrize("what", ['host = ["127.0.0.1"]', 'url = ["http://127.0.0.1:*/*"]', 'host = ["::ffff:127.0.0.1"]', 'url = ["http://[::ffff:127.0.0.1]:*/*"]'])
    def test_a_mapped_address_is_the_address(self, start, play, what):
        origin = play(serve())
        weir = start(rule("deny", what))
        assert status_of(weir, f"http://127.0.0.1:{origin.port}/") == 403
        assert status_of(weir, f"http://[::ffff:7f00:1]:{origin.port}/") == 403

    @pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "::ffff:127.0.0.0/104"])
    def test_a_client_by_a_mapped_address(self, start, play, address):
        origin = play(serve())
        weir = start(f'[[client]]\nname = "me"\naddresses = ["{address}"]\n' + rule("deny", 'host = ["*"]', 'who.client = ["me"]\n'))
        assert status_of(weir, origin.url + "/") == 403


class TestPaths:
    @pytest.mark.parametrize(
        "denied, path",
        [
            ("/@bad/*", "/%40bad/x"), ("/a+b", "/a%2Bb"), ("/secret*", "/x/..%2fsecret"), ("/secret*", "/%2Fsecret"), ("/secret*", "//secret"),
            ("/secret*", "/x%5C..%5Csecret"), ("/secret/*", "/secret;a=b/x"), ("/secret*", "/x/..;/secret"), ("/secret*", "/%73ecret"),
        ],
    )
    def test_a_denied_path_in_any_reading(self, start, play, denied, path):
        origin = play(serve())
        weir = start(rule("deny", f'url = ["http://*:*{denied}"]'))
        assert status_of(weir, origin.url + path) == 403
        assert status_of(weir, origin.url + "/other") == 200

    @pytest.mark.parametrize("path", ["/docs/..%2fadmin", "/docs/%2e%2e%2fadmin", "/docs/..%5cadmin", "/docs/..;/admin", "/docs/../admin"])
    def test_an_allowed_path_opens_no_other(self, start, play, path):
        origin = play(serve())
        weir = start('[policy]\ndefault = "deny"\n' + rule("allow", 'url = ["http://*:*/docs/*"]'))
        assert status_of(weir, origin.url + path) == 403
        for allowed in ("/docs/x", "/docs/a;v=1/b", "/docs/a%2Fb", "/docs//b"):
            assert status_of(weir, origin.url + allowed) == 200

    def test_a_redirection_lets_its_one_target_through(self, start, play):
        origin = play(serve())
        weir = start(rule("redirect", 'host = ["127.0.0.1"]', f'to = "{origin.url}"\n'))
        assert status_of(weir, origin.url + "/") == 200
        assert status_of(weir, origin.url + "/other") == 307
        assert status_of(weir, origin.url + "/?page=other") == 307


class TestWhatRuns:
    @pytest.mark.parametrize("what", ['url = ["http://127.0.0.1:*/ws"]', 'method = ["GET"]', 'type = ["websocket"]', 'host = ["127.0.0.1"]'])
    def test_a_websocket_ends_when_a_rule_comes(self, tmp_path, site, what):
        with Reloading(tmp_path) as weir, weir.client() as client:
            client.send_request("GET", site.url + "/ws", [("Host", site.authority), ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")])
            assert client.reader.response_head().status == 101
            weir.reload(rule("deny", what))
            with pytest.raises(CUT):
                client.read(1)

    @pytest.mark.parametrize("head", ["Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n"])
    def test_content_that_is_too_large_by_a_new_rule(self, tmp_path, play, head):
        def slowly(connection):
            connection.body(connection.head())
            piece = b"x" * 20000
            connection.send(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + (b"4e20\r\n" + piece + b"\r\n" if "chunked" in head else piece))
            connection.more()

        origin = play(slowly, tolerant=True)
        before = rule("deny", 'size_over = "5000B"', 'mode = "audit"\n')
        with Reloading(tmp_path, before) as weir, weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.reader.response_head().status == 200
            eventually(lambda: client.read(1000), what="the first bytes")
            weir.reload(rule("deny", 'size_over = "5000B"'))
            with pytest.raises(CUT):
                client.read(60000)
