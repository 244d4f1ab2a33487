"""The rule of the folders: an #include points to a lower layer, never sideways and never up; a third-party library is
included in the one folder whose purpose it is. ARCHITECTURE.md says why."""

import pathlib
import re

LEVELS = {
    "base": 0,
    "async": 1,
    "http": 2,
    "codec": 3,
    "store": 3,
    "match": 3,
    "net": 3,
    "stages": 4,
    "intercept": 4,
    "origin": 4,
    "server": 4,
    "tunnel": 5,
    "config": 6,
    "proxy": 7,
}
TOP = 8  # main.cc

# Folders whose subfolders are parts of their own that don't know each other.
DIVIDED = {"codec", "stages"}

LIBRARIES = [
    ("OpenSSL", re.compile(r"openssl/"), {"net", "intercept"}),
    ("c-ares", re.compile(r"ares(_\w+)?\.h$"), {"net"}),
    ("toml++", re.compile(r"toml(\+\+|plusplus)"), {"config"}),
    ("CLI11", re.compile(r"CLI/"), {"config"}),
    ("spdlog", re.compile(r"spdlog/"), {"proxy"}),
]

# What a codec, a pure and waiting-free thing, has no use for.
SYSTEM_OF_NETWORK = re.compile(r"(sys/(socket|epoll|eventfd|timerfd|un)|netinet/|arpa/|netdb|poll)")

LINES_OF_ONE_IDEA = 400

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)


def part_of(path):
    """The part a file below src/ belongs to: 'net', 'codec/http1', 'stages/policy', or '' for main.cc."""
    parts = pathlib.PurePosixPath(path).parts
    if len(parts) < 2:
        return ""
    return "/".join(parts[:2]) if parts[0] in DIVIDED and len(parts) > 2 else parts[0]


def level_of(part):
    return TOP if part == "" else LEVELS.get(part.split("/")[0])


def faults_of_file(path, text, exists):
    """The broken rules of one file. `path` is relative to src/; `exists(path)` says whether src/ has that file."""
    faults = []
    part = part_of(path)
    folder = part.split("/")[0]
    level = level_of(part)
    if level is None:
        return [f"{path}: the folder {folder}/ is in no layer"]
    for match in INCLUDE.finditer(text):
        bracket, included = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        where = f"{path}:{line}"
        for name, pattern, folders in LIBRARIES:
            if pattern.match(included) and folder not in folders:
                faults.append(f"{where}: {name} is included outside {', '.join(sorted(folders))}")
        if folder == "codec" and SYSTEM_OF_NETWORK.match(included):
            faults.append(f"{where}: a codec knows no sockets, but includes <{included}>")
        if bracket == "<":
            continue
        if not exists(included):
            faults.append(f'{where}: "{included}" names no file below src/ (includes are written from there)')
            continue
        target = part_of(included)
        target_level = level_of(target)
        if target == part:
            continue
        if folder == "stages" and target.split("/")[0] == "net":
            faults.append(f"{where}: a stage includes net/")
        if target_level is None or target_level > level:
            faults.append(f'{where}: "{included}" is in a higher layer')
        elif target_level == level:
            faults.append(f'{where}: "{included}" is in the same layer, in another folder')
    return faults


def sources(root):
    for pattern in ("*.h", "*.cc"):
        yield from pathlib.Path(root).rglob(pattern)


def check(root):
    """(faults, long files) of the tree at `root`, which is a src/ folder."""
    root = pathlib.Path(root)
    faults, long_files = [], []
    for path in sorted(sources(root)):
        text = path.read_text(encoding="utf-8", errors="replace")
        relative = path.relative_to(root).as_posix()
        faults += faults_of_file(relative, text, lambda name: (root / name).is_file())
        lines = text.count("\n")
        if lines > LINES_OF_ONE_IDEA and not relative.endswith("_test.cc"):
            long_files.append(f"{relative}: {lines} lines; is it still one idea?")
    return faults, long_files
