"""Frames: what Grafana answers to a query, column by column, decoded without losing NaN, infinities or nanoseconds."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from obs_check.errors import NotAllowed, Unavailable
from obs_check.model.failure import Failure, failure, remedy_of
from obs_check.model.window import MS

C = TypeVar("C")
_QUERY_STRING = re.compile(r"\?[^\s\"]*(?=\")")
"""Of the address that Go's errors quote: without it panels of one datasource say the same."""
_ENTITIES = {"NaN": math.nan, "Inf": math.inf, "NegInf": -math.inf}


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `type` is `time`, `number`, `string`, `boolean` or `other`; values of a time column are ns since the
    epoch; `config` is its display configuration (`displayName`, `decimals`, `custom`, ...)."""

    name: str
    type: str
    values: list[Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """Columns of one length, of query `ref_id`. `meta` is Grafana's, for example `executedQueryString`."""

    fields: list[Field]
    ref_id: str = ""
    name: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of rows, 0 without columns."""
        return len(self.fields[0].values) if self.fields else 0

    def row(self, index: int) -> list[Any]:
        """One row's values."""
        return [f.values[index] for f in self.fields]


@dataclass(frozen=True, slots=True)
class RefResult:
    """The answer to one refId. `error` is empty when there is none; `status` is None where Grafana says none; `source`
    is `downstream` or `plugin`; `notices` are the warnings a person sees as a corner icon only."""

    ref_id: str
    frames: list[Frame]
    error: str = ""
    status: int | None = None
    source: str = ""
    notices: tuple[str, ...] = ()
    sent: int = 0
    """Frames, those without a column included."""

    @property
    def failure(self) -> Failure | None:
        """What its error means, None without one."""
        return failure(self.status, self.error, self.source) if self.error else None


class _Field(Struct):
    name: str | None = None
    type: str | None = None
    labels: dict[str, str] | None = None
    config: dict[str, Any] | None = None


class _Notice(Struct):
    text: str | None = None


class _Meta(Struct):
    notices: list[_Notice] | None = None


class _Schema(Struct):
    name: str | None = None
    refId: str | None = None  # noqa: N815
    meta: dict[str, Any] | None = None
    fields: list[_Field] | None = None


class _Data(Struct):
    values: list[list[Any]] | None = None
    nanos: list[list[int] | None] | None = None
    entities: list[dict[str, list[int]] | None] | None = None


class _Frame(Struct):
    schema: _Schema | None = None
    data: _Data | None = None


class _Result(Struct):
    frames: list[_Frame] | None = None
    error: str | None = None
    status: int | None = None
    errorSource: str | None = None  # noqa: N815


_CELLS: Mapping[str, tuple[type, ...]] = {
    "time": (int, float, NoneType),
    "number": (int, float, NoneType),
    "string": (str, NoneType),
    "boolean": (bool, NoneType),
}
"""What stands in a column of a type; others may hold anything."""


def decode_results(*documents: Mapping[str, object]) -> dict[str, RefResult]:
    """refId -> answer, from one or more answers of /api/ds/query (one per datasource). Raises Unavailable."""
    found: dict[str, RefResult] = {}
    for document in documents:
        whole = document if isinstance(document, Mapping) else {}
        results = whole.get("results")
        if not isinstance(results, Mapping):
            said = whole.get("message") or whole.get("error") or "no `results` in it"
            raise Unavailable(f"grafana: this is not an answer of /api/ds/query: {said}", _OTHER)
        for ref_id, raw in results.items():
            try:
                found[ref_id] = _result(ref_id, msgspec.convert(raw, _Result))
            except (msgspec.ValidationError, IndexError, ValueError) as error:
                raise Unavailable(
                    f"grafana: the answer to query {ref_id} is of another shape: {error}", _OTHER
                ) from None
    return found


def result_of(results: Mapping[str, RefResult], ref_id: str) -> RefResult:
    """The answer to one query. Unavailable where there is none."""
    found = results.get(ref_id)
    if found is None:
        raise Unavailable(f"grafana: no answer to query {ref_id}", _OTHER)
    return found


def unanswered(results: Iterable[RefResult]) -> Unavailable | NotAllowed | None:
    """What to raise where a datasource gave no answer to one of the queries or did not let Grafana in; None where all
    were answered, be it with a refusal."""
    failed = [(result.failure, _QUERY_STRING.sub("", result.error)) for result in results if result.error]
    for meaning, said in failed:
        if meaning is Failure.NOT_ALLOWED:
            return NotAllowed(f"a datasource does not let Grafana in: {said}", remedy_of(said))
    for meaning, said in failed:
        if meaning is Failure.OUTAGE:
            return Unavailable(f"a datasource does not answer: {said}", SEE_DATASOURCE)
    return None


def all_frames(results: Iterable[RefResult]) -> list[Frame]:
    """The frames of all answers, in the order of the queries."""
    return [frame for result in results for frame in result.frames]


def _result(ref_id: str, raw: _Result) -> RefResult:
    frames = [_frame(f, ref_id) for f in raw.frames or ()]
    notices = tuple(
        n.text or "" for f in frames for n in msgspec.convert(f.meta, _Meta).notices or () if f.meta.get("notices")
    )
    return RefResult(
        ref_id,
        [f for f in frames if f.fields],
        error=raw.error or "",
        status=raw.status or None,
        source=raw.errorSource or "",
        notices=notices,
        sent=len(frames),
    )


def _frame(raw: _Frame, ref_id: str) -> Frame:
    """One frame of the JSON form ({"schema", "data"}). Raises ValueError for columns that do not fit together."""
    schema, data = raw.schema or _Schema(), raw.data or _Data()
    values = data.values or []
    fields = [
        Field(f.name or "", f.type or "other", _column(i, f.type or "other", data), f.labels or {}, f.config or {})
        for i, f in enumerate(schema.fields or ())
    ]
    if len({len(f.values) for f in fields}) > 1 and values:
        raise ValueError("its columns are not of one length")
    return Frame(fields, schema.refId or ref_id, schema.name or "", schema.meta or {})


def _at(columns: list[C] | None, number: int) -> C | None:
    return columns[number] if columns and number < len(columns) else None


def _column(number: int, kind: str, data: _Data) -> list[Any]:
    column = list(_at(data.values, number) or ())
    allowed = _CELLS.get(kind)
    if allowed is not None and not all(type(cell) in allowed for cell in column):
        raise ValueError(f"a column of type {kind} holds something else")
    for word, indexes in (_at(data.entities, number) or {}).items():
        for index in indexes:
            column[index] = _ENTITIES.get(word)
    if kind != "time":
        return column
    if any(cell is not None and not abs(cell) <= _LAST_MS for cell in column):
        raise ValueError("a time is in no year that a clock can show")
    extra = _at(data.nanos, number) or [0] * len(column)
    if len(extra) != len(column):
        raise ValueError("its columns are not of one length")
    return [None if v is None else int(v * MS) + n for v, n in zip(column, extra, strict=True)]


_LAST_MS = 9_000_000_000_000
"""The year 2255: nanoseconds are an int64 in Go."""
SEE_DATASOURCE = "see in Grafana what the datasource answers: nothing is claimed about the panel until it does"
_OTHER = "does the URL point to Grafana 8 or later?"
