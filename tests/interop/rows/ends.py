"""How connections end: in the middle of an answer, while idle, with leftovers after an answer."""

from ..behaviour import Step, Table
from .framing import C
from .heads import E, H, L

table = Table(alone=True)
add = table.add


def partly(data, count):
    """Sends, waits until the client has `count` bytes of it, and ends the connection."""

    def play(case):
        case.body()
        case.send(data).seen(count)
        return False

    return play


def partly_and_reset(data, count):
    def play(case):
        case.body()
        case.send(data).seen(count)
        return case.reset()

    return play


add("cut_in_a_length", partly(H + b"Content-Length: 9\r\n\r\nhello", 5), "9112 8")
add("cut_in_a_chunk", partly(H + C + b"\r\n9\r\nhello", 5), "9112 8")
add("cut_between_chunks", partly(H + C + b"\r\n5\r\nhello\r\n", 5), "9112 8")
add("reset_in_a_length", partly_and_reset(H + b"Content-Length: 9\r\n\r\nhello", 5), "9112 8")
add("reset_in_a_chunk", partly_and_reset(H + C + b"\r\n5\r\nhello\r\n", 5), "9112 8")
add("reset_by_the_end", partly_and_reset(H + b"\r\nhello", 5), "9112 8")
add("reset_at_once", lambda case: case.reset(), "9112 9.5")
add("cut_by_http_1_0", partly(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhello", 5), "9112 8")

TWO = (Step(), Step())
AFTER = (Step(), Step(waits=True))


def dies_idle(case):
    """The origin keeps the connection, as its answer said, and closes it after being idle for a
    while."""
    if case.step == 0:
        case.respond(b"one", fields=[("Keep-Alive", "timeout=1")])
        case.over().connection.close()
        case.ready()
        return False
    return case.respond(b"two")


add("dies_idle", dies_idle, "9112 9.5", *AFTER)


def resets_idle(case):
    if case.step == 0:
        case.respond(b"one")
        case.over().reset()
        case.ready()
        return False
    return case.respond(b"two")


add("resets_idle", resets_idle, "9112 9.5", *AFTER)


def dies_when_asked_again(case):
    """The connection of the first request ends when the second is sent on it; on a new connection
    the second is answered."""
    if case.step == 0:
        case.connection.asked_by = case.key
        return case.respond(b"one")
    case.body()
    return getattr(case.connection, "asked_by", None) != case.key and case.respond(b"two")


add("dies_when_asked_again", dies_when_asked_again, "9112 9.3.1", *TWO, one_connection=True)
POST = Step("POST", body=b"a=b", fields=(("Content-Type", "text/plain"),))
add("dies_when_posted_to", dies_when_asked_again, "9112 9.3.1", Step(), POST, one_connection=True)


def says(data, after=b""):
    """Sends an answer and, when the client has ended this step, bytes that belong to no request."""

    def play(case):
        if case.step == 0:
            case.send(data)
            case.over().send(after).ready()
            return True
        return case.respond(b"two")

    return play


TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
add("request_timeout_on_idle", says(H + L + E, TIMEOUT), "9110 15.5.9", *AFTER)
add("late_newlines", says(H + L + E, b"\n\n"), "leftovers", *AFTER)
add("late_crlf", says(H + L + E, b"\r\n"), "leftovers", *AFTER)
add("late_last_chunk", says(H + L + E, b"0\r\n\r\n"), "leftovers", *AFTER)
HEAD_AFTER = (Step("HEAD"), Step(waits=True))
add(
    "late_content_of_head",
    says(H + b"Content-Length: 5\r\n\r\n", b"hello"),
    "leftovers",
    *HEAD_AFTER
)


def leaves(data):
    def play(case):
        return case.send(data) if case.step == 0 else case.respond(b"two")

    return play


add("newlines_behind_content", leaves(H + L + E + b"\n\n"), "leftovers", *TWO, leftovers=True)
add(
    "content_behind_its_length",
    leaves(H + L + E + b"more than that"),
    "leftovers",
    *TWO,
    leftovers=True
)
add(
    "content_of_head",
    leaves(H + b"Content-Length: 5\r\n\r\nhello"),
    "leftovers",
    Step("HEAD"),
    Step(),
    leftovers=True,
)
OLD = Step(fields=(("If-None-Match", '"a"'),))
add(
    "content_of_not_modified",
    leaves(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n" + E),
    "strictness.md",
    OLD,
    Step(),
    leftovers=True,
)
add(
    "content_of_no_content",
    leaves(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n" + E),
    "strictness.md",
    *TWO,
    leftovers=True
)
add(
    "second_last_chunk",
    leaves(H + C + b"\r\n2\r\nok\r\n0\r\n\r\n0\r\n\r\n"),
    "leftovers",
    *TWO,
    leftovers=True
)
add(
    "kept_after_http_1_0",
    leaves(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + L + E),
    "9112 9.3",
    *TWO
)
