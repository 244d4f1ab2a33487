"""Reload and status, as an operator uses them."""

import os
import signal
import socket
import stat
import threading

import pytest
from support.client import Client, eventually
from support.reloading import Reloading, ask
from support.weir import Weir

pytestmark = pytest.mark.threads


def test_status_tells_what_was_done(tmp_path, origin):
    with Reloading(tmp_path) as running:
        assert running.get(origin.url + "/").status == 200
        assert stat.S_IMODE(os.stat(running.control).st_mode) == 0o600

        def done():
            answer = ask("status", running.control)
            assert answer.returncode == 0, answer.stderr
            numbers = dict(line.split(": ", 1) for line in answer.stdout.splitlines())
            return numbers["exchanges_ended"] == "1" and numbers

        numbers = eventually(done)
        assert numbers["status_2xx"] == "1" and numbers["exchanges_complete"] == "1"
        assert int(numbers["bytes_sent_to_clients"]) > 0
        assert numbers["workers"] == numbers["workers_that_answered"]
        path = running.control
    assert not os.path.exists(path)
    gone = ask("status", path)
    assert gone.returncode == 1 and "no Weir answers" in gone.stderr


def test_a_reload_changes_the_rules_and_cuts_what_they_deny(tmp_path, play):
    go = threading.Event()

    def script(connection):
        connection.request()
        go.wait(20)
        connection.respond(b"ok", close=True)

    origin = play(script)
    with Reloading(tmp_path) as running, running.client() as waiting, running.client() as idle:
        head = [("Host", origin.authority)]
        idle.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        assert idle.response().status == 200
        waiting.send_request("GET", origin.url + "/", head)
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        running.rewrite(f"blocked_ports = [{origin.port}]\n")
        answer = ask("reload", running.control)
        assert answer.returncode == 0, answer.stderr
        assert waiting.is_closed(within=5)
        go.set()
        # A connection from before the reload goes on, under the new rules.
        idle.send_request("GET", origin.url + "/", head)
        assert idle.response().status == 403
        running.rewrite("")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: sum("reloaded" in line for line in list(running.stderr_lines)) == 2)
        idle.send_request("GET", origin.url + "/", head)
        assert idle.response().status == 200
        eventually(lambda: any(line.outcome == "policy_changed" for line in running.log))


def test_a_broken_file_leaves_the_old_configuration(tmp_path, origin):
    with Reloading(tmp_path) as running:
        running.rewrite("workerz = 2\n")
        answer = ask("reload", running.control)
        assert answer.returncode == 1
        assert "the old configuration stays" in answer.stderr and "workerz" in answer.stderr
        assert running.get(origin.url + "/").status == 200


def test_what_needs_a_restart_is_named(tmp_path):
    """Every reload names the key as long as the file differs from the running configuration."""
    said = "changed in the file, and only a restart brings it: "
    other = f'workers = 2\nvia = "other"\nstate_dir = "{tmp_path}/state"\n[limits]\nlog_backlog = "1MiB"\n'
    with Reloading(tmp_path, "workers = 1\n") as running:
        for body, keys in ((other, "via, state_dir, workers, limits.log_backlog"), ("workers = 3\n", "workers")):
            running.rewrite(body)
            for _ in range(2):
                answer = ask("reload", running.control)
                assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"reloaded\n{said}{keys}\n", "")
        running.write_config("workers = 1\n")
        assert ask("reload", running.control).stdout == f"reloaded\n{said}control\n"
        running.rewrite("workers = 1\n")
        assert ask("reload", running.control).stdout == "reloaded\n"
        told = [line for line in running.stderr_lines if said in line]
        assert len(told) == 5 and told[0].endswith("via, state_dir, workers, limits.log_backlog"), told
        assert "workers: 1\n" in ask("status", running.control).stdout


def test_a_reload_turns_debug_on_and_off(tmp_path, origin):
    def asked(running, number):
        assert running.get(f"{origin.url}/{number}").status == 200
        running.wait_log(number)
        return f"/{number} HTTP/1.1" in running.stderr

    with Reloading(tmp_path) as running:
        for number, body, shown in ((1, "", False), (2, "debug = true\n", True), (3, "debug = false\n", False), (4, "debug = true\n", True)):
            running.rewrite(body)
            assert ask("reload", running.control).stdout == "reloaded\n"
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
    with Reloading(tmp_path) as running:
        own = running.port
        first = '[[listener]]\naddress = "127.0.0.1:0"\n'
        running.rewrite(first + '[[listener]]\naddress = "127.0.0.2:0"\n')
        assert ask("reload", running.control).returncode == 0
        # The first listener does not change, and keeps its port.
        assert running.port == own
        assert running.get(origin.url + "/").status == 200
        eventually(lambda: any(host == "127.0.0.2" for host, _ in running.addresses))
        with Client(running.port_of("127.0.0.2"), "127.0.0.2") as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.response().status == 200
            running.rewrite(first)
            assert ask("reload", running.control).returncode == 0
            # A client of the removed listener is still served; new clients are refused.
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.response().status == 200
            running.wait_stderr("no longer listening on 127.0.0.2")


def test_what_a_reload_says_is_done_is_done(tmp_path):
    """A listener of a fixed port goes and comes again at once, while clients use it."""
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]
    first = 'workers = 4\n[[listener]]\naddress = "127.0.0.1:0"\n'
    second = f'[[listener]]\naddress = "127.0.0.2:{port}"\n'

    def reload(body):
        """Reloads over the socket directly, since starting a process takes too long."""
        running.rewrite(body)
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(30)
            control.connect(str(running.control))
            control.send(b"reload\n")
            assert control.recv(1000) == b"ok\nreloaded\n"

    kept = []
    with Reloading(tmp_path, first) as running:
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
    """The same port, first on loopback alone and then at every address."""
    with network("198.51.100.1/32"):
        own = '[[listener]]\naddress = "127.0.0.1:3128"\n'
        all_of_them = '[[listener]]\naddress = "0.0.0.0:3128"\nclients = ["127.0.0.0/8", "198.51.100.0/24"]\n'

        def page(host):
            with Client(3128, host) as client:
                client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
                return client.response().status

        with Reloading(tmp_path, own) as running, Client(3128) as kept:
            for _ in range(3):
                running.rewrite(all_of_them)
                assert not ask("reload", running.control).stderr
                assert (page("127.0.0.1"), page("198.51.100.1")) == (200, 200)
                running.rewrite(own)
                assert not ask("reload", running.control).stderr
                assert page("127.0.0.1") == 200
                with pytest.raises(ConnectionRefusedError):
                    page("198.51.100.1")
            kept.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
            assert kept.response().status == 200
