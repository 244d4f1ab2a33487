"""Allocations fail for a moment, at any point: one request may fail, nothing hangs, and Weir goes
on. Uses the release build, since sanitizers bring their own allocator."""

import time

import pytest
from support.client import Client, eventually
from support.control import status
from support.memory import Memory
from support.nameserver import NameServer, Silent
from support.origin import Origin
from support.weir import Weir, fast_binary

from test_memory import sanitized

# Too long for a string without an allocation, and of a size that is rare otherwise.
HOST = "a" * 50 + ".localhost"


@pytest.fixture
def without(tmp_path):
    """A function that returns the switch for failing allocations of some sizes, and a Weir that
    obeys it."""
    program = fast_binary()
    if sanitized(program):
        pytest.skip("this program has a sanitizer's allocator")

    def start(smallest, largest, config=""):
        memory = Memory(tmp_path, smallest, largest)
        return memory, Weir("workers = 1\n" + config, program=program, env=memory.env)

    return start


def test_while_an_origins_connection_is_dropped(without):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
        connection.wait_for_end()

    with Origin(script) as origin:
        authority = f"{HOST}:{origin.port}"
        memory, weir = without(len(authority) + 1, len(authority) + 1)
        with weir:
            with Client(weir.port) as client:
                client.send_request("GET", f"http://{authority}/", [("Host", authority)])
                client.read_until(b"hello")
                with memory.none():
                    client.reset()
                    assert weir.wait_log(1)[0].outcome == "client_closed"
            assert weir.get(weir.url + "/").status == 200


def test_while_a_line_is_logged(without):
    # Sizes that a worker that was busy a moment ago allocates at once.
    memory, weir = without(35_000, 50_000)
    answered = 0
    with weir, memory.none():
        for _ in range(4):
            with Client(weir.port) as client:
                for _ in range(200):
                    client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal"), ("Referer", "r" * 300)])
                    answered += 1
                    if client.response().status == 503:
                        break  # Too little memory for another client; its connection ends.
        eventually(lambda: status(weir)["log_lines_dropped"] + len(weir.log) == answered)


def test_while_a_name_is_looked_up(without):
    name = "b" * 60 + ".test"
    with NameServer({name: {"A": Silent(), "AAAA": Silent()}}) as names:
        memory, weir = without(len(name) + 1, len(name) + 1, names.config() + '[dns]\ntotal_timeout = "200ms"\n')
        with weir:
            assert weir.get(f"http://{name}/").status == 504
            time.sleep(1.2)  # Weir remembers a failed allocation for a second.
            with memory.none():
                assert weir.get(f"http://{name}/").status in (500, 502, 503)
            assert weir.get(weir.url + "/").status == 200
            assert status(weir)["exchanges_running"] == 0
