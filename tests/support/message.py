"""HTTP/1 messages as the actors read them: strictly by RFC 9112, so that anything malformed from
Weir is a failure."""

import re

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([!-\x22\x24-\xff]+) HTTP/1\.([01])")
# Weir passes a status above 599 from an origin unchanged.
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
FIELD_WITH_CONTROLS = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00\x0a\x0d]*?)[ \t]*")


class Malformed(AssertionError):
    """Raised if a peer did not send a valid HTTP/1 message."""


class Fields:
    """The field lines of a message, in their original order and spelling."""

    def __init__(self, lines=()):
        self.lines = [(bytes(name), bytes(value)) for name, value in lines]

    def all(self, name):
        name = name.encode().lower() if isinstance(name, str) else name.lower()
        return [value.decode("latin-1") for each, value in self.lines if each.lower() == name]

    def get(self, name, default=None):
        """The value; several lines are joined by commas."""
        values = self.all(name)
        return ", ".join(values) if values else default

    def __contains__(self, name):
        return bool(self.all(name))

    def names(self):
        return [name.decode("latin-1") for name, _ in self.lines]

    def __repr__(self):
        return repr(self.lines)


class Request:
    def __init__(self, line, fields):
        match = REQUEST_LINE.fullmatch(line)
        if not match:
            raise Malformed(f"no request line: {line!r}")
        self.line = line.decode("latin-1")
        self.method = match[1].decode()
        self.target = match[2].decode("latin-1")
        self.minor = int(match[3])
        self.fields = fields
        self.body = b""
        self.trailers = Fields()
        self.complete = False
        self.chunked = False

    def __repr__(self):
        return f"<{self.line} {self.fields!r} body {len(self.body)}{'' if self.complete else ' (incomplete)'}>"


class Response:
    def __init__(self, line, fields):
        match = STATUS_LINE.fullmatch(line)
        if not match:
            raise Malformed(f"no status line: {line!r}")
        self.line = line.decode("latin-1")
        self.minor = int(match[1])
        self.status = int(match[2])
        self.reason = match[3].decode("latin-1")
        self.fields = fields
        self.body = b""
        self.trailers = Fields()
        self.interim = []
        self.complete = False
        self.chunked = False

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def __repr__(self):
        return f"<{self.line} {self.fields!r} body {self.body[:200]!r}{'' if self.complete else ' (incomplete)'}>"


class Ended(Exception):
    """Raised if the peer ended the connection before the message was complete."""


class Reader:
    """Reads messages from `receive`, a function that returns the next bytes, or b'' at the end of the stream."""

    def __init__(self, receive, limit=1 << 20):
        self.receive = receive
        self.limit = limit
        self.buffer = bytearray()
        self.ended = False
        self.field = FIELD

    def _more(self):
        if self.ended:
            return False
        data = self.receive()
        if not data:
            self.ended = True
            return False
        self.buffer += data
        return True

    def line(self):
        """One line without its CRLF. A bare LF or CR is malformed."""
        start = 0
        while True:
            at = self.buffer.find(b"\n", start)
            if at >= 0:
                line = bytes(self.buffer[:at])
                del self.buffer[: at + 1]
                if not line.endswith(b"\r") or b"\r" in line[:-1]:
                    raise Malformed(f"a bare CR or LF: {line!r}")
                return line[:-1]
            start = len(self.buffer)
            if start > self.limit:
                raise Malformed("an endless line")
            if not self._more():
                raise Ended(bytes(self.buffer))

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise Ended(bytes(self.buffer))
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def until(self, mark):
        """All bytes up to and including `mark`."""
        while True:
            at = self.buffer.find(mark)
            if at >= 0:
                return self.exactly(at + len(mark))
            if not self._more():
                raise Ended(bytes(self.buffer))

    def rest(self):
        """All bytes until the end of the stream."""
        while self._more():
            pass
        return self.exactly(len(self.buffer))

    def at_end(self):
        """Whether the stream has ended and nothing is left. Waits for bytes or the end."""
        return not self.buffer and not self._more()

    def fields(self):
        lines = []
        while True:
            line = self.line()
            if not line:
                return Fields(lines)
            match = self.field.fullmatch(line)
            if not match:
                raise Malformed(f"no field line: {line!r}")
            lines.append((match[1], match[2]))

    def chunked(self, message):
        """Reads a chunked body into the message; after an early end the message has the part that
        came."""
        message.chunked = True
        while True:
            line = self.line()
            match = re.fullmatch(rb"([0-9A-Fa-f]{1,15})(;.*)?", line)
            if not match:
                raise Malformed(f"no chunk size: {line!r}")
            size = int(match[1], 16)
            if size == 0:
                message.trailers = self.fields()
                message.complete = True
                return
            message.body += self.exactly(size)
            if self.exactly(2) != b"\r\n":
                raise Malformed("a chunk that does not end in CRLF")

    def framing(self, message):
        """('chunked', None), ('length', n) or (None, None); ambiguous framing is malformed."""
        codings = message.fields.all("transfer-encoding")
        lengths = message.fields.all("content-length")
        if codings:
            if lengths:
                raise Malformed(f"Transfer-Encoding with Content-Length: {message.fields!r}")
            if [coding.lower() for coding in codings] != ["chunked"]:
                raise Malformed(f"Transfer-Encoding {codings}")
            if message.minor == 0:
                raise Malformed("Transfer-Encoding in HTTP/1.0")
            return "chunked", None
        if lengths:
            if len(lengths) != 1 or not re.fullmatch("[0-9]{1,19}", lengths[0]):
                raise Malformed(f"Content-Length {lengths}")
            return "length", int(lengths[0])
        return None, None

    def request_head(self):
        line = self.line()
        request = Request(line, self.fields())
        hosts = request.fields.all("host")
        if len(hosts) != 1 and (hosts or request.minor == 1):
            raise Malformed(f"{len(hosts)} Host fields")
        return request

    def request_body(self, request, on_progress=None):
        kind, length = self.framing(request)
        if kind == "chunked":
            self.chunked(request)
        elif length:
            self._counted(request, length)
        request.complete = True
        return request

    def request(self):
        return self.request_body(self.request_head())

    def _counted(self, message, length):
        try:
            message.body = self.exactly(length)
        except Ended:
            message.body = self.exactly(len(self.buffer))
            raise

    def response_head(self):
        line = self.line()
        return Response(line, self.fields())

    def response(self, method="GET"):
        """The next final response, with the interim responses before it in `.interim`. If the
        stream ends too early, `complete` is False."""
        interim = []
        while True:
            response = self.response_head()
            if response.status >= 200 or response.status == 101:
                break
            if "content-length" in response.fields or "transfer-encoding" in response.fields:
                raise Malformed(f"framing in an interim response: {response!r}")
            interim.append(response)
        response.interim = interim
        kind, length = self.framing(response)
        if response.status in (101, 204, 304) or method == "HEAD" or (method == "CONNECT" and response.status < 300):
            if response.status in (101, 204) and kind:
                raise Malformed(f"framing in a {response.status}: {response!r}")
            response.complete = True
            return response
        try:
            if kind == "chunked":
                self.chunked(response)
            elif kind == "length":
                self._counted(response, length)
            else:
                response.body = self.rest()
            response.complete = True
        except (Ended, ConnectionResetError):
            response.complete = False
        return response
