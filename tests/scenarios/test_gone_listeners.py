"""Clients of a listener that a reload removed: Weir serves them by the listener's last rules and by
the rules for all listeners."""

import socket

import pytest
from support.client import Client
from support.origin import Origin
from support.reloading import Reloading

pytestmark = pytest.mark.threads

STAYS = '[[listener]]\naddress = "127.0.0.1:0"\n'
GOES = '[[listener]]\naddress = "127.0.0.2:0"\n'


def get(client, url, authority):
    client.send_request("GET", url, [("Host", authority)])
    return client.response()


def connect(client, authority):
    client.send_request("CONNECT", authority, [("Host", authority)])
    return client.reader.response_head().status


def free_port(host):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("at_once", [False, True])
def test_blocked_ports_hold_for_who_came_by_it(tmp_path, play, at_once):
    """This includes ports that a later reload blocks; exchanges that already run to them are
    cut."""

    def script(connection):
        if connection.socket.recv(1, socket.MSG_PEEK) == b"\0":
            connection.wait_for_end()
            return
        while connection.more():
            connection.request()
            connection.respond(b"ok")

    origin = play(script)
    with Reloading(tmp_path, STAYS + GOES) as weir:
        with Client(weir.port_of("127.0.0.2"), "127.0.0.2") as kept, Client(weir.port_of("127.0.0.2"), "127.0.0.2") as tunnel:
            assert get(kept, origin.url + "/", origin.authority).status == 200
            assert connect(tunnel, origin.authority) == 200
            tunnel.send(b"\0opaque")
            if not at_once:
                weir.reload(STAYS)
                assert get(kept, origin.url + "/", origin.authority).status == 200
            weir.reload(f"blocked_ports = [{origin.port}]\n" + STAYS)
            assert get(kept, origin.url + "/", origin.authority).status == 403
            assert tunnel.is_closed(within=5)
            # The next reload allows the port again.
            weir.reload("blocked_ports = []\n" + STAYS)
            assert get(kept, origin.url + "/", origin.authority).status == 200


def test_a_new_listener_is_no_destination_for_who_came_by_it(tmp_path):
    port = free_port("127.0.0.1")
    with Reloading(tmp_path, STAYS + GOES) as weir:
        own, gone = weir.port, weir.port_of("127.0.0.2")
        with Client(gone, "127.0.0.2") as first, Client(gone, "127.0.0.2") as second, Client(gone, "127.0.0.2") as third:
            for client in (first, second, third):
                assert get(client, "http://weir.internal/", "weir.internal").status == 200
            weir.reload(STAYS + f'[[listener]]\naddress = "127.0.0.1:{port}"\n')
            assert connect(first, f"127.0.0.1:{own}") == 403
            assert connect(second, f"127.0.0.1:{port}") == 403
            # The removed listener's address is no longer Weir's own: it is an ordinary destination,
            # at which nothing listens.
            assert connect(third, f"127.0.0.2:{gone}") == 502


def test_its_last_rules_stay(tmp_path, network):
    """`clients`, `allow` and `private` are those that the listener had; the rules of the remaining
    listeners do not apply."""
    with network("10.1.2.3/32"):
        with Origin(host="10.1.2.3") as origin, Reloading(tmp_path, STAYS + GOES + 'private = "deny"\n') as weir:
            with Client(weir.port_of("127.0.0.2"), "127.0.0.2") as denied, Client(weir.port) as open_to_it:
                for _ in range(2):
                    assert get(denied, origin.url + "/", origin.authority).status == 403
                    assert get(open_to_it, origin.url + "/", origin.authority).status == 200
                    weir.reload("blocked_ports = [1]\n" + STAYS)
                # The rules of listeners that came and went meanwhile, and took free numbers, do not
                # apply either.
                for number in range(3, 8):
                    other = f'[[listener]]\naddress = "127.0.0.{number}:0"\n'
                    weir.reload(STAYS + other)
                    with Client(weir.port_of(f"127.0.0.{number}"), f"127.0.0.{number}") as passing:
                        assert get(passing, origin.url + "/", origin.authority).status == 200
                    weir.reload(STAYS)
                    assert get(denied, origin.url + "/", origin.authority).status == 403
