"""The list of exceptions: what may differ, for whom, and why. An entry that no longer differs fails the tests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exempt:
    """In these rows these clients, in these forms, may end with something else in exactly these aspects."""

    rows: str
    clients: str
    forms: str
    aspects: str
    reason: str

    def covers(self, row, client, form):
        return row in self.rows.split() and client in self.clients.split() and form in self.forms.split()


EXCEPTIONS = []


def exempt(row, client, form):
    """The aspects that may differ in this cell, and the reason."""
    found = [each for each in EXCEPTIONS if each.covers(row, client, form)]
    assert len(found) <= 1, f"{row}, {client}, {form} is in the list of exceptions twice"
    return (set(found[0].aspects.split()), found[0].reason) if found else (set(), None)
