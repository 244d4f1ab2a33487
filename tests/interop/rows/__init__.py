"""Rows of the table, by themes."""
