"""Libraries that are preloaded into Weir, built by the compiler that builds Weir."""

import subprocess

COMPILER = "/usr/bin/clang-19"
LINKER = "/usr/bin/ld.lld-19"


def build(source, library):
    flags = ["-O1", "-shared", "-fPIC", "-fuse-ld=lld", f"--ld-path={LINKER}"]
    subprocess.run([COMPILER, *flags, "-o", str(library), str(source)], check=True)
