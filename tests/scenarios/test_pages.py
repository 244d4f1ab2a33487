"""Pages of the owner's in place of Weir's: read with the configuration, checked, and shown to
browsers."""

import os

import pytest
from support.origin import Origin
from support.reloading import Reloading
from support.weir import ROOT, run

BROWSER = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
EXAMPLE = (ROOT / "examples/pages/denied.html").read_text()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


def config_of(folder, contact="ada@example.com"):
    return f"""[pages]
contact = "{contact}"
folder = "{folder}"
[[rule]]
name = "no games"
what = {{ host = ["games.test"] }}
action = "deny"
"""


def check(tmp_path, text):
    file = tmp_path / "weir.toml"
    file.write_text(text)
    status, stdout, stderr = run("check", str(file))
    return status, stdout + stderr


def get(weir, url, *fields):
    host = url.split("/")[2]
    return weir.exchange("GET", url, [("Host", host), *fields])


def test_browsers_get_the_owners_page_and_programs_weirs_text(start, folder):
    (folder / "denied.html").write_text(EXAMPLE)
    weir = start(config_of(folder))
    page = get(weir, "http://games.test/<b>?q=1", BROWSER)
    assert page.status == 403
    assert page.fields.get("content-type") == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.fields.get("content-security-policy")
    assert page.fields.get("cache-control") == "no-store"
    assert "http_request_denied" in page.fields.get("proxy-status")
    assert "<h1>Not here, 127.0.0.1</h1>" in page.text
    assert "Ask ada@example.com." in page.text
    assert "Rule: no games<br>" in page.text
    assert "Address: http://games.test/&lt;b&gt;?q=1<br>" in page.text
    assert "List:" not in page.text and "{{" not in page.text
    text = get(weir, "http://games.test/")
    assert text.fields.get("content-type") == "text/plain; charset=utf-8"
    assert "\nWhom to ask: ada@example.com\n" in text.text


def test_other_errors_have_a_page_of_their_own(start, folder):
    with Origin() as origin:
        pass
    (folder / "error.html").write_text("<p>{{status}} {{error}} at {{host}}{{#contact}}!{{/contact}}</p>")
    weir = start(config_of(folder))
    assert get(weir, origin.url + "/", BROWSER).text == "<p>502 connection_refused at 127.0.0.1!</p>"
    denied = get(weir, "http://games.test/", BROWSER).text
    assert "This page comes from Weir" in denied
    assert 'Whom to ask: <a href="mailto:ada@example.com">' in denied


def test_check_names_what_is_wrong_and_where(tmp_path, folder):
    denied, error = folder / "denied.html", folder / "error.html"
    text = config_of(folder)
    at_key = f'{tmp_path}/weir.toml:3:10: folder is "{folder}": '
    assert check(tmp_path, text) == (1, at_key + "it has no page; expected a folder with denied.html, error.html or both\n")
    denied.write_text(EXAMPLE)
    assert check(tmp_path, text)[0] == 0
    denied.write_text("<p>\n  {{hots}}</p>\n{{#contact}}")
    error.write_bytes(b"<p>caf\xe9</p>")
    status, said = check(tmp_path, text)
    assert status == 1
    first, second, third = said.splitlines()
    assert first.startswith(f'{denied}:2:3: there is no value "hots"; expected one of status, title')
    assert second == f"{denied}:3:1: {{{{#contact}}}} is not closed; expected {{{{/contact}}}}"
    assert third == f"{error}:1:7: here it is not UTF-8"
    denied.unlink()
    os.mkfifo(denied)
    error.unlink()
    error.symlink_to("nowhere.html")
    status, said = check(tmp_path, text)
    first, second = said.splitlines()
    assert first.startswith(f"{denied}: cannot be read: it is no ordinary file")
    assert second == f"{error}: cannot be read: No such file or directory"
    assert check(tmp_path, config_of(tmp_path / "gone"))[1].startswith(
        f'{tmp_path}/weir.toml:3:10: folder is "{tmp_path}/gone": No such file or directory')
    assert check(tmp_path, config_of(tmp_path / "weir.toml"))[1].startswith(
        f'{tmp_path}/weir.toml:3:10: folder is "{tmp_path}/weir.toml": it is no folder')
    assert "control character" in check(tmp_path, config_of("", contact=r"a\u0007b"))[1]


def test_a_reload_reads_the_pages_anew_or_keeps_those_in_use(tmp_path, folder):
    denied = folder / "denied.html"
    denied.write_text("one")
    with Reloading(tmp_path, config_of(folder)) as weir:
        denied.write_text("two")
        assert get(weir, "http://games.test/", BROWSER).text == "one"
        weir.reload(config_of(folder))
        assert get(weir, "http://games.test/", BROWSER).text == "two"
        denied.write_text("{{three")
        assert f"{denied}:1:1: {{{{ is not closed" in weir.refuse(config_of(folder))
        assert get(weir, "http://games.test/", BROWSER).text == "two"
        weir.reload("[pages]\n" + config_of(folder).split("\n", 3)[3])
        assert "This page comes from Weir" in get(weir, "http://games.test/", BROWSER).text
