"""What a client of an opened tunnel is refused, and what it reads then: the failures of origins, denials,
and what only the inside can decide."""

import pytest
from support.client import Client, eventually
from support.nameserver import NameServer
from support.opened import first_answer, get, inside, lines_of, trust
from support.origin import Origin
from support.tls import Authority, client_hello
from support.tunnels import connect
from support.weir import Weir

PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
def context(authority):
    return authority.issue("127.0.0.1", "localhost", "site.localhost")


def kept(connection):
    """Answers every request on the connection with its target."""
    while connection.more():
        connection.respond(connection.request().target.encode())


def tunnels(weir, count):
    """The lines of that many CONNECTs, in the log."""
    return eventually(lambda: len(lines := lines_of(weir, "CONNECT")) >= count and lines)


class TestAnOriginThatFails:
    """No request reaches it, and the client reads why over a certificate that it accepts."""

    def refused(self, network, opening, tls, words, error="tls_certificate_error", intercept="", script=kept):
        with network(f"{PUBLIC}/32"), NameServer({"site.test": PUBLIC}) as names, Weir(
            names.config() + opening.config(intercept, more='[pages]\ncontact = "the administrator"\n')
        ) as weir, Origin(script, host=PUBLIC, tls=tls, tolerant=True) as origin:
            opening.export(weir)
            site = f"site.test:{origin.port}"
            with inside(weir, site, trust(opening.pem)) as client:
                client.send_request("GET", "/", [("Host", site), ("Accept", "text/html")])
                response = client.response()
                assert client.is_closed()
            assert response.status == 502 and words in response.text, response.text
            if error == "tls_certificate_error":
                assert "<code>bad_origin_tunnel</code>" in response.text and "the administrator" in response.text
            assert f"error={error}" in response.fields.get("proxy-status")
            assert response.fields.get("cache-control") == "no-store"
            assert response.fields.get("strict-transport-security") is None
            assert not origin.requests
            assert tunnels(weir, 1)[0].details["tls"] == "opened"

    def test_another_name(self, network, opening, authority):
        self.refused(network, opening, authority.issue("other.test"), "is for another name: it is for other.test")

    def test_an_old_certificate(self, network, opening, authority):
        tls = authority.issue("site.test", begin="20200101000000Z", end="20210102000000Z")
        self.refused(network, opening, tls, "has expired (on 2021-01-02)")

    def test_one_of_the_future(self, network, opening, authority):
        tls = authority.issue("site.test", begin="20980101000000Z", end="20990101000000Z")
        self.refused(network, opening, tls, "is not valid yet")

    def test_an_unknown_issuer(self, network, opening, tmp_path):
        self.refused(network, opening, Authority(tmp_path, "Somebody").issue("site.test"), "has an unknown issuer")

    def test_one_for_clients(self, network, opening, authority):
        self.refused(network, opening, authority.issue("site.test", usage="clientAuth"), "unsuitable certificate purpose")

    def test_no_tls_at_all(self, network, opening):
        def script(connection):
            connection.socket.recv(10_000)
            connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.wait_for_end()

        self.refused(network, opening, None, "does not speak TLS as it should", "tls_protocol_error", script=script)

    def test_the_client_may_judge_by_the_owners_word(self, network, opening, tmp_path):
        other = Authority(tmp_path, "Somebody")
        with network(f"{PUBLIC}/32"), NameServer({"site.test": PUBLIC}) as names, Weir(
            names.config() + opening.config('bad_origin_tunnel = ["site.test"]')
        ) as weir, Origin(kept, host=PUBLIC, tls=other.issue("site.test"), tolerant=True) as origin:
            site = f"site.test:{origin.port}"
            with inside(weir, site, trust(other.pem)) as client:
                client.send_request("GET", "/", [("Host", site)])
                assert client.response().status == 200
            assert tunnels(weir, 1)[0].details["step_aside"] == "bad_origin"


class TestADenialIsReadInside:
    """A browser shows no page for a CONNECT that is refused."""

    RULE = '[[rule]]\nname = "no games"\nwhat = { host = ["=site.localhost"] }\naction = "deny"\n'

    def test_by_a_client_that_has_accepted_a_certificate(self, start, play, context, opening):
        weir = start(opening.config(more=self.RULE))
        opening.export(weir)
        origin = play(kept, tls=context)
        assert get(weir, "https://weir.internal/", trust(opening.pem)).status == 200
        site = f"site.localhost:{origin.port}"
        with inside(weir, site, trust(opening.pem)) as client:
            client.send_request("GET", "/", [("Host", site), ("Accept", "text/html"), ("Sec-Fetch-Dest", "document")])
            response = client.response()
            assert response.status == 403 and "no games" in response.text
        assert not origin.connections, "nothing is connected to"
        lines = eventually(lambda: len(lines := lines_of(weir, "GET")) == 2 and lines)
        assert lines[-1].details["rule"] == "no_games" and lines[-1].status == 403

    def test_others_are_refused_at_once(self, start, play, context, opening):
        weir = start(opening.config(more=self.RULE))
        origin = play(kept, tls=context)
        with Client(weir.port) as client:
            connect(client, f"site.localhost:{origin.port}", 403)

    def test_what_is_not_opened_is_refused_at_once(self, start, play, context, opening):
        weir = start(opening.config(hosts=("=localhost",), more=self.RULE))
        opening.export(weir)
        origin = play(kept, tls=context)
        assert get(weir, "https://weir.internal/", trust(opening.pem)).status == 200
        with Client(weir.port) as client:
            connect(client, f"site.localhost:{origin.port}", 403)

    def test_it_leads_nowhere_whatever_is_sent(self, start, play, context, opening):
        weir = start(opening.config(more=self.RULE))
        opening.export(weir)
        origin = play(kept, tls=context)
        assert get(weir, "https://weir.internal/", trust(opening.pem)).status == 200
        site = f"site.localhost:{origin.port}"
        for sent in (f"GET / HTTP/1.1\r\nHost: {site}\r\n\r\n".encode(), b"SSH-2.0-x\r\n", client_hello("site.localhost", ("h2",)), client_hello("localhost")):
            first_answer(weir, site, sent)
        for target, fields in (("/", "localhost"), (f"https://localhost:{origin.port}/", "localhost")):
            with inside(weir, site, trust(opening.pem)) as client:
                client.send_request("GET", target, [("Host", f"{fields}:{origin.port}")])
                assert client.response().status in (403, 421)
        assert not origin.connections


class TestAnAllowThatOnlyTheInsideDecides:
    """By default all is denied; what is allowed is a path."""

    RULES = '[policy]\ndefault = "deny"\n[[rule]]\nname = "docs"\nwhat = { url = ["https://site.localhost:*/docs/*"] }\naction = "allow"\n'

    def test_it_is_opened_and_each_request_is_judged(self, start, play, context, opening):
        weir = start(opening.config(more=self.RULES))
        opening.export(weir)
        origin = play(kept, tls=context)
        with Client(weir.port) as client:
            connect(client, f"localhost:{origin.port}", 403)
        site = f"site.localhost:{origin.port}"
        with inside(weir, site, trust(opening.pem)) as client:
            for target, status in (("/docs/a", 200), ("/other", 403), ("/docs/b", 200)):
                client.send_request("GET", target, [("Host", site)])
                assert client.response().status == status, target

    def test_what_can_not_be_opened_does_not_pass(self, start, play, context, opening):
        weir = start(opening.config(more=self.RULES))
        origin = play(lambda connection: connection.wait_for_end(), tls=None, tolerant=True)
        site = f"site.localhost:{origin.port}"
        for sent in (b"SSH-2.0-x\r\n", b"\0\1\2\3" * 10, client_hello("site.localhost", ("h2",)), client_hello("localhost")):
            first_answer(weir, site, sent)
        assert not any(connection.received for connection in origin.connections)
        rules = {line.details.get("rule") for line in tunnels(weir, 4)}
        assert "intercept.needed" in rules and "intercept.on_reject" not in rules

    def test_where_nothing_is_opened_it_is_denied(self, start, play, context, opening):
        weir = start(opening.config(mode="off", more=self.RULES))
        with Client(weir.port) as client:
            connect(client, "site.localhost:443", 403)
