"""A clock that jumps, for one Weir: CLOCK_REALTIME differs from the machine's by an offset that the
test sets."""

import mmap
import pathlib
import struct
import time

from . import shims


class Clock:
    """`env` is the environment for Weir; jump_to() and jump() set its clock at once."""

    def __init__(self, directory):
        directory = pathlib.Path(directory)
        shim = directory / "clock_shim.so"
        source = pathlib.Path(__file__).with_name("clock_shim.c")
        shims.build(source, shim)
        path = directory / "offset"
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self.mapped = mmap.mmap(file.fileno(), 8)
        self.env = {"LD_PRELOAD": str(shim), "WEIR_TEST_CLOCK": str(path)}

    def jump(self, seconds):
        """Sets the clock to the machine's time plus `seconds`."""
        self.mapped[:] = struct.pack("q", int(seconds))

    def jump_to(self, seconds):
        """Sets the clock to `seconds` since 1970."""
        self.jump(seconds - time.time())
