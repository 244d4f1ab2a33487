"""A minute of the soak (ten in ./test --long), and tests that the soak finds the faults it looks
for."""

import collections
import pathlib
import subprocess
import sys
import types

import pytest
from support.soak_watch import DESCRIPTORS, DESCRIPTORS_SHARE, MEMORY_BYTES, MEMORY_SHARE, growth, warm_up, windows
from support.weir import binary, environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
MB = 1 << 20


def soak_for(minutes):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/soak"), "--minutes", str(minutes), "--binary", binary()],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=minutes * 60 + 160,
        check=False,
    )
    print(done.stdout, done.stderr[-3000:])
    assert done.returncode == 0, done.stdout


@pytest.mark.seconds(240)
def test_a_minute():
    soak_for(1)


@pytest.mark.long
@pytest.mark.seconds(800)
def test_ten_minutes():
    soak_for(10)


def series(value, seconds=3600):
    return [(at, value(at)) for at in range(seconds)]


@pytest.mark.parametrize(
    "value, flat",
    [
        (lambda at: 50 * MB, True),
        (lambda at: min(at, 200) * MB, True),  # It grows while it warms up.
        (lambda at: 50 * MB + (at % 7) * MB, True),
        (lambda at: 50 * MB + (500 * MB if at % 100 == 0 else 0), True),  # Peaks do not count as growth.
        (lambda at: 50 * MB + at * 6000, False),  # 6 KB a second.
        (lambda at: 50 * MB if at < 3000 else 100 * MB, False),
    ],
)
def test_memory_that_grows_is_found(value, flat):
    assert (growth(windows(series(value), 3600), MEMORY_SHARE, MEMORY_BYTES) <= 0) == flat


@pytest.mark.parametrize(
    "value, flat",
    [(lambda at: 60 + at % 11, True), (lambda at: 60 + at // 60, False), (lambda at: 60 if at < 3000 else 90, False)],
)
def test_descriptors_that_grow_are_found(value, flat):
    assert (growth(windows(series(value), 3600), DESCRIPTORS_SHARE, DESCRIPTORS) <= 0) == flat


def test_the_warm_up_is_short():
    assert warm_up(60) == 15 and warm_up(3600) == 300


def soak():
    """tests/soak as a module; Python can't import it because its name has no ending."""
    module = types.ModuleType("soak")
    module.__file__ = str(ROOT / "tests/soak")
    exec(compile((ROOT / "tests/soak").read_text(), module.__file__, "exec"), module.__dict__)  # noqa: S102
    return module


@pytest.mark.parametrize(
    "change, found",
    [
        ({}, []),
        ({"exchanges_ended": 99}, ["the clients' exchanges", "Weir's exchanges and the log's"]),
        ({"exchanges_failed": 11}, ["the origins' faults"]),
        ({"log_lines_dropped": 1}, ["lines dropped"]),
        ({"client_connections": 1}, ["client connections left"]),
        ({"exchanges_complete": 60}, ["complete, in the status", "complete: 60"]),
    ],
)
def test_counts_that_differ_are_found(change, found):
    tally = collections.Counter(complete=70, client_closed=10, either=10, failed=10)
    numbers = {"exchanges_ended": 100, "exchanges_failed": 10, "exchanges_complete": 75, "exchanges_client_closed": 15}
    numbers |= {"log_lines_dropped": 0, "exceptions_caught": 0, "client_connections": 0, "reloads": 3}
    outcomes = collections.Counter(complete=75, client_closed=15, connection_refused=10)
    operator = types.SimpleNamespace(lines=100, outcomes=outcomes, reloads=3)
    faults = soak().compare(tally, {**numbers, **change}, operator)
    assert len(faults) == len(found) and all(fault.startswith(each) for fault, each in zip(faults, found)), faults
