"""What people's clients put into requests that a letter-true one would not, and what the origin and the log see of it."""

import time

import pytest
from support.client import Client


def ask(weir, origin, target, *fields, method="GET"):
    return weir.exchange(method, target, [("Host", origin.authority), *fields])


class TestHeadsThatCanNeverBecomeValid:
    """They are answered when that is known, not when the time for a head is over."""

    @pytest.mark.parametrize(
        "raw",
        [
            "GET http://127.0.0.1/ HTTP/1.1\rHost: 127.0.0.1\r\r",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\rX: y",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\rX",
            "GET http://127.0.0.1/\0",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \0",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \x1b",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n folded",
            "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nno field",
            "GET http://127.0.0.1/ SMTP",
        ],
    )
    @pytest.mark.parametrize("bytewise", [False, True])
    def test_at_once(self, weir, raw, bytewise):
        with Client(weir.port) as client:
            began = time.monotonic()
            if bytewise:
                client.send_bytewise(raw.encode())
            else:
                client.send(raw)
            assert client.response().status == 400
            assert time.monotonic() - began < 8, "that is timeouts.head, or near it"


def test_expect_without_content_is_not_passed_on(weir, origin):
    assert ask(weir, origin, origin.url + "/", ("Expect", "100-continue")).status == 200
    more = [("Expect", "100-continue"), ("Content-Length", "0")]
    assert ask(weir, origin, origin.url + "/", *more, method="POST").status == 200
    assert all("expect" not in request.fields for request in origin.requests)
