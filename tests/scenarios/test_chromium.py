"""A browser through Weir: pages, logging in, WebSockets, HTTPS. The test's own name server has
every name."""

import pytest
from support import chromium
from support.client import eventually
from support.site import PASSWORD, USER, Site
from support.tls import server_context

pytestmark = [
    pytest.mark.seconds(150),
    pytest.mark.skipif(not chromium.PROGRAM, reason="Debian's chromium is not installed"),
]


@pytest.fixture
def weir(start, names):
    names.set("site.test", "127.0.0.1")
    return start(names.config() + '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n')


@pytest.fixture
def browser(weir):
    with chromium.Chromium(weir.port) as running:
        yield running


SOCKET = """new Promise((done, fail) => {
  const socket = new WebSocket("%s");
  const heard = [];
  socket.onopen = () => { socket.send("one"); socket.send("two"); };
  socket.onmessage = (event) => { heard.push(event.data); if (heard.length == 2) { socket.close(); done(heard.join(",")); } };
  socket.onerror = () => fail("the WebSocket failed");
})"""


def test_a_person_browses_and_logs_in(weir, browser, site):
    url = f"http://site.test:{site.port}"
    browser.open(url + "/")
    assert "Welcome" in browser.text()
    browser.open(url + "/members")
    assert "Members only" in browser.text()
    browser.open(url + "/login")
    browser.submit(
        f"document.forms[0].user.value = '{USER}'; document.forms[0].password.value = '{PASSWORD}'; document.forms[0].submit()"
    )
    assert "Hello, ada" in browser.text()
    assert browser.evaluate("location.pathname") == "/members"
    assert "theme=dark, blue" in browser.evaluate("document.cookie")
    browser.open(url + "/redirect")
    assert "Welcome" in browser.text()
    assert browser.evaluate(SOCKET % f"ws://site.test:{site.port}/ws") == "echo: one,echo: two"
    assert browser.evaluate("fetch('/size/5000000').then(r => r.arrayBuffer()).then(b => b.byteLength)") == 5000000
    assert (
        browser.evaluate(
            "fetch('/echo', {method: 'POST', body: 'x'.repeat(1000000)}).then(r => r.text()).then(t => t.length)"
        )
        == 1000000
    )
    assert any("ws" in request.target and request.fields.get("upgrade") == "websocket" for request in site.requests)
    # WebSockets come in a CONNECT, which passes them unchanged.
    plain = [request for request in site.requests if "upgrade" not in request.fields]
    assert all("via" in request.fields for request in plain)
    browser.close()
    eventually(lambda: any(line.request.startswith("CONNECT site.test") for line in weir.log), what="the tunnel's line")


def test_loopback_addresses_too(browser, site):
    browser.open(site.url + "/")
    assert "Welcome" in browser.text()
    assert "via" in site.requests[0].fields


def test_https(weir, tmp_path):
    with Site(tls=server_context(tmp_path)) as site, chromium.Chromium(
        weir.port, ["--ignore-certificate-errors"]
    ) as browser:
        url = f"https://site.test:{site.port}"
        browser.open(url + "/login")
        browser.submit(
            f"document.forms[0].user.value = '{USER}'; document.forms[0].password.value = '{PASSWORD}'; document.forms[0].submit()"
        )
        assert "Hello, ada" in browser.text()
        assert browser.evaluate(SOCKET % f"wss://site.test:{site.port}/ws") == "echo: one,echo: two"
    eventually(lambda: any(line.details.get("sni") == "site.test" for line in weir.log), what="the tunnel's line")


def test_weirs_own_pages_and_errors(browser):
    browser.open("http://weir.internal/")
    assert "weir" in browser.text().lower()
    browser.open("http://nowhere.test/")
    assert "nowhere.test" in browser.text()
