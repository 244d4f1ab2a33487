"""Descriptors run out, at the start or while Weir runs: Weir does not crash or spin, and serves
everybody again afterwards."""

import collections
import pathlib
import resource
import signal
import threading
import time

import pytest
from support.client import eventually
from support.control import status
from support.crowd import Crowd, Origins
from support.reloading import Reloading
from support.weir import Weir, binary, fast_binary

CLIENTS = 200
SIZE = 200_000  # Large enough to be spliced through a pipe.
NAMES = ["a.test", "b.test", "c.test"]


@pytest.fixture
def few(names):
    """A function that starts a build of Weir that works with few descriptors. UBSan's check of
    types needs a pipe, and reports a fault if there is none."""
    if fast_binary() == binary():
        pytest.skip("needs a build without sanitizers (build/release)")
    for name in NAMES:
        names.set(name, "127.0.0.1")
    running = []

    def start_one(config="", **more):
        rules = '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'
        running.append(Weir(names.config() + config + rules, program=fast_binary(), **more))
        return running[-1]

    yield start_one
    for each in running:
        each.stop()


def by_name(origins):
    return [f"{name}:{port}" for name, port in zip(NAMES, origins.ports)]


def ticks(weir):
    """The main thread's time on a CPU."""
    words = pathlib.Path(f"/proc/{weir.process.pid}/task/{weir.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


@pytest.mark.seconds(90)
def test_few_from_the_start(few):
    """Weir keeps some descriptors for the origins: the first clients are served, the others wait
    their turn, and none is refused."""
    weir = few(wrapper=("prlimit", "--nofile=100:100"))
    assert status(weir)["client_connections_limit"] < 64
    with Origins(3) as origins, Crowd(weir.port, by_name(origins), CLIENTS, size=SIZE) as crowd:
        result = crowd.result()
        assert result["right"] == CLIENTS, result
        assert {line.status for line in weir.wait_log(CLIENTS)} == {200}


@pytest.mark.seconds(90)
def test_the_limit_is_lowered_under_load(few):
    weir = few('[timeouts]\nconnect = "2s"\n[dns]\nmax_ttl = "1s"\n')
    with Origins(3, hold=True) as origins:
        most = weir.descriptors() + 30
        resource.prlimit(weir.process.pid, resource.RLIMIT_NOFILE, (most, most))
        with Crowd(weir.port, by_name(origins), CLIENTS, requests=3, size=SIZE, seconds=80, again=1000) as crowd:
            eventually(lambda: weir.descriptors() >= most - 1, what="the last descriptor")
            # No origin answers and no client can be accepted: Weir must wait without spinning, and
            # answer on its control socket.
            before, ticks_before, began = status(weir)["loop_turns"], ticks(weir), time.monotonic()
            time.sleep(1)  # The test counts how often Weir looks in this time.
            turns, ran, passed = status(weir)["loop_turns"] - before, ticks(weir) - ticks_before, time.monotonic() - began
            assert turns < 1000 * passed, f"{turns} turns in {passed} s"
            assert ran < 30 * passed, f"the main thread ran for {ran} ticks in {passed} s"
            origins.release()
            result = crowd.result()
            assert (result["right"], result["wrong"], result["late"]) == (3 * CLIENTS, 0, 0), result
            assert set(result) <= {"right", "wrong", "late", "ended", "examples", "503"}, result
    eventually(lambda: status(weir)["client_connections"] == 0)
    # As few descriptors, but no other clients. At the limit Weir closes idle connections, so one
    # may end just when a client uses it.
    with Origins(3) as origins, Crowd(weir.port, by_name(origins), 10, requests=10, size=SIZE, again=100) as crowd:
        result = crowd.result()
        assert result["right"] == 100, result
    outcomes = collections.Counter(line.outcome for line in weir.log)
    assert set(outcomes) <= {"complete", "client_closed", "connection_limit_reached"}, outcomes
    assert weir.descriptors() <= most


@pytest.mark.seconds(120)
def test_too_few_for_anybody(names, origin):
    """Weir serves from some limit on; below it Weir ends at once and names the limit."""
    if fast_binary() == binary():
        pytest.skip("needs a build without sanitizers (build/release)")
    names.set(NAMES[0], "127.0.0.1")
    config = names.config() + 'workers = 2\n[[listener]]\naddress = ["127.0.0.1:0", "[::1]:0"]\nlocal_names = ["*.test"]\n'
    served = []
    host = f"{NAMES[0]}:{origin.port}"
    for limit in range(8, 28):
        try:
            weir = Weir(config, program=fast_binary(), wrapper=("prlimit", f"--nofile={limit}:{limit}"))
        except AssertionError as ended:
            said = str(ended)
            assert "Weir ended at once, status 1" in said and "open files" in said, (limit, said)
            assert not served, f"{limit} is too few, and {served} were not"
            continue
        with weir:
            with weir.client(wait=5) as client:
                client.send_request("GET", f"http://{host}/", [("Host", host)])
                assert client.response().status == 200, limit
            served.append(limit)
    assert served and served[0] > 8
    assert f"the limit of open files is {served[0] - 1} (ulimit -n), too low to serve anybody with 2 workers at 2 addresses" in said, said


@pytest.mark.threads
def test_a_reload_counts_what_its_listeners_take(tmp_path):
    """A reload takes no more descriptors for listeners than a start would, and lowers the limit of
    clients by those that it takes."""
    first = 'workers = 2\n[[listener]]\naddress = "127.0.0.1:0"\n'

    def listeners(count):
        return first + "".join(f'[[listener]]\naddress = "127.0.{1 + number // 200}.{1 + number % 200}:0"\n' for number in range(count))

    def limit(weir):
        return status(weir)["client_connections_limit"]

    with Reloading(tmp_path, first, wrapper=("prlimit", "--nofile=700:700")) as weir:
        before = limit(weir)
        refused = weir.refuse(listeners(250))
        assert "the limit of open files is 700 (ulimit -n), too low to serve anybody with 2 workers at 251 addresses" in refused
        assert weir.get("http://weir.internal/").status == 200
        assert limit(weir) == before
        weir.reload(listeners(120))
        fewer = limit(weir)
        assert 100 < fewer <= before - 2 * 120
        weir.wait_stderr(f"limits.connections is {fewer} here instead of 50000: the limit of open files is 700")
        assert weir.get("http://weir.internal/").status == 200
        weir.reload(first)
        assert limit(weir) == before
    with pytest.raises(AssertionError, match="too low to serve anybody with 2 workers at 251 addresses"):
        Weir(listeners(250), wrapper=("prlimit", "--nofile=700:700"))


def test_a_limit_that_is_lowered_is_told(tmp_path):
    few = ("prlimit", "--nofile=1000:1000")
    said = "limits.connections is 653 here instead of {}: the limit of open files is 1000 (ulimit -n)"
    with Weir("workers = 2\n", wrapper=few) as weir:
        assert said.format(50000) in weir.stderr
    with Weir("", wrapper=("prlimit", "--nofile=16000:16000")) as weir:
        assert "ulimit" not in weir.stderr  # A high limit; no key asks for more.
    config = f'workers = 2\ncontrol = "{tmp_path}/control"\n[limits]\nconnections = COUNT\n'
    with Weir(config.replace("COUNT", "653"), wrapper=few) as weir:
        assert "ulimit" not in weir.stderr
        weir.control = f"{tmp_path}/control"
        for number, (count, lines) in enumerate(((654, 1), (700, 2), (700, 2), (100, 2), (700, 3))):
            weir.write_config(config.replace("COUNT", str(count)))
            weir.process.send_signal(signal.SIGHUP)
            eventually(lambda: weir.stderr.count("reloaded") == number + 1)
            assert weir.stderr.count("ulimit") == lines, weir.stderr
            assert status(weir)["client_connections_limit"] == min(count, 653)
        assert said.format(654) in weir.stderr and said.format(700) in weir.stderr


def test_slow_readers_leave_descriptors_for_others(play, origin):
    go = threading.Event()

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        try:
            while not go.is_set():
                connection.send(b"x" * 100000)
        except OSError:
            pass

    bulk = play(script)
    with Weir("workers = 1\n", wrapper=("prlimit", "--nofile=600:600")) as weir:
        readers = []
        for _ in range(160):
            client = weir.client(receive_buffer=4096)
            client.send_request("GET", bulk.url + "/", [("Host", bulk.authority)])
            readers.append(client)
        eventually(lambda: len(bulk.connections) == 160)
        # Waits until all exchanges are stuck and hold all the descriptors that they need.
        counts = [-1, weir.descriptors()]
        while counts[-1] != counts[-2]:
            time.sleep(0.5)
            counts.append(weir.descriptors())
        assert weir.get(origin.url + "/").status == 200
        go.set()
        for client in readers:
            client.reset()
