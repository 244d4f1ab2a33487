"""Files that are no configuration, or not yet: a Weir that runs waits for none, and takes none that says nothing."""

import os
import pathlib
import signal

import pytest
from support.reloading import Reloading, ask
from support.weir import Weir

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
    """It is empty then: without a word the login would be gone."""
    file = tmp_path / "weir.toml"
    control = tmp_path / "control"
    file.write_text(f'control = "{control}"\n' + login(tmp_path) + '[[listener]]\naddress = "127.0.0.1:0"\n')
    piped = ("bash", "-c", 'exec < <(cat "$0"); exec "$@"', str(file))
    with Weir(arguments=["--config", "/dev/stdin"], wrapper=piped) as weir:
        assert weir.get("http://weir.internal/").status == 407
        answer = ask("reload", control)
        assert answer.returncode == 1 and "/dev/stdin: cannot be read: it is no ordinary file" in answer.stderr, answer
        assert weir.get("http://weir.internal/").status == 407


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing = 1\n"])
def test_a_file_that_is_just_being_written_is_not_taken(tmp_path, text):
    with Reloading(tmp_path, login(tmp_path)) as weir:
        file = pathlib.Path(weir.command[-1])
        before = file.read_text()
        assert weir.get("http://weir.internal/").status == 407
        file.write_text(text)
        answer = weir.ask("reload")
        assert answer.returncode == 1
        assert answer.stderr == (f"the old configuration stays: {file}: there is no key in it, as in a file that is just being written; "
                                 "expected at least one\n")
        assert weir.get("http://weir.internal/").status == 407
        file.write_text(before)
        assert weir.ask("reload").stdout == "reloaded\n"
