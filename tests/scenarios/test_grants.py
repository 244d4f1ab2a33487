"""`weir allow`, `block`, `pause`, `revoke`, `grants`: what somebody decides while Weir runs."""

import pathlib
import re
import subprocess

import pytest
from support.client import Ended, eventually
from support.clock import Clock
from support.reloading import Reloading
from support.weir import binary, environment

CLIENTS = '[[client]]\nname = "tablet"\naddresses = ["127.0.0.3"]\ngroups = ["kids"]\n'
CLOSED = '[policy]\ndefault = "deny"\ntime_zone = "UTC"\n' + CLIENTS


class Owned(Reloading):
    """A Weir with an owner at its control socket."""

    def do(self, *words, status=0):
        answer = subprocess.run([binary(), *words, "--control", self.control], capture_output=True, text=True, timeout=30,
                                env=environment(), check=False)
        assert answer.returncode == status, answer
        return answer.stdout if status == 0 else answer.stderr


@pytest.fixture
def site(origin):
    return f"http://localhost:{origin.port}/"


def status(weir, url, source=None):
    with weir.client(source=source) as client:
        client.send_request("GET", url, [("Host", url.split("/")[2])])
        return client.response().status


def is_denied(weir, url):
    try:
        return status(weir, url) == 403
    except Ended:
        return False  # A request that runs while the rules change is cut.


def test_allow_and_revoke(tmp_path, site):
    with Owned(tmp_path, "workers = 1\n" + CLOSED) as weir:
        assert status(weir, site) == 403
        assert weir.do("allow", "localhost").startswith("1 allow localhost, until it is revoked\n")
        assert status(weir, site) == 200
        assert weir.wait_log(2)[1].details["grant"] == "1"
        assert weir.do("grants") == "1 allow localhost, until it is revoked\n"
        assert weir.do("revoke", "1") == "revoked 1\n"
        assert status(weir, site) == 403
        assert weir.do("grants") == "nothing is allowed, blocked or paused by command\n"
        assert "there is no 1" in weir.do("revoke", "1", status=1)


def test_block_for_one_client(tmp_path, site):
    with Owned(tmp_path, CLIENTS) as weir:
        weir.do("block", "*", "--client", "tablet")
        assert [status(weir, site, source) for source in ("127.0.0.2", "127.0.0.3")] == [200, 403]
        weir.do("allow", "localhost", "--group", "kids")
        assert status(weir, site, "127.0.0.3") == 200


def test_an_hour_ends(tmp_path, site):
    clock = Clock(tmp_path)
    clock.jump_to(1_700_000_000)
    with Owned(tmp_path, CLOSED, env=clock.env) as weir:
        assert weir.do("allow", "localhost", "--for", "1h").startswith("1 allow localhost, until 2023-11-14 23:13\n")
        assert status(weir, site) == 200
        clock.jump_to(1_700_000_000 + 3590)
        assert status(weir, site) == 200
        clock.jump_to(1_700_000_000 + 3601)
        eventually(lambda: is_denied(weir, site), what="the end of the hour")
        assert weir.do("grants").startswith("nothing")


def test_a_restart_keeps_them(tmp_path, site):
    state = tmp_path / "state"
    text = f'state_dir = "{state}"\n' + CLOSED
    with Owned(tmp_path, text) as weir:
        weir.do("allow", "localhost")
        weir.do("block", "other.test", "--client", "tablet")
        before = weir.do("grants")
    assert (state / "grants").stat().st_mode & 0o777 == 0o600
    with Owned(tmp_path, text) as weir:
        assert weir.do("grants") == before
        assert status(weir, site) == 200
        weir.do("revoke", "1")
        assert weir.do("allow", "a.test").startswith("3 ")


def test_a_reload_keeps_them(tmp_path, site):
    with Owned(tmp_path, CLOSED) as weir:
        weir.do("allow", "localhost", "--client", "tablet")
        weir.reload(CLOSED.replace("127.0.0.3", "127.0.0.4"))
        assert [status(weir, site, source) for source in ("127.0.0.3", "127.0.0.4")] == [403, 200]
        weir.reload('[policy]\ndefault = "deny"\n')
        assert status(weir, site, "127.0.0.4") == 403, "a name that nobody has is nobody"


def test_a_damaged_file_is_told_and_left_alone(tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "grants").write_text("weir grants 1 1\n1 allow nonsense\n")
    with Owned(tmp_path, f'state_dir = "{state}"\n') as weir:
        weir.wait_stderr("what was allowed or blocked before is not known: .*line 2 can't be read")
        assert "ends with this process" in weir.do("allow", "a.test")
    assert (state / "grants").read_text() == "weir grants 1 1\n1 allow nonsense\n"


def test_a_guard_is_not_overridden(tmp_path, site):
    text = '[[rule]]\nname = "never"\naction = "deny"\nguard = true\nwhat.host = ["localhost"]\n'
    with Owned(tmp_path, text) as weir:
        weir.do("allow", "localhost")
        assert status(weir, site) == 403


def test_an_allow_that_a_guard_denies_says_so(tmp_path):
    text = f'state_dir = "{tmp_path}/state"\n' + CLIENTS + '''[[rule]]
name = "never"
action = "deny"
guard = true
what.host = ["bad.test"]
[[rule]]
name = "not kids"
action = "deny"
guard = true
who.group = ["kids"]
what.host = ["games.test"]
[[rule]]
name = "a part"
action = "deny"
guard = true
what = { host = ["part.test"], url = ["http://part.test/x"] }
[[rule]]
name = "some ports"
action = "deny"
guard = true
what = { host = ["ports.test"], not_port = [443] }
[[rule]]
name = "noted"
action = "deny"
mode = "audit"
guard = true
what.host = ["noted.test"]
'''
    with Owned(tmp_path, text) as weir:
        file = pathlib.Path(weir.directory.name) / "weir.toml"
        line = {name: number for number, line in enumerate(file.read_text().splitlines(), 1) for name in re.findall('name = "(.*)"', line)}

        def note(*words):
            return weir.do("allow", *words).split("\n", 1)[1]

        def guard(name):
            # A rule's place is where its table begins.
            return f'note: the guard "{name}" ({file}:{line[name] - 1}) denies it all the same\n'

        assert note("bad.test") == guard("never")
        assert note("www.bad.test", "--client", "tablet") == guard("never")
        assert note("games.test", "--client", "tablet") == note("=games.test", "--group", "kids") == guard("not kids")
        for words in (["games.test"], ["part.test"], ["ports.test"], ["noted.test"], ["*"], ["*.bad.test"], ["other.test"]):
            assert note(*words) == "", words
        assert "note" not in weir.do("block", "bad.test")


def test_a_pause_of_nothing_says_so(tmp_path):
    nothing = 'note: no rule has action = "filter", so this pauses nothing\n'
    text = f'state_dir = "{tmp_path}/state"\n' + CLIENTS
    with Owned(tmp_path, text) as weir:
        answer = weir.do("pause", "--client", "tablet")
        assert answer.startswith("1 pause, client tablet, until ") and answer.endswith("\n" + nothing)
        assert weir.do("grants") == answer.removesuffix(nothing), "it is kept all the same"
        rule = '[lists.ads]\nrules = ["a.test"]\n[[rule]]\nname = "ads"\naction = "{}"\nwhat.list = ["ads"]\n'
        weir.reload(text + rule.format("deny"))
        assert nothing in weir.do("pause")
        weir.reload(text + rule.format("filter"))
        assert "note" not in weir.do("pause")


@pytest.mark.parametrize(
    "words, said",
    [
        (["allow", "http://a.test/x"], "a.test"),
        (["allow", "a.test", "--client", "phone"], 'no client is called "phone": there are tablet'),
        (["allow", "a.test", "--group", "teachers"], 'no group is called "teachers": there are kids'),
        (["allow", "a.test", "--client", "tablet", "--group", "kids"], "not both"),
        (["allow", "a.test", "--for", "20y"], ""),
        (["pause", "0m"], ""),
        (["revoke", "x"], ""),
        (["block", ""], ""),
    ],
)
def test_what_is_refused(tmp_path, words, said):
    with Owned(tmp_path, CLIENTS) as weir:
        answer = subprocess.run([binary(), *words, "--control", weir.control], capture_output=True, text=True, timeout=30,
                                env=environment(), check=False)
        assert answer.returncode in (1, 2) and said in answer.stderr, answer
        assert weir.do("grants").startswith("nothing")


def test_config_names_the_running_weir(tmp_path):
    with Owned(tmp_path, CLIENTS) as weir:
        file = pathlib.Path(weir.directory.name) / "weir.toml"
        answer = subprocess.run([binary(), "grants", "--config", str(file)], capture_output=True, text=True, timeout=30,
                                env=environment(), check=True)
        assert answer.stdout.startswith("nothing")
