"""Where Weir connects to and where it never does: the rules for listeners, names, addresses and
ports."""

import contextlib
import socket
import subprocess

import pytest
from support.client import Client, eventually, exchange
from support.namespace import Etc
from support.nameserver import Answer, NameServer, Sequence
from support.origin import Origin
from support.weir import Weir, run

PUBLIC = "93.184.216.34"
REACHABLE = "93.184.216.99"
METADATA = ["169.254.169.254", "[fd00:ec2::254]", "100.100.100.200"]


def refused_by_rule(response, *words):
    assert response.status == 403, response
    assert "proxy-status" in response.fields
    assert "destination_ip_prohibited" in response.fields.get(
        "proxy-status"
    ) or "http_request_denied" in response.fields.get("proxy-status")
    for word in words:
        assert word in response.text, response.text
    return response


class TestLoopbackListener:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.0.0.2", "app.localhost"])
    def test_loopback_as_a_literal_or_as_localhost(self, shared_weir, host):
        bind = "127.0.0.2" if host == "127.0.0.2" else "127.0.0.1"
        with Origin(host=bind) as origin:
            assert shared_weir.get(f"http://{host}:{origin.port}/").status == 200

    def test_by_the_hosts_file(self, start, network, names):
        with Etc(hosts="127.0.0.1 localhost dev.test\n127.0.0.1 other\n") as etc, Origin() as origin:
            weir = start(names.config(), wrapper=etc.wrapper)
            assert weir.get(f"http://dev.test:{origin.port}/").status == 200
            assert weir.get(f"http://OTHER:{origin.port}/").status == 200
        assert names.asked("dev.test") == 0

    @pytest.mark.parametrize(
        "address",
        ["127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "169.254.7.7", "::1", "::", "fe80::1"]
        + ["::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "::ffff:169.254.1.1"],
    )
    def test_a_name_that_dns_resolves_to_it_is_refused(self, start, names, origin, address):
        names.set("rebind.test", [address])
        weir = start(names.config())
        refused_by_rule(weir.get(f"http://rebind.test:{origin.port}/"), "local_names")
        with weir.client() as client:
            client.send_request("CONNECT", f"rebind.test:{origin.port}", [("Host", "rebind.test")])
            assert client.response("CONNECT").status == 403
        assert origin.connections == []

    def test_an_alias_of_localhost_is_refused(self, start, names, origin):
        names.set("alias.test", {"CNAME": "localhost.test"})
        names.set("localhost.test", "127.0.0.1")
        weir = start(names.config())
        refused_by_rule(weir.get(f"http://alias.test:{origin.port}/"))

    @pytest.mark.parametrize(
        "pattern, allowed, denied", [("dev.test", "dev.test", "x.dev.test"), ("*.dev.test", "x.dev.test", "devx.test")]
    )
    def test_local_names(self, start, names, origin, pattern, allowed, denied):
        names.set(allowed, "127.0.0.1")
        names.set(denied, "127.0.0.1")
        weir = start(names.config() + f'[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["{pattern}"]\n')
        assert weir.get(f"http://{allowed}:{origin.port}/").status == 200
        assert weir.get(f"http://{allowed.upper()}.:{origin.port}/").status == 200
        refused_by_rule(weir.get(f"http://{denied}:{origin.port}/"))

    def test_an_answer_of_public_and_local_addresses(self, network):
        """Weir never connects to the local address, whether or not the other one works."""
        with network(f"{PUBLIC}/32"), NameServer({"mixed.test": ["127.0.0.1", PUBLIC]}) as names, Weir(
            names.config()
        ) as weir:
            with Origin(host="127.0.0.1") as local:
                assert weir.get(f"http://mixed.test:{local.port}/").status in (403, 502)
                assert local.connections == []
                with Origin(host=PUBLIC, port=local.port) as public:
                    assert weir.get(f"http://mixed.test:{local.port}/").status == 200
                    assert len(public.connections) == 1
                assert local.connections == []

    def test_rebinding(self, network):
        """The name had a public address a moment ago: policy judges the address that Weir connects
        to, without a second look-up."""
        with network(f"{PUBLIC}/32"), NameServer() as names, Weir(names.config() + '[dns]\nmin_ttl = "0s"\n') as weir:
            names.set("turn.test", {"A": Sequence(Answer([PUBLIC], ttl=0), Answer(["127.0.0.1"], ttl=0))})
            with Origin(host=PUBLIC) as public, Origin(port=public.port) as local, weir.client() as client:
                client.send_request(
                    "GET", f"http://turn.test:{public.port}/", [("Host", "turn.test"), ("Connection", "close")]
                )
                assert client.response().status == 200
                assert names.asked("turn.test", "A") == 1
                for _ in range(6):
                    assert weir.get(f"http://turn.test:{public.port}/").status in (200, 403)
                assert local.connections == []
                with weir.client() as other:
                    other.send_request("CONNECT", f"turn.test:{public.port}", [("Host", "turn.test")])
                    assert other.response("CONNECT").status == 403
                assert local.connections == []

    def test_private_addresses_are_allowed_unless_denied(self, network):
        with network("10.1.2.3/32", "fd12::7/128"):
            with Origin(host="10.1.2.3") as origin, Origin(host="fd12::7") as six:
                with NameServer({"intra.test": "10.1.2.3"}) as names:
                    with Weir(names.config()) as weir:
                        for host in ("10.1.2.3", "intra.test"):
                            assert weir.get(f"http://{host}:{origin.port}/").status == 200
                        assert weir.get(six.url + "/").status == 200
                    with Weir(names.config() + '[[listener]]\naddress = "127.0.0.1:0"\nprivate = "deny"\n') as weir:
                        for host in ("10.1.2.3", "intra.test", "[::ffff:10.1.2.3]"):
                            refused_by_rule(weir.get(f"http://{host}:{origin.port}/"), "private")
                        refused_by_rule(weir.get(six.url + "/"))
            assert len(origin.requests) == 2 and len(six.requests) == 1

    @pytest.mark.parametrize("host", METADATA + ["[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]"])
    def test_metadata_addresses_are_none(self, shared_weir, host):
        refused_by_rule(shared_weir.get(f"http://{host}/latest/meta-data/"))

    def test_metadata_is_not_reached_by_a_local_name_either(self, start, names):
        names.set("meta.test", "169.254.169.254")
        weir = start(names.config() + '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n')
        refused_by_rule(weir.get("http://meta.test/"))

    @pytest.mark.parametrize(
        "host", ["127.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.01", "0177.0.0.1"]
    )
    @pytest.mark.parametrize("method", ["GET", "CONNECT"])
    def test_odd_spellings_of_addresses(self, shared_weir, origin, host, method):
        authority = f"{host}:{origin.port}"
        with shared_weir.client() as client:
            target = authority if method == "CONNECT" else f"http://{authority}/"
            client.send_request(method, target, [("Host", authority)])
            assert client.response(method).status in (400, 403)
        assert origin.connections == []

    @pytest.mark.parametrize(
        "authority",
        [
            "127.0.0.1%2f",
            "[::1%25lo]",
            "[fe80::1%lo]",
            "127.0.0.1\\",
            "a..b",
            ".a",
            "a" * 64 + ".test",
            "%6c" + "ocalhost",
        ]
        + ["loc\xe3\x80\x82alhost", "[127.0.0.1]", "[::1", "::1"],
    )
    def test_authorities_that_are_none(self, shared_weir, authority):
        assert shared_weir.get(f"http://{authority}/", [("Host", "x")]).status == 400


class TestPorts:
    BLOCKED = [22, 23, 25, 110, 143, 2375, 2379, 3306, 3389, 5432, 5900, 6000, 6379, 6667, 9200, 11211, 27017]

    @pytest.mark.parametrize("port", BLOCKED)
    @pytest.mark.parametrize("method", ["GET", "CONNECT"])
    def test_the_block_list(self, shared_weir, port, method):
        target = f"127.0.0.1:{port}" if method == "CONNECT" else f"http://127.0.0.1:{port}/"
        with shared_weir.client() as client:
            client.send_request(method, target, [("Host", f"127.0.0.1:{port}")])
            response = client.response(method)
        assert response.status == 403
        assert "blocked_ports" in response.text

    def test_it_is_a_key(self, start, origin):
        weir = start(f"blocked_ports = [{origin.port}]\n")
        assert weir.get(origin.url + "/").status == 403
        assert weir.get("http://127.0.0.1:6379/").status in (502, 200)


@contextlib.contextmanager
def reachable(network, *addresses, rules="", names=None, clients=f'["{REACHABLE}/32"]'):
    """A separate network with a Weir that other machines could reach."""
    with network(f"{REACHABLE}/32", f"{PUBLIC}/32", *addresses), NameServer(names) as server:
        config = f'{server.config()}[[listener]]\naddress = "{REACHABLE}:0"\nclients = {clients}\n{rules}'
        with Weir(config) as weir:
            weir.ask = lambda method, target, fields=None: exchange(
                weir.addresses[0][1], method, target, fields, host=REACHABLE
            )
            yield weir


def is_local(host):
    command = ["ip", "route", "get", host.strip("[]")]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return found.startswith("local ")


class TestReachableListener:
    def test_without_clients_it_does_not_start(self, tmp_path):
        for address in ("0.0.0.0:0", "[::]:0", f"{REACHABLE}:0", "192.168.1.1:0"):
            path = tmp_path / "weir.toml"
            path.write_text(f'[[listener]]\naddress = "{address}"\n')
            status, stdout, stderr = run("--config", str(path))
            assert status != 0 and stdout == ""
            assert "clients" in stderr

    def test_it_serves_its_clients_alone(self, network):
        with reachable(network, "93.184.216.50/32") as weir, Origin(host=PUBLIC) as origin:
            assert weir.ask("GET", origin.url + "/").status == 200
            port = weir.addresses[0][1]
            with socket.socket() as stranger:
                stranger.settimeout(10)
                stranger.bind(("93.184.216.50", 0))
                stranger.connect((REACHABLE, port))
                try:
                    stranger.sendall(f"GET {origin.url}/ HTTP/1.1\r\nHost: {origin.authority}\r\n\r\n".encode())
                    answer = stranger.recv(65536)
                except OSError:
                    answer = b""
                assert answer == b"" or b" 403 " in answer.split(b"\r\n")[0]
            assert len(origin.requests) == 1

    DENIED = (
        "127.0.0.1 localhost 127.8.8.8 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255 169.254.1.1 "
        "0.0.0.0 0.1.2.3 192.0.0.1 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 "
        "255.255.255.255 [::1] [::] [::2] [fc00::1] [fdff::1] [fe80::1] [fec0::1] [ff02::1] [ff0e::1] [2001:db8::1] [100::1] "
        "[::ffff:127.0.0.1] [::ffff:10.0.0.1] [::ffff:192.168.1.1] [::10.0.0.1] [::127.0.0.1] [2002:a00:1::1] [2002:7f00:1::] "
        "[64:ff9b::a00:1] [64:ff9b::7f00:1] [64:ff9b:1::a00:1] [2001:0:5db8:d822::f5ff:fffe] [2001:0:a00:1::1]"
    ).split()

    def test_what_is_no_destination(self, network):
        """Tries the addresses as literals, and as DNS answers for a name."""
        with reachable(network) as weir, Origin(host="127.0.0.1") as local:
            faults = []
            for host in self.DENIED:
                response = weir.ask("GET", f"http://{host}:{local.port}/")
                if response.status != 403:
                    faults.append((host, response.status))
            assert faults == []
            assert local.connections == []

    def test_what_is_no_destination_by_name(self, network):
        names = {f"n{number}.test": [host.strip("[]")] for number, host in enumerate(self.DENIED) if host != "localhost"}
        with reachable(network, names=names) as weir, Origin(host="127.0.0.1") as local:
            faults = []
            for name, [address] in names.items():
                response = weir.ask("GET", f"http://{name}:{local.port}/")
                with Client(weir.addresses[0][1], REACHABLE) as client:
                    client.send_request("CONNECT", f"{name}:{local.port}", [("Host", name)])
                    tunnel = client.response("CONNECT")
                if (response.status, tunnel.status) != (403, 403):
                    faults.append((address, response.status, tunnel.status))
            assert faults == []
            assert local.connections == []

    def test_a_refusal_says_how_to_allow_it(self, network):
        with reachable(network) as weir:
            response = refused_by_rule(weir.ask("GET", "http://10.0.0.1/"), "allow")
            assert "10.0.0.1" in response.text

    def test_allowed_by_name_and_by_network(self, network):
        names = {"intra.test": "10.0.0.1", "other.test": "10.0.0.1"}
        with reachable(
            network, "10.0.0.1/32", "10.9.0.1/32", rules='allow = ["intra.test", "10.9.0.0/16"]\n', names=names
        ) as weir:
            with Origin(host="10.0.0.1") as origin, Origin(host="10.9.0.1", port=origin.port) as other:
                assert weir.ask("GET", f"http://intra.test:{origin.port}/").status == 200
                assert weir.ask("GET", other.url + "/").status == 200
                refused_by_rule(weir.ask("GET", f"http://other.test:{origin.port}/"))
                refused_by_rule(weir.ask("GET", origin.url + "/"))

    def test_own_address(self, network):
        with reachable(network) as weir:
            port = weir.addresses[0][1]
            assert weir.ask("GET", f"http://{REACHABLE}:{port}/").status == 200
            assert weir.ask("GET", "/", [("Host", f"{REACHABLE}:{port}")]).status == 200
            assert weir.ask("GET", "/", [("Host", f"localhost:{port}")]).status == 421
            with Client(port, REACHABLE) as client:
                client.send_request("CONNECT", f"{REACHABLE}:{port}", [("Host", "x")])
                assert client.response("CONNECT").status == 403

    def test_own_address_of_another_listener(self, network):
        """If Weir listens on every address, each address of the machine with that port is Weir's
        own."""
        with network(f"{REACHABLE}/32", f"{PUBLIC}/32"):
            with Weir(f'[[listener]]\naddress = "0.0.0.0:0"\nclients = ["{REACHABLE}/32", "127.0.0.0/8"]\n') as weir:
                port = weir.addresses[0][1]
                with Client(port, REACHABLE) as client:
                    client.send_request("CONNECT", f"{PUBLIC}:{port}", [("Host", "x")])
                    assert client.response("CONNECT").status == 403

    def test_own_addresses_that_come_after_the_listener(self, network):
        with network(f"{REACHABLE}/32"):
            with Weir(f'[[listener]]\naddress = "0.0.0.0:0"\nclients = ["{REACHABLE}/32"]\n') as weir:
                port = weir.addresses[0][1]

                def connect(host):
                    with Client(port, REACHABLE) as client:
                        client.send_request("CONNECT", f"{host}:{port}", [("Host", "x")])
                        return client.response("CONNECT")

                later = (f"addr add {PUBLIC}/32 dev lo", "addr add 2606:4700::5/128 dev lo nodad", "route add local 93.184.217.0/24 dev lo")
                for host, change in zip((PUBLIC, "[2606:4700::5]", "93.184.217.7"), later, strict=True):
                    assert connect(host).status == 502
                    subprocess.run(["ip", *change.split()], check=True)
                    # The kernel makes the route of an IPv6 address later than it says so.
                    eventually(lambda host=host: is_local(host), what="the route")
                    refused_by_rule(connect(host), "where Weir itself listens")
                subprocess.run(["ip", "addr", "del", f"{PUBLIC}/32", "dev", "lo"], check=True)
                assert connect(PUBLIC).status == 502

    def test_other_machines_do_not_reach_the_default(self, network):
        """`weir PORT` listens on loopback: the machine's other addresses refuse connections."""
        with network(f"{REACHABLE}/32"), Weir() as weir:
            with pytest.raises(ConnectionRefusedError):
                Client(weir.port, REACHABLE)
