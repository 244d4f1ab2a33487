"""Runs the workloads of the benchmark with the program that counts its branches. Called by
bench/train."""

import pathlib
import sys
import tempfile
import types

import counts
import measure
import opened
import peers
import workloads


# What happens most is laid out for speed, counted in all of Weir: to compile millions of names would leave nothing of
# that to requests.
FEW_NAMES = 20_000


class Counting(peers.Weir):
    program = str(peers.ROOT / "build/train/weir")


class CountingOpened(opened.Weir):
    program = Counting.program


class CountingMinting(opened.WeirMinting):
    program = Counting.program


def with_rules(bench):
    """Some of the requests that workloads.py has without rules."""
    peer = bench.peers[0]
    with tempfile.TemporaryDirectory() as folder:
        peer.top, peer.rules = f'state_dir = "{folder}/state"\n', counts.rules(pathlib.Path(folder) / "names.txt", size=FEW_NAMES)
        peer.start(bench.proxy_cpu)
        counts.load(bench, peer, counts.LONG, more=counts.ASKED)
        peer.stop()
        peer.top, peer.rules = "", ""


def main():
    peers.ALL, opened.ALL = (Counting,), (CountingOpened, CountingMinting)
    options = types.SimpleNamespace(quick=True, rounds=1, peers=None)
    bench = measure.Bench(options)
    failed = []
    try:
        for workload in workloads.ALL:
            if workload.idle:
                continue
            print(f"  {workload.name}", file=sys.stderr, flush=True)
            outcome = bench.run(workload)
            failed += [workload.name] if outcome["skipped"] else []
        print("  rules", file=sys.stderr, flush=True)
        with_rules(bench)
    finally:
        bench.close()
    if failed:
        sys.exit(f"bench/train: {', '.join(failed)} did not run")


if __name__ == "__main__":
    main()
