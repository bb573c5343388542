"""Go's text/template with the functions that the template and replace stages of a shipper know."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from obs_check.errors import QueryError
from obs_check.logql.template.compile import Moment, compile_template
from obs_check.logql.template.compile import Template as Compiled
from obs_check.logql.template.lex import Action, split_template
from obs_check.logql.template.values import MISSING, TemplateFault
from obs_check.shipper.golang.template_functions import FUNCTIONS, NOT_SIMULATED

__all__ = ["BadTemplate", "Template", "TemplateFault", "parse"]

_NOW = Moment("", 0)
_BLOCKS = {"if", "with", "range"}


class BadTemplate(ValueError):
    """A text that is no template, or uses what is not known here."""


@dataclass(frozen=True)
class Template:
    """A parsed template. `unseen` are functions in it that are not simulated: where it calls one, it fails."""

    compiled: Compiled
    unseen: tuple[str, ...] = ()

    def render(self, data: Mapping[str, str]) -> str:
        """The text for the fields of `data`; raises TemplateFault where Go's execution stops with an error."""
        return self.compiled.render(data, _NOW)


def parse(text: str, absent: Any = MISSING) -> Template:
    """The template in a text, where a field that is not there is `absent`; raises BadTemplate."""
    try:
        compiled = compile_template(text, "pipeline_template", FUNCTIONS, absent)
    except QueryError as error:
        raise BadTemplate(re.sub("^invalid template: ", "", error.message)) from None
    _check_names(text)
    names = {token.text for part in split_template(text) if isinstance(part, Action) for token in part.tokens}
    return Template(compiled, tuple(name for name in NOT_SIMULATED if name in names))


def _check_names(text: str) -> None:
    """What Go refuses when it parses, whatever runs: variables that nothing declares, `break` outside of `range`."""
    known, open_blocks = {"$"}, list[str]()
    for part in split_template(text):
        tokens = part.tokens if isinstance(part, Action) else ()
        first = tokens[0].text if tokens else ""
        declares = any(token.kind == "declare" for token in tokens)
        for n, token in enumerate(tokens):
            if token.kind != "variable":
                continue
            if declares and all(t.kind in {"variable", ","} or t.text in _BLOCKS for t in tokens[:n]):
                known.add(token.text)
            elif token.text not in known:
                raise BadTemplate(f"undefined variable {token.text}")
        if first in _BLOCKS:
            open_blocks.append(first)
        elif first == "end" and open_blocks:
            open_blocks.pop()
        elif first in {"break", "continue"} and "range" not in open_blocks:
            raise BadTemplate(f"{{{{{first}}}}} outside of {{{{range}}}}")
