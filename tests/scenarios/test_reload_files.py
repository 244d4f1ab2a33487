"""Reloads of files that are not, or not yet, a configuration: a running Weir does not wait for such
a file, and refuses an empty one. The same is true of files that its configuration includes."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import pytest
from support.client import Client
from support.reloading import Reloading, ask
from support.weir import Weir, binary, environment

pytestmark = pytest.mark.threads


def login(tmp_path):
    (tmp_path / "htpasswd").write_text("ada:$2y$05$abcdefghijklmnopqrstuuOGbSH1pCEXXLVTr8hTXa3nyGkxNbWPe\n")
    return f'[login]\nfile = "{tmp_path}/htpasswd"\n'


def test_a_fifo_keeps_nobody(tmp_path, origin):
    with Reloading(tmp_path) as weir:
        file = pathlib.Path(weir.command[-1])
        file.unlink()
        os.mkfifo(file)
        weir.process.send_signal(signal.SIGHUP)
        weir.wait_stderr("the old configuration stays: .*: cannot be read: it is no ordinary file, and a Weir that runs reads no other$")
        answer = weir.ask("reload")
        assert answer.returncode == 1 and "no ordinary file" in answer.stderr
        assert weir.ask("status").returncode == 0
        assert weir.get(origin.url + "/").status == 200


def test_what_came_by_a_pipe_is_not_read_again(tmp_path):
    """A pipe is empty the second time, and an empty configuration would silently remove the
    login."""
    file = tmp_path / "weir.toml"
    control = tmp_path / "control"
    file.write_text(f'control = "{control}"\n' + login(tmp_path) + '[[listener]]\naddress = "127.0.0.1:0"\n')
    piped = ("bash", "-c", 'exec < <(cat "$0"); exec "$@"', str(file))
    with Weir(arguments=["--config", "/dev/stdin"], wrapper=piped) as weir:
        assert weir.get("http://weir.internal/page").status == 407
        answer = ask("reload", control)
        assert answer.returncode == 1 and "/dev/stdin: cannot be read: it is no ordinary file" in answer.stderr, answer
        assert weir.get("http://weir.internal/page").status == 407


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing = 1\n"])
def test_a_file_that_is_just_being_written_is_not_taken(tmp_path, text):
    with Reloading(tmp_path, login(tmp_path)) as weir:
        file = pathlib.Path(weir.command[-1])
        before = file.read_text()
        assert weir.get("http://weir.internal/page").status == 407
        file.write_text(text)
        answer = weir.ask("reload")
        assert answer.returncode == 1
        assert answer.stderr == (f"the old configuration stays: {file}: there is no key in it, as in a file that is just being written; "
                                 "expected at least one\n")
        assert weir.get("http://weir.internal/page").status == 407
        file.write_text(before)
        assert weir.ask("reload").stdout == "reloaded\n"


@pytest.mark.parametrize("text", ["", "# nothing = 1\n"])
def test_an_included_file_that_is_just_being_written_is_not_taken(tmp_path, text):
    """Without its keys the login would be gone."""
    included = tmp_path / "login.toml"
    included.write_text(login(tmp_path))
    (tmp_path / "blank.toml").write_text("# Blank at the start, so it may stay so.\n")
    with Reloading(tmp_path, f'include = ["{included}", "{tmp_path}/blank.toml"]\n') as weir:
        assert weir.get("http://weir.internal/page").status == 407
        before = included.read_text()
        included.write_text(text)
        answer = weir.ask("reload")
        assert answer.returncode == 1
        assert answer.stderr == (f"the old configuration stays: {included}: there is no key in it, as in a file that is just being written; "
                                 "expected at least one\n")
        assert weir.get("http://weir.internal/page").status == 407
        included.write_text(before)
        assert weir.ask("reload").stdout == "reloaded\n"


def test_a_fifo_that_is_included_keeps_nobody(tmp_path, origin):
    included = tmp_path / "limits.toml"
    included.write_text("[limits]\nfields = 50\n")
    with Reloading(tmp_path, f'include = ["{included}"]\n') as weir:
        included.unlink()
        os.mkfifo(included)
        answer = weir.ask("reload")
        assert answer.returncode == 1 and "it cannot be read: it is no ordinary file, and a Weir that runs reads no other" in answer.stderr
        assert weir.get(origin.url + "/").status == 200


def test_a_reload_reads_included_files_again(tmp_path):
    included = tmp_path / "name.toml"
    included.write_text('own_name = "first.test"\n')
    with Reloading(tmp_path, f'include = ["{included}"]\n') as weir:
        assert weir.get("http://first.test/").status == 200
        included.write_text('own_name = "second.test"\n')
        assert weir.ask("reload").stdout == "reloaded\n"
        assert weir.get("http://second.test/").status == 200
        included.write_text('own_name = "third.test"\nworkerz = 2\n')
        answer = weir.ask("reload")
        assert answer.returncode == 1
        assert f'the old configuration stays: {included}:2:1: unknown key "workerz"' in answer.stderr
        assert weir.get("http://second.test/").status == 200


def test_check_reads_included_files_relative_to_the_file(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "weir.toml").write_text('include = ["conf.d/limits.toml"]\n[limits]\nhead = "8KiB"\n')
    (tmp_path / "conf.d/limits.toml").write_text('[limits]\nfields = 50\n')

    def check():
        command = [binary(), "check", "weir.toml"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, env=environment(), check=False)

    assert (check().returncode, check().stderr) == (0, "")
    (tmp_path / "conf.d/limits.toml").write_text('[limits]\nhead = "8KiB"\nfields = 5\n')
    assert (check().returncode, check().stderr) == (
        1,
        "weir.toml:3:8: head is set in conf.d/limits.toml:2:8 already; expected each key in one file only\n"
        "conf.d/limits.toml:3:10: fields is 5; expected a whole number from 10 to 10000\n",
    )


def test_a_reload_that_is_refused_draws_nobody(tmp_path, origin):
    """A refused configuration would listen at 127.0.0.1 on a port that Weir already has at every
    address. That listener must take no client."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = 'control = "{control}"\n[[listener]]\naddress = "0.0.0.0:0"\nclients = ["127.0.0.0/8"]\n'
        with Weir(text.format(control=tmp_path / "control")) as weir:
            port = weir.addresses[0][1]
            weir.write_config(
                f'control = "{tmp_path}/control"\n[[listener]]\naddress = "127.0.0.1:{port}"\nclients = ["127.0.0.0/8"]\n'
                f'[[listener]]\naddress = "127.0.0.1:{taken.getsockname()[1]}"\n'
            )
            until = time.monotonic() + 2
            faults = []

            def come():
                while time.monotonic() < until:
                    try:
                        with Client(port) as client:
                            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
                            assert client.response().status in (200, 403)
                    except (OSError, AssertionError) as fault:
                        faults.append(fault)

            threads = [threading.Thread(target=come) for _ in range(4)]
            for thread in threads:
                thread.start()
            refused = 0
            while time.monotonic() < until:
                refused += ask("reload", tmp_path / "control").returncode == 1
            for thread in threads:
                thread.join()
            assert refused > 0 and faults == []
