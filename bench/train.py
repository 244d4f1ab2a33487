"""Runs the workloads of the benchmark with the program that counts its branches. Called by
bench/train."""

import sys
import types

import measure
import peers
import workloads


class Counting(peers.Weir):
    program = str(peers.ROOT / "build/train/weir")


def main():
    peers.ALL = (Counting,)
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
    finally:
        bench.close()
    if failed:
        sys.exit(f"bench/train: {', '.join(failed)} did not run")


if __name__ == "__main__":
    main()
