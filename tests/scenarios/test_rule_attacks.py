"""Whoever spells what is denied in another way, or comes to it by another way, is denied all the same."""

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
