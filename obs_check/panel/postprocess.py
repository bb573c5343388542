"""What a datasource's front end makes of the backend's frames before any transformation."""

from collections.abc import Mapping, Sequence

from obs_check.panel.frames import Field, Frame, RefResult


def postprocess(
    results: Mapping[str, RefResult], kinds: Mapping[str, str], queries: Mapping[str, Mapping[str, object]]
) -> list[Frame]:
    """All frames as the panel gets them. `kinds` is refId -> plugin id, `queries` refId -> what was asked.

    Loki instant: one table per refId whose value column is `Value #<refId>`, even for one query. Prometheus with
    `format: table`: one table per refId, `Value` for one such query and `Value #A` for several.
    """
    tables = [r for r, q in queries.items() if q.get("format") == "table" and "prometheus" in kinds.get(r, "")]
    frames: list[Frame] = []
    for ref_id, result in results.items():
        kind, query = kinds.get(ref_id, ""), queries.get(ref_id, {})
        if kind == "loki" and query.get("queryType") == "instant" and _is_metric(result.frames):
            frames += _table(result.frames, ref_id, f"Value #{ref_id}")
        elif ref_id in tables:
            frames += _table(result.frames, ref_id, f"Value #{ref_id}" if len(tables) > 1 else "Value")
        else:
            frames += result.frames
    return frames


def _is_metric(frames: Sequence[Frame]) -> bool:
    return any(f.type == "number" for frame in frames for f in frame.fields)


def _table(frames: Sequence[Frame], ref_id: str, value_name: str) -> list[Frame]:
    """One table: Time, a column a label sorted by name (an absent label is empty), and the value."""
    series = [(t, v) for frame in frames for t, v in [_time_and_value(frame)] if t is not None and v is not None]
    if not series:
        return []
    names = sorted({name for _, value in series for name in value.labels})
    times = [at for time, _ in series for at in time.values]
    columns = [Field("Time", "time", times)]
    columns += [
        Field(name, "string", [value.labels.get(name, "") for _, value in series for _ in value.values])
        for name in names
    ]
    columns.append(Field(value_name, "number", [v for _, value in series for v in value.values]))
    return [Frame(columns, ref_id, meta={"preferredVisualisationType": "table"})]


def _time_and_value(frame: Frame) -> tuple[Field | None, Field | None]:
    time = next((f for f in frame.fields if f.type == "time"), None)
    value = next((f for f in frame.fields if f.type == "number"), None)
    return time, value
