"""Frames: what Grafana answers to a query, column by column, decoded without losing NaN, infinities or nanoseconds."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from obs_check.errors import InputError, NotAllowed, Unavailable
from obs_check.model.failure import Failure, failure, remedy_of
from obs_check.model.window import MS

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

    @property
    def failure(self) -> Failure | None:
        """What its error means, None without one."""
        return failure(self.status, self.error, self.source) if self.error else None


def decode_results(*documents: Mapping[str, Any]) -> dict[str, RefResult]:
    """refId -> answer, from one or more answers of /api/ds/query (one per datasource). InputError for anything else."""
    found: dict[str, RefResult] = {}
    for document in documents:
        results = document.get("results")
        if not isinstance(results, Mapping):
            said = document.get("message") or document.get("error") or "no `results` in it"
            raise InputError(f"this is no answer of /api/ds/query: {said}", "ask Grafana 8 or later")
        for ref_id, raw in results.items():
            try:
                found[ref_id] = _result(ref_id, raw)
            except (AttributeError, IndexError, TypeError, ValueError) as error:
                raise InputError(f"the frames of {ref_id} cannot be read: {error}", "ask Grafana 8 or later") from error
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
            return Unavailable(f"a datasource does not answer: {said}", "nothing is claimed about the panel")
    return None


def decode_frame(raw: Mapping[str, Any], ref_id: str = "") -> Frame:
    """One frame of the JSON form ({"schema", "data"})."""
    schema = raw.get("schema") or {}
    data = raw.get("data") or {}
    values = data.get("values") or []
    nanos = data.get("nanos") or []
    entities = data.get("entities") or []
    fields = []
    for i, f in enumerate(schema.get("fields") or []):
        column = list(values[i]) if i < len(values) else []
        for word, indexes in ((entities[i] if i < len(entities) else None) or {}).items():
            for index in indexes:
                column[index] = _ENTITIES.get(word)
        if f.get("type") == "time":
            extra = (nanos[i] if i < len(nanos) else None) or [0] * len(column)
            column = [None if v is None else int(v * MS) + n for v, n in zip(column, extra, strict=True)]
        fields.append(
            Field(
                str(f.get("name") or ""),
                str(f.get("type") or "other"),
                column,
                f.get("labels") or {},
                f.get("config") or {},
            )
        )
    return Frame(fields, str(schema.get("refId") or ref_id), str(schema.get("name") or ""), schema.get("meta") or {})


def all_frames(results: Iterable[RefResult]) -> list[Frame]:
    """The frames of all answers, in the order of the queries."""
    return [frame for result in results for frame in result.frames]


def _result(ref_id: str, raw: Mapping[str, Any]) -> RefResult:
    frames = [decode_frame(f, ref_id) for f in raw.get("frames") or []]
    notices = tuple(str(n.get("text") or "") for f in frames for n in f.meta.get("notices") or ())
    return RefResult(
        ref_id,
        [f for f in frames if f.fields],
        error=str(raw.get("error") or ""),
        status=int(raw["status"]) if raw.get("status") else None,
        source=str(raw.get("errorSource") or ""),
        notices=notices,
    )
