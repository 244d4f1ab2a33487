"""Where opening does not work, and nobody is to blame: Weir relays the tunnel, or denies it if its
owner says so, and says why."""

import contextlib
import socket
import ssl
import time

import pytest
from support.client import Client, eventually
from support.message import Ended
from support.opened import alert_in, first_answer, get, inside, issuer_of, lines_of, trust
from support.tls import Authority, client_hello
from support.tunnels import connect
from support.weir import run

DENY = 'on_reject = "deny"'


@pytest.fixture(scope="module")
def context(authority):
    return authority.issue("127.0.0.1", "localhost", *(f"site{n}.localhost" for n in range(8)))


@pytest.fixture
def weir(start, opening):
    running = start(opening.config())
    opening.export(running)
    return running


def kept(connection):
    while connection.more():
        connection.respond(connection.request().target.encode())


def last_tunnel(weir, count):
    lines = eventually(lambda: len(lines := lines_of(weir, "CONNECT")) >= count and lines)
    assert len(lines) == count
    return lines[-1].details


def says(alert):
    """A client that sends that alert when it has seen the certificate, in TLS 1.2, where nothing is
    encrypted yet."""

    def actor(weir, site, _):
        with Client(weir.port) as client:
            connect(client, site)
            client.send(client_hello(site.partition(":")[0], version=ssl.TLSVersion.TLSv1_2))
            client.read(5)
            client.send(bytes((21, 3, 3, 0, 2, 2, alert)))
            client.rest()

    return actor


def verifies(version):
    """Python's library, which does not know the authority: alert 48."""

    def actor(weir, site, authority):
        with pytest.raises(ssl.SSLCertVerificationError):
            with inside(weir, site, trust(authority.pem, version=version)):
                pass

    return actor


def says_goodbye(version):
    """As wget, git and curl do: a complete handshake, close_notify, no request."""

    def actor(weir, site, _):
        with inside(weir, site, trust(None, version=version)) as client:
            with contextlib.suppress(ssl.SSLError, OSError):
                client.socket.unwrap()

    return actor


def just_leaves(weir, site, _):
    """A complete handshake, then the end of the connection."""
    with inside(weir, site, trust(None)):
        pass


def leaves_before_its_finished(weir, site, _):
    """As node does with TLS 1.3: the connection ends when the certificate has been seen."""
    with Client(weir.port) as client:
        connect(client, site)
        client.send(client_hello(site.partition(":")[0]))
        client.read(5)
        client.socket.shutdown(socket.SHUT_WR)
        client.rest()


REJECTIONS = {
    **{f"alert {alert}": says(alert) for alert in (40, 42, 43, 44, 45, 46, 47, 48, 49, 80)},
    "1.2 verifies": verifies(ssl.TLSVersion.TLSv1_2),
    "1.3 verifies": verifies(ssl.TLSVersion.TLSv1_3),
    "1.2 says goodbye": says_goodbye(ssl.TLSVersion.TLSv1_2),
    "1.3 says goodbye": says_goodbye(ssl.TLSVersion.TLSv1_3),
    "just leaves": just_leaves,
    "leaves before its Finished": leaves_before_its_finished,
}


@pytest.mark.parametrize("how", REJECTIONS)
def test_the_second_try_of_a_client_that_rejects_is_relayed(weir, play, context, authority, how):
    origin = play(kept, tls=context, tolerant=True)
    site = f"site1.localhost:{origin.port}"
    REJECTIONS[how](weir, site, authority)
    first = last_tunnel(weir, 1)
    assert first["tls"].startswith("rejected"), first
    if how.startswith("alert"):
        assert first["tls"] == "rejected:" + how.split()[1]
        hello = client_hello("site1.localhost", version=ssl.TLSVersion.TLSv1_2)
    elif how.startswith("leaves"):
        hello = client_hello("site1.localhost")
    else:
        hello = None
    # The same program comes again.
    if hello:
        first_answer(weir, site, hello)
    else:
        version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}.get(how[:3])
        with inside(weir, site, trust(authority.pem, version=version)) as client:
            client.send_request("GET", "/x", [("Host", site)])
            assert client.response().body == b"/x" and issuer_of(client) == "Test Root"
    second = last_tunnel(weir, 2)
    assert (second["tls"], second["step_aside"]) == ("tunnelled", "rejected")


def test_or_denied(start, play, opening, context, authority):
    weir = start(opening.config(DENY))
    origin = play(kept, tls=context, tolerant=True)
    site = f"site1.localhost:{origin.port}"
    just_leaves(weir, site, authority)
    last_tunnel(weir, 1)
    assert alert_in(first_answer(weir, site, client_hello("site1.localhost", protocols=("http/1.1",)))) == 49
    assert last_tunnel(weir, 2)["rule"] == "intercept.on_reject"


def test_what_is_no_rejection(weir, play, context, opening):
    origin = play(kept, tls=context, tolerant=True)
    site = f"site1.localhost:{origin.port}"
    with Client(weir.port) as client:  # A connection that is opened in advance.
        connect(client, site)
    with Client(weir.port) as client:  # ech_required: the client comes again without.
        connect(client, site)
        client.send(client_hello("site1.localhost", version=ssl.TLSVersion.TLSv1_2)).read(5)
        client.send(bytes((21, 3, 3, 0, 2, 2, 121))).rest()
    with inside(weir, site, trust(opening.pem)):  # One that was not needed.
        time.sleep(2.3)
    with inside(weir, site, trust(opening.pem)) as client:
        client.send_request("GET", "/", [("Host", site)])
        assert client.response().status == 200 and issuer_of(client).startswith("Weir")


@pytest.mark.parametrize("agent", ["Mozilla/5.0 (X11)", "app/1"], ids=["browser", "other"])
def test_spare_connections_of_a_browser_are_no_rejections(weir, play, context, opening, authority, agent):
    """Browsers say by an alert that they do not accept a certificate; of other programs, three are evidence."""
    origin = play(kept, tls=context, tolerant=True)
    fields = lambda site: [("Host", site), ("User-Agent", agent)]

    def connection(site, pem):
        client = Client(weir.port)
        connect(client, site, fields=fields(site))
        client.socket = trust(pem).wrap_socket(client.socket, server_hostname=site.partition(":")[0])
        return client

    first, spare = f"site1.localhost:{origin.port}", f"site2.localhost:{origin.port}"
    with connection(first, opening.pem) as client:
        client.send_request("GET", "/", [("Host", first)])
        assert client.response().status == 200
    for _ in range(3):
        connection(spare, opening.pem).close()
    spares = eventually(lambda: len(lines := lines_of(weir, "CONNECT")) == 4 and lines)[1:]
    browser = agent.startswith("Mozilla")
    assert [line.details["tls"] for line in spares] == ["opened" if browser else "rejected"] * 3
    with connection(spare, opening.pem if browser else authority.pem) as client:
        client.send_request("GET", "/", [("Host", spare)])
        assert client.response().status == 200 and issuer_of(client).startswith("Weir") == browser


def test_a_reload_forgets_what_clients_rejected(weir, play, context, opening, authority):
    """As after the authority was installed for a program that opens no pages."""
    origin = play(kept, tls=context, tolerant=True)
    site = f"site1.localhost:{origin.port}"
    verifies(None)(weir, site, authority)
    last_tunnel(weir, 1)
    page = weir.get("http://weir.internal/").text
    assert "open https://weir.internal/ in the same program" in page
    assert run("reload", str(weir.port))[0] == 0
    with inside(weir, site, trust(opening.pem)) as client:
        client.send_request("GET", "/", [("Host", site)])
        assert client.response().status == 200 and issuer_of(client).startswith("Weir")


def test_one_program_speaks_for_itself_alone(weir, play, context, authority, opening):
    origin = play(kept, tls=context, tolerant=True)
    site = f"site1.localhost:{origin.port}"
    says(48)(weir, site, authority)  # A program that speaks TLS 1.2.
    with inside(weir, site, trust(opening.pem)) as client:
        client.send_request("GET", "/", [("Host", site)])
        assert client.response().status == 200 and issuer_of(client).startswith("Weir")


def test_a_client_without_the_authority_does_not_fail_host_by_host(weir, play, context, authority, opening):
    origin = play(kept, tls=context, tolerant=True)
    sites = [f"site{n}.localhost:{origin.port}" for n in range(8)]
    for site in sites[:5]:
        verifies(None)(weir, site, authority)
    last_tunnel(weir, 5)
    with inside(weir, sites[6], trust(authority.pem)) as client:
        client.send_request("GET", "/", [("Host", sites[6])])
        assert client.response().status == 200 and issuer_of(client) == "Test Root"
    assert last_tunnel(weir, 6)["step_aside"] == "no_authority"
    status = run("status", str(weir.port))[1]
    assert "no_authority" in status and "127.0.0.1" in status, status
    # Then somebody installs it there.
    assert get(weir, "https://weir.internal/", trust(opening.pem)).status == 200
    with inside(weir, sites[1], trust(opening.pem)) as client:
        assert issuer_of(client).startswith("Weir")


def test_a_certificate_of_the_clients_reaches_the_origin(weir, play, authority):
    asks = authority.issue("localhost")
    asks.verify_mode = ssl.CERT_REQUIRED
    asks.load_verify_locations(authority.pem)
    shown = []

    def script(connection):
        shown.append(connection.socket.getpeercert()["subject"])
        kept(connection)

    origin = play(script, tls=asks)
    site = f"localhost:{origin.port}"
    person = authority.issue_to_client("A Person")
    for _ in range(2):
        client_context = trust(authority.pem)
        client_context.load_cert_chain(*person)
        with inside(weir, site, client_context) as client:
            client.send_request("GET", "/", [("Host", site)])
            assert client.response().status == 200
    assert len(shown) == 2
    assert last_tunnel(weir, 2)["step_aside"] == "client_certificate"
    handshakes = len(origin.connections)
    assert handshakes == 3, "what was learned the first time saves a handshake the second time"


def test_a_client_that_speaks_no_http_1_is_relayed(weir, play, authority):
    modern = authority.issue("localhost")
    modern.set_alpn_protocols(["h2"])
    origin = play(lambda connection: connection.send(b"settings"), tls=modern)
    with inside(weir, f"localhost:{origin.port}", trust(authority.pem, protocols=("h2",))) as client:
        assert client.socket.selected_alpn_protocol() == "h2"
        assert client.read(8) == b"settings"
    assert last_tunnel(weir, 1)["step_aside"] == "no_protocol"


def test_what_is_not_http_is_relayed_the_next_time(weir, play, context, authority, opening):
    origin = play(lambda connection: connection.send(connection.reader.exactly(4).upper()), tls=context, tolerant=True)
    site = f"site1.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        client.send(b"\x00\x04ab")
        with contextlib.suppress(Ended, OSError, ssl.SSLError):
            assert client.rest() == b""
    assert last_tunnel(weir, 1)["step_aside"] == "not_http"
    with inside(weir, site, trust(authority.pem)) as client:
        client.send(b"\x00\x04ab")
        assert client.read(4) == b"\x00\x04AB"


@pytest.mark.parametrize("line", [b"CAP LS 302\r\nNICK x\r\n", b"HELO x\r\n", b"<stream:stream>"])
def test_lines_of_other_protocols_are_relayed_the_next_time(weir, play, context, authority, opening, line):
    """They begin with a word, as requests do."""
    origin = play(lambda connection: connection.send(connection.reader.exactly(len(line)).lower()), tls=context, tolerant=True)
    site = f"site1.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        client.send(line)
        with contextlib.suppress(Ended, OSError, ssl.SSLError):
            assert client.rest() == b""
    assert last_tunnel(weir, 1)["step_aside"] == "not_http"
    with inside(weir, site, trust(authority.pem)) as client:
        client.send(line)
        assert client.read(len(line)) == line.lower()


def test_a_device_at_home_is_judged_by_the_client(weir, play, tmp_path):
    unknown = Authority(tmp_path, "A Router")
    origin = play(kept, tls=unknown.issue("localhost"), tolerant=True)
    site = f"localhost:{origin.port}"
    with inside(weir, site, trust(unknown.pem)) as client:
        client.send_request("GET", "/", [("Host", site)])
        assert client.response().status == 200 and issuer_of(client) == "A Router"
    assert last_tunnel(weir, 1)["step_aside"] == "bad_origin"
