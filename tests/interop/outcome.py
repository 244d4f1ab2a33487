"""The end of a step at a client, and how two ends are compared.

The comparison is by kinds first. A step of a client ends in one of four:

- `answered`: there was a complete response;
- `cut`: there was a response, and the client knows that its content ended early;
- `refused`: the client reports an error and has no content, or Weir itself answered 502 or 504
  (with Proxy-Status): both say that the origin could not be understood;
- `hung`: the client's time ran out.

If both ends have a response, these are compared: the status; the fields, except those in IGNORED;
the content that the client gives to its user; the trailers; the statuses of interim responses; for
streams, that the client had each piece before the origin sent the next one (`order`; the client
reports this, no clock is used). A line of a head whose name is not a token (RFC 9110, 5.1) is not a
field and is not compared. Blanks before the colon are not part of the name (9112, 5.1). Several
blanks in a value, also from folds (9112, 5.2) or in place of NUL and CR (9110, 5.5), count as one:
clients show such lines in many ways.
"""

import re
from dataclasses import dataclass

# Fields that belong to a connection or to framing, or that each recipient may add.
IGNORED = {
    "connection",
    "date",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "via",
}
RUN = re.compile("/run[0-9]+/")  # A run's part of the paths.
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@dataclass
class End:
    """How one step ended at the client. `trailers`, and `interim` (the statuses of interim
    responses), are None where the client does not show them."""

    status: int = None
    fields: tuple = ()
    content: bytes = b""
    trailers: tuple = None
    error: str = None
    hung: bool = False
    interim: tuple = None

    @staticmethod
    def of_message(message):
        """Makes an end from a driver's output."""
        return End(
            message["status"],
            tuple((name, value) for name, value in message["fields"]),
            message["content"].encode("latin-1"),
            None if message["trailers"] is None else tuple((n, v) for n, v in message["trailers"]),
            message["error"],
            message["hung"],
            tuple(message["interim"]) if "interim" in message else None,
        )

    @property
    def kind(self):
        if self.hung:
            return "hung"
        made_here = any(name.lower() == "proxy-status" for name, _ in self.fields)
        of_weir = self.status in (502, 504) and made_here
        if self.status is None or of_weir or (self.error and not self.content):
            return "refused"
        return "cut" if self.error else "answered"

    def __str__(self):
        if self.status is None:
            return f"{self.kind} ({self.error})"
        why = f" ({self.error})" if self.error else ""
        return f"{self.kind}{why}: {self.status} {self.content[:60]!r}"


def compared(fields, framing):
    """The fields to compare, in order of their names. Content-Length is compared only if it is not
    this message's framing."""
    found = []
    for name, value in fields or ():
        name = name.rstrip(" \t").lower()
        if not TOKEN.fullmatch(name) or name in IGNORED or (name == "content-length" and framing):
            continue
        value = RUN.sub("/run/", " ".join(value.replace("\0", " ").split()))
        if name == "content-length":  # Equal values count as one (9112, 6.3).
            found += [(name, each) for each in set(value.split(", ")) if (name, each) not in found]
        else:
            found.append((name, value))
    return sorted(found)


def differences(method, direct, through):
    """{aspect: sentence} for each difference."""
    if direct.kind != through.kind:
        return {"kind": f"directly {direct}, through Weir {through}"}
    if direct.kind in ("refused", "hung"):
        return {}
    found = {}
    if direct.status != through.status:
        found["status"] = f"directly {direct.status}, through Weir {through.status}"
    framing = method != "HEAD" and direct.status != 304
    for aspect in ("fields", "trailers"):
        here, there = getattr(direct, aspect), getattr(through, aspect)
        if compared(here, framing) != compared(there, framing):
            found[aspect] = only(compared(here, framing), compared(there, framing))
    if direct.interim != through.interim:
        found["interim"] = f"directly {direct.interim}, through Weir {through.interim}"
    if direct.content != through.content:
        found[
            "content"
        ] = f"directly {direct.content[:200]!r}, through Weir {through.content[:200]!r}"
    return found


def arrived(requests):
    """The parts of a row's requests at the origin that are compared."""

    def text(fields):
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields.lines]
        return compared(lines, False)

    return [
        (
            request.method,
            RUN.sub("/run/", request.target),
            text(request.fields),
            request.chunked,
            request.body[:200],
            len(request.body),
            text(request.trailers),
        )
        for request in requests
    ]


def only(direct, through):
    """A sentence about the items that are in only one of the lists."""
    lost = [each for each in direct if each not in through]
    new = [each for each in through if each not in direct]
    return f"only directly {lost}, only through Weir {new}"
