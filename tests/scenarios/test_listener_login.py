"""Which listeners ask for a login, and what a reload changes in that."""

import subprocess

import pytest
from support.client import Client
from support.login import credentials
from support.reloading import Reloading
from support.weir import binary, environment

pytestmark = pytest.mark.threads

# A cheap hash of "secret".
USERS = "ada:$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7\n"
ADA = credentials("ada", "secret")
WRONG = credentials("ada", "wrong")


def listener(number, more=""):
    return f'[[listener]]\naddress = "127.0.0.{number}:0"\n{more}'


@pytest.fixture
def login(tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(USERS)
    return f'[login]\nfile = "{path}"\n'


def ask(client, origin, *fields):
    client.send_request("GET", origin.url + "/", [("Host", origin.authority), *fields])
    return client.response().status


def at(weir, number):
    return Client(weir.port_of(f"127.0.0.{number}"), f"127.0.0.{number}")


def test_each_listener_asks_or_does_not(start, login, origin):
    weir = start(login + listener(1) + listener(2, "login = true\n") + listener(3, "login = false\n"))
    for number in (1, 2, 3):
        asks = number != 3
        with at(weir, number) as client:
            assert ask(client, origin) == (407 if asks else 200)
            assert ask(client, origin, ADA) == 200
            assert ask(client, origin, WRONG) == (407 if asks else 200)
            client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
            assert client.response("CONNECT").status == (407 if asks else 200)
    assert all("proxy-authorization" not in request.fields for request in origin.complete)
    # Where nobody is asked, nobody is known.
    assert sorted(line.user for line in weir.wait_log(12) if line.status == 200) == ["-"] * 4 + ["ada"] * 2


def test_the_start_page_tells_nobody_what_others_were_denied(start, login):
    """All of them have the same address. Where a login is demanded, somebody who has none may be
    another person than whoever was denied something."""
    rule = '[[rule]]\nname = "no"\nwhat = { host = ["evil.test"] }\naction = "deny"\n'
    exempt = 'login_exempt = { hosts = ["evil.test"], clients = ["127.0.0.7"] }\n'
    weir = start(rule + login + listener(1, exempt) + listener(2, "login = false\n"))

    def denied(number, path, *fields, source="127.0.0.1"):
        with Client(weir.port_of(f"127.0.0.{number}"), f"127.0.0.{number}", source=source) as client:
            client.send_request("GET", f"http://evil.test{path}", [("Host", "evil.test"), *fields])
            assert client.response().status == 403

    def shown(number, *fields, source="127.0.0.1"):
        with Client(weir.port_of(f"127.0.0.{number}"), f"127.0.0.{number}", source=source) as client:
            client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal"), *fields])
            response = client.response()
            assert response.status == 200
            return [word for word in ("/exempt", "/of-ada", "/free", "/of-printer") if word in response.text]

    denied(1, "/exempt")
    denied(1, "/of-ada", ADA)
    denied(2, "/free")
    denied(1, "/of-printer", source="127.0.0.7")
    weir.wait_log(4)
    assert shown(1) == []
    assert shown(1, ADA) == ["/of-ada"]
    assert shown(2) == ["/exempt", "/free"]
    assert shown(1, source="127.0.0.7") == ["/of-printer"]
    with at(weir, 1) as client:
        client.send_request("GET", "/", [("Host", f"127.0.0.1:{weir.port}"), ADA])
        response = client.response()
        assert response.status == 200 and "evil.test" not in response.text


def test_a_reload_changes_it_for_connections_that_are_open(tmp_path, login, origin):
    with Reloading(tmp_path, login + listener(1, "login = false\n")) as weir, at(weir, 1) as client:
        assert ask(client, origin) == 200
        weir.reload(login + listener(1))
        assert ask(client, origin) == 407
        assert ask(client, origin, ADA) == 200
        weir.reload(login + listener(1, "login = false\n"))
        assert ask(client, origin) == 200


def test_sessions_of_a_closed_listener_keep_it(tmp_path, login, origin):
    """Other listeners that take free numbers meanwhile change nothing, nor does the end of the
    login where the listener itself said that one is needed."""
    asks, open_to_all, as_configured = "login = true\n", "login = false\n", ""
    listeners = listener(2, asks) + listener(3, open_to_all) + listener(4, as_configured)
    with Reloading(tmp_path, login + listener(1) + listeners) as weir:
        with at(weir, 2) as asked, at(weir, 3) as free, at(weir, 4) as like_all:
            assert (ask(asked, origin), ask(free, origin), ask(like_all, origin)) == (407, 200, 407)
            for more in ("", listener(5, open_to_all), listener(6, asks), ""):
                weir.reload(login + listener(1, open_to_all) + more)
                assert (ask(asked, origin), ask(free, origin), ask(like_all, origin)) == (407, 200, 407)
                assert ask(asked, origin, ADA) == 200
            weir.reload(listener(1))
            assert (ask(asked, origin), ask(free, origin), ask(like_all, origin)) == (407, 200, 200)
            assert ask(asked, origin, ADA) == 200


def test_a_login_without_a_file_is_a_mistake_with_its_place(tmp_path, login, origin):
    text = listener(1) + listener(2, "login = true\n")
    said = "5:9: login is true, and there is no file of logins; expected one, such as file = "
    path = tmp_path / "weir.toml"
    path.write_text(text)
    done = subprocess.run([binary(), "check", str(path)], capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert done.returncode != 0 and f"weir.toml:{said}" in done.stdout + done.stderr
    # A reload that would leave such a listener keeps the configuration that runs.
    with Reloading(tmp_path, login + text) as weir, at(weir, 2) as client:
        assert ask(client, origin) == 407
        assert "login is true, and there is no file of logins" in weir.refuse(text)
        assert ask(client, origin) == 407
