"""What a shipper's pipeline did to lines: as tables and as JSON."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from obs_check.model.entry import Labels
from obs_check.model.secret import shorten
from obs_check.model.times import rfc3339
from obs_check.model.tree import Json
from obs_check.report.console import make_console
from obs_check.report.terminal import escape_controls
from obs_check.shipper.simulate import Shipped, Simulation, TracedStage

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_COLORS = {"kept": "green", "dropped": "red", "held": "yellow", "released": "cyan"}
_WIDTH = 100


def kept_json(result: Simulation) -> Iterator[dict[str, Json]]:
    """One object a kept line: `ts` (ns as text, or null), `labels`, `line`, and `metadata` where there is any."""
    return map(_entry, result.shipped)


def trace_json(result: Simulation, lines: Sequence[str]) -> Iterator[dict[str, Json]]:
    """One object a line that was read: its number and text, what each stage did in order, what was shipped."""
    effects, shipped = _by_number(result)
    for number, line in enumerate(lines, 1):
        yield {
            "number": number,
            "line": line,
            "stages": [
                {
                    "stage": effect.stage,
                    "outcome": effect.outcome,
                    **({"reason": effect.reason} if effect.reason else {}),
                    "changes": [
                        {"what": what, "before": before, "after": after} for what, before, after in effect.changes
                    ],
                }
                for effect in effects[number]
            ],
            "shipped": [_entry(one) for one in shipped[number]],
        }


def print_kept(result: Simulation, color: bool) -> None:
    """A table of the kept lines on stdout."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None)
    table.add_column("time", no_wrap=True, min_width=30)
    table.add_column("labels", overflow="fold")
    table.add_column("line", overflow="fold")
    for one in result.shipped:
        when = Text("(time of reading)") if one.ts is None else Text(rfc3339(one.ts))
        table.add_row(when, Text(_labels(one)), Text(escape_controls(one.line)))
    _console(color).print(table)


def print_trace(result: Simulation, lines: Sequence[str], color: bool) -> None:
    """For each line on stdout: the line, a row a stage with what it changed, and how it ended."""
    from rich.text import Text

    console = _console(color)
    effects, shipped = _by_number(result)
    for number, line in enumerate(lines, 1):
        console.print(Text.assemble((f"line {number}  ", "bold"), escape_controls(shorten(line, _WIDTH - 12, "..."))))
        for effect in effects[number]:
            console.print(_stage(effect, effects[number]))
        for one in shipped[number]:
            when = "the time of reading" if one.ts is None else rfc3339(one.ts)
            console.print(
                Text.assemble(
                    ("  shipped ", "bold green"), when, " ", (_labels(one), "cyan"), " ", escape_controls(one.line)
                )
            )
        if not shipped[number]:
            words, style = _end(effects[number])
            console.print(Text(f"  {words}", style))


def _stage(effect: TracedStage, beside: list[TracedStage]) -> "Text":
    """The rows of one stage; what the stages inside it are shown to change is not repeated."""
    from rich.text import Text

    inner = [change for one in beside if one.stage.startswith(f"{effect.stage} > ") for change in one.changes]
    shown = {(what, json.dumps(after)) for what, _, after in inner}
    text = Text.assemble((f"  {effect.stage:<24} ", ""), (effect.outcome, _COLORS[effect.outcome]))
    if effect.outcome == "dropped":
        text.append(f": {effect.reason or 'not counted by any reason'}")
    for what, before, after in effect.changes:
        if (what, json.dumps(after)) in shown:
            continue
        text.append("\n      ")
        text.append(what, "magenta")
        if before is not None:
            text.append(f" {_shown(what, before)} ->")
        text.append(" = " if before is None else " ")
        text.append("gone" if after is None and before is not None else _shown(what, after))
    return text


def _end(effects: list[TracedStage]) -> tuple[str, str]:
    last = effects[-1] if effects else None
    if last and last.outcome == "dropped":
        return f"not shipped: dropped by {last.stage}" + (f" ({last.reason})" if last.reason else ""), "bold red"
    if last and last.outcome == "held":
        return f"part of another line: {last.stage} holds it", "yellow"
    return "not shipped", "bold red"


def _by_number(result: Simulation) -> tuple[dict[int, list[TracedStage]], dict[int, list[Shipped]]]:
    effects: dict[int, list[TracedStage]] = defaultdict(list)
    shipped: dict[int, list[Shipped]] = defaultdict(list)
    for effect in result.effects:
        effects[effect.number].append(effect)
    for one in result.shipped:
        shipped[one.number].append(one)
    return effects, shipped


def _entry(one: Shipped) -> dict[str, Any]:
    entry = {"ts": None if one.ts is None else str(one.ts), "labels": one.labels, "line": one.line}
    return entry | ({"metadata": one.metadata} if one.metadata else {})


def _labels(one: Shipped) -> str:
    """Labels as a selector has them; structured metadata, which none selects by, behind them."""

    def pairs(named: Labels) -> str:
        return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(named.items())) + "}"

    metadata = f" metadata {pairs(one.metadata)}" if one.metadata else ""
    return escape_controls(f"{pairs(one.labels)}{metadata}")


def _shown(what: str, value: object) -> str:
    if what == "ts" and isinstance(value, int):
        return rfc3339(value)
    return "null" if value is None else escape_controls(shorten(json.dumps(value, ensure_ascii=False), _WIDTH, "..."))


def _console(color: bool) -> "Console":
    return make_console(sys.stdout, color)
