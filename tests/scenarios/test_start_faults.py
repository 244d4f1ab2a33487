"""If something is missing at the start, Weir ends with one line and status 1."""

import contextlib
import os
import re
import shutil
import subprocess

import pytest
from support.message import Ended
from support.weir import Weir, binary, environment, fast_binary

SOMEBODY = "61234"  # Has no processes, so that the limit counts Weir's own threads alone.


@pytest.mark.parametrize("threads", [1, 2])
def test_no_thread_to_be_had(threads):
    """No thread for the access log, or none for a worker."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("the limit of threads is a user's: needs root and setpriv")
    command = ["prlimit", f"--nproc={threads}:{threads}", "setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", binary(), "0"]
    # LeakSanitizer needs a thread of its own.
    env = environment(ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=env, check=False)
    assert done.returncode == 1, done
    assert done.stdout == "" and done.stderr.startswith("weir: ") and done.stderr.count("\n") == 1, done
    assert ("a worker can't start: " if threads > 1 else "can't start: ") in done.stderr
    assert "Resource temporarily unavailable" in done.stderr


@pytest.mark.seconds(120)
def test_too_little_memory_to_start():
    """At each limit Weir serves, or says in one line why it can't."""
    program = fast_binary()
    if program == binary():
        pytest.skip("a sanitizer takes more address space than that (build/release is not there)")
    served, ended = [], []
    for mib in range(8, 240, 4):
        try:
            limit = ("prlimit", f"--as={mib << 20}:{mib << 20}")
            with Weir("workers = 4\n", program=program, wrapper=limit) as weir, contextlib.suppress(OSError, Ended):
                # With only a few MiB left, Weir may have no memory for a client, whose connection
                # it closes.
                if weir.get("http://weir.internal/").status == 200:
                    served.append(mib)
        except AssertionError as fault:
            said = str(fault)
            # 127: there was no room to load the libraries.
            assert re.search(r"ended at once, status (127|1:\nweir: [^\n]*$)", said), (mib, said)
            ended.append(mib)
    assert ended and served, (ended, served)
