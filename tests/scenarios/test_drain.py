"""How Weir and its listeners end: running exchanges are finished, queued clients are accepted, and
clients can see what was cut."""

import collections
import pathlib
import resource
import signal
import threading
import time

import pytest
from support.client import eventually
from support.control import status
from support.reloading import Reloading, ask
from support.weir import Weir

pytestmark = pytest.mark.threads


def test_drain_finishes_what_runs_and_lets_nobody_in(tmp_path, play):
    go = threading.Event()

    def script(connection):
        connection.request()
        assert go.wait(20)
        connection.respond(b"whole")

    origin = play(script)
    with Reloading(tmp_path) as running, running.client() as busy, running.client() as idle:
        idle.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        assert idle.response().status == 200
        busy.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        running.process.send_signal(signal.SIGTERM)
        assert idle.is_closed(within=5)

        def nobody():
            try:
                running.client().close()
                return False
            except OSError:
                return True

        eventually(nobody)
        # While Weir drains, `status` still says what it waits for.
        answer = ask("status", running.control)
        assert answer.returncode == 0, answer.stderr
        numbers = dict(line.split(": ", 1) for line in answer.stdout.splitlines())
        assert (numbers["ending"], numbers["exchanges_running"]) == ("1", "1")
        answer = ask("reload", running.control)
        assert answer.returncode == 1 and "Weir is ending" in answer.stderr
        running.process.send_signal(signal.SIGHUP)
        running.wait_stderr("Weir is ending")
        go.set()
        response = busy.response()
        assert response.status == 200 and response.body == b"whole" and response.complete
        assert running.process.wait(10) == 0
        assert [line.outcome for line in running.log] == ["complete", "complete"]


@pytest.mark.parametrize("how", ["drain", "reload"])
def test_who_waits_at_a_listener_that_closes_is_served(how):
    """The kernel has accepted these connections already: closing the listener would reset them."""
    with Weir("workers = 2\n") as weir:
        weir.get("http://weir.internal/")
        weir.process.send_signal(signal.SIGSTOP)
        clients = [weir.client() for _ in range(40)]
        for client in clients[:30]:
            client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        if how == "drain":
            weir.process.send_signal(signal.SIGTERM)
        else:
            weir.write_config('[[listener]]\naddress = "127.0.0.2:0"\n')
            weir.process.send_signal(signal.SIGHUP)
        weir.process.send_signal(signal.SIGCONT)
        assert [client.response().status for client in clients[:30]] == [200] * 30
        for client in clients[30:] if how == "drain" else []:
            assert client.rest() == b""  # Weir does not wait for clients that send nothing.
        for client in clients:
            client.close()


@pytest.mark.parametrize("how", ["drain", "reload"])
def test_a_whole_queue_at_a_listener_that_closes_is_served(how):
    """As many clients as one worker's queue holds, or as the system allows."""
    count = min(3000, int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text()))
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2 * count:
        pytest.skip("the limit of open files is too low")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    clients = []
    try:
        with Weir("workers = 1\n[limits]\nconnections_per_client = 0\n") as weir:
            weir.get("http://weir.internal/")
            weir.process.send_signal(signal.SIGSTOP)
            for _ in range(count):
                clients.append(weir.client())
                clients[-1].send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
            if how == "drain":
                weir.process.send_signal(signal.SIGTERM)
            else:
                weir.write_config('workers = 1\n[[listener]]\naddress = "127.0.0.2:0"\n')
                weir.process.send_signal(signal.SIGHUP)
            weir.process.send_signal(signal.SIGCONT)
            assert collections.Counter(client.response().status for client in clients) == {200: count}
            for client in clients:
                client.close()
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_request_that_came_behind_a_running_one_is_served_at_a_drain(play):
    go = threading.Event()

    def script(connection):
        connection.request()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfi")
        assert go.wait(20)
        connection.send("rst")
        connection.wait_for_end()

    origin = play(script)
    with Weir("") as weir, weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.reader.response_head().status == 200
        client.reader.exactly(2)
        client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        weir.process.send_signal(signal.SIGTERM)
        eventually(lambda: status(weir)["ending"] == 1)
        go.set()
        assert client.reader.exactly(3) == b"rst"
        response = client.response()
        assert (response.status, response.fields.get("connection")) == (200, "close")


@pytest.mark.parametrize("how", ["drain", "policy"])
@pytest.mark.parametrize("to_the_kernel", [False, True])
def test_an_answer_without_framing_that_is_cut_is_told_from_a_whole_one(tmp_path, play, how, to_the_kernel):
    """An HTTP/1.0 client knows that content of unknown length has ended when the connection
    ends."""

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (1_000_000 if to_the_kernel else 10))
        connection.wait_for_end()

    origin = play(script)
    config = '[timeouts]\ndrain = "300ms"\n'
    with Reloading(tmp_path, config) as running, running.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)], version="1.0")
        client.reader.response_head()
        client.reader.exactly(900_000 if to_the_kernel else 10)
        if how == "drain":
            running.process.send_signal(signal.SIGTERM)
        else:
            running.rewrite(f"blocked_ports = [{origin.port}]\n")
            running.process.send_signal(signal.SIGHUP)
        with pytest.raises(ConnectionResetError):
            while client.socket.recv(65536):
                pass


def test_a_drain_forgets_no_numbers(play):
    """Also the counters of workers that have nothing to finish."""
    origin = play(lambda connection: connection.wait_for_end())
    with Weir("workers = 4\n") as weir, weir.client() as busy:
        for _ in range(40):
            weir.get("http://weir.internal/")
        busy.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        weir.wait_log(40)
        weir.process.send_signal(signal.SIGTERM)
        eventually(lambda: status(weir)["ending"] == 1)
        for _ in range(20):
            counted = status(weir)
            assert (counted["exchanges_ended"], counted["status_2xx"], counted["workers_that_answered"]) == (40, 40, 4), counted
            assert counted["exchanges_running"] == 1
            time.sleep(0.02)


def test_the_limit_of_the_drain_cuts(tmp_path, play):
    origin = play(lambda connection: connection.wait_for_end())
    config = '[timeouts]\ndrain = "300ms"\n'
    with Reloading(tmp_path, config) as running, running.client() as busy, running.client() as begun:
        begun.send("GET /begun HTTP/1.1\r\nHo")
        busy.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0
        # One client had sent half of a head.
        eventually(lambda: [line.outcome for line in running.log] == ["drained"] * 2)
        assert {line.request.split()[1] for line in running.log} == {"/begun", origin.url + "/"}
