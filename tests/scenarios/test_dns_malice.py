"""Name servers that lie, and malformed answers: Weir ignores what they say about other names, and
nothing breaks."""

import os
import random
import socket
import struct
import threading

import pytest
from support.client import exchange
from support.nameserver import read_name, write_name
from support.weir import Weir

QUICK = '[dns]\ntimeout = "150ms"\ntries = 2\ntotal_timeout = "1s"\n'
LOCAL = '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'


class Liar:
    """Answers each query (over UDP) with what `answers(query, name, kind)` returns: a list of datagrams."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.settimeout(0.2)
        self.closed = False
        self.config = f'resolver = ["127.0.0.1:{self.udp.getsockname()[1]}"]\n{QUICK}{LOCAL}'
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True
        self.thread.join(5)
        self.udp.close()

    def _serve(self):
        while not self.closed:
            try:
                query, sender = self.udp.recvfrom(4096)
            except TimeoutError:
                continue
            name, at = read_name(query, 12)
            kind = struct.unpack("!H", query[at : at + 2])[0]
            self.asked.append((name.lower(), kind))
            for answer in self.answers(query, name, kind):
                self.udp.sendto(answer, sender)


def record(name, kind, data, ttl=300):
    return write_name(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def answer(query, records, more=(), ident=None, question=None, code=0):
    """A response to a query with these answer records and these additional ones."""
    _, at = read_name(query, 12)
    number = struct.unpack("!H", query[:2])[0] if ident is None else ident
    head = struct.pack("!HHHHHH", number, 0x8180 | code, 1, len(records), 0, len(more))
    return head + (question or query[12 : at + 4]) + b"".join(records) + b"".join(more)


def here(name):
    return record(name, 1, bytes([127, 0, 0, 1]))


def elsewhere(name):
    return record(name, 1, bytes([127, 0, 0, 9]))


def test_answers_to_other_questions_are_not_believed(origin):
    def lie(query, name, kind):
        number = struct.unpack("!H", query[:2])[0]
        other = write_name("other.test") + struct.pack("!HH", kind, 1)
        fakes = [
            answer(query, [elsewhere(name)], ident=number ^ 1),  # Number of another query.
            answer(query, [elsewhere("other.test")], question=other),  # Not Weir's question.
        ]
        return fakes + [answer(query, [here(name)] if kind == 1 else [])]

    with Liar(lie) as liar, Weir(liar.config) as weir:
        assert weir.get(f"http://a.test:{origin.port}/").status == 200


def test_records_of_other_names_are_not_kept(origin):
    """An answer about a.test says nothing about bank.test."""

    def lie(query, name, kind):
        if name.lower() == "bank.test":
            return [answer(query, [here(name)] if kind == 1 else [])]
        return [answer(query, [elsewhere("bank.test"), here(name)] if kind == 1 else [], [elsewhere("bank.test")])]

    with Liar(lie) as liar, Weir(liar.config) as weir, weir.client() as client:
        for host in ("a.test", "bank.test"):
            client.send_request("GET", f"http://{host}:{origin.port}/", [("Host", f"{host}:{origin.port}")])
            response = client.response()
            assert (
                response.status == 200 or host == "a.test"
            ), response  # Weir may refuse an answer with foreign records as a whole.
        assert ("bank.test", 1) in liar.asked


def test_a_long_chain_of_aliases(origin):
    def lie(query, name, kind):
        names = [name] + [f"n{number}.test" for number in range(40)]
        chain = [record(one, 5, write_name(two)) for one, two in zip(names, names[1:])]
        return [answer(query, chain + [here(names[-1])] if kind == 1 else [])]

    with Liar(lie) as liar, Weir(liar.config) as weir:
        assert weir.get(f"http://a.test:{origin.port}/").status in (502, 504)


@pytest.mark.parametrize("count", [1, 200])
def test_many_addresses(origin, count):
    def lie(query, name, kind):
        return [answer(query, [here(name)] * count if kind == 1 else [])]

    with Liar(lie) as liar, Weir(liar.config) as weir:
        assert weir.get(f"http://a.test:{origin.port}/").status in (200, 502)
        assert weir.is_running()


SHAPES = [
    lambda query, dice: b"",
    lambda query, dice: query[:2],
    lambda query, dice: query[: dice.randrange(len(query))],
    lambda query, dice: query,
    lambda query, dice: query[:2] + os.urandom(dice.randrange(10, 600)),
    # Compressed names that point to themselves or beyond the end.
    lambda query, dice: answer(query, [b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 2) + b"\xc0\x0c"]),
    lambda query, dice: answer(query, [b"\xc0\xff" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x7f\0\0\1"]),
    # False lengths.
    lambda query, dice: answer(query, [write_name("a.test") + struct.pack("!HHIH", 1, 1, 60, 60000) + b"\x7f\0\0\1"]),
    lambda query, dice: answer(query, [write_name("a.test") + struct.pack("!HHIH", 1, 1, 60, 3) + b"\x7f\0\0"]),
    lambda query, dice: answer(query, [write_name("a.test") + struct.pack("!HHIH", 28, 1, 60, 4) + b"\x7f\0\0\1"]),
    # False counts.
    lambda query, dice: query[:2] + b"\x81\x80" + b"\xff\xff" * 4 + query[12:],
    lambda query, dice: query[:2] + b"\x81\x80\0\1\xff\xff\0\0\0\0" + query[12:] + here("a.test"),
    # A lifetime of 2^32 - 1, and an unknown type.
    lambda query, dice: answer(query, [record("x.test", 1, b"\x7f\0\0\1", ttl=0xFFFFFFFF)]),
    lambda query, dice: answer(query, [record("x.test", 65280, os.urandom(100))]),
    lambda query, dice: answer(query, [], code=dice.randrange(16)),
]


def mutated(data, dice):
    data = bytearray(data)
    for _ in range(dice.randrange(1, 6)):
        if len(data) > 2:
            data[dice.randrange(2, len(data))] = dice.randrange(256)
    return bytes(data)


@pytest.mark.seconds(150)
def test_answers_that_are_none(network):
    """Runs in a separate network, since a mutated address may be that of a real machine."""
    dice = random.Random(20261124)

    def lie(query, name, kind):
        shape = dice.choice(SHAPES)(query, dice)
        return [mutated(shape, dice) if shape and dice.random() < 0.6 else shape for _ in range(dice.randrange(1, 8))]

    with network(), Liar(lie) as liar, Weir(liar.config) as weir:
        statuses = set()

        def ask(first):
            for number in range(40):
                statuses.add(exchange(weir.port, "GET", f"http://n{first}-{number}.test/", [("Accept", "*/*")]).status)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses <= {403, 502, 504}
        assert len(liar.asked) > 900
