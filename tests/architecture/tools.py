"""The programs that a build folder names, and what is wrong with them: each must be named in full
and be a file of a Debian package that ./run installs. Otherwise a machine with more packages hides
the fault that a fresh one can't build."""

import functools
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The variables that each preset must have, so that the check fails if it finds nothing.
REQUIRED = {
    *("CMAKE_CXX_COMPILER", "CMAKE_CXX_COMPILER_AR", "CMAKE_CXX_COMPILER_RANLIB", "CMAKE_LINKER"),
    *("CMAKE_AR", "CMAKE_RANLIB", "CMAKE_NM", "CMAKE_OBJCOPY", "CMAKE_OBJDUMP", "CMAKE_STRIP"),
    *("CMAKE_COMMAND", "CMAKE_CTEST_COMMAND", "CMAKE_MAKE_PROGRAM", "PKG_CONFIG_EXECUTABLE"),
    *("CCACHE", "WEIR_PROFDATA", "WEIR_SYMBOLIZER"),
}
BUILT_IN = {":", "cd", "test", "exit"}  # Shell built-ins.


def is_program(path):
    return path.startswith("/") and os.path.isfile(path) and os.access(path, os.X_OK)


def cached(build):
    """{variable: program} of a CMakeCache.txt; None for a program that was not found."""
    found = {}
    for line in (build / "CMakeCache.txt").read_text().splitlines():
        match = re.fullmatch(r"(\w+):(FILEPATH|INTERNAL|STRING|UNINITIALIZED)=(.*)", line)
        if match and is_program(match[3]):
            found[match[1]] = match[3]
        elif match and match[1] in REQUIRED:
            found[match[1]] = None
    return found


RULE = re.compile(r"^rule (\S+)\n(?:[ \t]+.*\n)*", re.MULTILINE)
USE = re.compile(r"^build .*?(?<!\$): (\S+)", re.MULTILINE)


def ninja_text(build):
    """The text of ninja's files, without the rules that build no file (cmake writes some)."""
    files = (build / "build.ninja", build / "CMakeFiles/rules.ninja")
    text = "\n".join(path.read_text() for path in files if path.exists())
    used = set(USE.findall(text))
    return RULE.sub(lambda rule: rule[0] if rule[1] in used else "", text)


COMMAND = re.compile(r"^ *(?:command|COMMAND|PRE_LINK|POST_BUILD) = (.*)", re.MULTILINE)


def named_by_ninja(build):
    """The programs in ninja's files with a full path, and the commands that begin in another
    way."""
    text, built = ninja_text(build), f"{build}/"
    words = set(re.split(r"[\s='\";&|]+", text))
    programs = {word for word in words if is_program(word) and not word.startswith(built)}
    short = set()
    for command in COMMAND.findall(text):
        for part in re.split(r"&&|;|\|\|", command):
            part = re.sub(r"\$\{\w+\}", "", part)  # Launchers; their values are separate words.
            first = next((word for word in part.split() if not word.startswith("$")), ":")
            if first not in BUILT_IN and not first.startswith("/"):
                short.add(first)
    return programs, short


def debian_sh(script):
    """The output of a script that has sourced scripts/debian.sh."""
    command = ["bash", "-euo", "pipefail", "-c", f". scripts/debian.sh; {script}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def up_to_date():
    """The presets that were configured by the current scripts."""
    now = debian_sh("configuration")
    found = ROOT.glob("build/*/configured-by")
    return sorted(path.parent.name for path in found if path.read_text() == now)


@functools.cache
def installed_by_run():
    """The packages that ./run installs, and those that every Debian has."""
    ours = debian_sh('printf "%s\\n" "${build_packages[@]}"').split()
    query = ["dpkg-query", "-W", "-f", "${Essential} ${Package}\\n"]
    lines = subprocess.run(query, capture_output=True, text=True, check=True).stdout.splitlines()
    return frozenset(ours) | {line.split()[1] for line in lines if line.startswith("yes ")}


def merged(path):
    """The names by which dpkg may know a file: a merged /usr has /bin/x as /usr/bin/x."""
    return path, f"/usr{path}", path.removeprefix("/usr")


def packages_of(paths):
    """{path: package} of the paths that dpkg knows. Runs dpkg once, since it reads all its lists
    each time."""
    names = sorted({name for path in paths for name in merged(path)})
    command = ["dpkg-query", "-S", *names]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    owners = {}
    for line in lines:
        if not line.startswith("diversion "):
            package, name = line.split(": ", 1)
            owners[name] = package.split(":")[0]
    return {path: owners[name] for path in paths for name in merged(path) if name in owners}


def faults_of(programs):
    """{program: what is wrong with it}. The target of a link counts too."""
    owners = packages_of({*programs, *map(os.path.realpath, programs)})
    faults = {}
    for program in programs:
        for path in (program, os.path.realpath(program)):
            if path not in owners:
                faults.setdefault(program, f"{path} is of no package")
            elif owners[path] not in installed_by_run():
                fault = f"{path} is of {owners[path]}, which ./run does not install"
                faults.setdefault(program, fault)
    return faults


def linker_of(build, compiler):
    """The linker that the compiler runs with the program's own link flags."""
    flags = re.search(r"^  LINK_FLAGS = (.*)", (build / "build.ninja").read_text(), re.MULTILINE)
    command = [compiler, *flags[1].split(), "-###", "-x", "none", "/dev/null"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    return re.findall(r'^ "([^"]+)"', said, re.MULTILINE)[-1]


def check(build):
    """What is wrong with the programs of a build folder."""
    cache = cached(build)
    faults = [f"{name} names no program" for name in sorted(REQUIRED) if cache.get(name) is None]
    programs, short = named_by_ninja(build)
    faults += [f"a command begins with {word}, which is no full name" for word in sorted(short)]
    known = {path: name for name, path in cache.items() if path}
    bad = faults_of({*programs, *known})
    return faults + [f"{known.get(path, 'a command')}: {bad[path]}" for path in sorted(bad)]
