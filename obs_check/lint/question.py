"""A query as it would be sent, from a panel's target or a file, with its tree."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from obs_check.errors import InputError, ObsCheckError, QueryError
from obs_check.evidence.sql_text import bracket_problem, parse_sql
from obs_check.lint.board import LintedDashboard
from obs_check.lint.issue import Spot
from obs_check.lint.language import Language, counts_in_range, language_of, plugin_of, reference_of, told_language
from obs_check.lint.metricsql import only_in_metricsql
from obs_check.logql import parse
from obs_check.logql.remedies import remedies
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import log_queries
from obs_check.model.secret import shorten
from obs_check.panel.datasource import DASHBOARD, Datasource, Datasources, is_expression, reference_key
from obs_check.panel.elements import Dashboard, Panel, Target
from obs_check.panel.interpolate import interpolate, references
from obs_check.panel.interval import Interval, browser_interval, loki_step, prometheus_step
from obs_check.panel.macros import backend_macros, read_text
from obs_check.panel.query_macros import postgres_macros, prometheus_macros
from obs_check.panel.repeat import first_copy
from obs_check.panel.request import dashboard_range, data_points, is_asked, smallest_interval, with_auto
from obs_check.panel.timerange import Calendar, TimeRange, panel_range
from obs_check.panel.variables import EffectiveVariable, effective_variables

NOW_NS = 1_779_284_231 * 1_000_000_000
"""What `now` is here, so that the same files give the same findings: 2026-05-20 13:37:11, amid its day, week, month and
year, since a range may begin with one of them (`now/M`)."""
_YEARS = 100 * 365 * 86_400_000
_LONGEST = TimeRange(0, _YEARS)
_DIALECTS = {"mysql": ("mysql", "doris", "starrocks"), "mssql": ("tsql",)}
_POSTGRES = ("postgres", "redshift", "materialize", "risingwave")
"""sqlglot's names of the dialects that Grafana's SQL plugins speak: other databases take their wire protocol too."""
_BY_FLAG = re.compile(r"\]\s*(?:anchored|smoothed)\b|\bfill(?:_left|_right)?\s*\(|\[[^\]\"]*\d[smhdwy]\s*[-+*/]")
"""What Prometheus 3 reads with a feature flag: selectors that interpolate or fill, and durations that are reckoned."""
_STEPS = ("interval", "step", "intervalFactor")
"""Settings of a query that its step depends on."""
_BARE_RANGE = re.compile(r"\[\s*\$\{?(__(?:range|interval)_(m?s))\}?\s*\]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
_WORD = re.compile(rf"{_QUOTED.pattern}|(?<![\w:])(?:\d\w*)?\.?\d\w*")
"""Texts and numbers."""
_RENAMED = re.compile(r"\bholt_winters\s*\(")
_PLACEHOLDER = re.compile(r"\{\{|\[\[__|<%|%[\w(]|@@|@\w+@|\$\$|\$\(|#\{|<\w*>|<<|\b__[A-Z0-9_]+__\b")
"""What a program fills in before Grafana sees the query."""
_OF_LOKI = "it is LogQL: choose Loki as its datasource"
_STAND_INS = ("value=`value`", "1", "")
"""What an unknown variable may be but a text: a matcher (its quotes may stand in a string), a number, nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """`raw` as written, `text` with variables and macros filled; `logql` is the tree of a LogQL query, `promql` that of
    promql-parser, `sql` that of sqlglot; `problem` says why there is none. `step_ms` is 0 where nobody knows it,
    `length_ms` is that of its range."""

    spot: Spot
    language: Language
    raw: str
    text: str = ""
    problem: str = ""
    remedy: str = ""
    logql: ast.Expr | None = None
    promql: Any = None
    sql: Any = None
    instant: bool = False
    step_ms: int = 0
    length_ms: int = 0
    spread: str = field(default="", repr=False)
    """`raw` with macros that are a range or interval filled by a hundred years: only written ranges are short in it."""
    board: LintedDashboard | None = field(default=None, repr=False)
    panel: Panel | None = None
    target: Target | None = None
    metricsql: tuple[str, ...] = ()
    """What it has of MetricsQL that Prometheus refuses: there is no tree then, and no `problem`."""
    unknown: frozenset[str] = frozenset()
    """Variables whose value only a browser would learn, or a person types: what stands for them in `text` proves
    nothing."""
    otherwise: "Question | None" = field(default=None, repr=False)
    """The same as PromQL, where it is LogQL as well and nothing of it tells in which language it is asked."""

    def known_matchers(self) -> Iterator[list[ast.Matcher]]:
        """The matchers of each selector, without those that an unknown variable is written into."""
        written = read_text(self.raw) if self.unknown else None
        trees = log_queries(written) if written is not None else []
        for number, query in enumerate(log_queries(self.logql) if self.logql else ()):
            own = trees[number].selector.matchers if number < len(trees) else ()
            filled = [self.unknown.intersection(references(self.raw[slice(*one.span)])) for one in own]
            matchers = query.selector.matchers
            if len(filled) != len(matchers):
                filled = [self.unknown.intersection(references(self.raw))] * len(matchers)
            yield [matcher for matcher, names in zip(matchers, filled, strict=True) if not names]

    def log_queries(self) -> Iterator[tuple[ast.LogQuery, list[ast.Matcher]]]:
        """Its log queries, each with the matchers that are known."""
        return zip(log_queries(self.logql) if self.logql else (), self.known_matchers(), strict=True)

    @property
    def is_asked(self) -> bool:
        """Whether Grafana asks it: a hidden query only where an expression may need it."""
        return self.panel is None or self.target is None or is_asked(self.panel, self.target)

    @property
    def is_metric(self) -> bool:
        """Whether the answer is numbers (a LogQL query may give lines)."""
        return not isinstance(self.logql, ast.LogQuery) and not self.problem


def file_question(path: str, text: str) -> Question:
    """The query of a .logql file; `$__range` counts as an hour, other variables as a text."""
    hour = TimeRange(NOW_NS // 1_000_000 - 3_600_000, NOW_NS // 1_000_000)
    filled = _logql(text, {}, hour, Interval(60_000, "1m"), 60_000, instant=False)
    unknown = frozenset(name for name in references(text) if not name.startswith("__"))
    return _parsed(Question(Spot(path), "logql", text, filled, unknown=unknown))


def board_questions(board: LintedDashboard, known: Datasources | None) -> list[Question]:
    """The queries of a dashboard's panels, hidden ones too; expressions and empty targets are not queries."""
    every = _variables(board.dashboard)
    found = []
    for panel in board.dashboard.panels:
        # The copies of a repeated panel, or of one in a repeated row, ask alike.
        variables = dict(first_copy(panel, every))
        for index, target in enumerate(panel.targets):
            if not target.text.strip() or is_expression(target.datasource):
                continue
            if reference_key(panel.datasource) == DASHBOARD:
                continue
            question = _question(board, panel, index, target, variables, known)
            if question is not None and question.unknown and (question.problem or question.metricsql):
                question = _otherwise(question, partial(_question, board, panel, index, target, variables, known))
            if question is not None and question.problem and _is_open(question):
                continue
            if question is not None and question.problem:
                ask = partial(_question, board, panel, index, target, known=known)
                single = ask(_with_one_value(variables))
                if single is not None and not single.problem:
                    question = single
                else:
                    question = replace(question, remedy=_fill(target, variables, ask) or question.remedy)
            if question is not None:
                found.append(question)
    return list(_settled(found))


def _is_open(question: Question) -> bool:
    """Whether a part of a query that is no quoted text is not known: a variable may stand for anything there, and so
    may what a program fills in."""
    bare = _QUOTED.sub("", question.raw)
    return bool(question.unknown.intersection(references(bare)) or _PLACEHOLDER.search(bare))


def _with_one_value(variables: dict[str, EffectiveVariable]) -> dict[str, EffectiveVariable]:
    """The variables with the first of the values that a query of theirs may find: Grafana drops saved ones that are not
    among the options, so that of two names of a metric one is left."""
    return {
        name: replace(one, values=one.values[:1]) if one.type == "query" else one for name, one in variables.items()
    }


def _settled(questions: list[Question]) -> Iterator[Question]:
    """The questions, those that may be in either language in that of the others to the same datasource: without these
    nothing is known of them."""
    spoken: dict[str, set[Language]] = {}
    for question in questions:
        if question.otherwise is None:
            spoken.setdefault(_datasource(question), set()).add(question.language)
    for question in questions:
        languages = spoken.get(_datasource(question), set())
        if question.otherwise is None:
            yield question
        elif languages == {"promql"}:
            yield question.otherwise
        elif languages == {"logql"} or counts_in_range(question.logql):
            yield replace(question, otherwise=None)


def _datasource(question: Question) -> str:
    panel, target = question.panel, question.target
    return reference_key(reference_of(panel, target)) if panel and target else ""


def _fill(
    target: Target,
    variables: dict[str, EffectiveVariable],
    ask: Callable[[dict[str, EffectiveVariable]], Question | None],
) -> str:
    """What to fill where an empty variable is why a query does not parse; "" where that is not why."""
    for name in references(target.text):
        variable = variables.get(name)
        if variable is not None and variable.all_text is not None:
            filled = ask({**variables, name: replace(variable, all_text=".+")})
            if filled is not None and not filled.problem:
                return f"write `.+` as the custom all value of the variable {name}: it is `{variable.all_text}`"
        if variable is None or variable.values != ("",):
            continue
        others = (ask({**variables, name: replace(variable, values=(text,))}) for text in _STAND_INS if text)
        if any(filled is not None and not filled.problem for filled in others):
            more = " (a constant has it in `query`)" if variable.type == "constant" else ""
            return f"give the variable {name} a value{more}: it is empty"
    return ""


def _variables(dashboard: Dashboard) -> dict[str, EffectiveVariable]:
    """The variables as a browser has them; a list of which only the choice was saved keeps that, as older versions of
    Grafana read it."""
    every = effective_variables(dashboard)
    for stored in dashboard.variables:
        if stored.type == "custom" and not stored.query and isinstance(stored.current, str) and stored.current:
            every[stored.name] = replace(every[stored.name], values=(stored.current,))
        if stored.type == "query" and every[stored.name].values == ("",):
            # Saved before there was an answer: the browser takes the first one as it loads.
            every[stored.name] = replace(every[stored.name], values=())
    return every


def _otherwise(question: Question, ask: Callable[[str], Question | None]) -> Question | None:
    """A query that does not parse with a text for its unknown variables, with other things that they may be: whole
    matchers, numbers, nothing. It is wrong only where it parses with none of them."""
    others = (other for text in _STAND_INS if (other := ask(text)) is not None)
    return min((question, *others), key=lambda one: (bool(one.problem), bool(one.metricsql)))


def _question(
    board: LintedDashboard,
    panel: Panel,
    index: int,
    target: Target,
    variables: dict[str, EffectiveVariable],
    known: Datasources | None,
    stand_in: str = "value",
) -> Question | None:
    """None for a query in a language that is not read here, or that nobody tells and that parses in none."""
    within = _within(board.dashboard, panel, variables)
    points = data_points(panel)
    stored, variables = variables, with_auto(variables, within)
    kind = plugin_of(board.dashboard, panel, target, variables, known)
    low = interpolate(panel.interval, variables) or smallest_interval(Datasource("", "", kind))
    interval = browser_interval(within.length_ms, points, low)
    language = language_of(kind, target)
    if language is None:
        return None
    filling = _with_texts(target.text, variables, stand_in)
    longest = {**filling, **{name: one for name, one in with_auto(stored, _LONGEST).items() if one.auto}}
    unknown = frozenset(
        name
        for name, known in filling.items()
        if known.values != _values(variables.get(name)) or (known.type == "textbox" and known.values == ("",))
    )
    spot = board.spot(panel, index)
    blank = Question(
        spot,
        language,
        target.text,
        board=board,
        panel=panel,
        target=target,
        unknown=unknown,
        length_ms=within.length_ms,
    )
    steps = " ".join(str(one or "") for one in (panel.interval, *map(target.query.get, _STEPS)))
    is_step_known = all(name.startswith("__") or _values(stored.get(name)) for name in references(steps))
    try:
        if language == "sql":
            scoped = {"__interval": interval.text, "__interval_ms": str(interval.ms)}
            text = interpolate(target.text, filling, "sql", scoped, within)
            statement = _parsed_sql(replace(blank, text=postgres_macros(text, within)), _DIALECTS.get(kind, _POSTGRES))
            return statement if kind or (statement is not None and not statement.problem) else None
        if language == "promql":
            found = _promql(blank, target, filling, longest, within, interval, points)
            return found if is_step_known else replace(found, step_ms=0)
        instant = str(target.query.get("queryType") or "") == "instant" or (
            not target.query.get("queryType") and target.query.get("instant") is True
        )
        step = loki_step(
            interval.ms,
            within.length_ms,
            interpolate(str(target.query.get("step") or ""), filling),
            int(target.query.get("resolution") or 1),
        )
        text = _logql(target.text, filling, within, interval, step, instant)
        spread = _logql(target.text, longest, _LONGEST, Interval(_YEARS, "100y"), _YEARS, instant)
        own_step = step if is_step_known else 0
        found = _parsed(replace(blank, text=text, spread=spread, instant=instant, step_ms=own_step))
        if not language:
            low = interpolate(panel.interval, variables) or smallest_interval(Datasource("", "", "prometheus"))
            interval = browser_interval(within.length_ms, points, low)
            other = _promql(replace(blank, language="promql"), target, filling, longest, within, interval, points)
            return _either(found, other, panel, target)
        return found
    except (ObsCheckError, TypeError, ValueError) as error:
        if language == "sql" and not kind:
            # Its macros are of a plugin that nobody tells.
            return None
        return replace(blank, text=target.text, problem=getattr(error, "message", str(error)))


def _either(logql: Question, promql: Question, panel: Panel, target: Target) -> Question | None:
    """A query of which nobody says what language it is in: each of the two is a guess that is only good where it
    parses."""
    if logql.logql is None:
        return None if promql.problem else promql
    if promql.promql is None:
        return logql
    told = told_language(panel, target, logql.logql)
    return {"logql": logql, "promql": promql}.get(told) or replace(logql, otherwise=promql)


def _promql(
    blank: Question,
    target: Target,
    filling: dict[str, EffectiveVariable],
    longest: dict[str, EffectiveVariable],
    within: TimeRange,
    interval: Interval,
    points: int,
) -> Question:
    own = interpolate(str(target.query.get("interval") or ""), filling)
    factor = target.query.get("intervalFactor")
    step = prometheus_step(
        interval.ms, within.length_ms, points, own, interval_factor=factor if isinstance(factor, int) else 1
    )
    bare, wide = (interpolate(target.text, one, "prometheus", None, within) for one in (filling, longest))
    text = prometheus_macros(bare, within, step.step_ms, step.rate_interval_ms)
    spread = prometheus_macros(wide, _LONGEST, _YEARS, _YEARS)
    instant = bool(target.query.get("instant")) and not target.query.get("range")
    return _parsed(replace(blank, text=text, spread=spread, instant=instant, step_ms=step.step_ms))


def _parsed(question: Question) -> Question:
    if question.language == "promql":
        return _parsed_promql(question)
    try:
        return replace(question, language="logql", logql=parse(question.text))
    except QueryError as error:
        if "disabled for this instance" in error.message:
            # Loki has it by a limit of its configuration.
            return replace(question, language="logql")
        line = question.text.count("\n", 0, error.start or 0)
        caret = error.caret().splitlines()
        place = shorten(caret[0][len(caret[1]) - len(caret[1].lstrip()) :], 40, "") if caret else ""
        # What is wrong with a whole selector is one habit in queries that differ behind it.
        near = f", at `{place}`" if place and "queries require" not in error.message else ""
        spot = replace(question.spot, line=question.spot.line + line) if question.panel is None else question.spot
        hint = _with_unit(question.raw, error) or next((remedy.words for remedy in remedies(error)), error.hint)
        return replace(question, language="logql", problem=f"{error.message}{near}", remedy=hint, spot=spot)


def _with_unit(raw: str, error: QueryError) -> str:
    """How a range is written that is a variable of Grafana's whose value is a bare number; "" for another slip."""
    bare = _BARE_RANGE.search(raw) if "not a valid duration string" in error.message else None
    return f"write [${{{bare[1]}}}{bare[2]}] or [${bare[1].rpartition('_')[0]}]" if bare else ""


def _parsed_promql(question: Question) -> Question:
    import promql_parser

    try:
        return replace(question, promql=promql_parser.parse(_as_parser_reads(question.text)))
    except ValueError as error:
        if _BY_FLAG.search(question.text):
            return question
        own = only_in_metricsql(question.text)
        asked = replace(question, metricsql=own, problem="" if own else " ".join(str(error).split()))
        return asked if own or read_text(question.text) is None else replace(asked, remedy=_OF_LOKI)


def _as_parser_reads(text: str) -> str:
    """PromQL without what promql-parser does not know, or knows otherwise: Prometheus 2's name of a function, texts
    between backticks, in which nothing is escaped, and numbers with underscores (Prometheus 3)."""
    text = _RENAMED.sub("double_exponential_smoothing(", text)
    return _WORD.sub(_as_word, text) if "`" in text or "_" in text else text


def _as_word(found: re.Match[str]) -> str:
    if found[0][0] == "`":
        return json.dumps(found[0][1:-1])
    return found[0] if found[0][0] in "\"'" else found[0].replace("_", "")


def _parsed_sql(question: Question, dialects: Sequence[str]) -> Question | None:
    """The question with its tree in the first dialect that reads it. None where none does: databases read more than
    sqlglot, and variables hold parts of statements. Only brackets are the same for all."""
    from sqlglot.errors import SqlglotError

    for dialect in dialects:
        with contextlib.suppress(SqlglotError):
            return replace(question, sql=parse_sql(question.text, dialect))
    problem = "" if question.unknown else bracket_problem(question.text, dialects[0])
    return replace(question, problem=problem) if problem else None


def _logql(
    text: str,
    filling: dict[str, EffectiveVariable],
    within: TimeRange,
    interval: Interval,
    step_ms: int,
    instant: bool,
) -> str:
    known = _with_texts(text, filling)
    return backend_macros(
        interpolate(text, known, "loki", None, within),
        from_ms=within.from_ms,
        to_ms=within.to_ms,
        interval_ms=interval.ms,
        step_ms=step_ms,
        instant=instant,
    )


def _values(variable: EffectiveVariable | None) -> tuple[str, ...]:
    return variable.values if variable is not None else ()


def _with_texts(
    text: str, variables: dict[str, EffectiveVariable], stand_in: str = "value"
) -> dict[str, EffectiveVariable]:
    """The variables with a text in place of values that only a browser would learn: a duration inside `[...]`."""
    known = dict(variables)
    for name in references(text):
        variable = known.get(name)
        if name.startswith("__") or name[0].isdigit():
            continue
        if variable is None and re.search(rf"\{{\{{[^{{}}]*\${name}\b", text):
            # A template of Go's has variables of its own.
            continue
        if variable is None or (not variable.values and variable.all_text is None):
            own = "5m" if re.search(rf"\[[^\]]*(?:\$\{{?|\[\[){name}\b", text) else stand_in
            base = variable or EffectiveVariable(name, "textbox", ())
            known[name] = replace(base, values=(own,))
    return known


def _within(dashboard: Dashboard, panel: Panel, variables: dict[str, EffectiveVariable]) -> TimeRange:
    calendar = Calendar(dashboard.timezone, dashboard.week_start or "sunday", dashboard.fiscal_start)
    try:
        whole = dashboard_range(dashboard, NOW_NS)
    except InputError:
        whole = TimeRange(NOW_NS // 1_000_000 - 6 * 3_600_000, NOW_NS // 1_000_000)
    time_from = interpolate(panel.time_from, variables)
    return panel_range(whole, dashboard.time_from.startswith("now"), time_from, "", NOW_NS, calendar)[0]
