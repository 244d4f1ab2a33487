"""Reloads under load: no request is dropped, no exchange uses two configurations, and Weir ends in
order."""

import json
import pathlib
import signal
import subprocess
import threading
import time

import pytest
from support.client import Client, Ended, eventually
from support.origin import Origin
from support.reload_load import (
    HASHES,
    Load,
    Quiet,
    TwoConfigurations,
    ask_status,
    come_and_go,
    download,
    echo_origin,
    keep_alive,
    mixed,
    reload_by,
    second_listener,
    session_inside,
    token_origin,
    tunnel,
)
from support.reloading import Reloading
from support.tunnels import connect
from support.tunnels import echo as capitals
from support.weir import LOG_LINE, Weir, binary, environment

pytestmark = pytest.mark.threads

@pytest.mark.seconds(150)
def test_reloads_under_load(tmp_path):
    with Origin(token_origin) as origin, Origin(token_origin) as first, Origin(token_origin) as second, Origin(echo_origin) as echo:
        two = TwoConfigurations(tmp_path, first, second)
        load = Load()
        with Quiet(two.text("a")) as weir:
            load.spawn(keep_alive, weir, origin)
            load.spawn(come_and_go, weir, origin, "127.0.0.11")
            load.spawn(come_and_go, weir, origin, "127.0.0.21")
            load.spawn(download, weir, origin)
            load.spawn(tunnel, weir, echo)
            load.spawn(session_inside, weir, origin)
            load.spawn(second_listener, weir, origin)
            load.spawn(mixed, weir, first, second, "first", "house-b", "127.0.0.16")
            load.spawn(mixed, weir, second, first, "second", "house-a", "127.0.0.17")
            load.spawn(ask_status, two.socket)
            taken = 0
            for number in range(36):
                if number % 6 == 5:
                    weir.write_config(two.text("a") + "\n[limits]\nconnexions = 1\n")
                    refused = reload_by(weir, two.socket, "socket" if number % 4 == 1 else "signal")
                    assert "the old configuration stays" in refused
                    continue
                name = "ab"[(taken + 1) % 2]
                # The users' file of the next configuration is different each time, and that of the
                # running one changes too.
                two.write_users(name, "first" if name == "a" else "second", f"bob-{number}:{HASHES['first']}\n")
                weir.write_config(two.text(name))
                assert not reload_by(weir, two.socket, "signal" if number % 2 else "socket")
                taken += 1
                if number % 3 == 0:
                    weir.process.send_signal(signal.SIGUSR1)  # Weir opens its log again.
                eventually(lambda: load.faults or load.counts.get("fresh", 0) >= 25 * taken, within=30)
                if load.faults:
                    break
            assert not load.faults, load.faults[0]
            assert taken == 30
            eventually(lambda: all(load.counts.get(name) for name in ("kept", "fresh", "download", "tunnel", "inside", "second", "status", "unknown", "mine", "denied")),
                       what=f"each kind of client's success: {load.counts}")
            load.draining.set()
            load.stop.set()
            weir.process.send_signal(signal.SIGTERM)
            load.over()
            assert weir.process.wait(30) == 0, weir.stderr[-3000:]
        lines = {name: path.read_text().splitlines() for name, path in two.logs.items()}
        for line in lines["a"]:
            json.loads(line)
        for line in lines["b"]:
            assert LOG_LINE.fullmatch(line), line
        # Every exchange has a line in one of the two logs, except those that never began because of
        # the drain.
        assert load.answered <= len(lines["a"]) + len(lines["b"]) <= load.sent


def test_who_waits_to_be_accepted_is_served_after_a_reload(tmp_path):
    """At the limit of connections Weir accepts no client: new ones wait in the kernel's queue, and
    a reload that keeps the listener, or raises the limit, loses none of them."""
    go = threading.Event()

    def script(connection):
        while connection.more():
            connection.request()
            assert go.wait(30)
            connection.respond(b"ok")

    def text(limit, more=""):
        return f'workers = 3\ncontrol = "{tmp_path}/control"\n[limits]\nconnections = {limit}\n[[listener]]\naddress = "127.0.0.1:0"\n' + more

    def connections():
        done = subprocess.run([binary(), "status", "--control", f"{tmp_path}/control"], capture_output=True, text=True, timeout=30, check=True)
        return int(dict(line.split(": ") for line in done.stdout.splitlines())["client_connections"])

    with Origin(script) as origin, Weir(text(4)) as weir:
        head = [("Host", origin.authority)]
        busy, waiting = [], []
        try:
            # Two workers may each accept one more than the limit: connects until no further one is
            # accepted.
            while len(busy) < 12:
                busy.append(weir.client().send_request("GET", origin.url + "/", head))
                try:
                    eventually(lambda: len(origin.requests) == len(busy), within=1)
                except AssertionError:
                    break
            assert 4 < len(busy) < 12
            waiting.append(busy.pop())
            waiting += [weir.client().send_request("GET", origin.url + "/", head) for _ in range(11)]
            held = connections()
            assert held == len(busy)
            for round in range(6):
                weir.write_config(text(4, '[[listener]]\naddress = "127.0.0.2:0"\n' if round % 2 == 0 else ""))
                assert not reload_by(weir, f"{tmp_path}/control", "socket")
            assert connections() == held, "they wait still"
            weir.write_config(text(100))
            assert not reload_by(weir, f"{tmp_path}/control", "socket")
            go.set()
            for client in busy + waiting:
                response = client.response()
                assert (response.status, response.body) == (200, b"ok")
        finally:
            go.set()
            for client in busy + waiting:
                client.close()


@pytest.mark.seconds(120)
@pytest.mark.parametrize("round", range(6))
def test_reloads_and_the_end_at_the_same_time(tmp_path, round):
    """Reloads by signal and by socket come while Weir is told to end, once or twice: Weir still
    ends in order."""
    config = 'workers = 4\ncontrol = "{}/control"\nblocked_ports = [{}]\n[timeouts]\ndrain = "2s"\n[[listener]]\naddress = "127.0.0.1:0"\n'
    other = '[[listener]]\naddress = "127.0.0.2:0"\n'
    stop = threading.Event()
    faults = []

    with Origin(token_origin) as origin:
        weir = Weir(config.format(tmp_path, 25))
        port = weir.port

        def ask():
            """Asks again and again: each answer must be whole, until Weir has ended."""
            while not stop.is_set():
                try:
                    with Client(port) as client:
                        client.send_request("GET", origin.url + "/", [("Host", origin.authority), ("X-Token", "token")])
                        response = client.response()
                        if (response.status, response.text) != (200, "token"):
                            faults.append(f"{response.status} {response.text}")
                except (Ended, OSError):
                    time.sleep(0.002)

        def reload():
            number = 0
            while not stop.is_set():
                number += 1
                path = pathlib.Path(weir.directory.name) / "weir.toml"
                fresh = path.with_suffix(".new")
                try:
                    fresh.write_text(config.format(tmp_path, 25 + number % 2) + (other if number % 3 == 0 else ""))
                    fresh.rename(path)
                    weir.process.send_signal(signal.SIGHUP)
                except (OSError, ProcessLookupError):
                    return
                subprocess.run([binary(), "reload", "--control", f"{tmp_path}/control"], capture_output=True, timeout=40, check=False, env=environment())

        threads = [threading.Thread(target=each, daemon=True) for each in (ask, ask, ask, reload, reload)]
        for thread in threads:
            thread.start()
        eventually(lambda: sum("reloaded" in line for line in list(weir.stderr_lines)) >= 4 + 3 * round, within=30)
        weir.process.send_signal(signal.SIGTERM)
        if round % 2:
            weir.process.send_signal(signal.SIGHUP)
            weir.process.send_signal(signal.SIGTERM)
        try:
            assert weir.process.wait(20) == 0, weir.stderr[-4000:]
        finally:
            stop.set()
        for thread in threads:
            thread.join(45)
            assert not thread.is_alive()
        weir.stop()
        assert not faults, faults[0]


def test_an_exchange_keeps_the_times_that_it_began_with(tmp_path, play):
    """A download and a tunnel run over a reload that shortens their times; those that begin after it have the new ones."""
    go = {"/kept": threading.Event(), "/new": threading.Event()}

    def script(connection):
        path = connection.request().target
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        if path == "/kept":
            assert go["/begin"].wait(30)
            connection.send("def")  # From here on, another wait has begun.
            assert go["/kept"].wait(30)
            connection.send("ghi")
        connection.wait_for_end()

    go["/begin"] = threading.Event()
    origin, far = play(script), play(capitals)
    long = '[timeouts]\ncontent = "60s"\ntunnel_idle = "60s"\n'
    short = '[timeouts]\ncontent = "200ms"\ntunnel_idle = "1s"\n'
    with Reloading(tmp_path, "workers = 1\n" + long) as weir, weir.client() as kept, weir.client() as old, weir.client() as new:
        kept.send_request("GET", origin.url + "/kept", [("Host", origin.authority)])
        assert kept.read_until(b"abc").endswith(b"\r\n\r\nabc")
        connect(old, far.authority)
        assert old.send(b"\0one").read(4) == b"\0ONE"
        weir.reload("workers = 1\n" + short)
        go["/begin"].set()
        assert kept.read(3) == b"def"
        connect(new, far.authority)
        assert new.send(b"\0new").read(4) == b"\0NEW"
        response = weir.get(origin.url + "/new")
        assert (response.body, response.complete) == (b"abc", False)
        assert new.is_closed(within=20)
        go["/kept"].set()
        assert kept.read(3) == b"ghi"
        assert old.send(b"two").read(3) == b"TWO"


def test_connections_between_exchanges_follow_the_new_configuration(tmp_path, origin):
    """What outlives exchanges does not keep the configuration that it was made under."""
    with Reloading(tmp_path, 'workers = 1\n[timeouts]\nclient_idle = "60s"\n[pool]\nidle_timeout = "60s"\n') as weir, weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.response().status == 200
        weir.reload('workers = 1\n[timeouts]\nclient_idle = "200ms"\n[pool]\nidle_timeout = "200ms"\n')
        eventually(lambda: origin.connections[0].ended, within=20)
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.response().status == 200
        assert client.is_closed(within=20)
