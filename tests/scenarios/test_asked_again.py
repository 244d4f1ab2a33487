"""At a reload, policy is asked again about running exchanges; later only about those that were
still connecting."""

import contextlib
import time

import pytest
from support.client import eventually
from support.control import status
from support.nameserver import Answer
from support.opened import inside, trust
from support.reloading import Reloading
from support.tunnels import connect

pytestmark = pytest.mark.threads


def test_an_old_tunnel_is_asked_about_once(tmp_path, play):
    """An old tunnel may be open for hours; Weir must not look at all exchanges every two seconds
    because of it."""
    origin = play(lambda connection: connection.wait_for_end(), wait=40)
    with Reloading(tmp_path, "workers = 1\n") as weir, weir.client() as tunnel:
        connect(tunnel, origin.authority)
        tunnel.send(b"\0opaque")

        def turns():
            before = status(weir)["loop_turns"]
            time.sleep(6.5)  # The test counts how often Weir wakes in this time.
            return status(weir)["loop_turns"] - before

        idle = turns()
        weir.reload("workers = 1\n")
        time.sleep(2.5)
        after = turns()
        assert after <= idle + 3, (idle, after)  # Looking every two seconds would take nine.


def test_what_was_on_its_way_is_asked_about_once_it_has_connected(tmp_path, play, names):
    """The old rules admitted the request before its address was known."""
    origin = play(lambda connection: connection.wait_for_end(), wait=40)
    names.set("late.test", Answer(["127.0.0.1"], delay=1.5))
    listener = '[[listener]]\naddress = "127.0.0.1:0"\n'
    allowing = listener + 'local_names = ["late.test"]\n'
    with Reloading(tmp_path, names.config() + allowing) as weir, weir.client() as late:
        host = f"late.test:{origin.port}"
        late.send_request("GET", f"http://{host}/", [("Host", host)])
        eventually(lambda: names.asked("late.test"))
        weir.reload(names.config() + listener)
        eventually(lambda: origin.connections)
        assert late.is_closed(within=8)
        assert [line.outcome for line in weir.wait_log()] == ["policy_changed"]


def test_what_was_on_its_way_is_cut_at_once_if_its_address_does_not_matter(tmp_path, play, names):
    origin = play(lambda connection: connection.wait_for_end(), wait=40)
    names.set("late.test", Answer(["127.0.0.1"], delay=3))
    listener = '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["late.test"]\n'
    with Reloading(tmp_path, names.config() + listener) as weir, weir.client() as late:
        host = f"late.test:{origin.port}"
        late.send_request("GET", f"http://{host}/", [("Host", host)])
        eventually(lambda: names.asked("late.test"))
        weir.reload(f"blocked_ports = [{origin.port}]\n" + names.config() + listener)
        assert late.is_closed(within=8)
        assert [line.outcome for line in weir.wait_log()] == ["policy_changed"]
        assert not origin.connections


def test_more_than_a_slice_of_them_is_asked_about(tmp_path, play):
    """Exchanges are looked at some hundreds in a turn; none is left out."""
    origin = play(lambda connection: connection.wait_for_end(), wait=60)
    with Reloading(tmp_path, "workers = 1\n") as weir, contextlib.ExitStack() as clients:
        running = [clients.enter_context(weir.client()) for _ in range(400)]
        for client in running:
            client.send_request("GET", f"http://{origin.authority}/", [("Host", origin.authority)])
        eventually(lambda: len(origin.connections) == len(running), within=60)
        weir.reload(f"workers = 1\nblocked_ports = [{origin.port}]\n")
        assert all(client.is_closed(within=20) for client in running)
        assert {line.outcome for line in weir.wait_log(len(running))} == {"policy_changed"}


def test_a_relayed_tunnel_ends_when_the_rules_need_its_inside(tmp_path, play, opening, authority):
    """It can't be opened any more. That more would be opened now is no reason to end it."""
    origin = play(lambda connection: connection.wait_for_end(), tls=authority.issue("site.localhost"), wait=40)
    by_path = '[policy]\ndefault = "deny"\n[[rule]]\nname = "docs"\naction = "allow"\n'
    by_path += 'what = { url = ["https://site.localhost:*/docs/*"] }\n'
    with Reloading(tmp_path, opening.config(hosts=("=other.test",))) as weir:
        with inside(weir, f"site.localhost:{origin.port}", trust(authority.pem)) as client:
            eventually(lambda: origin.connections)
            weir.reload(opening.config())
            assert client.stays_open(1)
            weir.reload(opening.config(more=by_path))
            assert client.is_closed(within=8)
        assert [line.outcome for line in weir.wait_log()] == ["policy_changed"]
