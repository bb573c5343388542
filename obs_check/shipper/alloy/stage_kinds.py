"""The stages of `loki.process` (Alloy 1.18) that are attributes only, as stages of the neutral pipeline.

Most behave as promtail's and are read by the same readers. Those that differ say so where they are defined: `docker`,
`cri`, `multiline`, `timestamp` (lines with one time are set apart), and the additions `regex` of json, logfmt and
structured_metadata, `labels_from_groups` of regex, `source_type` of labels.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from obs_check.documents.yaml_tree import YamlValue
from obs_check.errors import QueryError
from obs_check.logql.stages.pattern import compile_captures
from obs_check.shipper.alloy.arguments import Form
from obs_check.shipper.item import Stage
from obs_check.shipper.stages.alloy_containers import AlloyCri, AlloyDocker
from obs_check.shipper.stages.containers import Cri
from obs_check.shipper.stages.drop import Drop
from obs_check.shipper.stages.eventlog import EventLogMessage
from obs_check.shipper.stages.labels import (
    AddLabels,
    LabelAllow,
    LabelDrop,
    StaticLabels,
    StructuredMetadata,
    StructuredMetadataDrop,
    read_labels,
)
from obs_check.shipper.stages.limits import Limit, Sampling
from obs_check.shipper.stages.luhn import Luhn
from obs_check.shipper.stages.multiline import Multiline
from obs_check.shipper.stages.output import DecolorizeStage, OutputStage
from obs_check.shipper.stages.pack import Pack
from obs_check.shipper.stages.parse_json import Json
from obs_check.shipper.stages.parse_logfmt import Logfmt
from obs_check.shipper.stages.parse_pattern import Pattern
from obs_check.shipper.stages.parse_regex import Regex
from obs_check.shipper.stages.regexes import read_regex
from obs_check.shipper.stages.source import read_source
from obs_check.shipper.stages.split_json import SplitJson
from obs_check.shipper.stages.template import FromTemplate, Replace
from obs_check.shipper.stages.tenant import Tenant
from obs_check.shipper.stages.timestamp import Timestamp
from obs_check.shipper.stages.unseen import GeoIp
from obs_check.shipper.stages.windowsevent import WindowsEvent


@dataclass(frozen=True)
class Kind:
    """One kind of stage: its attributes and how they are read."""

    form: Form
    read: Callable[[YamlValue], Stage]


def without_attributes(node: YamlValue, *names: str) -> YamlValue:
    """The same attributes less some, and less empty texts, which Alloy takes for unset."""
    kept = {k: v for k, v in node.mapping().items() if k not in names and v.data != ""}
    return YamlValue(kept, node.file, node.line, node.path)


def _flag(node: YamlValue, name: str, default: bool = False) -> bool:
    value = node.get(name)
    return value.flag() if value else default


def _regex(node: YamlValue) -> str | None:
    value = node.get("regex")
    return read_regex(value) if value and value.text() else None


def names_in(node: YamlValue, key: str) -> tuple[str, ...]:
    """The texts of a list, none when it is absent."""
    value = node.get(key)
    return tuple(v.text() for v in value.items()) if value else ()


def _json(node: YamlValue) -> Json:
    regex = _regex(node)
    if regex is None or node.get("expressions"):
        stage = Json.read(YamlValue(_kept(node, "regex"), node.file, node.line, node.path))
        return replace(stage, regex=regex, alloy=True)
    return Json((), read_source(node), _flag(node, "drop_malformed"), regex, alloy=True)


def _kept(node: YamlValue, *without: str) -> dict[str, YamlValue]:
    return {k: v for k, v in node.mapping().items() if k not in without}


def _logfmt(node: YamlValue) -> Logfmt:
    regex = _regex(node)
    plain = without_attributes(node, "regex")
    if regex is None or plain.get("mapping"):
        return replace(Logfmt.read(plain), regex=regex)
    return Logfmt((), read_source(plain), regex)


def _regular(node: YamlValue) -> Regex:
    stage = Regex.read(YamlValue(_kept(node, "labels_from_groups"), node.file, node.line, node.path))
    return replace(stage, labels_from_groups=_flag(node, "labels_from_groups"))


def _labels(node: YamlValue) -> AddLabels:
    kind = node.get("source_type")
    if kind and kind.text() not in {"", "extracted", "structured_metadata"}:
        raise kind.error(f"{kind.text()!r} is neither extracted nor structured_metadata")
    stage = AddLabels(read_labels(node.mapping()["values"], any_text=True))
    return replace(stage, from_metadata=bool(kind and kind.text() == "structured_metadata"))


def _metadata(node: YamlValue) -> StructuredMetadata:
    values, regex = node.get("values"), _regex(node)
    if values and values.mapping():
        return StructuredMetadata(read_labels(values, any_text=True), regex)
    return StructuredMetadata((), regex)


def _list(node: YamlValue) -> YamlValue:
    values = node.get("values")
    if values is None or not values.items():
        raise node.error("values is empty", "name at least one")
    return values


def _names_of(node: YamlValue) -> tuple[str, ...]:
    return tuple(v.text() for v in _list(node).items())


def _cri(node: YamlValue) -> AlloyCri:
    lines = node.get("max_partial_lines")
    if lines and lines.integer() <= 0:
        raise lines.error("must be above 0")
    read = Cri.read(node)
    return AlloyCri(read.max_partial_lines, read.max_partial_line_size, read.truncate)


def needs_unit(size: YamlValue | None) -> None:
    """Raises ConfigError for a size that is a number only, which Alloy refuses."""
    if size and size.text()[-1:].isdigit():
        raise size.error(f"{size.text()} has no unit", f"write {size.text()}B")


def _drop(node: YamlValue) -> Drop:
    found = without_attributes(node)
    needs_unit(found.get("longer_than"))
    source = found.get("source")
    if source:
        items = [YamlValue(part, source.file, source.line, source.path) for part in source.text().split(",")]
        found.mapping()["source"] = YamlValue(items, source.file, source.line, source.path)
    return Drop.read(found)


def _multiline(node: YamlValue) -> Multiline:
    stage = Multiline.read(YamlValue(_kept(node, "trim_newlines"), node.file, node.line, node.path))
    if stage.max_wait <= 0:
        raise node.mapping()["max_wait_time"].error("must be above 0")
    return replace(stage, alloy=True, trim_newlines=_flag(node, "trim_newlines", True))


def _timestamp(node: YamlValue) -> Timestamp:
    key = "action_on_duplicate_timestamp"
    action = node.get(key)
    if action and action.text() not in {"", "keep", "fudge"}:
        raise action.error(f"{action.text()!r} is neither keep nor fudge")
    stage = Timestamp.read(without_attributes(node, key))
    return replace(stage, apart=not (action and action.text() == "keep"))


def _luhn(node: YamlValue) -> Luhn:
    skip, length = node.get("skip_regex"), node.get("min_length")
    texts = {name: node.mapping()[name].text() for name in ("replacement", "delimiters") if name in node.mapping()}
    return Luhn(
        read_source(node),
        texts.get("replacement") or Luhn.replacement,
        length.integer() if length and length.integer() >= 1 else Luhn.min_length,
        texts.get("delimiters", ""),
        read_regex(skip) if skip and skip.text() else None,
    )


def _pattern(node: YamlValue) -> Pattern:
    pattern = node.mapping()["pattern"]
    try:
        compile_captures(pattern.text())
    except QueryError as error:
        raise pattern.error(f"not a pattern: {error.message}") from None
    return Pattern(pattern.text(), read_source(node), _flag(node, "labels_from_groups"))


def _windows(node: YamlValue) -> WindowsEvent:
    read = EventLogMessage.read(node)
    return WindowsEvent(read.source, read.drop_invalid_labels, read.overwrite_existing)


def _geoip(node: YamlValue) -> GeoIp:
    return GeoIp(node.mapping()["db"].text(), read_source(node))


_SOURCE = {"source": "text"}
_EVENT = {**_SOURCE, "drop_invalid_labels": "flag", "overwrite_existing": "flag"}
_VALUES = {"values": "texts!"}

KINDS: dict[str, Kind] = {
    "cri": Kind(
        {"max_partial_lines": "number", "max_partial_line_size": "number", "max_partial_line_size_truncate": "flag"},
        _cri,
    ),
    "decolorize": Kind({}, DecolorizeStage.read),
    "docker": Kind({}, lambda _: AlloyDocker()),
    "drop": Kind(
        dict.fromkeys(
            ("source", "separator", "expression", "value", "older_than", "longer_than", "drop_counter_reason"), "text"
        ),
        _drop,
    ),
    "eventlogmessage": Kind(_EVENT, EventLogMessage.read),
    "geoip": Kind({"db": "text!", "source": "text!", "db_type": "text", "custom_lookups": "map"}, _geoip),
    "json": Kind({**_SOURCE, "expressions": "map", "regex": "text", "drop_malformed": "flag"}, _json),
    "label_drop": Kind(_VALUES, lambda node: LabelDrop.read(_list(node))),
    "label_keep": Kind(_VALUES, lambda node: LabelAllow.read(_list(node))),
    "labels": Kind({"values": "map!", "source_type": "text"}, _labels),
    "limit": Kind(
        {
            "rate": "number!",
            "burst": "number!",
            "drop": "flag",
            "by_label_name": "text",
            "max_distinct_labels": "number",
        },
        Limit.read,
    ),
    "logfmt": Kind({**_SOURCE, "mapping": "map", "regex": "text"}, _logfmt),
    "luhn": Kind(
        {**_SOURCE, "replacement": "text", "min_length": "number", "delimiters": "text", "skip_regex": "text"}, _luhn
    ),
    "multiline": Kind(
        {"firstline": "text!", "max_lines": "number", "max_wait_time": "text", "trim_newlines": "flag"}, _multiline
    ),
    "output": Kind({"source": "text!"}, OutputStage.read),
    "pack": Kind({"labels": "texts!", "ingest_timestamp": "flag"}, Pack.read),
    "pattern": Kind({**_SOURCE, "pattern": "text!", "labels_from_groups": "flag"}, _pattern),
    "regex": Kind({**_SOURCE, "expression": "text!", "labels_from_groups": "flag"}, _regular),
    "replace": Kind(
        {**_SOURCE, "expression": "text!", "replace": "text"},
        lambda node: Replace.read(without_attributes(node)),
    ),
    "sampling": Kind({"rate": "number!", "drop_counter_reason": "text"}, Sampling.read),
    "split_json": Kind(_SOURCE, lambda node: SplitJson(read_source(node))),
    "static_labels": Kind({"values": "map!"}, lambda node: StaticLabels.read(node.mapping()["values"])),
    "structured_metadata": Kind({"values": "map", "regex": "text"}, _metadata),
    "structured_metadata_drop": Kind(_VALUES, lambda node: StructuredMetadataDrop(_names_of(node))),
    "template": Kind({"source": "text!", "template": "text!"}, FromTemplate.read),
    "tenant": Kind({"label": "text", "source": "text", "value": "text"}, Tenant.read),
    "timestamp": Kind(
        {
            "source": "text!",
            "format": "text!",
            "fallback_formats": "texts",
            "location": "text",
            "action_on_failure": "text",
            "action_on_duplicate_timestamp": "text",
        },
        _timestamp,
    ),
    "windowsevent": Kind(_EVENT, _windows),
}
"""By name, without `stage.` in front."""
