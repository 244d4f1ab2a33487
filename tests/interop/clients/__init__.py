"""The clients and the forms that each has beside the direct one: by absolute-form, by CONNECT."""

import functools
import pathlib
import shutil
import subprocess

from support import chromium

from .browser import Browser
from .curl import Curl
from .driven import node, python
from .raw import Raw
from .wget import Wget


@functools.cache
def missing(program):
    return None if shutil.which(program) else f"{program} is not installed"


@functools.cache
def missing_requests():
    done = subprocess.run(
        ["/usr/bin/python3", "-c", "import requests"], capture_output=True, check=False
    )
    return None if done.returncode == 0 else "python3-requests is not installed"


@functools.cache
def missing_undici():
    there = pathlib.Path("/usr/share/nodejs/undici").exists()
    return missing("node") or (None if there else "node-undici is not installed")


# name: (the run, the forms, why it can't be played here)
CLIENTS = {
    "curl": (Curl, ("absolute", "connect"), lambda: missing("curl")),
    "wget": (Wget, ("absolute",), lambda: missing("wget")),
    "urllib": (python("urllib"), ("absolute",), lambda: None),
    "http.client": (python("http.client"), ("connect",), lambda: None),
    "requests": (python("requests"), ("absolute",), missing_requests),
    "node": (node("node"), ("absolute", "connect"), lambda: missing("node")),
    "undici": (node("undici"), ("connect",), missing_undici),
    "raw": (Raw, ("absolute", "connect"), lambda: None),
    "chromium": (
        Browser,
        ("absolute",),
        lambda: None if chromium.PROGRAM else "chromium is not installed",
    ),
}
