"""Headless Firefox, controlled by Marionette, its own protocol, on a free port of loopback."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from .client import eventually

PROGRAM = shutil.which("firefox-esr")

# It asks for nothing but what a test opens, and sends loopback's names to the proxy as well.
SETTINGS = {
    "marionette.port": 0,
    "network.proxy.type": 1,
    "network.proxy.allow_hijacking_localhost": True,
    "network.proxy.no_proxies_on": "",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "security.OCSP.enabled": 0,
    "toolkit.telemetry.server": "",
}


class Firefox:
    """A browser with a fresh profile, whose connections all go to the proxy at `proxy_port`. It trusts the
    certificates in `authority`, a file in PEM."""

    def __init__(self, proxy_port, authority=None):
        self.home = tempfile.TemporaryDirectory(prefix="weir-test-firefox-", ignore_cleanup_errors=True)
        profile = pathlib.Path(self.home.name) / "profile"
        profile.mkdir()
        settings = dict(SETTINGS)
        for kind in ("http", "ssl"):
            settings |= {f"network.proxy.{kind}": "127.0.0.1", f"network.proxy.{kind}_port": proxy_port}
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items())
        (profile / "user.js").write_text("".join(lines))
        if authority:
            self._trust(profile, authority)
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, "--headless", "--no-remote", "--marionette", "--profile", str(profile)],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, "HOME": self.home.name, "MOZ_CRASHREPORTER_DISABLE": "1"},
        )
        self.socket, self.number, self.buffer = None, 0, b""
        try:
            port = profile / "MarionetteActivePort"
            eventually(lambda: port.exists() and port.read_text(), within=60, what="the port of Firefox")
            self.socket = socket.create_connection(("127.0.0.1", int(port.read_text())), timeout=60)
            self._message()
            self.call("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _trust(profile, authority):
        subprocess.run(["certutil", "-d", f"sql:{profile}", "-N", "--empty-password"], check=True)
        added = ["-A", "-t", "C,,", "-n", "Weir", "-i", str(authority)]
        subprocess.run(["certutil", "-d", f"sql:{profile}", *added], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.socket:
            self.socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        self.home.cleanup()

    def _message(self):
        """Each message is its length, a colon and JSON."""
        while True:
            length, colon, rest = self.buffer.partition(b":")
            if colon and len(rest) >= int(length):
                self.buffer = rest[int(length) :]
                return json.loads(rest[: int(length)])
            data = self.socket.recv(65536)
            assert data, "Firefox ended"
            self.buffer += data

    def call(self, name, **parameters):
        self.number += 1
        text = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        while True:
            kind, number, error, result = self._message()
            if (kind, number) == (1, self.number):
                assert error is None, f"{name} {parameters}: {error}"
                return result

    def open(self, url):
        """Loads a page; fails if Firefox shows an error instead."""
        self.call("WebDriver:Navigate", url=url)

    def evaluate(self, expression):
        """The value of an expression on the page; for a promise, the value that it resolves to."""
        script = f"const done = arguments[0]; Promise.resolve({expression}).then(done, e => done('failed: ' + e))"
        return self.call("WebDriver:ExecuteAsyncScript", script=script, args=[])["value"]

    def submit(self, script):
        """Runs a script that leads to another page, and waits for that."""
        before = self.evaluate("performance.timeOrigin")
        self.call("WebDriver:ExecuteScript", script=script, args=[])
        loaded = "document.readyState == 'complete' && performance.timeOrigin"
        eventually(lambda: self.evaluate(loaded) not in (False, before), within=40, what="another page")

    def text(self):
        return self.evaluate("document.body.innerText")
