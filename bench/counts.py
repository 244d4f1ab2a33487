"""Exact counts for one request of get_1k: system calls (strace -c -f) and user instructions (callgrind)."""

import re
import signal
import subprocess
import time

import peers
import processes
import workloads

TURN = "weir::async::EventLoop::turn(int)"
SHORT, LONG = 2_000, 8_000  # Requests of two runs; the difference leaves out start and warm-up.


def load(bench, peer, operations, at_ready=lambda: 0, at_end=lambda: 0):
    get = workloads.Workload("", "", {"mode": "get", "path": "/1k", "connections": 64}, operations, 500)
    words = [word for word in get.words(peer, False) if not word.startswith("milliseconds")] + ["milliseconds=60000"]
    result = bench.run_load(words, at_ready, at_end)[2]
    if result["operations"] != operations or result["errors"]:
        raise processes.Failure("requests failed while they were counted")


def system_calls(bench, peer):
    """The number of system calls of one request, and their names."""
    peer.start(bench.proxy_cpu)
    output = peer.folder / "strace"
    tracer = None
    try:

        def attach():
            nonlocal tracer
            tracer = processes.start(["strace", "-c", "-f", "-o", str(output), "-p", str(peer.process.pid)], bench.load_cpu, subprocess.DEVNULL)
            time.sleep(1)

        def detach():
            tracer.send_signal(signal.SIGINT)
            tracer.wait(10)

        load(bench, peer, LONG, attach, detach)
    finally:
        if tracer:
            processes.stop(tracer)
        peer.stop()
    calls = {}
    for line in output.read_text().splitlines():
        match = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
        if match and match[2] != "total":
            calls[match[2]] = int(match[1]) / LONG
    return {"total": sum(calls.values()), "calls": {name: round(count, 3) for name, count in calls.items() if count >= 0.005}}


def instructions_of(bench, peer, operations):
    peer.start(
        bench.proxy_cpu,
        ["valgrind", "--tool=callgrind", f"--toggle-collect={TURN}", "--callgrind-out-file=callgrind.out"],
    )
    try:
        load(bench, peer, operations)
    finally:
        peer.stop()
    match = re.search(r"Collected : (\d+)", (peer.folder / "stderr").read_text())
    if not match or int(match[1]) == 0:
        raise processes.Failure("callgrind collected nothing")
    return int(match[1])


def measure(bench):
    peer = next(each for each in bench.peers if isinstance(each, peers.Weir))
    out = {}
    for name, count in (
        ("system_calls", lambda: system_calls(bench, peer)),
        ("instructions", lambda: (instructions_of(bench, peer, LONG) - instructions_of(bench, peer, SHORT)) / (LONG - SHORT)),
    ):
        try:
            out[name] = count()
        except (processes.Failure, subprocess.TimeoutExpired, OSError) as failure:
            out.setdefault("skipped", {})[name] = str(failure)
    return out
