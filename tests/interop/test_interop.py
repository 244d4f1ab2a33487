"""What a client ends with is the same directly and through Weir, or stands in the list of exceptions."""

import pytest

from .clients import CLIENTS
from .exceptions import exempt
from .outcome import differences
from .table import TABLE

ROWS = {row.name: row for row in TABLE.rows}


def test_the_same_as_directly(cell, request):
    client, form, name = cell
    why_not = CLIENTS[client][2]()
    if why_not:
        pytest.skip(why_not)
    played = request.getfixturevalue("played")
    found = {}
    ends = zip(ROWS[name].steps, played.of(client, "direct", name), played.of(client, form, name))
    for at, (step, direct, through) in enumerate(ends):
        for aspect, sentence in differences(step.method, direct, through).items():
            found[aspect] = f"step {at}, {aspect}: {sentence}"
    if played.in_order(client, "direct", name) and not played.in_order(client, form, name):
        found["order"] = "a piece of the stream was held back by Weir"
    aspects, reason = exempt(name, client.split("@")[0], form)
    assert set(found) == aspects, (
        f"{client}, {form}, {name} ({ROWS[name].why}): "
        + ("; ".join(found.values()) or f"no longer differs, and is in the list of exceptions ({reason})")
    )
