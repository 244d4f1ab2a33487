"""The log's readers stop reading, and disks fill: traffic goes on, and Weir says how many lines
were lost."""

import fcntl
import os
import pty
import re
import signal
import subprocess

import pytest
from support.client import eventually, exchange
from support.control import status
from support.weir import Weir, binary, environment

pytestmark = pytest.mark.threads

SMALL = "[limits]\nlog_backlog = \"64KiB\"\n"
LONG = "x" * 4000


def full_pipe():
    """(reading end, writing end) of a full pipe."""
    reads, writes = os.pipe()
    flags = fcntl.fcntl(writes, fcntl.F_GETFL)
    fcntl.fcntl(writes, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(writes, b"\n" * 4096)
    except BlockingIOError:
        pass
    fcntl.fcntl(writes, fcntl.F_SETFL, flags)
    return reads, writes


def ask(weir, count, path="/"):
    for _ in range(count):
        assert weir.get(weir.url + path).status in (200, 404)


def told(weir):
    """The number of lost lines that standard error reports."""
    return sum(int(n) for n in re.findall(r"can't be written: (\d+) lines? ", weir.stderr))


def serves_and_ends(arguments, out, err, path, count):
    """Starts Weir with these descriptors as its outputs. It must answer `count` requests for its
    own page, and end when it is stopped."""
    command = [binary(), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment())
    try:
        port = eventually(lambda: listening_port(process.pid), what="a listener")
        for _ in range(count):
            assert exchange(port, "GET", f"http://127.0.0.1:{port}/{path}").status == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_nobody_reads_standard_error_nor_the_log(tmp_path):
    """Lines are dropped, and reported where that is possible; Weir never waits for the report."""
    log, err = full_pipe(), full_pipe()
    config = tmp_path / "weir.toml"
    config.write_text(f'control = "{tmp_path}/control"\n{SMALL}[[listener]]\naddress = "127.0.0.1:0"\n')
    serves_and_ends(["--config", config], log[1], err[1], LONG, 60)
    for descriptor in (*log, *err):
        os.close(descriptor)


@pytest.mark.parametrize("kind", ["terminal", "one pipe for both"])
def test_nobody_reads_what_debug_says(kind):
    """A terminal has room for less than a page, and the log may fill a pipe between a poll and a
    write."""
    reads, writes = pty.openpty() if kind == "terminal" else os.pipe()
    serves_and_ends(["0", "--debug"], subprocess.DEVNULL if kind == "terminal" else writes, writes, "x" * 500, 200)
    os.close(reads)
    os.close(writes)


def listening_port(pid):
    """Finds the port in /proc, since standard error is full."""
    sockets = set()
    for each in os.listdir(f"/proc/{pid}/fd"):
        try:
            sockets.add(os.readlink(f"/proc/{pid}/fd/{each}"))
        except OSError:
            pass
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in list(table)[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                return int(words[1].split(":")[1], 16)
    return None


@pytest.mark.parametrize("how", ["reload", "signal"])
def test_a_fifo_that_nobody_reads_is_left(tmp_path, how):
    fifo, file = tmp_path / "fifo", tmp_path / "log"
    os.mkfifo(fifo)
    reads = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    config = SMALL + '[log]\nto = "%s"\n'
    with Weir(config % fifo) as weir:
        eventually(lambda: ask(weir, 10, "/" + LONG) or status(weir)["log_lines_dropped"] > 0, within=30, what="a dropped line")
        if how == "reload":
            weir.write_config(config % file)
            weir.process.send_signal(signal.SIGHUP)
            weir.wait_stderr("reloaded")
        else:
            fifo.rename(tmp_path / "old")
            weir.process.send_signal(signal.SIGUSR1)
            file = fifo
        eventually(lambda: ask(weir, 1, "/new") or file.exists() and "/new" in file.read_text(), within=10, what="a line in the new file")
        lost = status(weir)["log_lines_dropped"]
        assert lost > 0
        eventually(lambda: told(weir) == lost, what=f"{lost} lost lines told")
    os.close(reads)


def test_standard_output_that_nobody_reads_is_left(tmp_path):
    file = tmp_path / "log"
    reads, writes = full_pipe()
    with Weir(SMALL, wrapper=("sh", "-c", f'exec "$0" "$@" >/proc/{os.getpid()}/fd/{writes}')) as weir:
        eventually(lambda: ask(weir, 10, "/" + LONG) or status(weir)["log_lines_dropped"] > 0, within=30, what="a dropped line")
        weir.write_config(SMALL + f'[log]\nto = "{file}"\n')
        weir.process.send_signal(signal.SIGHUP)
        weir.wait_stderr("reloaded")
        eventually(lambda: ask(weir, 1, "/new") or "/new" in file.read_text(), within=10, what="a line in the new file")
        lost = status(weir)["log_lines_dropped"]
        eventually(lambda: told(weir) == lost, what=f"{lost} lost lines told")
    os.close(reads)
    os.close(writes)
