"""Exact counts for one request of get_1k: system calls (strace -c -f) and user instructions (callgrind)."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import peers
import processes
import workloads

TURN = "weir::async::EventLoop::turn(int)"
SHORT, LONG = 2_000, 8_000  # Requests of two runs; the difference leaves out start and warm-up.


# A host of four names, so that a list is asked about each, and many paths: a decision is remembered for all of them
# only if no rule asks for the path of this host's URLs.
ASKED = {"host": "www.pages.shop.localhost", "paths": 5_000}
RULES, GROUPS, NAMES = 100, 20, 2_000_000


def load(bench, peer, operations, at_ready=lambda: 0, at_end=lambda: 0, more=()):
    get = workloads.Workload("", "", {"mode": "get", "path": "/1k", "connections": 64, **dict(more)}, operations, 500)
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


def instructions_of(bench, peer, operations, more=()):
    peer.start(
        bench.proxy_cpu,
        ["valgrind", "--tool=callgrind", f"--toggle-collect={TURN}", "--callgrind-out-file=callgrind.out"],
    )
    try:
        load(bench, peer, operations, more=more)
    finally:
        peer.stop()
    match = re.search(r"Collected : (\d+)", (peer.folder / "stderr").read_text())
    if not match or int(match[1]) == 0:
        raise processes.Failure("callgrind collected nothing")
    return int(match[1])


def rules(names, asks_path=False, size=NAMES):
    """Rules for groups about hosts, URLs and methods, and a list of `size` names, none of which has the benchmark's
    requests. If `asks_path`, one of them is about other paths of their host."""
    names.write_text("".join(f"ads{number}.metrics{number % 977}.example.com\n" for number in range(size)))
    text = f'[lists.ads]\npaths = ["{names}"]\n'
    for group in range(GROUPS):
        text += f'[[client]]\nname = "c{group}"\naddresses = ["10.{group}.0.0/16", "127.0.0.0/8"]\ngroups = ["g{group}"]\n'
    asks = 1 if asks_path else None  # A rule about a URL.
    for number in range(RULES - 1):
        what = (f'host = ["shop{number}.example", "*.news{number}.example"]', f'url = ["http://{"*.shop.localhost:*" if number == asks else f"video{number}.example"}/watch/*"]',
                f'host = ["api{number}.example"], method = ["POST", "PUT"]')[number % 3]
        text += f'[[rule]]\nname = "r{number}"\naction = "deny"\nwho.group = ["g{number % GROUPS}"]\nwhat = {{ {what} }}\n'
    return text + '[[rule]]\nname = "ads"\naction = "filter"\nwhat.list = ["ads"]\n'


def instructions_of_rules(bench, peer, asks_path):
    """What a request costs more with rules and a list than without."""
    def of():
        return (instructions_of(bench, peer, LONG, ASKED) - instructions_of(bench, peer, SHORT, ASKED)) / (LONG - SHORT)

    without = of()
    with tempfile.TemporaryDirectory() as folder:
        names = pathlib.Path(folder) / "names.txt"
        peer.top, peer.rules = f'state_dir = "{folder}/state"\n', rules(names, asks_path)
        # An image of a file that was written just now is made anew at the next start.
        time.sleep(2.5)
        try:
            # So that valgrind need not see how the list is compiled.
            peer.start(bench.proxy_cpu)
            peer.stop()
            return of() - without
        finally:
            peer.top, peer.rules = "", ""


def measure(bench):
    peer = next(each for each in bench.peers if isinstance(each, peers.Weir))
    out = {}
    for name, count in (
        ("system_calls", lambda: system_calls(bench, peer)),
        ("rules", lambda: instructions_of_rules(bench, peer, False)),
        ("asked", lambda: instructions_of_rules(bench, peer, True)),
        ("instructions", lambda: (instructions_of(bench, peer, LONG) - instructions_of(bench, peer, SHORT)) / (LONG - SHORT)),
    ):
        try:
            out[name] = count()
        except (processes.Failure, subprocess.TimeoutExpired, OSError) as failure:
            out.setdefault("skipped", {})[name] = str(failure)
    return out
