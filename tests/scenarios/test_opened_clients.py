"""Programs that people use, through sessions that Weir opens: with the authority they work, without it
they are relayed at the second try."""

import functools
import http.server
import os
import shutil
import subprocess
import threading

import pytest
from support import chromium
from support.client import eventually
from support.opened import after_reloads, lines_of
from support.programs import CLIENTS, fetch, git, is_installed
from support.site import PASSWORD, USER, Site

HOST = "site.test"
pytestmark = pytest.mark.seconds(150)


@pytest.fixture(scope="module")
def context(authority):
    return authority.issue(HOST, "other.test", "localhost")


@pytest.fixture
def weir(start, names, opening):
    names.set(HOST, "127.0.0.1")
    running = start(names.config() + opening.config(more='[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'))
    opening.export(running)
    return running


@pytest.fixture
def site(context):
    with Site(tls=context) as running:
        yield running


def needs(program):
    if not is_installed(program):
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("program", CLIENTS)
def test_with_the_authority(weir, site, opening, tmp_path, program):
    needs(program)
    done = fetch(program, weir.url, opening.pem, f"https://{HOST}:{site.port}/size/300000", tmp_path)
    assert done.returncode == 0, done.stderr
    got = tmp_path / "got"
    assert done.stdout.strip() == "300000" or got.stat().st_size == 300000
    line = eventually(lambda: lines_of(weir, "CONNECT"))[0]
    assert line.details["tls"] == "opened"
    assert lines_of(weir, "GET")[0].status == 200


@pytest.mark.parametrize("program", CLIENTS)
def test_without_the_authority_the_second_try_is_relayed(weir, site, authority, tmp_path, program):
    needs(program)
    url = f"https://{HOST}:{site.port}/size/1000"
    first = fetch(program, weir.url, authority.pem, url, tmp_path)
    assert first.returncode != 0
    eventually(lambda: lines_of(weir, "CONNECT"))
    second = fetch(program, weir.url, authority.pem, url, tmp_path)
    assert second.returncode == 0, second.stderr
    lines = eventually(lambda: len(lines := lines_of(weir, "CONNECT")) >= 2 and lines)
    assert lines[0].details["tls"].startswith("rejected"), lines[0]
    assert (lines[-1].details["tls"], lines[-1].details["step_aside"]) == ("tunnelled", "rejected")


@pytest.fixture
def repository(context, tmp_path):
    """The URL of a repository as plain files (the dumb protocol), served by Python's own server."""
    work, bare = tmp_path / "work", tmp_path / "served" / "it.git"
    quiet = {"cwd": tmp_path, "check": True, "capture_output": True, "env": {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}}
    subprocess.run(["git", "init", "-q", str(work)], **quiet)
    (work / "file").write_text("content")
    subprocess.run(["git", "-C", str(work), "add", "file"], **quiet)
    who = ["-c", "user.name=T", "-c", "user.email=t@test"]
    subprocess.run(["git", "-C", str(work), *who, "commit", "-qm", "First"], **quiet)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare)], **quiet)
    subprocess.run(["git", "-C", str(bare), "update-server-info"], **quiet)

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            pass  # A client that does not accept the certificate leaves.

    served = Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(bare.parent)))
    served.socket = context.wrap_socket(served.socket, server_side=True)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"https://{HOST}:{served.server_address[1]}/it.git"
    served.shutdown()
    served.server_close()


def test_git_clones(weir, opening, repository, tmp_path):
    done = git(weir.url, opening.pem, tmp_path, "clone", "-q", repository, str(tmp_path / "copy"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "copy" / "file").read_text() == "content"
    eventually(lambda: any("it.git" in line.request for line in lines_of(weir, "GET")), what="a line of what is inside")


def test_git_without_the_authority_is_relayed_at_the_second_try(weir, authority, repository, tmp_path):
    assert git(weir.url, authority.pem, tmp_path, "ls-remote", repository).returncode != 0
    eventually(lambda: lines_of(weir, "CONNECT"))
    second = git(weir.url, authority.pem, tmp_path, "ls-remote", repository)
    assert second.returncode == 0, second.stderr


SOCKET = """new Promise((done, fail) => {
  const socket = new WebSocket("%s");
  socket.onopen = () => socket.send("one");
  socket.onmessage = (event) => { socket.close(); done(event.data); };
  socket.onerror = () => fail("the WebSocket failed");
})"""


@pytest.mark.skipif(not chromium.PROGRAM or not shutil.which("certutil"), reason="chromium or certutil is not installed")
def test_a_person_browses_and_logs_in(weir, site, opening):
    url = f"https://{HOST}:{site.port}"
    with chromium.Chromium(weir.port, authority=opening.pem) as browser:
        browser.open(url + "/login")
        browser.submit(
            f"document.forms[0].user.value = '{USER}'; document.forms[0].password.value = '{PASSWORD}'; document.forms[0].submit()"
        )
        assert "Hello, ada" in browser.text()
        assert browser.evaluate(SOCKET % f"wss://{HOST}:{site.port}/ws") == "echo: one"
        assert browser.evaluate("fetch('/size/5000000').then(r => r.arrayBuffer()).then(b => b.byteLength)") == 5000000
        browser.open("https://weir.internal/")
        assert "was opened by Weir" in browser.text() and "SHA-256" in browser.text()
    assert all("via" in request.fields for request in site.requests)
    eventually(lambda: any(line.details.get("tls") == "opened" for line in lines_of(weir, "CONNECT")))


@pytest.mark.skipif(not chromium.PROGRAM, reason="chromium is not installed")
def test_a_browser_without_the_authority_is_relayed(weir, site, authority):
    """It shows an error the first time; a person reloads."""
    with chromium.Chromium(weir.port, authority=authority.pem) as browser:
        url = f"https://{HOST}:{site.port}/"
        assert "Welcome" in after_reloads(browser, url)
    eventually(lambda: any(line.details.get("tls", "").startswith("rejected") for line in lines_of(weir, "CONNECT")))
