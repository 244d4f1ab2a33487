"""Lists of hosts, networks and URLs that rules ask."""

import os
import pathlib
import re
import threading
import time

import pytest
from support.client import eventually
from support.origin import serve
from support.reloading import Reloading, ask
from support.tunnels import connect, echo
from support.weir import Weir, fast_binary, run

DENY = '[[rule]]\nname = "no"\naction = "deny"\nwhat.list = ["bad"]\n'


@pytest.fixture
def origin(play):
    return play(serve())


@pytest.fixture
def site(origin):
    """A URL's beginning, on this machine."""
    return lambda host="localhost": f"http://{host}:{origin.port}"


def config(tmp_path, text, rule=DENY):
    (tmp_path / "bad.txt").write_text(text)
    return f'state_dir = "{tmp_path}/state"\n[lists.bad]\npaths = ["{tmp_path}/bad.txt"]\n{rule}'


class TestWhatIsDenied:
    @pytest.mark.parametrize("line", ["localhost.test", ".test", "*.test", "address=/test/", "||localhost.test^", "localhost.test CNAME ."])
    def test_names_in_each_form(self, start, tmp_path, line):
        weir = start(config(tmp_path, "# a list\n" + line + "\n"))
        assert weir.get("http://LOCALHOST.test./").status == 403
        log = weir.wait_log(1)[0]
        assert log.details["rule"] == "no" and log.details["list"] == f"{tmp_path}/bad.txt:2"

    def test_hosts_are_these_names_alone(self, start, tmp_path, site):
        weir = start(config(tmp_path, "127.0.0.1 localhost\n0.0.0.0 foo.localhost\n"))
        assert [weir.get(site(host) + "/").status for host in ("localhost", "foo.localhost", "a.foo.localhost")] == [200, 403, 200]

    def test_networks_are_asked_where_the_address_is_known(self, start, tmp_path, site):
        weir = start(config(tmp_path, "127.0.0.0/8\n::1\n"))
        assert [weir.get(site(host) + "/").status for host in ("localhost", "127.0.0.1")] == [403, 403]
        assert weir.wait_log(1)[0].details["list"].startswith(f"{tmp_path}/bad.txt:")

    def test_urls_and_what_is_below(self, start, tmp_path, origin, site):
        weir = start(config(tmp_path, f"http://localhost:{origin.port}/ads\n"))
        paths = ("/ads", "/%61ds/x", "/b/../ads?x", "/adsense", "/")
        assert [weir.get(site() + path).status for path in paths] == [403, 403, 403, 200, 200]

    def test_a_connect(self, start, tmp_path, play):
        origin = play(echo)
        weir = start(config(tmp_path, "localhost.test\n=localhost\nexample.org/x\n"))
        with weir.client() as client:
            connect(client, f"localhost:{origin.port}", status=403)
        # Of a tunnel's inside no path is known.
        with weir.client() as client:
            connect(client, f"127.0.0.1:{origin.port}")

    def test_own_lines_name_the_configuration(self, start, tmp_path, site):
        weir = start('[lists.bad]\nrules = [\n"a.test",\n"localhost",\n]\n' + DENY)
        assert weir.get(site() + "/").status == 403
        path, line = weir.wait_log(1)[0].details["list"].rsplit(":", 1)
        assert pathlib.Path(path).read_text().splitlines()[int(line) - 1] == '"localhost",'

    def test_by_category(self, start, tmp_path, site):
        rule = '[[rule]]\nname = "no"\naction = "filter"\nwhat.category = ["ads"]\n'
        weir = start('[lists.a]\ncategory = "ads"\nrules = ["a.test"]\n[lists.b]\ncategory = "ads"\nrules = ["=localhost"]\n' + rule)
        assert [weir.get(site(host) + "/").status for host in ("localhost", "127.0.0.1")] == [403, 200]

    def test_only_what_a_list_has(self, start, tmp_path, site):
        rule = '[policy]\ndefault = "deny"\n[[rule]]\nname = "yes"\naction = "allow"\nwhat.list = ["bad"]\n'
        weir = start(config(tmp_path, "=localhost\n", rule))
        assert [weir.get(site(host) + "/").status for host in ("localhost", "127.0.0.1", "a.localhost")] == [200, 403, 403]


class TestReload:
    def test_a_changed_file_holds_from_then_on(self, tmp_path, site):
        text = config(tmp_path, "=localhost\n")
        with Reloading(tmp_path, text) as weir:
            assert weir.get(site() + "/").status == 403
            (tmp_path / "bad.txt").write_text("foo.localhost\n")
            weir.reload(text)
            assert [weir.get(site(host) + "/").status for host in ("localhost", "foo.localhost")] == [200, 403]

    def test_a_broken_file_changes_nothing(self, tmp_path, site):
        text = config(tmp_path, "=localhost\n")
        with Reloading(tmp_path, text) as weir:
            (tmp_path / "bad.txt").write_bytes(bytes(range(256)) * 40)
            weir.reload(text)
            assert weir.get(site() + "/").status == 403
            weir.wait_stderr("lists.bad stays as it was: .*bad.txt is not taken")
            (tmp_path / "bad.txt").unlink()
            weir.reload(text)
            assert weir.get(site() + "/").status == 403
            weir.wait_stderr("lists.bad stays as it was: .*No such file")
            # A new list has no good image.
            refused = weir.refuse(text.replace("lists.bad", "lists.more") + '[lists.bad]\nrules = []\n')
            assert "lists.more" in refused
            assert weir.get(site() + "/").status == 403

    def test_the_last_good_one_outlives_a_restart(self, start, tmp_path, site):
        text = config(tmp_path, "=localhost\n")
        start(text).stop()
        (tmp_path / "bad.txt").unlink()
        weir = start(text)
        assert weir.get(site() + "/").status == 403
        assert "stays as it was" in weir.stderr

    def test_nothing_is_dropped(self, tmp_path, play, site):
        """Requests and a tunnel go on while lists are replaced."""
        tunnel_origin = play(echo)
        text = config(tmp_path, "".join(f"n{i}.test\n" for i in range(20_000)))
        with Reloading(tmp_path, text) as weir, weir.client() as tunnel:
            connect(tunnel, tunnel_origin.authority)
            statuses, done = [], threading.Event()

            def ask():
                while not done.is_set():
                    statuses.append(weir.get(site() + "/").status)
                    statuses.append(weir.get("http://n7.test/").status)

            thread = threading.Thread(target=ask)
            thread.start()
            try:
                for count in range(5):
                    (tmp_path / "bad.txt").write_text("".join(f"n{i}.test\n" for i in range(20_000 + count)))
                    weir.reload(text)
            finally:
                done.set()
                thread.join()
            assert set(statuses[::2]) == {200} and set(statuses[1::2]) == {403}
            tunnel.send(b"\x00abc")
            assert tunnel.read(4) == b"\x00ABC"


class TestStart:
    def test_a_list_that_is_none_is_no_start(self, tmp_path):
        for text, why in (
            ("<html><p>404</p>\n", "HTML"),
            ("[Adblock Plus 2.0]\n||a.test^$third-party\n", "ad-block syntax, which comes with a later version"),
            ("\x00\x01\x02\n" * 50, "it has a NUL in it"),
        ):
            with pytest.raises(AssertionError, match=why):
                Weir(config(tmp_path, text))

    def test_check_tells_it_with_its_place(self, tmp_path):
        file = tmp_path / "weir.toml"
        file.write_text('[lists.a]\npaths = ["good.txt", "none.txt"]\n')
        (tmp_path / "good.txt").write_text("a.test\nno list\n0.0.0.0 b.test\n")
        code, _, err = run("check", str(file))
        assert code == 1 and f"{file}:2:22: {tmp_path}/none.txt can't be read: No such file" in err
        (tmp_path / "none.txt").write_text("")
        code, out, _ = run("check", str(file))
        assert code == 0
        assert f"{tmp_path}/good.txt: names 1, hosts 1, not taken 1\n{tmp_path}/good.txt:2: it has several words" in out

    def test_without_a_place_for_them_nothing_is_left(self, start, tmp_path, site):
        """Port 0 and no state_dir: two Weirs must not have the same folder."""
        temporary, home = tmp_path / "temporary", tmp_path / "home"
        temporary.mkdir()
        weir = start('[lists.bad]\nrules = ["=localhost"]\n' + DENY, env={"TMPDIR": str(temporary), "STATE_DIRECTORY": str(home)})
        assert weir.get(site() + "/").status == 403
        assert not list(temporary.iterdir()) and not home.exists()

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_what_may_not_be_read(self, tmp_path):
        text = config(tmp_path, "a.test\n")
        (tmp_path / "bad.txt").chmod(0)
        with pytest.raises(AssertionError, match="Permission denied"):
            Weir(text)


@pytest.mark.seconds(400)
def test_a_million_lines(start, tmp_path):
    text = config(tmp_path, "a.test\n")
    image = tmp_path / "state/lists/bad.list"
    with Reloading(tmp_path, text) as weir:
        (tmp_path / "bad.txt").write_text("".join(f"0.0.0.0 n{i}.test\n" for i in range(1_000_000)))
        time.sleep(2.1)  # A file that was written just now would be read again at the next start.
        answer = ask("reload", weir.control, within=300)
        assert answer.returncode == 0, answer
        assert [weir.get(f"http://n{i}.test/").status for i in (0, 499_999, 999_999)] == [403] * 3
        # The order of two workers' lines is not fixed.
        assert f"{tmp_path}/bad.txt:1000000" in [line.details["list"] for line in weir.wait_log(3)]
        made = image.stat()
        assert made.st_mode & 0o777 == 0o600
    # The next start maps the image: nothing has changed.
    weir = start(text)
    assert weir.get("http://n7.test/").status == 403
    assert image.stat().st_ino == made.st_ino


@pytest.mark.long
@pytest.mark.seconds(600)
def test_hostile_files(tmp_path):
    """Whatever is in a file, Weir answers soon, and with a reason."""
    path = tmp_path / "hostile.txt"
    file = tmp_path / "weir.toml"
    file.write_text('[lists.a]\npaths = ["hostile.txt"]\n')

    def check():
        return run("check", str(file), program=fast_binary(), timeout=120)

    path.write_bytes(b"a.b\n" * 10_000_000)
    assert check()[:2][0] == 0
    path.write_bytes(b"a" * (200 << 20))
    assert "longer than 4096 bytes" in check()[2]
    path.write_bytes(b"\n" * (300 << 20))
    assert "larger than 256 MiB" in check()[2]
    path.write_bytes(os.urandom(50 << 20))
    # By chance the first lines have what only ad-block syntax has, such as "##".
    assert re.search("most lines are not understood|ad-block syntax", check()[2])
    path.write_bytes(b"\0" * (100 << 20))
    assert check()[0] == 1
    # More entries than a list may have.
    with open(path, "wb") as out:
        for begin in range(0, 17_000_000, 1_000_000):
            out.write(b"".join(b"%x.b\n" % i for i in range(begin, begin + 1_000_000)))
    assert "16 million entries" in check()[2]


def test_the_log_of_a_start_names_the_lists(start, tmp_path):
    weir = start(config(tmp_path, "a.test\nno list at all\nb.test\n"))
    eventually(lambda: "lists: bad (2)" in weir.stderr, what="the line")
    assert "of " + str(tmp_path / "bad.txt") + " 1 line is not taken; the first is line 2" in weir.stderr


def test_a_list_that_is_off_is_not_fetched_and_says_so(tmp_path):
    url = "http://127.0.0.1:1/bad.txt"
    with Reloading(tmp_path, f'state_dir = "{tmp_path}/state"\n[lists.bad]\nurls = ["{url}"]\n' + DENY) as weir:

        def lists(*words):
            return run("lists", *words, "--control", weir.control)[1]

        assert lists("off", "bad").startswith("bad is off\n")
        assert f"  {url} is not fetched: the list is off\n" in lists()
        assert f"  {url} is not fetched: the list is off\n" in lists("show", "bad")
        lists("on", "bad")
        assert "off" not in lists()
