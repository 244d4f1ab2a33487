"""`weir ca`: the authority, its generations, and the forms in which clients take it."""

import os
import pathlib
import plistlib
import stat
import subprocess
import tempfile

import pytest
from support.weir import Weir, run


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def ca(state, *words, status=0):
    done = run("ca", *words, "--state-dir", str(state))
    assert done[0] == status, done
    return done[1] if status == 0 else done[2]


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout.decode()


def test_a_life(state, tmp_path):
    assert "there is no authority" in ca(state, "show", status=1)
    assert "SHA-256" in ca(state, "init")
    assert stat.S_IMODE((state / "ca").stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "ca" / "weir-ca-1.key").stat().st_mode) == 0o600
    assert "there is an authority" in ca(state, "init", status=1)
    shown = ca(state, "show")
    assert "(signs)" in shown and "generation 1" in shown
    pem = ca(state, "export")
    assert pem.count("BEGIN CERTIFICATE") == 1
    text = openssl("x509", "-noout", "-text", "-fingerprint", "-sha256", data=pem.encode())
    for part in ("CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "prime256v1", "ecdsa-with-SHA256"):
        assert part in text, text
    assert text.split("Fingerprint=")[1].strip() in shown
    assert "no next generation" in ca(state, "switch", status=1)
    ca(state, "renew")
    assert "is prepared already" in ca(state, "renew", status=1)
    assert ca(state, "export").count("BEGIN CERTIFICATE") == 2
    assert ca(state, "export").startswith("# Weir CA") and pem in ca(state, "export")
    ca(state, "switch")
    assert pem not in ca(state, "export") and ca(state, "export", "--generation", "1") == pem


def test_each_form(state, tmp_path):
    ca(state, "init")
    pem = ca(state, "export")
    key = (state / "ca" / "weir-ca-1.key").read_text()
    secret = "".join(key.splitlines()[1:-1])[:40]
    for form in ("pem", "der", "p12", "mobileconfig", "bundle"):
        ca(state, "export", f"--{form}", str(tmp_path / form))
        content = (tmp_path / form).read_bytes()
        assert b"PRIVATE" not in content and secret.encode() not in content
        assert stat.S_IMODE((tmp_path / form).stat().st_mode) == 0o644
    wanted = openssl("x509", "-outform", "PEM", data=pem.encode())
    assert openssl("x509", "-inform", "DER", "-in", str(tmp_path / "der")) == wanted
    inside = openssl("pkcs12", "-in", str(tmp_path / "p12"), "-passin", "pass:", "-nodes")
    assert wanted.strip() in inside and "KEY" not in inside
    assert "2.16.840.1.113894.746875.1.1" in inside, "Java would skip it"
    profile = plistlib.loads((tmp_path / "mobileconfig").read_bytes())
    payload = profile["PayloadContent"][0]
    assert payload["PayloadType"] == "com.apple.security.root"
    assert payload["PayloadContent"] == (tmp_path / "der").read_bytes()
    ca(state, "export", "--mobileconfig", str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == (tmp_path / "mobileconfig").read_bytes()
    bundle = (tmp_path / "bundle").read_text()
    assert pem in bundle and bundle.count("BEGIN CERTIFICATE") > 1
    ca(state, "renew")
    assert "name --generation" in ca(state, "export", "--der", str(tmp_path / "der"), status=2)
    assert len(plistlib.loads(ca(state, "export", "--mobileconfig").encode())["PayloadContent"]) == 2


def test_mistakes_are_told(state, tmp_path):
    for words in ((), ("burn",), ("export", "--pem", "--der"), ("show", "FILE"), ("init", "--pem")):
        assert run("ca", *words, "--state-dir", str(state))[0] == 2, words
    assert not state.exists()
    assert "there is no authority" in ca(state, "renew", status=1)
    assert "there is no authority" in ca(state, "switch", status=1)
    ca(state, "init")
    assert "no ordinary file" in ca(state, "export", str(tmp_path), status=1)
    assert "can't be written" in ca(state, "export", str(tmp_path / "no" / "such"), status=1)
    key = state / "ca" / "weir-ca-1.key"
    key.chmod(0o644)
    assert f"chmod 600 {key}" in ca(state, "show", status=1)
    key.unlink()
    shown = run("ca", "show", "--state-dir", str(state))
    assert shown[0] == 1 and "generation 1" in shown[1] and "`weir ca renew` and then `weir ca switch`" in shown[2]
    ca(state, "renew")
    ca(state, "switch")
    assert "generation 2" in ca(state, "show")


def test_a_bundle_has_the_owners_roots_too(state, tmp_path, authority):
    config = tmp_path / "weir.toml"
    config.write_text(f'state_dir = "{state}"\n[tls]\nroots = ["{authority.pem}"]\n')
    ca(state, "init")
    status, out, stderr = run("ca", "export", "--bundle", "--config", str(config))
    assert status == 0 and authority.pem.read_text().strip() in out, stderr
    assert ca(state, "export").splitlines()[-2] in out


def test_check_finds_what_would_keep_it_from_starting(state, tmp_path):
    config = tmp_path / "weir.toml"
    config.write_text(CONFIG.format(state=state))
    assert run("check", str(config))[0] == 0
    ca(state, "init")
    assert run("check", str(config))[0] == 0
    (state / "ca" / "weir-ca-1.key").chmod(0o644)
    status, _, stderr = run("check", str(config))
    assert status == 1 and "chmod 600" in stderr
    config.write_text('[tls]\nroots = ["/nonexistent.pem"]\n')
    status, _, stderr = run("check", str(config))
    assert status == 1 and "tls.roots: /nonexistent.pem can't be read: it is not there" in stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can work for another user")
def test_root_works_for_the_services_user():
    """Its Weir has to be able to read what root has made, and root what it has made."""
    service = 65534
    with tempfile.TemporaryDirectory() as base:
        os.chmod(base, 0o755)
        state = pathlib.Path(base) / "state"
        state.mkdir(0o700)
        os.chown(state, service, service)
        for word in ("init", "renew", "switch", "show"):
            ca(state, word)
        made = [state / "ca", *(state / "ca").iterdir()]
        assert len(made) >= 6 and all(path.stat().st_uid == service for path in made), made
        exported = pathlib.Path(base) / "weir.crt"  # Where the user may not write.
        ca(state, "export", "--generation", "2", str(exported))
        assert exported.stat().st_uid == 0 and "BEGIN CERTIFICATE" in exported.read_text()


CONFIG = 'state_dir = "{state}"\n[intercept]\nmode = "only"\nhosts = ["site.test"]\n'


def test_the_first_start_makes_one_and_says_so(start, state):
    weir = start(CONFIG.format(state=state))
    assert "made an authority" in weir.stderr and "weir ca export" in weir.stderr
    name = ca(state, "show").split("  (signs)")[0]
    page = weir.get("http://weir.internal/")
    assert name in page.text and "SHA-256" in page.text
    pem = weir.get("http://weir.internal/weir-ca.pem")
    assert pem.fields.get("content-type") == "application/x-pem-file"
    wanted = openssl("x509", "-outform", "PEM", data=ca(state, "export").encode())
    assert pem.text == wanted
    der = weir.get("http://weir.internal/weir-ca.crt")
    assert der.fields.get("content-type") == "application/x-x509-ca-cert"
    pathlib.Path(state / "der").write_bytes(der.body)
    assert openssl("x509", "-inform", "DER", "-in", str(state / "der")) == wanted
    assert weir.get("http://weir.internal/weir-ca-next.crt").status == 404
    ca(state, "renew")
    assert run("reload", str(weir.port))[0] == 0
    assert weir.get("http://weir.internal/weir-ca-next.crt").status == 200
    assert weir.get("http://weir.internal/weir-ca.pem").text.count("BEGIN") == 2


def test_without_an_authority_nothing_is_offered(start, state):
    weir = start(f'state_dir = "{state}"\n')
    assert not (state / "ca").exists()
    assert "nothing is opened here" in weir.get("http://weir.internal/").text
    assert weir.get("http://weir.internal/weir-ca.pem").status == 404
    with weir.client() as client:
        client.send_request("CONNECT", "weir.internal:443", [("Host", "weir.internal:443")])
        assert client.response("CONNECT").status == 403


def test_a_key_that_others_can_read_is_refused(state, start):
    ca(state, "init")
    key = state / "ca" / "weir-ca-1.key"
    key.chmod(0o640)
    with pytest.raises(AssertionError, match="can be read or changed by others"):
        Weir(CONFIG.format(state=state))
    # Where nothing is to be opened it is no reason not to start.
    weir = start(f'state_dir = "{state}"\n')
    assert "the authority is not used" in weir.stderr
    # A reload is refused, and what runs goes on.
    key.chmod(0o600)
    assert run("reload", str(weir.port))[0] == 0
    key.chmod(0o644)
    config = pathlib.Path(weir.directory.name) / "weir.toml"
    config.write_text(config.read_text().replace("[[listener]]", '[intercept]\nmode = "all-but"\n[[listener]]'))
    status, _, why = run("reload", str(weir.port))
    assert status != 0 and "can be read or changed by others" in why
    assert weir.get("http://weir.internal/").status == 200


def test_the_files_need_no_login(start, state, tmp_path):
    users = tmp_path / "users"
    users.write_text("")
    weir = start(f'{CONFIG.format(state=state)}[login]\nfile = "{users}"\n')
    assert weir.get("http://weir.internal/weir-ca.crt").status == 200
    assert weir.get("http://weir.internal/nothing").status == 407
