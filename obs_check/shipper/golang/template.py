"""Go's text/template with the functions that the template and replace stages of a shipper know."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from obs_check.errors import QueryError
from obs_check.golang.template.compile import CompiledTemplate as Compiled
from obs_check.golang.template.compile import Moment, compile_template
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

    @property
    def local(self) -> bool:
        """Whether it writes a time in the zone of the shipper's machine."""
        return bool(self.compiled.functions & {"date", "htmlDate"})

    def render(self, data: Mapping[str, str], clock: Callable[[], int] | None = None) -> str:
        """The text for the fields of `data`, with the time that `clock` answers, ns since the epoch; raises
        TemplateFault where Go's execution stops with an error, as without a clock where it asks for the time."""
        return self.compiled.render(data, Moment("", 0, clock) if clock is not None else None)


def parse(text: str) -> StageTemplate:
    """The template in a text; a field that is not there has no value. Raises BadTemplate."""
    try:
        compiled = compile_template(text, "pipeline_template", FUNCTIONS, MISSING)
    except QueryError as error:
        raise BadTemplate(re.sub(r"^template: \w+:\d+: ", "", error.message)) from None
    return StageTemplate(compiled, tuple(name for name in NOT_SIMULATED if name in compiled.functions))
