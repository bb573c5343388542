"""The questions that an explanation asks of Loki, and what they cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from obs_check.client.answered import Answered
from obs_check.client.loki.client import LokiClient
from obs_check.errors import Unavailable
from obs_check.logql import to_text
from obs_check.logql.engine.match import stream_test
from obs_check.logql.explain.selector import absent_label, no_value, none_accepted
from obs_check.logql.stages.row import ERROR, Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.style import matcher_text, selector_text
from obs_check.model.entry import Labels
from obs_check.model.result import Result, Streams
from obs_check.model.window import NS, Window, shown_time

T = TypeVar("T")
_DAY_NS = 24 * 3600 * NS
_NOTHING = "this Loki has no line at all in this window for the tenant that is asked: check both"


@dataclass(slots=True)
class Cost:
    """Requests made, refused ones included, and bytes that Loki says it read for them; `asked` has both for each
    request that was answered."""

    requests: int = 0
    bytes_read: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)


class Questions:
    """A Loki that is asked, with the cost counted. Every method may raise Unavailable, Refused or NotAllowed."""

    def __init__(self, client: LokiClient) -> None:
        self._client = client
        self.cost = Cost()

    def instant(self, expr: str, at_ns: int) -> Result:
        """The answer of an instant query."""
        return self._value(lambda: self._client.query(expr, at_ns))

    def over(self, expr: str, window: Window, step_ns: int) -> Result:
        """The answer of a range query of a metric."""
        return self._value(lambda: self._client.query_range(expr, window, step_ns))

    def example(self, query: ast.LogQuery, window: Window) -> Row | None:
        """The newest line of a log query as it leaves the query; all of its labels count as parsed."""
        text = to_text(query)
        result = self._value(lambda: self._client.query_range(text, window, limit=1))
        for stream in result.streams if isinstance(result, Streams) else ():
            for entry in stream.entries:
                row = Row(entry.ts, entry.line, {}, {})
                row.parsed = {name: value for name, value in stream.labels.items() if name != ERROR}
                row.error = stream.labels.get(ERROR, "")
                return row
        return None

    def streams(self, matchers: Sequence[ast.Matcher], window: Window) -> list[Labels]:
        """The labels of the streams that the index has for the matchers."""
        return self._value(lambda: self._client.series([selector_text(ast.Selector(tuple(matchers)))], window))

    def why_no_line(self, selector: ast.Selector, window: Window) -> str:
        """Which matcher empties a selector and the nearest value or label, or that its lines are older: from the index,
        and by the last line of the day before, where there is one."""
        if last := self._last_before(selector, window):
            return f"no line in this window: the last one before it is of {shown_time(last.ts)}"
        for matcher in selector.matchers:
            accepts = stream_test((matcher,))
            if accepts({}):
                continue
            values = self._values(matcher.name, window)
            if not values:
                names = self._value(lambda: self._client.labels(window))
                return absent_label(matcher.name, names) if names else _NOTHING
            if not any(accepts({matcher.name: value}) for value in values):
                return no_value(matcher_text(matcher), matcher, values)
        before: list[Labels] = []
        for place, matcher in enumerate(selector.matchers):
            streams = self.streams(selector.matchers[: place + 1], window)
            # Loki 3.5 has the values of labels for longer than the streams with lines in the window.
            if not streams and not place:
                return f"no stream with {matcher_text(matcher)} has a line in this window"
            if not streams:
                earlier = selector_text(ast.Selector(selector.matchers[:place]))
                return f"of the streams {earlier}, {none_accepted(matcher, before)}"
            before = streams
        return "its streams have no line in this window"

    def _last_before(self, selector: ast.Selector, window: Window) -> Row | None:
        """None also where Loki does not let that day be asked for."""
        day = Window(max(0, window.start_ns - _DAY_NS), window.start_ns)
        try:
            return self.example(ast.LogQuery(selector), day) if day.end_ns > 0 else None
        except Unavailable:
            return None

    def _values(self, name: str, window: Window) -> list[str]:
        return self._value(lambda: self._client.label_values(name, window))

    def _value(self, ask: Callable[[], Answered[T]]) -> T:
        self.cost.requests += 1
        answer = ask()
        self.cost.bytes_read += answer.probe.bytes_read
        self.cost.asked.append((answer.probe.request, answer.probe.bytes_read))
        return answer.value
