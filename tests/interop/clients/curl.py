"""curl: a process for each step, or one for all steps of a row if they share a connection."""

import os
import re
import subprocess
import tempfile

from support.weir import environment

from ..outcome import End
from .run import SECONDS, Run

TOGETHER = 40  # Rows that one process asks for.

NOTHING_SAID = "curl said nothing"


class Curl(Run):
    def prepare(self, rows):
        """Most rows share a process, since starting one takes most of the time."""
        self.ends = {}
        rows = [row for row in rows if not row.alone and not row.one_connection]
        while rows:
            ends = self.together(rows[:TOGETHER])
            # After some errors curl ends: the next process asks for the rows that are left.
            ended = [name for name in ends if ends[name][-1].error != NOTHING_SAID] or [
                rows[0].name
            ]
            self.ends.update((name, ends[name]) for name in ended)
            rows = [row for row in rows if row.name not in ended]

    def together(self, rows):
        """Runs all steps of these rows one after another in one process, and returns their ends."""
        command = self.base()
        files = {}
        for row in rows:
            for at, step in enumerate(row.steps):
                files[row.name, at] = self.folder / f"{row.name}.{at}.content"
                command += [] if len(files) == 1 else ["--next", *self.base()[2:]]
                command += self.arguments(row, at, step, files[row.name, at])
        _, errors = self.run(command)
        return {
            row.name: [
                self.end(row, at, files[row.name, at].read_bytes(), errors)
                for at in range(len(row.steps))
            ]
            for row in rows
        }

    def play(self, row):
        if row.one_connection:
            return self.together([row])[row.name]
        return self.ends.get(row.name) or super().play(row)

    def base(self):
        return ["curl", "-q", "-sS", "-N"]

    def arguments(self, row, at, step, content):
        proxy = {
            "direct": ["--noproxy", "*"],
            "absolute": ["-x", f"http://127.0.0.1:{self.proxy}"],
            "connect": ["-p", "-x", f"http://127.0.0.1:{self.proxy}", "--suppress-connect-headers"],
        }[self.form]
        head = self.folder / f"{row.name}.{at}.head"
        jar = self.folder / f"{row.name}.cookies"
        for path in (head, content):
            if path != "-":
                path.write_bytes(b"")
        out = [
            *proxy,
            "-D",
            str(head),
            "-o",
            str(content),
            "-L",
            "--max-redirs",
            "5",
            "-m",
            str(SECONDS),
        ]
        out += [
            "-b",
            str(jar),
            "-c",
            str(jar),
            "-w",
            f"%{{stderr}}@{row.name} {at} %{{exitcode}}\\n",
        ]
        if step.method == "HEAD":
            out += ["-I"]
        elif step.method != "GET":
            out += ["-X", step.method]
        if step.body:
            body = self.folder / f"{row.name}.{at}.body"
            body.write_bytes(step.body)
            out += ["--data-binary", f"@{body}"]
        if step.chunked:
            out += ["-H", "Transfer-Encoding: chunked"]
        if step.http_1_0:
            out += ["-0"]
        if step.login:
            out += [f"--{step.login[0]}", "-u", f"{step.login[1]}:{step.login[2]}"]
        for name, value in step.fields:
            out += ["-H", f"{name}: {value}"]
        return [*out, self.url(row, at)]

    def run(self, command, saw=lambda count: None):
        """Runs curl; calls `saw` with the size of its standard output so far, as output comes."""
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(),
            )
            content = bytearray()
            while data := os.read(process.stdout.fileno(), 1 << 16):
                content += data
                saw(len(content))
            process.stdout.close()
            process.wait()
            errors.seek(0)
            return bytes(content), errors.read().decode("latin-1")

    def ask(self, row, at, step):
        command = self.base() + self.arguments(row, at, step, "-")
        content, errors = self.run(
            command, lambda count: self.server.saw(self.number, row.name, at, count)
        )
        return self.end(row, at, content, errors)

    def end(self, row, at, content, errors):
        if row.steps[at].method == "HEAD":
            content = b""
        found = re.search(rf"@{row.name} {at} (\d+)", errors)
        code = int(found[1]) if found else -1
        status, fields, trailers, whole, interim = read_heads(
            (self.folder / f"{row.name}.{at}.head").read_bytes()
        )
        error = f"curl {code}" if code > 0 else NOTHING_SAID if code else None
        if code and not whole:  # A status line alone is not an answer.
            status, fields = None, ()
        return End(status, fields, content, trailers, error, code == 28, interim)


def read_heads(data):
    """Finds in curl's dump of heads: the last head, its trailers, whether it was complete, and the
    interim responses before it."""
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
        return None, (), (), False, ()
    line, fields, trailers = heads[-1]
    statuses = [re.search(r"\s(\d{3})", each[0]) for each in heads]
    interim = tuple(int(each[1]) for each in statuses[:-1] if each and each[1].startswith("1"))
    status = int(statuses[-1][1]) if statuses[-1] else None
    return status, tuple(fields), tuple(trailers), part == 2, interim
