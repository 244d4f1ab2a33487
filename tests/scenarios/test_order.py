"""The order of the stages is a security property: a stage protects the stages after it. The list is
in src/proxy/pipeline.cc; each pair of neighbours has its tests here:

errors     admission  test_errors_around_everything, test_errors_around_admission
admission  validate   test_admission_before_validation
validate   auth       test_validation_before_login
auth       restart    no rule restarts yet: LoginInTheEngine in tests/engine
restart    recheck    likewise: LoginInTheEngine
recheck    policy     likewise: PolicyInTheEngine
policy     recognise  test_policy_before_a_connection, test_policy_before_what_is_inside_a_tunnel
recognise  own        test_own_pages_inside_a_tunnel
own        forward    test_own_pages_before_any_origin

and policy before own, across recognise: test_own_pages_after_policy."""

import base64

import pytest
from support.origin import Origin

ADA = ("Proxy-Authorization", "Basic " + base64.b64encode(b"ada:secret").decode())
USERS = "ada:$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7\n"


# A listener that serves nobody on this machine.
FOREIGN = '[[listener]]\naddress = "127.0.0.1:0"\nclients = ["192.0.2.0/24"]\n'


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    path.write_text(USERS)
    return path


@pytest.fixture
def closed_port(start, origin):
    """A Weir that blocks the origin's port."""
    return start(f"blocked_ports = [{origin.port}]\n")


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_policy_before_a_connection(closed_port, origin, method):
    with closed_port.client() as client:
        client.send_request(
            method, origin.authority if method == "CONNECT" else origin.url + "/", [("Host", origin.authority)]
        )
        assert client.response(method).status == 403
    assert origin.connections == []


def test_admission_before_validation(start, origin):
    """Whatever a client sends that is not served, it is told that alone, and its connection ends."""
    weir = start(FOREIGN)
    asked = f"{origin.url}/ HTTP/1.1\r\nHost: {origin.authority}\r\n"
    upload = f"POST {asked}Content-Length: 100\r\n\r\npart of it"
    malformed = f"POST {asked}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    no_request = "\x16\x03\x01\r\n\r\n"
    own = "GET http://weir.internal/ HTTP/1.1\r\nHost: weir.internal\r\n\r\n"
    for first in (f"GET {asked}\r\n", upload, malformed, no_request, own):
        with weir.client() as client:
            response = client.send(first + own).response()
            assert response.status == 403 and "Rule: clients" in response.text
            assert response.fields.get("connection") == "close"
            assert client.rest() == b""
    assert origin.connections == []
    assert {line.status for line in weir.wait_log(5)} == {403}


def test_errors_around_admission(start):
    """A client that is not served gets a page that says so."""
    response = start(FOREIGN).exchange("GET", "http://x/", [("Host", "x"), ("Accept", "text/html")])
    assert response.status == 403
    assert response.fields.get("content-type").startswith("text/html")
    assert "http_request_denied" in response.fields.get("proxy-status")


def test_validation_before_policy(closed_port, origin):
    """A malformed request gets 400 and a loop gets 508, even if policy denies their destination."""
    head = f"GET {origin.url}/ HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    with closed_port.client() as client:
        assert client.send(head).response().status == 400
    with Origin() as other:
        assert closed_port.get(other.url + "/").status == 200
        own = other.requests[0].fields.get("via")
    response = closed_port.get(origin.url + "/", [("Via", own)])
    assert "proxy_loop_detected" in response.fields.get("proxy-status")
    assert origin.connections == []


def test_validation_before_login(start, origin, users):
    """A malformed request is refused without asking for a login, and no login in it is checked."""
    weir = start(f'via = "gate.example"\n[login]\nfile = "{users}"\n')
    wrong = ("Proxy-Authorization", "Basic " + base64.b64encode(b"ada:wrong").decode())
    for fields in ((), (wrong,), (ADA,)):
        with weir.client() as client:
            lengths = [("Content-Length", "1"), ("Content-Length", "2")]
            client.send_request("POST", origin.url + "/", [("Host", origin.authority), *lengths, *fields], b"ab")
            assert client.response().status == 400
        assert weir.get(origin.url + "/", [("Host", origin.authority), ("Via", "1.1 gate.example"), *fields]).status == 508
    assert origin.connections == []


def test_login_before_policy(start, origin, users):
    """A client without a login does not learn what policy allows."""
    with Origin() as open_origin:
        weir = start(f'blocked_ports = [{origin.port}]\n[login]\nfile = "{users}"\n')
        for other in (origin, open_origin):
            assert weir.get(other.url + "/").status == 407
            assert weir.exchange("CONNECT", other.authority, [("Host", other.authority)]).status == 407
        assert weir.get(origin.url + "/", [("Host", origin.authority), ADA]).status == 403
        assert weir.get(open_origin.url + "/", [("Host", open_origin.authority), ADA]).status == 200
    assert origin.connections == []


@pytest.mark.parametrize("inside", [b"GET / HTTP/1.1\r\nHost: weir.internal\r\n\r\n", b"\x16\x03\x01\x00\x05hello"])
def test_policy_before_what_is_inside_a_tunnel(closed_port, origin, inside):
    """A denied CONNECT makes no tunnel: bytes that are sent with it are not examined."""
    with closed_port.client() as client:
        client.send(f"CONNECT {origin.authority} HTTP/1.1\r\nHost: {origin.authority}\r\n\r\n".encode() + inside)
        response = client.response("CONNECT")
        assert response.status == 403
        assert client.rest() == b""
    assert origin.connections == []
    assert [line.status for line in closed_port.wait_log(1)] == [403]


def test_own_pages_after_policy(start):
    """Policy sees each request for one of Weir's own pages, in every form, before the page is
    served."""
    weir = start("blocked_ports = [80]\n")  # Policy lets its own names pass.
    assert weir.get("http://weir.internal/").status == 200
    with weir.client() as client:
        client.send_request("GET", "/", [("Host", f"127.0.0.1:{weir.port}")])
        assert client.response().status == 200
    with weir.client() as client:
        client.send_request("CONNECT", f"127.0.0.1:{weir.port}", [("Host", "x")])
        assert client.response("CONNECT").status == 403


def test_own_pages_inside_a_tunnel(start):
    """A CONNECT to Weir's own name is a session inside like any other."""
    weir = start("")
    with weir.client() as client:
        client.send_request("CONNECT", "weir.internal:80", [("Host", "weir.internal:80")])
        assert client.response("CONNECT").status == 200
        for _ in range(2):
            client.send_request("GET", "/", [("Host", "weir.internal")])
            response = client.response()
            assert response.status == 200 and "Weir works" in response.text


@pytest.mark.parametrize("needed", [False, True])
def test_policy_inside_a_tunnel_is_that_of_the_tunnel(start, origin, needed):
    """A request inside a tunnel never reaches another origin than the CONNECT's, whatever it names:
    it is refused if the inside is needed, and otherwise passed to that origin."""
    with Origin() as open_origin:
        serve = f"no_opaque_ports = [{open_origin.port}]" if needed else 'serve = "always"'
        weir = start(f"blocked_ports = [{origin.port}]\n[tunnel]\n{serve}\n")
        ask_inside(weir, open_origin, origin, 421 if needed else 200)
        if not needed:
            assert open_origin.requests[-1].target == origin.url + "/"
    assert origin.connections == []


def ask_inside(weir, open_origin, origin, status):
    with weir.client() as client:
        client.send_request("CONNECT", open_origin.authority, [("Host", open_origin.authority)])
        assert client.response("CONNECT").status == 200
        client.send_request("GET", "/", [("Host", open_origin.authority)])
        assert client.response().status == 200
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.response().status == status


def test_errors_around_everything(closed_port, origin):
    """Whichever stage refuses a request, the answer is a page with Proxy-Status."""
    for target, host in ((origin.url + "/", origin.authority), ("/", "example.org"), ("http://nowhere.invalid/", "x")):
        response = closed_port.exchange("GET", target, [("Host", host), ("Accept", "text/html")])
        assert response.status in (403, 421, 502, 504)
        assert response.fields.get("content-type").startswith("text/html")
        assert "proxy-status" in response.fields


def test_own_pages_before_any_origin(start, names):
    """DNS answers for Weir's own name have no effect."""
    names.set("weir.internal", "127.0.0.1")
    weir = start(names.config())
    assert "Weir" in weir.get("http://weir.internal/").text
    assert names.asked("weir.internal") == 0


def test_keys_of_identity(start, origin):
    weir = start('via = "gate.example"\nworkers = 1\n')
    response = weir.get(origin.url + "/")
    assert origin.requests[0].fields.get("via") == "1.1 gate.example"
    assert response.fields.get("via") == "1.1 gate.example"
    assert weir.get(origin.url + "/", [("Via", "1.1 gate.example")]).status >= 400
    assert "workers: 1" in weir.stderr or "1 worker" in weir.stderr
