"""What scripts/building.sh does before it builds: it configures a folder again if something else
configured it, and explains in a sentence what would fail later with an obscure message."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from support.weir import ROOT

FAKES = 'debian_cmake() { echo "$*" >>asked; mkdir -p build/x; }; ccache() { echo "$PWD/cache"; }'


@pytest.fixture
def tree(tmp_path):
    """A fake repository, in which cmake records its arguments."""
    folder = tmp_path / "weir"
    (folder / "cmake").mkdir(parents=True)
    (folder / "CMakePresets.json").write_text("{}")
    (folder / "cmake/debian.cmake").write_text("")
    return folder


def build(folder, more="", user=None):
    """The arguments that one build_preset gave to cmake, and how it ended."""
    script = f"set -euo pipefail\n. {ROOT}/scripts/debian.sh\n{FAKES}\n{more}\nbuild_preset x weir"
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False, user=user
    )
    asked = folder / "asked"
    lines = asked.read_text().splitlines() if asked.exists() else []
    asked.unlink(missing_ok=True)
    return lines, done


def configures(lines):
    return any(line == "--fresh --preset x" for line in lines)


def test_a_new_folder_is_configured_and_built(tree):
    lines, done = build(tree, more="jobs() { echo 3; }")
    assert done.returncode == 0, done.stderr
    assert lines == ["--fresh --preset x", "--build --preset x --parallel 3 --target weir"]


def test_a_folder_is_configured_once(tree):
    build(tree)
    lines, _ = build(tree)
    assert len(lines) == 1 and not configures(lines)


@pytest.mark.parametrize("name", ["CMakePresets.json", "cmake/debian.cmake"])
def test_what_names_other_programs_configures_anew(tree, name):
    build(tree)
    (tree / name).write_text("# other programs")
    assert configures(build(tree)[0])


def test_other_packages_configure_anew(tree):
    build(tree)
    assert configures(build(tree, more="dpkg-query() { echo clang-19 1:19.1.8; }")[0])


def test_a_folder_that_was_configured_by_hand_or_by_older_scripts_is_configured_anew(tree):
    (tree / "build/x").mkdir(parents=True)
    (tree / "build/x/build.ninja").write_text("")
    assert configures(build(tree)[0])


def test_a_copy_elsewhere_is_configured_anew(tree):
    build(tree)
    copy = tree.with_name("copy")
    shutil.copytree(tree, copy)
    assert configures(build(copy)[0])


def test_a_configuration_that_failed_is_done_again(tree):
    _, done = build(tree, more='debian_cmake() { mkdir -p build/x; return 1; }')
    assert done.returncode == 1 and "the x build could not be configured" in done.stderr
    assert configures(build(tree)[0])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("made", ["build/x/libbase.a", None])
def test_what_belongs_to_root_is_told_to_a_user(tree, made):
    look = ["cat", str(ROOT / "scripts/debian.sh")]
    if subprocess.run(look, user=65534, capture_output=True, check=False).returncode != 0:
        pytest.skip("others can't read the scripts here")
    with tempfile.TemporaryDirectory() as folder:  # Only root may enter pytest's own.
        os.chmod(folder, 0o755)
        here = pathlib.Path(shutil.copytree(tree, f"{folder}/weir"))
        if made:
            (here / made).parent.mkdir(parents=True)
            (here / made).parent.chmod(0o777)
            (here / made).write_text("")
        lines, done = build(here, user=65534)
        assert (done.returncode, lines) == (1, [])
        assert f"can't write {here / made if made else here}, which belongs to root" in done.stderr


def test_ccache_without_a_folder_is_left_out(tree):
    cmake = 'debian_cmake() { echo "disabled: ${CCACHE_DISABLE-}" >&2; mkdir -p build/x; }'
    _, done = build(tree, more=cmake)
    assert "disabled: " in done.stderr.splitlines()
    _, done = build(tree, more=f"ccache() {{ echo /proc/nothing; }}; {cmake}")
    assert "disabled: 1" in done.stderr.splitlines()


@pytest.mark.parametrize("kilobytes, jobs", [(1 << 30, "6"), (1_300_000, "2"), (100_000, "1")])
def test_compilers_are_as_many_as_memory_bears(tree, kilobytes, jobs):
    script = f"nproc() {{ echo 4; }}; sed() {{ echo {kilobytes}; }}; jobs >&2; exit 0"
    _, done = build(tree, more=script)
    assert done.stderr == jobs


def test_the_users_flags_stay_outside(tmp_path):
    script = f". {ROOT}/scripts/debian.sh; debian_cmake -E environment"
    env = {**os.environ, "CXXFLAGS": "-O0", "PKG_CONFIG_PATH": "/opt/conda"}
    env["PATH"] = f"/opt/conda/bin:{env['PATH']}"
    said = subprocess.check_output(["bash", "-euc", script], env=env, text=True)
    names = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    assert "CXXFLAGS" not in names and "PKG_CONFIG_PATH" not in names
    assert names["PATH"] == "/usr/sbin:/usr/bin:/sbin:/bin"
