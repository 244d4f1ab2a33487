"""Makes the first inputs of the fuzz targets, from tests/cases and examples/, into a folder for each target."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\", '"': b'"'}


def decode(text):
    """The bytes of a quoted value in tests/cases (their README has the format), long repetitions cut short."""
    out = b""
    at = 0
    while at < len(text):
        char = text[at]
        if char != "\\":
            out += char.encode()
            at += 1
        elif text[at + 1] == "x":
            out += bytes([int(text[at + 2 : at + 4], 16)])
            at += 4
        elif text[at + 1] == "*":
            count, piece = re.match(r"(\d+)\{([^}]*)\}", text[at + 2 :]).groups()
            out += decode(piece) * min(int(count), 300)
            at += 4 + len(count) + len(piece)
        else:
            out += ESCAPES[text[at + 1]]
            at += 2
    return out


def raw_cases(name):
    """The raw bytes of each case in one file."""
    cases = []
    for line in (ROOT / "tests/cases" / name).read_text().splitlines():
        if line.startswith("case:"):
            cases.append(b"")
        elif match := re.match(r'raw:\s*"(.*)"\s*$', line):
            cases[-1] += decode(match.group(1))
    return cases


def dns_messages():
    """Answers of name servers to the two questions that the target asks."""
    name = b"\x01a\x04test\x00"
    pointer = b"\xc0\x0c"

    def message(kind, records, flags=b"\x81\x80"):
        counts = b"\x00\x01" + len(records).to_bytes(2, "big") + b"\x00\x00\x00\x00"
        return b"\x00\x07" + flags + counts + name + kind + b"\x00\x01" + b"".join(records)

    def record(owner, kind, data):
        return owner + kind + b"\x00\x01\x00\x00\x00\x3c" + len(data).to_bytes(2, "big") + data

    v4, v6, alias = b"\x00\x01", b"\x00\x1c", b"\x00\x05"
    target = b"\x01b\xc0\x0e"
    yield b"\x02" + message(v4, [record(pointer, v4, b"\xc0\x00\x02\x01")])
    yield b"\x03" + message(v6, [record(pointer, v6, bytes(15) + b"\x01")])
    yield b"\x02" + message(v4, [record(pointer, alias, target), record(b"\x01b\x04test\x00", v4, b"\xc0\x00\x02\x02")])
    yield b"\x02" + message(v4, [], b"\x81\x83")


def client_hello(sni):
    """A ClientHello of TLS 1.2 with a server name and ALPN."""

    def sized(data, width):
        return len(data).to_bytes(width, "big") + data

    names = b"\x00\x00" + sized(sized(b"\x00" + sized(sni, 2), 2), 2)
    alpn = b"\x00\x10" + sized(sized(sized(b"h2", 1) + sized(b"http/1.1", 1), 2), 2)
    body = b"\x03\x03" + bytes(32) + b"\x00" + sized(b"\x13\x01", 2) + b"\x01\x00" + sized(names + alpn, 2)
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body, 3), 2)


def tls_plays():
    """What the server of the target does: see Step in tls_stream_fuzz.cc."""
    (deliver, some, raw, change, sends, updates, ticket, ends, read, write, absorb, client_ends, end, window) = range(14)
    handshake = [deliver, deliver]
    traffic = [sends, 90, deliver, read, 255, read, 255, write, 200, deliver]
    for version in (0, 1):
        yield bytes([version, *handshake, *traffic, ends, deliver, read, 9, client_ends])
        yield bytes([version | 2, *handshake, *traffic])
        yield bytes([version, *([some, 6] * 190)])
        yield bytes([version, *handshake, *([sends, 3, some, 0, read, 1] * 20)])
        yield bytes([version, *handshake, *([updates, 1, ticket, deliver, absorb] * 12), *traffic])
        yield bytes([version, *handshake, window, 10, write, 255, write, 255, updates, 1, deliver, window, 255, *traffic])
        yield bytes([version, *handshake, sends, 9, change, 4, 5, deliver, read, 50, read, 50])
        yield bytes([version, some, 200, change, 40, 1, deliver, deliver])
        yield bytes([version, *handshake, end, read, 5, write, 5])
        yield bytes([version, raw, 7]) + bytes.fromhex("15030300020228")
        yield bytes([version, raw, 20]) + b"HTTP/1.1 400 Bad Req"


def inputs():
    """(target, bytes) of every seed."""
    requests = raw_cases("http1_requests.txt")
    responses = raw_cases("http1_responses.txt")
    for number, raw in enumerate(requests):
        cut = bytes([number % 3])
        yield "request", cut + raw
        yield "differential", cut + raw
        yield "log_escape", raw.partition(b"\r\n")[0]
    for number, raw in enumerate(responses):
        yield "response", bytes([number % 3]) + raw
        for asked in (0x00, 0x80, 0xC0):
            yield "differential_response", bytes([asked | number % 3]) + raw
    for raw in requests + responses:
        head, end, content = raw.partition(b"\r\n\r\n")
        if end and b"chunked" in head:
            yield "chunked", b"\x01" + content
            yield "chunked", b"\x80" + content
    for path in sorted((ROOT / "examples").glob("**/*.toml")):
        yield "config", path.read_bytes()
    for raw in dns_messages():
        yield "dns_answer", raw
    for raw in tls_plays():
        yield "tls_stream", raw
    for sni in (b"www.example.org", b"192.0.2.1"):
        yield "client_hello", b"\x80" + client_hello(sni)


def write(folder):
    """Writes the seeds to folder/TARGET/N."""
    for number, (target, data) in enumerate(inputs()):
        (folder / target).mkdir(parents=True, exist_ok=True)
        (folder / target / f"{number:04}").write_bytes(data)
