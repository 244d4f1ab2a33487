"""What each scenario may ask for, and the time that each is given."""

import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import namespace  # noqa: E402
from support.nameserver import NameServer  # noqa: E402
from support.origin import Origin  # noqa: E402
from support.opened import Opening  # noqa: E402
from support.site import Site  # noqa: E402
from support.tls import Authority  # noqa: E402
from support.weir import Weir  # noqa: E402

SECONDS_A_TEST = 60


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the tests that are marked long, and only them")


def pytest_collection_modifyitems(config, items):
    """./test leaves the long tests out, ./test --long all others."""
    wanted = config.getoption("--long")
    left_out = [item for item in items if (item.get_closest_marker("long") is not None) != wanted]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def pytest_configure(config):
    config.addinivalue_line("markers", "long: a test that takes too long for every run: ./test --long runs it")
    config.addinivalue_line("markers", "seconds(n): a test that may take longer than the others")
    config.addinivalue_line("markers", "threads: threads of Weir meet in it: ./test runs it under ThreadSanitizer too")
    config.addinivalue_line("markers", "needs_network: a test that needs addresses of its own (a network namespace)")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """No test hangs: an alarm interrupts whatever it waits for."""
    mark = item.get_closest_marker("seconds")
    seconds = mark.args[0] if mark else SECONDS_A_TEST

    def expired(*_):
        raise AssertionError(f"the test did not end within {seconds} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what Weir said."""
    report = (yield).get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Weir):
                report.sections.append(("Weir's standard error", value.stderr[-8000:]))
                report.sections.append(("Weir's access log", value.stdout[-4000:]))


@pytest.fixture
def weir():
    """Weir as `weir 0` starts it."""
    with Weir() as running:
        yield running


@pytest.fixture(scope="module")
def shared_weir():
    """One Weir for all tests of a file that look only at their own connections."""
    with Weir() as running:
        yield running


@pytest.fixture
def start():
    """A function that starts a Weir of the test's own, which is stopped and checked at the end."""
    running = []

    def start_one(*arguments, **more):
        running.append(Weir(*arguments, **more))
        return running[-1]

    yield start_one
    faults = []
    for each in running:
        try:
            each.stop()
        except AssertionError as fault:
            faults.append(fault)
    if faults:
        raise faults[0]


@pytest.fixture
def origin():
    """An origin that answers everything with 200 and "ok"."""
    with Origin() as running:
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Whoever vouches for a file's origins with TLS."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def opening(tmp_path, authority):
    """The settings of a Weir that opens HTTPS."""
    return Opening(tmp_path, authority)


@pytest.fixture
def play():
    """A function that starts an origin with a script of the test's own."""
    running = []

    def start_one(script=None, **more):
        running.append(Origin(script, **more))
        return running[-1]

    yield start_one
    for each in running:
        each.close()
    for each in running:
        if each.faults:
            raise each.faults[0]


@pytest.fixture
def site():
    with Site() as running:
        yield running


@pytest.fixture
def names():
    with NameServer() as running:
        yield running


@pytest.fixture(scope="session")
def _network_permitted():
    return namespace.why_not()


@pytest.fixture
def network(_network_permitted):
    """A function: `with network("198.51.100.1/32"): ...` has these addresses, and nothing else of the world."""
    if _network_permitted:
        pytest.skip(_network_permitted)
    return namespace.network
