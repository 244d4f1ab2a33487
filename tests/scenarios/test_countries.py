"""The database of countries that `policy.geo` names: what is wrong with it is told at its place, and
a running Weir survives whatever happens to the file."""

import os

import pytest
from support.mmdb import database, number
from support.reloading import Reloading
from support.tunnels import connect
from support.weir import run

COUNTRIES = {"192.0.2.0/24": "CH", "198.51.100.0/24": "KP", "2001:db8::/32": "DE"}
NETWORKS = {"192.0.2.0/24": {"autonomous_system_number": number("uint32", 64496)}}


def config_of(path):
    return f"""[policy]
geo = "{path}"
[[rule]]
name = "sanctions"
what = {{ country = ["KP"] }}
action = "deny"
"""


@pytest.fixture
def geo(tmp_path):
    path = tmp_path / "country.mmdb"
    path.write_bytes(database(COUNTRIES))
    return path


def check(tmp_path, text):
    file = tmp_path / "weir.toml"
    file.write_text(text)
    status, stdout, stderr = run("check", str(file))
    return status, (stdout + stderr).replace(str(file), "weir.toml")


def test_check_reads_the_database(tmp_path, geo):
    assert check(tmp_path, config_of(geo))[0] == 0
    whole = geo.read_bytes()
    for content, why in [
        (None, "it cannot be read: No such file or directory"),
        (b"", "it is no MaxMind database"),
        (b"<html>Log in first.</html>", "it is no MaxMind database"),
        (whole[:-40], "it is no MaxMind database"),
        (b"\xff" * 8 + whole[8:], "it is damaged: "),
        (database(NETWORKS, "GeoLite2-ASN"), "it tells no countries: it is of the type GeoLite2-ASN"),
    ]:
        geo.unlink(missing_ok=True)
        if content is not None:
            geo.write_bytes(content)
        status, said = check(tmp_path, config_of(geo))
        assert status == 1
        assert said.startswith(f'weir.toml:2:7: geo is "{geo}": {why}'), said
        assert said.endswith("expected a database of countries, such as GeoLite2-Country.mmdb\n")


def test_a_rule_about_countries_needs_a_database(tmp_path):
    text = '[[rule]]\nname = "a"\nwhat.country = ["KP"]\naction = "deny"\n'
    status, said = check(tmp_path, text)
    assert status == 1
    assert said.startswith("weir.toml:3:16: what.country is there, and nothing tells countries; expected geo in [policy]")


def test_a_rule_about_countries_decides_by_the_address(tmp_path, geo, origin):
    geo.write_bytes(database({"127.0.0.0/8": "KP", "::1/128": "KP"}))
    named = origin.url.replace("127.0.0.1", "localhost")
    with Reloading(tmp_path, config_of(geo)) as weir:
        for url in (origin.url, named):
            assert weir.get(url).status == 403
            with weir.client() as client:
                connect(client, url.removeprefix("http://"), status=403)
            status, stdout, stderr = run("explain", url, "--control", weir.control)
            assert (status, stderr) == (1, "") and '>   1 rule   "sanctions" denies' in stdout
        geo.write_bytes(database({"127.0.0.0/8": "CH", "::1/128": "KP"}))
        weir.reload(config_of(geo))
        assert weir.get(named).status == weir.get(origin.url).status == 200
        status, stdout, stderr = run("explain", named, "--control", weir.control)
        assert (status, stderr) == (0, ""), stdout


def test_a_reload_reads_it_anew_and_damage_ends_nothing(tmp_path, geo):
    with Reloading(tmp_path, config_of(geo)) as weir:
        with open(geo, "r+b") as file:
            file.truncate(0)  # As a program does that writes in place.
        assert weir.get("http://weir.internal/").status == 200
        assert "it is no MaxMind database" in weir.refuse(config_of(geo))
        new = tmp_path / "country.mmdb.new"
        new.write_bytes(database({"203.0.113.0/24": "FR"}))
        os.rename(new, geo)
        weir.reload(config_of(geo))
        os.unlink(geo)
        os.mkfifo(geo)
        assert "it is no ordinary file" in weir.refuse(config_of(geo))
        assert weir.get("http://weir.internal/").status == 200


def test_the_country_of_the_address_decides(start, tmp_path, play):
    def hello(connection):
        while connection.more():
            connection.body(connection.head())
            connection.respond(b"hello")

    origin = play(hello)
    geo = tmp_path / "country.mmdb"
    for networks, statuses in (
        ({"127.0.0.0/8": "KP", "::1/128": "KP"}, [403, 403, 403]),
        ({"127.0.0.0/8": "CH", "::1/128": "CH"}, [200, 200, 200]),
        (COUNTRIES, [200, 200, 200]),
    ):
        geo.write_bytes(database(networks))
        weir = start(config_of(geo))
        with weir.client() as client:
            client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
            connected = client.response("CONNECT").status
        urls = (f"http://localhost:{origin.port}/", origin.url + "/")
        assert [weir.get(url).status for url in urls] + [connected] == statuses, networks


def test_an_allow_by_country_waits_for_the_address(start, tmp_path, play):
    origin = play(lambda connection: (connection.body(connection.head()), connection.respond(b"hello")))
    geo = tmp_path / "country.mmdb"
    geo.write_bytes(database({"127.0.0.0/8": "CH"}))
    text = config_of(geo).replace("[policy]", '[policy]\ndefault = "deny"')
    allow = text.replace('action = "deny"', 'action = "allow"').replace("KP", "CH")
    assert start(allow).get(f"http://localhost:{origin.port}/").status == 200
    assert start(allow.replace("CH", "DE")).get(f"http://localhost:{origin.port}/").status == 403
