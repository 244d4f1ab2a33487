"""Reports the measurements: medians, paired ratios, goals; as text, and between two marks in
docs/performance.md."""

import statistics

import opened
import peers
import plot
import workloads

BEGIN, END = "<!-- made by bench/run: begin -->", "<!-- made by bench/run: end -->"
DOCUMENT = peers.ROOT / "docs/performance.md"
PLOT = peers.ROOT / "docs/performance.svg"
TITLES = {peer.name: peer.title for peer in opened.ALL + peers.ALL}
BUSY = 0.9  # A proxy below this share of its core waits for others: its rate is a lower bound.


def median_of(samples, key):
    return statistics.median(sample[key] for sample in samples)


def key_of(workload):
    return "bytes" if workload.idle else "cpu_us"


def ratio(measured, workload, peer, of="weir"):
    """The median of the ratios of rounds: Weir's figure by the peer's. None if one of them is
    missing."""
    ours, theirs = measured["samples"].get(of), measured["samples"].get(peer)
    if not ours or not theirs:
        return None
    key = key_of(workload)
    pairs = [a[key] / b[key] for a, b in zip(ours, theirs) if b[key] > 0]
    return statistics.median(pairs) if pairs else None


def minting(measured):
    """The median, over the rounds, of what a handshake costs with a certificate made for it by what it costs with a
    kept one. Made are certificates of hosts that are new, to which there is no connection: what the handshake with the
    origin costs is taken off, as it is known from a host that is not new."""
    samples = [measured["samples"].get(name) for name in ("weir", "weir_whole", "weir_minting")]
    if not all(samples):
        return None
    return statistics.median(1 + (c["cpu_us"] - b["cpu_us"]) / a["cpu_us"] for a, b, c in zip(*samples))


def cost_text(workload, value):
    if workload.idle:
        return f"{value:,.0f}"
    if workload.operation_bytes:
        return f"{value * 1e3 / workload.operation_bytes:.3f}"
    return f"{value:.1f}"


def unit(workload):
    if workload.idle:
        return "user bytes a connection"
    return "CPU-s/GB" if workload.operation_bytes else "CPU us an operation"


def microseconds(value):
    return f"{value:,.0f} us" if value < 10_000 else f"{value / 1e3:,.0f} ms"


def failed_text(samples):
    """The remark about a peer that does not serve all operations."""
    failed = sum(sample.get("errors", 0) for sample in samples)
    share = failed / max(1, failed + sum(sample.get("operations", 0) for sample in samples))
    return f" ({share:.1%} of its operations failed)" if share >= 0.001 else ""


def rows(workload, measured):
    """(head, rows) of the table of a workload, the cheapest first."""
    head = ["proxy", f"{unit(workload)}: median (min to max)", "Weir by it, paired"]
    if not workload.idle:
        head += ["a second", "p50", "p99"]
    lines = []
    key = key_of(workload)
    for name, samples in sorted(measured["samples"].items(), key=lambda item: median_of(item[1], key)):
        values = [sample[key] for sample in samples]
        paired = ratio(measured, workload, name)
        low, middle, high = (cost_text(workload, value) for value in (min(values), statistics.median(values), max(values)))
        line = [TITLES[name] + failed_text(samples), f"{middle} ({low} to {high})", "" if name == "weir" or paired is None else f"{paired:.2f}"]
        if not workload.idle:
            bound = "at least " if median_of(samples, "busy") < BUSY else ""
            line += [f"{bound}{median_of(samples, 'rate'):,.0f}", microseconds(median_of(samples, "p50_us")), microseconds(median_of(samples, "p99_us"))]
        lines.append(line)
    return head, lines


def text_table(workload, measured):
    head, lines = rows(workload, measured)
    table = [head, *lines]
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    return "\n".join("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in table)


def markdown_table(head, lines):
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])


def measured_for(goal, results):
    """The figure that a goal is about, or None."""
    if goal.workload == "counts":
        counted = results.get("counts", {})
        if "rules" in goal.what:
            return counted.get("asked" if "path" in goal.what else "rules")
        if "instructions" in goal.what:
            return counted.get("instructions")
        return counted["system_calls"]["total"] if "system_calls" in counted else None
    measured = results["workloads"].get(goal.workload)
    if not measured:
        return None
    workload = next(each for each in workloads.ALL if each.name == goal.workload)
    if goal.peer:
        return ratio(measured, workload, goal.peer, goal.of)
    if workload.name == "intercept_handshakes":
        return minting(measured)
    samples = measured["samples"].get("weir")
    return median_of(samples, "bytes") if samples else None


def verdict(goal, value):
    if value is None:
        return "not measured"
    if value <= goal.most:
        return "reached"
    return "reached (within 8%)" if value <= goal.most * workloads.TOLERANCE else "missed"


def number(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def goal_rows(results):
    lines = []
    for goal in workloads.GOALS:
        value = measured_for(goal, results)
        whose = f"CPU of {TITLES[goal.of]}" if goal.of != "weir" else "CPU"
        what = f"{whose} by that of {TITLES[goal.peer]}" if goal.peer else goal.what
        lines.append([goal.workload, what, f"at most {number(goal.most)}", number(value), verdict(goal, value)])
    return ["workload", "what", "goal", "measured", ""], lines


def goals_text(results):
    head, lines = goal_rows(results)
    lines = [line for line in lines if line[4] != "not measured"]
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in [head, *lines])


def counts_line(counted):
    parts = []
    if "instructions" in counted:
        parts.append(f"{counted['instructions']:,.0f} user instructions a request")
    if "rules" in counted:
        parts.append(f"{counted['rules']:,.0f} more with rules and a list")
    if "asked" in counted:
        parts.append(f"{counted['asked']:,.0f} more if a rule asks for the path")
    if "system_calls" in counted:
        calls = ", ".join(f"{name} {count:.2f}" for name, count in sorted(counted["system_calls"]["calls"].items(), key=lambda item: -item[1]))
        parts.append(f"{counted['system_calls']['total']:.2f} system calls a request ({calls})")
    parts += [f"{name} could not be counted: {why}" for name, why in counted.get("skipped", {}).items()]
    return "; ".join(parts)


def generated(results):
    machine = results["machine"]
    dates = sorted({measured["date"] for measured in results["workloads"].values()})
    parts = [
        f"Measured on {' and '.join(dict.fromkeys((dates[0], dates[-1])))}: {machine['cpu']}, {machine['cpus']} CPUs, {machine['kind']}, "
        f"kernel {machine['kernel']} (TCP: {machine['congestion']}), {machine['system']}. The command: `bench/run`.",
        "![CPU time of each proxy by that of Weir](performance.svg)",
        "### Goals",
        markdown_table(*goal_rows(results)),
    ]
    for workload in workloads.ALL:
        measured = results["workloads"].get(workload.name)
        if not measured:
            continue
        parts += [f"### {workload.name}", f"{workload.title}; {measured['rounds']} rounds.", markdown_table(*rows(workload, measured))]
        for name, why in measured["skipped"].items():
            parts.append(f"{TITLES[name]} is left out: {why}.")
    if results.get("counts"):
        parts += ["### counts", "Of Weir, get_1k: " + counts_line(results["counts"]) + "."]
    known = results["versions"]
    versions = [[peer.title, known[peer.name], peer.note] for peer in peers.ALL if peer.name in known]
    parts += ["### Who was measured", markdown_table(["proxy", "version", "how"], versions)]
    if any(workload.opened and workload.name in results["workloads"] for workload in workloads.ALL):
        how = [[peer.title, peer.note] for peer in opened.ALL if peer.name in known or issubclass(peer, opened.Weir)]
        parts += ["Where TLS is opened:", markdown_table(["proxy", "how"], how)]
    return "\n\n".join(parts)


def write_documents(results):
    if not results["workloads"]:
        return
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{generated(results)}\n\n{END}{after}")
    PLOT.write_text(plot.draw(results))
