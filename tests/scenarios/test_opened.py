"""CONNECT tunnels whose TLS Weir opens: what is inside is served like plain requests, and nothing is
lost by it."""

import contextlib
import hashlib
import os
import re
import ssl
import threading
import time

import pytest
from support import websocket
from support.client import Client, eventually
from support.hello_again import HelloAgain
from support.message import Ended
from support.nameserver import NameServer
from support.opened import Opening, alert_in, first_answer, get, inside, issuer_of, lines_of, trust
from support.tls import Authority, client_hello
from support.origin import Origin
from support.tunnels import connect
from support.weir import Weir, run


@pytest.fixture(scope="module")
def context(authority):
    return authority.issue("127.0.0.1", "localhost", "site.localhost")


@pytest.fixture
def weir(start, opening):
    running = start(opening.config())
    opening.export(running)
    return running


PUBLIC = "93.184.216.34"


def kept(connection):
    """Answers every request on the connection with its target."""
    while connection.more():
        connection.respond(connection.request().target.encode())


def tunnels(weir, count):
    """The lines of that many CONNECTs, in the log."""
    return eventually(lambda: len(lines := lines_of(weir, "CONNECT")) >= count and lines)


def test_what_is_inside_is_served(weir, play, context, opening):
    origin = play(kept, tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        assert issuer_of(client).startswith("Weir")
        assert client.socket.getpeercert()["subjectAltName"] == (("DNS", "site.localhost"),)
        assert client.socket.selected_alpn_protocol() == "http/1.1"
        for target in ("/a?b", "/c"):
            client.send_request("GET", target, [("Host", site)])
            response = client.response()
            assert (response.status, response.body) == (200, target.encode())
            assert response.fields.get("via")
    assert len(origin.connections) == 1
    assert [request.fields.get("host") for request in origin.requests] == [site] * 2
    line = tunnels(weir, 1)[0]
    assert line.details["tls"] == "opened" and line.details["sni"] == "site.localhost"
    assert [line.request.split(" ")[1] for line in lines_of(weir, "GET")] == ["/a?b", "/c"]
    assert [line.details["site"] for line in lines_of(weir, "GET")] == [f"https://{site}"] * 2


def test_an_address_is_opened_with_a_certificate_for_it(weir, play, context, opening):
    origin = play(kept, tls=context)
    with inside(weir, origin.authority, trust(opening.pem)) as client:
        assert client.socket.getpeercert()["subjectAltName"] == (("IP Address", "127.0.0.1"),)
        client.send_request("GET", "/", [("Host", origin.authority)])
        assert client.response().status == 200


def test_a_connect_by_address_goes_there_under_the_server_name(weir, play, context, opening):
    origin = play(kept, tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, origin.authority, trust(opening.pem), name="site.localhost") as client:
        for _ in range(2):
            client.send_request("GET", "/", [("Host", site)])
            assert client.response().status == 200
        client.send_request("GET", "/", [("Host", origin.authority)])
        assert client.response().status == 421


def test_the_origins_connection_serves_the_next_tunnel(weir, play, context, opening):
    origin = play(kept, tls=context)
    for _ in range(3):
        assert get(weir, f"https://site.localhost:{origin.port}/", trust(opening.pem)).status == 200
    assert len(origin.connections) == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_much_goes_both_ways(weir, play, context, opening, version):
    up, down = os.urandom(3_000_000), os.urandom(5_000_000)

    def script(connection):
        assert connection.request().body == up
        connection.respond(down)
        connection.wait_for_end()

    origin = play(script, tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem, version=version)) as client:
        client.send_request("POST", "/", [("Host", site), ("Content-Length", str(len(up)))], up)
        response = client.response("POST")
    assert response.status == 200 and hashlib.sha256(response.body).digest() == hashlib.sha256(down).digest()


def test_a_client_that_says_no_more_gets_all_of_its_answer(weir, play, context, opening):
    content = os.urandom(2_000_000)
    origin = play(lambda connection: (connection.request(), connection.respond(content), connection.wait_for_end()), tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        client.send_request("GET", "/", [("Host", site), ("Connection", "close")])
        time.sleep(0.2)  # What is sent meanwhile waits in Weir and in the kernel.
        assert client.response().body == content


def test_websocket(weir, play, context, opening):
    origin = play(lambda connection: websocket.serve_echo(connection, connection.request()), tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        fields = [("Host", site), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
        client.send_request("GET", "/chat", [*fields, ("Sec-WebSocket-Key", key)])
        assert client.response().status == 101
        for text in ("one", "two" * 50_000):
            client.send(websocket.frame(text, masked=True))
            assert websocket.read_frame(client.read) == (websocket.TEXT, b"echo: " + text.encode())
        client.send(websocket.frame(b"\x03\xe8", websocket.CLOSE, masked=True))
        assert websocket.read_frame(client.read)[0] == websocket.CLOSE


def test_events_come_one_by_one(weir, play, context, opening):
    go_on = threading.Event()

    def script(connection):
        connection.request()
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(5):
            connection.send(b"9\r\ndata: %d\n\n\r\n" % number)
            assert go_on.wait(10)
            go_on.clear()
        connection.send(b"0\r\n\r\n")
        connection.wait_for_end()

    origin = play(script, tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        client.send_request("GET", "/", [("Host", site)])
        client.read_until(b"\r\n\r\n")
        for number in range(5):
            assert b"data: %d" % number in client.read_until(b"\n\n\r\n")
            go_on.set()


def test_a_login_of_the_connection_stays_on_it(weir, play, context, opening):
    """NTLM and Negotiate log in a connection: it belongs to this client alone."""
    seen = []

    def script(connection):
        while connection.more():
            request = connection.request()
            seen.append((connection.number, request.fields.get("authorization")))
            if len([each for each in seen if each[0] == connection.number]) < 3:
                connection.respond(b"", "401 Unauthorized", [("WWW-Authenticate", "NTLM")])
            else:
                connection.respond(b"in")

    origin = play(script, tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        for token in (None, "NTLM one", "NTLM two", None):
            client.send_request("GET", "/", [("Host", site)] + ([("Authorization", token)] if token else []))
            response = client.response()
        assert response.body == b"in"
        assert len({number for number, _ in seen}) == 1
        get(weir, f"https://{site}/", trust(opening.pem))
        assert len({number for number, _ in seen}) == 2, "nobody else is on it"


def test_the_other_hosts_and_ways_out_of_place(weir, play, context, opening):
    origin = play(kept, tls=context)
    site = f"site.localhost:{origin.port}"
    for fields, target, status in (
        ([("Host", "other.localhost")], "/", 421),
        ([("Host", site)], f"https://other.localhost:{origin.port}/", 421),
        ([("Host", site)], f"http://{site}/", 421),
        ([("Host", site)], f"https://{site}/", 200),
    ):
        with inside(weir, site, trust(opening.pem)) as client:
            client.send_request("GET", target, fields)
            assert client.response().status == status, (fields, target)
    with inside(weir, site, trust(opening.pem)) as client:
        client.send_request("CONNECT", "other.localhost:443", [("Host", "other.localhost:443")])
        assert client.response("CONNECT").status == 400


def test_alternative_services_are_not_offered(weir, play, context, opening):
    origin = play(lambda connection: (connection.request(), connection.respond(b"x", fields=[("Alt-Svc", 'h3=":443"'), ("X-Kept", "1")]), connection.wait_for_end()), tls=context)
    response = get(weir, f"https://site.localhost:{origin.port}/", trust(opening.pem))
    assert response.fields.get("alt-svc") is None and response.fields.get("x-kept") == "1"


def test_own_pages_come_over_tls_too(weir, opening):
    response = get(weir, "https://weir.internal/", trust(opening.pem))
    assert response.status == 200 and b"Weir works" in response.body
    assert "this program trusts Weir's authority" in response.text


def test_a_cut_is_no_end(weir, play, context, opening):
    """A close-delimited answer ends with close_notify, or was cut (RFC 9112, 9.8)."""

    def script(connection):
        request = connection.request()
        connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe beginning")
        if request.target == "/whole":
            connection.socket = connection.socket.unwrap()

    origin = play(script, tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        client.send_request("GET", "/whole", [("Host", site)])
        assert client.response().body == b"the beginning"
    with inside(weir, site, trust(opening.pem)) as client:
        client.send_request("GET", "/cut", [("Host", site)])
        try:
            whole = client.response().complete
        except (ConnectionResetError, ssl.SSLError, Ended):
            whole = False
        assert not whole, "a cut that looks like an end"
    lines = eventually(lambda: len(lines := lines_of(weir, "GET")) == 2 and lines)
    assert [line.outcome for line in lines] == ["complete", "http_response_incomplete"]


def test_sessions_are_resumed_at_their_own_host_alone(weir, play, context, opening):
    origin = play(kept, tls=context)
    client_context = trust(opening.pem)
    client_context.check_hostname = False
    sessions = {}
    for name in ("site.localhost", "localhost"):
        with inside(weir, f"{name}:{origin.port}", client_context) as client:
            client.send_request("GET", "/", [("Host", f"{name}:{origin.port}")])
            client.response()
            sessions[name] = client.socket.session
    for shown in sessions:
        for asked in sessions:
            with inside(weir, f"{asked}:{origin.port}", client_context, session=sessions[shown]) as client:
                client.send_request("GET", "/", [("Host", f"{asked}:{origin.port}")])
                assert client.response().status == 200
                assert client.socket.session_reused == (shown == asked), (shown, asked)


def test_own_pages_say_what_became_of_the_last_connection(weir, play, context, opening):
    origin = play(kept, tls=context, tolerant=True)
    page = "http://weir.internal/"
    assert "No HTTPS connection of yours is known" in weir.get(page).text
    assert get(weir, f"https://site.localhost:{origin.port}/", trust(opening.pem)).status == 200
    assert "to site.localhost, was opened by Weir" in weir.get(page).text
    first_answer(weir, f"localhost:{origin.port}", client_hello("localhost", ("h2",)))
    assert "to localhost, was relayed unread: this program, the site and Weir share no protocol" in weir.get(page).text


def test_a_server_name_of_another_host_is_refused(weir, play, context, opening):
    origin = play(kept, tls=context)
    assert alert_in(first_answer(weir, f"localhost:{origin.port}", client_hello("site.localhost"))) == 112
    assert tunnels(weir, 1)[0].details["rule"] == "intercept.sni"
    assert len(origin.requests) == 0


@pytest.mark.parametrize("second", ["site.localhost", "localhost"])
def test_another_server_name_in_a_second_hello(weir, play, context, opening, second):
    """Asked for another ClientHello, a client may not name another host than was judged."""
    origin = play(kept, tls=context)
    site = f"site.localhost:{origin.port}"
    with Client(weir.port) as client:
        connect(client, site)
        again = HelloAgain(client.socket, "site.localhost", second)
        complete = again.handshake()
        assert again.asked_again
        request = f"GET /asked HTTP/1.1\r\nHost: {site}\r\nConnection: close\r\n\r\n".encode()
        answer = again.ask(request) if complete else b""
        again.close()
    if second == "site.localhost":
        assert answer.endswith(b"/asked")
    else:
        assert answer == b"" and not origin.requests
        assert tunnels(weir, 1)[0].outcome == "tls_protocol_error"


def test_a_server_name_of_another_host_may_be_logged_alone(start, play, context, opening):
    weir = start(opening.config('sni = "log"'))
    opening.export(weir)
    origin = play(kept, tls=context)
    with inside(weir, f"localhost:{origin.port}", trust(opening.pem), name="site.localhost") as client:
        client.send_request("GET", "/", [("Host", f"site.localhost:{origin.port}")])
        assert client.response().status == 200


def test_what_is_opened_is_told(weir, opening):
    told = 'HTTPS is opened of 1 of `intercept.hosts`, by "Weir CA '
    weir.wait_stderr(re.escape(told))
    assert "https: " + told in run("status", str(weir.port))[1]


def test_with_the_mode_off_nothing_is_opened(start, play, context, opening, authority):
    weir = start(opening.config(mode="off"))
    origin = play(kept, tls=context)
    with inside(weir, f"site.localhost:{origin.port}", trust(authority.pem)) as client:
        client.send_request("GET", "/", [("Host", f"site.localhost:{origin.port}")])
        assert client.response().status == 200 and issuer_of(client) == "Test Root"
    assert tunnels(weir, 1)[0].details["tls"] == "tunnelled"


def test_only_and_all_but(start, play, context, tmp_path, authority):
    origin = play(kept, tls=context, tolerant=True)
    for mode, opened in (("only", ("site.localhost",)), ("all-but", ())):
        (tmp_path / mode).mkdir()
        opening = Opening(tmp_path / mode, authority)
        weir = start(opening.config(mode=mode, hosts=["=site.localhost"]))
        pem = opening.export(weir)
        for name in ("site.localhost", "localhost"):
            with inside(weir, f"{name}:{origin.port}", trust(pem if name in opened else authority.pem)) as client:
                assert issuer_of(client).startswith("Weir") == (name in opened)


def test_all_but_leaves_out_what_it_is_told_to(network, opening, authority):
    names = {name: PUBLIC for name in ("site.test", "bank.test", "www.bank.test")}
    with network(f"{PUBLIC}/32"), NameServer(names) as server, Weir(
        server.config() + opening.config(mode="all-but", hosts=["bank.test"])
    ) as weir, Origin(kept, host=PUBLIC, tls=authority.issue(*names), tolerant=True) as origin:
        pem = opening.export(weir)
        for name in names:
            opened = not name.endswith("bank.test")
            with inside(weir, f"{name}:{origin.port}", trust(pem if opened else authority.pem)) as client:
                assert issuer_of(client).startswith("Weir") == opened


def test_rules_see_what_is_inside(start, play, context, opening):
    weir = start(
        opening.config(
            more='[[rule]]\nname = "no ads"\nwhat = { url = ["https://site.localhost:*/ads/*"] }\naction = "deny"\n'
            '[[rule]]\nname = "left alone"\nwhat = { host = ["=localhost"] }\naction = "tunnel"\n'
        )
    )
    opening.export(weir)
    origin = play(kept, tls=context)
    site = f"site.localhost:{origin.port}"
    with inside(weir, site, trust(opening.pem)) as client:
        for target, status in (("/", 200), ("/ads/1", 403), ("/news", 200)):
            client.send_request("GET", target, [("Host", site)])
            assert client.response().status == status
    tunnels(weir, 1)
    assert [line.details.get("rule") for line in lines_of(weir, "GET")] == [None, "no_ads", None]


def test_ssh_and_others_pass_as_they_are(weir, play, opening):
    def greets(connection):
        connection.send("SSH-2.0-Test\r\n")
        assert connection.reader.line() == b"SSH-2.0-Client"
        connection.send("more")

    origin = play(greets)
    with Client(weir.port) as client:
        connect(client, origin.authority)
        assert client.read_until(b"\r\n") == b"SSH-2.0-Test\r\n"
        client.send("SSH-2.0-Client\r\n")
        assert client.read(4) == b"more"
    stream = b"<?xml version='1.0'?><stream:stream to='site.test'>"
    origin = play(lambda connection: (connection.reader.exactly(len(stream)), connection.send("<features/>")))
    with Client(weir.port) as client:
        connect(client, origin.authority)
        client.send(stream)
        assert client.read(11) == b"<features/>"


def test_another_authority_by_reload(start, play, context, opening):
    """The next generation is prepared, given to clients, and signs when it is told to."""
    weir = start(opening.config())
    old = opening.export(weir).read_text()
    config = f"{weir.directory.name}/weir.toml"
    origin = play(kept, tls=context)
    url = f"https://site.localhost:{origin.port}/"
    assert get(weir, url, trust(opening.pem)).status == 200
    for words in (("ca", "renew", "--config", config), ("reload", str(weir.port))):
        assert run(*words)[0] == 0
    assert get(weir, url, trust(opening.pem)).status == 200
    both = opening.export(weir).read_text()
    assert both.count("BEGIN CERTIFICATE") == 2 and "PRIVATE" not in both
    for words in (("ca", "switch", "--config", config), ("reload", str(weir.port))):
        assert run(*words)[0] == 0
    with inside(weir, f"site.localhost:{origin.port}", trust(opening.pem)) as client:
        assert issuer_of(client).endswith("#2")
    opening.pem.write_text(old)
    with pytest.raises(ssl.SSLCertVerificationError):
        get(weir, url, trust(opening.pem))


def test_the_secrets_of_opened_sessions_are_logged_if_asked_for(start, play, context, opening, tmp_path):
    path = tmp_path / "secrets"
    weir = start(opening.config().replace("[tls]\n", f'[tls]\nkey_log = "{path}"\n'))
    opening.export(weir)
    origin = play(kept, tls=context)
    client_context = trust(opening.pem, version=ssl.TLSVersion.TLSv1_3)
    client_context.keylog_filename = str(tmp_path / "client")
    assert get(weir, f"https://site.localhost:{origin.port}/", client_context).status == 200
    mine = {line for line in (tmp_path / "client").read_text().splitlines() if "TRAFFIC" in line}
    assert mine and mine <= set(path.read_text().splitlines())


@pytest.mark.parametrize("asked", [False, True], ids=["silent", "idle"])
def test_tunnels_that_nobody_uses_make_room(start, play, context, opening, asked):
    most = 8
    weir = start(opening.config(more=f"[limits]\nconnections = {most}\n"))
    opening.export(weir)
    origin = play(kept, tls=context)
    site = f"site.localhost:{origin.port}"
    with contextlib.ExitStack() as stack:
        tunnels_open = [stack.enter_context(inside(weir, site, trust(opening.pem))) for _ in range(most)]
        for client in tunnels_open if asked else ():
            client.send_request("GET", "/", [("Host", site)])
            assert client.response().status == 200
        assert weir.get("http://weir.internal/").status == 200
        assert sum(client.is_closed(within=0.1) for client in tunnels_open) >= 1
        assert get(weir, f"https://{site}/", trust(opening.pem)).status == 200
    if not asked:
        eventually(lambda: any(line.outcome == "connection_limit_reached" for line in lines_of(weir, "CONNECT")))
