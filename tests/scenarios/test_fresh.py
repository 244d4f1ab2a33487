"""Tests that tests/fresh finds faults on a fresh machine, and says why if it can't run."""

import contextlib
import os
import subprocess
import sys
import time

import pytest
from support import fresh_root
from support.fresh_machine import PROMPT, Fault, Terminal
from support.weir import ROOT


@pytest.fixture
def terminal():
    """A terminal with a shell on this machine."""
    command = ["env", "TERM=dumb", "bash", "--norc", "--noprofile"]
    with contextlib.closing(Terminal(command)) as shell:
        shell.ask(f"PS1='{PROMPT}'; echo greeted $((1 + 1))", r"^greeted 2", 20)
        yield shell


def test_a_program_that_listens_and_ends_well_by_ctrl_c(terminal):
    program = 'trap "exit 0" INT; echo listening on 127.0.0.1:4711; while :; do sleep 0.1; done'
    terminal.type(f"bash -c '{program}'")
    assert terminal.await_line(r"^listening on 127\.0\.0\.1:(\d+)", 20)[1] == "4711"
    terminal.interrupt()
    terminal.await_prompt(20)
    assert terminal.ask("echo status $?", r"^status (\d+)", 20)[1] == "0"


def test_one_that_ctrl_c_kills_has_its_status(terminal):
    terminal.type("bash -c 'echo begun; exec sleep 1000'")
    terminal.await_line("^begun", 20)
    terminal.interrupt()
    terminal.await_prompt(20)
    assert terminal.ask("echo status $?", r"^status (\d+)", 20)[1] == "130"


def test_a_build_that_fails_is_not_waited_for(terminal):
    began = time.monotonic()
    terminal.type("echo Opaque pointers are not supported; false")
    with pytest.raises(Fault, match="ended without.*\n(.*\n)*.*Opaque pointers"):
        terminal.await_line("listening on", 60)
    assert time.monotonic() - began < 30


def test_nothing_is_waited_for_without_end(terminal):
    terminal.type("sleep 1000")
    with pytest.raises(Fault, match="took too long"):
        terminal.await_line("listening on", 0.2)


def test_what_runs_at_a_terminal_ends_with_it():
    shell = Terminal(["bash", "--norc", "--noprofile"])
    shell.close()
    with pytest.raises(ProcessLookupError):
        os.kill(shell.pid, 0)


def test_no_mirror_counts_as_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(fresh_root, "require_chroot", lambda folder: None)
    monkeypatch.setattr(fresh_root, "host_mirrors", lambda: ("http://127.0.0.1:1/debian", None))
    root = fresh_root.Root(tmp_path, "bookworm")
    with root.locked(), pytest.raises(fresh_root.Skip, match="no answer from the mirror"):
        root.pristine()


AS_NOBODY = """
import os, runpy, sys
os.setgid(65534)
os.setuid(65534)
sys.argv[:] = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_no_rights_count_as_skipped(tmp_path):
    """Runs as a user for whom there is no sudo."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    done = subprocess.run(
        [sys.executable, "-B", "-c", AS_NOBODY, str(ROOT / "tests/fresh"), "--root", str(tmp_path)],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "0 passed, 0 failed, 3 skipped\n", done.stderr
    assert "needs root's rights" in done.stderr
