"""What every panel reads, made anew: the kept dashboard's panel is drawn from the raw frames, and judged again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from obs_check.app.diagnose.positive_control import controls, with_controls
from obs_check.app.recompute.answers import plain
from obs_check.app.recompute.result import Recomputed
from obs_check.app.verify.document import Document, JsonInputs, JsonPanel, JsonProbe, JsonReading
from obs_check.app.verify.panel_hop import panel_hop
from obs_check.app.verify.verdicts import PanelVerdict, Yardstick, copy_of, judge_panel
from obs_check.errors import ObsCheckError
from obs_check.follow.run import Run, run_from_json
from obs_check.model.probe import Probe
from obs_check.model.tree import Json, mapping_at, mappings_at, text_at, value_at
from obs_check.model.window import MS, Window
from obs_check.panel.board import Board, PanelView
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasource, Datasources
from obs_check.panel.expect import Expectation, load_expectations
from obs_check.panel.frames import RefResult
from obs_check.panel.interval import Interval
from obs_check.panel.reading import Reading, read_panel
from obs_check.panel.request import PanelRequest, Query, RequestState
from obs_check.panel.run_lines import of_run
from obs_check.panel.split_ask import ask_query
from obs_check.panel.timerange import TimeRange

_ROW = ("reads", "of_run", "wanted", "differs", "verdict", "state", "path")

_EXPECTED = ("path", "kind", "by", "decision", "names", "limit")


class _NotKept(Exception):
    """A raw answer is not in the document."""


class _Replay:
    """Answers a panel's questions in their order from what is kept, and notes one that was another."""

    def __init__(self, where: str, probes: Sequence["JsonProbe"], answers: Mapping[str, str], found: Recomputed):
        self._probes, self._next = probes, 0
        self._where, self._answers, self._found = where, answers, found

    def __call__(self, query: Query) -> tuple[dict[str, Json], Probe]:
        if self._next == len(self._probes):
            raise _NotKept
        place, probe = f"{self._where}.probes[{self._next}]", self._probes[self._next]
        self._next += 1
        self._found.same("panels", f"{place}.exchange.body", value_at(probe, "exchange", "body"), query.body)
        text = self._answers.get(text_at(probe, "exchange", "sha256"))
        if text is None:
            raise _NotKept
        return json.loads(text), Probe("grafana", "", None, int(probe.get("at") or 0))

    def splits(self, query: Query) -> bool:
        """Whether the next question is a part of a query: a day of it, or those that are asked for at once."""
        asked = self._probes[self._next : self._next + 1]
        body = mapping_at(asked[0], "exchange", "body") if asked else query.body
        same = all(body.get(key) == query.body.get(key) for key in ("from", "to"))
        return not same or len(mappings_at(body, "queries")) < len(query.body["queries"])


def recompute_panels(document: "Document", place: str, found: Recomputed) -> None:
    """Per panel: each reading, from raw frames to the words that a person sees, then the verdict on it; and which tags
    the panels show at the last hop."""
    rows = [row for row in document.get("panels") or () if isinstance(row, Mapping)]
    inputs = document.get("inputs")
    model = value_at(inputs, "dashboard", "model")
    if not rows:
        return
    if inputs is None or not isinstance(model, Mapping):
        found.leave(f"{place}panels", "the document keeps no dashboard")
        return
    try:
        board = _board(model, inputs)
        run = run_from_json({**document, "id": document["run"]}) if document.get("events") else None
        held = Yardstick(_expectations(inputs), run)
    except (ObsCheckError, KeyError, TypeError, ValueError, AttributeError) as error:
        found.same("panels", f"{place}inputs", "a dashboard and its expectations", f"not readable: {error}")
        return
    judged: list[PanelVerdict] = []
    places: list[int] = []
    earlier: dict[tuple[int, str], PanelView] = {}
    for n, row in enumerate(rows):
        views = _views(board, row, f"{place}panels[{n}]", document, run, found)
        if views is None:
            continue
        if (before := views.get("before")) is not None:
            earlier[copy_of(before)] = before
        if (view := views.get("range")) is not None:
            judged.append(judge_panel(view, views.get("run"), replace(held, before=earlier)))
            places.append(n)
    moved = controls(judged, replace(held, before=earlier)) if run is not None else []
    judged = with_controls(judged, moved)
    if document.get("control") and len(judged) == len(rows):
        found.same("panels", f"{place}control", document["control"], [control.to_row() for control in moved])
    for n, verdict in zip(places, judged, strict=True):
        again = verdict.to_row()
        for key in _ROW:
            found.same("panels", f"{place}panels[{n}].{key}", rows[n].get(key), again[key])
    if run is not None and len(judged) == len(rows):
        _last_hop(document, place, run, judged, held, found)


def _views(
    board: Board, row: "JsonPanel", where: str, document: "Document", run: Run | None, found: Recomputed
) -> dict[str, PanelView] | None:
    """The views by what they are of; None where one cannot be made anew."""
    proof = row.get("proof")
    if not isinstance(proof, Mapping):
        found.leave(where, "the document does not say what it stands on")
        return None
    views = {}
    for n, reading in enumerate(proof.get("readings") or ()):
        at = f"{where}.proof.readings[{n}]"
        if reading.get("outage"):
            found.leave(at, "who did not answer leaves nothing to draw")
            return None
        asked = [p for p in reading.get("probes") or () if p.get("exchange")]
        replay = _Replay(at, asked, document.get("answers") or {}, found)
        ask = of_run(replay, run.needle) if reading.get("of") == "run" and run is not None else replay
        try:
            request = _request(board, row, reading)
            if request is None:
                found.leave(at, "its panel is not in the kept dashboard")
                return None
            results: dict[str, RefResult] = {}
            for query in request.queries:
                answered, _ = ask_query(ask, query, split=replay.splits(query))
                results |= answered
            seen = read_panel(request.panel, results, request)
        except _NotKept:
            found.leave(at, "a raw answer of it is not kept")
            return None
        except (ObsCheckError, ValueError, KeyError, TypeError, AttributeError) as error:
            found.same("panels", at, "frames", f"an answer that cannot be drawn: {error}")
            return None
        _compare(at, reading, seen, found)
        views[str(reading.get("of"))] = PanelView(request.panel, request, seen)
    return views


def _compare(where: str, kept: Mapping[str, Any], seen: Reading, found: Recomputed) -> None:
    """The state is that before the panels are told apart by the run: `false_green` is judged later."""
    found.same("panels", f"{where}.reads", kept.get("reads"), seen.text)
    if kept.get("state") != "false_green":
        found.same("panels", f"{where}.state", kept.get("state"), str(seen.state))
    found.same("panels", f"{where}.number", kept.get("number"), plain(seen.number))
    found.same("panels", f"{where}.rows", kept.get("rows"), seen.rows)
    values = [[value.get("name"), value.get("number"), value.get("text")] for value in kept.get("values") or ()]
    again = [[value.name, plain(value.number), value.text] for value in seen.values]
    found.same("panels", f"{where}.values", values, again[: len(values)] if kept.get("values_left_out") else again)
    steps = [[step.get("name"), step.get("frames"), step.get("fields"), step.get("rows")] for step in kept["steps"]]
    found.same("panels", f"{where}.steps", steps, [[s.name, s.frames, s.fields, s.rows] for s in seen.trail])


def _request(board: Board, row: "JsonPanel", reading: "JsonReading") -> PanelRequest | None:
    """What was asked, with the panel as the kept dashboard has it."""
    names = {variable.name for variable in board.dashboard.variables}
    variables = reading.get("variables") or {}
    chosen = {name: list(values) for name, values in variables.items() if name in names and values}
    whole = _range(reading.get("dashboard_range"))
    window = Window(whole.from_ms * MS, whole.to_ms * MS)
    board = replace(board, overrides=chosen)
    made = board.requests(window.end_ns, window, {int(row["id"])}, bool(reading.get("relative")))
    found = next((one for one in made if one.panel.title == row.get("title")), None)
    if found is None:
        return None
    return replace(
        found,
        state=cast(RequestState, reading.get("asked")),
        why=str(reading.get("why") or ""),
        range=_range(reading.get("range")),
        whole=whole,
        relative=bool(reading.get("relative")),
        interval=Interval(int(reading.get("interval_ms") or 0), found.interval.text),
        max_data_points=int(reading.get("max_data_points") or 0),
        queries=tuple(_queries(reading)),
        notes=(),
    )


def _queries(reading: "JsonReading") -> Iterator[Query]:
    for request in reading.get("requests") or ():
        source = request["datasource"]
        datasource = Datasource(str(source["uid"]), str(source["name"]), str(source["type"]))
        yield Query(datasource, str(request["path"]), dict(request["body"]), frozenset(request.get("hidden") or ()))


def _board(model: Mapping[str, Any], inputs: "JsonInputs") -> Board:
    listed = {
        str(row["name"]): {
            "uid": row.get("uid"),
            "name": row.get("name"),
            "type": row.get("type"),
            "jsonData": row.get("settings") or {},
            "database": row.get("database") or "",
            "isDefault": bool(row.get("default")),
        }
        for row in inputs.get("datasources") or ()
    }

    def nobody(_query: Query) -> tuple[dict[str, Json], Probe]:
        raise _NotKept

    return Board(load_dashboard(model, "the kept dashboard"), Datasources(listed), nobody, {})


def _expectations(inputs: "JsonInputs") -> dict[int, Expectation]:
    entries = {
        row["panel"]: {key: value for key in _EXPECTED if (value := value_at(row, key)) not in ("", None)}
        for row in inputs.get("expectations") or ()
    }
    return load_expectations({"panels": entries}, "the kept expectations")


def _last_hop(
    document: "Document",
    place: str,
    run: Run,
    judged: list[PanelVerdict],
    held: Yardstick,
    found: Recomputed,
) -> None:
    for n, hop in enumerate(document.get("hops") or ()):
        rows = hop.get("events")
        if hop.get("hop") != "panel" or hop.get("verdict") == "unknown" or rows is None:
            continue
        again = panel_hop(hop["path"], run, judged, held.expectations, 0)
        if again is None:
            found.same("hops", f"{place}hops[{n}]", "a panel hop", "no panel shows lines of this path")
            continue
        seen = [row["tag"] for row in rows if row.get("seen_ns") is not None]
        found.same("hops", f"{place}hops[{n}].events", sorted(seen), sorted(set(again.seen) & set(again.wanted)))
        found.same("hops", f"{place}hops[{n}].sent", hop.get("sent"), len(again.wanted))


def _range(span: Any) -> TimeRange:
    return TimeRange(int(span["start_ns"]) // MS, int(span["end_ns"]) // MS)
