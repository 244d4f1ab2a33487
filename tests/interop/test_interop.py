"""Checks that each client ends the same way directly and through Weir, or that the list of
exceptions has the difference."""

import pytest

from .clients import CLIENTS
from .conftest import cells as every_cell
from .exceptions import EXCEPTIONS, exemptions
from .table import TABLE

# The first test waits until all clients have played their rows, which takes a minute, or more on a
# busy machine.
pytestmark = pytest.mark.seconds(600)

ROWS = {row.name: row for row in TABLE.rows}
EVERY = list(every_cell())
FOR_ALL = [each for each in EXCEPTIONS if each.clients == "*"]
ANY_CLIENT = [(each, row) for each in FOR_ALL for row in each.rows.split()]


def kinds(played, client, form, row):
    ends = zip(played.of(client, "direct", row), played.of(client, form, row))
    return [(directly.kind, through.kind) for directly, through in ends]


def test_the_same_as_directly(cell, request):
    client, form, row = cell
    why_not = CLIENTS[client][2]()
    if why_not:
        pytest.skip(why_not)
    fault = fault_of(request.getfixturevalue("played"), client, form, row)
    if fault:
        pytest.fail(f"{client}, {form}, {row} ({ROWS[row].why}): {fault}", pytrace=False)


def fault_of(played, client, form, row):
    """What is wrong with a cell, or None."""
    if not played.has(client, form, row):
        return played.why_not(client, form)
    found = played.differences(client, form, row)
    exempt = exemptions(client, form, row)
    if found:
        allowed = any(each.allows(found, kinds(played, client, form, row)) for each in exempt)
        return None if allowed else "; ".join(found.values())
    rotten = [each.reason for each in exempt if each.clients != "*" and not each.sometimes]
    return f"no longer differs, and is in the list of exceptions: {rotten[0]}" if rotten else None


@pytest.mark.parametrize("exempt,row", ANY_CLIENT, ids=[row for _, row in ANY_CLIENT])
def test_an_exception_for_every_client_has_one(exempt, row, request):
    """At least one client that can run here must end differently."""
    assert row in ROWS, f"there is no row {row}"
    absent = [client for client in CLIENTS if CLIENTS[client][2]()]
    if absent:
        pytest.skip(f"a client that ends differently may be absent: {', '.join(absent)}")
    every = [(client, form) for client, form, name in EVERY if name == row]
    cells = [cell for cell in every if exempt.covers(*cell, row)]
    played = request.getfixturevalue("played")
    missing = [cell for cell in cells if not played.has(*cell, row)]
    if missing:
        pytest.skip("not every client was played")
    differing = [cell for cell in cells if played.differences(*cell, row)]
    if not differing:
        pytest.fail(f"nobody ends differently in {row}, an exception for all", pytrace=False)


def test_exceptions_speak_of_rows_and_clients_that_there_are():
    for each in EXCEPTIONS:
        assert set(each.rows.split()) <= set(ROWS), each
        assert each.clients == "*" or set(each.clients.split()) <= set(CLIENTS), each
