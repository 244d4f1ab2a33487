"""THE TABLE: all rows. How two ends are compared: outcome.py. What may differ: exceptions.py."""

from .behaviour import Table
from .rows import ends, framing, heads, requests, sessions, streams

TABLE = Table()
for part in (heads, framing, streams, ends, sessions, requests):
    for row in part.table.rows:
        assert row.name not in {each.name for each in TABLE.rows}, row.name
        TABLE.rows.append(row)
