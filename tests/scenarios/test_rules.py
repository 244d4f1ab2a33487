"""Rules of the configuration file: who may reach what, and when."""

import datetime
import json
import threading

import pytest
from support.client import Ended, eventually
from support.clock import Clock
from support.reloading import Reloading
from support.tls import client_hello
from support.tunnels import connect, echo

# What a client sees of a connection that Weir ends.
CUT = (Ended, ConnectionResetError)


def rule(name, action, **keys):
    """A [[rule]] in TOML; the values are TOML already."""
    lines = ["[[rule]]", f'name = "{name}"', f'action = "{action}"']
    lines += [f"{key.replace('__', '.')} = {value}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def hello(connection):
    while connection.more():
        connection.body(connection.head())
        connection.respond(b"hello")


def get(client, url):
    client.send_request("GET", url, [("Host", url.split("/")[2])])
    return client.response()


@pytest.fixture
def origin(play):
    return play(hello)


@pytest.fixture
def site(origin):
    """A URL's beginning, on this machine."""
    return lambda host="localhost": f"http://{host}:{origin.port}"


class TestPlainRequests:
    def test_a_denial_names_its_rule(self, start, site):
        weir = start(rule("no games", "deny", what__host='["localhost"]'))
        response = weir.get(site() + "/")
        assert response.status == 403
        assert b'The rule "no games" denies localhost.' in response.body
        assert 'The rule \\"no games\\" denies localhost.' in response.fields.get("proxy-status")
        line = weir.wait_log(1)[0]
        assert line.details["rule"] == "no_games" and line.outcome == "http_request_denied"

    def test_what_no_rule_has_is_as_before(self, start, site):
        weir = start(rule("no games", "deny", what__host='["games.test"]'))
        assert weir.get(site() + "/").status == 200
        assert "rule" not in weir.wait_log(1)[0].details

    def test_only_what_is_allowed(self, start, site):
        weir = start('workers = 1\n[policy]\ndefault = "deny"\n' + rule("docs", "allow", what__host='["localhost"]', what__method='["GET"]'))
        assert weir.get(site() + "/").status == 200
        assert weir.exchange("POST", site() + "/", body=b"x").status == 403
        refused = weir.get(site("127.0.0.1") + "/")
        assert refused.status == 403 and b"No rule allows 127.0.0.1." in refused.body
        assert [line.details.get("rule") for line in weir.wait_log(3)] == ["docs", "policy.default", "policy.default"]

    @pytest.mark.parametrize("path", ["/secret/x", "/%73ecret/x", "/a/../secret/x", "/./secret/x?y", "/a/%2e%2E/secret/x"])
    def test_a_url_in_another_spelling_is_the_same_url(self, start, site, origin, path):
        weir = start(rule("secret", "deny", what__url=f'["http://localhost:{origin.port}/secret/*"]'))
        assert weir.get(site() + path).status == 403
        assert weir.get(site() + "/public").status == 200

    @pytest.mark.parametrize("host", ["LOCALHOST", "localhost.", "LocalHost."])
    def test_a_name_in_another_spelling_is_the_same_name(self, start, site, host):
        weir = start(rule("no", "deny", what__host='["localhost"]'))
        assert weir.get(site(host) + "/").status == 403

    def test_the_host_field_does_not_count(self, start, site):
        weir = start(rule("no", "deny", what__host='["localhost"]'))
        assert weir.get(site() + "/", [("Host", "allowed.test")]).status in (400, 403)

    def test_a_redirect(self, start, site, origin):
        weir = start(rule("portal", "redirect", to=f'"{site()}/welcome?x=1"'))
        response = weir.exchange("POST", "http://other.test/a", body=b"x")
        assert response.status == 307 and response.fields.get("location") == site() + "/welcome?x=1"
        assert weir.wait_log(1)[0].details["rule"] == "portal"
        assert weir.get(site() + "/welcome?x=1").status == 200
        with weir.client() as client:
            connect(client, origin.authority, status=403)

    def test_audit_only_notes(self, start, site):
        weir = start(rule("soon", "deny", what__host='["localhost"]', mode='"audit"'))
        assert weir.get(site() + "/").status == 200
        assert weir.wait_log(1)[0].details["would"] == "soon"

    def test_the_json_log_has_it(self, start, site, tmp_path):
        log = tmp_path / "log"
        weir = start(f'workers = 1\n[log]\nformat = "json"\nto = "{log}"\n' + rule("a", "deny", what__host='["localhost"]') + rule("b", "allow"))
        weir.get(site() + "/")
        weir.get(site("127.0.0.1") + "/")
        eventually(lambda: log.read_text().count("\n") == 2, what="two lines")
        first, second = (json.loads(line) for line in log.read_text().splitlines())
        assert (first["rule"], first["list"], first["would"]) == ("a", None, None)
        assert second["rule"] == "b"


class TestAnswers:
    def serve(self, play, fields, body=b"x" * 100):
        def script(connection):
            while connection.more():
                connection.body(connection.head())
                connection.respond(body, fields=fields)

        return play(script)

    def test_a_content_type_is_denied_when_it_is_known(self, start, play):
        origin = self.serve(play, [("Content-Type", "Application/X-MSDownload; x=y")])
        weir = start(rule("programs", "deny", what__content_type='["application/x-msdownload"]'))
        assert weir.get(origin.url + "/").status == 403
        assert weir.wait_log(1)[0].details["rule"] == "programs"

    def test_a_size_is_denied_when_it_is_told(self, start, play):
        origin = self.serve(play, [])
        weir = start(rule("large", "deny", what__size_over="99"))
        assert weir.get(origin.url + "/").status == 403
        weir = start(rule("large", "deny", what__size_over="100"))
        assert weir.get(origin.url + "/").status == 200

    def test_an_allow_by_content_type_waits_for_the_answer(self, start, play):
        origin = self.serve(play, [("Content-Type", "text/html")])
        text = '[policy]\ndefault = "deny"\n'
        weir = start(text + rule("pages", "allow", what__content_type='["text/*"]'))
        assert weir.get(origin.url + "/").status == 200
        weir = start(text + rule("images", "allow", what__content_type='["image/*"]'))
        assert weir.get(origin.url + "/").status == 403

    def test_an_address_is_denied_before_it_is_connected_to(self, start, play):
        origin = play(hello)
        weir = start(rule("inside", "deny", what__address='["127.0.0.0/8", "::1"]'))
        assert weir.get(f"http://localhost:{origin.port}/").status == 403
        assert weir.get(f"http://127.0.0.1:{origin.port}/").status == 403
        assert not origin.connections


class TestAliases:
    """A host may lead to another one by CNAME: trackers hide behind a site's own name so."""

    @pytest.fixture
    def cloaked(self, names):
        names.set("metrics.site.test", {"CNAME": "collect.tracker.test"})
        names.set("collect.tracker.test", {"CNAME": "edge.cdn.test"})
        names.set("edge.cdn.test", "127.0.0.1")
        return names.config()

    def test_an_alias_is_denied_like_its_name(self, start, cloaked, origin):
        listener = '\n[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'
        url = f"http://metrics.site.test:{origin.port}/"
        weir = start(cloaked + rule("no", "deny", what__host='["tracker.test"]') + listener)
        refused = weir.get(url)
        assert refused.status == 403
        assert b'The rule "no" denies collect.tracker.test (metrics.site.test leads there).' in refused.body
        with weir.client() as client:
            connect(client, f"metrics.site.test:{origin.port}", status=403)
        assert not origin.connections
        assert weir.get(f"http://edge.cdn.test:{origin.port}/").status == 200

    def test_what_is_allowed_is_allowed_with_its_aliases(self, start, cloaked, origin):
        listener = '\n[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'
        url = f"http://metrics.site.test:{origin.port}/"
        rules = rule("site", "allow", what__host='["site.test"]') + rule("rest", "deny")
        weir = start(cloaked + '[policy]\ndefault = "deny"\n' + rules + listener)
        assert weir.get(url).status == 200

    def test_a_pooled_connection_is_asked_about_too(self, tmp_path, cloaked, origin):
        listener = '\n[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'
        url = f"http://metrics.site.test:{origin.port}/"
        with Reloading(tmp_path, "workers = 1\n" + cloaked + listener) as weir:
            assert weir.get(url).status == 200
            port = weir.port
            text = rule("no", "deny", what__host='["tracker.test"]')
            weir.reload("workers = 1\n" + cloaked + text + listener.replace("127.0.0.1:0", f"127.0.0.1:{port}"))
            assert weir.get(url).status == 403


class TestStatus:
    def test_it_counts_by_rule(self, tmp_path, site):
        text = rule("no: games", "deny", what__url=f'["{site()}/games/*"]') + rule("soon", "deny", what__url=f'["{site()}/b"]', mode='"audit"')
        with Reloading(tmp_path, "workers = 2\n" + text) as weir:
            for path in ("/games/1", "/games/2", "/b", "/c"):
                weir.get(site() + path)
            weir.get("http://127.0.0.1:25/")
            weir.wait_log(5)
            lines = [line for line in weir.ask("status").stdout.splitlines() if "=" in line]
            assert lines == ["rule=blocked_ports: 1", "rule=no:_games: 2", "would=soon: 1"]
            weir.reload("workers = 2\n")
            assert "rule=no:_games: 2\n" in weir.ask("status").stdout


class TestTunnels:
    def test_a_connect_is_denied_by_its_host(self, start, play):
        origin = play(echo)
        weir = start(rule("no", "deny", what__host='["localhost"]'))
        with weir.client() as client:
            response = connect(client, f"localhost:{origin.port}", status=403)
            assert b'The rule "no"' in response.body
            assert "http_request_denied" in response.fields.get("proxy-status")

    def test_what_stays_unknown_in_a_tunnel_opens_nothing(self, start, play):
        origin = play(echo)
        weir = start('[policy]\ndefault = "deny"\n' + rule("read", "allow", what__host='["localhost"]', what__method='["GET"]'))
        with weir.client() as client:
            connect(client, f"localhost:{origin.port}", status=403)

    def test_what_stays_unknown_in_a_tunnel_closes_nothing(self, start, play):
        origin = play(echo)
        weir = start(rule("programs", "deny", what__content_type='["application/x-msdownload"]'))
        with weir.client() as client:
            connect(client, f"localhost:{origin.port}")
            client.send(b"\x00abc")
            assert client.read(4) == b"\x00ABC"

    def test_the_server_name_is_asked_too(self, start, play):
        origin = play(echo)
        weir = start(rule("no", "deny", what__host='["evil.test"]'))
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(client_hello("www.evil.test"))
            with pytest.raises(CUT):
                client.read(1)
        line = weir.wait_log(1)[0]
        assert line.details["rule"] == "no" and line.details["sni"] == "www.evil.test"
        assert not origin.connections or not origin.connections[0].received

    def test_a_tunnel_without_a_server_name(self, start, play):
        origin = play(echo)
        weir = start(rule("named only", "deny", what__sni_missing="true"))
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(client_hello(None))
            with pytest.raises(CUT):
                client.read(1)
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(client_hello("site.test"))
            assert client.read(1)


class TestWho:
    def test_each_group_sees_what_it_should(self, start, site):
        weir = start(
            '[[client]]\nname = "tablet"\naddresses = ["127.0.0.3"]\ngroups = ["kids"]\n'
            '[[client]]\nname = "laptop"\naddresses = ["127.0.0.4/31"]\n'
            + rule("kids", "deny", who__group='["kids"]', what__host='["localhost"]')
            + rule("laptop", "deny", who__client='["laptop"]', what__host='["127.0.0.1"]')
        )
        def status(source, host):
            with weir.client(source=source) as client:
                return get(client, site(host) + "/").status

        assert [status(f"127.0.0.{n}", "localhost") for n in (2, 3, 4, 5)] == [200, 403, 200, 200]
        assert [status(f"127.0.0.{n}", "127.0.0.1") for n in (2, 3, 4, 5)] == [200, 200, 403, 403]

    def test_rules_do_not_apply_to_weirs_own_pages(self, start):
        weir = start(rule("nothing", "deny"))
        assert weir.get("http://weir.internal/").status == 200


class TestHours:
    def test_homework_ends_at_half_past_six(self, start, play, tmp_path):
        """A download and a tunnel that began before are cut within 10 s."""
        clock = Clock(tmp_path)
        go = threading.Event()

        def slowly(connection):
            connection.body(connection.head())
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n12345")
            go.wait(30)

        origin, other = play(slowly), play(echo)
        today = datetime.datetime.now(datetime.timezone.utc)
        monday = (today + datetime.timedelta(days=-today.weekday())).replace(hour=18, minute=29, second=50, microsecond=0)
        clock.jump_to(monday.timestamp())
        weir = start(
            '[policy]\ndefault = "deny"\ntime_zone = "UTC"\n' + rule("games", "allow", when='["mon-fri 16:00-18:30"]'),
            env=clock.env,
        )
        with weir.client() as client, weir.client() as tunnel:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.reader.response_head().status == 200
            connect(tunnel, other.authority)
            tunnel.send(b"\x00abc")
            assert tunnel.read(4) == b"\x00ABC"
            clock.jump_to(monday.timestamp() + 15)
            with pytest.raises(CUT):
                tunnel.read(1)
            with pytest.raises(CUT):
                client.read(1000)
        go.set()
        assert {line.outcome for line in weir.wait_log(2)} == {"policy_changed"}
        assert weir.get(origin.url + "/").status == 403


class TestReload:
    def test_a_new_rule_holds_at_once_for_what_runs(self, tmp_path, play, origin):
        other = play(echo)
        with Reloading(tmp_path) as weir, weir.client() as kept, weir.client() as tunnel:
            assert get(kept, origin.url + "/").status == 200
            connect(tunnel, other.authority)
            tunnel.send(b"\x00abc")
            assert tunnel.read(4) == b"\x00ABC"
            weir.reload(rule("no more", "deny", who__client='["us"]') + '[[client]]\nname = "us"\naddresses = ["127.0.0.1"]\n')
            with pytest.raises(CUT):
                tunnel.read(1)
            assert get(kept, origin.url + "/").status == 403
            weir.reload("")
            assert get(kept, origin.url + "/").status == 200


class TestDenials:
    def test_the_start_page_lists_them(self, start, origin):
        """For what browsers show no page for: a refused CONNECT, a ClientHello's name."""
        weir = start(rule("no <b>", "deny", what__host='["evil.test", "localhost"]'))
        with weir.client() as client:
            connect(client, "evil.test:443", status=403)
        with weir.client() as client:
            connect(client, origin.authority)
            client.send(client_hello("www.evil.test"))
            with pytest.raises(CUT):
                client.read(1)
        weir.wait_log(2)
        text = weir.get("http://weir.internal/").body.decode()
        assert "CONNECT evil.test:443, rule: no <b>\n" in text and f"CONNECT {origin.authority}, rule: no <b>\n" in text
        html = weir.get("http://weir.internal/", [("Accept", "text/html")]).body.decode()
        assert "<code>evil.test:443</code><br>Rule: no &lt;b&gt;</dd>" in html
        with weir.client(source="127.0.0.9") as other:
            assert b"denied:" not in get(other, "http://weir.internal/").body, "another client's"

    def test_an_image_stands_in_for_an_image(self, start, site):
        weir = start(rule("ads", "deny", what__host='["localhost"]'))
        response = weir.get(site() + "/a.png", [("Accept", "image/avif,image/webp,*/*;q=0.8")])
        assert response.status == 200 and response.body.startswith(b"GIF89a")
        assert weir.wait_log(1)[0].outcome == "http_request_denied"
