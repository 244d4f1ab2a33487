"""The control socket: which files it replaces, how long it waits, and which answers it accepts."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import pytest
from support.client import eventually
from support.weir import Weir, binary, environment

pytestmark = pytest.mark.threads


def ask(word, path, within=30):
    return subprocess.run([binary(), word, "--control", str(path)], capture_output=True, env=environment(), timeout=within, check=False)


def config(path, more=""):
    return f'control = "{path}"\n{more}[[listener]]\naddress = "127.0.0.1:0"\n'


def stale_socket(path):
    """A socket as a killed Weir leaves it."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()


def identity(path):
    status = os.lstat(path)
    return status.st_dev, status.st_ino, status.st_mode, status.st_size


@pytest.mark.parametrize("kind", ["file", "folder", "fifo", "link to nothing", "link to a file", "link to a stale socket"])
def test_what_is_no_socket_stays(tmp_path, origin, kind):
    path, target = tmp_path / "control", tmp_path / "target"
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
        if kind == "link to a file":
            target.write_text("precious")
        elif kind == "link to a stale socket":
            stale_socket(target)
    before = identity(path), sorted(os.listdir(tmp_path))
    with Weir(config(path)) as weir:
        assert f"no control socket: {path} is there, and is no socket" in weir.stderr
        assert weir.get(origin.url + "/").status == 200
    assert (identity(path), sorted(os.listdir(tmp_path))) == before


def test_a_stale_socket_is_replaced(tmp_path):
    path = tmp_path / "control"
    stale_socket(path)
    with Weir(config(path)):
        assert ask("status", path).returncode == 0
    assert not os.path.lexists(path)


def test_a_socket_that_somebody_listens_at_stays(tmp_path):
    """Also if the listener does not accept, and its queue is full."""
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as first:
        other.bind(str(path))
        other.listen(0)
        first.connect(str(path))
        before = identity(path)
        with Weir(config(path)) as weir:
            assert "another Weir listens there" in weir.stderr
        assert identity(path) == before


def test_at_its_end_it_removes_its_own_socket_alone(tmp_path):
    path = tmp_path / "control"
    with Weir(config(path)) as weir:
        path.unlink()
        with Weir(config(path)) as second:
            assert "no control socket" not in second.stderr
            weir.stop()
            assert ask("status", path).returncode == 0
        assert not os.path.lexists(path)
    with Weir(config(path)) as weir:
        path.unlink()
        path.write_text("precious")
        weir.stop()
    assert path.read_text() == "precious"


def connect(path):
    control = socket.socket(socket.AF_UNIX)
    control.settimeout(20)
    control.connect(str(path))
    return control


def all_of(control):
    text = b""
    try:
        while data := control.recv(65536):
            text += data
    except ConnectionError:
        pass
    return text


def test_who_sends_drop_by_drop_keeps_nobody_waiting(tmp_path):
    path = tmp_path / "control"
    with Weir(config(path)) as weir:
        slow = [connect(path) for _ in range(4)]
        over = threading.Event()

        def drip(control):
            try:
                while not over.wait(0.3):
                    control.send(b"s")
            except OSError:
                pass

        threads = [threading.Thread(target=drip, args=(control,), daemon=True) for control in slow]
        for thread in threads:
            thread.start()
        try:
            time.sleep(0.5)  # So that they are connected.
            began = time.monotonic()
            answer = ask("status", path)
            assert answer.returncode == 0, answer.stderr
            weir.process.send_signal(signal.SIGHUP)
            weir.wait_stderr("reloaded")
            assert time.monotonic() - began < 3, "others waited"
            began = time.monotonic()
            for control in slow:
                assert all_of(control) == b""
            assert time.monotonic() - began < 5, "a line may take a second, all of it"
        finally:
            over.set()
            for thread in threads:
                thread.join()
            for control in slow:
                control.close()


def test_who_does_not_read_keeps_nobody_waiting(tmp_path):
    """The answer lists more mistakes than the socket's buffer holds."""
    path = tmp_path / "control"
    with Weir(config(path)) as weir:
        weir.write_config("".join(f"unknown_{number} = 1\n" for number in range(5000)) + config(path))
        with connect(path) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            deaf.sendall(b"reload\n")
            # Five thousand mistakes take a sanitized Weir some seconds, and more on a busy machine.
            weir.wait_stderr("the old configuration stays", within=60)
            began = time.monotonic()
            assert ask("status", path).returncode == 0
            assert time.monotonic() - began < 5
            # Weir closes a connection that does not read in time.
            time.sleep(2.5)
            assert 0 < len(all_of(deaf)) < 600_000
        with connect(path) as reading:
            reading.settimeout(60)
            reading.sendall(b"reload\n")
            text = all_of(reading)
        assert text.count(b"\n") >= 5000 and text.startswith(b"the old configuration stays: ")


def test_lines_that_are_none(tmp_path):
    path = tmp_path / "control"
    with Weir(config(path)):
        for line in (b"x" * 10_000, b"", b"\n", b"status", b"\x1b[31m\n", b"stat\0us\n", b"status now\n", b"status +3\n", b"+3\n"):
            with connect(path) as control:
                try:
                    control.sendall(line)
                    control.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                assert all_of(control) in (b"", b"unknown word: " + line[:-1] + b"\n"), line
        with connect(path) as control:
            control.sendall(b"x" * 30_000)
            assert all_of(control) == b"a command has at most 20479 bytes\n"
        with connect(path) as control:
            for byte in b"status\n":
                control.send(bytes([byte]))
            assert all_of(control).startswith(b"ok\n")
        # Many connections at once, and some that close before the answer.
        crowd = [connect(path) for _ in range(16)]
        for control in crowd[::2]:
            control.send(b"status\n")
            control.close()
        for control in crowd[1::2]:
            control.send(b"status\n")
        for control in crowd[1::2]:
            assert all_of(control).startswith(b"ok\n")
            control.close()


def test_a_failed_reload_is_told_in_the_log_too(tmp_path, origin):
    path = tmp_path / "control"
    with Weir(config(path)) as weir:
        weir.write_config("workerz = 2\nown_nam = 'x'\n" + config(path))
        answer = ask("reload", path)
        assert answer.returncode == 1 and b"workerz" in answer.stderr
        # With its quotes, since the line names the nearest key, `own_name`, too.
        eventually(lambda: weir.stderr.count('"own_nam"') == 1)
        lines = weir.stderr_lines
        at = next(number for number, line in enumerate(lines) if "the old configuration stays" in line)
        assert "workerz" in lines[at] and "own_nam" in lines[at + 1]
        weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: weir.stderr.count('"own_nam"') == 2)
        weir.process.send_signal(signal.SIGUSR1)
        assert weir.get(origin.url + "/").status == 200
        assert len(lines) == at + 4 and "" not in lines, weir.stderr


class Fake:
    """A control socket that is not Weir's: reads one line, then does what the test says."""

    def __init__(self, path, play):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        self.thread = threading.Thread(target=self._run, args=(play,), daemon=True)
        self.thread.start()

    def _run(self, play):
        try:
            client, _ = self.socket.accept()
            with client:
                client.recv(100)
                play(client)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.thread.join(10)


@pytest.mark.parametrize(
    "said, shown",
    [
        (b"\x1b]0;owned\x07\x1b[31mred\r\n", rb"\x1b]0;owned\x07\x1b[31mred\x0d" + b"\n"),
        (b"a\tb\x7f\0c\n", b"a\tb" + rb"\x7f\x00c" + b"\n"),
        ("Füße \u009b31m\n".encode(), "Füße ".encode() + rb"\xc2\x9b31m" + b"\n"),
        (b"\x9b31m \xff\xc3\n", rb"\x9b31m \xff\xc3" + b"\n"),
    ],
)
@pytest.mark.parametrize("first, status", [(b"ok\n", 0), (b"", 1)])
def test_what_a_stranger_says_is_shown_without_controls(tmp_path, said, shown, first, status):
    path = tmp_path / "control"
    with Fake(path, lambda client: client.sendall(first + said)):
        answer = ask("status", path)
    assert answer.returncode == status
    assert (answer.stdout if status == 0 else answer.stderr) == shown
    assert (answer.stderr if status == 0 else answer.stdout) == b""


def test_what_a_stranger_says_has_an_end(tmp_path):
    path = tmp_path / "control"

    def flood(client):
        client.sendall(b"ok\n")
        for _ in range(300):
            client.sendall(b"x" * (1 << 20))

    with Fake(path, flood):
        answer = ask("status", path)
    assert answer.returncode == 1
    assert len(answer.stdout) <= 1 << 20
    assert answer.stderr.endswith(b"more than 1 MiB\n"), answer.stderr


def test_nobody_there(tmp_path):
    path = tmp_path / "control"
    answer = ask("status", path)
    assert answer.returncode == 1 and answer.stderr == f"weir: no Weir answers at {path}: No such file or directory\n".encode()
    with Fake(path, lambda client: None):
        answer = ask("status", path)
    assert answer.returncode == 1 and answer.stderr == f"weir: no answer from {path}\n".encode()
    assert pathlib.Path(path).is_socket()
