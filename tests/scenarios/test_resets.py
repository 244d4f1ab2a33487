"""Clients and origins that reset at any byte: nothing cut arrives as complete, and each exchange
has one line in the log."""

import random
import time

import pytest
from support.client import Client, eventually
from support.origin import ok, serve


def upload(origin, size, chunked):
    if not chunked:
        return (
            f"POST {origin.url}/ HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: {size}\r\n\r\n".encode()
            + b"x" * size
        )
    head = f"POST {origin.url}/ HTTP/1.1\r\nHost: {origin.authority}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    pieces = b"".join(b"%x\r\n%s\r\n" % (size // 8, b"x" * (size // 8)) for _ in range(8))
    return head + pieces + b"0\r\n\r\n"


@pytest.mark.seconds(120)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_client_killed_at_random_offsets_of_its_upload(weir, play, chunked):
    origin = play(serve())
    dice = random.Random(f"upload {chunked}")
    data = upload(origin, 4000, chunked)
    for number in range(100):
        cut = dice.randrange(1, len(data))
        with Client(weir.port) as client:
            client.send(data[:cut])
            if dice.random() < 0.5:
                time.sleep(dice.random() * 0.01)
            if dice.random() < 0.5:
                client.reset()
    lines = weir.wait_log(100)
    time.sleep(0.3)
    assert len(weir.log) == 100
    assert all(line.outcome == "client_closed" for line in lines), [
        line for line in lines if line.outcome != "client_closed"
    ]
    assert origin.complete == []


@pytest.mark.seconds(120)
@pytest.mark.parametrize("path", ["/size/300000", "/chunked"])
def test_a_client_killed_at_random_offsets_of_its_answer(weir, site, path):
    dice = random.Random(path)
    for _ in range(80):
        with Client(weir.port, receive_buffer=4096) as client:
            client.send_request("GET", site.url + path, [("Host", site.authority)])
            wanted = dice.randrange(0, 100)
            got = 0
            while got < wanted:
                data = client.socket.recv(min(4096, wanted - got))
                if not data:
                    break
                got += len(data)
            if dice.random() < 0.5:
                client.reset()
    weir.wait_log(80)
    time.sleep(0.3)
    assert len(weir.log) == 80
    assert {line.outcome for line in weir.log} <= {"client_closed", "complete"}
    assert weir.get(site.url + "/").status == 200


@pytest.mark.seconds(120)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_an_origin_killed_at_random_offsets_of_its_answer(weir, play, how):
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 20 + b"0\r\nT: v\r\n\r\n"
    dice = random.Random(how)

    def script(connection):
        connection.request()
        connection.send(answer[: dice.randrange(0, len(answer))])
        if how == "reset":
            time.sleep(dice.random() * 0.01)
            connection.reset()

    origin = play(script)
    for _ in range(80):
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            response = client.response()
            assert response.status == 502 or not response.complete
    lines = weir.wait_log(80)
    assert len(lines) == 80
    assert not any(line.outcome == "complete" and line.status == 200 for line in lines)


def test_a_client_that_resets_in_its_upload(weir, play):
    """The origin learns of the reset at once, and does not see an end that looks complete."""
    origin = play(serve())
    with weir.client() as client:
        client.send_request(
            "PUT", origin.url + "/", [("Host", origin.authority), ("Content-Length", "1000000")], b"x" * 1000
        )
        origin.wait_for_requests(1)
        client.reset()
    eventually(lambda: origin.connections[0].closed)
    assert origin.complete == []
    [line] = weir.wait_log(1)
    assert line.outcome == "client_closed"


def test_tunnels_killed_at_random(weir, play):
    def echo(connection):
        while True:
            data = connection.socket.recv(65536)
            if not data:
                return
            connection.send(data)

    origin = play(echo)
    dice = random.Random(7)
    for number in range(60):
        with Client(weir.port) as client:
            client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
            if number % 4:
                assert client.response("CONNECT").status == 200
                client.send(b"\x00" * dice.randrange(1, 5000))
            if number % 2:
                client.reset()
    weir.wait_log(60)
    time.sleep(0.3)
    assert len(weir.log) == 60


def test_stop_in_the_middle_of_everything(start, play, site):
    weir = start()
    origin = play(lambda connection: connection.wait_for_end())
    clients = []
    for number in range(12):
        client = Client(weir.port)
        if number % 3 == 0:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        elif number % 3 == 1:
            client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
        else:
            client.send_request("GET", site.url + "/size/100000000", [("Host", site.authority)])
        clients.append(client)
    eventually(lambda: len(origin.connections) >= 8 and len(site.requests) >= 4)
    weir.stop()
    assert len(weir.log) == 12
    for client in clients:
        client.close()


def test_answers_of_many_sizes(weir, play):
    """Sizes around those of Weir's buffers."""
    sizes = [0, 1, 2, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537, 262143, 262144, 262145, 1 << 20]
    origin = play(serve(lambda request: ok(b"x" * int(request.target[1:]))))
    with weir.client() as client:
        for size in sizes:
            client.send_request("GET", f"{origin.url}/{size}", [("Host", origin.authority)])
            assert len(client.response().body) == size
