"""Whether the certificates that Weir shows are taken by the programs that people use: the good ones by all,
the bad ones by none. None gets a second try here, and nothing is relayed instead."""

import contextlib
import socket
import threading

import pytest
from support import chromium, firefox
from support.clock import Clock
from support.client import eventually
from support.nameserver import NameServer
from support.opened import Opening
from support.programs import CLIENTS, fetch, git, is_installed, java
from support.site import Site
from support.tls import Authority
from support.weir import Weir, run

pytestmark = [pytest.mark.long, pytest.mark.seconds(300)]

DAY = 86_400
LONG = f"{'a' * 60}.{'b' * 60}.test"  # Too long for a common name.
NAMES = ("site.test", "xn--bcher-kva.test", LONG, "127.0.0.1")
PROGRAMS = (*CLIENTS, "git", "java", "chromium", "firefox")
BEGIN, END = "20200101000000Z", "20400101000000Z"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    """Vouches for the origin, whatever Weir's clock says."""
    return Authority(tmp_path_factory.mktemp("issuer"), begin=BEGIN, end=END)


@pytest.fixture(scope="module")
def site(issuer):
    with Site(tls=issuer.issue(*NAMES, begin=BEGIN, end=END)) as running:
        running.routes["/it.git/info/refs"] = lambda connection, _: connection.respond(b"1" * 40 + b"\trefs/heads/main\n")
        running.routes["/it.git/HEAD"] = lambda connection, _: connection.respond(b"ref: refs/heads/main\n")
        yield running


class Shown:
    """A Weir that opens everything and steps aside for nothing, and the authority that programs trust. `offset`:
    how far its clock is from the programs'."""

    def __init__(self, stack, directory, issuer, offset=0, trusted=None):
        directory.mkdir()
        clock = Clock(directory)
        self.opening = Opening(directory, issuer)
        names = stack.enter_context(NameServer())
        for name in NAMES[:-1]:
            names.set(name, "127.0.0.1")
        # An authority that is not valid yet would be refused whatever the leaf says.
        clock.jump(min(offset, 0))
        done = run("ca", "init", "--state-dir", str(self.opening.state), env=clock.env)
        assert done[0] == 0, done
        clock.jump(offset)
        config = self.opening.config('on_reject = "deny"\n', '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n')
        self.weir = stack.enter_context(Weir(names.config() + config, env=clock.env))
        self.pem = trusted or self.opening.export(self.weir)
        self.port = self.weir.port


@pytest.fixture(scope="module")
def shown(tmp_path_factory, issuer):
    """Weirs by what is the matter with their leaves."""
    base = tmp_path_factory.mktemp("shown")
    with contextlib.ExitStack() as stack:
        good = Shown(stack, base / "good", issuer)
        next_one = Shown(stack, base / "next", issuer)
        for word in ("renew", "switch"):
            assert run("ca", word, "--state-dir", str(next_one.opening.state))[0] == 0
        next_one.pem = next_one.opening.export(next_one.weir)
        assert run("reload", str(next_one.port))[0] == 0
        yield {
            "good": good,
            "the next generation": next_one,
            "of an unknown authority": Shown(stack, base / "unknown", issuer, trusted=good.pem),
            "ended": Shown(stack, base / "ended", issuer, offset=-60 * DAY),
            "not valid yet": Shown(stack, base / "early", issuer, offset=60 * DAY),
        }


def in_browser(kind, proxy_port, pem, url):
    """A browser's own word for what it refused, or None."""
    with kind(proxy_port, authority=pem) as browser:
        try:
            browser.open(url)
        except AssertionError as error:
            return str(error)
        return None if "Welcome" in browser.text() else browser.text()


def refusal(program, proxy_port, pem, authority, home):
    """Why a program did not take what it was shown; None if it did."""
    url = f"https://{authority}/"
    if program in ("chromium", "firefox"):
        return in_browser({"chromium": chromium.Chromium, "firefox": firefox.Firefox}[program], proxy_port, pem, url)
    proxy = f"http://127.0.0.1:{proxy_port}"
    if program == "git":
        done = git(proxy, pem, home, "ls-remote", url + "it.git")
    elif program == "java":
        done = java(proxy, pem, url, home)
    else:
        done = fetch(program, proxy, pem, url, home)
    return None if done.returncode == 0 else done.stderr or f"status {done.returncode}"


@pytest.fixture(params=PROGRAMS)
def program(request):
    name = {"firefox": "firefox-esr"}.get(request.param, request.param)
    if not is_installed(name):
        pytest.skip(f"{name} is not installed")
    return request.param


@pytest.mark.parametrize("name", NAMES)
def test_good_ones_are_taken(shown, site, program, name, tmp_path):
    weir = shown["good"]
    seen = len(weir.weir.log)
    assert refusal(program, weir.port, weir.pem, f"{name}:{site.port}", tmp_path) is None
    eventually(lambda: any(line.details.get("tls") == "opened" for line in weir.weir.log[seen:]), what="an opened tunnel")


def test_the_next_generation_is_taken(shown, site, program, tmp_path):
    weir = shown["the next generation"]
    assert refusal(program, weir.port, weir.pem, f"site.test:{site.port}", tmp_path) is None


def is_refused(weir, site, program, proxy_port, authority, home):
    seen, asked = len(weir.weir.log), len(site.requests)
    said = refusal(program, proxy_port, weir.pem, authority, home)
    assert said is not None, "it was taken"
    eventually(lambda: any(line.details.get("tls", "").startswith("rejected") for line in weir.weir.log[seen:]), what=said)
    assert len(site.requests) == asked, "a request came all the same"


@pytest.mark.parametrize("fault", ["of an unknown authority", "ended", "not valid yet"])
def test_bad_ones_are_refused(shown, site, program, fault, tmp_path):
    is_refused(shown[fault], site, program, shown[fault].port, f"site.test:{site.port}", tmp_path)


@contextlib.contextmanager
def astray(proxy_port, authority):
    """A proxy before the proxy, that asks for `authority` whatever it is asked for. Yields its port."""

    def pump(source, to):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)

    def serve(client):
        with client, socket.create_connection(("127.0.0.1", proxy_port)) as onward:
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(4096)
                if not data:
                    return
                head += data
            onward.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
            back = threading.Thread(target=pump, args=(onward, client), daemon=True)
            back.start()
            pump(client, onward)
            back.join()

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def test_one_of_another_name_is_refused(shown, site, program, tmp_path):
    """By address, so that no name in the handshake tells Weir what the program wants."""
    weir = shown["good"]
    with astray(weir.port, f"xn--bcher-kva.test:{site.port}") as port:
        is_refused(weir, site, program, port, f"127.0.0.1:{site.port}", tmp_path)
