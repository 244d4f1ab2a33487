"""The order of the stages is a security property: what comes first is believed first."""

import pytest
from support.origin import Origin


@pytest.fixture
def closed_port(start, origin):
    """A Weir for which the origin's port is no destination."""
    return start(f"blocked_ports = [{origin.port}]\n")


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_policy_before_a_connection(closed_port, origin, method):
    with closed_port.client() as client:
        client.send_request(
            method, origin.authority if method == "CONNECT" else origin.url + "/", [("Host", origin.authority)]
        )
        assert client.response(method).status == 403
    assert origin.connections == []


def test_validation_before_policy(closed_port, origin):
    """A malformed request is malformed wherever it goes, and one in a circle is a loop."""
    head = f"GET {origin.url}/ HTTP/1.1\r\nHost: {origin.authority}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    with closed_port.client() as client:
        assert client.send(head).response().status == 400
    with Origin() as other:
        assert closed_port.get(other.url + "/").status == 200
        own = other.requests[0].fields.get("via")
    response = closed_port.get(origin.url + "/", [("Via", own)])
    assert "proxy_loop_detected" in response.fields.get("proxy-status")
    assert origin.connections == []


def test_policy_inside_a_tunnel_is_that_of_the_tunnel(closed_port, origin):
    """A request inside cannot name another place than the CONNECT did."""
    with Origin() as open_origin, closed_port.client() as client:
        client.send_request("CONNECT", open_origin.authority, [("Host", open_origin.authority)])
        assert client.response("CONNECT").status == 200
        client.send_request("GET", "/", [("Host", open_origin.authority)])
        assert client.response().status == 200
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.response().status in (403, 421)
    assert origin.connections == []


def test_errors_around_everything(closed_port, origin):
    """Whoever refuses, the answer is a page with Proxy-Status."""
    for target, host in ((origin.url + "/", origin.authority), ("/", "example.org"), ("http://nowhere.invalid/", "x")):
        response = closed_port.exchange("GET", target, [("Host", host), ("Accept", "text/html")])
        assert response.status in (403, 421, 502, 504)
        assert response.fields.get("content-type").startswith("text/html")
        assert "proxy-status" in response.fields


def test_own_pages_before_any_origin(start, names):
    """What DNS says of Weir's own name does not matter."""
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
