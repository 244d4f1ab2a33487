"""Login to the proxy: which clients are asked, which are admitted, what a wrong password costs, and
that credentials are passed on to nobody."""

import os
import pty
import re
import shutil
import signal
import subprocess
import time

import pytest
from support import chromium
from support.client import eventually
from support.login import credentials, passwd
from support.weir import Weir, binary, environment

pytestmark = pytest.mark.threads

PASSWORD = "correct horse: battery"
CHALLENGE = 'Basic realm="Weir", charset="UTF-8"'
CURL = shutil.which("curl")


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """Ada's line, made once, since hashing is slow under sanitizers."""
    path = tmp_path_factory.mktemp("passwd") / "htpasswd"
    done = passwd(path, "ada", PASSWORD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_text()


@pytest.fixture
def users(line, tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(line)
    return path


@pytest.fixture
def weir(start, users):
    return start(f'[login]\nfile = "{users}"\n')


def field(password=PASSWORD, user="ada"):
    return credentials(user, password)


def ask(weir, origin, *fields, method="GET", body=b""):
    return weir.exchange(method, origin.url + "/", [("Host", origin.authority), *fields], body)


def test_who_is_asked_and_who_comes_in(weir, origin):
    refused = ask(weir, origin)
    assert refused.status == 407
    assert refused.fields.get("proxy-authenticate") == CHALLENGE
    assert not origin.complete
    assert ask(weir, origin, field()).status == 200
    assert ask(weir, origin, field("wrong")).status == 407
    assert ask(weir, origin, field(user="bob")).status == 407
    assert len(origin.complete) == 1
    weir.wait_log(4)
    assert sorted((line.status, line.user) for line in weir.log) == [(200, "ada"), (407, "-"), (407, "-"), (407, "-")]


def test_the_credentials_go_nowhere(start, users, origin):
    weir = start(f'[login]\nfile = "{users}"\n[tunnel]\nserve = "always"\n')
    name, value = field()
    assert ask(weir, origin, (name, value)).status == 200
    assert ask(weir, origin, (name, value), method="POST", body=b"content").status == 200
    with weir.client() as client:
        client.send(f"CONNECT {origin.authority} HTTP/1.1\r\nHost: {origin.authority}\r\n{name}: {value}\r\n\r\n".encode())
        assert client.response("CONNECT").status == 200
        # Inside the tunnel Weir asks for no login, and ignores one that is sent.
        client.send_request("GET", "/inside", [("Host", origin.authority), field("other", "bob")])
        assert client.response().status == 200
    weir.wait_log(4)
    for request in origin.complete:
        assert "proxy-authorization" not in request.fields
    assert [request.body for request in origin.complete] == [b"", b"content", b""]
    assert {line.user for line in weir.log} == {"ada"}
    for secret in (value.split()[1], PASSWORD, "battery"):
        assert secret not in weir.stdout and secret not in weir.stderr


def test_a_connection_is_kept_where_the_content_is_complete(weir, origin):
    with weir.client() as client:
        client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
        assert client.response().status == 407
        client.send_request("GET", origin.url + "/", [("Host", origin.authority), field()])
        assert client.response().status == 200
    with weir.client() as client:
        client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
        response = client.response("CONNECT")
        assert response.status == 407
        assert response.fields.get("proxy-authenticate") == CHALLENGE
        assert response.fields.get("connection") == "close"
        assert client.is_closed()
    with weir.client() as client:
        client.send(f"POST {origin.url}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n".encode() + b"x" * 1000)
        response = client.response()
        assert response.status == 407
        assert response.fields.get("connection") == "close"


def test_of_the_own_pages_only_the_first_needs_no_login(weir):
    own = [("Host", "weir.internal")]
    direct = [("Host", f"127.0.0.1:{weir.port}")]
    assert weir.exchange("GET", "http://weir.internal/", own).status == 200
    assert weir.exchange("GET", "/", direct).status == 200
    assert weir.exchange("GET", "http://weir.internal/other", own).status == 407
    assert weir.exchange("GET", "http://weir.internal/other", [*own, field()]).status == 404
    assert weir.exchange("POST", "http://weir.internal/", own).status == 407
    # Clients that speak to Weir as to a server can't log in to a proxy.
    for fields in (direct, [*direct, field()]):
        refused = weir.exchange("GET", "/other", fields)
        assert refused.status == 403 and "Rule: login" in refused.text
        assert "proxy-authenticate" not in refused.fields
    for fields, status in (([], 407), ([field()], 200)):
        with weir.client() as client:
            client.send_request("CONNECT", "weir.internal:80", [("Host", "weir.internal:80"), *fields])
            assert client.response("CONNECT").status == status
            if status == 200:
                client.send_request("GET", "/other", own)
                assert client.response().status == 404


def test_the_first_page_shows_nobody_else_and_nothing_private(weir, users):
    """It is the same page before and after a login, about this client alone."""

    def page(*fields):
        return weir.get("http://weir.internal/", [("Host", "weir.internal"), ("Accept", "text/html"), ("User-Agent", "mine"), *fields])

    assert weir.get("http://weir.internal/other").status == 407
    before = page()
    known = page(field(), ("Cookie", "secret=1"))
    assert (before.status, known.status) == (200, 200)
    assert before.text == known.text
    # Each worker has lines of its own; theirs come in no order.
    assert sorted(line.user for line in weir.wait_log(3)) == ["-", "-", "ada"]
    rows = re.findall("<dt>(.*?)</dt><dd>(?:<code>)?(.*?)(?:</code>)?</dd>", before.text)
    assert dict(rows[1:]) == {"Listener": f"127.0.0.1:{weir.port}", "Your address": "127.0.0.1", "Your client": "mine"}
    assert rows[0][0] == "Version" and len(rows) == 4
    for secret in ("ada", str(users), "htpasswd", "secret"):
        assert secret not in before.text


def test_a_wrong_password_takes_a_second_and_a_right_one_is_remembered(weir, origin):
    began = time.monotonic()
    assert ask(weir, origin, field("wrong")).status == 407
    assert time.monotonic() - began >= 0.95
    assert ask(weir, origin, field()).status == 200
    began = time.monotonic()
    for _ in range(50):
        assert ask(weir, origin, field()).status == 200
    assert time.monotonic() - began < 5


def test_many_wrong_ones_of_one_client_do_not_keep_others_waiting(weir, origin):
    assert ask(weir, origin, field()).status == 200
    guessing = [weir.client() for _ in range(60)]
    for number, client in enumerate(guessing):
        client.send_request("GET", origin.url + "/", [("Host", origin.authority), field(f"guess {number}")])
    began = time.monotonic()
    assert ask(weir, origin, field()).status == 200  # The same address, but the password is remembered.
    assert time.monotonic() - began < 1
    # Weir checks that many passwords in a second. It can't say whether the others were wrong.
    answers = [client.response().status for client in guessing]
    assert set(answers) == {407, 503} and answers.count(407) >= 8
    for client in guessing:
        client.close()
    assert len(origin.complete) == 2
    # Clients that close while their password is checked do no harm.
    for number in range(30):
        client = weir.client()
        client.send_request("GET", origin.url + "/", [("Host", origin.authority), field(f"gone {number}")])
        client.reset()
    assert ask(weir, origin, field()).status == 200


def test_the_file_is_read_again(weir, origin, users, line):
    assert ask(weir, origin, field()).status == 200
    other = users.with_name("other")
    other.write_text(line.replace("ada:", "bob:"))
    other.rename(users)
    time.sleep(1.1)
    assert ask(weir, origin, field()).status == 407
    assert ask(weir, origin, field(user="bob")).status == 200
    users.write_text("bob:plain\n")
    time.sleep(1.1)
    assert ask(weir, origin, field(user="bob")).status == 200
    weir.wait_stderr(f"{users}:1: this is no hash")
    users.unlink()
    time.sleep(1.1)
    assert ask(weir, origin, field(user="bob")).status == 200


def test_a_broken_file_at_the_start_and_at_a_reload(start, users, tmp_path, origin):
    for text in ("ada:plain\n", "\n# x\nada:$apr1$abcdefgh$nOgYQ5H0gVRv.Y6gJ7oZV.\n"):
        users.write_text(text)
        config = tmp_path / "weir.toml"
        config.write_text(f'[login]\nfile = "{users}"\n[[listener]]\naddress = "127.0.0.1:0"\n')
        done = subprocess.run([binary(), "--config", str(config)], capture_output=True, text=True, env=environment(), timeout=60, check=False)
        assert done.returncode == 1
        assert f"{users}:{text.count(chr(10))}: " in done.stderr


def test_a_reload_turns_it_on_and_off(start, users, tmp_path, origin):
    config = tmp_path / "weir.toml"

    def write(login):
        config.write_text(f'{login}\n[[listener]]\naddress = "127.0.0.1:0"\n')

    write("")
    weir = start(arguments=["--config", str(config)])
    assert ask(weir, origin).status == 200
    write(f'[login]\nfile = "{users}"\nrealm = "house"')
    weir.process.send_signal(signal.SIGHUP)
    eventually(lambda: ask(weir, origin).status == 407)
    assert ask(weir, origin).fields.get("proxy-authenticate") == 'Basic realm="house", charset="UTF-8"'
    assert ask(weir, origin, field()).status == 200
    good = users.read_text()
    users.write_text("ada:plain\n")
    weir.process.send_signal(signal.SIGHUP)
    weir.wait_stderr("the old configuration stays: .*:1: this is no hash")
    assert ask(weir, origin, field()).status == 200
    users.write_text(good)
    write("")
    weir.process.send_signal(signal.SIGHUP)
    eventually(lambda: ask(weir, origin).status == 200)


def test_passwd(users, line, origin, tmp_path):
    users.write_text("# of the house\n" + line + "bob:$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7\n")
    users.chmod(0o640)
    assert passwd(users, "ada", "another").returncode == 0
    assert passwd(users, "eve", "third").returncode == 0
    lines = users.read_text().splitlines()
    assert lines[0] == "# of the house"
    assert [each.split(":")[0] for each in lines[1:]] == ["ada", "bob", "eve"]
    assert lines[1] + "\n" != line and lines[1].startswith("ada:$y$")
    assert users.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["htpasswd"]
    for user, password in (("a:b", "x"), ("a b", "x"), ("ada", ""), ("ada", "x" * 600)):
        done = passwd(users, user, password)
        assert done.returncode == 1 and done.stderr.startswith("weir: ")
    assert passwd(tmp_path / "no" / "file", "ada", "x").returncode == 1
    with Weir(f'[login]\nfile = "{users}"\n') as weir:
        assert ask(weir, origin, field("another")).status == 200
        assert ask(weir, origin, field("secret", "bob")).status == 200


def test_passwd_asks_twice_on_a_terminal(tmp_path):
    for second, status in (("one word", 0), ("other", 1)):
        path = tmp_path / second
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(environment())
            os.execv(binary(), [binary(), "passwd", str(path), "ada"])
        said = b""
        for question, answer in ((b"New password of ada: ", "one word"), (b"The same again: ", second)):
            while question not in said:
                said += os.read(terminal, 1000)
            time.sleep(0.3)  # Input from before the echo is off is thrown away.
            os.write(terminal, answer.encode() + b"\n")
        try:
            while piece := os.read(terminal, 1000):
                said += piece
        except OSError:
            pass  # The terminal's other end is closed.
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == status
        os.close(terminal)
        assert b"one word" not in said
        assert path.exists() == (status == 0)


@pytest.mark.skipif(not CURL, reason="curl is not installed")
def test_curl(weir, origin):
    def curl(*arguments):
        done = subprocess.run(
            [CURL, "-sS", "-o", "/dev/null", "-w", "%{http_connect} %{http_code}", "-x", f"http://127.0.0.1:{weir.port}", *arguments],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
        return done.stdout

    url = origin.url + "/"
    right, wrong = ("-U", "ada:" + PASSWORD), ("-U", "ada:wrong")
    assert curl(url) == "000 407"
    assert curl(*wrong, url) == "000 407"
    assert curl(*right, url) == "000 200"
    assert curl(*right, "--proxy-anyauth", url) == "000 200"
    assert curl(*right, "-d", "x" * 5000, url) == "000 200"
    assert curl("-p", url) == "407 000"
    assert curl("-p", *wrong, url) == "407 000"
    assert curl("-p", *right, url) == "200 200"
    assert curl("-p", *right, "--proxy-anyauth", url) == "200 200"


@pytest.mark.seconds(150)
@pytest.mark.skipif(not chromium.PROGRAM, reason="Debian's chromium is not installed")
def test_chromium(start, users, names, site):
    names.set("site.test", "127.0.0.1")
    weir = start(names.config() + f'[login]\nfile = "{users}"\n[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n')
    with chromium.Chromium(weir.port) as browser:
        browser.page("Fetch.enable", handleAuthRequests=True)
        browser.events.clear()
        asked = []
        # Page.navigate would wait for the login, which waits for this test.
        browser.evaluate(f"void(location.href = 'http://site.test:{site.port}/')")
        deadline = time.monotonic() + 60
        loaded = False
        while not loaded:
            event = browser.events.pop(0) if browser.events else browser._message(deadline)
            loaded = event.get("method") == "Page.loadEventFired" and bool(asked)
            if event.get("method") == "Fetch.requestPaused":
                browser.page("Fetch.continueRequest", requestId=event["params"]["requestId"])
            if event.get("method") == "Fetch.authRequired":
                asked.append(event["params"]["authChallenge"])
                # A wrong one first: Chromium asks again.
                password = "wrong" if len(asked) == 1 else PASSWORD
                answer = {"response": "ProvideCredentials", "username": "ada", "password": password}
                browser.page("Fetch.continueWithAuth", requestId=event["params"]["requestId"], authChallengeResponse=answer)
        assert [(each["source"], each["realm"], each["scheme"]) for each in asked] == [("Proxy", "Weir", "basic")] * 2
        browser.page("Fetch.disable")
        assert "Welcome" in browser.text()
        # From now on the browser sends the credentials by itself.
        browser.open(f"http://site.test:{site.port}/members")
        assert "Members only" in browser.text()
    assert all("proxy-authorization" not in request.fields for request in site.requests)
    assert any(line.user == "ada" and line.status == 200 for line in weir.log)


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS"])
def test_weirs_own_answer_to_max_forwards_wants_a_login(weir, origin, method):
    fields = [("Max-Forwards", "0")]
    assert weir.exchange(method, origin.url + "/", fields).status == 407
    response = weir.exchange(method, origin.url + "/", [*fields, field()])
    assert response.status == 200
    assert PASSWORD not in response.text and "authorization" not in response.text.lower()


@pytest.mark.parametrize("kind", ["fifo", "folder", "nothing"])
def test_a_file_of_logins_that_is_none(tmp_path, kind):
    """Weir reports it and ends; a FIFO does not block it."""
    path = tmp_path / "logins"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    config = tmp_path / "weir.toml"
    config.write_text(f'[login]\nfile = "{path}"\n[[listener]]\naddress = "127.0.0.1:0"\n')
    done = subprocess.run([binary(), "--config", config], capture_output=True, text=True, env=environment(), timeout=20, check=False)
    assert (done.returncode, str(path) in done.stderr, len(done.stderr.splitlines())) == (1, True, 1), done.stderr
