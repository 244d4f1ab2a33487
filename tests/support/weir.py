"""Weir as a process: started on a free port, its output collected, its end checked."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

from .client import WAIT, Client, eventually, exchange

ROOT = pathlib.Path(__file__).resolve().parents[2]
START = 20  # Seconds; a program under sanitizers starts slowly on a busy machine.
STOP = 30

SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:|Assertion")

LOG_LINE = re.compile(
    r"(?P<client>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^]]+)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}|-) (?P<bytes>\d+|-) '
    r'"(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)" (?P<outcome>\S+)(?P<details>(?: \S+)*)'
)


def binary():
    """The program under test."""
    return os.environ.get("WEIR_BINARY") or str(ROOT / "build/asan/weir")


def fast_binary():
    """A build without sanitizers, if there is one, for tests that move gigabytes."""
    release = ROOT / "build/release/weir"
    return os.environ.get("WEIR_FAST_BINARY") or (str(release) if release.exists() else binary())


def environment(**more):
    env = dict(os.environ)
    for name in list(env):
        if name.lower().endswith("_proxy"):
            del env[name]
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    env.setdefault("TSAN_OPTIONS", "halt_on_error=1:second_deadlock_stack=1")
    env.update(more)
    return env


class LogLine:
    """One line of the access log: the combined format, then what ended the exchange, then key=value fields."""

    def __init__(self, line):
        match = LOG_LINE.fullmatch(line)
        assert match, f"not a line of the access log: {line!r}"
        self.line = line
        self.client = match["client"]
        self.user = match["user"]
        self.time = match["time"]
        self.request = match["request"]
        self.status = int(match["status"]) if match["status"] != "-" else None
        self.bytes = int(match["bytes"]) if match["bytes"] != "-" else 0
        self.referer = match["referer"]
        self.agent = match["agent"]
        self.outcome = match["outcome"]
        self.details = dict(each.split("=", 1) for each in match["details"].split() if "=" in each)

    def __repr__(self):
        return self.line


class Weir:
    """A running Weir. `config` is TOML text; if it names no listener, one on a free loopback port
    is added. `arguments` replaces the whole command line. `wrapper` is put before the program (it
    must exec it)."""

    def __init__(self, config=None, arguments=None, wrapper=(), program=None, env=None, expect_clean=True):
        self.directory = tempfile.TemporaryDirectory(prefix="weir-test-")
        self.expect_clean = expect_clean
        self.addresses = []
        self.stdout_lines = []
        self.stdout_times = []
        self.stderr_lines = []
        self.changed = threading.Condition()
        self.program = program or binary()
        if arguments is None:
            arguments = ["0"] if config is None else ["--config", str(self.write_config(config))]
        self.command = [*wrapper, self.program, *arguments]
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(**(env or {})),
        )
        self.threads = [
            threading.Thread(target=self._collect, args=(self.process.stdout, self._on_stdout), daemon=True),
            threading.Thread(target=self._collect, args=(self.process.stderr, self._on_stderr), daemon=True),
        ]
        for thread in self.threads:
            thread.start()
        self.stopped = False
        try:
            self._wait_for_start()
        except BaseException:
            self.process.kill()
            self.process.wait()
            self.stopped = True
            raise

    def write_config(self, config):
        if "listener]]" not in config:
            config += '\n[[listener]]\naddress = "127.0.0.1:0"\n'
        if "WEIR_WORKERS" in os.environ and not re.search(r"^workers", config, re.MULTILINE):
            config = f"workers = {os.environ['WEIR_WORKERS']}\n{config}"
        path = pathlib.Path(self.directory.name) / "weir.toml"
        path.write_text(config)
        return path

    def _collect(self, stream, take):
        for line in stream:
            with self.changed:
                take(line.decode("utf-8", "surrogateescape").rstrip("\n"))
                self.changed.notify_all()
        stream.close()

    def _on_stdout(self, line):
        self.stdout_lines.append(line)
        self.stdout_times.append(time.monotonic())

    def _on_stderr(self, line):
        self.stderr_lines.append(line)
        match = re.search(r"listening on (\S+):(\d+)$", line)
        if match:
            address = (match[1].strip("[]"), int(match[2]))
            if "no longer" not in line:
                self.addresses.append(address)
            elif address in self.addresses:
                self.addresses.remove(address)

    def _wait_for_start(self):
        """Reads the addresses that Weir prints, up to the line on how to use it."""

        def started():
            return any("http_proxy=" in line for line in self.stderr_lines)

        end = time.monotonic() + START
        while not started():
            if self.process.poll() is not None:
                self.threads[1].join(STOP)
                if not started():
                    raise AssertionError(f"Weir ended at once, status {self.process.returncode}:\n{self.stderr}")
            if time.monotonic() > end:
                raise AssertionError(f"Weir did not say that it listens within {START} s:\n{self.stderr}")
            with self.changed:
                self.changed.wait(0.05)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()
            print(f"--- Weir's standard error\n{self.stderr}\n--- Weir's standard output\n{self.stdout}")

    @property
    def stderr(self):
        return "\n".join(self.stderr_lines)

    @property
    def stdout(self):
        return "\n".join(self.stdout_lines)

    @property
    def port(self):
        """The port of the first IPv4 listener."""
        return next(port for host, port in self.addresses if ":" not in host)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def port_of(self, host):
        return next(port for each, port in self.addresses if each == host)

    def client(self, **more):
        return Client(self.port, **more)

    def exchange(self, method, target, fields=None, body=b"", **more):
        return exchange(self.port, method, target, fields, body, **more)

    def get(self, url, fields=None, **more):
        return exchange(self.port, "GET", url, fields, **more)

    @property
    def log(self):
        """The access log so far, read line by line: anything else on standard output is a failure."""
        with self.changed:
            lines = list(self.stdout_lines)
        return [LogLine(line) for line in lines]

    def wait_log(self, count=1, within=WAIT):
        """The log, once it has `count` lines."""
        eventually(lambda: len(self.stdout_lines) >= count, within, f"line {count} of the access log")
        return self.log

    def wait_stderr(self, pattern, within=WAIT):
        return eventually(
            lambda: next((line for line in list(self.stderr_lines) if re.search(pattern, line)), None),
            within,
            f"a line like {pattern!r} on standard error",
        )

    def rss(self):
        """Resident memory in bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        if not self.stopped:
            self.stopped = True
            self.process.kill()
            self.process.wait()
            for thread in self.threads:
                thread.join(STOP)
            self.directory.cleanup()

    def stop(self, how=signal.SIGTERM):
        """Stops Weir as an operator does. Weir must end with status 0, without a sanitizer's report
        or a leak, and with nothing but the access log on standard output."""
        if self.stopped:
            return
        self.process.send_signal(how)
        try:
            try:
                status = self.process.wait(1)
            except subprocess.TimeoutExpired:
                self.process.send_signal(how)  # Weir drains; a second signal ends it without draining.
                status = self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"Weir did not end within {STOP} s of signal {how}:\n{self.stderr}") from None
        self.stopped = True
        for thread in self.threads:
            thread.join(STOP)
        self.directory.cleanup()
        if self.expect_clean:
            assert not SANITIZER.search(self.stderr), f"a sanitizer's report:\n{self.stderr}"
            assert status == 0, f"Weir ended with status {status}:\n{self.stderr}"
            _ = self.log


def run(*arguments, timeout=START, program=None, cwd=None, env=None):
    """Weir run to its end: (status, standard output, standard error)."""
    done = subprocess.run(
        [program or binary(), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        env=environment(**(env or {})),
        cwd=cwd,
        check=False,
    )
    stdout, stderr = done.stdout.decode(), done.stderr.decode()
    assert not SANITIZER.search(stderr), stderr
    return done.returncode, stdout, stderr
