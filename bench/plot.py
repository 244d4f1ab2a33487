"""docs/performance.svg: for every workload a panel of bars, the cost of each proxy by that of Weir."""

import statistics
from xml.sax.saxutils import escape

import opened
import peers
import workloads

WIDTH, COLUMNS, MARGIN = 960, 2, 20
BAR, GAP, HEAD, LABEL = 15, 5, 34, 112
MOST = 8.0  # Times Weir; longer bars are cut and labelled with their value.
COLOURS = {"weir": "#1f6f8b", "relay": "#9aa5ab"}
OTHER = "#d08c47"
TITLES = {peer.name: peer.title for peer in opened.ALL + peers.ALL}


def costs(workload, measured):
    key = "bytes" if workload.idle else "cpu_us"
    found = {name: statistics.median(sample[key] for sample in samples) for name, samples in measured["samples"].items()}
    weir = found.get("weir")
    return sorted(((name, cost / weir) for name, cost in found.items()), key=lambda item: item[1]) if weir and weir > 0 else []


def panel(x, y, width, workload, bars):
    out = [f'<text x="{x}" y="{y + 14}" class="title">{escape(workload.name)}</text>']
    what = "memory" if workload.idle else "CPU"
    out.append(f'<text x="{x}" y="{y + 28}" class="small">{what} by that of Weir: {escape(workload.title)}</text>')
    room = width - LABEL - 46
    scale = room / min(MOST, max(cost for _, cost in bars))
    line = x + LABEL + scale
    bottom = y + HEAD + 4 + len(bars) * (BAR + GAP)
    out.append(f'<path d="M{line:.1f} {y + HEAD} V{bottom}" stroke="#444" stroke-width="1" stroke-dasharray="3 3"/>')
    for row, (name, cost) in enumerate(bars):
        top = y + HEAD + 4 + row * (BAR + GAP)
        length = max(1.0, min(cost, MOST) * scale)
        out.append(f'<text x="{x + LABEL - 6}" y="{top + 12}" class="label">{escape(TITLES[name])}</text>')
        out.append(f'<rect x="{x + LABEL}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{COLOURS.get(name, OTHER)}"/>')
        if cost > MOST:
            cut = x + LABEL + length - 16
            out.append(f'<path d="M{cut:.1f} {top + BAR} l5 -{BAR} h4 l-5 {BAR} z" fill="white"/>')
        out.append(f'<text x="{x + LABEL + length + 5:.1f}" y="{top + 12}" class="number">{cost:.2f}</text>')
    return out


def draw(results):
    drawn = []
    for workload in workloads.ALL:
        measured = results["workloads"].get(workload.name)
        bars = costs(workload, measured) if measured else []
        if bars:
            drawn.append((workload, bars))
    width = (WIDTH - MARGIN * (COLUMNS + 1)) / COLUMNS
    body, y = [], MARGIN
    for at in range(0, len(drawn), COLUMNS):
        row = drawn[at : at + COLUMNS]
        for column, (workload, bars) in enumerate(row):
            body += panel(MARGIN + column * (width + MARGIN), y, width, workload, bars)
        y += HEAD + 8 + max(len(bars) for _, bars in row) * (BAR + GAP) + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" role="img" '
            'aria-label="CPU time and memory of each proxy by that of Weir">',
            "<style>text{font-family:sans-serif;fill:#222}.title{font-size:14px;font-weight:bold}.small{font-size:10px}"
            ".label{font-size:11px;text-anchor:end}.number{font-size:10px;paint-order:stroke;stroke:white;stroke-width:3px}</style>",
            f'<rect width="{WIDTH}" height="{y}" fill="white"/>',
            *body,
            "</svg>",
            "",
        ]
    )
