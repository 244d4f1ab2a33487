"""Roots for tests/fresh: an empty Debian by debootstrap with the trap (compilers that the build
must not use), kept for some days, and a machine, which is copied from it for each run."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from .fresh_machine import SPACES, USER, Machine

BUILT_SECONDS = 1800
LOCK_SECONDS = 3600
DAYS_KEPT = 7
INCLUDED = "ca-certificates,git,sudo"
# Debian's default compilers, which a user may have: LLVM 14 on Debian 12. Never llvm-19 by name.
TRAP = "clang llvm lld"
DEFAULT_MIRROR = "http://deb.debian.org/debian"


class Skip(Exception):
    """Says why this machine can't run the test, which is no fault of Weir's."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def host_mirrors():
    """(Debian's mirror, that of its security updates or None), as this machine's apt has them."""
    line = "$(SITE)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
    targets = output("apt-get", "indextargets", "--format", line, "Created-By: Packages")
    main = security = None
    for site, release, component, origin in (each.split("|") for each in targets.splitlines()):
        if component != "main" or origin not in ("Debian", ""):
            continue
        if "security" in release:
            security = security or site
        elif "debian" in site:
            main = main or site
    return main or DEFAULT_MIRROR, security


def apt_settings():
    """The settings by which this machine's apt reaches mirrors, as lines of apt's configuration."""
    unused = ("IndexTargets", "Changelogs", "CompressionTypes", "cdrom")
    lines = [line for line in output("apt-config", "dump", "Acquire").splitlines()
             if "::" in line and line.split("::")[1].split(" ")[0] not in unused]
    for scheme in ("http", "https"):
        proxy = os.environ.get(f"{scheme}_proxy")
        if proxy and not any(line.startswith(f"Acquire::{scheme}::Proxy ") for line in lines):
            lines.append(f'Acquire::{scheme}::Proxy "{proxy}";')
    return "\n".join([*lines, *output("apt-config", "dump", "APT::Sandbox").splitlines(),
                      'Binary::apt::APT::Keep-Downloaded-Packages "true";', ""])


def mirror_answers(mirror, suite):
    with tempfile.TemporaryDirectory() as folder:
        url = f"{mirror}/dists/{suite}/InRelease"
        command = ["/usr/lib/apt/apt-helper", "download-file", url, f"{folder}/InRelease"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            done = subprocess.run(command, capture_output=True, timeout=120, check=False)
            return done.returncode == 0
    return False


class Root:
    """For each suite, `folder` has `pristine`, the fetched packages and, while the test runs,
    `machine`. Packages that ./run installs are removed together with the machine."""

    def __init__(self, folder, suite, trap=TRAP):
        self.suite, self.trap = suite, trap
        self.folder = folder.absolute() / (suite if trap else f"{suite}-bare")
        self.kept, self.machine = self.folder / "pristine", self.folder / "machine"
        self.archives = self.folder / "archives"
        self.mirror, self.security = host_mirrors()

    @contextlib.contextmanager
    def locked(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            until = time.monotonic() + LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise Skip(f"another one uses {self.folder}") from None
                    time.sleep(1)
            self.remove_machine()
            yield

    def as_machine(self, folder):
        return Machine(folder, self.archives, self.suite)

    def remove_machine(self):
        remove(self.machine)

    def pristine(self):
        """An empty Debian with the trap. Uses the existing one if that is complete and not old."""
        require_chroot(self.folder)
        if not mirror_answers(self.mirror, self.suite):
            raise Skip(f"no answer from the mirror {self.mirror}")
        made = self.kept / "made-by-tests-fresh"
        recipe = f"{self.mirror} {self.security} {INCLUDED} {self.trap}\n{apt_settings()}"
        if made.exists() and made.read_text() == recipe:
            if time.time() - made.stat().st_mtime < DAYS_KEPT * 86400:
                return self.kept
        remove(self.kept)
        say(f"Making an empty Debian ({self.suite}) in {self.kept} from {self.mirror}.")
        self.debootstrap()
        self.configure()
        self.archives.mkdir(exist_ok=True)
        script = f"useradd --create-home --shell /bin/bash {USER}"
        script += "; update-ca-certificates; apt-get -q update"
        if self.trap:
            script += f"; apt-get -q -y install {self.trap}"
        self.as_machine(self.kept).run(script, BUILT_SECONDS)
        made.write_text(recipe)
        return self.kept

    def debootstrap(self):
        keys = self.folder / "keys.gpg"
        found = [*pathlib.Path("/usr/share/keyrings").glob("debian-archive-keyring.gpg"),
                 *pathlib.Path("/etc/apt/trusted.gpg.d").glob("*.gpg")]
        keys.write_bytes(b"".join(path.read_bytes() for path in sorted(found)))
        command = [*SPACES, "debootstrap", "--variant=minbase", f"--include={INCLUDED}",
                   f"--keyring={keys}", self.suite, str(self.kept), self.mirror]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=BUILT_SECONDS, check=False)
        if done.returncode != 0:
            raise Skip(f"debootstrap could not make a root: {done.stdout[-1500:]}")

    def configure(self):
        """Gives the root this machine's mirrors, keys and settings of apt."""
        etc = self.kept / "etc"
        suites = (self.suite, f"{self.suite}-updates")
        lines = [f"deb {self.mirror} {suite} main" for suite in suites]
        if self.security:
            lines.append(f"deb {self.security} {self.suite}-security main")
        (etc / "apt/sources.list").write_text("\n".join(lines) + "\n")
        (etc / "apt/apt.conf.d/99host").write_text(apt_settings())
        (etc / "sudoers.d/stranger").write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n")
        for name in ("hosts", "hostname", "resolv.conf"):
            shutil.copy(f"/etc/{name}", etc / name)
        for name in ("etc/apt/trusted.gpg.d", "usr/local/share/ca-certificates"):
            if os.path.isdir(f"/{name}"):
                shutil.copytree(f"/{name}", self.kept / name, dirs_exist_ok=True)

    def make_machine(self, pristine, repository):
        """Copies `pristine`, puts a bare clone of the repository there, and returns its HEAD."""
        subprocess.run(["cp", "-a", "--reflink=auto", pristine, self.machine], check=True)
        with tempfile.NamedTemporaryFile("w", suffix=".gitconfig") as config:
            config.write('[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n')
            config.flush()
            env = {**os.environ, "GIT_CONFIG_GLOBAL": config.name}
            bare = self.machine / "srv/weir.git"
            subprocess.run(["git", "clone", "-q", "--bare", repository, bare], env=env, check=True)
            head = ["git", "-C", str(bare), "rev-parse", "HEAD"]
            commit = subprocess.check_output(head, env=env, text=True)
        self.as_machine(self.machine).run(f"chown -R {USER}: /srv/weir.git", 60)
        return commit.strip()


def require_chroot(folder):
    script = 'mount -t proc proc /proc; mount --bind "$1" "$1"; chroot / true'
    command = [*SPACES, "sh", "-euc", script, "try", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip(f"chroot in namespaces is not permitted here ({done.stderr.strip()})")


def remove(folder):
    """Removes a root. Nothing is mounted in it, since mounts are made in namespaces that end with
    their processes."""
    if folder.exists():
        subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)
