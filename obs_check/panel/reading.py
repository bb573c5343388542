"""What a panel reads and what that is worth, as far as the panel itself can tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from obs_check.model.tree import Json
from obs_check.model.window import MS
from obs_check.panel.drawing import Drawn, DrawnValue, draw, nothing_text
from obs_check.panel.elements import Panel
from obs_check.panel.frames import Frame, RefResult, all_frames
from obs_check.panel.masking import all_constant, counts_rows, shows_zero_for_nothing
from obs_check.panel.overrides import apply_overrides, is_hidden
from obs_check.panel.postprocess import postprocess
from obs_check.panel.reduce import is_null
from obs_check.panel.request import PanelRequest
from obs_check.panel.transform.pipeline import TransformStep, run_transformations, step

ReadingState = Literal[
    "ok",
    "zero_real",
    "no_series",
    "error",
    "lost_in_transform",
    "hidden_by_override",
    "zero_masked",
    "zero_rounded",
    "stale",
    "false_green",
    "not_evaluated",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a panel shows. `text` is what a person sees; `number` is the one value, or the sum of several (None where
    nothing is a number); `values` holds one (name, number, text) a displayed value; `rows` counts the rows of the final
    frames; `error` says what went wrong; `trail` what every stage left; `notes` are the backend's warnings."""

    panel: int
    state: ReadingState
    text: str
    number: float | None = None
    values: tuple[DrawnValue, ...] = ()
    rows: int = 0
    error: str = ""
    trail: tuple[TransformStep, ...] = ()
    notes: tuple[str, ...] = ()


def read_panel(panel: Panel, results: Mapping[str, RefResult], request: PanelRequest | None = None) -> Reading:
    """What the panel shows for these answers (`decode_results`).

    `request` is what was asked: it tells datasource kinds, the range and why nothing was asked; without it the kinds
    are those that the targets name.
    """
    if request is not None and request.state != "ready":
        if request.state == "no_active_query" and panel.targets:
            return Reading(panel.id, "no_series", nothing_text(panel), error=request.why)
        failed = request.state in {"datasource_not_found", "error"}
        return Reading(panel.id, "error" if failed else "not_evaluated", "No data" if failed else "", error=request.why)
    try:
        return _read(panel, results, request)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # Options and field configuration are free-form: one of the wrong shape breaks this panel, not the others.
        return Reading(panel.id, "error", "", error=f"the panel's options cannot be read: {error}")


def _read(panel: Panel, results: Mapping[str, RefResult], request: PanelRequest | None) -> Reading:
    kinds, queries = _asked(panel, request)
    shown = {r: result for r, result in results.items() if r in queries} if request else dict(results)
    error = next((f"{r}: {a.error}" if len(shown) > 1 else a.error for r, a in shown.items() if a.error), "")
    frames = postprocess(shown, kinds, queries)
    trail = [step("query", all_frames(shown.values())), step("datasource", frames)]
    had_rows = any(f.rows for f in frames)
    transformed = run_transformations(frames, panel.transformations)
    trail += transformed.steps
    lost = had_rows and not any(f.rows for f in transformed.frames)
    configured = apply_overrides(transformed.frames, panel.field_config)
    visible = _visible(configured)
    if any(is_hidden(f) for frame in configured for f in frame.fields):
        trail.append(step("overrides", visible))
    hidden = any(_has_values(f) for f in configured) and not any(_has_values(f) for f in visible)
    drawn = draw(panel, visible)
    base = Reading(
        panel.id,
        "ok",
        drawn.text,
        _total(drawn),
        tuple(drawn.values),
        sum(f.rows for f in visible),
        error,
        tuple(trail),
        tuple(n for a in shown.values() for n in a.notices),
    )
    if error or transformed.error:
        return replace(base, state="error", error=error or transformed.error)
    if transformed.unknown:
        why = f"transformation {transformed.unknown} is not followed here; the frames before it are counted"
        return replace(base, state="not_evaluated", error=why)
    if lost:
        guilty = next(s.name for s in transformed.steps if not s.rows)
        return replace(base, state="lost_in_transform", error=f"nothing is left after the transformation {guilty}")
    if hidden:
        return replace(base, state="hidden_by_override", error="every series is hidden by an override")
    texts = [(str(q.get("expr") or q.get("rawSql") or ""), kinds.get(r, "")) for r, q in queries.items()]
    state, why = _judged(drawn, had_rows, not _any_number(visible), texts, _prometheus_frames(frames, kinds), request)
    return replace(base, state=state, error=why)


def _judged(
    drawn: Drawn,
    had_rows: bool,
    only_nulls: bool,
    texts: Sequence[tuple[str, str]],
    gauges: Sequence[Frame],
    request: PanelRequest | None,
) -> tuple[ReadingState, str]:
    if not had_rows:
        masked = _reads_zero(drawn.text) or any(v.number == 0 for v in drawn.values)
        return ("zero_masked", "0 is shown though nothing was returned") if masked else ("no_series", "")
    if drawn.missing:
        return "no_series", drawn.missing
    numbers = [v.number for v in drawn.values if v.number is not None]
    if drawn.values and not numbers and any(_reads_zero(v.text) for v in drawn.values):
        return "zero_masked", "0 is shown for a value that is null"
    if not drawn.values or (not numbers and all(not v.text for v in drawn.values)):
        return "no_series", "the panel is blank: there are rows, but no value in them"
    if numbers and not any(numbers) and only_nulls:
        return "zero_masked", "0 is calculated of values that are all null"
    if numbers and not any(numbers):
        if any(shows_zero_for_nothing(text) or counts_rows(text, kind) for text, kind in texts):
            return "zero_masked", "the query turns an absence into 0"
        return "zero_real", ""
    if numbers and all(_reads_zero(v.text) for v in drawn.values if v.number):
        return "zero_rounded", "a value that is not 0 is written as 0"
    if all_constant(texts):
        return "false_green", "no event can change what the query answers"
    late = _late(gauges, request)
    return ("stale", late) if late else ("ok", "")


def _asked(panel: Panel, request: PanelRequest | None) -> tuple[Mapping[str, str], dict[str, Mapping[str, Any]]]:
    if request is not None:
        asked = {str(q["refId"]): q for query in request.queries for q in query.body["queries"]}
        return request.kinds, {r: q for r, q in asked.items() if r in request.kinds}
    kinds: dict[str, str] = {}
    queries: dict[str, Mapping[str, Json]] = {}
    for target in panel.targets:
        reference = target.datasource if target.datasource is not None else panel.datasource
        kinds[target.ref_id] = str(reference.get("type") or "") if isinstance(reference, Mapping) else ""
        kind = target.query.get("queryType") or ("instant" if target.query.get("instant") else "range")
        queries[target.ref_id] = {**target.query, "queryType": kind}
    return kinds, queries


def _visible(frames: Sequence[Frame]) -> list[Frame]:
    return [replace(f, fields=[c for c in f.fields if not is_hidden(c)]) for f in frames]


def _any_number(frames: Sequence[Frame]) -> bool:
    return any(not is_null(v) for frame in frames for f in frame.fields if f.type == "number" for v in f.values)


def _has_values(frame: Frame) -> bool:
    return any(f.type != "time" for f in frame.fields)


def _prometheus_frames(frames: Sequence[Frame], kinds: Mapping[str, str]) -> list[Frame]:
    return [f for f in frames if "prometheus" in kinds.get(f.ref_id, "")]


def _late(frames: Sequence[Frame], request: PanelRequest | None) -> str:
    """Samples of Prometheus go on as long as the target is scraped; log counts are sparse and never late."""
    times = [v for frame in frames for f in frame.fields if f.type == "time" for v in f.values if v is not None]
    if request is None or not times:
        return ""
    behind_ms = request.range.to_ms - max(times) // MS
    if behind_ms <= 2 * max(request.interval.ms, 60_000):
        return ""
    return f"the newest sample is {behind_ms // 1000} s older than the end of the range"


def _total(drawn: Drawn) -> float | None:
    numbers = [v.number for v in drawn.values if v.number is not None]
    return sum(numbers) if numbers else None


def _reads_zero(text: str) -> bool:
    figure = text.split(" ")[0].rstrip("%")
    try:
        return float(figure) == 0
    except ValueError:
        return False
