"""The access log: each exchange has exactly one line, whatever ended it."""

import datetime
import os
import pathlib
import re
import subprocess
import time

import pytest
from support.client import Client, eventually
from support.origin import answer_once, ok, serve
from support.weir import Weir, binary, environment

pytestmark = pytest.mark.threads


def settled(weir, count):
    """The log once it has `count` lines. Fails if one more comes within a moment."""
    weir.wait_log(count)
    time.sleep(0.3)
    lines = weir.log
    assert len(lines) == count, weir.stdout
    return lines


def test_the_combined_format(weir, play):
    origin = play(serve(ok(b"x" * 1234)))
    fields = [("Host", origin.authority), ("User-Agent", "test/1.0 (x)"), ("Referer", "http://a.example/b?c")]
    weir.get(origin.url + "/path?query", fields)
    [line] = settled(weir, 1)
    assert line.client == "127.0.0.1"
    assert line.request == f"GET {origin.url}/path?query HTTP/1.1"
    assert (line.status, line.referer, line.agent) == (200, "http://a.example/b?c", "test/1.0 (x)")
    assert 1234 <= line.bytes < 1234 + 500
    assert line.outcome == "complete"
    when = datetime.datetime.strptime(line.time, "%d/%b/%Y:%H:%M:%S %z")
    assert abs(datetime.datetime.now(datetime.timezone.utc) - when) < datetime.timedelta(minutes=2)


def test_a_line_is_out_within_200_ms(weir, origin):
    delays = []
    for count in range(1, 8):
        weir.get(origin.url + "/")
        ended = time.monotonic()
        weir.wait_log(count)
        delays.append(weir.stdout_times[-1] - ended)
    # The median, since on a busy machine some lines come late through no fault of Weir.
    assert sorted(delays)[len(delays) // 2] < 0.2, delays


def test_pipelined_and_successive_requests_have_a_line_each(weir, origin):
    with weir.client() as client:
        client.send(f"GET {origin.url}/a HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 3)
        for _ in range(3):
            client.response()
    assert [line.status for line in settled(weir, 3)] == [200] * 3


def test_a_connection_without_bytes_has_none(weir, origin):
    for how in ("close", "reset", "half_close"):
        client = weir.client()
        getattr(client, how)()
        client.close()
    weir.get(origin.url + "/")
    assert settled(weir, 1)[0].status == 200


@pytest.mark.parametrize(
    "raw, status",
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(80), 400),
        (b"GET http://x/ HTTP/1.1\r\nHost: x\r\nbad field: x\r\n\r\n", 400),
        (b"GET http://x/ HTTP/9.9\r\nHost: x\r\n\r\n", 505),
        (b"GET http://x/ HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70000 + b"\r\n\r\n", 431),
    ],
)
def test_malformed_heads_have_a_line(shared_weir, raw, status):
    before = len(shared_weir.log)
    with shared_weir.client() as client:
        client.send(raw)
        assert client.response().status == status
    line = shared_weir.wait_log(before + 1)[before]
    assert line.status == status
    assert line.outcome == "http_request_error"


def test_a_head_that_never_ends_has_a_line(weir):
    with weir.client() as client:
        client.send("GET http://x/ HTTP/1.1\r\nHo")
    [line] = settled(weir, 1)
    assert line.outcome == "client_closed"


def test_a_client_that_leaves_before_the_answer(weir, play):
    origin = play(lambda connection: connection.wait_for_end())
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        client.reset()
    [line] = settled(weir, 1)
    assert line.outcome == "client_closed"
    eventually(lambda: origin.connections[0].ended)


def test_a_client_that_leaves_within_the_answer(weir, site):
    with Client(weir.port, receive_buffer=4096) as client:
        client.send_request("GET", site.url + "/size/50000000", [("Host", site.authority)])
        client.read(100000)
        client.reset()
    [line] = settled(weir, 1)
    assert (line.status, line.outcome) == (200, "client_closed")
    assert 0 < line.bytes < 50000000


def test_a_client_that_leaves_within_its_upload(weir, site):
    with weir.client() as client:
        client.send_request("POST", site.url + "/upload", [("Host", site.authority), ("Content-Length", "1000")], b"x" * 10)
    [line] = settled(weir, 1)
    assert line.outcome == "client_closed"


def test_an_origin_that_cuts_the_answer(weir, play):
    origin = play(answer_once(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"))
    weir.get(origin.url + "/")
    [line] = settled(weir, 1)
    assert (line.status, line.outcome) == (200, "http_response_incomplete")


def test_errors_by_their_rfc_9209_names(weir, origin):
    origin.close()
    weir.get(origin.url + "/")
    weir.get("http://169.254.169.254/")
    lines = settled(weir, 2)
    assert {(line.status, line.outcome) for line in lines} == {
        (502, "connection_refused"),
        (403, "destination_ip_prohibited"),
    }


def test_own_pages_and_refusals(weir):
    weir.get(weir.url + "/")
    weir.exchange("GET", "/", [("Host", "example.org")])
    assert {line.status for line in settled(weir, 2)} == {200, 421}


def test_bytes_are_those_sent(weir, play):
    for count, body in enumerate((b"", b"x", b"x" * 100000), 1):
        origin = play(serve(ok(body)))
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority), ("Connection", "close")])
            sent = len(client.rest())
        assert weir.wait_log(count)[-1].bytes in (sent, len(body))


def test_hostile_bytes_do_not_break_lines(weir, origin):
    fields = [("Host", origin.authority), ("User-Agent", 'x" 200 1 "\x1b[31m\\'), ("Referer", "caf\xe9\t\x80\x9f")]
    with weir.client() as client:
        client.send_request("GET", origin.url + '/"quoted"\\\xff', fields)
        client.response()
    weir.wait_log(1)
    [line] = weir.log
    assert "\x1b" not in line.line and "\x80" not in line.line
    assert line.status in (200, 400)  # ESC is a control character, which no field may have.


def test_tabs_and_8_bit_bytes(weir, origin):
    weir.get(origin.url + "/\xff", [("Host", origin.authority), ("User-Agent", "caf\xe9\tx"), ("Referer", '"\\"')])
    [line] = settled(weir, 1)
    assert line.status == 200
    assert re.fullmatch(r"[\x20-\x7e]+", line.line)


def test_no_secrets(weir, site):
    fields = [
        ("Authorization", "Basic c2VjcmV0LW9uZQ=="),
        ("Cookie", "session=secret-two"),
        ("Proxy-Authorization", "Basic c2VjcmV0LXRocmVl"),
    ]
    weir.get(site.url + "/", fields)
    weir.exchange("POST", site.url + "/login", body=b"user=ada&password=wonder+%26+love")
    weir.wait_log(2)
    for output in (weir.stdout, weir.stderr):
        for secret in ("c2VjcmV0", "secret-two", "wonder", "session="):
            assert secret not in output


def test_no_secrets_with_debug(site):
    with Weir(arguments=["0", "--debug"]) as weir:
        weir.get(site.url + "/", [("Authorization", "Basic c2VjcmV0LW9uZQ=="), ("Cookie", "session=secret-two")])
        weir.wait_log(1)
        assert "c2VjcmV0" not in weir.stderr and "secret-two" not in weir.stderr


def test_lines_are_written_when_weir_ends(play):
    origin = play(lambda connection: connection.wait_for_end())
    with Weir() as weir:
        client = weir.client()
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        eventually(lambda: origin.connections and b"\r\n\r\n" in origin.connections[0].received)
        weir.stop()
        assert len(weir.log) == 1
        assert weir.log[0].outcome == "drained"
        client.close()


class Stuck:
    """Weir with a standard output that nobody reads."""

    def __init__(self, config, directory):
        path = pathlib.Path(directory) / "weir.toml"
        path.write_text(config)
        self.read_end, write_end = os.pipe()
        self.process = subprocess.Popen(
            [binary(), "--config", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=write_end,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        os.close(write_end)
        for line in self.process.stderr:
            match = re.search(rb"listening on 127\.0\.0\.1:(\d+)", line)
            if match:
                self.port = int(match[1])
                return
        raise AssertionError("Weir did not start")


def test_a_log_that_nobody_reads_slows_no_traffic(tmp_path, play):
    """Lines beyond the backlog are dropped and counted, and a line on standard error says so."""
    origin = play(serve())
    config = '[limits]\nlog_backlog = "64KiB"\n[[listener]]\naddress = "127.0.0.1:0"\n'
    stuck = Stuck(config, tmp_path)
    agent = "a" * 2000
    try:
        with Client(stuck.port) as client:
            for _ in range(200):  # 400 KB: the pipe holds 64 KiB, and so does the backlog.
                client.send_request("GET", origin.url + "/", [("Host", origin.authority), ("User-Agent", agent)])
                assert client.response().status == 200
        os.set_blocking(stuck.process.stderr.fileno(), False)
        said = bytearray()

        def told():
            said.extend(stuck.process.stderr.read() or b"")
            return re.search(rb"(\d+) lines were dropped \(its target does not take them in time\)", bytes(said))

        # Standard output contains only lines of the log, so the report is on standard error.
        assert int(eventually(told, what="a line that tells of dropped lines")[1]) > 10
    finally:
        stuck.process.terminate()
        assert stuck.process.wait(30) == 0
        os.close(stuck.read_end)
        stuck.process.stderr.close()


def test_a_log_that_cannot_be_written(tmp_path, origin):
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen(
            [binary(), "0"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, env=environment()
        )
    said = ""
    try:
        port = next(
            int(m[1]) for m in (re.search(rb"listening on 127\.0\.0\.1:(\d+)", line) for line in process.stderr) if m
        )
        for _ in range(20):
            with Client(port) as client:
                client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
                assert client.response().status == 200
    finally:
        process.terminate()
        assert process.wait(30) == 0
        said = process.stderr.read().decode()
        process.stderr.close()
    told = re.findall(r"the access log can't be written: (?:1 line was|\d+ lines were) dropped \(No space left on device\)", said)
    assert told and ": 1 lines" not in said, said


def test_the_client_is_who_connected(weir, origin):
    """Fields in which a client claims another address change nothing."""
    weir.get(
        origin.url + "/", [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.2"), ("X-Real-IP", "192.0.2.3")]
    )
    [line] = settled(weir, 1)
    assert line.client == "127.0.0.1"
    # These fields pass like any other; Weir adds nothing about its clients.
    assert origin.requests[0].fields.all("x-forwarded-for") == ["192.0.2.1"]
