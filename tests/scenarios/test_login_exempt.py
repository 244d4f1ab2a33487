"""Hosts and clients that need no login: what leads there, and that nothing leads from there to what
needs one."""

import time

import pytest
from support.client import Client
from support.login import credentials
from support.origin import Origin
from support.reloading import Reloading

pytestmark = pytest.mark.threads

# A cheap hash of "secret".
CHEAP = "$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7"
ADA, BOB = credentials("ada", "secret"), credentials("bob", "secret")
WRONG = credentials("ada", "wrong")

LISTENER = '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'
EXEMPT = 'login_exempt = { hosts = ["updates.test"], clients = ["127.0.0.7"] }\n'


@pytest.fixture
def login(tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(f"ada:{CHEAP}\nbob:{CHEAP}\n")
    return f'[login]\nfile = "{path}"\n'


@pytest.fixture
def config(login, names):
    for name in ("updates.test", "eu.updates.test", "site.test"):
        names.set(name, "127.0.0.1")
    return names.config() + login


@pytest.fixture
def weir(start, config):
    return start(config + LISTENER + EXEMPT)


def ask(client, origin, name, *fields, host=None, path="/"):
    authority = f"{name}:{origin.port}"
    client.send_request("GET", f"http://{authority}{path}", [("Host", host or authority), *fields])
    return client.response()


def once(weir, origin, name, *fields, source="127.0.0.1", **more):
    with Client(weir.port, source=source) as client:
        return ask(client, origin, name, *fields, **more).status


def connect(client, authority, *fields):
    client.send_request("CONNECT", authority, [("Host", authority), *fields])
    return client.response("CONNECT").status


def test_hosts_and_clients_that_need_none(weir, origin):
    assert once(weir, origin, "updates.test") == 200
    assert once(weir, origin, "EU.Updates.test.") == 200
    assert once(weir, origin, "site.test") == 407
    assert once(weir, origin, "site.test", source="127.0.0.7") == 200
    assert once(weir, origin, "site.test", source="127.0.0.8") == 407
    with weir.client() as client:
        assert connect(client, f"updates.test:{origin.port}") == 200
        client.send_request("GET", "/inside", [("Host", f"updates.test:{origin.port}")])
        assert client.response().status == 200
    with weir.client() as client:
        assert connect(client, f"site.test:{origin.port}") == 407
    with Client(weir.port, source="127.0.0.7") as client:
        assert connect(client, f"site.test:{origin.port}") == 200
    assert {line.user for line in weir.wait_log(8)} == {"-"}


@pytest.mark.parametrize("field", ["Host", "X-Forwarded-For", "Forwarded", "Via", "Origin", "Referer"])
def test_only_the_target_and_the_address_count(weir, origin, field):
    for value in (f"updates.test:{origin.port}", "updates.test", "127.0.0.7", "for=127.0.0.7"):
        fields = [] if field == "Host" else [(field, value)]
        assert once(weir, origin, "site.test", *fields, host=value if field == "Host" else None) in (400, 407)
    for user in ("updates.test", "updates.test:80"):
        with weir.client() as client:
            client.send_request("GET", f"http://{user}@site.test:{origin.port}/", [("Host", "updates.test")])
            assert client.response().status == 407
    assert origin.connections == []


def test_requests_of_one_connection_each_have_their_own_user(weir, origin):
    """An exempt one, one of Ada, an exempt one again, one of Bob to the exempt host, and one that
    needs a login and has none."""
    with weir.client() as client:
        for fields, name, status in (
            ((), "updates.test", 200),
            ((ADA,), "site.test", 200),
            ((), "updates.test", 200),
            ((BOB,), "updates.test", 200),
            ((), "site.test", 407),
            ((), "updates.test", 200),
        ):
            assert ask(client, origin, name, *fields).status == status
    assert [line.user for line in weir.wait_log(6)] == ["-", "ada", "-", "bob", "-", "-"]
    assert all("proxy-authorization" not in request.fields for request in origin.complete)


def test_a_wrong_password_for_an_exempt_host_costs_what_it_costs_elsewhere(weir, origin):
    for name in ("updates.test", "site.test"):
        began = time.monotonic()
        assert once(weir, origin, name, WRONG) == 407
        assert time.monotonic() - began >= 0.95
    # Guesses at both kinds of hosts take the same places.
    guessing = [weir.client() for _ in range(40)]
    for number, client in enumerate(guessing):
        authority = f"{'updates' if number % 2 else 'site'}.test:{origin.port}"
        guess = credentials("ada", f"guess {number}")
        client.send_request("GET", f"http://{authority}/", [("Host", authority), guess])
    # Meanwhile a program that sends none is served.
    assert once(weir, origin, "updates.test") == 200
    answers = [client.response().status for client in guessing]
    assert set(answers) == {407, 503} and answers[0::2].count(503) + answers[1::2].count(503) > 0
    for client in guessing:
        client.close()
    assert len(origin.complete) == 1


def test_a_redirect_is_followed_to_where_a_login_is_needed(weir, play):
    def script(connection):
        while connection.more():
            request = connection.request()
            where = [("Location", f"http://site.test:{origin.port}/")] if request.target == "/" else []
            connection.respond(b"", "302 Found" if where else "200 OK", where)

    origin = play(script)
    with weir.client() as client:
        response = ask(client, origin, "updates.test")
        assert (response.status, response.fields.get("location")) == (302, f"http://site.test:{origin.port}/")
        assert ask(client, origin, "site.test", path="/to").status == 407


@pytest.mark.parametrize("needed", [False, True])
def test_inside_a_tunnel_to_an_exempt_host(start, config, needed):
    """A request inside that names another site never gets there: it is refused, or passed to the
    exempt host, which sees what the client wrote."""
    with Origin() as exempt, Origin() as other:
        serve = f"no_opaque_ports = [{exempt.port}]" if needed else 'serve = "always"'
        weir = start(f"{config}[tunnel]\n{serve}\n{LISTENER}{EXEMPT}")
        with weir.client() as client:
            assert connect(client, f"updates.test:{exempt.port}") == 200
            client.send_request("GET", "/", [("Host", f"updates.test:{exempt.port}")])
            assert client.response().status == 200
            client.send_request("GET", f"http://site.test:{other.port}/", [("Host", f"site.test:{other.port}")])
            assert client.response().status == (421 if needed else 200)
        assert other.connections == []
        assert {line.user for line in weir.wait_log(3 if needed else 2)} == {"-"}


def test_inside_a_tunnel_to_an_exempt_address(start, login, names, origin):
    """The Host inside gives the place another name; if that needs a login, so does the request, and
    the tunnel ends, so that the client can send its login with a CONNECT."""
    config = f'{names.config()}{login}[tunnel]\nserve = "always"\n[[listener]]\naddress = "127.0.0.1:0"\n'
    weir = start(config + 'login_exempt.hosts = ["127.0.0.1", "updates.test"]\n')
    for fields, host, status in (
        ((), f"127.0.0.1:{origin.port}", 200),
        ((), f"updates.test:{origin.port}", 200),
        ((), f"site.test:{origin.port}", 403),
        ((ADA,), f"site.test:{origin.port}", 200),
    ):
        with weir.client() as client:
            assert connect(client, f"127.0.0.1:{origin.port}", *fields) == 200
            client.send_request("GET", "/", [("Host", host)])
            response = client.response()
            assert response.status == status, host
            if status == 403:
                assert "opened without a login" in response.text and "Rule: login" in response.text
                assert response.fields.get("connection") == "close"
                assert client.is_closed()
    assert len(origin.complete) == 3
    assert names.asked("site.test") == 0


def test_a_tunnel_from_before_the_login_needs_one_from_now_on(tmp_path, names, login, origin):
    """The Host inside, which the client chose, does not make it a tunnel to an exempt host."""
    config = names.config()
    tunnel = '[tunnel]\nserve = "always"\n[[listener]]\naddress = "127.0.0.1:0"\n'
    with Reloading(tmp_path, config + tunnel) as weir:
        for exempt, status in (("updates.test", 403), ("127.0.0.1", 403), ('127.0.0.1", "updates.test', 200)):
            weir.reload(config + tunnel)
            with weir.client() as client:
                assert connect(client, f"127.0.0.1:{origin.port}") == 200
                client.send_request("GET", "/", [("Host", f"updates.test:{origin.port}")])
                assert client.response().status == 200
                weir.reload(config + login + tunnel + f'login_exempt.hosts = ["{exempt}"]\n')
                client.send_request("GET", "/", [("Host", f"updates.test:{origin.port}")])
                assert client.response().status == status, exempt


def test_weirs_own_names_are_no_exempt_hosts(start, login, origin):
    weir = start(login + '[[listener]]\naddress = "127.0.0.1:0"\nlogin_exempt.hosts = ["*", "weir.internal", "127.0.0.1"]\n')
    assert weir.get(origin.url + "/").status == 200
    for host in ("weir.internal", f"127.0.0.1:{weir.port}", f"localhost:{weir.port}"):
        assert weir.get(f"http://{host}/page").status == 407, host
        assert weir.get(f"http://{host}/page", [("Host", host), ADA]).status == 404, host
    with weir.client() as client:
        assert connect(client, "weir.internal:80") == 407


def test_sessions_of_a_closed_listener_keep_what_is_exempt(tmp_path, config, origin):
    gone = LISTENER.replace("127.0.0.1", "127.0.0.2") + EXEMPT
    with Reloading(tmp_path, config + LISTENER + gone) as weir:
        with Client(weir.port_of("127.0.0.2"), "127.0.0.2") as client:
            for _ in range(2):
                assert ask(client, origin, "updates.test").status == 200
                assert ask(client, origin, "site.test").status == 407
                assert once(weir, origin, "updates.test") == 407
                weir.reload(config + LISTENER)
