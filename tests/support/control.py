"""The control socket: the counters that `weir status` prints, as numbers."""

import os
import socket


def status(weir):
    """NAME -> number. Reads the socket directly, which is faster than starting `weir status`."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(10)
        control.connect(control_path(weir))
        control.sendall(b"status\n")
        text = b""
        while data := control.recv(65536):
            text += data
    first, _, rest = text.decode().partition("\n")
    assert first == "ok", text
    return {name: int(value) for name, value in (line.split(": ", 1) for line in rest.splitlines()) if value.isdigit()}


def control_path(weir):
    """The path of the control socket: the attribute `control` of a Weir with that key, else the
    default path."""
    if path := getattr(weir, "control", None):
        return path
    runtime = os.environ.get("RUNTIME_DIRECTORY") or ("/run" if os.getuid() == 0 else os.environ.get("XDG_RUNTIME_DIR"))
    return f"{runtime or f'/tmp/weir-{os.getuid()}'}/weir-{weir.port}.control"
