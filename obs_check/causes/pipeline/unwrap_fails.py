"""pipeline.unwrap-fails: `unwrap` gets no number.

A label that is absent drops the line in silence; one that is text, such as `12ms`, ends the query with 400
`SampleExtractionErr` (Loki 3.5). Proved by the sum of what is read with a conversion, from the label that holds
numbers, or without the values that are none.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Literal

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import range_s
from obs_check.evidence.parser_at import rows_at
from obs_check.evidence.query_edit import Edits, edit_texts
from obs_check.evidence.query_fix import query_fix
from obs_check.evidence.query_text import behind_unwrap, unwrap_label
from obs_check.logql import parse, to_text
from obs_check.logql.stages.row import Row
from obs_check.logql.stages.unwrap import SAMPLE_ERROR, unwrap_value
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import unwrap_text
from obs_check.logql.syntax.walk import ranges
from obs_check.model.finding import Finding, Meaning, Observation, Proof
from obs_check.model.probe import Probe

_NO_ERROR = '| __error__=""'
_COMMA = re.compile(r"\d,\d")
_DECIMAL_COMMA = re.compile(r",(?!\d{3}(?!\d))")
_MARKED = re.compile(r"-?[\d.]+(?P<mark>[%,;])")
_APART = re.compile(r"-?[\d.]+ +[a-zA-Zµ]+")
_CONVERSIONS: tuple[Literal["duration", "bytes"], ...] = ("duration", "bytes")


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Look at the label on the lines, then sum it with a conversion, or another label that holds numbers."""
    found = ranges(parse(broken.expr))
    unwrap = found[broken.place].unwrap if broken.place < len(found) else None
    if unwrap is None or broken.rungs[-1].lines == 0:
        return None
    passing = rows_at(broken)
    refused = SAMPLE_ERROR in broken.reading.error
    if not passing or (any(_is_number(unwrap, row) for row in passing) and not refused):
        return None

    def summed(one: ast.Unwrap) -> tuple[float, Probe]:
        query = f'{to_text(broken.query)} {unwrap_text(one)} | __error__=""'
        return context.loki.count(f"sum(sum_over_time({query} [{range_s(broken.window)}s]))", broken.window)

    as_it_is, probe = summed(ast.Unwrap(unwrap.label, unwrap.conversion))
    if as_it_is and not refused:
        return None
    values = Counter(v for row in passing if (v := row.get(unwrap.label)) and not _is_number(unwrap, row))
    if values:
        why = f"`{unwrap.label}` is text ({', '.join(f'`{v}`' for v, _ in values.most_common(3))})"
    else:
        why = f"no line has the label `{unwrap.label}`"
    left = "none" if not as_it_is else "not all"
    claim = f"{why}, so `unwrap` reads {left} of the {broken.rungs[-1].lines:g} lines that reach it"
    for other, meaning in _others(unwrap, passing):
        total, other_probe = summed(other)
        if total:
            new = unwrap_text(other).removeprefix("| unwrap ")
            edits = edit_texts(broken, partial(unwrap_label, old=unwrap.label, new=new))
            return CAUSE.finding(
                f"{claim}; with `unwrap {new}` they sum up to {total:g}",
                Proof((*broken.measured, probe), (other_probe,)),
                query_fix(context, f"unwrap `{new}`", edits, meaning),
                group=unwrap.label,
            )
    if as_it_is:
        # The sum leaves out what cannot be read, and so can the query.
        return CAUSE.finding(
            f"{claim}, and Loki refuses the query (400); without them, `{_NO_ERROR}` behind `unwrap`, the others sum "
            f"up to {as_it_is:g}",
            Proof((*broken.measured, *broken.whole.probes), (probe,)),
            query_fix(
                context, f"leave out what is no number: `{_NO_ERROR}` behind `unwrap`", _left_out(broken, unwrap)
            ),
            group=unwrap.label,
        )
    words = "unwrap a label that holds numbers"
    if values and all(_COMMA.search(value) for value in values):
        point = "." if any(_DECIMAL_COMMA.search(value) for value in values) else ""
        template = f'{{{{ .{unwrap.label} | replace "," "{point}" }}}}'
        words = f"numbers have no comma: `| label_format {unwrap.label}=`{template}`` in front of `unwrap`"
    elif values and (template := _without_unit(unwrap.label, values)):
        words = f"unwrap the number alone: {template}"
    fix = query_fix(context, words)
    return CAUSE.finding(claim, Observation((*broken.measured, probe)), fix, group=unwrap.label)


def _without_unit(label: str, values: Collection[str]) -> str:
    """The stages that unwrap numbers with one sign behind them, such as that of percent, or with a blank in front of
    their unit; "" for others."""
    marks = {found["mark"] if (found := _MARKED.fullmatch(value)) else "" for value in values}
    if len(marks) == 1 and (mark := marks.pop()):
        return f'`| label_format {label}=`{{{{ .{label} | trimSuffix "{mark}" }}}}` | unwrap {label}`'
    if all(_APART.fullmatch(value) for value in values):
        joined = f'| label_format {label}=`{{{{ .{label} | replace " " "" }}}}`'
        rows = [Row(0, "", {label: value.replace(" ", "")}, {}) for value in values]
        for conversion in _CONVERSIONS:
            if all(_is_number(ast.Unwrap(label, conversion), row) for row in rows):
                return f"`{joined} | unwrap {conversion}({label})`"
    return ""


def _left_out(broken: BrokenTarget, unwrap: ast.Unwrap) -> Edits:
    return edit_texts(broken, lambda text: behind_unwrap(text, unwrap.label, _NO_ERROR))


def _others(unwrap: ast.Unwrap, passing: Sequence[Row]) -> Iterator[tuple[ast.Unwrap, Meaning]]:
    """What else could be unwrapped: the same label with a conversion that reads it on every line, the label with a name
    like it, or the only one that holds numbers."""
    having = [row for row in passing if row.get(unwrap.label)]
    for conversion in _CONVERSIONS if not unwrap.conversion and having else ():
        other = ast.Unwrap(unwrap.label, conversion)
        texts = [row.get(unwrap.label) for row in having]
        if all(_is_number(other, row) for row in having) and _has_units(texts):
            yield other, "same"
    if having:
        # The label is there: another one is another figure.
        return
    labels = sorted({name for row in passing for name in row.labels()})
    numeric = [n for n in labels if any(_is_number(ast.Unwrap(n, unwrap.conversion), row) for row in passing)]
    by_fold = {name.casefold(): name for name in numeric}
    near = get_close_matches(unwrap.label.casefold(), list(by_fold), 1, 0.5)
    if near:
        yield ast.Unwrap(by_fold[near[0]], unwrap.conversion), "same"
    elif len(numeric) == 1:
        yield ast.Unwrap(numeric[0], unwrap.conversion), "other"


def _has_units(texts: Sequence[str]) -> bool:
    """Whether values are sizes or times: `bytes` reads `1,5` too, and takes the comma for none (Loki 3.5: 15)."""
    return any(text[-1:].isalpha() for text in texts) and not any(_DECIMAL_COMMA.search(text) for text in texts)


def _is_number(unwrap: ast.Unwrap, row: Row) -> bool:
    """Whether the label of the row is what unwrap takes for a number."""
    if not row.get(unwrap.label):
        return False
    error, details = row.error, row.error_details
    row.error = ""
    number = unwrap_value(unwrap)(row) is not None and not row.error
    row.error, row.error_details = error, details
    return number


CAUSE = on_query("pipeline.unwrap-fails", "panel", find)
