"""Processes of the benchmark: started on one core, watched, and always ended."""

import ctypes
import os
import pathlib
import resource
import select
import signal
import socket
import subprocess
import time

START = 20  # Seconds until a proxy must listen.
STOP = 5  # Seconds from SIGTERM to SIGKILL.
PR_SET_PDEATHSIG = 1
CPUCLOCK_SCHED = 2  # clock_getcpuclockid(3), which Python does not have.
LIBC = ctypes.CDLL(None)


class Failure(Exception):
    """A failure of one peer, not of the benchmark."""


def environment():
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def start(arguments, cpu, error_file, **popen):
    """A process in its own session, on one core, which ends when this one ends."""

    def prepare():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, {cpu})
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = 19_900 if hard == resource.RLIM_INFINITY else min(hard, 19_900)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    return subprocess.Popen(
        arguments, stderr=error_file, start_new_session=True, preexec_fn=prepare, env=popen.pop("env", environment()), **popen
    )


def stop(process):
    """Ends the process and what it has started."""
    for signum, seconds in ((signal.SIGTERM, STOP), (signal.SIGKILL, STOP)):
        members = session_of(process.pid)
        if process.poll() is None and process.pid not in members:
            members.append(process.pid)
        for pid in members:
            try:
                os.kill(pid, signum)
            except ProcessLookupError:
                pass
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if process.poll() is not None and not session_of(process.pid):
                return
            time.sleep(0.02)


def session_of(leader):
    """The living processes of a session."""
    members = []
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                members.append(int(folder.name))
    return members


def cpu_ns(pids):
    """User and system time of all threads of the processes, including threads that have ended.
    These are no longer in /proc/PID/task/*/schedstat (Privoxy and tinyproxy have a thread for each
    client)."""
    total = 0
    for pid in pids:
        try:
            total += time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)
        except OSError:
            pass
    return total


def private_bytes(pids):
    """Memory that the processes have written and share with no other."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                total += int(line.split()[1]) * 1024
    return total


def free_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    end = time.monotonic() + START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failure(f"it ended with status {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Failure(f"it does not listen after {START} seconds")


def read_line(process, seconds):
    """A line of a process's output; fails if none comes in time."""
    readable, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline() if readable else b""
    if not line:
        raise Failure("the load generator gave up" if readable else "the load generator is silent")
    return line.decode()
