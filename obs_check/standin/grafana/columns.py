"""Frames in the JSON that Grafana sends: columns of values, with what JSON has no number for beside them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from obs_check.model.tree import Json

MS = 1_000_000
_TYPES = {"time": "time.Time", "number": "float64", "string": "string", "other": "json.RawMessage"}


class Column(NamedTuple):
    """One field. `kind` is time (values in ns), number, string or other; `labels` None: the field has none."""

    name: str
    kind: str
    values: Sequence[Any]
    labels: Mapping[str, str] | None = None
    config: Mapping[str, Any] | None = None


def _schema(column: Column) -> dict[str, Json]:
    field: dict[str, Json] = {
        "name": column.name,
        "type": column.kind,
        "typeInfo": {"frame": _TYPES[column.kind]},
    }
    if column.labels is not None:
        field["labels"] = dict(column.labels)
    if column.config:
        field["config"] = dict(column.config)
    return field


def _entities(values: Sequence[object]) -> tuple[list[Json], dict[str, list[int]] | None]:
    """Values with null where JSON has no number, and the rows of NaN and the infinities."""
    odd: dict[str, list[int]] = {}
    plain: list[Any] = []
    for row, value in enumerate(values):
        if isinstance(value, float) and not math.isfinite(value):
            name = "NaN" if math.isnan(value) else "Inf" if value > 0 else "NegInf"
            odd.setdefault(name, []).append(row)
            plain.append(None)
        else:
            plain.append(value)
    return plain, odd or None


def frame(ref_id: str, columns: Sequence[Column], meta: Mapping[str, object]) -> dict[str, Any]:
    """One frame; times become ms with the rest in `nanos`, NaN and infinities null with their rows in `entities`. One
    without a type says version 0.0, as Grafana does."""
    values: list[list[Json]] = []
    nanos: list[list[int] | None] = []
    entities: list[dict[str, list[int]] | None] = []
    for column in columns:
        if column.kind == "time":
            rest = [ns % MS for ns in column.values]
            values.append([ns // MS for ns in column.values])
            nanos.append(rest if any(rest) else None)
            entities.append(None)
            continue
        plain, odd = _entities(column.values)
        values.append(plain)
        nanos.append(None)
        entities.append(odd)
    fields = [_schema(c) for c in columns]
    schema = {"refId": ref_id, "meta": {"typeVersion": [0, 0], **meta}, "fields": fields}
    data: dict[str, Json] = {"values": values}
    if any(nanos):
        data["nanos"] = nanos
    if any(entities):
        data["entities"] = entities
    return {"schema": schema, "data": data}
