"""WebSockets over plain HTTP: by Upgrade and inside a CONNECT."""

import pytest
from support import websocket
from support.origin import answer_once, ok, serve


def talk(client, rounds=3):
    for number in range(rounds):
        client.send(websocket.frame(f"message {number}", masked=True))
        assert websocket.read_frame(client.read) == (websocket.TEXT, f"echo: message {number}".encode())
    client.send(websocket.frame(bytes(300000), websocket.BINARY, masked=True))
    kind, payload = websocket.read_frame(client.read)
    assert (kind, len(payload)) == (websocket.BINARY, 300006)
    client.send(websocket.frame(b"\x03\xe8", websocket.CLOSE, masked=True))
    assert websocket.read_frame(client.read) == (websocket.CLOSE, b"\x03\xe8")


def test_by_upgrade(weir, site):
    with weir.client() as client:
        client.send_request("GET", site.url + "/ws?x=1", websocket.upgrade_fields(site.authority))
        response = client.response()
        assert response.status == 101
        assert response.fields.get("upgrade").lower() == "websocket"
        assert response.fields.get("connection").lower() == "upgrade"
        assert response.fields.get("sec-websocket-accept") == websocket.accept_key("dGhlIHNhbXBsZSBub25jZQ==")
        talk(client)
    request = site.requests[0]
    assert request.fields.get("upgrade").lower() == "websocket"
    assert request.fields.get("connection").lower() == "upgrade"
    assert request.fields.get("sec-websocket-version") == "13"
    [line] = weir.wait_log(1)
    assert line.status == 101 and line.bytes > 300000


def test_by_connect(weir, site):
    with weir.client() as client:
        client.send_request("CONNECT", site.authority, [("Host", site.authority)])
        assert client.response("CONNECT").status == 200
        client.send_request("GET", "/ws", websocket.upgrade_fields(site.authority))
        assert client.response().status == 101
        talk(client)


def test_messages_sent_right_behind_the_101(weir, play):
    """An origin's first message may be in the same segment as its 101."""

    def script(connection):
        request = connection.request()
        key = websocket.accept_key(request.fields.get("sec-websocket-key"))
        connection.send(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n".encode()
            + websocket.frame("at once")
        )
        connection.wait_for_end()

    origin = play(script)
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", websocket.upgrade_fields(origin.authority))
        assert client.response().status == 101
        assert websocket.read_frame(client.read) == (websocket.TEXT, b"at once")


def test_a_refused_upgrade_is_an_ordinary_response(weir, play):
    origin = play(serve(ok(b"no", status="403 Forbidden")))
    with weir.client() as client:
        for _ in range(2):
            client.send_request("GET", origin.url + "/", websocket.upgrade_fields(origin.authority))
            assert client.response().body == b"no"


def test_early_data_is_not_taken_for_a_request(weir, play):
    """Bytes after a refused upgrade do not reach the origin as part of the upgrade."""
    origin = play(serve(ok(b"no", status="403 Forbidden")))
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", websocket.upgrade_fields(origin.authority), b"\x81\x85early-data")
        assert client.response().status == 403
        client.rest()
    assert len(origin.requests) == 1
    assert b"early-data" not in bytes(origin.connections[0].received)


@pytest.mark.parametrize("upgrade", ["h2c", "TLS/1.2", "websocket, h2c", "foo"])
def test_other_upgrades_are_not_offered(weir, origin, upgrade):
    fields = [
        ("Host", origin.authority),
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", upgrade),
        ("HTTP2-Settings", "AAMA"),
    ]
    assert weir.exchange("GET", origin.url + "/", fields).status == 200
    request = origin.requests[0]
    assert request.fields.get("upgrade") in (None, "websocket")
    assert "http2-settings" not in request.fields


def test_a_101_to_another_protocol_is_an_error(weir, play):
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nPRI"
    origin = play(answer_once(answer))
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", websocket.upgrade_fields(origin.authority))
        response = client.response()
        assert response.status == 502
        assert b"PRI" not in response.body


def test_an_end_on_either_side_ends_the_other(weir, play):
    def script(connection):
        request = connection.request()
        key = websocket.accept_key(request.fields.get("sec-websocket-key"))
        connection.send(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
        )
        if request.target == "/wait":
            connection.wait_for_end()

    origin = play(script)
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", websocket.upgrade_fields(origin.authority))
        assert client.response().status == 101
        assert client.is_closed()
    with weir.client() as client:
        client.send_request("GET", origin.url + "/wait", websocket.upgrade_fields(origin.authority))
        assert client.response().status == 101
    weir.wait_log(2)
