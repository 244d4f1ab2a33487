"""`[tls] key_log`: the secrets of connections, for Wireshark."""

import os
import re
import ssl
import stat

import pytest
from support.reloading import Reloading
from support.weir import Weir

LINE = re.compile(r"[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+")


def kept(connection):
    while connection.more():
        connection.request()
        connection.respond(b"ok")


def config(authority, path=""):
    return f'workers = 1\n[tls]\nroots = ["{authority.pem}"]\nkey_log = "{path}"\n'


def test_what_the_origin_notes_is_noted(tmp_path, start, play, authority):
    """Both sides have the same secrets."""
    path = tmp_path / "keys"
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        theirs = tmp_path / f"theirs-{version}"
        context = authority.issue("127.0.0.1")
        context.minimum_version = context.maximum_version = version
        context.keylog_filename = str(theirs)
        weir = start(config(authority, path))
        assert weir.get(play(kept, tls=context).url + "/").status == 200
        assert f"are written to {path}" in "\n".join(weir.stderr_lines)
        lines = path.read_text().splitlines()
        assert lines and all(LINE.fullmatch(line) for line in lines)
        noted = [line for line in theirs.read_text().splitlines() if not line.startswith("#")]
        assert noted and set(noted) <= set(lines), "appended to what was there"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_environment_does_not_turn_it_on(tmp_path, start, play, authority, monkeypatch):
    path = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(path))
    weir = start(config(authority))
    monkeypatch.delenv("SSLKEYLOGFILE")
    context = authority.issue("127.0.0.1")
    assert weir.get(play(kept, tls=context).url + "/").status == 200
    assert not path.exists() and "key_log" not in "\n".join(weir.stderr_lines)


def refused(authority, path, words):
    with pytest.raises(AssertionError, match=words):
        Weir(config(authority, path))


def test_files_that_are_refused(tmp_path, authority):
    pipe, open_to_all, link = tmp_path / "pipe", tmp_path / "open", tmp_path / "link"
    os.mkfifo(pipe)
    refused(authority, pipe, "can't be written to")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    refused(authority, pipe, "it is no ordinary file")
    os.close(reader)
    refused(authority, "/dev/null", "it is no ordinary file")
    open_to_all.write_text("")
    open_to_all.chmod(0o644)
    refused(authority, open_to_all, "others may read it")
    link.symlink_to(tmp_path / "elsewhere")
    refused(authority, link, "can't be written to")
    refused(authority, tmp_path / "none" / "keys", "No such file or directory")


def test_a_reload_refuses_one_that_others_may_read_by_now(tmp_path, authority):
    path = tmp_path / "keys"
    with Reloading(tmp_path, config(authority, path)) as weir:
        path.chmod(0o640)
        assert "others may read it" in weir.refuse(config(authority, path))


def test_a_reload_turns_it_on_and_off_and_says_so(tmp_path, play, authority):
    path = tmp_path / "keys"
    origin = play(lambda connection: connection.respond(b"ok", close=True) if connection.request() else None, tls=authority.issue("127.0.0.1"))

    def noted(weir):
        before = path.stat().st_size if path.exists() else 0
        assert weir.get(origin.url + "/").status == 200
        return path.exists() and path.stat().st_size > before

    with Reloading(tmp_path, config(authority)) as weir:
        assert not noted(weir)
        assert f"are written to {path}" in weir.reload(config(authority, path))
        assert noted(weir)
        assert f"are written to {path}" in weir.reload(config(authority, path))
        path.rename(tmp_path / "old")
        weir.reload(config(authority, path))
        assert noted(weir), "another file has its place"
        assert "are written to" not in weir.reload(config(authority))
        assert not noted(weir)
        path.chmod(0o666)
        assert "others may read it" in weir.refuse(config(authority, path))
