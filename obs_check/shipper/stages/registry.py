"""Every kind of stage, and how a list of promtail's stages is read."""

from obs_check.documents.nearest import nearest
from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.item import Stage
from obs_check.shipper.pipeline import PassedOver, Pipeline
from obs_check.shipper.stages.containers import CRI, DOCKER
from obs_check.shipper.stages.declaration import StageDeclaration
from obs_check.shipper.stages.drop import DROP
from obs_check.shipper.stages.eventlog import EVENTLOGMESSAGE
from obs_check.shipper.stages.labels import (
    LABELALLOW,
    LABELDROP,
    LABELS,
    STATIC_LABELS,
    STRUCTURED_METADATA,
    STRUCTURED_METADATA_DROP,
)
from obs_check.shipper.stages.limits import LIMIT, SAMPLING
from obs_check.shipper.stages.luhn import LUHN
from obs_check.shipper.stages.match import MATCH
from obs_check.shipper.stages.multiline import MULTILINE
from obs_check.shipper.stages.output import DECOLORIZE, OUTPUT
from obs_check.shipper.stages.pack import PACK
from obs_check.shipper.stages.parse_json import JSON
from obs_check.shipper.stages.parse_logfmt import LOGFMT
from obs_check.shipper.stages.parse_pattern import PATTERN
from obs_check.shipper.stages.parse_regex import REGEX
from obs_check.shipper.stages.split_json import SPLIT_JSON
from obs_check.shipper.stages.template import REPLACE, TEMPLATE
from obs_check.shipper.stages.tenant import TENANT
from obs_check.shipper.stages.timestamp import TIMESTAMP
from obs_check.shipper.stages.truncate import TRUNCATE
from obs_check.shipper.stages.unseen import GEOIP, METRICS
from obs_check.shipper.stages.windowsevent import WINDOWSEVENT

KINDS: tuple[StageDeclaration, ...] = (
    JSON, LOGFMT, REGEX, PATTERN, SPLIT_JSON, LABELS, STRUCTURED_METADATA, STRUCTURED_METADATA_DROP, STATIC_LABELS,
    LABELDROP, LABELALLOW, TIMESTAMP, TEMPLATE, REPLACE, LUHN, OUTPUT, TRUNCATE, DECOLORIZE, DROP, MATCH, DOCKER, CRI,
    MULTILINE, LIMIT, SAMPLING, PACK, TENANT, EVENTLOGMESSAGE, WINDOWSEVENT, METRICS, GEOIP,
)  # fmt: skip
PROMTAIL = {key: kind for kind in KINDS for key in kind.promtail}
"""By key in promtail's YAML."""
ALLOY = {kind.alloy: kind for kind in KINDS if kind.alloy}
"""By name behind `stage.`."""


def read_stages(node: YamlValue) -> Pipeline:
    """The pipeline in a list of promtail's stages; raises ConfigError."""
    passed_over: list[PassedOver] = []
    return Pipeline(tuple(_stage(item, passed_over) for item in node.items()), tuple(passed_over))


def _stage(node: YamlValue, passed_over: list[PassedOver]) -> Stage:
    if not node.is_map():
        raise node.error("a stage is a mapping with one key", "write `- json:` with its settings below")
    if len(node.mapping()) != 1:
        raise node.error(
            f"a stage has one key, here are {', '.join(node.mapping())}", "start each stage with its own dash"
        )
    [(key, settings)] = node.mapping(PROMTAIL).items()
    kind = PROMTAIL[key]
    known, others = kind.known_of(settings)
    near = {name: nearest(name, kind.settings) for name in others}
    passed_over += [PassedOver(value.file, value.line, key, name, near[name]) for name, value in others.items()]
    return kind.from_promtail(known, read_stages)
