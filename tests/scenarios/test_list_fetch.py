"""Lists that Weir fetches: from URLs, again and again, through its own policy."""

import subprocess
import time

import pytest
from support.client import Ended, eventually
from support.clock import Clock
from support.reloading import Reloading
from support.tls import Authority
from support.weir import ROOT, binary, environment, run

RULE = '[[rule]]\nname = "no"\naction = "deny"\nwhat.list = ["bad"]\n'
DAY = 86_400


class ListServer:
    """Answers with `content`; keeps the requests."""

    def __init__(self, play, tls=None):
        self.content, self.etag, self.status, self.fields = b"bad.test\n", '"1"', "200 OK", []
        self.requests = []
        self.cut = False
        self.origin = play(self.script, tolerant=True, tls=tls)
        self.url = f"{self.origin.url}/bad.txt"

    def script(self, connection):
        while connection.more():
            request = connection.head()
            connection.body(request)
            self.requests.append(request)
            if self.cut:
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + self.content)
                connection.close()
                return
            if self.status == "200 OK" and self.etag in request.fields.all("if-none-match"):
                connection.send("HTTP/1.1 304 Not Modified\r\n\r\n")
                continue
            connection.respond(self.content, self.status, [("ETag", self.etag), *self.fields])


@pytest.fixture
def server(play):
    return ListServer(play)


def config(tmp_path, url, more=""):
    return f'state_dir = "{tmp_path}/state"\n[lists.bad]\nurls = ["{url}"]\n{more}{RULE}'


def lists(weir, *words):
    command = [binary(), "lists", *words, "--control", weir.control]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment(), check=False)


def is_denied(weir, host="bad.test"):
    try:
        return weir.get(f"http://{host}/").status == 403
    except Ended:
        return False  # A request that runs while the list comes is cut.


def names_its_line(weir, place):
    eventually(lambda: place in [line.details.get("list") for line in weir.log], what="the line in the log")


def said(weir, what, *words):
    eventually(lambda: what in lists(weir, *words).stdout, what=what)


def test_it_comes_and_holds_from_then_on(tmp_path, server):
    with Reloading(tmp_path, config(tmp_path, server.url)) as weir:
        eventually(lambda: is_denied(weir), what="the list")
        names_its_line(weir, server.url + ":1")
        request = server.requests[0]
        assert request.fields.get("accept-encoding") == "identity" and "via" in request.fields
        assert lists(weir).stdout.startswith(f"bad: 1 entry\n  {server.url} fetched 20")
        # Nothing is fetched again before its time.
        weir.reload(config(tmp_path, server.url))
        assert is_denied(weir)
        assert len(server.requests) == 1
    assert "lists: bad (1)" in weir.stderr


def test_it_is_asked_for_again_each_day(tmp_path, server):
    clock = Clock(tmp_path)
    with Reloading(tmp_path, config(tmp_path, server.url), env=clock.env) as weir:
        eventually(lambda: is_denied(weir), what="the list")
        clock.jump(1.2 * DAY)
        eventually(lambda: len(server.requests) == 2, what="the second request")
        assert server.requests[1].fields.get("if-none-match") == '"1"'
        said(weir, ", still the same 20")
        server.content, server.etag = b"worse.test\n", '"2"'
        clock.jump(2.4 * DAY)
        eventually(lambda: is_denied(weir, "worse.test"), what="the new list")
        assert not is_denied(weir)


@pytest.mark.parametrize(
    "change, why",
    [
        ({"content": b"<html>Log in first</html>\n"}, "HTML"),
        ({"content": b"# nothing\n"}, "has no entry"),
        ({"status": "500 Oops"}, "answers 500 Internal Server Error"),
        ({"cut": True}, "broke off: "),
        ({"fields": [("Content-Encoding", "gzip")]}, "comes compressed (gzip)"),
        ({"status": "302 Found", "fields": [("Location", "https://lists.test/bad.txt")]}, "is not fetched: "),
        ({"status": "302 Found", "fields": [("Location", "/bad.txt")]}, "leads on and on"),
        ({"status": "302 Found", "fields": [("Location", "http://localhost:1/")]}, "is not fetched: "),
    ],
)
def test_what_is_broken_changes_nothing_and_is_told(tmp_path, server, change, why):
    clock = Clock(tmp_path)
    with Reloading(tmp_path, config(tmp_path, server.url), env=clock.env) as weir:
        eventually(lambda: is_denied(weir), what="the list")
        server.etag = '"2"'
        for name, value in change.items():
            setattr(server, name, value)
        assert "1 URL to fetch" in lists(weir, "update", "bad").stdout
        said(weir, why)
        assert is_denied(weir)
        weir.wait_stderr("the last good copy stays")
        # It is tried again soon.
        before = len(server.requests)
        server.__dict__.update(content=b"new.test\n", status="200 OK", cut=False, fields=[])
        clock.jump(400)
        eventually(lambda: is_denied(weir, "new.test"), what="the new list")
        assert len(server.requests) == before + 1
        assert why not in lists(weir).stdout


def test_the_copy_outlives_a_restart_without_its_server(start, tmp_path, server):
    text = config(tmp_path, server.url)
    weir = start(text)
    eventually(lambda: is_denied(weir), what="the list")
    weir.stop()
    asked = len(server.requests)
    server.origin.close()
    weir = start(text)
    assert is_denied(weir)
    assert asked == 1


def test_explaining_a_file_reads_the_copies_that_a_weir_of_it_has(tmp_path, server):
    text = config(tmp_path, server.url)
    file = tmp_path / "explained.toml"
    file.write_text(text)
    explain = ["explain", "http://bad.test/", "--config", str(file)]
    status, said_, told = run(*explain)
    assert status == 0
    assert told == f"weir: lists.bad is asked without {server.url}, of which there is no copy to read here\n"
    with Reloading(tmp_path, text) as weir:
        eventually(lambda: is_denied(weir), what="the list")
    status, said_, told = run(*explain)
    assert (status, told) == (1, "") and server.url + ":1" in said_


def test_a_redirection_is_followed(tmp_path, play, server):
    def redirect(connection):
        while connection.more():
            connection.body(connection.head())
            connection.respond(b"", "301 Moved Permanently", [("Location", server.url)])

    other = play(redirect)
    with Reloading(tmp_path, config(tmp_path, other.url + "/old.txt")) as weir:
        eventually(lambda: is_denied(weir), what="the list")
        names_its_line(weir, other.url + "/old.txt:1")


def test_a_name_that_leads_inside_is_not_fetched(tmp_path, server, names):
    """An address that the owner writes is meant, and so is a name that only this network has; what
    another name leads to is up to somebody outside."""
    names.set("lists.example.com", "127.0.0.1")
    url = server.url.replace("127.0.0.1", "lists.example.com")
    text = names.config() + config(tmp_path, url).replace("state_dir", "#", 1)
    text = f'state_dir = "{tmp_path}/state"\n' + text
    with Reloading(tmp_path, text) as weir:
        said(weir, "no URL in the configuration is of that server")
        assert not server.requests
        weir.reload(text.replace("lists.example.com", "localhost"))
        eventually(lambda: is_denied(weir), what="the list")


def test_over_https(tmp_path, play):
    """Such a list may be trusted; but not if nobody known vouches for its server."""
    authority = Authority(tmp_path)
    server = ListServer(play, tls=authority.issue("127.0.0.1"))
    text = config(tmp_path, server.url, "trusted = true\n")
    with Reloading(tmp_path, text) as weir:
        said(weir, "has an unknown issuer")
        assert not server.requests
        weir.reload(text + f'[tls]\nroots = ["{authority.pem}"]\n')
        assert lists(weir, "update", "bad").returncode == 0
        eventually(lambda: is_denied(weir), what="the list")


def test_off_and_on(tmp_path):
    text = f'state_dir = "{tmp_path}/state"\n[lists.bad]\nrules = ["bad.test"]\ncategory = "ads"\n' + RULE
    with Reloading(tmp_path, text) as weir:
        assert is_denied(weir)
        assert lists(weir, "off", "bad").stdout == "bad is off\n"
        assert not is_denied(weir)
        assert lists(weir).stdout == "bad (off): 1 entry, category ads\n"
        weir.reload(text)
        assert not is_denied(weir)
    with Reloading(tmp_path, text) as weir:
        assert not is_denied(weir)
        assert lists(weir, "on", "bad").stdout == "bad is on\n"
        assert is_denied(weir)


def test_show_and_mistakes(tmp_path):
    (tmp_path / "bad.txt").write_text("a.test\n0.0.0.0 b.test\nno list at all\n192.0.2.0/24\n")
    text = f'state_dir = "{tmp_path}/state"\n[lists.bad]\npaths = ["{tmp_path}/bad.txt"]\nrules = ["c.test"]\n' + RULE
    with Reloading(tmp_path, text) as weir:
        shown = lists(weir, "show", "bad").stdout
        assert shown.splitlines()[:3] == [
            "bad: 4 entries",
            "  rules: names 1",
            f"  {tmp_path}/bad.txt: names 1, hosts 1, networks 1, not taken 1",
        ]
        assert "    line 3 is not taken: it has several words" in shown
        assert "nothing is to be fetched" in lists(weir, "update").stdout
        answer = lists(weir, "show", "good")
        assert answer.returncode == 1 and 'no list is called "good": there are bad' in answer.stderr
        for words in (["show"], ["fetch", "bad"]):
            assert lists(weir, *words).returncode == 2


def test_what_check_says_of_urls(tmp_path):
    file = tmp_path / "weir.toml"

    def check(text):
        file.write_text(text)
        status, out, err = run("check", str(file))
        return status, (out + err).replace(str(file), "weir.toml")

    http, https = 'urls = ["http://a.test/x"]\n', 'urls = ["https://a.test/x"]\n'
    allow = '[[rule]]\nname = "a"\naction = "allow"\nwhat.list = ["l"]\n'
    exempt = '[[rule]]\nname = "a"\naction = "deny"\nwhat.not_category = ["c"]\n'
    assert check("[lists.l]\n" + http)[0] == 0
    assert check("[lists.l]\n" + https + "trusted = true\n" + '[policy]\ndefault = "deny"\n' + allow)[0] == 0
    for text, words in (
        ("[lists.l]\n" + http + "trusted = true\n", "weir.toml:3:11: trusted is true, and a URL of the list begins with http://"),
        ("[lists.l]\n" + http + allow, 'weir.toml:6:14: what.list has "l", which comes over http://'),
        ("[lists.l]\ncategory = \"c\"\n" + http + exempt, 'weir.toml:7:22: what.not_category has "c", and the list "l" comes over http://'),
        ('[lists.l]\nurls = ["a.test/x"]\n', "weir.toml:2:9: "),
        ('[lists.l]\nurls = ["http://a.test/x"]\nrefresh = "1s"\n', "weir.toml:3:11: "),
    ):
        status, told = check(text)
        assert status == 1 and words in told, (text, told)


def test_two_lists_may_have_one_url(tmp_path, server):
    more = f'[lists.other]\nurls = ["{server.url}"]\nrefresh = "2h"\n'
    with Reloading(tmp_path, config(tmp_path, server.url, more)) as weir:
        eventually(lambda: is_denied(weir), what="the list")
        time.sleep(0.2)
        assert len(server.requests) == 1
        assert lists(weir).stdout.count("fetched 20") == 2


class TestPresets:
    LISTS = '[lists.a]\nrules = ["ads.test", "both.test"]\ncategory = "ads"\n[lists.m]\nrules = ["mal.test", "both.test"]\ncategory = "malware"\n'
    PRESETS = '[policy]\npresets = ["ads", "malware"]\n'

    def test_they_stand_behind_the_owners_rules_and_malware_before(self, tmp_path):
        allow = '[[rule]]\nname = "mine"\naction = "allow"\nwhat.host = ["ads.test", "mal.test", "both.test"]\nwho.client = ["us"]\n'
        client = '[[client]]\nname = "us"\naddresses = ["127.0.0.1"]\n'
        text = f'state_dir = "{tmp_path}/state"\n'
        with Reloading(tmp_path, text + self.PRESETS + self.LISTS) as weir:
            assert [is_denied(weir, host) for host in ("ads.test", "mal.test", "other.test")] == [True, True, False]
            assert {line.details.get("rule") for line in weir.wait_log(3)} == {"preset:ads", "preset:malware", None}
            weir.reload(text + '[policy]\npresets = ["ads", "malware"]\ndefault = "allow"\n' + self.LISTS + client + allow)
            assert [is_denied(weir, host) for host in ("ads.test", "mal.test", "both.test")] == [False, True, True]

    def test_a_pause_skips_filters_and_no_guard(self, tmp_path):
        with Reloading(tmp_path, f'state_dir = "{tmp_path}/state"\n' + self.PRESETS + self.LISTS) as weir:
            command = [binary(), "pause", "--control", weir.control]
            assert subprocess.run(command, capture_output=True, timeout=30, env=environment(), check=True)
            assert [is_denied(weir, host) for host in ("ads.test", "mal.test")] == [False, True]

    def test_each_needs_a_list(self, tmp_path):
        file = tmp_path / "weir.toml"
        file.write_text('[policy]\npresets = ["ads", "social"]\n[lists.a]\nrules = ["a.test"]\ncategory = "ads"\n')
        status, _, err = run("check", str(file))
        assert status == 1 and f'{file}:2:19: presets has "social", and no list has that category' in err

    def test_the_example_has_all_five(self, tmp_path):
        (tmp_path / "lists.toml").write_text((ROOT / "examples/lists.toml").read_text())
        file = tmp_path / "weir.toml"
        file.write_text('include = ["lists.toml"]\n[policy]\npresets = ["ads", "malware", "adult", "social", "gambling"]\n')
        status, out, err = run("check", str(file))
        assert status == 0, err
        assert out.count(": is fetched while Weir runs") == 5
