"""Names and passwords for the proxy."""

import base64
import os
import subprocess

from .weir import binary, environment


def passwd(path, user="ada", password="secret", **more):
    """Runs `weir passwd`; `more` are arguments for subprocess."""
    return subprocess.run(
        [binary(), "passwd", str(path), user],
        input=password + "\n",
        text=True,
        capture_output=True,
        env=environment(),
        timeout=60,
        check=False,
        **more,
    )


def credentials(user, password):
    """The Proxy-Authorization field that a client sends."""
    return ("Proxy-Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


def seconds_of_cpu(weir):
    """The CPU time that all threads of Weir have used so far."""
    with open(f"/proc/{weir.process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
