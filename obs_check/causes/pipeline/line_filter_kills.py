"""pipeline.line-filter-kills: one line filter drops every line that reaches it.

Proved by the counts around the filter, and by the filter that the lines would pass: with the case ignored, with `&`,
`<` and `>` as Go's JSON has them, with the lines' blanks and quotes, as a text and not as a regular expression, as a
network, without a terminal's colours, or with the nearest word of the lines. Matching is case-sensitive (Loki 3.5).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import SAMPLE, first_passed, passing_rows
from obs_check.evidence.line_shape import DECOLORIZE, PLAIN_LINE, SAME_LINE, has_colours, shown
from obs_check.evidence.parser_at import count_fixed
from obs_check.evidence.query_edit import Rewrite, after_stage, before_stage, insert_stage, move_stage, replace_stage
from obs_check.evidence.query_fix import query_fix
from obs_check.evidence.select_matching import ADDRESSES, as_patterns, misspelt_value
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.entry import Labels
from obs_check.model.finding import Finding, Meaning, Proof
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun

_DELIMITED = re.compile(r"/(.*)/[gims]*")
"""A regular expression as other languages have it."""
_BLANK = re.compile(r"(?<=[\W_])(?:\\s(?!\*)\+?| +(?![*?+{|)\]]))(?=[\W_])")
"""Blanks beside punctuation in a pattern, which lines may have or not."""
_ESCAPES = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"}


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Name the filter, show a line that it drops, and count with one that passes."""
    if broken.emptied is None:
        return None
    before, after = broken.emptied
    place = after.stages - 1
    stage = broken.query.stages[place]
    if not isinstance(stage, ast.LineFilter):
        return None
    samples, probe = context.loki.lines(before.text, broken.window, SAMPLE)
    if not samples:
        return None
    text = stage_text(stage)
    change = (
        _before_it_changed(context, broken, place, stage)
        or _without_colours(context, broken, place, stage, samples)
        or _other_filter(context, broken, place, stage, samples)
    )
    if change is None:
        return None
    found, found_probe = count_fixed(context, broken, change.rewrite)
    if found <= 0:
        return None
    return CAUSE.finding(
        f"`{text}` drops all {count_noun(before.lines, 'line')} that reach it, for example "
        f"`{shorten(shown(samples[0][1]), 120)}`; {change.why}"
        f"{f'with `{change.new}`' if change.new else 'without it'} {found:g} pass",
        Proof((before.probe, after.probe), (probe, found_probe)),
        query_fix(
            context,
            change.summary or (f"replace `{text}` with `{change.new}`" if change.new else f"change or remove `{text}`"),
            change.rewrite.edits if change.new else (),
            change.meaning,
        ),
        group=text,
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """What is written in the place of the filter, "" for nothing; `why` is said in front of it."""

    new: str
    rewrite: Rewrite
    meaning: Meaning
    why: str = ""
    summary: str = ""


def _other_filter(
    context: Context,
    broken: BrokenTarget,
    place: int,
    stage: ast.LineFilter,
    samples: Sequence[tuple[Labels, str]],
) -> _Change | None:
    """A filter like the one written that lines pass."""
    likely = dict(_proposals(stage, [line for _, line in samples]))
    proposal = first_passed(likely, (), broken.query.stages[place + 1 :], samples, broken.settings)
    # Lines that pass no filter like it may be lines of something else: only a run's own lines prove it then.
    if proposal is None and not context.expects(broken.panel.id):
        return None
    new = stage_text(proposal) if proposal else ""
    rewrite = replace_stage(context, broken, place, new)
    return _Change(new, rewrite, likely[proposal] if proposal else "wider")


def _before_it_changed(context: Context, broken: BrokenTarget, place: int, stage: ast.LineFilter) -> _Change | None:
    """The filter in front of the `line_format` that takes what it looks for out of the line."""
    front = broken.query.stages[broken.head : place]
    formats = [number for number, one in enumerate(front, start=broken.head) if isinstance(one, ast.LineFormat)]
    if stage.op not in ("|=", "|~") or not formats:
        return None
    if not passing_rows((*broken.query.stages[broken.head : formats[0]], stage), broken.lines, broken.settings):
        return None
    text = stage_text(broken.query.stages[formats[0]])
    rewrite = move_stage(context, broken, place, formats[0])
    wanted = stage_text(stage)
    summary = f"put `{wanted}` in front of `{text}`"
    return _Change(f"{wanted} {text}", rewrite, "same", f"`{text}` changes the line before, ", summary)


def _without_colours(
    context: Context,
    broken: BrokenTarget,
    place: int,
    stage: ast.LineFilter,
    samples: Sequence[tuple[Labels, str]],
) -> _Change | None:
    """The filter on the lines without a terminal's colours. Where a `decolorize` stands in front of it already, Loki
    3.5 looks at the filter first all the same."""
    if stage.op not in ("|=", "|~"):
        return None
    done = next((one for one in reversed(broken.query.stages[:place]) if isinstance(one, ast.Decolorize)), None)
    if done is None and (
        not has_colours(line for _, line in samples) or passing_rows((stage,), samples, broken.settings)
    ):
        return None
    if not passing_rows((ast.Decolorize(), stage), samples, broken.settings):
        return None
    text = stage_text(stage)
    if done is None:
        rewrite = insert_stage(context, broken, PLAIN_LINE, before_stage(stage))
        return _Change(f"{PLAIN_LINE} {text}", rewrite, "same")
    rewrite = insert_stage(context, broken, SAME_LINE, after_stage(done))
    return _Change(f"{SAME_LINE} {text}", rewrite, "same", f"Loki looks at it in front of `{DECOLORIZE}`, ")


def _with_other_signs(text: str, whole: str) -> Iterator[str]:
    """What of the lines is the text with other blanks beside its punctuation, then with other quotes or none, with `=`
    for `:`, or the other way about: `"a": 1`, `"a":1` and `a=1` say one thing."""
    parts = re.findall(r"\w+|[^\w\s]", text)
    gaps = [r"\s+" if re.match(r"\w", a[-1]) and re.match(r"\w", b) else r"[ \t]*" for a, b in pairwise(parts)]
    spaced = "".join(re.escape(part) + gap for part, gap in zip(parts, [*gaps, ""], strict=True))
    words = re.split(r"[\"']?\s*[=:]\s*[\"']?", text.strip("\"'"))
    named = r"[\"']?[ \t]*[=:][ \t]*[\"']?".join(map(re.escape, words)) if len(words) == 2 and all(words) else "(?!)"
    if found := re.search(spaced or "(?!)", whole):
        yield found[0]
    begins, ends = ("[\"']?" if text[at : at + 1] in ("'", '"') else "" for at in (0, len(text) - 1))
    found = re.search(rf"(?<!\w){begins}{named}{ends}(?!\w)", whole)
    # A quote ends a word; where lines have none, the text may be the beginning of longer ones, too.
    if found and not re.search(rf"\w{re.escape(found[0])}|{re.escape(found[0])}\w", whole):
        yield found[0]


def _proposals(stage: ast.LineFilter, lines: Sequence[str]) -> Iterator[tuple[ast.LineFilter, Meaning]]:
    """Filters like the one written that some line passes, the likeliest first. Another word may be meant, or not; of
    several words that stand in for each other only what is surely meant is changed."""
    if stage.op not in ("|=", "|~") or any(one.ip for one in stage.matches):
        return
    whole = "\n".join(lines)
    if len(stage.matches) == 1:
        yield from _others(stage, whole)
        return
    matches = []
    for one in stage.matches:
        others = (other for other, meaning in _others(replace(stage, matches=(one,)), whole) if meaning == "same")
        matches.append(next((other.matches[0] for other in others if other.op == stage.op), one))
    yield replace(stage, matches=tuple(matches)), "same"


def _others(stage: ast.LineFilter, whole: str) -> Iterator[tuple[ast.LineFilter, Meaning]]:
    """Filters like one of a single text."""
    wanted = stage.matches[0].value

    def with_text(text: str) -> ast.LineFilter:
        return replace(stage, matches=(ast.LineMatch(text),))

    if ADDRESSES.fullmatch(wanted):
        yield replace(stage, op="|=", matches=(ast.LineMatch(wanted, ip=True),)), "same"
    if stage.op == "|~":
        if wanted in whole:
            # `/users?id=7` is written as it stands in the lines, and `?` means something else.
            yield replace(stage, op="|=", matches=(ast.LineMatch(wanted),)), "same"
        if "\\\\" in wanted:
            # Two backslashes are one in double quotes, and two in backticks.
            yield with_text(wanted.replace("\\\\", "\\")), "same"
        if (blank := _BLANK.sub(r"\\s*", wanted)) != wanted:
            yield with_text(blank), "same"
        as_delimited = _DELIMITED.fullmatch(wanted)
        yield with_text(f"(?i){(as_delimited[1] if as_delimited else wanted).replace('(?i)', '')}"), "same"
        return
    at = whole.lower().find(wanted.lower())
    if at >= 0:
        yield with_text(whole[at : at + len(wanted)]), "same"
    escaped = "".join(_ESCAPES.get(c, c) for c in wanted)
    for other in (escaped, wanted.replace('"', '\\"')):
        if other != wanted and other in whole:
            yield with_text(other), "same"
    for other in _with_other_signs(wanted, whole):
        yield with_text(other), "same"
    for pattern in as_patterns(wanted):
        yield replace(stage, op="|~", matches=(ast.LineMatch(pattern),)), "other"
    # A part of the text is no slip of it, unless both are words: `cost` lets in more than `cost $`.
    words = {word for word in re.findall(r"[\w./:-]+", whole) if wanted.isalpha() or word not in wanted}
    near = misspelt_value(wanted, words)
    if near is not None:
        yield with_text(near), "other"


CAUSE = on_query("pipeline.line-filter-kills", "panel", find)
