"""The folder for data that outlives a restart."""

import os
import signal
import stat

import pytest
from support.client import eventually
from support.weir import Weir, run


def status(control):
    eventually(lambda: run("status", "--control", str(control))[0] == 0)
    return dict(line.split(": ", 1) for line in run("status", "--control", str(control))[1].splitlines())


def config(tmp_path, name="one"):
    return f'state_dir = "{tmp_path}/state/weir"\ncontrol = "{tmp_path}/{name}"\n'


def test_the_one_that_is_named_is_made_and_shown(start, tmp_path):
    start(config(tmp_path))
    assert status(tmp_path / "one")["state_dir"] == f"{tmp_path}/state/weir"
    for each in ("state", "state/weir"):
        assert stat.S_IMODE(os.stat(tmp_path / each).st_mode) == 0o700


def test_two_can_not_have_the_same(start, tmp_path):
    first = start(config(tmp_path))
    with pytest.raises(AssertionError, match="another Weir uses it, process") as refused:
        Weir(config(tmp_path, "two"))
    assert "status 1" in str(refused.value) and f"state_dir {tmp_path}/state/weir" in str(refused.value)
    assert str(first.process.pid) in str(refused.value)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    first.kill()
    start(config(tmp_path, "three"))  # A killed Weir leaves no lock behind.


def test_what_can_not_be_made_is_told(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(AssertionError, match="can't be made: Not a directory"):
        Weir(config(tmp_path))


def test_the_default_is_only_told(start, tmp_path):
    """Nothing is stored there yet, so two Weirs without the key do not collide."""
    default = tmp_path / "default"
    running = [start(f'control = "{tmp_path}/{name}"\n', env={"STATE_DIRECTORY": f"{default}:/elsewhere"}) for name in ("one", "two")]
    for name in ("one", "two"):
        assert status(tmp_path / name)["state_dir"] == str(default)
    assert all(each.is_running() for each in running)
    assert not default.exists()


def test_check_tells_it(tmp_path):
    file = tmp_path / "weir.toml"
    file.write_text(config(tmp_path) + '[[listener]]\naddress = "127.0.0.1:0"\n')
    code, out, _ = run("check", str(file))
    assert code == 0 and f"state_dir: {tmp_path}/state/weir\n" in out
    assert not (tmp_path / "state").exists()
