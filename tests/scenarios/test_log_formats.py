"""The access log in each format, to each target; renaming its file under load loses no line."""

import json
import os
import pathlib
import re
import signal
import socket
import stat
import threading
import time

import pytest
from support.client import Client, eventually
from support.tunnels import connect
from support.weir import Weir, run

pytestmark = pytest.mark.threads


class Quiet(Weir):
    """A Weir whose standard output has no lines in the combined format."""

    @property
    def log(self):
        return []


def settings(**keys):
    return "[log]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())


def lines_of(path):
    return pathlib.Path(path).read_text().splitlines() if os.path.exists(path) else []


def wait_lines(path, count):
    eventually(lambda: len(lines_of(path)) >= count, what=f"line {count} of {path}")
    return lines_of(path)


def test_common(origin, tmp_path):
    path = tmp_path / "access.log"
    with Quiet(settings(format="common", to=path)) as weir:
        weir.get(origin.url + "/a?b")
        [line] = wait_lines(path, 1)
    assert re.fullmatch(
        r"127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] " + f'"GET {re.escape(origin.url)}/a\\?b HTTP/1.1" 200 \\d+', line
    )
    assert stat.S_IMODE(os.stat(path).st_mode) & 0o137 == 0
    assert weir.stdout == ""


def test_json(origin):
    with Quiet("workers = 1\n" + settings(format="json")) as weir:
        fields = [("Host", origin.authority), ("User-Agent", 'caf\xe9 "x" \\ \t'), ("Referer", "http://a/")]
        weir.get(origin.url + "/", fields)
        with weir.client() as client:
            client.send(b"nonsense\r\n\r\n")
            client.response()
        eventually(lambda: len(weir.stdout_lines) == 2)
        good, bad = [json.loads(line) for line in weir.stdout_lines]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", good.pop("time"))
    assert good.pop("bytes_sent") > 0 and good.pop("ms") >= 0
    assert good == {
        "client": "127.0.0.1",
        "identity": None,
        "method": "GET",
        "target": origin.url + "/",
        "site": None,
        "version": "HTTP/1.1",
        "status": 200,
        "bytes_received": 0,
        "referer": "http://a/",
        "user_agent": 'caf\ufffd "x" \\',
        "outcome": "complete",
        "error": None,
        "rule": None,
        "list": None,
        "would": None,
        "grant": None,
        "type": None,
        "page": "a",
        "origin": origin.authority,
        "reused": False,
        "mended": None,
        "sni": None,
        "tls": None,
        "tls_alert": None,
        "step_aside": None,
    }
    assert (bad["status"], bad["outcome"], bad["error"]) == (400, "error", "http_request_error")
    assert bad["origin"] is None


def test_json_says_what_a_request_is_for(origin, tmp_path):
    path = tmp_path / "access.log"
    with Quiet("workers = 1\n" + settings(format="json", to=path)) as weir:
        fields = [("Host", origin.authority), ("Accept", "image/avif,*/*"), ("Referer", "http://news.test/a")]
        weir.get(origin.url + "/logo", fields)
        weir.get(origin.url + "/", [("Host", origin.authority), ("Sec-Fetch-Dest", "document")])
        with weir.client() as client:
            connect(client, origin.authority)
        image, document, tunnel = [json.loads(line) for line in wait_lines(path, 3)]
    assert (image["type"], image["page"]) == ("image", "news.test")
    assert (document["type"], document["page"]) == ("document", "127.0.0.1")
    assert (tunnel["type"], tunnel["page"]) == (None, None)


def test_squid(origin):
    with Quiet("workers = 1\n" + settings(format="squid")) as weir:
        weir.get(origin.url + "/a")
        weir.get("http://169.254.169.254/")
        weir.get(weir.url + "/")
        eventually(lambda: len(weir.stdout_lines) == 3)
        lines = [line.split() for line in weir.stdout_lines]
    assert all(len(line) == 10 for line in lines)
    assert abs(float(lines[0][0]) - time.time()) < 60
    assert lines[0][2:4] == ["127.0.0.1", "TCP_MISS/200"]
    assert lines[0][5:] == ["GET", origin.url + "/a", "-", "HIER_DIRECT/127.0.0.1", "-"]
    assert lines[1][3] == "TCP_DENIED/403" and lines[1][8] == "HIER_NONE/-"
    assert lines[2][3] == "NONE/200"


def test_syslog(origin, tmp_path):
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(path))
        syslog.settimeout(20)
        with Quiet(settings(to="syslog", syslog_socket=path)) as weir:
            weir.get(origin.url + "/a")
            datagram = syslog.recv(65536).decode()
    assert re.match(rf"<134>\w{{3}} [ \d]\d \d\d:\d\d:\d\d weir\[{weir.process.pid}\]: 127\.0\.0\.1 - - ", datagram)
    assert "complete received=0" in datagram and "\n" not in datagram


def test_a_syslog_that_is_not_there_slows_no_traffic(origin, tmp_path):
    with Quiet(settings(to="syslog", syslog_socket=tmp_path / "none")) as weir:
        for _ in range(3):
            assert weir.get(origin.url + "/").status == 200
        weir.wait_stderr(r"the access log can't be written: \d+ lines? (was|were) dropped \(No such file or directory\)")


@pytest.mark.parametrize("to", ["", "/none/access.log"])
def test_a_file_that_cannot_be_opened(tmp_path, to):
    config = tmp_path / "weir.toml"
    path = str(tmp_path) + to
    config.write_text('[[listener]]\naddress = "127.0.0.1:0"\n' + settings(to=path))
    status, stdout, stderr = run("--config", str(config))
    assert (status, stdout) == (1, "")
    assert re.fullmatch(rf"weir: the access log {re.escape(path)} can't be opened: .+\n", stderr)


@pytest.mark.parametrize("key, value", [("format", "xml"), ("to", "stderr"), ("to", "access.log")])
def test_mistakes(tmp_path, key, value):
    config = tmp_path / "weir.toml"
    config.write_text(settings(**{key: value}))
    status, stdout, stderr = run("check", str(config))
    assert status == 1
    assert "line 2" in stdout + stderr or ":2:" in stdout + stderr


def test_a_reload_changes_format_and_target(origin, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    with Quiet(settings(to=first)) as weir:
        with weir.client() as client:

            def ask():
                client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
                assert client.response().status == 200

            ask()
            weir.write_config(settings(to=second, format="json"))
            weir.process.send_signal(signal.SIGHUP)
            weir.wait_stderr("reloaded")

            def asked_and_there():
                ask()
                return lines_of(second)

            eventually(asked_and_there)
            # A target that can't be opened changes nothing.
            weir.write_config(settings(to=tmp_path))
            weir.process.send_signal(signal.SIGHUP)
            weir.wait_stderr("the old configuration stays: the access log .* can't be opened")
            before = len(lines_of(second))
            ask()
            wait_lines(second, before + 1)
    assert all(line.startswith("127.0.0.1 - - [") for line in lines_of(first))
    assert all(json.loads(line)["status"] == 200 for line in lines_of(second))


def test_rotation_under_load_loses_no_line(origin, tmp_path):
    path = tmp_path / "access.log"
    counts = []
    stop = threading.Event()

    def load(number):
        done = 0
        with Client(weir.port) as client:
            while not stop.is_set():
                client.send_request("GET", f"{origin.url}/{number}-{done}", [("Host", origin.authority)])
                assert client.response().status == 200
                done += 1
        counts.append((number, done))

    with Quiet(settings(to=path)) as weir:
        threads = [threading.Thread(target=load, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(8):
            wait_lines(path, 1)
            os.rename(path, tmp_path / f"old.{turn}")
            weir.process.send_signal(signal.SIGUSR1)
            eventually(path.exists)
        stop.set()
        for thread in threads:
            thread.join()
    assert len(counts) == 3
    files = [*tmp_path.glob("old.*"), path]
    seen = [line.split()[6].rsplit("/", 1)[1] for each in files for line in lines_of(each)]
    assert sorted(seen) == sorted(f"{number}-{each}" for number, done in counts for each in range(done))


def test_sigusr1_elsewhere_changes_nothing(weir, origin):
    weir.get(origin.url + "/")
    weir.process.send_signal(signal.SIGUSR1)
    weir.get(origin.url + "/")
    assert [line.status for line in weir.wait_log(2)] == [200, 200]
