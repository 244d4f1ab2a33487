"""CONNECT: which bytes pass, and how tunnels end."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import threading
import time

import pytest
from support.client import Client, eventually
from support.origin import Origin
from support.tls import client_hello
from support.tunnels import connect, echo, greeting


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost", "localhost."])
def test_by_address_and_by_name(weir, play, host):
    origin = play(echo)
    with weir.client() as client:
        connect(client, f"{host}:{origin.port}")
        client.send(b"\x00\x01hello")
        assert client.read(7) == b"\x00\x01HELLO"


def test_to_ipv6(weir, play):
    origin = play(echo, host="::1")
    with weir.client() as client:
        connect(client, origin.authority)
        client.send(b"\x00abc")
        assert client.read(4) == b"\x00ABC"


def test_http_1_0_connect(weir, play):
    origin = play(echo)
    with weir.client() as client:
        client.send(f"CONNECT {origin.authority} HTTP/1.0\r\n\r\n")
        assert client.response("CONNECT").status == 200
        client.send(b"\x00abc")
        assert client.read(4) == b"\x00ABC"


def test_the_200_has_no_framing(weir, play):
    origin = play(echo)
    with weir.client() as client:
        response = connect(client, origin.authority)
        assert "content-length" not in response.fields and "transfer-encoding" not in response.fields


def test_half_close_is_kept(weir, play):
    origin = play(echo)
    with weir.client() as client:
        connect(client, origin.authority)
        client.send(b"\x00last words").half_close()
        assert client.rest() == b"\x00LAST WORDS the end"
    assert origin.connections[0].ended == "eof"
    weir.wait_log(1)


def test_half_close_by_the_origin_is_kept(weir, play):
    def script(connection):
        connection.send(b"\x00done").half_close()
        connection.wait_for_end()

    origin = play(script)
    with weir.client() as client:
        connect(client, origin.authority)
        assert client.rest() == b"\x00done"
        client.send(b"still here").half_close()
        eventually(lambda: origin.connections[0].ended == "eof")
    assert bytes(origin.connections[0].received) == b"still here"


def test_a_server_that_speaks_first_works_at_once(weir, play):
    origin = play(greeting)
    with weir.client() as client:
        connect(client, origin.authority)
        before = time.monotonic()
        assert client.read_until(b"\r\n") == b"220 ready\r\n"
        assert time.monotonic() - before < 0.5
        client.send("EHLO x\r\n")
        assert client.read_until(b"\r\n") == b"250 EHLO x\r\n"
        client.send("QUIT\r\n")
        assert client.rest() == b"250 QUIT\r\n"


def test_after_a_server_spoke_nothing_is_looked_at(weir, play):
    """STARTTLS and the like: after the server's greeting, bytes that look like a request are not
    taken for one."""
    origin = play(greeting)
    with weir.client() as client:
        connect(client, origin.authority)
        client.read_until(b"\r\n")
        client.send("GET / HTTP/1.1\r\n")
        assert client.read_until(b"\r\n") == b"250 GET / HTTP/1.1\r\n"


@pytest.mark.parametrize(
    "data", [b"\x00binary", b"SSH-2.0-OpenSSH_9.2\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01"]
)
def test_anything_else_is_opaque(weir, play, data):
    origin = play(echo)
    with weir.client() as client:
        connect(client, origin.authority)
        client.send(data)
        if data == b"\x16\x03\x01":  # The beginning of a ClientHello that never goes on.
            client.half_close()
        assert client.read(len(data)) == data.upper()
    assert bytes(origin.connections[0].received) == data


def test_bytes_sent_with_the_connect(weir, play):
    """A client that does not wait for the 200."""
    origin = play(echo)
    hello = client_hello("pipelined.example")
    with weir.client() as client:
        client.send_request("CONNECT", origin.authority, [("Host", origin.authority)], hello)
        assert client.response("CONNECT").status == 200
        assert client.read(len(hello)) == hello.upper()


def test_nothing_reaches_an_origin_before_it_is_allowed(weir):
    with weir.client() as client:
        client.send_request("CONNECT", "127.0.0.1:6379", [("Host", "127.0.0.1:6379")], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.response("CONNECT").status == 403
        assert client.is_closed()
    [line] = weir.wait_log(1)
    assert line.status == 403


def test_after_a_refused_connect_nothing_is_a_request(weir, origin):
    with Origin() as gone:
        pass
    with weir.client() as client:
        smuggled = f"GET {origin.url}/smuggled HTTP/1.1\r\nHost: {origin.authority}\r\n\r\n".encode()
        client.send_request("CONNECT", gone.authority, [("Host", gone.authority)], smuggled)
        response = client.response("CONNECT")
        assert response.status == 502
        assert client.is_closed()
    assert origin.requests == []


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:18446744073709551696",
        "127.0.0.1:80:80",
        "http://127.0.0.1:80/",
        "/",
        "a b:80",
        ":80",
        "u@127.0.0.1:80",
    ],
)
def test_malformed_targets(shared_weir, target):
    with shared_weir.client() as client:
        client.send_request("CONNECT", target, [("Host", "127.0.0.1:80")])
        assert client.response("CONNECT").status == 400
        assert client.is_closed()


def test_a_host_that_differs_does_not_matter(weir, play):
    origin = play(echo)
    with weir.client() as client:
        connect(client, origin.authority, fields=[("Host", "other.example:1")])
        client.send(b"\x00a")
        assert client.read(2) == b"\x00A"


@pytest.mark.parametrize("field", [("Content-Length", "3"), ("Transfer-Encoding", "chunked")])
def test_a_connect_with_content(weir, play, field):
    origin = play(echo)
    with weir.client() as client:
        client.send_request("CONNECT", origin.authority, [("Host", origin.authority), field], b"abc")
        assert client.response("CONNECT").status in (200, 400)


class TestEnds:
    def test_a_reset_of_the_origin_ends_the_client(self, weir, play):
        def script(connection):
            connection.socket.recv(10)
            connection.reset()

        origin = play(script)
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(b"\x00abc")
            assert client.rest() == b""
        weir.wait_log(1)

    def test_a_reset_of_the_client_ends_the_origin(self, weir, play):
        origin = play(lambda connection: connection.wait_for_end())
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(b"\x00abc")
            eventually(lambda: origin.connections and bytes(origin.connections[0].received) == b"\x00abc")
            client.reset()
        eventually(lambda: origin.connections[0].ended)
        weir.wait_log(1)

    def test_bytes_are_counted(self, weir, play):
        size = 5_000_000

        def script(connection):
            connection.reader.exactly(1000)
            connection.socket.sendall(bytes(size))

        origin = play(script)
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(b"\x00" * 1000)
            assert len(client.rest()) == size
        [line] = weir.wait_log(1)
        assert size <= line.bytes <= size + 1000  # The CONNECT's own response head may count.
        assert re.match(r"CONNECT \S+ HTTP/1\.1", line.request)

    def test_much_in_both_directions_at_once(self, weir, play):
        size = 30_000_000

        def script(connection):
            sender = threading.Thread(target=connection.socket.sendall, args=(b"\x00" + bytes(size - 1),))
            sender.start()
            connection.reader.exactly(size)
            sender.join()

        origin = play(script, wait=30)
        with weir.client(wait=30) as client:
            connect(client, origin.authority)
            sender = threading.Thread(target=client.send, args=(b"\x00" * size,))
            sender.start()
            assert client.read(size) == bytes(size)
            sender.join()

    def test_an_idle_tunnel_times_out(self, start, play):
        weir = start('[timeouts]\ntunnel_idle = "1s"\n')
        origin = play(lambda connection: connection.wait_for_end())
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(b"\x00a")
            assert client.is_closed(within=8)
        assert weir.wait_log(1)[0].outcome != "complete"

    @pytest.mark.parametrize(
        "inside, why", [("bytes", "idle"), ("bytes", "policy"), ("bytes", "drain"), ("http", "policy"), ("nothing", "policy")]
    )
    def test_a_cut_is_told_from_an_end(self, start, play, why, inside):
        """If one side of a running tunnel is cut, the other is reset, so that it does not mistake a
        part for the whole."""

        def script(connection):
            connection.reader.exactly(1)
            connection.send(b"HTTP/1.0 200 OK\r\n\r\na part")  # Part of content that ends with the connection.
            connection.wait_for_end()

        origin = play(script)
        config = '[timeouts]\ntunnel_idle = "1s"\ndrain = "200ms"\n[tunnel]\nserve = "always"\n[[listener]]\naddress = "127.0.0.1:0"\n'
        weir = start(config)
        with weir.client() as client:
            connect(client, origin.authority)
            if inside == "bytes":
                client.send(b"\x00")
            elif inside == "http":
                client.send(f"GET / HTTP/1.0\r\nHost: {origin.authority}\r\n\r\n")
            if inside != "nothing":
                client.read_until(b"a part")
            if why == "policy":
                weir.write_config(f"blocked_ports = [{origin.port}]\n" + config)
                weir.process.send_signal(signal.SIGHUP)
            elif why == "drain":
                weir.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionResetError):
                client.socket.recv(1)
        if inside == "bytes":
            eventually(lambda: origin.connections[0].ended == "reset")
        outcomes = {"idle": "connection_read_timeout", "policy": "policy_changed", "drain": "drained"}
        assert outcomes[why] in [line.outcome for line in weir.wait_log(2 if inside == "http" else 1)]

    def test_one_way_that_is_blocked_does_not_make_a_tunnel_idle(self, start, play):
        """A client that reads nothing, but keeps sending."""
        weir = start('[timeouts]\ntunnel_idle = "1s"\n')
        size = 20_000_000

        def script(connection):
            connection.reader.exactly(1)
            sender = threading.Thread(target=connection.socket.sendall, args=(bytes(size),))
            sender.start()
            connection.reader.exactly(12)
            sender.join()
            connection.half_close()
            connection.wait_for_end()

        origin = play(script, wait=30)
        with weir.client(wait=30, receive_buffer=4096) as client:
            connect(client, origin.authority)
            for _ in range(13):
                client.send(b"\x00")
                time.sleep(0.25)
            assert client.read(size) == bytes(size)
            client.half_close()
            assert client.is_closed()
        assert weir.wait_log(1)[0].outcome == "complete"


def test_tunnels_that_rest_hold_no_pipes(start, play):
    """Fast content went through a pipe. Pipes are few, so an idle tunnel must give its pipe
    back."""
    weir = start("workers = 1\n")
    size = 1_000_000

    def script(connection):
        connection.reader.exactly(1)
        connection.send(bytes(size))
        connection.wait_for_end()

    origin = play(script, backlog=60, wait=30)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(weir.client()) for _ in range(60)]
        for client in clients:
            connect(client, origin.authority)
        before = weir.descriptors()
        for client in clients:
            client.send(b"\0")
        for client in clients:
            assert client.read(size) == bytes(size)
        eventually(lambda: weir.descriptors() <= before + 2 * 16, what="no more pipes than are kept for the next")


def test_many_tunnels(weir, play):
    origin = play(echo)
    clients = [Client(weir.port) for _ in range(60)]
    for client in clients:
        client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
    for number, client in enumerate(clients):
        assert client.response("CONNECT").status == 200
        client.send(b"\x00%02d" % number)
    for number, client in enumerate(clients):
        assert client.read(3) == b"\x00%02d" % number
        client.close()
    weir.wait_log(60)


def test_plain_sockets_are_spliced(weir, play):
    """The kernel moves the bytes: during a large transfer, Weir holds pipes and hardly any memory
    of its own."""
    size = 200_000_000
    piece = bytes(1 << 20)

    def script(connection):
        connection.reader.exactly(1)
        for _ in range(size // len(piece)):
            connection.socket.sendall(piece)
        connection.wait_for_end()

    def pipes():
        links = [os.readlink(path) for path in pathlib.Path(f"/proc/{weir.process.pid}/fd").iterdir()]
        return sum(link.startswith("pipe:") for link in links)

    origin = play(script)
    before = pipes()
    most = 0
    with weir.client(wait=30) as client:
        connect(client, origin.authority)
        client.send(b"\x00")
        buffer = bytearray(1 << 20)
        got = 0
        while got < size // len(piece) * len(piece):
            got += client.socket.recv_into(buffer)
            if got % 7 == 0:
                most = max(most, pipes())
    assert most > before


def test_a_reset_after_the_origins_end_reaches_the_client(weir, play):
    """The origin has ended its side, then closes while the client still sends: the client gets the
    reset, as without a proxy."""
    closed = threading.Event()

    def script(connection):
        connection.send(b"\x00done").close()
        closed.set()

    origin = play(script)
    with weir.client() as client:
        connect(client, origin.authority)
        assert client.read(5) == b"\x00done"
        assert client.rest() == b"" and closed.wait(10)
        client.send(b"does anybody hear this?")
        eventually(lambda: client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or not writes(client))
        weir.wait_log(1)


def writes(client):
    try:
        client.send(b"x")
    except OSError:
        return False
    return True
