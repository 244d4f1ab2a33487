"""The base class of the clients: one client in one form, for all rows."""

import pathlib
import tempfile

SECONDS = 10  # How long a client waits for a step; longer than an origin waits.


class Run:
    """One client in one form, for all rows. `number` is the part of the path that identifies it to
    the origin."""

    def __init__(self, server, number, form, proxy_port):
        self.server = server
        self.number = number
        self.form = form
        self.proxy = proxy_port
        self.directory = tempfile.TemporaryDirectory(prefix="weir-interop-")
        self.folder = pathlib.Path(self.directory.name)

    def prepare(self, rows):
        """Prepares several rows at once, where the client can."""

    def play(self, row):
        """The ends of the row's steps."""
        ends = []
        for at, step in enumerate(row.steps):
            if step.waits:
                self.server.wait_until_ready(self.number, row.name, at)
            ends.append(self.ask(row, at, step))
            self.server.step_ended(self.number, row.name, at)
        return ends

    def url(self, row, at):
        return self.server.url_of(self.number, row.name, at, row.steps[at])

    def close(self):
        self.directory.cleanup()
