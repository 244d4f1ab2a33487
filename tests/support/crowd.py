"""Thousands of clients, and origins for them, in separate processes, each with one epoll loop.

    with Origins(3) as origins, Crowd(weir.port, origins.authorities, clients=4000) as crowd:
        crowd.wait_sent()
        origins.release()
        assert crowd.result()["right"] == 4000

An origin answers GET /TOKEN/SIZE with SIZE bytes made of the token; if the first byte of a
connection is 0, the origin echoes it."""

import json
import pathlib
import subprocess
import sys

SUPPORT = pathlib.Path(__file__).resolve().parent


class Process:
    """The process of an actor: takes commands as lines, answers with lines of JSON."""

    def __init__(self, role, plan):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.crowd_actors", role, json.dumps(plan)],
            cwd=SUPPORT.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def tell(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        assert line, "an actor has ended"
        return json.loads(line)

    def ask(self, word):
        self.tell(word)
        return self.hear()

    def kill(self):
        """Kills the process with SIGKILL."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except OSError:
                pass


class Origins(Process):
    """`count` origins in one process. With `hold`, they do not answer until release()."""

    def __init__(self, count=1, ports=(), hold=False):
        super().__init__("origins", {"ports": list(ports) or [0] * count, "hold": hold})
        self.ports = self.hear()["ports"]
        self.authorities = [f"127.0.0.1:{port}" for port in self.ports]

    def hold(self):
        self.ask("hold")

    def release(self):
        self.ask("release")

    def stats(self):
        """For each origin: connections `now` and the `most` at once, `requests`."""
        return self.ask("stats")["origins"]


class Crowd(Process):
    """`clients` connections to Weir at once. Each sends its requests one after the other, or opens
    a tunnel."""

    def __init__(self, port, authorities, clients, requests=1, size=100, tunnel=False, seconds=60, again=0):
        plan = {"port": port, "authorities": list(authorities), "clients": clients, "requests": requests, "size": size}
        super().__init__("clients", {**plan, "tunnel": tunnel, "seconds": seconds, "again": again})

    def wait_sent(self):
        """Waits until each client has sent its first request."""
        assert "sent" in self.hear()

    def result(self):
        """Counts of outcomes. `right`: answers that were right to the last byte; other answers by
        status; `ended`: connections that ended without an answer; `late`: clients that waited in
        vain. The connections stay open until the process ends."""
        result = self.hear()
        while "sent" in result:
            result = self.hear()
        return result
