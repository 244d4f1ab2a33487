"""Runs the tables of raw cases over sockets, whole and byte by byte, and checks what a strict
origin and the client get. Neither may get anything that is malformed."""

import ipaddress
import re

import pytest
from support import cases, namespace
from support.client import Client, eventually
from support.message import FIELD_WITH_CONTROLS, Ended, Malformed
from support.nameserver import NameServer
from support.origin import Origin
from support.weir import Weir

PUBLIC = "93.184.216.34"
REQUESTS = cases.load("http1_requests.txt")
# A response to CONNECT comes from Weir itself.
RESPONSES = [case for case in cases.load("http1_responses.txt") if case.get("method") != "CONNECT"]

# Hop-by-hop fields: a case may list them as parsed, but Weir does not pass them on.
OF_A_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade", b"host", b"trailer"}
OF_A_HOP |= {b"proxy-authorization", b"proxy-authenticate", b"http2-settings"}


def host_and_port(authority):
    match = re.fullmatch(r"(\[[^]]*\]|[^:]*)(?::(\d+))?", authority)
    return match[1].strip("[]"), int(match[2] or 80)


def literals():
    """Addresses that the cases name, and that the network of this file must have."""
    found = set()
    for case in REQUESTS:
        host, _ = host_and_port(case.get("authority", ""))
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            continue
        if not address.is_loopback:
            found.add(str(address))
    return sorted(found)


def ports():
    found = {80}
    for case in REQUESTS:
        if case.expect == "accept":
            found.add(int(case.get("port", host_and_port(case.get("authority", ""))[1])))
    return sorted(found)


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


class Recorder(Origin):
    """Answers everything, and records malformed messages instead of failing at once."""

    def __init__(self, host, port):
        self.malformed = []
        super().__init__(self._record, host=host, port=port)

    def _record(self, connection):
        while connection.more():
            try:
                request = connection.request()
            except Malformed as fault:
                if connection.received.startswith(b"\x16"):
                    return  # A ClientHello: the URL was an https one.
                self.malformed.append(fault)
                connection.wait_for_end()
                return
            body = b"" if request.method == "HEAD" else b"ok"
            connection.respond(body)


class Stage:
    def __init__(self):
        self.names = NameServer(default={"A": [PUBLIC]})
        self.origins = [Recorder(host, port) for port in ports() for host in ("0.0.0.0", "::")]
        self.weir = Weir(self.names.config())

    def requests(self):
        return [request for origin in self.origins for request in origin.requests]

    def malformed(self):
        return [fault for origin in self.origins for fault in origin.malformed]

    def close(self):
        self.weir.stop()
        self.names.close()
        for origin in self.origins:
            origin.close()
            assert origin.faults == []


@pytest.fixture(scope="module")
def stage(_network_permitted):
    if _network_permitted:
        pytest.skip(_network_permitted)
    with namespace.network(*(f"{each}/{128 if ':' in each else 32}" for each in [PUBLIC, *literals()])):
        running = Stage()
        yield running
        running.close()


def as_sent_to_a_proxy(raw):
    """Origin-form is for Weir's own pages alone: to reach an origin, such a case gets the absolute-form of the same target."""
    line = re.match(rb"((?:\r\n)?[A-Za-z]+ )(/[^ \r\n]{0,10000} HTTP/1\.[01]\r\n)", raw)
    host = re.search(rb"\r\nHost:[ \t]*([A-Za-z0-9.-]+(?::\d{1,5})?)[ \t]*\r\n", raw)
    if not line or not host:
        return raw
    return line[1] + b"http://" + host[1] + raw[len(line[1]) :]


def send(client, data, bytewise):
    try:
        if bytewise:
            client.send_bytewise(data)
        else:
            client.send(data)
    except OSError:
        pass  # Weir may have refused already; the answer is there to be read.


def check_refused(client, case):
    response = client.response("GET")
    assert response.status == int(case.expect)
    assert response.complete
    assert client.is_closed(), "refused, but left open"


def check_forwarded(stage, case):
    request = stage.requests()[0]
    assert request.complete
    if case.has("forwarded"):
        assert f"{request.method} {request.target}".encode("latin-1") == as_bytes(case.get("forwarded"))
    if case.has("authority") or case.has("host"):
        assert request.fields.all("host") == [case.get("host", case.get("authority"))]
    if case.has("lacks"):
        assert case.get("lacks") not in request.fields
    if case.has("body"):
        assert request.body == case.get("body")
    for line in case.fields:
        name, _, value = line.partition(b":")
        if name.lower() not in OF_A_HOP:
            assert (name, value.strip(b" \t")) in request.fields.lines, line
    for line in case.trailers:
        name, _, value = line.partition(b":")
        assert (name, value.strip(b" \t")) in request.trailers.lines, line
    if case.get("trailer") == "none":
        assert request.trailers.lines == []


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case.name)
def test_request(stage, case, bytewise):
    for origin in stage.origins:
        origin.requests.clear()
        origin.malformed.clear()
    logged = len(stage.weir.stdout_lines)
    raw = as_sent_to_a_proxy(case.raw)
    method, _, rest = raw.lstrip(b"\r\n").partition(b" ")
    target = rest.split(b" ", 1)[0]
    with Client(stage.weir.port) as client:
        send(client, raw, bytewise)
        if case.expect == "incomplete":
            client.half_close()
            client.rest()
            assert not any(request.complete for request in stage.requests())
        elif case.expect != "accept":
            check_refused(client, case)
            # If content turns out to be malformed, its head may have been passed on, but never its
            # end.
            assert not any(request.complete for request in stage.requests())
        else:
            check_accepted(stage, case, client, method, target)
    assert stage.malformed() == []
    stage.weir.wait_log(logged + 1)


def check_accepted(stage, case, client, method, target):
    text = target.decode("latin-1")
    response = client.response(method.decode())
    if method == b"CONNECT":
        assert response.status == 200
    elif text.lower().startswith("https:"):
        assert response.status in (502, 504)  # The stage speaks no TLS.
    elif text == "*" or text.startswith("/"):
        assert response.status in (200, 400, 421)  # The request is for Weir itself, but the name is not Weir's.
        assert stage.requests() == []
    else:
        assert response.status == 200, response
        check_forwarded(stage, case)
        if case.get("persist") == "no":
            assert client.is_closed()


class Answering(Origin):
    """Answers the first request of each connection with the bytes of a case, whole or in pieces, then closes."""

    def __init__(self, case, bytewise):
        self.case = case
        self.bytewise = bytewise
        super().__init__(self._answer)

    def _answer(self, connection):
        connection.request()
        raw = self.case.raw
        interim = raw.startswith(b"HTTP/1.1 1")
        if interim and not self.case.has("left"):
            raw += b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"  # The final response.
        connection.send_in_pieces(raw, 1 if self.bytewise else max(1, len(raw)))
        # A message that ends with the connection needs that end; others must not need it.
        if self.case.get("framing") == "close" or self.case.expect == "incomplete" or interim or self.bytewise:
            connection.half_close()
        connection.wait_for_end()


def check_interim(response, case):
    assert response.status == 200
    if case.get("status") != "100":  # A 100 that no client asked for may be dropped.
        assert [str(each.status) for each in response.interim] == [case.get("status")]
        for line in case.fields:
            name, _, value = line.partition(b":")
            assert (name, value.strip(b" \t")) in response.interim[0].fields.lines


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("case", RESPONSES, ids=lambda case: case.name)
def test_response(shared_weir, case, bytewise):
    method = case.get("method", "GET")
    with Answering(case, bytewise) as origin, shared_weir.client() as client:
        more = [("Content-Length", "0")] if method in ("POST", "PUT", "PATCH") else []
        if case.has("mended"):
            client.reader.field = FIELD_WITH_CONTROLS
        client.send_request(method, origin.url + "/", [("Host", origin.authority), *more])
        try:
            response = client.response(method)
        except Ended as ended:
            raise AssertionError(f"no response but {ended}") from None
        if case.expect == "accept":
            assert response.complete, response
            if case.get("status") == "101":
                assert response.status == 502  # No request asked for it.
                return
            if case.get("status", "")[:1] == "1":
                check_interim(response, case)
                return
            if case.has("status"):
                assert response.status == int(case.get("status"))
            if case.has("body"):
                assert response.body == case.get("body")
            for line in case.fields:
                name, _, value = line.partition(b":")
                if name.lower() not in OF_A_HOP:
                    assert (name, value.strip(b" \t")) in response.fields.lines, line
            for line in case.trailers:
                name, _, value = line.partition(b":")
                assert (name, value.strip(b" \t")) in response.trailers.lines, line
            if case.has("mended"):
                eventually(lambda: origin.connections[0].ended, what="the end of the connection that a mended response came on")
        elif case.expect == "incomplete":
            assert response.status == 502 or not response.complete, response
        else:
            # A fault in the head is a 502; once a head has gone out, the client is cut.
            assert response.status == 502 or not response.complete, response
            if response.status != 502:
                assert client.is_closed()
    assert len(origin.connections) == 1
