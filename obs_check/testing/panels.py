"""The panels of a case, read and compared with what the test wants."""

import math
from collections.abc import Collection, Mapping, Sequence

from obs_check.errors import InputError
from obs_check.model.window import Window
from obs_check.model.wording import count_noun
from obs_check.panel.board import PanelView
from obs_check.panel.elements import Dashboard
from obs_check.panel.reading import Reading
from obs_check.panel.timerange import Calendar, time_range
from obs_check.testing.given import events_of
from obs_check.testing.offline import CaseApis, board_of
from obs_check.testing.outcome import Checked
from obs_check.testing.suite import Case, PanelWant, Suite

_MS_NS = 1_000_000


def checked_panels(
    suite: Suite, case: Case, dashboard: Dashboard, given: CaseApis, only: int | None = None
) -> tuple[Checked, ...]:
    """What the test says of each panel, and of the others what the expectations say of its events; `only` one panel.

    InputError for a variable or a datasource that the dashboard has not.
    """
    wanted = {want.panel: want for want in case.panels}
    # The counters of agents are not made of events: a test that gives none says nothing about those panels.
    asked = {
        i: e
        for i, e in suite.expectations.items()
        if case.events and i not in wanted and (e.path != "metrics" or case.series)
    }
    chosen = {*wanted, *asked} if only is None else {only} & {*wanted, *asked}
    views = _views(suite, case, dashboard, given, chosen)
    found = []
    for panel, view in views.items():
        reading = view.reading
        if panel in wanted:
            said = "; ".join(_differences(wanted[panel], reading))
        else:
            path = asked[panel].path if asked[panel].path in "AB" else "B"
            said = asked[panel].check(reading, events_of(case, path)) or ""
        unknown = reading.state == "not_evaluated" and not _wants_unevaluated(wanted.get(panel))
        if unknown:
            said = f"not evaluated: {reading.error}"
        want, got = _lines(wanted.get(panel), reading)
        found.append(Checked(f"panel {panel} {view.panel.title}".strip(), said, want, got, unknown))
    return tuple(found)


def _views(
    suite: Suite, case: Case, dashboard: Dashboard, given: CaseApis, panels: Collection[int]
) -> Mapping[int, PanelView]:
    if not panels:
        return {}
    board = board_of(suite, case, dashboard, given)
    window = None
    if case.from_ or case.to:
        calendar = Calendar(dashboard.timezone, dashboard.week_start or "sunday", dashboard.fiscal_start)
        start, end = time_range(case.from_ or dashboard.time_from, case.to or dashboard.time_to, case.at_ns, calendar)
        window = Window(start * _MS_NS, end * _MS_NS)
    views = {}
    for panel in sorted(panels):
        for view in board.read(case.at_ns, window, only={panel}):
            if view.outage:
                raise InputError(f"{suite.path}: panel {panel}: {view.outage}", "name its datasource in datasources:")
            views[panel] = view
    return views


def _wants_unevaluated(want: PanelWant | None) -> bool:
    return want is not None and want.state == "not_evaluated"


def _differences(want: PanelWant, reading: Reading) -> list[str]:
    found = []
    if want.state and want.state != reading.state:
        found.append(f"state {reading.state} instead of {want.state}" + (f": {reading.error}" if reading.error else ""))
    if want.text is not None and want.text != reading.text:
        found.append(f"text {reading.text!r} instead of {want.text!r}")
    if want.number is not None and not _same(reading.number, want.number):
        found.append(f"number {_shown(reading.number)} instead of {want.number:g}")
    if want.rows is not None and want.rows != reading.rows:
        found.append(f"{count_noun(reading.rows, 'row')} instead of {want.rows}")
    lines = [value.name for value in reading.values]
    if want.lines is not None and lines != list(want.lines):
        found.append(_other_lines(lines, want.lines) if set(lines) != set(want.lines) else "another order of lines")
    if want.values is not None:
        shown = _values(reading)
        for name in sorted({*want.values, *shown}):
            if name not in shown:
                found.append(f"{name or '(no name)'} is not shown")
            elif name not in want.values:
                found.append(f"{name or '(no name)'} was not expected")
            elif not _value_fits(want.values[name], *shown[name]):
                found.append(f"{name or '(no name)'} reads {shown[name][1]} instead of {want.values[name]}")
    return found


def _other_lines(shown: Sequence[str], wanted: Sequence[str]) -> str:
    missing, extra = [x for x in wanted if x not in shown], [x for x in shown if x not in wanted]
    return "; ".join([*(f"missing {x!r}" for x in missing), *(f"not expected {x!r}" for x in extra)])


def _values(reading: Reading) -> dict[str, tuple[float | None, str]]:
    """Name -> (number, text); values of one name (points of a series) are added up."""
    found: dict[str, tuple[float | None, str]] = {}
    for value in reading.values:
        known = found.get(value.name)
        if known is not None and known[0] is not None and value.number is not None:
            total = known[0] + value.number
            found[value.name] = (total, f"{total:g}")
        else:
            found[value.name] = (value.number, value.text)
    return found


def _value_fits(want: object, number: float | None, text: str) -> bool:
    if isinstance(want, int | float) and not isinstance(want, bool):
        return _same(number, float(want))
    return str(want) == text


def _same(found: float | None, want: float) -> bool:
    return found is not None and math.isclose(found, want, rel_tol=1e-9, abs_tol=1e-9)


def _shown(number: float | None) -> str:
    return "nothing" if number is None else f"{number:g}"


def _lines(want: PanelWant | None, reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Both sides as lines for a diff, with the parts only that the test speaks of."""
    if want is None:
        return (), tuple(f"{name}: {text}" for name, (_, text) in sorted(_values(reading).items()))
    expected, got = [], []
    for key, wanted, found in (
        ("state", want.state or None, reading.state),
        ("text", want.text, reading.text),
        ("number", want.number, reading.number),
        ("rows", want.rows, reading.rows),
    ):
        if wanted is not None:
            expected.append(f"{key}: {_plain(wanted)}")
            got.append(f"{key}: {_plain(found)}")
    if want.values is not None:
        expected += [f"{name}: {_plain(value)}" for name, value in sorted(want.values.items())]
        got += [
            f"{name}: {_plain(number) if isinstance(want.values.get(name), int | float) else text}"
            for name, (number, text) in sorted(_values(reading).items())
        ]
    if want.lines is not None:
        expected += want.lines
        got += [value.name for value in reading.values]
    return tuple(expected), tuple(got)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
