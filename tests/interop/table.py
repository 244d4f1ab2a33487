"""THE TABLE: all rows. How two ends are compared: outcome.py. What may differ: exceptions.py."""

from .behaviour import Table

TABLE = Table()
add = TABLE.add

H = b"HTTP/1.1 200 OK\r\n"
L = b"Content-Length: 2\r\n"

add("plain", H + L + b"\r\nok", "9112 6.2")
add("no_colon", H + b"digest in image\r\n" + L + b"\r\nok", "9112 5")
add("two_equal_lengths", H + L + L + b"\r\nok", "9112 6.3")
add("lf_only", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "9112 2.2")


def events(case):
    case.send(H + b"Content-Type: text/event-stream\r\n\r\n")
    case.send(b"data: 1\n\n").seen(9)
    case.send(b"data: 2\n\n").seen(18)
    return False


add("events_until_the_end", events, "server-sent events")
