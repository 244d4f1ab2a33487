"""Error pages tell a person what to do."""

import base64
import re
import socket
import threading

import pytest
from support.client import Client
from support.nameserver import SERVFAIL, Answer, Silent
from support.origin import Origin, answer_once, ok, serve

BROWSER = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")


def status_of(response):
    """The parameters of the one Proxy-Status member (RFC 9209)."""
    [value] = response.fields.all("proxy-status")
    name, *parameters = re.split(r";\s*", value)
    assert re.fullmatch(r'[A-Za-z*][A-Za-z0-9_\-.:%*/]*|"[^"]*"', name), value
    return dict(each.split("=", 1) for each in parameters)


def check(response, status, error):
    assert response.status == status, response
    assert status_of(response)["error"] == error
    assert response.complete and response.body
    return response


@pytest.fixture
def gone():
    """An authority at which nothing listens."""
    with Origin() as origin:
        pass
    return origin


class TestKinds:
    def test_name_not_found(self, start, names):
        response = check(start(names.config()).get("http://nowhere.test/"), 502, "dns_error")
        assert "nowhere.test" in response.text
        assert "NXDOMAIN" in status_of(response).get("rcode", "NXDOMAIN")

    def test_name_server_failed(self, start, names):
        names.set("broken.test", Answer(code=SERVFAIL))
        check(start(names.config()).get("http://broken.test/"), 502, "dns_error")

    def test_name_server_silent(self, start, names):
        names.set("silent.test", Silent)
        weir = start(names.config() + '[dns]\ntimeout = "200ms"\ntries = 1\ntotal_timeout = "1s"\n')
        check(weir.get("http://silent.test/"), 504, "dns_timeout")

    def test_refused(self, weir, gone):
        response = check(weir.get(gone.url + "/"), 502, "connection_refused")
        assert gone.authority in response.text or str(gone.port) in response.text

    def test_connection_timed_out(self, start):
        weir = start('[timeouts]\nconnect = "500ms"\n')
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            fillers = [socket.socket() for _ in range(3)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            check(weir.get(f"http://127.0.0.1:{full.getsockname()[1]}/"), 504, "connection_timeout")
            for filler in fillers:
                filler.close()

    def test_an_answer_that_does_not_come(self, start, play):
        weir = start('[timeouts]\nfirst_byte = "500ms"\n')
        origin = play(lambda connection: connection.wait_for_end())
        assert weir.get(origin.url + "/").status == 504

    def test_closed_without_an_answer(self, weir, play):
        origin = play(lambda connection: connection.request())
        response = weir.get(origin.url + "/")
        assert response.status == 502
        assert status_of(response)["error"] in ("http_response_incomplete", "connection_terminated")

    def test_denied(self, weir):
        response = weir.get("http://169.254.169.254/latest/")
        check(response, 403, "destination_ip_prohibited")

    def test_port_denied(self, weir):
        response = weir.get("http://127.0.0.1:25/")
        assert response.status == 403
        assert "blocked_ports" in response.text and "25" in response.text

    def test_head_too_large(self, weir):
        check(weir.get("http://127.0.0.1:1/", [("X-Large", "x" * 70000)]), 431, "http_request_error")

    def test_url_too_long(self, weir):
        check(weir.get("http://127.0.0.1:1/" + "x" * 70000, [("Host", "x")]), 414, "http_request_error")

    def test_malformed(self, weir):
        with weir.client() as client:
            client.send("GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nbad field: x\r\n\r\n")
            check(client.response(), 400, "http_request_error")
            assert client.is_closed()

    def test_malformed_response(self, weir, play):
        origin = play(answer_once(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"))
        response = weir.get(origin.url + "/")
        assert response.status == 502
        assert status_of(response)["error"] in ("http_protocol_error", "http_response_incomplete")

    def test_response_head_too_large(self, weir, play):
        origin = play(answer_once(ok(fields=[("X-Large", "x" * 70000)])))
        response = weir.get(origin.url + "/")
        assert response.status == 502
        assert status_of(response)["error"].startswith("http_response_header")

    def test_loop(self, weir, origin):
        weir.get(origin.url + "/")
        own = origin.requests[0].fields.get("via")
        assert status_of(weir.get(origin.url + "/", [("Via", own)]))["error"] == "proxy_loop_detected"

    def test_of_connect(self, weir, gone):
        with weir.client() as client:
            client.send_request("CONNECT", gone.authority, [("Host", gone.authority)])
            check(client.response("CONNECT"), 502, "connection_refused")

    def test_unreachable_network(self, network, start):
        with network():
            weir = start()
            response = weir.get("http://93.184.216.34/")
            assert response.status in (502, 503, 504)
            assert status_of(response)["error"] in (
                "destination_ip_unroutable",
                "destination_unavailable",
                "connection_refused",
            )


class TestPages:
    def test_html_for_browsers(self, weir, gone):
        response = weir.get(gone.url + "/", [BROWSER])
        assert response.fields.get("content-type").startswith("text/html")
        assert "charset=utf-8" in response.fields.get("content-type").lower()
        assert response.text.lstrip().lower().startswith("<!doctype html>")
        assert "default-src 'none'" in response.fields.get("content-security-policy")

    @pytest.mark.parametrize(
        "accept", [None, "*/*", "application/json", "text/plain", "text/html;q=0", "image/avif,image/webp,*/*"]
    )
    def test_plain_text_for_others(self, shared_weir, gone, accept):
        response = shared_weir.get(gone.url + "/", [("Accept", accept)] if accept else [])
        assert response.fields.get("content-type").startswith("text/plain")
        assert "<" not in response.text

    def test_they_are_not_kept(self, weir, gone):
        assert "no-store" in weir.get(gone.url + "/").fields.get("cache-control", "")

    @pytest.mark.parametrize("accept", [BROWSER, ("Accept", "*/*")])
    def test_what_came_from_the_wire_is_escaped(self, shared_weir, gone, accept):
        evil = "/<script>alert(1)</script>\"'&"
        fields = [("Host", gone.authority), accept, ("User-Agent", "<script>"), ("Referer", "<script>")]
        response = shared_weir.get(gone.url + evil, fields)
        assert response.status == 502
        if response.fields.get("content-type").startswith("text/html"):
            assert "<script" not in response.text.lower()
        for name, value in response.fields.lines:
            assert b"<script" not in value or name.lower() == b"content-security-policy"

    @pytest.mark.parametrize("host", ["<script>.test", "a%22.test", "x'y.test"])
    def test_odd_hosts(self, shared_weir, host):
        response = shared_weir.get(f"http://{host}/", [("Host", "x"), BROWSER])
        assert response.status in (400, 502)
        assert "<script" not in response.text

    def test_no_credentials_in_any_page(self, weir, gone):
        secret = base64.b64encode(b"ada:hunter2").decode()
        fields = [
            ("Authorization", f"Basic {secret}"),
            ("Cookie", "session=hunter2"),
            ("Proxy-Authorization", f"Basic {secret}"),
        ]
        for url in (
            gone.url + "/",
            "http://127.0.0.1:25/",
            "http://weir.internal/",
            "http://nowhere.invalid/",
            "http://bad host/",
        ):
            with weir.client() as client:
                client.send_request("GET", url, [("Host", "weir.internal"), BROWSER, *fields])
                text = client.rest().decode("latin-1") if "bad host" in url else client.response().text
            assert secret not in text and "hunter2" not in text

    def test_a_head_request_gets_the_fields_alone(self, weir, gone):
        with weir.client() as client:
            client.send_request("HEAD", gone.url + "/", [("Host", gone.authority)])
            response = client.response("HEAD")
            assert response.status == 502
            assert "proxy-status" in response.fields
            client.send_request("GET", gone.url + "/", [("Host", gone.authority)])
            assert client.response().status == 502

    def test_an_error_does_not_cost_the_connection(self, weir, gone, origin):
        with weir.client() as client:
            for authority, status in (
                (gone.authority, 502),
                (origin.authority, 200),
                ("127.0.0.1:25", 403),
                (origin.authority, 200),
            ):
                client.send_request("GET", f"http://{authority}/", [("Host", authority)])
                assert client.response().status == status

    def test_an_origins_own_errors_pass_untouched(self, weir, play):
        origin = play(serve(ok(b"mine", status="502 Bad Gateway")))
        response = weir.get(origin.url + "/", [BROWSER])
        assert (response.status, response.body) == (502, b"mine")
        assert "error=" not in response.fields.get("proxy-status", "")

    def test_inside_a_tunnel(self, start, play):
        weir = start('[tunnel]\nserve = "always"\n')

        def script(connection):
            connection.request()
            connection.respond(b"ok")
            connection.request()

        origin = play(script)
        with weir.client() as client:
            client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
            assert client.response("CONNECT").status == 200
            client.send_request("GET", "/", [("Host", origin.authority)])
            assert client.response().status == 200
            client.send_request("GET", "/", [("Host", origin.authority), BROWSER])
            # A pinned connection that ends is neither replaced nor retried. The client's own
            # connection ends, as without a proxy, which tells the client that it may ask again.
            assert client.rest() == b""
        assert len(origin.connections) == 1
        lines = weir.wait_log(3)
        assert sorted(line.outcome for line in lines) == ["complete", "complete", "relayed"], lines
        assert [line for line in lines if "reused" in line.details] == [line for line in lines if line.outcome == "relayed"]


def test_a_client_that_reads_no_error(weir, gone):
    threads = []

    def leave():
        with Client(weir.port) as client:
            client.send_request("GET", gone.url + "/", [("Host", gone.authority)])
            client.reset()

    for _ in range(20):
        threads.append(threading.Thread(target=leave))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert weir.get(weir.url + "/").status == 200
