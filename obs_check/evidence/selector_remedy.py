"""What a selector that finds no stream could have meant, tried on the streams and the lines that there are.

Streams are asked for with the window: Loki keeps names and values of labels for longer than the streams that have lines
in it (Loki 3.5: `/labels` has those of an old stream for as long as the index does).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from obs_check.errors import QueryError
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import SAMPLE, passing_rows
from obs_check.evidence.parser_at import count, count_fixed
from obs_check.evidence.query_edit import Edits, replace_matchers
from obs_check.evidence.select_matching import accepts_value, mean_values, misspelt_value, same_but_case
from obs_check.logql import to_text
from obs_check.logql.explain.fields import in_one, parser_for, parser_text
from obs_check.logql.explain.whereabouts import nearest_label
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.style import matcher_text, selector_text
from obs_check.model.entry import Labels
from obs_check.model.finding import Meaning
from obs_check.model.probe import Probe

Kind = Literal["name", "value", "any value", "metadata", "field", "drop"]
"""The label has another name, or another value; or it is structured metadata or a field of the lines, which a filter
behind the selector sees; or nothing is like it."""
_DERIVED = "service_name"
_TELLING = 3
"""Characters of a value that is not there under another name by chance."""


@dataclass(frozen=True, slots=True)
class SelectorRemedy:
    """A matcher that no stream satisfies (`matcher`), and what helps: `changed` in its place, or `added` behind the
    selector. `lines` are found with it; `seen` are the values that there are, or the labels."""

    kind: Kind
    matcher: ast.Matcher
    changed: ast.Matcher | None
    added: str
    meaning: Meaning
    edits: Edits
    lines: float
    seen: tuple[str, ...]
    as_written: tuple[Probe, ...]
    after: Probe
    quiet: bool = False
    """See Unselected: other streams have these values, or labels."""


@dataclass(frozen=True, slots=True)
class Unselected:
    """Matchers that leave no stream, and the streams that the others select."""

    dead: tuple[ast.Matcher, ...]
    streams: tuple[Labels, ...]
    probes: tuple[Probe, ...]
    quiet: bool = False
    """Whether the selector does have streams, and none of the lines that are looked for is in one of them."""


@dataclass(frozen=True, slots=True)
class _Idea:
    kind: Kind
    changed: ast.Matcher | None
    meaning: Meaning
    added: str = ""
    at: int = 0
    seen: tuple[str, ...] = ()


def selector_remedy(context: Context, broken: BrokenTarget) -> SelectorRemedy | None:
    """The first change of the selector with which it finds lines; None where it finds some as it is."""
    if broken.rungs[0].lines > 0:
        return None
    nothing = why_unselected(context, broken)
    if nothing is None:
        return None
    first, *others = nothing.dead
    # Where several are wrong nothing is found until all of them are right.
    also = {one: _renamed_or_valued(one, nothing.streams) for one in others}
    if any(idea is None for idea in also.values()):
        return None
    more = {one: idea for one, idea in also.items() if idea is not None}
    probes = [broken.rungs[0].probe, *nothing.probes]
    for idea in _ideas(context, broken, first, nothing, probes):
        if more and idea.kind not in ("name", "value"):
            continue
        changes = {first: idea.changed, **{one: other.changed for one, other in more.items()}}
        kept = [m for one in broken.query.selector.matchers if (m := changes.get(one, one)) is not None]
        if all(accepts_value(one, "") for one in kept):
            changes[first] = _anything(nothing.streams)
        rewrite = replace_matchers(context, broken, changes, idea.added, idea.at, (first.name,))
        if idea.added:
            lines, after = count_fixed(context, broken, rewrite)
        elif (
            idea.kind == "drop" and all(accepts_value(one, "") for one in kept) and not context.expects(broken.panel.id)
        ):
            # Whatever else is in Loki is no sign of what was asked for; lines that its parsers and filters read are.
            if all(isinstance(stage, ast.LineFilter) for stage in broken.query.stages):
                continue
            lines, after = count(context, broken, rewrite.query)
        else:
            lines, after = count(context, broken, ast.LogQuery(rewrite.query.selector))
        if lines > 0:
            meanings = {idea.meaning, *(other.meaning for other in more.values())}
            meaning: Meaning = "wider" if "wider" in meanings else "other" if "other" in meanings else "same"
            edits = rewrite.edits if idea.kind != "any value" else ()
            seen = idea.seen or _values(first.name, nothing.streams) or _names(nothing.streams)
            return SelectorRemedy(
                idea.kind,
                first,
                idea.changed,
                idea.added,
                meaning,
                edits,
                lines,
                tuple(seen),
                tuple(probes),
                after,
                nothing.quiet,
            )
    return None


def why_unselected(context: Context, broken: BrokenTarget) -> Unselected | None:
    """What leaves a selector without a stream; None where that cannot be told, as where nothing is in Loki at all."""
    matchers = broken.query.selector.matchers
    wanted = [one for one in matchers if not accepts_value(one, "")]
    texts = tuple(selector_text(ast.Selector((one,))) for one in wanted)
    streams, probe = context.loki.series(texts, broken.window)
    probes = [probe]
    dead = [one for one in wanted if not _satisfied(one, streams)]
    if len(dead) == len(wanted):
        names, names_probe = context.loki.labels(broken.window)
        if not names:
            return None
        every = tuple(selector_text(ast.Selector((ast.Matcher(name, "=~", ".+"),))) for name in names)
        streams, probe = context.loki.series(every, broken.window)
        probes += [names_probe, probe]
    quiet = not dead and bool(_selected(matchers, streams))
    if quiet:
        # It has streams, and none of the lines is in one: they are in others.
        names, names_probe = context.loki.labels(broken.window)
        every = tuple(selector_text(ast.Selector((ast.Matcher(name, "=~", ".+"),))) for name in names)
        others, probe = context.loki.series(every, broken.window) if every else ([], names_probe)
        streams = [labels for labels in others if not all(accepts_value(m, labels.get(m.name, "")) for m in matchers)]
        probes += [names_probe, probe]
    if not dead:
        # Each has its streams, but none has all: the last one that leaves nothing of what those before it left.
        dead = [one for one in wanted if _selected([other for other in wanted if other != one], streams)][-1:]
    left = _selected([one for one in matchers if one not in dead], streams)
    return Unselected(tuple(dead), tuple(left), tuple(probes), quiet) if dead and left else None


def _satisfied(matcher: ast.Matcher, streams: Sequence[Labels]) -> bool:
    return any(accepts_value(matcher, labels.get(matcher.name, "")) for labels in streams)


def _selected(matchers: Sequence[ast.Matcher], streams: Sequence[Labels]) -> list[Labels]:
    return [labels for labels in streams if all(accepts_value(m, labels.get(m.name, "")) for m in matchers)]


def _values(name: str, streams: Sequence[Labels]) -> list[str]:
    return sorted({labels[name] for labels in streams if labels.get(name)})


def _names(streams: Sequence[Labels]) -> list[str]:
    return sorted({name for labels in streams for name in labels})


def _anything(streams: Sequence[Labels]) -> ast.Matcher:
    """A matcher for all streams, or nearly: on the label that most of them have."""
    names = Counter(name for labels in streams for name in labels)
    return ast.Matcher(names.most_common(1)[0][0], "=~", ".+")


def _ideas(
    context: Context, broken: BrokenTarget, matcher: ast.Matcher, nothing: Unselected, probes: list[Probe]
) -> Iterator[_Idea]:
    """What the matcher may mean, the surest first. `probes` gets what was asked for it."""
    there = bool(_values(matcher.name, nothing.streams))
    known = list(_of_value(matcher, nothing.streams) if there else _of_name(matcher, nothing.streams))
    yield from (idea for idea in known if there or idea.meaning == "same")
    yield from _behind(context, broken, matcher, nothing, probes)
    yield from (idea for idea in known if not there and idea.meaning != "same")
    if there and context.expects(broken.panel.id):
        # Streams with that value may simply be quiet: only a run that must show proves otherwise.
        yield _Idea("any value", ast.Matcher(matcher.name, "=~", ".+"), "wider")
    if not there:
        yield _Idea("drop", None, "wider")


def _renamed_or_valued(matcher: ast.Matcher, streams: Sequence[Labels]) -> _Idea | None:
    found = _of_value(matcher, streams) if _values(matcher.name, streams) else _of_name(matcher, streams)
    return next(found, None)


def _of_value(matcher: ast.Matcher, streams: Sequence[Labels]) -> Iterator[_Idea]:
    """The same label with a value that it has."""
    values = _values(matcher.name, streams)
    for meant, meaning in mean_values(matcher, values):
        yield _Idea("value", meant, meaning)
    if matcher.op != "=~":
        return
    wanted = "".join(c for c in matcher.value if c.isalnum() or c in "_/-")
    likely: tuple[tuple[str | None, Meaning], ...] = (
        (same_but_case(wanted, values), "same"),
        (misspelt_value(wanted, values), "other"),
        (_only(v for v in values if wanted and wanted in v), "other"),
    )
    for value, meaning in likely:
        if value:
            yield _Idea("value", replace(matcher, op="=", value=value), meaning)
    if wanted and wanted == matcher.value and any(wanted in value for value in values):
        # A regular expression has to match the whole value (Loki 3.5).
        yield _Idea("value", replace(matcher, value=f".*{wanted}.*"), "other")


def _of_name(matcher: ast.Matcher, streams: Sequence[Labels]) -> Iterator[_Idea]:
    """Another label that has the value: one with a name like it, else the only one that has it at all."""
    names = _names(streams)
    near = nearest_label(matcher.name, names)
    if near is not None:
        other = replace(matcher, name=near)
        if _satisfied(other, streams):
            yield _Idea("name", other, "same")
        for idea in _of_value(other, streams):
            yield replace(idea, kind="name")
    telling = matcher.op == "=" and len(matcher.value) >= _TELLING
    having = [name for name in names if telling and _satisfied(replace(matcher, name=name), streams)]
    # Loki 3 makes `service_name` out of one of the other labels.
    only = _only(name for name in having if name != _DERIVED or len(having) == 1)
    if only is not None and only != near:
        yield _Idea("name", replace(matcher, name=only), "other")


def _behind(
    context: Context, broken: BrokenTarget, matcher: ast.Matcher, nothing: Unselected, probes: list[Probe]
) -> Iterator[_Idea]:
    """The condition as a filter behind the selector: on structured metadata, or on a field of the lines."""
    rest = [one for one in broken.query.selector.matchers if one not in nothing.dead]
    if all(accepts_value(one, "") for one in rest):
        rest.append(_anything(nothing.streams))
    selected = ast.LogQuery(ast.Selector(tuple(rest)))
    lines, probe = context.loki.lines(to_text(selected), broken.window, SAMPLE)
    if not lines:
        return
    probes.append(probe)
    metadata = sorted({name for labels, _ in lines for name in labels} - set(_names(nothing.streams)))
    # A stream of earlier may have the label; lines that have it and are not selected by it have it beside their stream.
    if len(nothing.dead) == 1 and any(accepts_value(matcher, labels.get(matcher.name, "")) for labels, _ in lines):
        metadata.append(matcher.name)
    near = nearest_label(matcher.name, metadata)
    if near is not None:
        values = tuple(sorted({labels[near] for labels, _ in lines if labels.get(near)}))
        for other, meaning in _with_values(replace(matcher, name=near), values):
            yield _Idea("metadata", None, meaning, f"| {matcher_text(other)}", seen=values)
    else:
        telling = matcher.op == "=" and len(matcher.value) >= _TELLING
        having = (n for n in metadata if telling and any(labels.get(n) == matcher.value for labels, _ in lines))
        if (only := _only(having)) is not None:
            seen = tuple(sorted({labels[only] for labels, _ in lines if labels.get(only)}))
            yield _Idea("metadata", None, "other", f"| {matcher_text(replace(matcher, name=only))}", seen=seen)
    at = _set_behind(broken, matcher.name, lines)
    parser = in_one(list({p: p for _, line in lines if (p := parser_for(matcher.name, line)) is not None})[:1])
    if at is None and parser is None:
        return
    text = "" if at is not None or parser is None else f"{parser_text(parser)} "
    yield _Idea("field", None, "same", f"{text}| {matcher_text(matcher)}", at or 0)


def _with_values(matcher: ast.Matcher, values: Sequence[str]) -> Iterator[tuple[ast.Matcher, Meaning]]:
    """The matcher as it is, and with the value that it most likely means."""
    yield matcher, "same"
    yield from mean_values(matcher, values)


def _set_behind(broken: BrokenTarget, name: str, lines: Sequence[tuple[Mapping[str, str], str]]) -> int | None:
    """The number of stages behind which a line has the label; None where it has it behind none."""
    stages = broken.query.stages
    for at in range(1, len(stages) + 1):
        try:
            passing = passing_rows(stages[:at], [(dict(labels), line) for labels, line in lines], broken.settings)
        except QueryError:
            return None
        if any(row.get(name) for row in passing):
            return at
    return None


def _only(found: Iterator[str]) -> str | None:
    every = list(found)
    return every[0] if len(every) == 1 else None
