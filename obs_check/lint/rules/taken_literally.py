"""taken-literally: what looks like a group or a class in a text of a stage stands for itself there."""

import re
from collections.abc import Iterator

from obs_check.lint.issue import Found, Spot
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.shipper.environment import is_known
from obs_check.shipper.item import Stage
from obs_check.shipper.stages.parse_regex import Regex
from obs_check.shipper.stages.template import Replace

_GROUP = re.compile(r"\$(?:\d|\{\w+\})")
_CLASS = re.compile(r"(?<!\\)(?:\\\\)+[SsDdWw][+*{]")


def _find(material: Material) -> Iterator[Found]:
    for shipper in material.shippers:
        told: set[tuple[Spot, str]] = set()
        for job, _ in shipper.flows:
            for stage in job.pipeline.every():
                for text, why, remedy in _literal(stage):
                    spot = shipper.spot(job, text, stage=stage)
                    if (spot, why) not in told:
                        told.add((spot, why))
                        yield spot, f"job {job.name}: {why}", remedy


def _literal(stage: Stage) -> Iterator[tuple[str, str, str]]:
    """The text, what is wrong with it, and the remedy."""
    # Promtail 3.5 and Alloy: the captured group is replaced, by a text that is a template of Go.
    if isinstance(stage, Replace) and is_known(stage.replace) and (group := _GROUP.search(stage.replace)):
        why = f"`replace` writes {group[0]} as it stands there, in the place of what the group captures"
        remedy = "capture what has to go, and nothing else; {{ .Value }} is the captured text"
        yield stage.replace, why, remedy
    if isinstance(stage, Regex | Replace) and (twice := _CLASS.search(stage.expression)):
        why = f"{twice[0]} in `expression` asks for a backslash and the letter behind it"
        remedy = f"write {twice[0].replace(chr(92) * 2, chr(92))}: quotes of this kind leave both backslashes"
        yield stage.expression, why, remedy


RULE = LintRule("taken-literally", "error", "a group or a class that stands for itself in a text of a stage", _find)
