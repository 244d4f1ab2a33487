"""Where the control socket is: through links, after reloads, and after another Weir had it."""

import os
import signal
import stat

import pytest
from support.client import eventually
from support.reloading import Reloading, ask
from support.weir import Weir

pytestmark = pytest.mark.threads


def listener(port=0):
    return f'[[listener]]\naddress = "127.0.0.1:{port}"\n'


@pytest.fixture
def runtime(tmp_path):
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


def test_a_folder_that_is_named_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with Weir(f'control = "{tmp_path}/link/control"\n' + listener()) as weir:
        assert "control socket" not in weir.stderr
        assert ask("status", tmp_path / "real" / "control").returncode == 0
        assert stat.S_IMODE(os.stat(tmp_path / "real" / "control").st_mode) == 0o600
    assert not (tmp_path / "real" / "control").exists()


@pytest.mark.parametrize("why", ["link", "others may write in it"])
def test_the_default_folder_is_looked_at(tmp_path, runtime, why):
    folder = runtime
    if why == "link":
        folder = tmp_path / "link"
        folder.symlink_to("runtime")
        why = "is no folder"
    else:
        folder.chmod(0o770)
    with Weir(listener(), env={"RUNTIME_DIRECTORY": str(folder)}) as weir:
        weir.wait_stderr(f"no control socket: {folder}.*{why}; tried again each second")
        assert list(runtime.iterdir()) == []
        # Once the configuration is corrected, Weir takes it.
        if folder is runtime:
            folder.chmod(0o750)
            weir.wait_stderr(f"the control socket is {folder}/weir-{weir.port}.control")
            assert ask("status", folder / f"weir-{weir.port}.control").returncode == 0


def test_it_follows_the_first_listeners_port(runtime):
    """The default name contains the port, so `weir status` finds it by the new port."""
    with Weir(listener(), env={"RUNTIME_DIRECTORY": str(runtime)}) as weir:
        old = runtime / f"weir-{weir.port}.control"
        assert ask("status", old).returncode == 0
        weir.write_config('[[listener]]\naddress = "127.0.0.2:0"\n' + listener())
        answer = ask("reload", old)
        port = weir.port_of("127.0.0.2")
        new = runtime / f"weir-{port}.control"
        assert (answer.returncode, answer.stdout) == (0, f"reloaded\nthe control socket is {new}\n")
        weir.wait_stderr(f"the control socket is {new}")
        assert [each.name for each in runtime.iterdir()] == [new.name]
        # If the socket can't move, it stays where it is; Weir says so, and keeps trying.
        weir.write_config(listener())
        (runtime / f"weir-{weir.port}.control").mkdir()
        answer = ask("reload", new)
        assert answer.returncode == 0 and f"the control socket stays {new}: " in answer.stdout, answer
        assert ask("status", new).returncode == 0
        (runtime / f"weir-{weir.port}.control").rmdir()
        weir.wait_stderr(f"the control socket is {runtime}/weir-{weir.port}.control")
        assert ask("reload", runtime / f"weir-{weir.port}.control").stdout == "reloaded\n"


def test_after_an_overlapping_restart_the_new_one_has_it(tmp_path, play):
    """The old Weir drains while the new one starts."""
    origin = play(lambda connection: connection.wait_for_end())
    with Reloading(tmp_path) as old:
        with old.client() as busy:
            busy.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
            old.process.send_signal(signal.SIGTERM)
            eventually(lambda: "ending: 1" in old.ask("status").stdout)
            with Reloading(tmp_path) as new:
                new.wait_stderr("no control socket: .*: another Weir listens there; tried again each second")
                assert "ending: 1" in old.ask("status").stdout
                busy.reset()
                assert old.process.wait(30) == 0
                new.wait_stderr(f"the control socket is {new.control}")
                assert "ending: 0" in new.ask("status").stdout
                assert new.ask("reload").stdout == "reloaded\n"


def test_a_path_that_somebody_removed_comes_back_with_a_reload(tmp_path):
    with Reloading(tmp_path) as weir:
        os.unlink(weir.control)
        weir.process.send_signal(signal.SIGHUP)
        weir.wait_stderr(f"the control socket is {weir.control}")
        assert weir.ask("status").returncode == 0
