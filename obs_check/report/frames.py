"""Evidence tables: what a column holds, and the rows as a frame of pandas with types. Every format is made of it."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from obs_check.app.verify.document import Document
from obs_check.model.secret import hide_secrets
from obs_check.model.times import rfc3339
from obs_check.model.tree import Json

if TYPE_CHECKING:
    import pandas as pd

ColumnType = Literal["text", "integer", "number", "boolean", "time", "json"]
"""`time`: UTC to the nanosecond; `json`: a list or an object as JSON text. Every cell may be empty."""
_DTYPES = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}
_INTEGERS = range(-(2**63), 2**63)
_NUMBERS = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}


class TableColumn(NamedTuple):
    """A column: its meaning names the unit where it has one."""

    name: str
    type: ColumnType
    meaning: str


class TableKind(NamedTuple):
    """A table of documents: `name` is its file's stem, `rows` makes its rows of a document, whose keys are columns."""

    name: str
    title: str
    meaning: str
    columns: tuple[TableColumn, ...]
    rows: Callable[["Document"], Iterable[Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """A table with its rows; each has exactly the columns, and values of their types (times are ns), or None."""

    kind: TableKind
    rows: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """The stem of its file."""
        return self.kind.name

    @property
    def title(self) -> str:
        """What stands above it."""
        return self.kind.title

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.kind.columns)

    def frame(self) -> "pd.DataFrame":
        """The rows with types: text as str, integers, numbers and booleans that may be missing, times as
        datetime64[ns, UTC]; known secrets are hidden."""
        import pandas as pd

        made = {}
        for column in self.kind.columns:
            cells = [row[column.name] for row in self.rows]
            if column.type == "time":
                stamps = pd.array([pd.NaT if cell is None else pd.Timestamp(cell, unit="ns") for cell in cells])
                made[column.name] = pd.Series(stamps, dtype="datetime64[ns]").dt.tz_localize("UTC")
            elif column.type in _DTYPES:
                made[column.name] = pd.Series(cells, dtype=_DTYPES[column.type])
            else:
                texts = [None if cell is None else hide_secrets(cell) for cell in cells]
                made[column.name] = pd.Series(texts, dtype="object")
        return pd.DataFrame(made)

    def shown(self, text: Callable[[str], object] = hide_secrets) -> "pd.DataFrame":
        """The rows for a format without types: times as RFC 3339 with nanoseconds, texts passed through `text`,
        missing ones as None."""
        import pandas as pd

        frame = self.frame()
        cells: dict[str, list[Any]] = {}
        for column in self.kind.columns:
            series = frame[column.name]
            if column.type == "time":
                cells[column.name] = [None if pd.isna(at) else rfc3339(at.value) for at in series]
            elif column.type in _DTYPES:
                cells[column.name] = [None if cell is None else _plain(cell) for cell in series.astype(object)]
            else:
                cells[column.name] = [None if cell is None else text(cell) for cell in series]
        return pd.DataFrame({name: pd.Series(column, dtype="object") for name, column in cells.items()})


def table_of(kind: TableKind, rows: Iterable[Mapping[str, object]]) -> EvidenceTable:
    """A table of rows as a document has them: what is of another type than its column is left empty."""
    return EvidenceTable(kind, [{c.name: _typed(c.type, row.get(c.name)) for c in kind.columns} for row in rows])


def flat(value: object) -> str:
    """A value as text: lists of plain values joined by blanks, other structures as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(v, str | int | float) for v in value):
        return " ".join(str(v) for v in value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _typed(kind: ColumnType, value: Any) -> Json:
    if value is None or (kind != "text" and value == ""):
        return None
    match kind:
        case "text":
            return flat(value)
        case "json":
            return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
        case "boolean":
            return value if isinstance(value, bool) else None
        case "number":
            return float(_NUMBERS.get(value, value)) if isinstance(value, int | float) or value in _NUMBERS else None
    return value if isinstance(value, int) and value in _INTEGERS else None


def _plain(cell: object) -> Any:
    """A number or boolean of pandas as one of Python's; what JSON has no number for as text."""
    import pandas as pd

    if cell is pd.NA:
        return None
    value = cell.item() if hasattr(cell, "item") else cell
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    return value
