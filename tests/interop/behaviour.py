"""One row of the table: what an origin does, or what a client asks for."""

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One request of a client. The steps of a row run one after another, in one session."""

    method: str = "GET"
    path: str = ""  # Appended to the row's own path: a query, a fragment.
    fields: tuple = ()
    body: bytes = b""
    chunked: bool = False  # Sends content in chunks instead of with a length.
    anonymous: bool = False  # A browser shows no dialogue for a password.
    trailers: tuple = ()  # After chunked content.
    login: tuple = ()  # (scheme, user, password): the client's own way to log in.
    userinfo: str = ""  # The part before the `@` in the client's URL.
    http_1_0: bool = False
    waits: bool = False  # Begins when the origin says so (`Case.ready`).

    def message(self, url, watched):
        """The step as the drivers read it. With `watched`, the origin waits until the client has
        seen each byte."""
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
        False  # The origin waits for what the client has seen: no other row shares its process.
    )
    one_connection: bool = False  # One process of curl runs all steps: it may keep its connection.
    leftovers: bool = False  # The origin sends bytes after an answer that belong to none.
    requests: bool = False  # The requests at the origin are compared too.

    def concerns(self, client, form):
        """Whether the row is played for this client and form. In a tunnel, an origin's action
        between two requests reaches the client some time later, and nothing tells when. The same is
        true of bytes after an answer if Weir looks inside: the client's buffers decide whether it
        reads them together with the answer."""
        if form.startswith("connect") and any(step.waits for step in self.steps):
            return False
        if form.startswith("connect@") and self.leftovers:
            return False
        if client == "raw":  # Not a real client: plays only rows that name it.
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
    """An origin that answers each request with these bytes, and closes the connection."""

    def play(case):
        case.body()
        case.send(data)
        return False

    return play
