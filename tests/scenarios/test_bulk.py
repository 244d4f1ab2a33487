"""Content of more than 4 GiB in bounded memory, and back-pressure. Uses a build without sanitizers
if there is one."""

import threading
import time

import pytest
from support.bulk import CALM, SLACK, Peak, receive, transmit
from support.client import Client, eventually
from support.site import BLOCK, generated
from support.weir import Weir, fast_binary

SIZE = 4_500_000_000


@pytest.fixture
def fast():
    with Weir(program=fast_binary(), env=CALM) as running:
        yield running


def warm(weir, site):
    """Runs small exchanges in both directions, then returns the memory that Weir needs for a small
    one."""
    for _ in range(4):
        assert weir.get(site.url + "/size/3000000").complete
        assert weir.exchange("PUT", site.url + "/upload/warm", body=bytes(3_000_000)).status == 201
    return weir.rss()


@pytest.mark.seconds(240)
@pytest.mark.parametrize("tunnelled", [False, True], ids=["get", "connect"])
def test_a_download(fast, site, tunnelled):
    size = SIZE if not tunnelled else SIZE // 4
    small = warm(fast, site)
    with fast.client(wait=60) as client, Peak(fast) as peak:
        if tunnelled:
            client.send_request("CONNECT", site.authority, [("Host", site.authority)])
            assert client.response("CONNECT").status == 200
        target = "/" if tunnelled else site.url + "/"
        client.send_request("GET", f"{target}size/{size}", [("Host", site.authority)])
        head = client.reader.response_head()
        assert head.fields.get("content-length") == str(size)
        assert receive(client, size) == size
    assert peak.most - small < SLACK
    named = "CONNECT " if tunnelled else f"size/{size}"
    line = next(line for line in fast.wait_log(9) if named in line.request)
    assert size <= line.bytes < size + 1000


@pytest.mark.seconds(240)
def test_an_upload(fast, site):
    small = warm(fast, site)
    with fast.client(wait=120) as client, Peak(fast) as peak:
        client.send_request("PUT", site.url + "/upload/big", [("Host", site.authority), ("Content-Length", str(SIZE))])
        transmit(client, SIZE)
        response = client.response()
        assert (response.status, response.body) == (201, str(SIZE).encode())
    assert peak.most - small < SLACK


@pytest.mark.seconds(240)
def test_a_chunked_download_past_32_bits(fast, play):
    piece = BLOCK * 4
    chunks = (1 << 32) // len(piece) + 2

    def script(connection):
        connection.request()
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        frame = b"%x\r\n%s\r\n" % (len(piece), piece)
        for _ in range(chunks):
            connection.socket.sendall(frame)
        connection.send("0\r\n\r\n")

    origin = play(script, wait=60)
    before = fast.rss()
    with fast.client(wait=60) as client, Peak(fast) as peak:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority), ("Connection", "close")])
        assert client.reader.response_head().status == 200
        buffer = bytearray(1 << 20)
        total = len(client.reader.buffer)
        tail = b""
        while True:
            count = client.socket.recv_into(buffer)
            if not count:
                break
            total += count
            tail = (tail + bytes(buffer[max(0, count - 16) : count]))[-16:]
        assert tail.endswith(b"\r\n0\r\n\r\n")
        assert total >= chunks * len(piece)
    assert peak.most - before < SLACK


@pytest.mark.seconds(240)
def test_both_directions_at_once(fast, play):
    size = 500_000_000

    def script(connection):
        connection.head()
        connection.send(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")
        sender = threading.Thread(
            target=lambda: [connection.socket.sendall(piece) for piece in generated(size)], daemon=True
        )
        sender.start()
        buffer = bytearray(1 << 20)
        left = size - len(connection.reader.buffer)
        while left:
            count = connection.socket.recv_into(buffer, min(left, len(buffer)))
            assert count
            left -= count
        sender.join()

    origin = play(script, wait=60)
    before = fast.rss()
    with fast.client(wait=60) as client, Peak(fast) as peak:
        client.send_request("POST", origin.url + "/", [("Host", origin.authority), ("Content-Length", str(size))])
        sender = threading.Thread(target=transmit, args=(client, size), daemon=True)
        sender.start()
        assert client.reader.response_head().status == 200
        assert receive(client, size) == size
        sender.join()
    assert peak.most - before < SLACK


def settled(value):
    """The value once it no longer grows."""
    before, since = value(), time.monotonic()
    while time.monotonic() - since < 0.7:
        time.sleep(0.05)
        if value() != before:
            before, since = value(), time.monotonic()
    return before


def test_a_slow_client_slows_the_origin(weir, site):
    with Client(weir.port, receive_buffer=16384) as client:
        client.send_request("GET", site.url + "/size/1000000000", [("Host", site.authority)])
        client.read(1000)
        connection = eventually(lambda: next((each for each in site.connections if hasattr(each, "sent")), None))
        sent = settled(lambda: connection.sent)
        assert sent < 30 << 20  # The kernel's buffers and Weir's own.
        buffer = bytearray(1 << 20)
        for _ in range(200):
            client.socket.recv_into(buffer)
        assert settled(lambda: connection.sent) >= sent
        assert weir.rss() < 400 << 20


def test_a_slow_origin_slows_the_client(weir, play):
    go = threading.Event()

    def script(connection):
        connection.head()
        assert go.wait(20)

    origin = play(script)
    with weir.client() as client:
        client.send_request("PUT", origin.url + "/", [("Host", origin.authority), ("Content-Length", "1000000000")])
        client.wait(1)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 500 << 20:
                sent += client.socket.send(b"x" * 65536)
        assert sent < 30 << 20
    go.set()


@pytest.mark.seconds(120)
def test_many_slow_readers(weir, site):
    """Memory is bounded by the buffers, not by the size of what is requested."""
    before = weir.rss()
    clients = [Client(weir.port, receive_buffer=4096) for _ in range(100)]
    for client in clients:
        client.send_request("GET", site.url + "/size/100000000", [("Host", site.authority)])
    eventually(lambda: len(site.requests) == 100, within=30)
    time.sleep(1)
    assert weir.rss() - before < 100 << 20
    for client in clients:
        client.close()
    weir.wait_log(100, within=20)
