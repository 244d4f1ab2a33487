"""Both ends of a WebSocket (RFC 6455), as far as the tests need it."""

import base64
import hashlib
import os
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def frame(payload, kind=TEXT, masked=False):
    if isinstance(payload, str):
        payload = payload.encode()
    flag = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack("!BB", 0x80 | kind, flag | len(payload))
    elif len(payload) < 1 << 16:
        head = struct.pack("!BBH", 0x80 | kind, flag | 126, len(payload))
    else:
        head = struct.pack("!BBQ", 0x80 | kind, flag | 127, len(payload))
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def read_frame(read):
    """(kind, payload) of the next frame; `read(n)` returns exactly n bytes."""
    first, second = read(2)
    length = second & 0x7F
    if length == 126:
        length = struct.unpack("!H", read(2))[0]
    elif length == 127:
        length = struct.unpack("!Q", read(8))[0]
    mask = read(4) if second & 0x80 else None
    payload = read(length)
    if mask:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return first & 0x0F, payload


def serve_echo(connection, request):
    """Answers an upgrade and sends each message back, until the client closes."""
    key = request.fields.get("sec-websocket-key")
    connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n"
    )
    while True:
        kind, payload = read_frame(connection.reader.exactly)
        if kind == CLOSE:
            connection.send(frame(payload, CLOSE))
            connection.wait_for_end()
            return
        if kind == PING:
            connection.send(frame(payload, PONG))
        elif kind != PONG:
            connection.send(frame(b"echo: " + payload, kind))


def upgrade_fields(authority, key="dGhlIHNhbXBsZSBub25jZQ=="):
    return [
        ("Host", authority),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", "13"),
    ]
