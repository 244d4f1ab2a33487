"""A Debian root as a machine: runs commands in it, and a terminal like a user's. Each has its own
mount and process namespace, so everything that was mounted or started there ends with it."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time

USER = "stranger"
PROMPT = "at rest> "
TEXT_KEPT = 1 << 16

SPACES = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")

# Arguments: the root, the folder of packages, the command.
ENTER = r"""
root=$1 archives=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,suid,dev,exec "$root"
cd "$root"
mount -t proc proc proc
mount --bind /dev/pts dev/pts
mount --bind "$archives" var/cache/apt/archives
exec env -i TERM=dumb LANG=C.UTF-8 \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  DEBIAN_FRONTEND=noninteractive chroot . "$@"
"""


class Fault(AssertionError):
    """A fault that a new user would meet."""


class Machine:
    def __init__(self, root, archives, suite):
        self.root, self.archives, self.suite = root, archives, suite

    def command(self, *inside):
        return [*SPACES, "sh", "-euc", ENTER, "enter", str(self.root), str(self.archives), *inside]

    def run(self, script, seconds):
        """Runs a script as root."""
        try:
            done = subprocess.run(self.command("sh", "-euc", script), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise Fault(f"{script} did not end within {seconds} s") from None
        if done.returncode != 0:
            raise Fault(f"{script} failed:\n{done.stdout[-3000:]}")

    @contextlib.contextmanager
    def login(self, user):
        terminal = Terminal(self.command("su", "--login", user))
        try:
            terminal.ask(f"PS1='{PROMPT}'; echo greeted $((1 + 1))", r"^greeted 2", 60)
            yield terminal
        finally:
            terminal.close()


class Terminal:
    """A terminal with a shell: types into it and reads from it."""

    def __init__(self, command):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            try:
                os.execvp(command[0], command)
            finally:
                os._exit(127)
        self.text = ""  # Output since the last input.

    def type(self, line):
        self.text = ""
        os.write(self.file, line.encode() + b"\n")

    def interrupt(self):
        """Types Ctrl-C: the kernel signals the group of processes in the foreground."""
        self.text = ""
        os.write(self.file, b"\x03")

    def read(self, until):
        left = until - time.monotonic()
        if left <= 0 or not select.select([self.file], [], [], left)[0]:
            raise Fault(f"took too long; the last that was said:\n{self.text[-3000:]}")
        try:
            came = os.read(self.file, 65536)
        except OSError:  # Linux reports this when the other end is closed.
            came = b""
        if not came:
            raise Fault(f"the terminal ended:\n{self.text[-3000:]}")
        self.text = (self.text + came.decode("utf-8", "replace").replace("\r", ""))[-TEXT_KEPT:]

    def await_line(self, pattern, seconds):
        """The match in a complete line, before the shell prints its prompt again."""
        until = time.monotonic() + seconds
        while True:
            if match := re.search(pattern + r".*\n", self.text, re.MULTILINE):
                return match
            if self.text.endswith("\n" + PROMPT):
                raise Fault(f"ended without {pattern!r}:\n{self.text[-3000:]}")
            self.read(until)

    def await_prompt(self, seconds):
        until = time.monotonic() + seconds
        while not self.text.endswith(PROMPT):
            self.read(until)

    def ask(self, line, pattern, seconds):
        """Types a line, and returns the pattern's match in the output of the command."""
        self.type(line)
        match = self.await_line(pattern, seconds)
        self.await_prompt(seconds)
        return match

    def close(self):
        """Ends everything that runs there: when its first process dies, the kernel kills all others
        in the namespace."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.file)
        os.waitpid(self.pid, 0)
