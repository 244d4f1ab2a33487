"""`weir passwd` changes the file completely or not at all, and restores the terminal."""

import contextlib
import fcntl
import os
import pty
import resource
import signal
import socket
import stat
import subprocess
import termios
import time

import pytest
from support.client import eventually
from support.login import passwd
from support.namespace import why_no_mounts
from support.weir import binary, environment, fast_binary

OLD = "# of the house\nbob:$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7\n"


def identity(path):
    status = os.lstat(path)
    return status.st_dev, status.st_ino, status.st_mode, status.st_rdev


def check_refused(path, said):
    """Checks that the file is unchanged, no password was asked for, and one line says why."""
    folder = os.path.dirname(path)
    before = identity(path), sorted(os.listdir(folder))
    done = passwd(path)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr == f"weir: {path}: {said}; nothing was changed\n"
    assert (identity(path), sorted(os.listdir(folder))) == before


@pytest.mark.parametrize("kind", ["folder", "fifo", "socket", "device", "link to a folder", "link to a fifo"])
def test_what_is_no_ordinary_file_stays(tmp_path, kind):
    path, target = tmp_path / "htpasswd", tmp_path / "target"
    make = target if kind.startswith("link") else path
    if kind.endswith("folder"):
        make.mkdir()
    elif kind.endswith("fifo"):
        os.mkfifo(make)
    elif kind == "device":
        try:
            os.mknod(make, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("devices can't be made here")
    else:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(make))
    if make is target:
        path.symlink_to(target)
    check_refused(path, "it is there, and is no ordinary file")


def test_a_link_to_nothing_stays(tmp_path):
    path = tmp_path / "htpasswd"
    path.symlink_to(tmp_path / "nowhere")
    check_refused(path, "it is a link that leads nowhere")


def test_behind_a_link_is_the_file_that_is_meant(tmp_path):
    path, target = tmp_path / "htpasswd", tmp_path / "in" / "target"
    target.parent.mkdir()
    target.write_text(OLD)
    path.symlink_to("in/target")
    assert passwd(path).returncode == 0
    assert path.is_symlink() and not target.is_symlink()
    assert [line.split(":")[0] for line in target.read_text().splitlines()] == ["# of the house", "bob", "ada"]


def test_a_name_without_a_folder(tmp_path):
    assert passwd("htpasswd", cwd=tmp_path).returncode == 0
    assert os.listdir(tmp_path) == ["htpasswd"]


@pytest.mark.seconds(120)
def test_runs_at_once_take_turns(tmp_path):
    """Several runs at once each add their line, even if there was no file."""
    path = tmp_path / "htpasswd"
    names = [f"user-{number}" for number in range(12)]
    running = []
    for name in names:
        running.append(subprocess.Popen([fast_binary(), "passwd", str(path), name], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()))
    for each in running:
        each.stdin.write(b"secret\n")
        each.stdin.close()
    for each in running:
        assert each.wait(60) == 0, each.stderr.read()
        each.stderr.close()
    assert sorted(line.split(":")[0] for line in path.read_text().splitlines()) == sorted(names)
    assert os.listdir(tmp_path) == ["htpasswd"]


def test_it_waits_for_its_turn_but_not_for_ever(tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(OLD)
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        began = time.monotonic()
        done = passwd(path)
        assert time.monotonic() - began >= 9
        assert done.returncode == 1 and "another process" in done.stderr
        assert path.read_text() == OLD
        # A run that starts after that sees the new file.
        waiting = subprocess.Popen([binary(), "passwd", str(path), "ada"], stdin=subprocess.PIPE, env=environment())
        waiting.stdin.write(b"secret\n")
        waiting.stdin.close()
        time.sleep(1)
        other = tmp_path / "other"
        other.write_text(OLD + "eve" + OLD.splitlines()[1][3:] + "\n")
        other.rename(path)
        fcntl.flock(folder, fcntl.LOCK_UN)
        assert waiting.wait(30) == 0
    finally:
        os.close(folder)
    assert [line.split(":")[0] for line in path.read_text().splitlines()] == ["# of the house", "bob", "eve", "ada"]


def test_mode_and_owner_stay(tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(OLD)
    path.chmod(0o640)
    if os.getuid() == 0:
        os.chown(path, 4321, 1234)
    before = path.stat()
    assert passwd(path).returncode == 0
    after = path.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_what_can_not_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(OLD * 50)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    done = passwd(path, preexec_fn=limit)
    assert done.returncode == 1, done.returncode
    assert done.stderr == f"weir: {path}: it can't be written: File too large\n"
    assert path.read_text() == OLD * 50
    assert os.listdir(tmp_path) == ["htpasswd"]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    """The disk has one page left and two are needed. It is mounted for this process alone."""
    refused = why_no_mounts()
    if refused:
        pytest.skip(refused)
    path, before = tmp_path / "htpasswd", tmp_path.with_name(tmp_path.name + "-before")
    before.write_text(OLD + "#" * (4096 - len(OLD) - 1) + "\n")
    script = '''mount -t tmpfs -o size=8k weir-test "$1" || exit 77; cp "$3" "$2"; echo secret | "$0" passwd "$2" ada; echo $?; ls -A "$1"; cmp "$2" "$3"'''
    command = ["unshare", "-m", "sh", "-c", script, binary(), str(tmp_path), str(path), str(before)]
    done = subprocess.run(command, text=True, capture_output=True, env=environment(), timeout=30, check=False)
    if done.returncode == 77:
        pytest.skip("nothing can be mounted here")
    assert done.stderr == f"weir: {path}: it can't be written: No space left on device\n"
    assert done.stdout == "1\nhtpasswd\n"


def test_a_file_that_is_too_large_is_no_file_of_logins(tmp_path):
    path = tmp_path / "htpasswd"
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    check_refused(path, "it is too large")


class Terminal:
    """`weir passwd` in the foreground of a terminal, as a shell starts it: in a process group of its own, whose parent may continue it."""

    def __init__(self, path):
        reading, writing = os.pipe()
        self.leader, self.screen = pty.fork()
        if self.leader == 0:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            child = os.fork()
            if child == 0:
                os.setpgid(0, 0)
                os.tcsetpgrp(0, os.getpgrp())
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
                os.environ.update(environment())
                os.execv(binary(), [binary(), "passwd", str(path), "ada"])
            os.write(writing, b"%d\n" % child)
            while True:
                _, status = os.waitpid(child, os.WUNTRACED)
                os.write(writing, b"%d\n" % status)
                if not os.WIFSTOPPED(status):
                    time.sleep(60)  # Keeps the terminal open for the test.
        os.close(writing)
        self.pipe = os.fdopen(reading)
        self.pid = int(self.pipe.readline())
        self.said = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in (self.pid, self.leader):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.waitpid(self.leader, 0)
        os.close(self.screen)
        self.pipe.close()

    def echoes(self):
        return bool(termios.tcgetattr(self.screen)[3] & termios.ECHO)

    def wait_for(self, text, times=1):
        while self.said.count(text) < times:
            self.said += os.read(self.screen, 1000)
        eventually(lambda: not self.echoes(), what="no echo")

    def type(self, text):
        os.write(self.screen, text)

    def status(self):
        return int(self.pipe.readline())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
@pytest.mark.parametrize("question", [b"New password of ada: ", b"The same again: "])
def test_a_signal_leaves_the_terminal_as_it_was(tmp_path, how, question):
    with Terminal(tmp_path / "htpasswd") as terminal:
        resource.prlimit(terminal.pid, resource.RLIMIT_CORE, (0, 0))
        terminal.wait_for(b"New password of ada: ")
        if question not in terminal.said:
            terminal.type(b"secret\n")
            terminal.wait_for(question)
        if how == signal.SIGINT:
            terminal.type(b"\x03")
        else:
            os.kill(terminal.pid, how)
        status = terminal.status()
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == how
        assert terminal.echoes()
    assert os.listdir(tmp_path) == []


def test_stopped_and_continued_it_asks_again(tmp_path):
    with Terminal(tmp_path / "htpasswd") as terminal:
        terminal.wait_for(b"New password of ada: ")
        for time_ in (2, 3):
            terminal.type(b"half of it\x1a")
            status = terminal.status()
            assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTSTP
            assert terminal.echoes()
            os.kill(terminal.pid, signal.SIGCONT)
            terminal.wait_for(b"New password of ada: ", time_)
        terminal.type(b"secret\n")
        terminal.wait_for(b"The same again: ")
        terminal.type(b"secret\n")
        assert terminal.status() == 0
        assert terminal.echoes()
        assert b"half" not in terminal.said and b"secret" not in terminal.said
    assert (tmp_path / "htpasswd").read_text().startswith("ada:$y$")


def test_the_end_of_input_at_a_terminal(tmp_path):
    with Terminal(tmp_path / "htpasswd") as terminal:
        terminal.wait_for(b"New password of ada: ")
        terminal.type(b"\x04")
        assert os.waitstatus_to_exitcode(terminal.status()) == 1
        assert terminal.echoes()
    assert os.listdir(tmp_path) == []
