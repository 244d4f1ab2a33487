"""The wall clock jumps, the machine sleeps: nothing ends, nothing hangs, and the log says what the clock said."""

import datetime
import signal
import threading
import time

import pytest
from support.client import eventually
from support.clock import Clock
from support.origin import serve

YEAR = 366 * 24 * 3600
# Seconds from now, or a date to jump to.
JUMPS = {"ten years on": 10 * YEAR, "ten years back": -10 * YEAR, "an hour back": -3600, "to 1970": 1970, "to 2100": 2100}
NOON_1970, NOON_2100 = 129_600, 4_102_574_400  # Of 2 January.


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


def jump(clock, name):
    by = JUMPS[name]
    if by in (1970, 2100):
        clock.jump_to(datetime.datetime(by, 1, 2, 12, tzinfo=datetime.timezone.utc).timestamp())
    else:
        clock.jump(by)


def when(line):
    return datetime.datetime.strptime(line.time, "%d/%b/%Y:%H:%M:%S %z")


@pytest.mark.parametrize("name", JUMPS)
def test_a_jump_ends_nothing(start, clock, play, name):
    """With the default time limits, which are seconds to hours."""
    weir = start(env=clock.env)
    go = threading.Event()

    def script(connection):
        while connection.more():
            request = connection.head()
            if request.target == "/slow":
                assert go.wait(20)
            connection.body(request)
            connection.respond(request.body or b"ok")

    def echo(connection):
        while data := connection.socket.recv(65536):
            connection.send(data)

    origin, far = play(script), play(echo)
    host = [("Host", origin.authority)]
    clients = [weir.client() for _ in range(5)]
    idle, waiting, sending, heading, tunnel = clients
    idle.send_request("GET", origin.url + "/", host)
    assert idle.response().status == 200
    waiting.send_request("GET", origin.url + "/slow", host)
    sending.send_request("POST", origin.url + "/", [*host, ("Content-Length", "10")], b"01234")
    heading.send(f"GET {origin.url}/ HTTP/1.1\r\nHo")
    tunnel.send_request("CONNECT", far.authority, [("Host", far.authority)])
    assert tunnel.response("CONNECT").status == 200
    tunnel.send(b"\0before")
    assert tunnel.read(7) == b"\0before"
    eventually(lambda: len(origin.requests) == 3)
    jump(clock, name)
    assert weir.get(origin.url + "/after").status == 200  # Its line has the new time.
    assert idle.stays_open(0.3)
    go.set()
    assert waiting.response().body == b"ok"
    sending.send(b"56789")
    assert sending.response().body == b"0123456789"
    heading.send(f"st: {origin.authority}\r\n\r\n")
    assert heading.response().status == 200
    tunnel.send(b"after")
    assert tunnel.read(5) == b"after"
    idle.send_request("GET", origin.url + "/", host)
    response = idle.response()
    assert response.status == 200
    for client in clients:
        client.close()
    lines = weir.wait_log(7)
    assert [line.outcome for line in lines] == ["complete"] * 7
    assert all(0 <= int(line.details["ms"]) < 20_000 for line in lines), lines
    wrong = datetime.timedelta(minutes=1)
    there = datetime.datetime.now(datetime.timezone.utc)
    new = {1970: 1970, 2100: 2100}.get(JUMPS[name])
    [line] = [line for line in lines if "/after" in line.request]
    assert when(line).year == new if new else abs(when(line) - there - datetime.timedelta(seconds=JUMPS[name])) < wrong, line


@pytest.mark.parametrize("name", ["ten years back", "ten years on"])
def test_limits_hold_after_a_jump(start, clock, play, name):
    weir = start('[timeouts]\nclient_idle = "700ms"\nfirst_byte = "700ms"\nhead = "700ms"\n', env=clock.env)
    origin = play(lambda connection: connection.wait_for_end())
    quick = play(serve())
    with weir.client() as idle, weir.client() as waiting, weir.client() as heading:
        idle.send_request("GET", quick.url + "/", [("Host", quick.authority)])
        assert idle.response().status == 200
        waiting.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        heading.send("GET http://x/ HTTP/1.1\r\nHo")
        jump(clock, name)
        assert waiting.response().status == 504
        assert heading.response().status == 408
        assert idle.is_closed(within=6)


@pytest.mark.parametrize("format", ["json", "squid"])
def test_other_formats(start, clock, origin, format):
    weir = start(f'[log]\nformat = "{format}"\n', env=clock.env)
    weir.expect_clean = False  # Its log has another format.
    jump(clock, "to 2100")
    weir.get(origin.url + "/")
    eventually(lambda: weir.stdout_lines)
    jump(clock, "to 1970")
    weir.get(origin.url + "/")
    eventually(lambda: len(weir.stdout_lines) == 2)
    first, second = weir.stdout_lines
    if format == "json":
        assert '"2100-01-02T' in first and '"1970-01-02T' in second
    else:
        assert abs(float(first.split()[0]) - NOON_2100) < 60 and abs(float(second.split()[0]) - NOON_1970) < 60
    weir.stop()
    assert weir.process.returncode == 0 and "Sanitizer" not in weir.stderr and "runtime error" not in weir.stderr


def test_a_machine_that_sleeps(start, play):
    """The machine sleeps for longer than any limit. Bytes that came meanwhile count when Weir
    wakes, so no peer was silent."""
    weir = start('workers = 1\n[timeouts]\nclient_idle = "2s"\ncontent = "2s"\nfirst_byte = "2s"\n[pool]\nidle_timeout = "2s"\n')
    answer = threading.Event()

    def script(connection):
        while connection.more():
            request = connection.request()
            if request.target == "/slow":
                answer.wait(20)
            elif request.target == "/begun":
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
                answer.wait(20)
                connection.send(b"56789")
                continue
            connection.respond(b"ok")

    origin = play(script)
    host = [("Host", origin.authority)]
    # More connections than epoll_wait returns at once.
    idle = [weir.client() for _ in range(400)]
    for client in idle:
        client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
        client.response()
    slow, begun = weir.client(), weir.client()
    slow.send_request("GET", origin.url + "/slow", host)
    begun.send_request("GET", origin.url + "/begun", host)
    begun.reader.response_head()
    eventually(lambda: len(origin.requests) == 2)
    time.sleep(0.1)  # Lets Weir become idle, so that it is stopped while it waits.
    weir.process.send_signal(signal.SIGSTOP)
    answer.set()
    for client in idle:
        client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal")])
    time.sleep(2.5)  # The limits pass.
    weir.process.send_signal(signal.SIGCONT)
    assert slow.response().body == b"ok"
    assert begun.read(10) == b"0123456789"
    for client in idle:
        assert client.response().status == 200
        client.close()
    assert weir.get(origin.url + "/").status == 200
    assert {line.outcome for line in weir.wait_log(803)} == {"complete"}
