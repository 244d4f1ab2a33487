"""Logging in to web sites through Weir."""

import hashlib
import re
import threading
import time

from support.client import eventually
from support.site import PASSWORD, USER, ntlm_message


def request(client, site, path, fields=(), method="GET", body=b""):
    fields = [("Host", site.authority), *fields]
    if body:
        fields.append(("Content-Length", str(len(body))))
    client.send_request(method, site.url + path, fields, body)
    return client.response(method)


def test_a_form_a_cookie_and_the_members_page(weir, site):
    with weir.client() as client:
        assert request(client, site, "/members").status == 403
        form = b"user=ada&password=wonder+%26+love"
        fields = [("Content-Type", "application/x-www-form-urlencoded")]
        response = request(client, site, "/login", fields, "POST", form)
        assert (response.status, response.fields.get("location")) == (303, "/members")
        cookies = response.fields.all("set-cookie")
        assert len(cookies) == 2 and cookies[1] == "theme=dark, blue; Path=/"
        cookie = cookies[0].split(";")[0]
        assert "Hello, ada" in request(client, site, "/members", [("Cookie", cookie)]).text


def test_redirects_pass_untouched(weir, site):
    response = weir.get(site.url + "/redirect")
    assert (response.status, response.fields.get("location")) == (302, "/")


def test_basic(weir, site):
    response = weir.get(site.url + "/basic")
    assert (response.status, response.fields.get("www-authenticate")) == (401, 'Basic realm="site"')
    assert "proxy-support" not in response.fields
    assert weir.get(site.url + "/basic", [("Authorization", "Basic YWRhOndvbmRlciAmIGxvdmU=")]).status == 200
    assert site.requests[-1].fields.get("authorization") == "Basic YWRhOndvbmRlciAmIGxvdmU="


def test_digest(weir, site):
    challenge = weir.get(site.url + "/digest").fields.get("www-authenticate")
    nonce = re.search('nonce="([^"]+)"', challenge)[1]

    def digest(*parts):
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    answer = digest(digest(USER, "site", PASSWORD), nonce, "00000001", "abc", "auth", digest("GET", "/digest"))
    value = (
        f'Digest username="{USER}", realm="site", nonce="{nonce}", uri="/digest", qop=auth, nc=00000001, '
        f'cnonce="abc", response="{answer}"'
    )
    assert weir.get(site.url + "/digest", [("Authorization", value)]).status == 200


def log_in(client, site, scheme="NTLM"):
    """Exchanges the three messages of NTLM; after that the connection belongs to the user."""
    path = "/" + scheme.lower()
    response = request(client, site, path)
    assert response.status == 401
    assert response.fields.get("www-authenticate") == scheme
    assert response.fields.get("proxy-support") == "Session-Based-Authentication"
    response = request(client, site, path, [("Authorization", f"{scheme} {ntlm_message(1)}")])
    assert response.status == 401
    assert response.fields.get("www-authenticate").startswith(scheme + " ")
    assert response.fields.get("proxy-support") == "Session-Based-Authentication"
    response = request(client, site, path, [("Authorization", f"{scheme} {ntlm_message(3)}")])
    assert response.status == 200, response


def test_ntlm_stays_on_its_connection(weir, site):
    with weir.client() as client:
        log_in(client, site)
        for _ in range(3):
            assert "Members" in request(client, site, "/ntlm").text
    assert len({id(connection) for connection in site.connections_of_user}) == 1


def test_negotiate_too(weir, site):
    with weir.client() as client:
        log_in(client, site, "Negotiate")
        assert "Members" in request(client, site, "/negotiate").text


def test_nobody_else_gets_a_users_connection(weir, site):
    with weir.client() as user:
        log_in(user, site)
        for _ in range(12):
            assert weir.get(site.url + "/ntlm").status == 401
            with weir.client() as other:
                assert request(other, site, "/ntlm").status == 401
        assert "Members" in request(user, site, "/ntlm").text
    for _ in range(12):
        assert weir.get(site.url + "/ntlm").status == 401


def test_a_users_connection_is_not_kept_when_the_user_leaves(weir, site):
    with weir.client() as user:
        log_in(user, site)
    pinned = next(each for each in site.connections if each.ntlm == "in")
    eventually(lambda: pinned.ended, what="the end of the user's connection")


def test_two_users_at_once(weir, site):
    clients = [weir.client() for _ in range(6)]
    threads = [threading.Thread(target=log_in, args=(client, site)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        assert "Members" in request(client, site, "/ntlm").text
    assert len({id(connection) for connection in site.connections_of_user}) == 6
    for client in clients:
        client.close()


def test_a_pinned_connection_is_used_at_any_age(weir, site):
    with weir.client() as client:
        log_in(client, site)
        time.sleep(2.6)  # A connection that is not pinned would no longer take a POST.
        body = b"x=1"
        response = request(client, site, "/ntlm", method="POST", body=body)
        assert "Members" in response.text


def test_a_pinned_connection_that_dies_takes_its_client_along(weir, site):
    with weir.client() as client:
        log_in(client, site)
        pinned = next(each for each in site.connections if each.ntlm == "in")
        count = len(site.connections)
        pinned.socket.shutdown(2)
        try:
            client.send_request("GET", site.url + "/ntlm", [("Host", site.authority)])
            data = client.rest()
        except OSError:
            data = b""
        assert b" 200 " not in data.split(b"\r\n")[0]
        assert len(site.connections) == count


def test_other_sites_on_the_same_client_connection(weir, site, origin):
    with weir.client() as client:
        log_in(client, site)
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.response().status == 200
        assert "Members" in request(client, site, "/ntlm").text


def test_several_challenges_with_ntlm_among_them(weir, play):
    def script(connection):
        while connection.more():
            connection.request()
            challenges = [
                ("WWW-Authenticate", 'Basic realm="x"'),
                ("WWW-Authenticate", "Negotiate"),
                ("WWW-Authenticate", "NTLM"),
            ]
            connection.respond(b"", "401 Unauthorized", challenges)

    origin = play(script)
    response = weir.get(origin.url + "/")
    assert response.fields.all("www-authenticate") == ['Basic realm="x"', "Negotiate", "NTLM"]
    assert response.fields.all("proxy-support") == ["Session-Based-Authentication"]


def test_ntlm_inside_a_connect(weir, site):
    with weir.client() as client:
        client.send_request("CONNECT", site.authority, [("Host", site.authority)])
        assert client.response("CONNECT").status == 200
        for kind, status in ((1, 401), (3, 200), (None, 200)):
            fields = [("Host", site.authority)] + ([("Authorization", f"NTLM {ntlm_message(kind)}")] if kind else [])
            client.send_request("GET", "/ntlm", fields)
            assert client.response().status == status
    assert len(site.connections) == 1


def test_a_login_beyond_the_last_pin_is_shared_with_nobody(weir, play):
    """The client logs in at more origins than it may have pins: the last origin's connection is
    closed, not pooled."""

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")
        connection.request()
        connection.respond(b"secret")

    origins = [play(script) for _ in range(33)]
    with weir.client() as client:
        for origin in origins:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.response().status == 401
        with weir.client() as other:
            other.send_request("GET", origins[-1].url + "/", [("Host", origins[-1].authority)])
            assert other.response().status == 401
