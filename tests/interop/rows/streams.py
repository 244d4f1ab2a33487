"""Content in pieces: the client must have each piece before the origin sends the next."""

from ..behaviour import Step, Table
from .framing import C
from .heads import H

table = Table(alone=True)
add = table.add


def in_pieces(head, pieces, frame=lambda piece: piece, last=b"", keep=False):
    def play(case):
        case.body()
        case.send(head)
        total = 0
        for piece in pieces:
            total += len(piece)
            case.send(frame(piece)).seen(total)
        case.send(last)
        return keep

    return play


def chunk(piece):
    return b"%x\r\n" % len(piece) + piece + b"\r\n"


EVENTS = [b"data: 1\n\n", b": beat\n\n", b"data: 2\n\n"]
SSE = b"Content-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
PART = b"--f\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\n\xff\xd8%d\r\n"
PARTS = [PART % at for at in range(3)]
MJPEG = b"Content-Type: multipart/x-mixed-replace; boundary=f\r\n"
LAST = b"0\r\n\r\n"

add("events_by_the_end", in_pieces(H + SSE + b"\r\n", EVENTS), "server-sent events")
add("events_chunked", in_pieces(H + SSE + C + b"\r\n", EVENTS, chunk, LAST), "server-sent events")
add(
    "events_by_http_1_0",
    in_pieces(b"HTTP/1.0 200 OK\r\n" + SSE + b"\r\n", EVENTS),
    "server-sent events",
)
add(
    "pieces_by_a_length",
    in_pieces(H + b"Content-Length: 9\r\n\r\n", [b"one", b"two", b"six"]),
    "9112 6.2",
)
add("pieces_of_one_byte", in_pieces(H + C + b"\r\n", [b"a", b"b", b"c"], chunk, LAST), "9112 7.1")
add("mjpeg", in_pieces(H + MJPEG + b"\r\n", PARTS), "cameras")
add("mjpeg_by_http_1_0", in_pieces(b"HTTP/1.0 200 OK\r\n" + MJPEG + b"\r\n", PARTS), "cameras")
add(
    "radio",
    in_pieces(b"ICY 200 OK\r\nicy-metaint: 8192\r\n\r\n", [b"\xff\xfb" * 400, b"\xff\xfb" * 500]),
    "Shoutcast",
)
add(
    "lf_only_in_pieces",
    in_pieces(b"HTTP/1.0 200 OK\nContent-Type: text/plain\n\n", [b"one\n", b"two\n"]),
    "old servers",
)


def head_in_pieces(case):
    """A head that comes byte by byte, as old devices send it."""
    for at in range(len(H)):
        case.send(H[at : at + 1])
    case.send(b"Content-Le").send(b"ngth: 2\r").send(b"\n\r\n").send(b"ok")
    return True


add("head_in_pieces", head_in_pieces, "devices", Step(), Step())


def answer_before_the_rest(case):
    """Sends the second answer after the client has read everything before it."""
    if case.step == 0:
        return case.respond(b"one")
    case.connection.wait_until_read()
    return case.respond(b"two", fields=[("X-Waited", "yes")])


add("long_poll", answer_before_the_rest, "long polls", Step(), Step(), Step())


def beats_before_content(case):
    """Blanks keep a poll alive until its answer is known (CouchDB, XML over BOSH)."""
    case.send(H + C + b"\r\n" + chunk(b"\n")).seen(1)
    case.send(chunk(b"\n")).seen(2)
    case.send(chunk(b"{}") + LAST)
    return True


add("long_poll_with_beats", beats_before_content, "CouchDB's continuous changes")
