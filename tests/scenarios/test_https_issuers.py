"""Origins that leave out certificates between theirs and a root: Weir knows them from elsewhere, or
fetches them from where the origin's certificate says that they are."""

import subprocess
import threading

import pytest
from support.client import eventually
from support.reloading import Reloading
from support.tls import Authority


@pytest.fixture
def between(authority, tmp_path):
    return Authority(tmp_path, "Between", parent=authority)


def kept(connection):
    while connection.more():
        connection.request()
        connection.respond(b"ok")


def at(url):
    """The extension by which a certificate says where its issuer's is (RFC 5280, 4.2.2.1)."""
    return [f"authorityInfoAccess=caIssuers;URI:{url}"]


class IssuerServer:
    """Answers each request with `content`."""

    def __init__(self, play, content=b"", status="200 OK", fields=()):
        self.content, self.status, self.fields = content, status, fields
        self.go_on = threading.Event()
        self.go_on.set()
        self.origin = play(self.script, tolerant=True)
        self.url = f"{self.origin.url}/ca.crt"

    def script(self, connection):
        while connection.more():
            connection.request()
            self.go_on.wait(20)
            connection.respond(self.content, self.status, self.fields)


def config(authority, server=None, more=""):
    """With `server`'s address among the lists', so that Weir may ask there itself."""
    text = f'workers = 1\n{more}[tls]\nroots = ["{authority.pem}"]\n'
    if server:
        text += f'[lists.any]\nurls = ["{server.origin.url}/list"]\n'
    return text


def status_of(weir, origin):
    return weir.get(origin.url + "/").status


def test_one_that_another_origin_has_sent(start, play, authority, between):
    weir = start(config(authority))
    incomplete = play(kept, tls=between.issue("127.0.0.1"))
    complete = play(kept, tls=between.issue("127.0.0.1", above=[between]))
    assert status_of(weir, incomplete) == 502
    assert status_of(weir, complete) == 200
    assert status_of(weir, incomplete) == 200


def test_what_was_not_part_of_a_good_chain_is_not_kept(start, play, authority, between, tmp_path):
    other = Authority(tmp_path, "Other", parent=authority)
    weir = start(config(authority))
    assert status_of(weir, play(kept, tls=between.issue("127.0.0.1", above=[between, other]))) == 200
    assert status_of(weir, play(kept, tls=other.issue("127.0.0.1"))) == 502


def test_one_that_is_known_vouches_for_no_other_name(start, play, authority, between):
    weir = start(config(authority))
    assert status_of(weir, play(kept, tls=between.issue("127.0.0.1", above=[between]))) == 200
    response = weir.get(play(kept, tls=between.issue("other.test")).url + "/")
    assert response.status == 502 and "is for another name: it is for other.test" in response.text


def test_it_stays_known_when_roots_change(tmp_path, play, authority, between):
    another = Authority(tmp_path, "Another")
    with Reloading(tmp_path, config(authority)) as weir:
        assert status_of(weir, play(kept, tls=between.issue("127.0.0.1", above=[between]))) == 200
        incomplete = play(kept, tls=between.issue("127.0.0.1"))
        weir.reload(config(another))
        assert status_of(weir, incomplete) == 502, "it is trusted no more than its root"
        weir.reload(config(authority))
        assert status_of(weir, incomplete) == 200


def pem_of(between):
    return between.pem.read_bytes()


def pkcs7_of(between):
    words = ["openssl", "crl2pkcs7", "-nocrl", "-certfile", str(between.pem), "-outform", "DER"]
    return subprocess.run(words, check=True, capture_output=True).stdout


@pytest.mark.parametrize("form", [Authority.der, pem_of, pkcs7_of])
def test_one_that_is_fetched(start, play, authority, between, form):
    server = IssuerServer(play, form(between))
    weir = start(config(authority, server))
    context = between.issue("127.0.0.1", more=at(server.url))
    first, second = play(kept, tls=context), play(kept, tls=context)
    assert status_of(weir, first) == 200
    request = server.origin.requests[-1]
    assert request.target == "/ca.crt" and request.fields.get("host") == server.origin.authority
    assert len(first.connections) == 1, "the handshake goes on"
    assert status_of(weir, second) == 200
    eventually(lambda: [r.target for r in server.origin.requests].count("/ca.crt") == 1, what="one fetch")


def test_two_that_are_fetched_and_no_third(start, play, authority, tmp_path):
    certificates = {}

    def script(connection):
        while connection.more():
            connection.respond(certificates.get(connection.request().target, b""))

    server = play(script, tolerant=True)
    above, chain = authority, []
    for name in ("One", "Two", "Three"):
        where = at(f"{server.url}/{above.name.replace(' ', '')}") if chain else ()
        above = Authority(tmp_path, name, parent=above, more=where)
        certificates[f"/{name}"] = above.der()
        chain.append(above)
    text = f'workers = 1\n[tls]\nroots = ["{authority.pem}"]\n[lists.any]\nurls = ["{server.url}/list"]\n'
    one, two, three = chain
    weir = start(text)
    assert status_of(weir, play(kept, tls=two.issue("127.0.0.1", more=at(f"{server.url}/Two")))) == 200
    weir = start(text)
    assert status_of(weir, play(kept, tls=three.issue("127.0.0.1", more=at(f"{server.url}/Three")))) == 502
    assert [request.target for request in server.requests if request.target != "/list"][-2:] == ["/Three", "/Two"]


def refused(start, play, authority, between, server, text=None):
    weir = start(config(authority, server) if text is None else text)
    origin = play(kept, tls=between.issue("127.0.0.1", more=at(server.url)))
    for _ in range(3):
        response = weir.get(origin.url + "/")
        assert response.status == 502 and "has an unknown issuer" in response.text
    assert not origin.requests
    return [request for request in server.origin.requests if request.target == "/ca.crt"]


def test_what_policy_denies_is_not_fetched(start, play, authority, between):
    """An origin must not make Weir ask for things inside of its network."""
    server = IssuerServer(play, between.der())
    assert not refused(start, play, authority, between, server, config(authority))


def test_a_failure_is_remembered(start, play, authority, between):
    assert len(refused(start, play, authority, between, IssuerServer(play, b"no certificate"))) == 1
    assert len(refused(start, play, authority, between, IssuerServer(play, between.der(), "404 Not Found"))) == 1
    assert len(refused(start, play, authority, between, IssuerServer(play, between.der() + bytes(70_000)))) == 1


def test_redirections_are_not_followed(start, play, authority, between):
    server = IssuerServer(play, between.der())
    away = IssuerServer(play, b"", "302 Found", [("Location", server.url)])
    assert len(refused(start, play, authority, between, away)) == 1
    assert not [request for request in server.origin.requests if request.target == "/ca.crt"]


def test_a_fetched_root_is_not_trusted(start, play, authority, tmp_path):
    stranger = Authority(tmp_path, "Stranger")
    server = IssuerServer(play, stranger.der())
    weir = start(config(authority, server))
    response = weir.get(play(kept, tls=stranger.issue("127.0.0.1", more=at(server.url))).url + "/")
    assert response.status == 502 and "is not trusted here" in response.text


def test_one_fetch_serves_all_who_wait(start, play, authority, between):
    server = IssuerServer(play, between.der())
    weir = start(config(authority, server))
    server.go_on.clear()
    origin = play(kept, tls=between.issue("127.0.0.1", more=at(server.url)))
    clients = [weir.client() for _ in range(8)]
    for client in clients:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
    eventually(lambda: len(origin.connections) == 8 and "/ca.crt" in [r.target for r in server.origin.requests], what="all wait")
    server.go_on.set()
    for client in clients:
        assert client.response().status == 200
        client.close()
    assert [request.target for request in server.origin.requests].count("/ca.crt") == 1


def test_a_server_that_does_not_answer(start, play, authority, between):
    server = IssuerServer(play, between.der())
    weir = start(config(authority, server))
    server.go_on.clear()
    origin = play(kept, tls=between.issue("127.0.0.1", more=at(server.url)))
    response = weir.get(origin.url + "/")
    server.go_on.set()
    assert response.status == 502 and "has an unknown issuer" in response.text
