"""Common programs through Weir: curl, wget, git and apt."""

import base64
import gzip
import hashlib
import os
import subprocess
import urllib.parse

import pytest
from support.site import PASSWORD, USER, Site, generated
from support.tls import server_context
from support.weir import environment


@pytest.fixture
def weir(start, names):
    """A Weir for which site.test is this machine."""
    names.set("site.test", "127.0.0.1")
    return start(names.config() + '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n')


def url_of(site):
    return f"http://site.test:{site.port}"


def run(*command, status=0, env=None, cwd=None, timeout=50):
    done = subprocess.run(
        [str(each) for each in command],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=environment(**(env or {})),
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == status, (command, done.returncode, done.stdout[-2000:], done.stderr[-4000:])
    return done.stdout


def curl(weir, *arguments, **more):
    return run("curl", "-sS", "-q", "-x", weir.url, *arguments, **more)


class TestCurl:
    def test_get(self, weir, site):
        assert b"Welcome" in curl(weir, url_of(site) + "/")
        assert b"Welcome" in curl(weir, "-L", url_of(site) + "/redirect")
        assert curl(weir, url_of(site) + "/chunked") == b"one two three"

    def test_by_the_environment(self, weir, site):
        assert b"Welcome" in run("curl", "-sS", "-q", url_of(site) + "/", env={"http_proxy": weir.url})

    def test_head(self, weir, site):
        assert b"HTTP/1.1 200" in curl(weir, "-I", url_of(site) + "/")

    def test_several_on_one_connection(self, weir, site):
        out = curl(weir, *[url_of(site) + "/chunked"] * 5)
        assert out == b"one two three" * 5
        assert len(site.connections) == 1

    def test_post_and_cookies(self, weir, site, tmp_path):
        jar = tmp_path / "jar"
        form = ["--data-urlencode", f"user={USER}", "--data-urlencode", f"password={PASSWORD}"]
        assert b"Hello, ada" in curl(weir, "-b", jar, "-c", jar, "-L", *form, url_of(site) + "/login")
        assert b"Hello, ada" in curl(weir, "-b", jar, url_of(site) + "/members")

    def test_upload(self, weir, site, tmp_path):
        """A large upload, which curl sends with Expect."""
        path = tmp_path / "file"
        path.write_bytes(b"".join(generated(3_000_000)))
        assert curl(weir, "-T", path, url_of(site) + "/upload/file") == b"3000000"
        assert curl(weir, "-H", "Expect: 100-continue", "-d", f"@{path}", url_of(site) + "/upload/two").isdigit()
        with open(path, "rb") as stream:
            command = ["curl", "-sS", "-q", "-x", weir.url, "-T", "-", url_of(site) + "/upload/chunked"]
            done = subprocess.run(command, stdin=stream, capture_output=True, env=environment(), timeout=50, check=True)
        assert done.stdout == b"3000000"

    def test_download(self, weir, site):
        out = curl(weir, url_of(site) + "/size/20000000")
        assert hashlib.sha256(out).digest() == hashlib.sha256(b"".join(generated(20_000_000))).digest()

    def test_connect(self, weir, site):
        assert b"Welcome" in curl(weir, "-p", url_of(site) + "/")
        assert any(line.request.startswith("CONNECT site.test") for line in weir.wait_log(1))

    def test_https(self, weir, tmp_path):
        with Site(tls=server_context(tmp_path)) as site:
            url = f"https://site.test:{site.port}"
            assert b"Welcome" in curl(weir, "--cacert", tmp_path / "cert.pem", url + "/")
            assert curl(weir, "--cacert", tmp_path / "cert.pem", url + "/size/1000000")[:4] == b"\0\1\2\3"
            # If curl does not trust the certificate, curl refuses it: Weir does not open TLS.
            stranger = tmp_path / "stranger"
            stranger.mkdir()
            server_context(stranger)
            curl(weir, "--cacert", stranger / "cert.pem", url + "/", status=60)
        assert weir.wait_log(1)[0].details["sni"] == "site.test"

    @pytest.mark.parametrize("scheme", ["basic", "digest", "ntlm"])
    def test_authentication(self, weir, site, scheme):
        user = f"{USER}:{PASSWORD}"
        if scheme == "ntlm" and b"NTLM" not in run("curl", "-q", "--version"):
            pytest.skip("this curl has no NTLM")
        assert b"Members" in curl(weir, f"--{scheme}", "-u", user, url_of(site) + "/" + scheme)
        assert b"Members" in curl(weir, "--anyauth", "-u", user, url_of(site) + "/" + scheme)

    def test_ntlm_with_a_post(self, weir, site):
        out = curl(weir, "--ntlm", "-u", f"{USER}:{PASSWORD}", "-d", "a=b", url_of(site) + "/ntlm", url_of(site) + "/ntlm")
        assert out.count(b"Members") == 2

    def test_errors(self, weir):
        out = curl(weir, "-i", "http://nowhere.test/")
        assert b" 502 " in out.split(b"\r\n")[0] and b"nowhere.test" in out
        curl(weir, "-f", "http://nowhere.test/", status=22)

    def test_http_1_0(self, weir, site):
        assert curl(weir, "-0", url_of(site) + "/chunked") == b"one two three"

    def test_range(self, weir, site):
        assert len(curl(weir, "-r", "0-99", url_of(site) + "/size/1000")) == 1000  # This site ignores ranges.
        assert site.requests[0].fields.get("range") == "bytes=0-99"

    def test_resume_and_trailing_data(self, weir, site):
        assert curl(weir, "--compressed", url_of(site) + "/size/100000")[:2] == b"\0\1"


class TestWget:
    def wget(self, weir, *arguments, **more):
        return run(
            "wget", "-q", "--no-config", "-O", "-", *arguments, env={"http_proxy": weir.url, "https_proxy": weir.url}, **more
        )

    def test_get(self, weir, site):
        assert b"Welcome" in self.wget(weir, url_of(site) + "/redirect")

    def test_a_login_in_the_url(self, weir, site):
        password = urllib.parse.quote(PASSWORD, safe="")
        url = f"http://{USER}:{password}@site.test:{site.port}/basic"
        assert b"Members" in self.wget(weir, "--auth-no-challenge", url)
        assert b"Members" in self.wget(weir, url)
        assert all("@" not in line.request for line in weir.wait_log(2))

    def test_post(self, weir, site):
        assert self.wget(weir, "--post-data=hello", url_of(site) + "/echo") == b"hello"

    def test_several(self, weir, site):
        assert self.wget(weir, *[url_of(site) + "/chunked"] * 3) == b"one two three" * 3

    def test_https(self, weir, tmp_path):
        with Site(tls=server_context(tmp_path)) as site:
            url = f"https://site.test:{site.port}/"
            assert b"Welcome" in self.wget(weir, f"--ca-certificate={tmp_path}/cert.pem", url)

    def test_basic(self, weir, site):
        assert b"Members" in self.wget(weir, f"--user={USER}", f"--password={PASSWORD}", url_of(site) + "/basic")


class TestGit:
    @pytest.fixture
    def repository(self, tmp_path):
        env = {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@test",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@test",
            "GIT_TERMINAL_PROMPT": "0",
            "HOME": str(tmp_path),
        }
        root = tmp_path / "root" / "project.git"
        work = tmp_path / "work"
        run("git", "init", "-q", "-b", "main", work, env=env)
        (work / "big").write_bytes(os.urandom(3_000_000))
        for number in range(3):
            (work / f"file{number}").write_text("text\n" * 1000 * number)
            run("git", "add", ".", cwd=work, env=env)
            run("git", "commit", "-q", "-m", f"change {number}", cwd=work, env=env)
        run("git", "clone", "-q", "--bare", work, root, env=env)
        run("git", "update-server-info", cwd=root, env=env)
        run("git", "config", "http.receivepack", "true", cwd=root, env=env)
        return root, env

    def test_clone(self, weir, site, repository, tmp_path):
        root, env = repository
        site.git_root = root.parent
        env = {**env, "http_proxy": weir.url}
        clone = tmp_path / "clone"
        run("git", "clone", "-q", url_of(site) + "/git/project.git", clone, env=env)
        assert (clone / "file2").read_text() == "text\n" * 2000
        assert any("git-upload-pack" in request.target and request.method == "POST" for request in site.requests)
        assert all("via" in request.fields for request in site.requests)

    def test_push(self, weir, site, repository, tmp_path):
        root, env = repository
        site.git_root = root.parent
        env = {**env, "http_proxy": weir.url}
        clone = tmp_path / "clone"
        run("git", "clone", "-q", url_of(site) + "/git/project.git", clone, env=env)
        (clone / "pushed").write_bytes(os.urandom(2_000_000))
        run("git", "add", ".", cwd=clone, env=env)
        run("git", "commit", "-q", "-m", "pushed", cwd=clone, env=env)
        run("git", "push", "-q", "origin", "main", cwd=clone, env=env)
        assert b"pushed" in run("git", "log", "-1", "--format=%s", cwd=root, env=env)

    def test_dumb_clone(self, weir, site, repository, tmp_path):
        root, env = repository
        site.files_root = root.parent
        env = {**env, "http_proxy": weir.url}
        run("git", "clone", "-q", url_of(site) + "/files/project.git", tmp_path / "clone", env=env)
        assert (tmp_path / "clone" / "file2").exists()


class TestApt:
    """apt-get against a repository of the test's own, with folders of its own."""

    @pytest.fixture
    def repository(self, tmp_path):
        root = tmp_path / "files"
        folder = root / "repository"
        package = tmp_path / "package"
        (package / "DEBIAN").mkdir(parents=True)
        (package / "DEBIAN/control").write_text(
            "Package: weir-test\nVersion: 1.0\nArchitecture: all\nMaintainer: A <a@example.test>\nDescription: a test\n"
        )
        (package / "usr/share/weir-test").mkdir(parents=True)
        (package / "usr/share/weir-test/data").write_bytes(os.urandom(500_000))
        folder.mkdir(parents=True)
        deb = folder / "weir-test_1.0_all.deb"
        run("dpkg-deb", "--root-owner-group", "-b", package, deb)
        data = deb.read_bytes()
        control = (package / "DEBIAN/control").read_text()
        packages = control + f"Filename: ./{deb.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n\n"
        (folder / "Packages").write_text(packages)
        (folder / "Packages.gz").write_bytes(gzip.compress(packages.encode()))
        lines = []
        for name in ("Packages", "Packages.gz"):
            content = (folder / name).read_bytes()
            lines.append(f" {hashlib.sha256(content).hexdigest()} {len(content)} {name}")
        (folder / "Release").write_text("Date: Mon, 23 Nov 2026 00:00:00 UTC\nSHA256:\n" + "\n".join(lines) + "\n")
        return root

    @pytest.fixture
    def apt(self, weir, site, repository, tmp_path):
        site.files_root = repository
        base = tmp_path / "apt"
        for name in ("state/lists/partial", "cache/archives/partial", "etc"):
            (base / name).mkdir(parents=True)
        (base / "status").touch()
        (base / "etc/sources.list").write_text(f"deb [trusted=yes] {url_of(site)}/files/repository ./\n")
        options = {
            "Dir::Etc::sourcelist": base / "etc/sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::parts": "-",
            "Dir::State": base / "state",
            "Dir::State::status": base / "status",
            "Dir::Cache": base / "cache",
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
            "Acquire::http::Proxy": weir.url,
            "Acquire::Retries": "0",
            "Acquire::Languages": "none",
        }

        def call(*arguments, **more):
            return run("apt-get", *(f"-o{name}={value}" for name, value in options.items()), *arguments, **more)

        return call

    def test_update(self, weir, site, apt):
        apt("update")
        assert any(request.target.endswith("/Packages.gz") for request in site.requests)
        assert all("via" in request.fields for request in site.requests)
        count = len(site.requests)
        apt("update")  # Nothing has changed: 304.
        assert len(site.requests) > count

    def test_a_login_in_the_url(self, weir, site, apt, tmp_path):
        sources = tmp_path / "apt/etc/sources.list"
        password = urllib.parse.quote(PASSWORD, safe="")
        sources.write_text(sources.read_text().replace("http://", f"http://{USER}:{password}@"))
        apt("update")
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        assert site.requests and all(request.fields.all("authorization") == [expected] for request in site.requests)
        assert all("@" not in line.request for line in weir.wait_log(1))

    def test_download(self, weir, site, apt, tmp_path):
        apt("update")
        apt("download", "weir-test", cwd=tmp_path)
        assert (tmp_path / "weir-test_1.0_all.deb").read_bytes() == (
            site.files_root / "repository/weir-test_1.0_all.deb"
        ).read_bytes()


def test_pythons_own_client(weir, site):
    script = (
        "import urllib.request as r;"
        f"o = r.build_opener(r.ProxyHandler({{'http': '{weir.url}'}}));"
        f"print(o.open('{url_of(site)}/').read().decode())"
    )
    assert b"Welcome" in run("/usr/bin/python3", "-c", script)
