"""pipeline.regexp-no-match: the expression of a regexp or pattern parser fits none of the lines.

It sets no label and no `__error__` then (Loki 3.5): a filter on its label drops every line, a grouping by it shows one
series without a name. Proved by counting the lines that get the label, and by an expression that fits.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches

from obs_check.errors import QueryError
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.line_shape import json_fields
from obs_check.evidence.parser_at import as_written, count, count_fixed, parsers
from obs_check.evidence.query_edit import Edits, replace_stage
from obs_check.evidence.query_fix import query_fix
from obs_check.golang.regex import compile_re2
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.finding import Finding, Proof
from obs_check.model.secret import shorten

_KEYED = re.compile(r"""["']?\b([A-Za-z_][\w.-]*)["']?(?:\\s[*+]?|\s)*[:=](?:\\s[*+]?|\s)*["']?""")
"""A key in a pattern, with the signs around it."""
_UNENDED = re.compile(r"[\s\"']")
_KEY = re.compile(r'"([A-Za-z_][\w.-]*)":|\b([A-Za-z_]\w*)=')


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Count the lines with the label as written, and with an expression that fits the lines at hand."""
    for at in parsers(broken):
        stage = at.stage
        if not isinstance(stage, ast.RegexpParser | ast.PatternParser):
            continue
        own = tuple(name for name in at.needed if name in (effect_of(stage).sets or ()))
        if not own or not set(own) <= set(at.unset):
            continue
        written, written_probe = as_written(context, broken, own)
        if written > 0:
            continue
        better = _fitting(stage, at.lines) if isinstance(stage, ast.RegexpParser) else None
        edits: Edits = ()
        if better is not None:
            new = stage_text(ast.RegexpParser(better))
            rewrite = replace_stage(context, broken, at.place, new, own)
            found, probe = count_fixed(context, broken, rewrite, own)
            edits, did = rewrite.edits, f"with `{new}`"
        else:
            found, probe = count(context, broken, _without(broken.query, at.place, own))
            did = "without it and the filters on its labels"
        if found <= 0:
            continue
        return CAUSE.finding(
            f"`{stage_text(stage)}` fits no line, for example `{shorten(at.lines[0], 120)}`: "
            f"{', '.join(own)} set on 0 lines as written, {did} {found:g}",
            Proof((*broken.measured, written_probe), (probe,)),
            query_fix(context, f"make `{stage_text(stage)}` fit the lines", edits),
            group=stage.pattern,
        )
    return None


def _without(query: ast.LogQuery, place: int, names: Sequence[str]) -> ast.LogQuery:
    def uses(stage: ast.Stage) -> bool:
        return isinstance(stage, ast.LabelFilter) and not set(names).isdisjoint(effect_of(stage).reads)

    kept = tuple(s for i, s in enumerate(query.stages) if i != place and not (i > place and uses(s)))
    return replace(query, stages=kept)


def _fitting(stage: ast.RegexpParser, lines: Sequence[str]) -> str | None:
    """The pattern with one small change that fits a line and sets a label there; None when there is none."""
    return next((one for one in _changed(stage.pattern, lines) if any(_captured(one, lines))), None)


def _changed(pattern: str, lines: Sequence[str]) -> Iterator[str]:
    # Two backslashes are one in double quotes, and two in backticks.
    yield pattern.replace("\\\\", "\\")
    yield from _with_signs(pattern, lines)
    keys = sorted({field.keys[-1] for field in json_fields(lines)})
    keys += sorted({m[1] for line in lines for m in re.finditer(r"\b([A-Za-z_]\w*)=", line)} - set(keys))
    for found in _KEY.finditer(pattern):
        key = found[1] or found[2]
        ending = [k for k in keys if k.endswith(f"_{key}")]
        for near in (*ending, *get_close_matches(key, [k for k in keys if k != key], 3, 0.6)):
            yield pattern[: found.start()] + found[0].replace(key, near, 1) + pattern[found.end() :]
    yield pattern.removeprefix("^").removesuffix("$")
    yield f"(?i){pattern}"
    yield pattern.replace("https://", "https?://")
    yield pattern.replace('"', '\\\\"')


def _with_signs(pattern: str, lines: Sequence[str]) -> Iterator[str]:
    """The pattern with the quotes, the blanks and the `=` or `:` that lines have around a key: `a=(?P<x>[^/]+)` and
    `"a": "(?P<x>[^/]+)` mean a field that is written `"a":"b"`. What a quote begins it ends, else a blank does; not
    where a capture would take in either."""
    for key in _KEYED.finditer(pattern):
        written = re.compile(rf"[\"']?\b{re.escape(key[1])}\b[\"']?\s*[:=]\s*([\"']?)")
        for signs, quote in dict.fromkeys(m.group(0, 1) for line in lines if (m := written.search(line))):
            end = quote or r"\s"
            rest = re.sub(rf"\[\^(?![^\]]*{re.escape(end)})", "[^" + end.replace("\\", "\\\\"), pattern[key.end() :])
            rest = rest.replace(r"\S", f"[^{quote}\\s]") if quote else re.sub(r"\)[\"']", ")", rest, count=1)
            changed = pattern[: key.start()] + signs + rest
            if not any(_UNENDED.search(text) for text in _captured(changed, lines)):
                yield changed


def _captured(pattern: str, lines: Sequence[str]) -> Iterator[str]:
    """What the captures of a pattern take of the lines; nothing of one that is none."""
    try:
        compiled = compile_re2(pattern)
    except QueryError:
        return
    for line in lines:
        if found := compiled.search(line):
            yield from filter(None, found.groupdict().values())


CAUSE = on_query("pipeline.regexp-no-match", "panel", find)
