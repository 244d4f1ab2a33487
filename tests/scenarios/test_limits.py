"""Rules that limit how much a client gets, and how fast."""

import datetime
import time

import pytest
from support.client import Ended
from support.clock import Clock
from support.reloading import Reloading
from support.tunnels import connect, echo
from support.weir import run

CUT = (Ended, ConnectionResetError)
KIB = 1024


def limit(name="some", **keys):
    """A [[rule]] in TOML that limits; the values are TOML already."""
    lines = ["[[rule]]", f'name = "{name}"', 'action = "limit"']
    lines += [f"{key.replace('__', '.')} = {value}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def get(client, url, method="GET", fields=(), body=b""):
    if body:
        fields = [*fields, ("Content-Length", str(len(body)))]
    client.send_request(method, url, [("Host", url.split("/")[2]), *fields], body)
    return client.response(method)


@pytest.fixture
def origin(play):
    """Answers with 100 KiB; below /chunked without a length."""

    def script(connection):
        while connection.more():
            request = connection.head()
            connection.body(request)
            if "chunked" in request.target:
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in range(100):
                    connection.send(b"400\r\n" + b"x" * KIB + b"\r\n")
                connection.send(b"0\r\n\r\n")
            else:
                connection.respond(b"x" * 100 * KIB)

    # Whoever is cut off leaves an origin that can't send the rest.
    return play(script, tolerant=True)


class TestBytesPerDay:
    def test_what_is_used_up_is_used_up(self, start, origin):
        weir = start('workers = 1\n' + limit(bytes_per_day='"250 KiB"'))
        with weir.client() as client:
            assert len(get(client, origin.url + "/").body) == 100 * KIB
            assert len(get(client, origin.url + "/").body) == 100 * KIB
            cut = get(client, origin.url + "/")
            assert not cut.complete and len(cut.body) == 50 * KIB
        refused = weir.get(origin.url + "/")
        assert refused.status == 403
        assert b'The rule "some" gives you 250KiB a day, and today\'s are used up.' in refused.body
        with weir.client() as client:
            connect(client, origin.authority, status=403)
        lines = weir.wait_log(5)
        assert [line.details.get("rule") for line in lines] == [None, None, "some", "some", "some"]
        assert lines[2].outcome == "http_request_denied"
        # Another client has its own.
        with weir.client(source="127.0.0.2") as other:
            assert get(other, origin.url + "/").status == 200

    def test_without_a_length_too(self, start, origin):
        weir = start(limit(bytes_per_day='"50 KiB"'))
        with weir.client() as client:
            assert not get(client, origin.url + "/chunked").complete
        assert weir.get(origin.url + "/").status == 403

    def test_what_a_client_sends_counts_too(self, start, origin):
        weir = start(limit(bytes_per_day='"250 KiB"'))
        with weir.client() as client:
            assert get(client, origin.url + "/", "POST", body=b"y" * 100 * KIB).status == 200
        with weir.client() as client:
            refused = get(client, origin.url + "/", "POST", body=b"y" * 100 * KIB)
            assert refused.status == 403 and b'"some"' in refused.body
        assert weir.get(origin.url + "/").status == 403

    def test_tunnels_count_and_end(self, start, play):
        other = play(echo, tolerant=True)
        weir = start(limit(bytes_per_day='"100 KiB"'))
        with weir.client() as client:
            connect(client, other.authority)
            client.send(b"\x00" + b"a" * (40 * KIB - 1))
            assert client.read(40 * KIB)[1:] == b"A" * (40 * KIB - 1)
            with pytest.raises((*CUT, BrokenPipeError)):
                client.send(b"a" * 40 * KIB)
                client.read(40 * KIB)
        line = weir.wait_log(1)[0]
        assert line.details["rule"] == "some" and line.outcome == "http_request_denied"
        with weir.client() as client:
            connect(client, other.authority, status=403)

    def test_the_next_day_begins_at_zero(self, start, origin, tmp_path):
        clock = Clock(tmp_path)
        noon = datetime.datetime.now(datetime.timezone.utc).replace(hour=12, minute=0)
        clock.jump_to(noon.timestamp())
        weir = start('[policy]\ntime_zone = "UTC"\n' + limit(bytes_per_day='"100 KiB"'), env=clock.env)
        assert weir.get(origin.url + "/").status == 200
        assert weir.get(origin.url + "/").status == 403
        clock.jump_to((noon + datetime.timedelta(hours=11)).timestamp())
        time.sleep(3)  # Weir looks at its clock every 2 s.
        assert weir.get(origin.url + "/").status == 403
        clock.jump_to((noon + datetime.timedelta(hours=13)).timestamp())
        end = time.monotonic() + 10
        while weir.get(origin.url + "/").status != 200:
            assert time.monotonic() < end
            time.sleep(0.1)

    def test_a_restart_forgets_nothing(self, start, origin, tmp_path):
        text = f'state_dir = "{tmp_path}/state"\n' + limit(bytes_per_day='"150 KiB"')
        weir = start(text)
        assert weir.get(origin.url + "/").status == 200
        weir.stop()
        (tmp_path / "state/usage").rename(tmp_path / "usage")
        assert (tmp_path / "usage").read_text().endswith(f"\n{100 * KIB}\t127.0.0.1\tsome\n")
        (tmp_path / "usage").rename(tmp_path / "state/usage")
        weir = start(text)
        with weir.client() as client:
            assert len(get(client, origin.url + "/").body) == 50 * KIB
        assert weir.get(origin.url + "/").status == 403
        weir.stop()
        # What can't be read is told, and hinders nobody.
        (tmp_path / "state/usage").write_text("nonsense\n")
        weir = start(text)
        assert weir.get(origin.url + "/").status == 200
        assert "what was used of limits today is not known: " in weir.stderr

    def test_a_named_client_is_one_and_a_network_is_many(self, start, origin):
        weir = start(
            '[[client]]\nname = "ada"\naddresses = ["127.0.0.2", "127.0.0.3"]\n'
            '[[client]]\nname = "school"\naddresses = ["127.0.0.4/31"]\n' + limit(bytes_per_day='"100 KiB"')
        )

        def status(source):
            with weir.client(source=source) as client:
                return get(client, origin.url + "/").status

        assert [status(f"127.0.0.{n}") for n in (2, 3, 4, 5, 4)] == [200, 403, 200, 200, 403]

    def test_only_what_the_rule_is_about(self, start, origin):
        weir = start(limit(bytes_per_day='"100 KiB"', what__host='["localhost"]'))
        named = f"http://localhost:{origin.port}/"
        assert [weir.get(url).status for url in (named, named, origin.url + "/", origin.url + "/")] == [200, 403, 200, 200]

    def test_what_only_the_answer_shows(self, start, play):
        def script(connection):
            while connection.more():
                connection.body(connection.head())
                connection.respond(b"x" * 60 * KIB, fields=[("Content-Type", "video/mp4")])

        origin = play(script, tolerant=True)
        weir = start(limit(bytes_per_day='"100 KiB"', what__content_type='["video/*"]'))
        with weir.client() as client:
            assert get(client, origin.url + "/").complete
            assert len(get(client, origin.url + "/").body) == 40 * KIB


class TestRate:
    def test_no_faster_than_it_says(self, start, origin):
        """300 KiB at 100 KiB/s, of which a second's worth goes at once."""
        weir = start(limit(rate='"100 KiB/s"'))
        begin = time.monotonic()
        with weir.client() as client, weir.client() as another:
            for each in (client, another, client):
                assert len(get(each, origin.url + "/").body) == 100 * KIB
        assert time.monotonic() - begin > 1.8

    def test_small_content_too(self, start, play):
        """300 KiB in pieces of which each may move at once, and nobody else has to wait for a debt."""

        def small(connection):
            while connection.more():
                connection.body(connection.head())
                connection.respond(b"x" * 5 * KIB)

        origin = play(small, tolerant=True)
        weir = start(limit(rate='"100 KiB/s"'))
        begin = time.monotonic()
        with weir.client() as client, weir.client() as another:
            for _ in range(30):
                assert get(client, origin.url + "/").status == get(another, origin.url + "/").status == 200
        assert time.monotonic() - begin > 1.8
        with weir.client(wait=10) as client:
            assert get(client, origin.url + "/").status == 200

    def test_tunnels_too(self, start, play):
        other = play(echo)
        weir = start(limit(rate='"100 KiB/s"'))
        begin = time.monotonic()
        with weir.client() as client:
            connect(client, other.authority)
            client.send(b"\x00" + b"a" * (150 * KIB - 1))
            assert len(client.read(150 * KIB)) == 150 * KIB
        assert time.monotonic() - begin > 1.8

    def test_content_moves_beside_busy_tunnels(self, start, play, origin):
        def pours(connection):
            try:
                while True:
                    connection.send(b"z" * 50 * KIB)
            except OSError:
                pass

        source = play(pours, tolerant=True)
        weir = start(limit(rate='"400 KiB/s"'))
        with weir.client() as one, weir.client() as other, weir.client(wait=30) as client:
            for tunnel in (one, other):
                connect(tunnel, source.authority)
                tunnel.send(b"\x00")
                tunnel.read(1)
            assert len(get(client, origin.url + "/").body) == 100 * KIB

    def test_a_reload_changes_what_runs(self, tmp_path, origin):
        """At 1 KiB/s the rest would take a minute and a half."""
        with Reloading(tmp_path, limit(rate='"1 KiB/s"')) as weir, weir.client(wait=20) as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.reader.response_head().status == 200
            weir.reload(limit(rate='"10 MiB/s"'))
            client.read(100 * KIB)


class TestSizeOver:
    RULE = '[[rule]]\nname = "large"\naction = "deny"\nwhat.size_over = "{}"\n'

    def test_content_without_a_length_is_counted(self, start, origin):
        weir = start(self.RULE.format("50 KiB"))
        with weir.client() as client:
            client.send_request("GET", origin.url + "/chunked", [("Host", origin.authority)])
            head = client.reader.response_head()
            assert head.status == 200
            with pytest.raises(CUT):
                client.reader.chunked(head)
        assert weir.wait_log(1)[0].details["rule"] == "large"
        assert start(self.RULE.format("100 KiB")).get(origin.url + "/chunked").status == 200


def test_check_names_what_is_wrong(tmp_path):
    def check(text):
        file = tmp_path / "weir.toml"
        file.write_text('[[rule]]\nname = "a"\n' + text)
        status, out, err = run("check", str(file))
        return status, (out + err).replace(str(file), "weir.toml")

    assert check('action = "limit"\nrate = "20 Mbit/s"\nbytes_per_day = "200 MiB"\n')[0] == 0
    for text, said in (
        ('action = "limit"\n', 'weir.toml:3:10: action is "limit", and there is nothing that is limited'),
        ('action = "deny"\nrate = "20 Mbit/s"\n', 'weir.toml:4:8: there is a `rate` where action is not "limit"'),
        ('action = "limit"\nrate = "20 Mb"\n', 'weir.toml:4:8: '),
        ('action = "limit"\nrate = "1 B/s"\n', 'it is not from 1 kbit/s to 8,000 Gbit/s'),
        ('action = "limit"\nrate = "1 MiB/s"\nguard = true\n', 'weir.toml:5:9: guard is true where action is "limit"'),
        ('action = "limit"\nrate = "1 MiB/s"\nmode = "audit"\n', 'weir.toml:5:8: mode is "audit" where action is "limit"'),
    ):
        status, told = check(text)
        assert status == 1 and said in told, (text, told)
