"""wget: a process for each step."""

import os
import re
import subprocess
import tempfile

from support.weir import environment

from ..outcome import End
from .run import SECONDS, Run


class Wget(Run):
    def arguments(self, row, at, step):
        jar = self.folder / f"{row.name}.cookies"
        out = [
            "wget",
            "--no-config",
            "--no-hsts",
            "-nv",
            "-S",
            "-O",
            "-",
            "--tries=1",
            f"--timeout={SECONDS}",
        ]
        out += [
            "--content-on-error",
            "--max-redirect=5",
            f"--save-cookies={jar}",
            "--keep-session-cookies",
        ]
        if jar.exists():
            out.append(f"--load-cookies={jar}")
        if step.method == "HEAD":
            out.append("--spider")
        elif step.method != "GET" or step.body:
            path = self.folder / "body"
            path.write_bytes(step.body)
            out += [f"--method={step.method}", f"--body-file={path}"]
        if step.login:
            out += [f"--user={step.login[1]}", f"--password={step.login[2]}"]
        for name, value in step.fields:
            out.append(f"--header={name}: {value}")
        return [*out, self.url(row, at)]

    def ask(self, row, at, step):
        more = {"http_proxy": f"http://127.0.0.1:{self.proxy}"} if self.form == "absolute" else {}
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                self.arguments(row, at, step),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(HOME=str(self.folder), LC_ALL="C", **more),
            )
            content = bytearray()
            while data := os.read(process.stdout.fileno(), 1 << 16):
                content += data
                self.server.saw(self.number, row.name, at, len(content))
            process.stdout.close()
            code = process.wait()
            errors.seek(0)
            said = errors.read().decode("latin-1")
        return self.end(bytes(content), code, said)

    @staticmethod
    def end(content, code, said):
        """wget prints heads in its messages, each line after two blanks."""
        status, fields = None, []
        for line in said.split("\n"):
            if re.match(r"  \s*(HTTP/|ICY)", line, re.I):
                found = re.search(r"\s(\d{3})", line.strip())
                status, fields = int(found[1]) if found else None, []
            elif line.startswith("  "):
                name, _, value = line[2:].partition(":")
                value = value.replace("\\t", "\t").replace("\\r", "\r")  # wget shows them escaped.
                fields.append((name if ":" in line else "", value))
        # 8: the server's status is an error; 6: it asks for a login. Both are answers.
        error = f"wget {code}: {said.strip()[-200:]}" if code not in (0, 6, 8) else None
        return End(status, tuple(fields), content, None, error, "timed out" in said)
