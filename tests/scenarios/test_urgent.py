"""Urgent data (RFC 9293, 3.8.5) is part of the stream like any other bytes, in tunnels and in
content; nothing after it waits or is lost."""

import os
import signal
import socket

import pytest
from support.tunnels import connect


@pytest.mark.parametrize("tail", [b"def", b"d" * 100_000])
def test_urgent_data_is_carried_in_its_place(weir, play, tail):
    """telnet and FTP's ABOR send urgent data. Bytes that come right after it must not wait until
    more bytes come."""
    got = []

    def script(connection):
        connection.send(b"\x00hello")
        while len(b"".join(got)) < 4 + len(tail) and (data := connection.socket.recv(65536)):
            got.append(data)
        connection.send(b"all")

    origin = play(script)
    with weir.client() as client:
        connect(client, origin.authority)
        assert client.read(6) == b"\x00hello"
        os.kill(weir.process.pid, signal.SIGSTOP)
        client.send(b"abc")
        client.socket.send(b"!", socket.MSG_OOB)
        client.send(tail)
        os.kill(weir.process.pid, signal.SIGCONT)
        assert client.read(3) == b"all"
    assert b"".join(got) == b"abc!" + tail


@pytest.mark.parametrize("ends", [False, True])
def test_urgent_data_behind_much(weir, play, ends):
    """splice, which moves large content, does not pass urgent data: it reports that there is
    nothing more, or the end."""
    much, tail = 16 << 20, 200_000
    got = []

    def script(connection):
        connection.send(b"\x00hello")
        while sum(got) < much + 1 + tail and (data := connection.socket.recv(1 << 20)):
            got.append(len(data))
        connection.send(b"all")

    origin = play(script)
    with weir.client() as client:
        connect(client, origin.authority)
        assert client.read(6) == b"\x00hello"
        client.send(bytes(much))
        client.socket.send(b"!", socket.MSG_OOB)
        client.send(bytes(tail))
        if ends:
            client.half_close()
        assert client.read(3) == b"all"
    assert sum(got) == much + 1 + tail


class TestInContent:
    """Urgent data does not end content, and nothing after it is lost, whatever the framing."""

    SIZE, TAIL = 16 << 20, 200_000

    @pytest.mark.parametrize("framing", [f"Content-Length: {SIZE + 1 + TAIL}\r\n", ""], ids=["length", "until the end"])
    def test_of_an_answer(self, weir, play, framing):
        def script(connection):
            connection.request()
            connection.send(f"HTTP/1.1 200 OK\r\n{framing}Connection: close\r\n\r\n".encode() + bytes(self.SIZE))
            connection.socket.send(b"!", socket.MSG_OOB)
            connection.send(bytes(self.TAIL)).half_close()
            connection.wait_for_end()

        origin = play(script)
        with weir.client() as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            response = client.response()
        assert (response.status, len(response.body)) == (200, self.SIZE + 1 + self.TAIL)
        assert weir.wait_log(1)[0].outcome == "complete"

    def test_of_a_request(self, weir, play):
        origin = play()
        with weir.client() as client:
            size = self.SIZE + 1 + self.TAIL
            client.send_request("PUT", origin.url + "/", [("Host", origin.authority), ("Content-Length", str(size))], bytes(self.SIZE))
            client.socket.send(b"!", socket.MSG_OOB)
            client.send(bytes(self.TAIL))
            assert client.response("PUT").status == 200
        assert len(origin.requests[0].body) == size
