"""The counts behind every stage of a query's ranges: lines by one query, then label sets by another where needed."""

from collections.abc import Sequence

from obs_check.app.query.explain_questions import Questions
from obs_check.errors import Refused, Unavailable
from obs_check.logql import to_text
from obs_check.logql.explain.label_sets import label_set_parts, read_label_sets
from obs_check.logql.explain.prefixes import PART, PrefixCount, PrefixCounts, RangeLines, join_queries
from obs_check.model.entry import Labels
from obs_check.model.result import Matrix, Result, Vector

Answer = tuple[PrefixCount, list[tuple[Labels, float]]]
"""A count, and the series with their value that Loki answered."""


def count_stages(ranges: Sequence[RangeLines], at_ns: int, questions: Questions) -> list[PrefixCounts]:
    """What passes each stage of all ranges; the streams are those of the index. Label sets that Loki does not count are
    unknown, with its reason. Raises Unavailable, Refused or NotAllowed for the lines."""
    try:
        grouped, found = True, _lines(ranges, at_ns, questions, grouped=True)
    except Refused as refused:
        # A label may have more values than a query may have series: then lines are counted without values.
        if refused.status != 400:
            raise
        grouped, found = False, _lines(ranges, at_ns, questions, grouped=False)
    for lines, counted in zip(ranges, found, strict=True):
        if 0 not in counted.series:
            matchers = lines.query.selector.matchers
            streams = len(questions.streams(matchers, lines.window(at_ns))) if counted.lines[0] else 0
            # Loki 3.5 does not list streams whose chunks are written and whose index is not yet: then it is not known.
            if streams or not counted.lines[0]:
                counted.series[0] = streams
    parts = [label_set_parts(lines, counted, grouped) for lines, counted in zip(ranges, found, strict=True)]
    refusal = ""
    answers: list[list[Answer]] = [[] for _ in ranges]
    if any(parts):
        try:
            answers = _ask(parts, at_ns, questions)
        except Unavailable as error:
            refusal = _words(error)
    for lines, counted, own in zip(ranges, found, answers, strict=True):
        read_label_sets(lines, counted, own, refusal)
    return found


def _lines(ranges: Sequence[RangeLines], at_ns: int, questions: Questions, *, grouped: bool) -> list[PrefixCounts]:
    answers = _ask([lines.parts(grouped) for lines in ranges], at_ns, questions)
    return [lines.read(own) for lines, own in zip(ranges, answers, strict=True)]


def _ask(parts: Sequence[Sequence[PrefixCount]], at_ns: int, questions: Questions) -> list[list[Answer]]:
    """The answers to the parts of every range, by one query."""
    result = questions.instant(to_text(join_queries([part.expr for own in parts for part in own])), at_ns)
    rows: dict[str, list[tuple[Labels, float]]] = {}
    for labels, value in values(result):
        own_labels = {name: text for name, text in labels.items() if name != PART}
        rows.setdefault(labels.get(PART, ""), []).append((own_labels, value))
    numbers = iter(range(sum(map(len, parts))))
    return [[(part, rows.get(str(next(numbers)), [])) for part in own] for own in parts]


def _words(error: Unavailable) -> str:
    told = (error.body if isinstance(error, Refused) else "") or error.message
    return told.splitlines()[0]


def values(result: Result) -> list[tuple[Labels, float]]:
    """Label sets with their value, the largest over time."""
    match result:
        case Vector(samples):
            return [(s.labels, s.value) for s in samples]
        case Matrix(series):
            return [(s.labels, max(value for _, value in s.points)) for s in series if s.points]
        case _:
            return []
