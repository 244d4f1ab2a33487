"""Descriptors run out, from the start or while Weir runs: nothing crashes, nothing spins, and all are served again after."""

import collections
import pathlib
import resource
import time

import pytest
from support.client import eventually
from support.control import status
from support.crowd import Crowd, Origins
from support.weir import Weir, binary, fast_binary

CLIENTS = 200
SIZE = 200_000  # Worth a pipe.
NAMES = ["a.test", "b.test", "c.test"]


@pytest.fixture
def few(names):
    """A function that starts Weir on a build that bears it: UBSan's check of types asks by a pipe what it may read, and calls it
    a fault that there is none."""
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
    """Some are kept for the origins: who comes first is served, the others wait their turn, and nobody is refused."""
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
            # No origin answers, nobody can come in: Weir waits, and is to be spoken to.
            before, ticks_before, began = status(weir)["loop_turns"], ticks(weir), time.monotonic()
            time.sleep(1)  # What is tested is how often it looks in a time.
            turns, ran, passed = status(weir)["loop_turns"] - before, ticks(weir) - ticks_before, time.monotonic() - began
            assert turns < 1000 * passed, f"{turns} turns in {passed} s"
            assert ran < 30 * passed, f"the main thread ran for {ran} ticks in {passed} s"
            origins.release()
            result = crowd.result()
            assert (result["right"], result["wrong"], result["late"]) == (3 * CLIENTS, 0, 0), result
            assert set(result) <= {"right", "wrong", "late", "ended", "examples", "503"}, result
    eventually(lambda: status(weir)["client_connections"] == 0)
    # With as few, but nobody else there. At the limit idle connections are closed, so one may end in the moment in which it is used.
    with Origins(3) as origins, Crowd(weir.port, by_name(origins), 10, requests=10, size=SIZE, again=100) as crowd:
        result = crowd.result()
        assert result["right"] == 100, result
    outcomes = collections.Counter(line.outcome for line in weir.log)
    assert set(outcomes) <= {"complete", "client_closed", "connection_limit_reached"}, outcomes
    assert weir.descriptors() <= most
