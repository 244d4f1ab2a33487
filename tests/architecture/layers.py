"""The rule of the folders: an #include points to a lower layer, never sideways and never up; a
third-party library is included in the one folder whose purpose it is; a folder's CMakeLists.txt
names the folders that its sources include, no more and no fewer. ARCHITECTURE.md says why."""

import pathlib
import re

# A part is a folder of src/, or a subfolder of a folder that is divided. Parts on one line don't
# include each other, except parts of one folder, whose order is below.
LAYERS = [
    ["base"],
    ["async"],
    ["http", "match"],
    ["codec", "net", "policy", "store", "journal", "control"],
    ["wire", "lists"],
    ["server", "origin", "stages", "intercept"],
    ["tunnel", "explain"],
    ["config"],
    ["proxy", "cli"],
]
LEVELS = {folder: level for level, folders in enumerate(LAYERS) for folder in folders}
TOP = len(LAYERS)  # main.cc

# Folders whose subfolders are parts of their own.
DIVIDED = {"codec", "stages", "net", "server", "origin"}

# Within these folders a part may include the parts on the lines before its own. In other folders
# the parts don't know each other.
ORDERS = {
    "server": [["server"], ["server/http1"]],
    "origin": [["origin/connect", "origin/pool"], ["origin/http1"], ["origin"]],
}

LIBRARIES = [
    ("OpenSSL", re.compile(r"openssl/"), {"net/tls", "intercept"}),
    ("c-ares", re.compile(r"ares(_\w+)?\.h$"), {"net/dns"}),
    ("toml++", re.compile(r"toml(\+\+|plusplus)"), {"config"}),
    ("CLI11", re.compile(r"CLI/"), {"cli"}),
    ("nlohmann's JSON", re.compile(r"nlohmann/"), {"explain"}),
    ("libcrypt", re.compile(r"crypt\.h$"), {"stages/auth"}),
    ("libmaxminddb", re.compile(r"maxminddb(_config)?\.h$"), {"match"}),
    ("spdlog", re.compile(r"spdlog/"), {"proxy"}),
]

# System headers that a codec may not include, since it does no I/O and never waits.
SYSTEM_OF_NETWORK = re.compile(r"(sys/(socket|epoll|eventfd|timerfd|un)|netinet/|arpa/|netdb|poll)")

LINES_OF_ONE_IDEA = 400

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)
FOLDER = re.compile(r"weir_folder\(\s*(\w+)([^)]*)\)")


def part_of(path):
    """The part a file below src/ belongs to: 'base', 'codec/http1', 'stages/policy', or '' for
    main.cc."""
    parts = pathlib.PurePosixPath(path).parts
    if len(parts) < 2:
        return ""
    return "/".join(parts[:2]) if parts[0] in DIVIDED and len(parts) > 2 else parts[0]


def level_of(part):
    return TOP if part == "" else LEVELS.get(part.split("/")[0])


def place_in_order(part):
    for place, parts in enumerate(ORDERS.get(part.split("/")[0], [])):
        if part in parts:
            return place
    return None


def may_include(part, target, included):
    """Whether a file of `part` may include `included` of `target`, if both are on the same
    level."""
    folder = part.split("/")[0]
    if folder != target.split("/")[0]:
        return False
    if included == f"{folder}/config.h":
        return True
    mine, other = place_in_order(part), place_in_order(target)
    return mine is not None and other is not None and other < mine


def faults_of_file(path, text, exists):
    """The broken rules of one file. `path` is relative to src/; `exists(path)` says whether src/
    has that file."""
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
            if pattern.match(included) and part not in folders:
                faults.append(f"{where}: {name} is included outside {', '.join(sorted(folders))}")
        if folder == "codec" and SYSTEM_OF_NETWORK.match(included):
            faults.append(f"{where}: a codec knows no sockets, but includes <{included}>")
        if bracket == "<":
            continue
        if not exists(included):
            faults.append(
                f'{where}: "{included}" names no file below src/ (includes are written from there)'
            )
            continue
        target = part_of(included)
        target_level = level_of(target)
        if target == part:
            continue
        if folder == "stages" and target.split("/")[0] == "net":
            faults.append(f"{where}: a stage includes net/")
        if target_level is None or target_level > level:
            faults.append(f'{where}: "{included}" is in a higher layer')
        elif target_level == level and not may_include(part, target, included):
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


def folders(root):
    """For each part with a CMakeLists.txt: the library's name and the names in its DEPENDS."""
    found = {}
    for path in pathlib.Path(root).rglob("CMakeLists.txt"):
        match = FOLDER.search(path.read_text(encoding="utf-8"))
        if match:
            name, words = match.group(1), match.group(2).split()
            depends = words[words.index("DEPENDS") + 1 :] if "DEPENDS" in words else []
            found[path.parent.relative_to(root).as_posix()] = name, depends
    return found


def includes_of(root, part):
    """The other parts that the sources of `part` include, and those that its tests include. A
    folder's own config.h needs no linking."""
    used, by_tests = set(), set()
    for path in sources(root):
        relative = path.relative_to(root).as_posix()
        if part_of(relative) != part:
            continue
        for match in INCLUDE.finditer(path.read_text(encoding="utf-8", errors="replace")):
            if match.group(1) == '"' and match.group(2) != f"{part.split('/')[0]}/config.h":
                (by_tests if relative.endswith("_test.cc") else used).add(part_of(match.group(2)))
    return used - {part}, by_tests - {part}


def undeclared(root):
    """Where a folder's DEPENDS and its includes differ."""
    root = pathlib.Path(root)
    known = folders(root)
    part_named = {name: part for part, (name, _) in known.items()}
    faults = []
    for part, (name, depends) in sorted(known.items()):
        declared = {part_named[each] for each in depends if each in part_named}
        used, by_tests = includes_of(root, part)
        for other in sorted((used | by_tests) - declared):
            faults.append(f"{part}: includes {other}/ and does not name it in DEPENDS")
        for other in sorted(declared - used - by_tests):
            faults.append(f"{part}: names {other} in DEPENDS and includes nothing of it")
    return faults
