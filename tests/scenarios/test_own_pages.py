"""Weir's own pages: where they are served, and that they can't be reached in any other way."""

import re

import pytest
from support.client import Client, exchange


OWN_POLICY = "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"


class TestOwnPages:
    @pytest.mark.parametrize(
        "target, host",
        [
            ("http://weir.internal/", "weir.internal"),
            ("http://WEIR.internal:80/", "weir.internal"),
            ("/", "weir.internal"),
            ("http://127.0.0.1:{port}/", "127.0.0.1:{port}"),
            ("/", "127.0.0.1:{port}"),
            ("/", "localhost:{port}"),
            ("http://localhost:{port}/", "localhost:{port}"),
            ("/", "LOCALHOST.:{port}"),
        ],
    )
    def test_weir_answers_itself(self, shared_weir, target, host):
        port = shared_weir.port
        fields = [("Host", host.format(port=port)), ("Accept", "text/html"), ("User-Agent", "a <b>client")]
        response = shared_weir.exchange("GET", target.format(port=port), fields)
        assert response.status == 200, response
        assert re.search(r"\d+\.\d+\.\d+", response.text)
        assert "127.0.0.1" in response.text
        assert "<b>client" not in response.text

    def test_at_its_ipv6_address(self, weir):
        port = weir.port_of("::1")
        for target in (f"http://[::1]:{port}/", "/"):
            assert exchange(port, "GET", target, [("Host", f"[::1]:{port}")], host="::1").status == 200

    @pytest.mark.parametrize("host", ["example.org", "localhost:1", "127.0.0.1:1", "weir.internal:81", "10.0.0.1:{port}"])
    def test_others_names_get_421(self, shared_weir, host):
        response = shared_weir.exchange("GET", "/", [("Host", host.format(port=shared_weir.port))])
        assert response.status == 421

    def test_head_and_unknown_pages(self, weir):
        with weir.client() as client:
            client.send_request("HEAD", "http://weir.internal/", [("Host", "weir.internal")])
            response = client.response("HEAD")
            assert response.status == 200
            client.send_request("GET", "http://weir.internal/nothing", [("Host", "weir.internal")])
            assert client.response().status == 404

    def test_its_policy_and_its_style_sheet(self, weir):
        """A page loads its style sheet from Weir's own name, and nothing else from anywhere."""
        for host in ("weir.internal", f"127.0.0.1:{weir.port}"):
            page = weir.get(f"http://{host}/", [("Host", host), ("Accept", "text/html")])
            assert page.fields.get("content-security-policy") == OWN_POLICY
            assert re.findall(r"(?:href|src)=\"([^\"]*)\"", page.text)[0] == "/style.css"
            style = weir.get(f"http://{host}/style.css")
            assert (style.status, style.fields.get("content-type")) == (200, "text/css; charset=utf-8")
            assert "prefers-color-scheme" in style.text
            for response in (page, style, weir.get(f"http://{host}/none")):
                assert response.fields.get("cross-origin-resource-policy") == "same-origin"
                assert response.fields.get("cache-control") == "no-store"
                assert response.fields.get("x-content-type-options") == "nosniff"

    def test_asking_changes_nothing(self, weir):
        """Whatever a GET has in its query, the next answer is the same."""
        first = weir.get("http://weir.internal/", [("Accept", "text/html")])
        for query in ("?delete=1", "?action=revoke&id=1", "?_method=POST"):
            assert weir.get(f"http://weir.internal/{query}", [("Accept", "text/html")]).text == first.text
        assert weir.get("http://weir.internal/", [("Accept", "text/html")]).text == first.text

    def test_inside_a_connect_to_weir_internal(self, weir):
        with weir.client() as client:
            client.send_request("CONNECT", "weir.internal:80", [("Host", "weir.internal:80")])
            assert client.response("CONNECT").status == 200
            for _ in range(2):
                client.send_request("GET", "/", [("Host", "weir.internal")])
                response = client.response()
                assert response.status == 200 and "127.0.0.1" in response.text
            client.send_request("GET", "/", [("Host", "example.org")])
            assert client.response().status == 421

    def test_connect_to_the_own_address_gets_403(self, weir):
        for authority in (
            f"127.0.0.1:{weir.port}",
            f"localhost:{weir.port}",
            f"0.0.0.0:{weir.port}",
            f"[::ffff:127.0.0.1]:{weir.port}",
        ):
            with weir.client() as client:
                client.send_request("CONNECT", authority, [("Host", authority)])
                assert client.response("CONNECT").status == 403, authority

    def test_a_name_that_leads_to_the_own_address_gets_403(self, start, names):
        names.set("me.test", "127.0.0.1")
        config = '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["me.test"]\n'
        weir = start(names.config() + config)
        assert weir.get(f"http://me.test:{weir.port}/").status == 403

    def test_other_spellings_of_the_own_address_do_not_loop(self, weir):
        for host in ("0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "[::1]"):
            response = weir.get(f"http://{host}:{weir.port}/")
            assert response.status in (200, 403), host
            assert "via" not in response.fields or "proxy-status" in response.fields

    def test_many_clients_see_nothing_of_each_other(self, weir):
        with Client(weir.port) as other:
            other.send_request("GET", "http://weir.internal/", [("Host", "weir.internal"), ("User-Agent", "unlikely-agent")])
            other.response()
            assert "unlikely-agent" not in weir.get("http://weir.internal/").text

    def test_what_was_denied_again_and_again_is_one_row(self, start):
        weir = start('workers = 1\n[[rule]]\nname = "no"\naction = "deny"\nwhat.host = ["bad.test"]\n')
        for path in ("/a", "/b", "/a", "/a"):
            assert weir.get("http://bad.test" + path).status == 403
        html = weir.get("http://weir.internal/", [("Accept", "text/html")]).text
        assert "<table" not in html, "too wide for a telephone"
        rows = re.findall(r"<dt>\d\d:\d\d:\d\d</dt><dd><code>GET (.*?)</code>(?:<br>(\d+) times)?", html)
        assert rows == [("http://bad.test/a", "3"), ("http://bad.test/b", "")]
        text = weir.get("http://weir.internal/").text
        assert re.findall(r"^denied: .* (\S+), rule: no(.*)$", text, re.MULTILINE) == [
            ("http://bad.test/a", ", times: 3"),
            ("http://bad.test/b", ""),
        ]

    def test_a_page_that_is_not_there(self, weir):
        page = weir.get("http://weir.internal/none", [("Accept", "text/html")])
        assert (page.status, page.fields.get("content-type")) == (404, "text/html; charset=utf-8")
        assert page.fields.get("content-security-policy") == OWN_POLICY
        assert "Weir has no such page" in page.text

    def test_a_denied_frame_is_shown(self, start):
        weir = start('[[rule]]\nname = "no"\naction = "deny"\nwhat.host = ["bad.test"]\n')
        tells = {destination: [("Sec-Fetch-Dest", destination)] for destination in ("iframe", "document")}
        # Browsers send that field over HTTPS and to this machine alone.
        for fields, framed in ((tells["iframe"], True), (tells["document"], False), ([("Upgrade-Insecure-Requests", "1")], True)):
            page = weir.get("http://bad.test/", [("Accept", "text/html"), *fields])
            assert page.status == 403
            assert ("frame-ancestors" not in page.fields.get("content-security-policy")) == framed
