"""labelsToFields: labels of a column become columns (or rows) of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.panel.frames import Field, Frame


def labels_to_fields(frames: Sequence[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """`columns` adds a column a label; `rows` gives a table of label and value a frame. `keepLabels` chooses labels,
    `valueLabel` names the label whose value becomes the value column's name."""
    keep = set(options.get("keepLabels") or ())
    if options.get("mode") == "rows":
        return [_rows(frame, keep) for frame in frames]
    named_by = options.get("valueLabel")
    result = []
    for frame in frames:
        fields: list[Field] = []
        added: dict[str, str] = {}
        for field in frame.fields:
            plain = {k: v for k, v in field.config.items() if k not in {"displayName", "displayNameFromDS"}}
            name = field.labels.get(str(named_by), field.name) if named_by else field.name
            fields.append(replace(field, name=name, labels={}, config=plain) if field.labels else field)
            added |= {k: v for k, v in field.labels.items() if (not keep or k in keep) and k != named_by}
        fields += [Field(k, "string", [v] * frame.rows) for k, v in added.items()]
        result.append(replace(frame, fields=fields))
    return result


def _rows(frame: Frame, keep: set[str]) -> Frame:
    pairs = [(k, v) for f in frame.fields for k, v in f.labels.items() if not keep or k in keep]
    names = Field("label", "string", [k for k, _ in pairs])
    return replace(frame, fields=[names, Field("value", "string", [v for _, v in pairs])])
