"""Reload, status, drain: what whoever runs Weir does to it."""

import collections
import os
import pathlib
import resource
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest
from support.client import Client, eventually
from support.control import status
from support.weir import Weir, binary

pytestmark = pytest.mark.threads


def ask(word, path):
    return subprocess.run([binary(), word, "--control", str(path)], capture_output=True, text=True, timeout=30, check=False)


class Running:
    """Weir with a configuration file that can be rewritten, and a control socket."""

    def __init__(self, tmp_path, body=""):
        self.socket = tmp_path / "control"
        self.body = body
        self.weir = Weir(self.text(body))

    def text(self, body):
        return f'control = "{self.socket}"\n' + body

    def __enter__(self):
        self.weir.__enter__()
        return self

    def __exit__(self, *error):
        return self.weir.__exit__(*error)

    def rewrite(self, body):
        self.weir.write_config(self.text(body))


def test_status_tells_what_was_done(tmp_path, origin):
    with Running(tmp_path) as running:
        assert running.weir.get(origin.url + "/").status == 200
        assert stat.S_IMODE(os.stat(running.socket).st_mode) == 0o600

        def done():
            answer = ask("status", running.socket)
            assert answer.returncode == 0, answer.stderr
            numbers = dict(line.split(": ", 1) for line in answer.stdout.splitlines())
            return numbers["exchanges_ended"] == "1" and numbers

        numbers = eventually(done)
        assert numbers["status_2xx"] == "1" and numbers["exchanges_complete"] == "1"
        assert int(numbers["bytes_sent_to_clients"]) > 0
        assert numbers["workers"] == numbers["workers_that_answered"]
        path = running.socket
    assert not path.exists()
    gone = ask("status", path)
    assert gone.returncode == 1 and "no Weir answers" in gone.stderr


def test_a_reload_changes_the_rules_and_cuts_what_they_deny(tmp_path, play):
    go = threading.Event()

    def script(connection):
        connection.request()
        go.wait(20)
        connection.respond(b"ok", close=True)

    origin = play(script)
    with Running(tmp_path) as running, running.weir.client() as waiting, running.weir.client() as idle:
        head = [("Host", origin.authority)]
        idle.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        assert idle.response().status == 200
        waiting.send_request("GET", origin.url + "/", head)
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        running.rewrite(f"blocked_ports = [{origin.port}]\n")
        answer = ask("reload", running.socket)
        assert answer.returncode == 0, answer.stderr
        assert waiting.is_closed(within=5)
        go.set()
        # A connection from before the reload goes on, by the new rules.
        idle.send_request("GET", origin.url + "/", head)
        assert idle.response().status == 403
        running.rewrite("")
        running.weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: sum("reloaded" in line for line in list(running.weir.stderr_lines)) == 2)
        idle.send_request("GET", origin.url + "/", head)
        assert idle.response().status == 200
        eventually(lambda: any(line.outcome == "policy_changed" for line in running.weir.log))


def test_a_broken_file_leaves_the_old_configuration(tmp_path, origin):
    with Running(tmp_path) as running:
        running.rewrite("workerz = 2\n")
        answer = ask("reload", running.socket)
        assert answer.returncode == 1
        assert "the old configuration stays" in answer.stderr and "workerz" in answer.stderr
        assert running.weir.get(origin.url + "/").status == 200


def test_what_needs_a_restart_is_named(tmp_path):
    """As long as the file has it otherwise than what runs."""
    said = "changed in the file, and only a restart brings it: "
    other = f'workers = 2\nvia = "other"\nstate_dir = "{tmp_path}/state"\n[limits]\nlog_backlog = "1MiB"\n'
    with Running(tmp_path, "workers = 1\n") as running:
        for body, keys in ((other, "via, state_dir, workers, limits.log_backlog"), ("workers = 3\n", "workers")):
            running.rewrite(body)
            for _ in range(2):
                answer = ask("reload", running.socket)
                assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"reloaded\n{said}{keys}\n", "")
        running.weir.write_config("workers = 1\n")
        assert ask("reload", running.socket).stdout == f"reloaded\n{said}control\n"
        running.rewrite("workers = 1\n")
        assert ask("reload", running.socket).stdout == "reloaded\n"
        told = [line for line in running.weir.stderr_lines if said in line]
        assert len(told) == 5 and told[0].endswith("via, state_dir, workers, limits.log_backlog"), told
        assert "workers: 1\n" in ask("status", running.socket).stdout


def test_a_reload_turns_debug_on_and_off(tmp_path, origin):
    def asked(running, number):
        assert running.weir.get(f"{origin.url}/{number}").status == 200
        running.weir.wait_log(number)
        return f"/{number} HTTP/1.1" in running.weir.stderr

    with Running(tmp_path) as running:
        for number, body, shown in ((1, "", False), (2, "debug = true\n", True), (3, "debug = false\n", False), (4, "debug = true\n", True)):
            running.rewrite(body)
            assert ask("reload", running.socket).stdout == "reloaded\n"
            assert asked(running, number) == shown


def test_debug_of_the_command_line_stays(tmp_path, origin):
    path, socket_path = tmp_path / "weir.toml", tmp_path / "control"
    with_debug = f'control = "{socket_path}"\ndebug = DEBUG\n[[listener]]\naddress = "127.0.0.1:0"\n'
    path.write_text(with_debug.replace("DEBUG", "true"))
    with Weir(arguments=["--config", str(path), "--debug"]) as weir:
        path.write_text(with_debug.replace("DEBUG", "false"))
        for number in range(2):
            assert ask("reload", socket_path).returncode == 0
            weir.get(f"{origin.url}/{number}")
            weir.wait_stderr(f"/{number} HTTP/1.1")


def test_without_a_file_there_is_nothing_to_reload():
    with Weir() as weir:
        weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the old configuration stays" in weir.stderr)


def test_a_listener_comes_and_goes(tmp_path, origin):
    with Running(tmp_path) as running:
        own = running.weir.port
        first = '[[listener]]\naddress = "127.0.0.1:0"\n'
        running.rewrite(first + '[[listener]]\naddress = "127.0.0.2:0"\n')
        assert ask("reload", running.socket).returncode == 0
        # The first one stays what it was, its free port too.
        assert running.weir.port == own
        assert running.weir.get(origin.url + "/").status == 200
        eventually(lambda: any(host == "127.0.0.2" for host, _ in running.weir.addresses))
        with Client(running.weir.port_of("127.0.0.2"), "127.0.0.2") as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.response().status == 200
            running.rewrite(first)
            assert ask("reload", running.socket).returncode == 0
            # Who came by the listener that is gone is served on; nobody else comes.
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.response().status == 200
            running.weir.wait_stderr("no longer listening on 127.0.0.2")


def test_what_a_reload_says_is_done_is_done(tmp_path):
    """A listener of a fixed port goes and comes again at once, while clients use it."""
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]
    first = 'workers = 4\n[[listener]]\naddress = "127.0.0.1:0"\n'
    second = f'[[listener]]\naddress = "127.0.0.2:{port}"\n'

    def reload(body):
        """Without a process between, which would take its time."""
        running.rewrite(body)
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(30)
            control.connect(str(running.socket))
            control.send(b"reload\n")
            assert control.recv(1000) == b"ok\nreloaded\n"

    kept = []
    with Running(tmp_path, first) as running:
        try:
            for _ in range(40):
                reload(first + second)
                kept.append(Client(port, "127.0.0.2"))
                kept[-1].send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
                assert kept[-1].response().status == 200
                reload(first)
                try:
                    Client(port, "127.0.0.2").close()
                    raise AssertionError("somebody still listens")
                except ConnectionRefusedError:
                    pass
            for client in kept:
                client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
                assert client.response().status == 200
        finally:
            for client in kept:
                client.close()


def test_a_listener_may_become_one_for_others_and_back(tmp_path, network):
    """The same port, at loopback alone and at every address."""
    with network("198.51.100.1/32"):
        own = '[[listener]]\naddress = "127.0.0.1:3128"\n'
        all_of_them = '[[listener]]\naddress = "0.0.0.0:3128"\nclients = ["127.0.0.0/8", "198.51.100.0/24"]\n'

        def page(host):
            with Client(3128, host) as client:
                client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
                return client.response().status

        with Running(tmp_path, own) as running, Client(3128) as kept:
            for _ in range(3):
                running.rewrite(all_of_them)
                assert not ask("reload", running.socket).stderr
                assert (page("127.0.0.1"), page("198.51.100.1")) == (200, 200)
                running.rewrite(own)
                assert not ask("reload", running.socket).stderr
                assert page("127.0.0.1") == 200
                with pytest.raises(ConnectionRefusedError):
                    page("198.51.100.1")
            kept.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
            assert kept.response().status == 200


def test_drain_finishes_what_runs_and_lets_nobody_in(tmp_path, play):
    go = threading.Event()

    def script(connection):
        connection.request()
        assert go.wait(20)
        connection.respond(b"whole")

    origin = play(script)
    with Running(tmp_path) as running, running.weir.client() as busy, running.weir.client() as idle:
        idle.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        assert idle.response().status == 200
        busy.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        running.weir.process.send_signal(signal.SIGTERM)
        assert idle.is_closed(within=5)

        def nobody():
            try:
                running.weir.client().close()
                return False
            except OSError:
                return True

        eventually(nobody)
        # Whoever waits for the end may ask what it waits for.
        answer = ask("status", running.socket)
        assert answer.returncode == 0, answer.stderr
        numbers = dict(line.split(": ", 1) for line in answer.stdout.splitlines())
        assert (numbers["ending"], numbers["exchanges_running"]) == ("1", "1")
        answer = ask("reload", running.socket)
        assert answer.returncode == 1 and "Weir is ending" in answer.stderr
        running.weir.process.send_signal(signal.SIGHUP)
        running.weir.wait_stderr("Weir is ending")
        go.set()
        response = busy.response()
        assert response.status == 200 and response.body == b"whole" and response.complete
        assert running.weir.process.wait(10) == 0
        assert [line.outcome for line in running.weir.log] == ["complete", "complete"]


@pytest.mark.parametrize("how", ["drain", "reload"])
def test_who_waits_at_a_listener_that_closes_is_served(how):
    """The kernel has taken their connections: closing the listener would reset them."""
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
            assert client.rest() == b""  # Nobody waits for those who say nothing.
        for client in clients:
            client.close()


@pytest.mark.parametrize("how", ["drain", "reload"])
def test_a_whole_queue_at_a_listener_that_closes_is_served(how):
    """As many as one worker's queue holds, or what the system allows it."""
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
    """A client of HTTP/1.0 sees where content of unknown length ends by the end of the connection."""

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (1_000_000 if to_the_kernel else 10))
        connection.wait_for_end()

    origin = play(script)
    config = '[timeouts]\ndrain = "300ms"\n'
    with Running(tmp_path, config) as running, running.weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)], version="1.0")
        client.reader.response_head()
        client.reader.exactly(900_000 if to_the_kernel else 10)
        if how == "drain":
            running.weir.process.send_signal(signal.SIGTERM)
        else:
            running.rewrite(f"blocked_ports = [{origin.port}]\n")
            running.weir.process.send_signal(signal.SIGHUP)
        with pytest.raises(ConnectionResetError):
            while client.socket.recv(65536):
                pass


def test_a_drain_forgets_no_numbers(play):
    """Also those of workers that have nothing to finish."""
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
    with Running(tmp_path, config) as running, running.weir.client() as busy, running.weir.client() as begun:
        begun.send("GET /begun HTTP/1.1\r\nHo")
        busy.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        running.weir.process.send_signal(signal.SIGTERM)
        assert running.weir.process.wait(10) == 0
        # One was inside its head.
        eventually(lambda: [line.outcome for line in running.weir.log] == ["drained"] * 2)
        assert {line.request.split()[1] for line in running.weir.log} == {"/begun", origin.url + "/"}
