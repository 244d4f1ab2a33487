"""Peers that vanish: their address is removed, and they never send a FIN or an RST. Each wait ends
by TCP keep-alive, or by its own time limit if bytes are on their way."""

import os
import signal
import subprocess
import threading
import time

from support.client import Client, eventually
from support.control import status
from support.origin import Origin, ok
from support.weir import Weir, binary, environment

CLIENT, ORIGIN = "198.51.100.9", "198.51.100.10"
# Keep-alive ends a silent connection after five seconds: one second, then four probes a second
# apart.
CONFIG = '[timeouts]\ntcp_keepalive = "1s"\nclient_write = "3s"\norigin_write = "3s"\n'


def script(connection):
    """Behaves as the request's path says."""
    while connection.more():
        request = connection.head()
        if request.target.endswith("/silent"):
            connection.wait_for_end()
            return
        if request.target.endswith("/begun"):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun").wait_for_end()
            return
        if request.target.endswith("/much"):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                connection.send(bytes(1 << 20))
        if request.target.endswith("/upload"):
            connection.origin.stuck.wait(30)
            return
        connection.body(request)
        connection.send(ok())


def tunnel_script(connection):
    connection.send(b"hello")
    connection.wait_for_end()


def ask(client, origin, path, method="GET", more=()):
    client.send_request(method, origin.url + path, [("Host", origin.authority), *more])
    return client


def open_tunnel(client, origin):
    client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
    assert client.response("CONNECT").status == 200
    assert client.read(5) == b"hello"
    return client


def test_peers_that_are_gone(network):
    with network(f"{CLIENT}/32", f"{ORIGIN}/32"), Weir(CONFIG) as weir:
        far, near = Origin(script, host=ORIGIN, wait=60, tolerant=True), Origin(script, wait=60, tolerant=True)
        far_tunnel, near_tunnel = Origin(tunnel_script, host=ORIGIN, wait=60), Origin(tunnel_script, wait=60)
        far.stuck = threading.Event()
        here = [Client(weir.port, wait=30) for _ in range(5)]
        gone = [Client(weir.port, source=CLIENT, receive_buffer=4096) for _ in range(6)]
        # Clients that will vanish: idle, in a head, in an upload, waiting, in a download, in a
        # tunnel.
        ask(gone[0], near, "/").response()
        gone[1].send("GET http://x/ HTTP/1.1\r\nHo")
        ask(gone[2], near, "/upload-of-one", "POST", [("Content-Length", "100")]).send(b"some")
        ask(gone[3], near, "/silent")
        ask(gone[4], near, "/much").read(10_000)
        open_tunnel(gone[5], near_tunnel)
        # Origins that will vanish: idle in the pool, silent, in an answer, in an upload, in a
        # tunnel.
        ask(here[0], far, "/").response()
        ask(here[1], far, "/silent")
        ask(here[2], far, "/begun")
        ask(here[3], far, "/upload", "POST", [("Content-Length", "100000000")])
        open_tunnel(here[4], far_tunnel)
        eventually(lambda: len(far.requests) == 4 and len(near.requests) == 4)

        def upload():
            try:
                while True:
                    here[3].send(bytes(1 << 20))
            except OSError:
                pass

        sender = threading.Thread(target=upload, daemon=True)
        sender.start()
        time.sleep(0.3)  # Its bytes are on their way.
        began = time.monotonic()
        for address in (CLIENT, ORIGIN):
            subprocess.run(["ip", "addr", "del", f"{address}/32", "dev", "lo"], check=True)
        # The remaining clients get errors.
        response = here[1].response()
        assert response.status in (502, 504), response
        response = here[2].response()
        assert (response.status, response.complete, response.body) == (200, False, b"begun")
        assert here[4].rest() == b""
        response = here[3].response("POST")
        assert response.status in (502, 504), response
        # Weir has closed the connections of vanished peers, long before the limits of silence
        # (minutes to hours).
        eventually(lambda: status(weir)["client_connections"] <= 2, within=30, what="the end of those who are gone")
        eventually(lambda: status(weir)["idle_origin_connections"] <= 1, within=30)
        assert time.monotonic() - began < 30
        ask(here[0], near, "/").response()
        lines = weir.wait_log(12)
        outcomes = {}
        for line in lines:
            method, target, _ = line.request.split()
            outcomes[line.client, method, target.partition("://")[2].partition("/")[2]] = line.outcome
        here_is = "127.0.0.1"
        assert outcomes == {
            (CLIENT, "GET", ""): "client_closed",  # The one inside its head; the other with these values was complete.
            (CLIENT, "POST", "upload-of-one"): "client_closed",
            (CLIENT, "GET", "silent"): "client_closed",
            (CLIENT, "GET", "much"): "client_closed",
            (CLIENT, "CONNECT", ""): "client_closed",
            (here_is, "GET", ""): "complete",
            (here_is, "GET", "silent"): "http_response_timeout",
            (here_is, "GET", "begun"): "connection_read_timeout",
            (here_is, "POST", "upload"): "connection_write_timeout",
            (here_is, "CONNECT", ""): "connection_terminated",
        }, lines
        for each in (*here, *gone, far, near, far_tunnel, near_tunnel):
            each.close()
        far.stuck.set()


def test_sigpipe(weir, play):
    """Sends the signal itself, and causes it: Weir writes to a client that has closed, and to such
    an origin."""
    weir.process.send_signal(signal.SIGPIPE)
    origin = play(script)
    for _ in range(10):
        with Client(weir.port, receive_buffer=4096) as client:
            ask(client, origin, "/much").read(1000)
            client.reset()
    resetting = play(lambda connection: connection.reset())
    for _ in range(10):
        with weir.client() as client:
            ask(client, resetting, "/", "POST", [("Content-Length", "3000000")])
            try:
                client.send(bytes(3_000_000))
            except OSError:
                pass
            assert client.response("POST").status == 502
    assert weir.get(origin.url + "/").status == 200
    assert len(weir.wait_log(21)) == 21


def test_nobody_reads_what_weir_says(origin):
    """The readers of standard output and standard error have closed their pipes: the log's lines
    are lost and counted, and everything else goes on."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [binary(), "0"], stdin=subprocess.DEVNULL, stdout=write_end, stderr=subprocess.PIPE, env=environment(), text=True
    )
    os.close(write_end)
    try:
        port = next(int(line.rpartition(":")[2]) for line in process.stderr if "listening on 127.0.0.1" in line)
        for line in process.stderr:
            if "on:" in line:
                break
        os.close(read_end)
        process.stderr.close()
        weir = type("Running", (), {"port": port})
        for number in range(5):
            with Client(port) as client:
                ask(client, origin, "/")
                assert client.response().status == 200
            eventually(lambda number=number: status(weir)["log_lines_dropped"] == number + 1, what="the count of lost lines")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
