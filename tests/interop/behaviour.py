"""What an origin does, and what a client asks for: one row of the table."""

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One request of a client. A row with several has them one after another, in one session."""

    method: str = "GET"
    path: str = ""  # What follows the row's own path: a query, a fragment.
    fields: tuple = ()
    body: bytes = b""
    chunked: bool = False  # The content goes in chunks, not by its length.
    anonymous: bool = False  # A browser asks no person for a password.
    trailers: tuple = ()  # Behind chunked content.
    login: tuple = ()  # (scheme, user, password): the client's own way to log in.
    userinfo: str = ""  # What stands before the `@` in the URL that the client is given.
    http_1_0: bool = False
    waits: bool = False  # It begins when the origin says so (`Case.ready`).

    def message(self, url, watched):
        """The step as the drivers read it. `watched`: the origin waits until each byte was seen."""
        return {
            "method": self.method,
            "url": url,
            "fields": [list(each) for each in self.fields],
            "body": base64.b64encode(self.body).decode() if self.body else None,
            "chunked": self.chunked,
            "login": list(self.login),
            "anonymous": self.anonymous,
            "watched": watched,
        }


@dataclass(frozen=True)
class Behaviour:
    """A row. `play(case)` is the origin's part, for each request; it returns whether the connection
    goes on. `why` names the RFC's section or the kind of program that behaves so."""

    name: str
    play: object
    why: str
    steps: tuple = (Step(),)
    clients: tuple = ()  # Only these; empty: all.
    but_not: tuple = ()
    alone: bool = (
        False  # The origin waits for what the client sees: no other row shares its process.
    )
    one_connection: bool = False  # All steps by one process of curl: its connection may be kept.
    leftovers: bool = False  # The origin sends bytes behind an answer that belong to none.
    requests: bool = False  # What the origin saw is compared too.

    def concerns(self, client, form):
        """Whether it is played. What an origin does between two requests reaches a client behind a
        tunnel at some time later: there is no word of it to wait for. So do bytes behind an answer
        where Weir looks inside: whether a client reads them with it, its buffers decide."""
        if form.startswith("connect") and any(step.waits for step in self.steps):
            return False
        if form.startswith("connect@") and self.leftovers:
            return False
        if client == "raw":  # It has no ways of its own: only rows that name it.
            return client in self.clients
        return client not in self.but_not and (not self.clients or client in self.clients)


@dataclass
class Table:
    alone: bool = False
    rows: list = field(default_factory=list)

    def add(self, name, play, why, *steps, **more):
        """Adds a row; `play` may be the raw bytes that answer, and end the connection."""
        assert name not in {row.name for row in self.rows}, name
        played = raw(play) if isinstance(play, bytes) else play
        more.setdefault("alone", self.alone)
        self.rows.append(Behaviour(name, played, why, steps or (Step(),), **more))


def raw(data):
    """An origin that answers each request with these bytes, on a connection of its own."""

    def play(case):
        case.body()
        case.send(data)
        return False

    return play
