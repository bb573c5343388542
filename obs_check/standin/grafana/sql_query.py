"""Queries of the PostgreSQL datasource: its macros, and tables as frames."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from obs_check.model.tree import Json
from obs_check.panel.interval import interval_to_ms
from obs_check.standin.grafana.columns import Column, frame
from obs_check.standin.grafana.datasource import ProvisionedDatasource
from obs_check.standin.grafana.outcome import NO_SERVER, QueryFailed, TimeSpan
from obs_check.standin.sql import SqlError, Table

if TYPE_CHECKING:
    import httpx

_CALL = re.compile(r"\$__(?P<name>\w+)\((?P<arguments>[^()]*)\)")
_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT", "NUMBER")


def run_sql(
    _: "httpx.Client", source: ProvisionedDatasource, query: Mapping[str, object], span: TimeSpan
) -> list[dict[str, Json]]:
    """The frame of one query: columns as selected, one frame without fields for no row. QueryFailed in the words of
    Grafana and PostgreSQL."""
    ref_id = str(query.get("refId") or "A")
    sql = expand_macros(str(query.get("rawSql") or ""), span)
    meta = {"executedQueryString": sql}
    if source.database is None:
        raise QueryFailed(500, f"db query error: {NO_SERVER}", [frame(ref_id, [], meta)])
    try:
        table = source.database.query(sql)
    except SqlError as error:
        # Grafana 12.4 asks by pgx; before it was "pq: ...".
        raise QueryFailed(500, f"db query error: ERROR: {error}") from error
    if not table.rows:
        return [frame(ref_id, [], meta)]
    columns = [_column(table, place) for place in range(len(table.names))]
    if query.get("format") == "time_series" and not any(c.kind == "time" for c in columns):
        raise QueryFailed(500, "db has no time column: no time column found")
    return [frame(ref_id, columns, meta)]


def expand_macros(sql: str, span: TimeSpan) -> str:
    """The text with the macros of Grafana's PostgreSQL plugin written out; QueryFailed for one it does not know."""
    start, end = (datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for ms in span)
    seconds = [ms // 1000 for ms in span]

    def written(found: re.Match[str]) -> str:
        column, *rest = (part.strip() for part in found["arguments"].split(","))
        match found["name"]:
            case "timeFilter":
                return f"{column} BETWEEN '{start}' AND '{end}'"
            case "timeFrom":
                return f"'{start}'"
            case "timeTo":
                return f"'{end}'"
            case "time":
                return f'{column} AS "time"'
            case "timeEpoch":
                return f'extract(epoch from {column}) as "time"'
            case "unixEpochFilter":
                return f"{column} >= {seconds[0]} AND {column} <= {seconds[1]}"
            case "unixEpochFrom":
                return str(seconds[0])
            case "unixEpochTo":
                return str(seconds[1])
            case "timeGroup" | "timeGroupAlias" as name if rest:
                every = (interval_to_ms(rest[0].strip("'\"")) or 1000) / 1000
                text = f"to_timestamp(floor(extract(epoch from {column})/{every:g})*{every:g})"
                return f'{text} AS "time"' if name == "timeGroupAlias" else text
        raise QueryFailed(400, f"unknown macro {found['name']!r}")

    return _CALL.sub(written, sql)


def _column(table: Table, place: int) -> Column:
    name, values = table.names[place], [row[place] for row in table.rows]
    kind = table.types[place].upper()
    if kind.startswith("TIMESTAMP"):
        return Column(name, "time", [_ns(value) for value in values])
    if kind.startswith(_NUMBERS) or kind.endswith("BIGINT"):
        return Column(name, "number", [float(v) if isinstance(v, Decimal) else v for v in values])
    return Column(name, "string", [None if value is None else str(value) for value in values])


def _ns(at: datetime) -> int:
    whole = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(whole.timestamp()) * 1_000_000_000 + whole.microsecond * 1000
