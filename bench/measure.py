"""Measures Weir and its peers side by side. Called by bench/run, which has built what is needed."""

import argparse
import datetime
import fcntl
import json
import os
import platform
import signal
import subprocess
import sys
import time

import certificates
import counts
import opened
import peers
import processes
import report
import workloads

SETTLE = 0.5  # Seconds before idle connections are measured.
MOST_FAILED = 0.25  # Share of a peer's operations; the table shows it (tinyproxy has some).
IDLE_ROUNDS = 3  # Few, since memory hardly varies.


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, options):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            sys.exit("bench/run: needs two cores, one for the proxy and one for the load.")
        self.load_cpu, self.proxy_cpu = cpus[0], cpus[1]
        self.quick = options.quick
        self.rounds = options.rounds
        self.errors = open(peers.BUILD / "load.stderr", "wb")
        made = certificates.Certificates(peers.BUILD / "certificates")
        self.origins = []
        origin_port = self.start_origin()
        kinds = {"keeping": (), "closing": ("2", "close"), "whole": ("0", "close")}
        ports = {kind: self.start_origin(str(made.identity), *words) for kind, words in kinds.items()}
        wanted = options.peers.split(",") if options.peers else None
        unknown = set(wanted or ()) - {peer.name for peer in peers.ALL + opened.ALL}
        if unknown:
            sys.exit(f"bench/run: no such peer: {', '.join(sorted(unknown))}")

        def chosen(peer):
            return wanted is None or peer.name.startswith("weir") or peer.name in wanted

        self.peers = [peer(origin_port) for peer in peers.ALL if chosen(peer)]
        self.opened = [peer(made, ports) for peer in opened.ALL if chosen(peer)]

    def start_origin(self, *more):
        """Its port."""
        self.origins.append(processes.start([str(peers.BUILD / "origin"), "0", *more], self.load_cpu, self.errors, stdout=subprocess.PIPE))
        return int(processes.read_line(self.origins[-1], 10))

    def close(self):
        for peer in self.peers + self.opened:
            peer.stop()
        for origin in self.origins:
            processes.stop(origin)
        self.errors.close()

    def run_load(self, words, at_ready, at_end):
        """Runs the load generator. Calls the two functions when it is ready, and when it is done
        but its connections are still open."""
        load = processes.start(
            [str(peers.BUILD / "load"), *words], self.load_cpu, self.errors, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        try:
            processes.read_line(load, 90)
            before = at_ready()
            load.stdin.write(b"\n")
            result = json.loads(processes.read_line(load, 120))
            after = at_end()
            load.stdin.write(b"\n")
            rest = load.communicate(timeout=20)[0]
            return before, after, result, json.loads(rest) if rest.strip() else None
        except processes.Failure as failure:
            said = (peers.BUILD / "load.stderr").read_text(errors="replace").strip().splitlines()
            raise processes.Failure(f"{failure}{' (' + said[-1] + ')' if said else ''}") from None
        finally:
            processes.stop(load)

    def sample(self, workload, peer):
        """One round of one peer: CPU, rate, latency."""
        pids = peer.pids()

        def look():
            return processes.cpu_ns(pids)

        before, after, result, _ = self.run_load(workload.words(peer, self.quick), look, look)
        operations = result["operations"]
        if operations == 0 or result["errors"] > (operations + result["errors"]) * MOST_FAILED:
            raise processes.Failure(f"{result['errors']} of {operations + result['errors']} operations failed")
        cpu = after - before
        return {
            "cpu_us": cpu / operations / 1e3,
            "rate": operations / result["seconds"],
            "busy": cpu / 1e9 / result["seconds"],
            "p50_us": result["p50_us"],
            "p99_us": result["p99_us"],
            "errors": result["errors"],
            "operations": operations,
        }

    def sample_idle(self, workload, peer):
        """One round of one peer: the memory that idle connections hold."""
        peer.start(self.proxy_cpu)
        try:
            # As many at once as are opened at once below, so that the proxy has allocated what it
            # needs to serve them.
            mode = "pingpong" if workload.tunnels else "get"
            first = workloads.Workload("", "", {"mode": mode, "connections": 32}, 640, 320, opened=workload.opened)
            self.run_load(first.words(peer, True), lambda: 0, lambda: 0)

            def settled():
                time.sleep(SETTLE)
                return processes.private_bytes(peer.pids())

            before, after, result, rest = self.run_load(workload.words(peer, self.quick), settled, settled)
            wanted = workload.load["connections"]
            if result["operations"] != wanted or rest["open"] < wanted * 0.99:
                raise processes.Failure(f"{rest['open']} of {wanted} connections are open")
            return {"bytes": (after - before) / wanted}
        finally:
            peer.stop()

    def run(self, workload):
        """All rounds of a workload. Each round runs all peers, and begins with another one."""
        started, skipped = [], {}
        chosen = [peer for peer in (self.opened if workload.opened else self.peers) if workload.applies_to(peer)]
        samples = {peer.name: [] for peer in chosen}
        for peer in chosen:
            try:
                if workload.opened:
                    peer.prepare(workload)
                if not workload.idle:
                    peer.start(self.proxy_cpu)
                started.append(peer)
            except processes.Failure as failure:
                skipped[peer.name] = str(failure)
        try:
            rounds = min(self.rounds, IDLE_ROUNDS) if workload.idle else self.rounds
            for number in range(rounds):
                turn = number % max(1, len(started))
                for peer in started[turn:] + started[:turn]:
                    if peer.name in skipped:
                        continue
                    try:
                        samples[peer.name].append(self.sample_idle(workload, peer) if workload.idle else self.sample(workload, peer))
                    except (processes.Failure, subprocess.TimeoutExpired, BrokenPipeError) as failure:
                        skipped[peer.name] = str(failure)
        finally:
            for peer in started:
                peer.stop()
        for name, why in skipped.items():
            say(f"  {name} is left out: {why}")
        return {
            "date": datetime.date.today().isoformat(),
            "rounds": rounds,
            "quick": self.quick,
            "samples": {name: each for name, each in samples.items() if each and name not in skipped},
            "skipped": skipped,
        }


def machine():
    with open("/proc/cpuinfo") as file:
        cpuinfo = file.read()
    model = next((line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")), platform.machine())
    flags = "virtual machine" if "hypervisor" in cpuinfo else "no virtual machine"
    with open("/etc/os-release") as file:
        system = next(line.partition("=")[2].strip().strip('"') for line in file if line.startswith("PRETTY_NAME="))
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as file:
        congestion = file.read().strip()
    return {"cpu": model, "cpus": os.cpu_count(), "kind": flags, "congestion": congestion, "kernel": platform.release(), "system": system}


def read_options():
    names = [workload.name for workload in workloads.ALL] + ["counts"]
    what = "Measures Weir and its peers side by side; the results go to docs/performance.md."
    parser = argparse.ArgumentParser(prog="bench/run", description=what)
    parser.add_argument("--rounds", type=int, help="rounds of each workload (10; with --quick 3)")
    known = ", ".join(names)
    parser.add_argument("--workload", action="append", metavar="NAME", choices=names, help=f"only this one; may be repeated: {known}")
    known = ", ".join(peer.name for peer in peers.ALL[1:])
    parser.add_argument("--peers", metavar="A,B", help=f"only these beside Weir: {known}")
    parser.add_argument("--quick", action="store_true", help="short rounds; the results go to build/bench/quick.json alone")
    parser.add_argument(
        "--congestion",
        metavar="NAME",
        help="with this congestion control on loopback, cubic for one, whatever the machine has; it runs in a network namespace of its own, "
        "and the results go to build/bench/NAME.json alone",
    )
    parser.add_argument("--report", action="store_true", help="measures nothing: the documents again, from build/bench/results.json")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 10)
    if options.congestion and not options.congestion.isalnum():
        parser.error("--congestion takes a name such as cubic")
    if not 1 <= options.rounds <= 100:
        parser.error("--rounds takes 1 to 100")
    return options


def with_congestion_control(name):
    """Starts itself again with routes over loopback that have this congestion control: then sockets
    use it as if it were the system's."""
    if os.environ.get("WEIR_BENCH_CONGESTION") == name:
        return
    routes = "".join(
        f"ip route replace local {to} dev lo table local proto kernel scope host src 127.0.0.1 congctl {name} && "
        for to in ("127.0.0.0/8", "127.0.0.1")
    )
    script = f'ip link set lo up && {routes} exec "$@"'
    os.environ["WEIR_BENCH_CONGESTION"] = name
    os.execvp("unshare", ["unshare", "-n", "sh", "-c", script, "sh", sys.executable, *sys.argv])


def main():
    options = read_options()
    if options.congestion:
        with_congestion_control(options.congestion)
    lock = open(peers.BUILD / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("bench/run: another one is running; both would measure each other.")
    path = peers.BUILD / f"{options.congestion or ('quick' if options.quick else 'results')}.json"
    results = json.loads(path.read_text()) if path.exists() else {"workloads": {}}
    if not options.report:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        bench = Bench(options)
        try:
            results["machine"] = machine()
            results["versions"] = {peer.name: peer.version() for peer in bench.peers if peer.found()} | {
                name: version for name, version in results.get("versions", {}).items() if name not in {peer.name for peer in bench.peers}
            }
            for workload in workloads.ALL:
                if not options.workload or workload.name in options.workload:
                    say(f"{workload.name}: {workload.title}")
                    results["workloads"][workload.name] = bench.run(workload)
                    path.write_text(json.dumps(results, indent=1) + "\n")
                    print(report.text_table(workload, results["workloads"][workload.name]), flush=True)
            if not options.workload or "counts" in options.workload:
                say("counts: system calls and instructions of Weir for a GET of 1 KB")
                results["counts"] = counts.measure(bench)
                path.write_text(json.dumps(results, indent=1) + "\n")
                print(report.counts_line(results["counts"]))
        finally:
            bench.close()
    print(report.goals_text(results))
    if not options.quick and not options.congestion:
        report.write_documents(results)
        say("Written: docs/performance.md, docs/performance.svg, build/bench/results.json")


if __name__ == "__main__":
    main()
