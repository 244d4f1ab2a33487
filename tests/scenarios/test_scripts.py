"""The scripts that ./run and ./test share: they install only missing packages, and never start a
service."""

import pathlib
import subprocess
import time

import pytest
from support.weir import ROOT


@pytest.fixture
def machine(tmp_path):
    """A fake machine, whose package tools are scripts that record their arguments."""
    tools = tmp_path / "tools"
    tools.mkdir()
    policy = tmp_path / "policy-rc.d"

    def tool(name, script):
        path = tools / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def call(script, installed=(), apt_fails_at="nothing"):
        lines = "".join(f"ii |{name}\\n" for name in installed)
        tool("dpkg-query", f"printf '{lines}'")
        tool(
            "apt-get",
            f'echo "$*" >>{tmp_path}/asked; [ -x {policy} ] && echo "policy $({policy}; echo $?)" >>{tmp_path}/asked\n'
            f'case "$*" in *{apt_fails_at}*) exit 100;; esac',
        )
        tool("sudo", f'echo "sudo $*" >>{tmp_path}/asked; exec "$@"')
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail; . {ROOT}/scripts/debian.sh; policy_file={policy}; {script}"],
            env={"PATH": f"{tools}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        asked = tmp_path / "asked"
        return done, asked.read_text().splitlines() if asked.exists() else []

    call.policy = policy
    return call


def test_nothing_missing_asks_nothing(machine):
    done, asked = machine("install_packages 'x' one two", installed=["one", "two", "three"])
    assert (done.returncode, done.stderr, asked) == (0, "", [])


def test_what_is_missing_is_installed_while_services_are_forbidden(machine):
    done, asked = machine("install_packages 'x' one two three", installed=["two"])
    assert done.returncode == 0, done.stderr
    assert "one three" in done.stderr
    assert any("install" in line and line.endswith("one three") for line in asked)
    assert asked.count("policy 101") == 2
    assert not machine.policy.exists()


def test_a_name_is_not_taken_for_another(machine):
    _, asked = machine("install_packages 'x' clang", installed=["clang-19", "xclang"])
    assert any(line.endswith(" clang") for line in asked)


def test_a_failure_leaves_nothing_behind(machine):
    done, _ = machine("install_packages 'x' one", apt_fails_at="install")
    assert done.returncode != 0
    assert "apt-get could not install one: its reason is above" in done.stderr
    assert not machine.policy.exists()


def test_a_list_that_cannot_be_updated_is_told_and_does_not_stop_what_is_known(machine):
    done, asked = machine("install_packages 'x' one", apt_fails_at="update")
    assert done.returncode == 0, done.stderr
    assert "apt-get update failed" in done.stderr
    assert any(line.endswith("install one") for line in asked)


def test_a_user_whom_sudo_refuses_is_told_so(machine):
    done, asked = machine("sudo() { return 1; }; id() { echo 1000; }; install_packages 'x' one")
    assert done.returncode == 1
    assert "must install one and sudo does not let this user do that" in done.stderr
    assert asked == []


def test_another_program_that_installs_is_waited_for(machine, tmp_path):
    held = tmp_path / "held"
    held.touch()
    script = (
        f"sleep() {{ rm {held}; }}; as_root() {{ case $* in *update*) "
        f"[ ! -e {held} ] || {{ echo 'E: Could not get lock /var/lib/apt/lists/lock.'; return 100; }};; esac; "
        f'echo "$*" >>{tmp_path}/asked; }}; install_packages x one'
    )
    done, asked = machine(script)
    assert done.returncode == 0, done.stderr
    assert "waiting for it to end" in done.stderr
    assert any("DPkg::Lock::Timeout" in line for line in asked)


def test_a_lock_that_is_never_given_ends(machine):
    refusal = "case $* in *apt-get*) echo 'E: Could not get lock x.'; return 100;; esac"
    done, _ = machine(f"lock_seconds=0; as_root() {{ {refusal}; }}; install_packages x one")
    assert done.returncode == 1
    assert "could not install" in done.stderr and "Could not get lock" in done.stderr


def test_a_policy_that_is_there_stays(machine):
    machine.policy.write_text("#!/bin/sh\nexit 104\n")
    machine.policy.chmod(0o755)
    done, asked = machine("install_packages 'x' one")
    assert done.returncode == 0
    assert "policy 104" in asked
    assert machine.policy.read_text() == "#!/bin/sh\nexit 104\n"


def test_sudo_is_used_only_where_one_is_not_root(machine):
    _, asked = machine("id() { echo 1000; }; install_packages 'x' one")
    assert any(line.startswith("sudo env") and "apt-get -q update" in line for line in asked)
    assert any("sudo" in line and "one" in line for line in asked)


def test_root_needs_no_sudo(machine):
    _, asked = machine("id() { echo 0; }; install_packages 'x' one")
    assert not any("sudo" in line for line in asked)


def test_another_system_is_told_so(machine):
    done, asked = machine("require_debian() { fail 'needs Debian 12, and this is plan 9.'; }; install_packages 'x' one")
    assert done.returncode == 1 and "needs Debian 12" in done.stderr
    assert asked == []


def steps(tmp_path, *scripts):
    """Runs such steps with scripts/steps.sh; returns the lines of its output, and its status."""
    commands = []
    for number, script in enumerate(scripts):
        path = tmp_path / f"step{number}"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        commands.append(f"step {path}")
    script = "; ".join([f"set -euo pipefail; cd {ROOT}; . scripts/debian.sh; . scripts/steps.sh", *commands, "close_steps"])
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    return done.stdout.splitlines(), done.returncode


def test_closing_lines_are_added_up(tmp_path):
    lines, status = steps(tmp_path, "echo 3 passed, 0 failed, 0 skipped", "echo 40 passed, 0 failed, 2 skipped")
    assert (lines, status) == (["43 passed, 0 failed, 2 skipped"], 0)


def test_a_failed_step_fails_all_and_the_next_still_runs(tmp_path):
    lines, status = steps(
        tmp_path, "echo FAILED fresh; echo 0 passed, 1 failed, 2 skipped; exit 1", "echo 40 passed, 0 failed, 0 skipped"
    )
    assert (lines, status) == (["FAILED fresh", "40 passed, 1 failed, 2 skipped"], 1)


@pytest.mark.parametrize("script", ["exit 3", "exit 0", "echo 1 passed; exit 0", "echo 4 passed, 0 failed, 0 skipped; exit 9"])
def test_a_step_that_does_not_say_that_all_is_well_is_a_failure(tmp_path, script):
    lines, status = steps(tmp_path, script, "echo 1 passed, 0 failed, 0 skipped")
    assert status == 1
    assert lines[-1].split(", ")[1] == "1 failed"


@pytest.mark.parametrize("name", ["run", "test", ".ci/run", "scripts/build"])
def test_scripts_are_sound(name):
    path = pathlib.Path(ROOT) / name
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_a_second_run_starts_in_about_a_second():
    """Runs only if the release build is up to date, since a test does not build it."""
    build = ROOT / "build/release"
    if not (build / "weir").exists():
        pytest.skip("there is no release build")
    done = subprocess.run(["/usr/bin/ninja", "-C", str(build), "-n"], capture_output=True, text=True, check=False)
    if "no work to do" not in done.stdout:
        pytest.skip("the release build is not up to date")
    before = time.monotonic()
    process = subprocess.Popen([ROOT / "run", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if "listening on" in line:
                break
        else:
            raise AssertionError("./run did not start Weir")
        assert time.monotonic() - before < 3
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stderr.close()
