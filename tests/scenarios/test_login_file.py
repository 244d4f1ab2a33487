"""The file of logins changes while Weir runs: it is reloaded, is unreadable for a while, or is no
longer a regular file."""

import os
import shutil
import signal

import pytest
from support.client import eventually
from support.login import credentials, seconds_of_cpu

pytestmark = pytest.mark.threads

ADA = credentials("ada", "secret")
# A cheap hash of "secret".
CHEAP = "$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7"
# A hash that costs enough to be seen in the program's CPU time.
DEAR = "$2b$14$abcdefghijklmnopqrstuug2/T3netL3BPRcnafSaAr9lEfTNoLyC"


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(f"ada:{CHEAP}\n")
    return path


def ask(weir, *fields):
    return weir.exchange("GET", "http://weir.internal/", [("Host", "weir.internal"), *fields]).status


def config_of(users):
    return f'[login]\nfile = "{users}"\n'


def reload(weir):
    """Reloads, and returns what Weir said."""
    before = len(weir.stderr_lines)
    weir.process.send_signal(signal.SIGHUP)
    said = ("weir: reloaded", "weir: the old configuration stays")
    return eventually(lambda: next((line for line in weir.stderr_lines[before:] if line.startswith(said)), None))


def test_a_reload_forgets_no_login(start, users):
    users.write_text(f"ada:{DEAR}\n")
    weir = start(config_of(users))
    began = seconds_of_cpu(weir)
    assert ask(weir, ADA) == 200
    one = seconds_of_cpu(weir) - began
    began = seconds_of_cpu(weir)
    for _ in range(3):
        assert reload(weir).startswith("weir: reloaded")
        assert ask(weir, ADA) == 200
    assert seconds_of_cpu(weir) - began < one


def test_a_reload_looks_at_the_file_at_once(start, users):
    weir = start(config_of(users))
    assert ask(weir, ADA) == 200
    users.write_text(f"bob:{CHEAP}\n")
    assert reload(weir).startswith("weir: reloaded")
    assert ask(weir, ADA) == 407
    assert ask(weir, credentials("bob", "secret")) == 200
    users.write_text("bob:plain\n")
    for _ in range(2):
        assert f"{users}:1: this is no hash" in reload(weir)
    users.unlink()
    assert f"{users}: it can't be read" in reload(weir)
    assert ask(weir, credentials("bob", "secret")) == 200


def test_a_file_that_may_be_read_again_is(start, users):
    wrapper = ()
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root may read all, and setpriv is not installed")
        wrapper = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
    weir = start(config_of(users), wrapper=wrapper)
    assert ask(weir, ADA) == 200
    other = users.with_name("other")
    other.write_text(f"bob:{CHEAP}\n")
    other.chmod(0)
    other.rename(users)
    # Weir checks the file when a client comes.
    eventually(lambda: ask(weir, ADA) == 200 and f"the old logins stay: {users}: it can't be read" in weir.stderr)
    users.chmod(0o600)
    eventually(lambda: ask(weir, ADA) == 407)
    assert ask(weir, credentials("bob", "secret")) == 200
    assert weir.stderr.count("the old logins stay") == 1


def test_a_fifo_in_its_place_keeps_nobody(start, users):
    weir = start(config_of(users))
    assert ask(weir, ADA) == 200
    users.unlink()
    os.mkfifo(users)
    eventually(lambda: ask(weir, ADA) == 200 and f"the old logins stay: {users}: it is no ordinary file" in weir.stderr)
    assert ask(weir, credentials("ada", "wrong")) == 407
    assert f"{users}: it is no ordinary file" in reload(weir)
    users.unlink()
    users.write_text(f"bob:{CHEAP}\n")
    eventually(lambda: ask(weir, ADA) == 407)
    assert ask(weir, credentials("bob", "secret")) == 200
    users.unlink()
    os.mkfifo(users)
    weir.stop()
