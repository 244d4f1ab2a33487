"""Plays the selected cells: each client, in each form, plays all its rows in one run."""

import threading
from concurrent.futures import ThreadPoolExecutor

from .clients import CLIENTS
from .outcome import arrived, differences, only
from .server import Server

AT_A_TIME = 4  # Runs; each waits more than it works.


class Played:
    """Ends of steps, by (client, form, row), and what the origins received and missed."""

    def __init__(self, rows):
        self.server = Server(rows)
        self.rows = {row.name: row for row in rows}
        self.numbers = {}
        self.ends = {}
        self.faults = {}
        self.lock = threading.Lock()

    def play(self, cells, weirs):
        """`cells` are (client, form, row); `form` is a form of the client, or `form@NAME` through
        another of `weirs` (their ports, by their names)."""
        runs = {}
        for client, form, row in cells:
            for each in ("direct", form):
                rows = runs.setdefault((client, each), [])
                if row not in rows:
                    rows.append(row)
        self.numbers = {run: f"run{at}" for at, run in enumerate(runs)}
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            for run, rows in runs.items():
                pool.submit(self.play_run, *run, rows, weirs)

    def play_run(self, client, form, rows, weirs):
        form_of_client, _, weir = form.partition("@")
        proxy = None if form == "direct" else weirs[weir]
        run = None
        try:
            run = CLIENTS[client][0](self.server, self.numbers[client, form], form_of_client, proxy)
            run.prepare([self.rows[row] for row in rows])
            for row in rows:
                ends = run.play(self.rows[row])
                with self.lock:
                    self.ends[client, form, row] = ends
        except Exception as fault:  # Each cell of the run shows it.
            self.faults[client, form] = fault
        finally:
            if run:
                run.close()

    def of(self, client, form, row):
        return self.ends[client, form, row]

    def why_not(self, client, form):
        """The reason why a run did not finish."""
        faults = {each: self.faults.get((client, each)) for each in ("direct", form)}
        return f"was not played to its end: {faults}"

    def has(self, client, form, row):
        return (client, "direct", row) in self.ends and (client, form, row) in self.ends

    def differences(self, client, form, row):
        """{aspect: sentence} for each difference between the direct form and this form."""
        found = {}
        directly, through = self.of(client, "direct", row), self.of(client, form, row)
        for at, step in enumerate(self.rows[row].steps):
            for aspect, sentence in differences(step.method, directly[at], through[at]).items():
                found[aspect] = f"step {at}, {aspect}: {sentence}"
        orderly = self.in_order(client, "direct", row)
        if "kind" not in found and orderly and not self.in_order(client, form, row):
            found["order"] = "a piece of the stream was held back"
        if self.rows[row].requests:
            there = arrived(self.requests(client, "direct", row))
            here = arrived(self.requests(client, form, row))
            if there != here:
                found["request"] = "request: " + only(there, here)
        return found

    def in_order(self, client, form, row):
        return (self.numbers[client, form], row) not in self.server.late

    def requests(self, client, form, row):
        return self.server.requests.get((self.numbers[client, form], row), [])
