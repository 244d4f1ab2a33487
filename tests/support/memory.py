"""A machine that has no memory of some sizes, for one Weir, while a test says so."""

import contextlib
import pathlib

from . import shims


class Memory:
    """`env` goes to Weir (not to one with sanitizers, which bring an allocator of their own)."""

    def __init__(self, directory, smallest, largest):
        directory = pathlib.Path(directory)
        shim = directory / "memory_shim.so"
        source = pathlib.Path(__file__).with_name("memory_shim.c")
        shims.build(source, shim)
        self.path = directory / "no memory"
        self.env = {"LD_PRELOAD": str(shim), "WEIR_TEST_NO_MEMORY": str(self.path), "WEIR_TEST_SIZES": f"{smallest}-{largest}"}

    @contextlib.contextmanager
    def none(self):
        self.path.touch()
        try:
            yield
        finally:
            self.path.unlink()
