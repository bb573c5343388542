"""The tables of the lab Loki's DuckDB, and those of 0.1.0's first files, which are carried over."""

from typing import Any

_STREAMS = "CREATE TABLE IF NOT EXISTS streams (id INTEGER, tenant VARCHAR, labels VARCHAR)"
_LINES = "CREATE TABLE IF NOT EXISTS lines (stream INTEGER, number BIGINT, ts BIGINT, line VARCHAR, metadata VARCHAR)"
_STALE = "DELETE FROM streams WHERE id NOT IN (SELECT stream FROM lines)"
_HAS_FIRST = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'entries'"
_FROM_FIRST = (
    "INSERT INTO streams SELECT row_number() OVER (ORDER BY tenant, labels) - 1, tenant, labels "
    "FROM (SELECT DISTINCT tenant, labels FROM entries)",
    "INSERT INTO lines SELECT id, entries.rowid, ts, line, if(metadata = '{}', '', metadata) "
    "FROM entries JOIN streams USING (tenant, labels) ORDER BY entries.rowid",
    "DROP TABLE entries",
)
"""From the one table (tenant, labels, ts, line, metadata) whose rows were in the order of their arrival."""


def prepare(connection: Any) -> None:
    """Make the tables where there are none. `labels` and `metadata` are JSON objects (no metadata: an empty text),
    `number` is the order of arrival; streams without lines are forgotten."""
    connection.begin()
    connection.execute(_STREAMS)
    connection.execute(_LINES)
    if connection.execute(_HAS_FIRST).fetchall():
        for statement in _FROM_FIRST:
            connection.execute(statement)
    connection.execute(_STALE)
    connection.commit()
