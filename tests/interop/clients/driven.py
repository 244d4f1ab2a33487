"""Clients for which one process in their own language (drivers/) plays all rows."""

import json
import pathlib
import subprocess
import threading

from support.weir import environment

from ..outcome import End
from .run import SECONDS, Run

DRIVERS = pathlib.Path(__file__).parents[1] / "drivers"


class Driven(Run):
    """A client for which one process in its own language plays all rows."""

    def __init__(self, name, command, *arguments):
        super().__init__(*arguments)
        self.process = subprocess.Popen(
            [*command, name, self.form, str(self.proxy or 0)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(NODE_PATH="/usr/share/nodejs"),
        )

    def ask(self, row, at, step):
        message = {**step.message(self.url(row, at), row.alone), "first": at == 0}
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        watchdog = threading.Timer(3 * SECONDS, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                said = json.loads(line)
                if "seen" not in said:
                    return End.of_message(said)
                self.server.saw(self.number, row.name, at, said["seen"])
        finally:
            watchdog.cancel()
        raise AssertionError(f"the driver ended in {row.name}, status {self.process.wait()}")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(3 * SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        super().close()


def python(name):
    return lambda *arguments: Driven(
        name, ["/usr/bin/python3", str(DRIVERS / "python.py")], *arguments
    )


def node(name):
    return lambda *arguments: Driven(name, ["node", str(DRIVERS / "node.js")], *arguments)
