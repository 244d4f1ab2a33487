"""Whoever spells what is denied in another way, or comes to it by another way, is denied all the same."""

import time

import pytest
from support.client import Ended
from support.origin import serve
from support.tls import client_hello
from support.tunnels import connect, echo

CUT = (Ended, ConnectionResetError)
LISTENER = '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'


def deny(what, more=""):
    return f'[[rule]]\nname = "no"\naction = "deny"\n{more}what = {{ {what} }}\n'


@pytest.fixture
def origin(play):
    return play(serve())


@pytest.fixture(params=["rule", "guard", "list"])
def denied_localhost(request, start, tmp_path):
    """A Weir that denies localhost, in each of the ways in which a configuration can."""
    if request.param == "rule":
        return start(deny('host = ["localhost"]'))
    if request.param == "guard":
        return start(deny('host = ["localhost"]', "guard = true\n"))
    (tmp_path / "list.txt").write_text("LocalHost.\n# whatever\n.localhost\n")
    return start(f'[lists.l]\npaths = ["{tmp_path}/list.txt"]\n' + deny('list = ["l"]'))


def status_of(weir, method, target, fields, body=b""):
    with weir.client() as client:
        client.send_request(method, target, fields, body)
        try:
            return client.response(method).status
        except CUT:
            return 0


class TestNames:
    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "LocalHost.", "localhost.", "a.localhost", "A.B.localhost."])
    def test_plain_and_by_connect(self, denied_localhost, origin, host):
        authority = f"{host}:{origin.port}"
        assert status_of(denied_localhost, "GET", f"http://{authority}/", [("Host", authority)]) == 403
        assert status_of(denied_localhost, "CONNECT", authority, [("Host", authority)]) == 403
        assert not origin.connections

    @pytest.mark.parametrize(
        "target",
        [
            "http://user:password@localhost:{port}/",
            "http://allowed.test:80@localhost:{port}/",
            "http://%6cocalhost:{port}/",
            "http://localhost%2e:{port}/",
            "http://localhost:{port}#@allowed.test/",
            "http://localhost:{port}?@allowed.test/",
            "http://allowed.test\\@localhost:{port}/",
            "http://local\thost:{port}/",
            "http://\xff\xfelocalhost:{port}/",
            "HTTP://LOCALHOST:{port}/",
            "http:///localhost:{port}/",
            "http:localhost:{port}/",
        ],
    )
    @pytest.mark.parametrize("host", ["allowed.test", "localhost:{port}"])
    def test_no_spelling_of_the_target_gets_there(self, denied_localhost, origin, target, host):
        fields = [("Host", host.format(port=origin.port))]
        assert status_of(denied_localhost, "GET", target.format(port=origin.port), fields) >= 400
        assert not origin.connections

    def test_no_field_gets_there(self, denied_localhost, origin):
        target = f"http://localhost:{origin.port}/"
        for name, value in (
            ("X-Forwarded-Host", "allowed.test"), ("X-Forwarded-For", "10.0.0.1"), ("Forwarded", "for=10.0.0.1;host=allowed.test"),
            ("X-Original-URL", "/allowed"), ("X-Rewrite-URL", "http://allowed.test/"), ("X-HTTP-Method-Override", "OPTIONS"),
            ("X-Real-IP", "10.0.0.1"), ("Proxy-Connection", "keep-alive"), ("Via", "1.1 weir"), ("Sec-Fetch-Dest", "image"),
            ("Upgrade", "websocket"), ("Proxy-Authorization", "Basic YTpi"), ("Referer", "http://allowed.test/"),
        ):
            # In place of an image an empty one is answered.
            status = status_of(denied_localhost, "GET", target, [("Host", f"localhost:{origin.port}"), (name, value)])
            assert status in ((200,) if name == "Sec-Fetch-Dest" else (400, 403, 508)), name
        assert not origin.connections

    def test_inside_a_tunnel_the_inner_name_counts(self, start, play):
        origin = play(serve())
        weir = start('[tunnel]\nserve = "always"\n' + deny('host = ["localhost"]'))
        with weir.client() as client:
            connect(client, f"127.0.0.1:{origin.port}")
            client.send_request("GET", "/", [("Host", f"localhost:{origin.port}")])
            assert client.response().status in (403, 421)
        assert not any(connection.received for connection in origin.connections)

    def test_a_pooled_connection_serves_no_denied_name(self, start, origin):
        weir = start("workers = 1\n" + deny('host = ["localhost"]'))
        assert weir.get(f"http://127.0.0.1:{origin.port}/").status == 200
        assert weir.get(f"http://localhost:{origin.port}/").status == 403
        assert len(origin.connections) == 1

    @pytest.mark.parametrize("name", ["evil.test", "EVIL.TEST", "www.Evil.test"])
    def test_a_server_name(self, start, play, name):
        origin = play(echo)
        weir = start(deny('host = ["evil.test"]'))
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(client_hello(name))
            with pytest.raises(CUT):
                client.read(1)
        assert not any(connection.received for connection in origin.connections)

    @pytest.mark.parametrize("host, status", [("xn--bcher-kva.test", 403), ("XN--BCHER-KVA.TEST.", 403), ("www.xn--Bcher-kva.test", 403), ("b\xc3\xbccher.test", 400)])
    def test_punycode(self, start, host, status):
        weir = start(deny('host = ["xn--bcher-kva.test"]'))
        assert status_of(weir, "GET", f"http://{host}/", [("Host", host)]) == status


def in_records(hello, size):
    """The same ClientHello in records of `size` bytes."""
    message = hello[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part for part in parts)


def named(name):
    """A ClientHello with a name that Python's library would not send."""
    return client_hello("n" * len(name)).replace(b"n" * len(name), name)


EVIL = client_hello("evil.test")


class TestTunnels:
    """What a tunnel to an allowed host names in its first bytes."""

    @pytest.fixture(params=['host = ["evil.test"]', "sni_missing = true"])
    def weir(self, request, start):
        return start(deny(request.param))

    @pytest.fixture
    def origin(self, play):
        return play(echo)

    def is_cut(self, weir, origin, *pieces, ends=False):
        """Sends the pieces, with a pause of 1.5 s between two. True: nothing of them went to the origin."""
        with weir.client() as client:
            connect(client, origin.authority)
            for number, piece in enumerate(pieces):
                time.sleep(1.5 if number else 0)
                client.send(piece)
            if ends:
                client.half_close()
            try:
                client.read(1)
            except CUT:
                return not any(connection.received for connection in origin.connections)
            return False

    @pytest.mark.parametrize(
        "hello, ends",
        [
            (client_hello("evil.test", [f"{n:0250}" for n in range(70)]), False),
            (in_records(EVIL, len(EVIL) // 70), False),
            (in_records(EVIL, 1), False),
            (b"\x16\x03\x01\x00\x00" + EVIL, False),
            (EVIL[:3] + b"\x00\x02" + EVIL[5:7] + b"\x16\x03\x01\x00\x00" + in_records(EVIL[:5] + EVIL[7:], 16384), False),
            (b"\x16", True),
            (EVIL[:-1], True),
        ],
        ids=["large", "70 records", "records of a byte", "empty record in front", "empty record amidst", "one byte", "cut short"],
    )
    def test_a_hello_that_cant_be_read(self, weir, origin, hello, ends):
        assert self.is_cut(weir, origin, hello, ends=ends)

    @pytest.mark.parametrize(
        "name", [b"x..evil.test", b".evil.test", b"evil.test..", b"evil.test\0", b"\0evil.test", b"evil.test:443", b"*.evil.test"]
    )
    def test_a_server_name_that_is_no_host_name(self, weir, origin, name):
        assert self.is_cut(weir, origin, named(name))

    def test_an_address_counts_as_no_name(self, start, play):
        assert not self.is_cut(start(deny('host = ["evil.test"]')), play(echo), named(b"127.0.0.1"))
        assert self.is_cut(start(deny("sni_missing = true")), play(echo), named(b"127.0.0.1"))

    def test_a_slow_hello(self, start, origin):
        weir = start(deny('host = ["evil.test"]'))
        assert self.is_cut(weir, origin, EVIL[:1], EVIL[1:])
        assert weir.wait_log(1)[0].details["sni"] == "evil.test", "it was read"
        good = client_hello("good.test")
        assert not self.is_cut(weir, origin, good[:1], good[1:])
        assert bytes(origin.connections[-1].received) == good

    def test_an_origin_that_speaks_meanwhile(self, start, play):
        def speak(connection):
            time.sleep(0.5)
            connection.send("220 ready\r\n")
            connection.wait_for_end()

        origin = play(speak)
        assert self.is_cut(start(deny('host = ["evil.test"]')), origin, EVIL[:100])

    @pytest.mark.parametrize("serve", ["needed", "always", "never"])
    @pytest.mark.parametrize(
        "head",
        [
            "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: WWW.Evil.Test.:81\r\n\r\n",
            "GET http://evil.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n",
            "GET http://allowed.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n",
            "CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: evil.test\r\nUpgrade: h2c\r\n\r\n",
        ],
    )
    def test_the_host_of_a_head_that_is_relayed(self, start, origin, serve, head):
        weir = start(f'[tunnel]\nserve = "{serve}"\n' + deny('host = ["evil.test"]'))
        assert self.is_cut(weir, origin, head)
        assert not self.is_cut(weir, origin, head.replace("evil", "good").replace("Evil", "good"))


class TestAddresses:
    SPELLINGS = ["127.0.0.1", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "127.000.000.001"]

    @pytest.mark.parametrize("host", SPELLINGS)
    @pytest.mark.parametrize("what", ['address = ["127.0.0.0/8"]', 'address = ["::ffff:127.0.0.1"]'])
    def test_a_denied_network_in_any_spelling(self, start, origin, what, host):
        weir = start(deny(what))
        authority = f"{host}:{origin.port}"
        assert status_of(weir, "GET", f"http://{authority}/", [("Host", authority)]) >= 400
        assert status_of(weir, "CONNECT", authority, [("Host", authority)]) >= 400
        assert not origin.connections

    def test_by_a_name(self, start, origin, names):
        names.set("inside.test", "127.0.0.1")
        names.set("alias.test", {"CNAME": "inside.test"})
        weir = start(names.config() + deny('address = ["127.0.0.0/8"]') + LISTENER)
        for host in ("inside.test", "alias.test"):
            assert status_of(weir, "GET", f"http://{host}:{origin.port}/", [("Host", host)]) == 403
        assert not origin.connections

    def test_ports(self, start, origin):
        weir = start(deny(f"port = [{origin.port}]"))
        for port in (f"{origin.port}", f"0{origin.port}", f"+{origin.port}", f" {origin.port}", f"{origin.port + 65536}"):
            authority = f"127.0.0.1:{port}"
            assert status_of(weir, "GET", f"http://{authority}/", [("Host", authority)]) >= 400
            assert status_of(weir, "CONNECT", authority, [("Host", authority)]) >= 400
        assert not origin.connections


class TestOrder:
    def test_a_list_opens_nothing(self, start, origin, tmp_path):
        """Its exceptions are no rules: whoever writes the list does not write the table."""
        (tmp_path / "list.txt").write_text("@@||localhost^\nother.test\nlocalhost CNAME rpz-passthru.\nmore.test\nserver=/localhost/#\nlast.test\nmuch.test\n")
        lists = f'[lists.l]\npaths = ["{tmp_path}/list.txt"]\n[[rule]]\nname = "list"\naction = "filter"\nwhat.list = ["l"]\n'
        weir = start(lists + deny('host = ["localhost"]'))
        assert weir.get(f"http://localhost:{origin.port}/").status == 403

    def test_nothing_opens_what_a_guard_closes(self, start, origin):
        allow = '[[rule]]\nname = "yes"\naction = "allow"\n'
        weir = start(allow + deny('host = ["localhost"]', "guard = true\n"))
        assert weir.get(f"http://localhost:{origin.port}/").status == 403
        assert weir.get(f"http://127.0.0.1:{origin.port}/").status == 200
