"""All stages by their key, and how a list of stages is read."""

from collections.abc import Callable

from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.item import Stage
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages.containers import Cri, Docker
from obs_check.shipper.stages.drop import Drop
from obs_check.shipper.stages.eventlog import EventLogMessage
from obs_check.shipper.stages.labels import AddLabels, LabelAllow, LabelDrop, StaticLabels, StructuredMetadata
from obs_check.shipper.stages.limits import Limit, Sampling
from obs_check.shipper.stages.match import Match
from obs_check.shipper.stages.multiline import Multiline
from obs_check.shipper.stages.output import DecolorizeStage, OutputStage
from obs_check.shipper.stages.pack import Pack
from obs_check.shipper.stages.parse_json import Json
from obs_check.shipper.stages.parse_logfmt import Logfmt
from obs_check.shipper.stages.parse_regex import Regex
from obs_check.shipper.stages.template import FromTemplate, Replace
from obs_check.shipper.stages.tenant import Tenant
from obs_check.shipper.stages.timestamp import Timestamp
from obs_check.shipper.stages.unseen import GeoIp, MetricsStage

_READERS: dict[str, Callable[[YamlValue], Stage]] = {
    "json": Json.read,
    "logfmt": Logfmt.read,
    "regex": Regex.read,
    "labels": AddLabels.read,
    "structured_metadata": StructuredMetadata.read,
    "non_indexed_labels": StructuredMetadata.read,
    "static_labels": StaticLabels.read,
    "labeldrop": LabelDrop.read,
    "labelallow": LabelAllow.read,
    "timestamp": Timestamp.read,
    "template": FromTemplate.read,
    "replace": Replace.read,
    "output": OutputStage.read,
    "decolorize": DecolorizeStage.read,
    "drop": Drop.read,
    "match": lambda node: Match.read(node, read_stages),
    "docker": Docker.read,
    "cri": Cri.read,
    "multiline": Multiline.read,
    "limit": Limit.read,
    "sampling": Sampling.read,
    "pack": Pack.read,
    "tenant": Tenant.read,
    "eventlogmessage": EventLogMessage.read,
    "metrics": MetricsStage.read,
    "geoip": GeoIp.read,
}


_OF_TEXTS = {
    "json", "logfmt", "regex", "labels", "structured_metadata", "non_indexed_labels", "static_labels", "labeldrop",
    "labelallow", "timestamp", "template", "replace", "output", "match", "tenant", "eventlogmessage",
}  # fmt: skip
_OTHERS = {"drop_malformed", "stages", "drop_invalid_labels", "overwrite_existing"}


def read_stages(node: YamlValue) -> Pipeline:
    """The pipeline in a list of stages; raises ConfigError."""
    return Pipeline(tuple(_stage(item) for item in node.items()))


def _stage(node: YamlValue) -> Stage:
    if not node.is_map():
        raise node.error("a stage is a mapping with one key", "write `- json:` with its settings below")
    if len(node.mapping()) != 1:
        raise node.error(
            f"a stage has one key, here are {', '.join(node.mapping())}", "start each stage with its own dash"
        )
    [(kind, settings)] = node.mapping(_READERS).items()
    if kind in _OF_TEXTS:
        _check_texts(settings)
    return _READERS[kind](settings)


def _check_texts(settings: YamlValue) -> None:
    """Promtail 3.5 refuses booleans and numbers where these stages take texts."""
    texts = settings
    if settings.is_map():
        kept = {key: value for key, value in settings.mapping().items() if key not in _OTHERS}
        texts = YamlValue(kept, settings.file, settings.line, settings.path)
        texts.typed_keys = settings.typed_keys
    texts.needs_text()
