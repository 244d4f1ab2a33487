"""A name server with the names that a test gives it (RFC 1035), over UDP and TCP. Records the
queries."""

import ipaddress
import socket
import struct
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16, "AAAA": 28, "SRV": 33, "OPT": 41, "HTTPS": 65}
NAMES = {number: name for name, number in TYPES.items()}
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


class Silent:
    """An answer that never comes."""


class Answer:
    """The answer for one name and type. `records` are texts: addresses, or a name for CNAME
    (followed within this server)."""

    def __init__(self, records=(), ttl=60, code=NOERROR, delay=0.0, truncate_udp=False):
        self.records = list(records)
        self.ttl = ttl
        self.code = code
        self.delay = delay
        self.truncate_udp = truncate_udp


class Sequence:
    """Gives one answer after the other, and repeats the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    def next(self):
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return answer


def write_name(name):
    data = b""
    for label in name.rstrip(".").split("."):
        if label:
            data += bytes([len(label)]) + label.encode("latin-1")
    return data + b"\0"


def read_name(data, at):
    labels = []
    while data[at]:
        length = data[at]
        labels.append(data[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    return ".".join(labels), at + 1


def write_data(kind, record):
    if kind == "A":
        return ipaddress.IPv4Address(record).packed
    if kind == "AAAA":
        return ipaddress.IPv6Address(record).packed
    if kind == "CNAME":
        return write_name(record)
    raise ValueError(kind)


class NameServer:
    """`names` maps a lower-case name to {type: Answer, Sequence, Silent or a list of records}; a
    list or a text alone means A (and AAAA for IPv6 addresses). An unknown name gets NXDOMAIN; an
    unknown type gets an answer without data."""

    def __init__(self, names=None, host="127.0.0.1", default=None, port=0):
        self.names = {}
        self.default = default  # For unknown names; the same form as the values in `names`.
        self.queries = []  # (name, type, time)
        self.lock = threading.Lock()
        self.host = host
        for _ in range(20):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind((host, port))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                self.tcp.bind((host, self.port))
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
        self.closed = False
        self.udp.settimeout(0.2)  # Closing does not wake a thread in recvfrom.
        self.tcp.listen(16)
        self.address = f"{host}:{self.port}"
        for name, what in (names or {}).items():
            self.set(name, what)
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._serve_tcp, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closed = True
        for each in (self.udp, self.tcp):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def set(self, name, what):
        if isinstance(what, str):
            what = [what]
        if isinstance(what, (list, tuple)):
            records = {}
            for record in what:
                records.setdefault("AAAA" if ":" in record else "A", []).append(record)
            what = records
        elif not isinstance(what, dict):
            what = {"A": what, "AAAA": what}  # An answer or a fault for both.
        with self.lock:
            self.names[name.lower()] = what

    def forget(self, name):
        with self.lock:
            self.names.pop(name.lower(), None)

    def asked(self, name, kind=None):
        """How often this name was queried."""
        with self.lock:
            return sum(1 for each, each_kind, _ in self.queries if each == name and kind in (None, each_kind))

    def config(self):
        """The line of Weir's configuration that names this server."""
        return f'resolver = ["{self.address}"]\n'

    def _find(self, name, kind):
        """(records to send, code, delay, truncate) or None for silence."""
        records, delay, truncate = [], 0.0, False
        for _ in range(20):
            known = self.names.get(name.lower(), self.default)
            if known is None:
                return records, NXDOMAIN, delay, truncate
            answer = known.get(kind) or known.get("ANY")
            followed = "CNAME" if answer is None and "CNAME" in known else kind
            if followed == "CNAME" and answer is None:
                answer = known["CNAME"]
            if isinstance(answer, Sequence):
                answer = answer.next()
            if answer is None:
                return records, NOERROR, delay, truncate
            if answer is Silent or isinstance(answer, Silent):
                return None
            if isinstance(answer, str):
                answer = [answer]
            if isinstance(answer, (list, tuple)):
                answer = Answer(answer)
            delay = max(delay, answer.delay)
            truncate = truncate or answer.truncate_udp
            if answer.code:
                return records, answer.code, delay, truncate
            for record in answer.records:
                if followed in ("A", "AAAA") and (":" in record) != (followed == "AAAA"):
                    continue
                records.append((name, followed, answer.ttl, record))
            if followed != "CNAME" or kind == "CNAME":
                return records, NOERROR, delay, truncate
            name = answer.records[0]
        return records, NOERROR, delay, truncate

    def _answer(self, query, udp):
        ident, flags, questions = struct.unpack("!HHH", query[:6])
        name, at = read_name(query, 12)
        number, _ = struct.unpack("!HH", query[at : at + 4])
        question = query[12 : at + 4]
        kind = NAMES.get(number, str(number))
        with self.lock:
            self.queries.append((name.lower(), kind, time.monotonic()))
            found = self._find(name, kind)
        if found is None:
            return None, 0
        records, code, delay, truncate = found
        body = b""
        for owner, record_kind, ttl, record in records:
            data = write_data(record_kind, record)
            body += write_name(owner) + struct.pack("!HHIH", TYPES[record_kind], 1, ttl, len(data)) + data
        count = len(records)
        # A negative answer carries its lifetime in the SOA (RFC 2308).
        authority = b""
        if not records and code in (NOERROR, NXDOMAIN):
            soa = write_name("ns.test") + write_name("admin.test") + struct.pack("!IIIII", 1, 60, 60, 60, self.negative_ttl)
            authority = write_name("test") + struct.pack("!HHIH", TYPES["SOA"], 1, self.negative_ttl, len(soa)) + soa
        bits = 0x8180 | code
        if udp and (truncate or 12 + len(question) + len(body) > 512):
            bits |= 0x0200
            body, count, authority = b"", 0, b""
        head = struct.pack("!HHHHHH", ident, bits, 1, count, 1 if authority else 0, 0)
        return head + question + body + authority, delay

    negative_ttl = 60

    def _serve_udp(self):
        while not self.closed:
            try:
                query, sender = self.udp.recvfrom(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                answer, delay = self._answer(query, True)
            except (IndexError, struct.error):
                continue
            if answer is not None:
                threading.Thread(target=self._send_later, args=(answer, sender, delay), daemon=True).start()

    def _send_later(self, answer, sender, delay):
        if delay:
            time.sleep(delay)
        try:
            self.udp.sendto(answer, sender)
        except OSError:
            pass

    def _serve_tcp(self):
        while True:
            try:
                accepted, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(accepted,), daemon=True).start()

    def _serve_stream(self, accepted):
        with accepted:
            try:
                stream = accepted.makefile("rb")
                while True:
                    length = stream.read(2)
                    if len(length) < 2:
                        return
                    answer, delay = self._answer(stream.read(struct.unpack("!H", length)[0]), False)
                    if answer is None:
                        continue
                    time.sleep(delay)
                    accepted.sendall(struct.pack("!H", len(answer)) + answer)
            except (OSError, IndexError, struct.error):
                return
