"""Headless Chromium, controlled by the DevTools protocol over a pipe, so that it needs no port,
library or driver."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider",
    "--metrics-recording-only",
    "--password-store=basic",
    "--use-mock-keychain",
    "--remote-debugging-pipe",
]

PROGRAM = shutil.which("chromium")


class Chromium:
    """A browser with a fresh profile. All its connections, also to loopback, go to the proxy at
    `proxy_port`, or directly to the origin if that is None. It trusts `authority`, a file in PEM,
    as a person's browser does that was told to."""

    def __init__(self, proxy_port, flags=(), authority=None):
        self.profile = tempfile.TemporaryDirectory(prefix="weir-test-chromium-", ignore_cleanup_errors=True)
        if authority:
            store = f"{self.profile.name}/.pki/nssdb"
            os.makedirs(store)
            subprocess.run(["certutil", "-d", f"sql:{store}", "-N", "--empty-password"], check=True)
            added = ["-A", "-t", "C,,", "-n", "Weir", "-i", str(authority)]
            subprocess.run(["certutil", "-d", f"sql:{store}", *added], check=True)
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        proxy = ["--no-proxy-server"]
        if proxy_port is not None:
            proxy = [f"--proxy-server=http://127.0.0.1:{proxy_port}", "--proxy-bypass-list=<-loopback>"]
        command = [
            PROGRAM,
            *FLAGS,
            *flags,
            f"--user-data-dir={self.profile.name}",
            *proxy,
            "about:blank",
        ]

        # The browser reads commands from descriptor 3 and writes answers to 4. The shell opens
        # both.
        script = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", *command],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, "HOME": self.profile.name, "DBUS_SESSION_BUS_ADDRESS": "disabled:"},
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.page("Page.enable")
        self.page("Runtime.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.log.closed:
            return
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            pass
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        self.log.close()
        self.profile.cleanup()

    def _said(self):
        self.log.seek(0)
        return self.log.read()[-3000:].decode("utf-8", "replace")

    def _message(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read_end], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"Chromium does not answer:\n{self._said()}"
            data = os.read(self.read_end, 1 << 16)
            assert data, f"Chromium ended:\n{self._said()}"
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, wait=40, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + wait
        while True:
            answer = self._message(deadline)
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def page(self, method, **parameters):
        return self.call(method, self.session, **parameters)

    def open(self, url):
        """Loads a page and waits for its load event."""
        self.events.clear()
        result = self.page("Page.navigate", url=url)
        assert not result.get("errorText"), f"{url}: {result['errorText']}"
        self.wait_for_load()

    def wait_for_load(self, wait=40):
        deadline = time.monotonic() + wait
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._message(deadline))

    def evaluate(self, script):
        """The value of an expression on the page; for a promise, the value that it resolves to."""
        result = self.page("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def submit(self, script):
        """Runs a script that leads to another page, and waits for that."""
        self.events.clear()
        self.evaluate(script)
        self.wait_for_load()

    def text(self):
        return self.evaluate("document.body.innerText")

    def picture(self, path):
        """Writes what the window shows as a PNG, for people to look at."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.page("Page.captureScreenshot")["data"]))
