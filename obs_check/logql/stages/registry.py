"""Every kind of stage, and the one that a stage or a word is of."""

from typing import Any

from obs_check.logql.stages.formats import LABEL_FORMAT, LINE_FORMAT
from obs_check.logql.stages.json import JSON
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.label_filter import LABEL_FILTER
from obs_check.logql.stages.line_filter import LINE_FILTER
from obs_check.logql.stages.logfmt import LOGFMT
from obs_check.logql.stages.pattern import PATTERN
from obs_check.logql.stages.regexp import REGEXP
from obs_check.logql.stages.select import DECOLORIZE, DROP_LABELS, KEEP_LABELS
from obs_check.logql.stages.unpack import UNPACK
from obs_check.logql.syntax import ast

KINDS: tuple[StageKind[Any], ...] = (
    LINE_FILTER,
    LABEL_FILTER,
    JSON,
    LOGFMT,
    REGEXP,
    PATTERN,
    UNPACK,
    LINE_FORMAT,
    LABEL_FORMAT,
    DROP_LABELS,
    KEEP_LABELS,
    DECOLORIZE,
)
BY_WORD = {kind.node.WORD: kind for kind in KINDS if kind.read is not None}
_BY_NODE = {kind.node: kind for kind in KINDS}


def kind_of(stage: ast.Stage) -> StageKind[Any]:
    """The kind of a stage."""
    return _BY_NODE[type(stage)]


def effect_of(stage: ast.Stage) -> Effect:
    """What a stage may do to a line."""
    return kind_of(stage).effect(stage)
