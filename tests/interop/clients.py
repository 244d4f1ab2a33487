"""The clients and the forms that each has: directly, by absolute-form, by CONNECT."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from support.weir import environment

from .outcome import End

DRIVERS = pathlib.Path(__file__).parent / "drivers"
SECONDS = 6  # How long a client waits for a step; an origin's patience is shorter.


class Run:
    """One client in one form, for all rows. `number` is its part of the path, by which the origin knows it."""

    def __init__(self, server, number, form, proxy_port):
        self.server = server
        self.number = number
        self.form = form
        self.proxy = proxy_port
        self.directory = tempfile.TemporaryDirectory(prefix="weir-interop-")
        self.folder = pathlib.Path(self.directory.name)

    def play(self, row):
        """The ends of the row's steps."""
        ends = []
        for at, step in enumerate(row.steps):
            if step.waits:
                self.server.wait_until_ready(self.number, row.name, at)
            ends.append(self.ask(row, at, step))
            self.server.step_ended(self.number, row.name, at)
        return ends

    def url(self, row, at):
        return self.server.url_of(self.number, row.name, at, row.steps[at])

    def close(self):
        self.directory.cleanup()


class Curl(Run):
    EARLY = {8, 18, 52, 55, 56, 61, 92}

    def play(self, row):
        self.jar = self.folder / f"{row.name}.cookies"
        if not row.one_connection:
            return super().play(row)
        command = [self.base()]
        for at, step in enumerate(row.steps):
            command.append(["--next"] if at else [])
            command.append(self.arguments(row, at, step, self.folder / f"{at}.content"))
        done = self.run(sum(command, []), row, None)
        return [self.end(row, at, (self.folder / f"{at}.content"), done) for at in range(len(row.steps))]

    def base(self):
        return ["curl", "-q", "-sS", "-N"]

    def arguments(self, row, at, step, content):
        proxy = {
            "direct": ["--noproxy", "*"],
            "absolute": ["-x", f"http://127.0.0.1:{self.proxy}"],
            "connect": ["-p", "-x", f"http://127.0.0.1:{self.proxy}", "--suppress-connect-headers"],
        }[self.form]
        head = self.folder / f"{at}.head"
        for path in (head, content):
            if path != "-":
                path.write_bytes(b"")
        out = [*proxy, "-D", str(head), "-o", str(content), "-L", "--max-redirs", "5", "-m", str(SECONDS)]
        out += ["-b", str(self.jar), "-c", str(self.jar), "-w", f"%{{stderr}}@{at} %{{exitcode}}\\n"]
        if step.method == "HEAD":
            out += ["-I"]
        elif step.method != "GET":
            out += ["-X", step.method]
        if step.body:
            (self.folder / f"{at}.body").write_bytes(step.body)
            out += ["--data-binary", f"@{self.folder}/{at}.body"]
        if step.chunked:
            out += ["-H", "Transfer-Encoding: chunked"]
        if step.http_1_0:
            out += ["-0"]
        if step.login:
            out += [f"--{step.login[0]}", "-u", f"{step.login[1]}:{step.login[2]}"]
        for name, value in step.fields:
            out += ["-H", f"{name}: {value}"]
        return [*out, self.url(row, at)]

    def run(self, command, row, at):
        """Runs curl; what comes on its standard output is told to the origin as it comes."""
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment()
            )
            content = bytearray()
            while data := os.read(process.stdout.fileno(), 1 << 16):
                content += data
                if at is not None:
                    self.server.saw(self.number, row.name, at, len(content))
            process.stdout.close()
            process.wait()
            errors.seek(0)
            return bytes(content), errors.read().decode("latin-1")

    def ask(self, row, at, step):
        done = self.run(self.base() + self.arguments(row, at, step, "-"), row, at)
        return self.end(row, at, None, done)

    def end(self, row, at, path, done):
        content, errors = done
        if path:
            content = path.read_bytes()
        if row.steps[at].method == "HEAD":
            content = b""
        found = re.search(rf"@{at} (\d+)", errors)
        code = int(found[1]) if found else -1
        status, fields, trailers = read_heads((self.folder / f"{at}.head").read_bytes())
        error = f"curl {code}: {errors.strip()[-200:]}" if code else None
        return End(status, fields, content, trailers, error, code == 28)


def read_heads(data):
    """The last head and the trailers in what curl wrote of heads."""
    heads = []
    for line in data.decode("latin-1").split("\n"):
        line = line.rstrip("\r")
        if re.match(r"\s*(HTTP/|ICY)", line, re.I):
            heads.append((line, [], []))
            part = 1
        elif not line:
            part = 2
        elif heads and line[0] in " \t" and heads[-1][part]:
            name, value = heads[-1][part][-1]
            heads[-1][part][-1] = (name, value + " " + line.strip())
        elif heads:
            name, _, value = line.partition(":")
            heads[-1][part].append((name if ":" in line else "", value))
    if not heads:
        return None, (), ()
    line, fields, trailers = heads[-1]
    status = re.search(r"\s(\d{3})", line)
    return int(status[1]) if status else None, tuple(fields), tuple(trailers)


class Driven(Run):
    """A client that one process of its own language plays for all rows."""

    def __init__(self, name, command, *arguments):
        super().__init__(*arguments)
        self.process = subprocess.Popen(
            [*command, name, self.form, str(self.proxy or 0)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )

    def ask(self, row, at, step):
        message = {**step.message(self.url(row, at)), "first": at == 0}
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            said = json.loads(line)
            if "seen" not in said:
                return End.of_message(said)
            self.server.saw(self.number, row.name, at, said["seen"])
        raise AssertionError(f"the driver ended, status {self.process.wait()}")

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        super().close()


def python(name):
    return lambda *arguments: Driven(name, ["/usr/bin/python3", str(DRIVERS / "python.py")], *arguments)


def missing(program):
    return None if shutil.which(program) else f"{program} is not installed"


def missing_requests():
    done = subprocess.run(["/usr/bin/python3", "-c", "import requests"], capture_output=True, check=False)
    return None if done.returncode == 0 else "python3-requests is not installed"


# name: (the run, the forms beside `direct`, why it can't be played here)
CLIENTS = {
    "curl": (Curl, ("absolute", "connect"), lambda: missing("curl")),
    "urllib": (python("urllib"), ("absolute",), lambda: None),
    "http.client": (python("http.client"), ("connect",), lambda: None),
    "requests": (python("requests"), ("absolute",), missing_requests),
}
