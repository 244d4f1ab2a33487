"""Tests that every program of every preset is a file of a package that ./run installs, and that
this check can fail."""

import json
import os
import subprocess

import pytest
import tools

PRESETS = [
    preset["name"]
    for preset in json.loads((tools.ROOT / "CMakePresets.json").read_text())["configurePresets"]
    if not preset.get("hidden")
]
LURES = """ar cc c++ clang clang++ ccache g++ ld ld.lld llvm-ar llvm-nm llvm-ranlib llvm-ar-19
  llvm-ranlib-19 ninja ninja-build pkg-config""".split()


@pytest.fixture
def lured(tmp_path):
    """An environment with other programs of the same names, first in PATH."""
    folder = tmp_path / "lures"
    folder.mkdir()
    for name in LURES:
        (folder / name).write_text("#!/bin/sh\nexit 1\n")
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "CXX": str(folder / "g++")}


@pytest.mark.seconds(240)  # cmake tries the compiler.
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_names_debians_programs(preset, lured, tmp_path):
    build = tmp_path / "build"
    command = ["/usr/bin/cmake", "--preset", preset, "-B", str(build)]
    done = subprocess.run(
        command, cwd=tools.ROOT, env=lured, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert tools.check(build) == []
    linker = tools.linker_of(build, tools.cached(build)["CMAKE_CXX_COMPILER"])
    assert (linker, tools.faults_of({linker})) == ("/usr/bin/ld.lld-19", {})


@pytest.mark.parametrize("preset", tools.up_to_date())
def test_what_was_configured_names_debians_programs(preset):
    assert tools.check(tools.ROOT / "build" / preset) == []


def folder(tmp_path, cache="", ninja=""):
    """A build folder with the right programs, except for those given."""
    programs = {name: "/usr/bin/cmake" for name in tools.REQUIRED}
    lines = [f"{name}:FILEPATH={path}" for name, path in programs.items()]
    (tmp_path / "CMakeCache.txt").write_text("\n".join([*lines, cache, ""]))
    command = ninja or "/usr/bin/cmake -E true"
    (tmp_path / "build.ninja").write_text(f"rule x\n  command = {command}\nbuild all: x\n")
    return tmp_path


def test_the_right_programs_pass(tmp_path):
    assert tools.check(folder(tmp_path)) == []


def test_a_program_of_no_package_is_found(tmp_path):
    lure = tmp_path / "llvm-ar"
    lure.write_text("#!/bin/sh\n")
    lure.chmod(0o755)
    (fault,) = tools.check(folder(tmp_path, cache=f"CMAKE_AR:FILEPATH={lure}"))
    assert fault == f"CMAKE_AR: {lure} is of no package"


def test_a_program_of_another_package_is_found(tmp_path):
    (fault,) = tools.check(folder(tmp_path, cache="CMAKE_NM:FILEPATH=/usr/bin/python3"))
    assert fault.startswith("CMAKE_NM: /usr/bin/python3 is of python3")


def test_a_package_that_run_installs_no_more_is_found(tmp_path, monkeypatch):
    packages = tools.installed_by_run() - {"llvm-19"}
    monkeypatch.setattr(tools, "installed_by_run", lambda: packages)
    (fault,) = tools.check(folder(tmp_path, cache="CMAKE_AR:FILEPATH=/usr/bin/llvm-ar-19"))
    assert fault == "CMAKE_AR: /usr/bin/llvm-ar-19 is of llvm-19, which ./run does not install"


def test_a_tool_that_is_not_there_is_found(tmp_path):
    (fault,) = tools.check(folder(tmp_path, cache="CMAKE_AR:FILEPATH=CMAKE_AR-NOTFOUND"))
    assert fault == "CMAKE_AR names no program"


def test_a_rule_that_builds_nothing_does_not_count(tmp_path):
    build = folder(tmp_path)
    rules = (build / "build.ninja").read_text()
    (build / "build.ninja").write_text(f"rule y\n  command = ar qc lib.a\n\n{rules}")
    assert tools.check(build) == []


@pytest.mark.parametrize(
    "command, fault",
    [
        ("${LAUNCHER}clang++ -c x", "a command begins with clang++, which is no full name"),
        ("ar qc lib.a", "a command begins with ar, which is no full name"),
        ("$ENV /usr/bin/cmake && ld -o x", "a command begins with ld, which is no full name"),
        ("/usr/bin/cmake --launch=/usr/bin/python3", "a command: /usr/bin/python3 is of python3"),
    ],
)
def test_a_command_of_ninjas_is_looked_at(tmp_path, command, fault):
    (found,) = tools.check(folder(tmp_path, ninja=command))
    assert found.startswith(fault)
