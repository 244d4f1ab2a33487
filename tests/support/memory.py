"""Makes allocations of some sizes fail in one Weir, while the test wants it."""

import contextlib
import pathlib

from . import shims


class Memory:
    """`env` is the environment for Weir (not for one with sanitizers, which bring their own
    allocator)."""

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
