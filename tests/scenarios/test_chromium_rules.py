"""What people see of rules in a browser. Each test leaves pictures in build/pictures."""

import datetime
import subprocess

import pytest
from support import chromium
from support.client import eventually
from support.clock import Clock
from support.reloading import Reloading
from support.weir import ROOT, binary, environment

pytestmark = [
    pytest.mark.seconds(150),
    pytest.mark.skipif(not chromium.PROGRAM, reason="Debian's chromium is not installed"),
]

PICTURES = ROOT / "build" / "pictures"


def config(names, more, before=""):
    return (
        before
        + names.config()
        + '[pages]\ncontact = "Aunt Ada, room 7"\n[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'
        + more
    )


def rule(name, action, **keys):
    keys = "".join(f"{key.replace('__', '.')} = {value}\n" for key, value in keys.items())
    return f'[[rule]]\nname = "{name}"\naction = "{action}"\n{keys}'


def say(weir, *words):
    done = subprocess.run(
        [binary(), *words, "--control", weir.control], capture_output=True, text=True, timeout=30, env=environment(), check=False
    )
    assert done.returncode == 0, done
    return done.stdout


@pytest.fixture
def hosts(names):
    for name in ("games.test", "school.test", "ads.test", "page.test"):
        names.set(name, "127.0.0.1")
    return names


def html(content):
    def answer(connection, request):
        connection.respond(content.encode(), "200 OK", [("Content-Type", "text/html; charset=utf-8")])

    return answer


def test_a_denied_page_says_which_rule_and_whom_to_ask(tmp_path, hosts, site):
    rules = rule("no games on weekdays", "deny", what__host='["games.test"]')
    with Reloading(tmp_path, config(hosts, rules)) as weir, chromium.Chromium(weir.port) as browser:
        browser.open(f"http://games.test:{site.port}/")
        text = browser.text()
        assert "no games on weekdays" in text and "Aunt Ada, room 7" in text and "games.test" in text
        # The style sheet came, though the page allows nothing else.
        assert browser.evaluate("document.styleSheets.length") == 1
        assert browser.evaluate("document.styleSheets[0].cssRules.length") > 3
        browser.picture(PICTURES / "denied.png")
        assert not site.requests


def test_a_page_whose_ads_are_denied_works(tmp_path, hosts, site):
    ads = f"http://ads.test:{site.port}"
    site.routes["/shop"] = html(
        "<!doctype html><title>Shop</title><h1>Shop</h1><p>Shoes: 5 pounds.</p>"
        f'<img id=ad src="{ads}/ad.png" width=300 height=250 onload="seen = this.naturalWidth">'
        f'<script src="{ads}/ad.js" onload="ran = true"></script><iframe src="{ads}/frame" width=300 height=150></iframe>'
        f'<script>fetch("{ads}/beacon", {{mode: "no-cors"}}).catch(() => 0).then(() => told = true)</script>'
    )
    rules = "[lists.ads]\nrules = ['ads.test']\n" + rule("ads", "filter", what__list='["ads"]')
    with Reloading(tmp_path, config(hosts, rules)) as weir, chromium.Chromium(weir.port) as browser:
        browser.open(f"http://page.test:{site.port}/shop")
        assert "Shoes: 5 pounds." in browser.text()
        # An empty image and an empty script in place of the refusals, which pages would stumble over.
        eventually(lambda: browser.evaluate("window.told"), what="the end of the page's last request")
        assert browser.evaluate("[window.seen, window.ran]") == [1, True]
        browser.picture(PICTURES / "page_without_ads.png")
    assert {request.fields.get("host") for request in site.requests} == {f"page.test:{site.port}"}


def test_an_allow_for_an_hour(tmp_path, hosts, site):
    clock = Clock(tmp_path)
    rules = rule("no games", "deny", what__host='["games.test"]')
    url = f"http://games.test:{site.port}/"
    text = config(hosts, rules, before=f'state_dir = "{tmp_path}/state"\n')
    with Reloading(tmp_path, text, env=clock.env) as weir, chromium.Chromium(weir.port) as browser:
        browser.open(url)
        assert "no games" in browser.text()
        assert "games.test" in say(weir, "allow", "games.test", "--for", "1h")
        browser.open(url)
        assert "Welcome" in browser.text()
        browser.picture(PICTURES / "allowed_for_an_hour.png")
        clock.jump(3590)
        browser.open(url)
        assert "Welcome" in browser.text()
        clock.jump(3601)

        def is_over():
            browser.open(url)
            return "no games" in browser.text()

        eventually(is_over, what="the end of the hour")
        assert say(weir, "grants") == "nothing is allowed, blocked or paused by command\n"


DOWNLOAD = """fetch("/film").then(async (response) => {
  window.begun = true;
  try { await response.arrayBuffer(); window.ended = "whole"; } catch (fault) { window.ended = "cut"; }
}); 0"""


def test_homework_ends_at_half_past_six(tmp_path, hosts, site):
    def film(connection, request):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "x" * 1000)
        site.gate.wait(40)

    site.routes["/film"] = film
    clock = Clock(tmp_path)
    today = datetime.datetime.now(datetime.timezone.utc)
    evening = (today + datetime.timedelta(days=-today.weekday())).replace(hour=18, minute=29, second=30, microsecond=0)
    clock.jump_to(evening.timestamp())
    rules = rule("homework", "allow", what__host='["school.test"]', when='["mon-fri 15:00-18:30"]')
    text = config(hosts, rules, before='policy.default = "deny"\npolicy.time_zone = "UTC"\n')
    url = f"http://school.test:{site.port}/"
    with Reloading(tmp_path, text, env=clock.env) as weir, chromium.Chromium(weir.port) as browser:
        browser.open(url)
        assert "Welcome" in browser.text()
        browser.evaluate(DOWNLOAD)
        eventually(lambda: browser.evaluate("window.begun"), what="the film")
        clock.jump_to(evening.timestamp() + 30)
        eventually(lambda: browser.evaluate("window.ended"), what="the end of the film")
        assert browser.evaluate("window.ended") == "cut"
        browser.open(url)
        assert "No rule allows school.test" in browser.text()
        browser.picture(PICTURES / "homework_is_over.png")
        site.gate.set()


def test_each_group_sees_what_it_should(tmp_path, hosts, site):
    rules = (
        'name = "home"\n[[listener]]\nname = "kids"\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\ngroups = ["kids"]\n'
        + rule("no games for kids", "deny", who__group='["kids"]', what__host='["games.test"]')
    )
    url = f"http://games.test:{site.port}/"
    with Reloading(tmp_path, config(hosts, rules)) as weir:
        parent, kids = (port for _, port in weir.addresses)
        with chromium.Chromium(parent) as browser:
            browser.open(url)
            assert "Welcome" in browser.text()
        with chromium.Chromium(kids) as browser:
            browser.open(url)
            assert "no games for kids" in browser.text()
            browser.open(f"http://school.test:{site.port}/")
            assert "Welcome" in browser.text()
            # Of a refused CONNECT browsers show nothing; Weir's own page does.
            failed = browser.page("Page.navigate", url="https://games.test/")
            assert failed["errorText"] == "net::ERR_TUNNEL_CONNECTION_FAILED"
            browser.open("http://weir.internal/")
            assert "games.test:443" in browser.text() and "no games for kids" in browser.text()
            browser.picture(PICTURES / "last_denials.png")
