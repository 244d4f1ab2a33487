"""A separate network for a test: it has addresses that the machine does not have, and nothing
reaches the outside."""

import contextlib
import ctypes
import functools
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

import pytest
import time

CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name, *arguments):
    if getattr(_libc, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def why_not():
    """The reason why this machine does not permit network namespaces, or None."""
    done = subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"network namespaces are not permitted here ({done.stderr.strip()})"


def _until_routed(address):
    """Waits for the address, since the kernel makes an IPv6 address usable a moment after it was
    added."""
    if ":" not in address:
        return
    for _ in range(500):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((address, 9))
                return
            except OSError:
                time.sleep(0.01)


@functools.lru_cache(None)
def why_no_mounts():
    """The reason why this machine does not permit mount namespaces, or None."""
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"mount namespaces are not permitted here ({done.stderr.strip()})"


@contextlib.contextmanager
def network(*addresses):
    """Gives this thread, and the threads and processes that it starts, a separate network, which is
    only a loopback interface with 127.0.0.1, ::1 and the given addresses."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    _call("unshare", CLONE_NEWNET)
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in addresses:
            command = ["ip", "-6" if ":" in address else "-4", "addr", "add", address, "dev", "lo"]
            subprocess.run(command + (["nodad"] if ":" in address else []), check=True)
        for address in ("::1", *addresses):
            _until_routed(address.partition("/")[0])
        yield
    finally:
        _call("setns", home, CLONE_NEWNET)
        os.close(home)


class Etc:
    """A private /etc for a process: `wrapper` goes before its command; `write` changes a file by
    renaming, as editors and network managers do."""

    KEPT = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "localtime", "host.conf", "services", "protocols")

    def __init__(self, hosts="127.0.0.1 localhost\n::1 localhost\n", resolv_conf="nameserver 127.0.0.1\n"):
        refused = why_no_mounts()
        if refused:
            pytest.skip(refused)
        self.directory = tempfile.TemporaryDirectory(prefix="weir-test-etc-")
        self.path = pathlib.Path(self.directory.name)
        for name in self.KEPT:
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", self.path / name)
        self.write("hosts", hosts)
        self.write("resolv.conf", resolv_conf)
        script = 'mount --bind "$0" /etc && exec "$@"'
        self.wrapper = ("unshare", "-m", "sh", "-c", script, str(self.path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def write(self, name, text):
        new = self.path / (name + ".new")
        new.write_text(text)
        new.rename(self.path / name)
