"""What is opened, for longer: gigabytes, crowds of clients that never finish, a person with Firefox, a program in
Java."""

import threading

import pytest
from support import firefox
from support.bulk import CALM, SLACK, Peak, receive, transmit
from support.client import eventually
from support.control import status
from support.opened import after_reloads, inside, lines_of, trust
from support.programs import is_installed, java
from support.rejecting import wave
from support.site import PASSWORD, USER, Site
from support.weir import fast_binary, run

HOST = "site.test"
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def context(authority):
    return authority.issue(HOST, *(f"h{number}.test" for number in range(40)))


@pytest.fixture
def site(context):
    with Site(tls=context, wait=60, tolerant=True, backlog=1024) as running:
        yield running


@pytest.fixture
def weir(start, names, opening):
    for host in (HOST, *(f"h{number}.test" for number in range(40))):
        names.set(host, "127.0.0.1")
    config = opening.config(more='[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n')
    running = start(names.config() + config, program=fast_binary(), env=CALM)
    opening.export(running)
    return running


@pytest.fixture
def browser_needs():
    if not firefox.PROGRAM or not is_installed("certutil"):
        pytest.skip("firefox-esr or certutil is not installed")


@pytest.mark.seconds(400)
def test_two_gigabytes_each_way(weir, site, opening):
    size = 2 << 30
    with inside(weir, f"{HOST}:{site.port}", trust(opening.pem)) as client:
        client.socket.settimeout(120)
        host = ("Host", f"{HOST}:{site.port}")
        for _ in range(4):
            client.send_request("GET", "/size/3000000", [host])
            assert client.response().complete
            client.send_request("PUT", "/upload/warm", [host, ("Content-Length", "3000000")], bytes(3_000_000))
            assert client.response().status == 201
        small = weir.rss()
        with Peak(weir) as peak:
            client.send_request("GET", f"/size/{size}", [host])
            assert client.reader.response_head().fields.get("content-length") == str(size)
            assert receive(client, size) == size
            client.reader.buffer.clear()
            client.send_request("PUT", "/upload/big", [host, ("Content-Length", str(size))])
            transmit(client, size)
            response = client.response()
            assert (response.status, response.body) == (201, str(size).encode())
    assert peak.most - small < SLACK


class GoodClient(threading.Thread):
    """Opens connections and asks, one after the other, until it is told to end."""

    def __init__(self, weir, authority, context):
        super().__init__(daemon=True)
        self.weir, self.authority, self.context = weir, authority, context
        self.told, self.count, self.faults = threading.Event(), 0, []

    def run(self):
        while not self.told.is_set():
            try:
                with inside(self.weir, self.authority, self.context) as client:
                    for _ in range(5):
                        client.send_request("GET", "/size/1000", [("Host", self.authority)])
                        response = client.response()
                        assert response.status == 200 and len(response.body) == 1000, response
                        self.count += 1
            except (AssertionError, OSError) as error:
                self.faults.append(repr(error))


@pytest.mark.seconds(600)
def test_ten_thousand_handshakes_that_never_finish(weir, site, opening):
    """Beside a client that is served all the time, and nothing is left of them."""
    total, at_once = 10_000, 500
    hosts = [f"h{number}.test:{site.port}" for number in range(40)]
    good = GoodClient(weir, f"{HOST}:{site.port}", trust(opening.pem))
    sources = (f"127.{1 + n // 62500}.{n // 250 % 250}.{1 + n % 250}" for n in range(total + at_once))
    wave(weir.port, [next(sources) for _ in range(at_once)], hosts, 60)
    eventually(lambda: status(weir)["client_connections"] == 0, within=60)
    descriptors, memory = weir.descriptors(), weir.rss()
    good.start()
    reached = {}
    for _ in range(total // at_once):
        for way, count in wave(weir.port, [next(sources) for _ in range(at_once)], hosts, 60).items():
            reached[way] = reached.get(way, 0) + count
    good.told.set()
    good.join(60)
    assert not good.is_alive() and good.faults == [], good.faults[:3]
    assert good.count >= 100
    assert reached == dict.fromkeys(reached, total // 4), reached
    eventually(lambda: status(weir)["client_connections"] == 0, within=60)
    eventually(lambda: [line.details.get("tls") for line in lines_of(weir, "CONNECT")].count("rejected:48") >= total // 4)
    eventually(lambda: weir.descriptors() <= descriptors + 40, within=60, what="the closing of descriptors")
    assert weir.rss() - memory < SLACK


def test_a_person_with_firefox(weir, site, opening, browser_needs):
    url = f"https://{HOST}:{site.port}"
    with firefox.Firefox(weir.port, authority=opening.pem) as browser:
        browser.open(url + "/login")
        fill = f"document.forms[0].user.value = '{USER}'; document.forms[0].password.value = '{PASSWORD}'"
        browser.submit(f"{fill}; document.forms[0].submit()")
        assert "Hello, ada" in browser.text()
        assert browser.evaluate("fetch('/size/5000000').then(r => r.arrayBuffer()).then(b => b.byteLength)") == 5000000
        socket = f"""new Promise((done, fail) => {{
          const socket = new WebSocket("wss://{HOST}:{site.port}/ws");
          socket.onopen = () => socket.send("one");
          socket.onmessage = (event) => {{ done(event.data); socket.close(); }};
          socket.onerror = () => fail("the WebSocket failed");
        }})"""
        assert browser.evaluate(socket) == "echo: one"
        browser.open("https://weir.internal/")
        assert "was opened by Weir" in browser.text()
    assert all("via" in request.fields for request in site.requests)


def test_firefox_without_the_authority_is_relayed(weir, site, authority, browser_needs):
    """It shows an error the first time; a person reloads."""
    url = f"https://{HOST}:{site.port}/"
    with firefox.Firefox(weir.port, authority=authority.pem) as browser:
        assert "Welcome" in after_reloads(browser, url)
    eventually(lambda: any(line.details.get("tls", "").startswith("rejected") for line in lines_of(weir, "CONNECT")))


@pytest.mark.skipif(not is_installed("java"), reason="java is not installed")
def test_java(weir, site, opening, authority, tmp_path):
    url = f"https://{HOST}:{site.port}/size/300000"
    done = java(weir.url, opening.pem, url, tmp_path)
    assert done.stdout.strip() == "300000", done.stderr
    assert eventually(lambda: lines_of(weir, "GET"))[0].status == 200
    exported = tmp_path / "exported.p12"
    assert run("ca", "export", "--p12", "--state-dir", str(opening.state), str(exported))[0] == 0
    done = java(weir.url, exported, url, tmp_path)
    assert done.stdout.strip() == "300000", done.stderr
    without = [java(weir.url, authority.pem, f"https://h1.test:{site.port}/size/1000", tmp_path) for _ in range(2)]
    assert "PKIX path building failed" in without[0].stderr
    assert without[1].stdout.strip() == "1000", without[1].stderr
