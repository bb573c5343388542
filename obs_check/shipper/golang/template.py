"""Go's text/template with the functions that the template and replace stages of a shipper know."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from obs_check.errors import QueryError
from obs_check.golang.template.compile import CompiledTemplate as Compiled
from obs_check.golang.template.compile import compile_template
from obs_check.golang.template.sprig import FUNCTIONS, NOT_SIMULATED
from obs_check.golang.template.values import MISSING, TemplateFault

__all__ = ["BadTemplate", "StageTemplate", "TemplateFault", "parse"]


class BadTemplate(ValueError):
    """A text that is not a template, or uses what is not known here."""


@dataclass(frozen=True)
class StageTemplate:
    """A parsed template. `unseen` are functions in it that are not simulated: where it calls one, it fails."""

    compiled: Compiled
    unseen: tuple[str, ...] = ()

    def render(self, data: Mapping[str, str]) -> str:
        """The text for the fields of `data`; raises TemplateFault where Go's execution stops with an error."""
        return self.compiled.render(data, None)


def parse(text: str) -> StageTemplate:
    """The template in a text; a field that is not there has no value. Raises BadTemplate."""
    try:
        compiled = compile_template(text, "pipeline_template", FUNCTIONS, MISSING)
    except QueryError as error:
        raise BadTemplate(re.sub(r"^template: \w+:\d+: ", "", error.message)) from None
    return StageTemplate(compiled, tuple(name for name in NOT_SIMULATED if name in compiled.functions))
