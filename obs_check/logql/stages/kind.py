"""What a stage is, in one record: how it is read and written, the function that it becomes, what it does to a line.

Whoever wants to know what a stage sets, reads or changes asks its `Effect` (registry.py: effect_of). The word that it
begins with and its fields are those of its node in syntax/ast.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.hints import ParserHints
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS, StageFunction
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.style import Style
from obs_check.logql.syntax.tokens import Token

N = TypeVar("N", bound=ast.Stage)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a stage may do to a line. Names are in the order in which they are written.

    `reads` are labels that it looks at; `by_variable` are those of them that Loki 3.5 does not tell the parsers in
    front of it (`{{$.label}}`). It `sets` labels, None for what the line has, and `takes` some away, from every line or
    from some, None for all that it does not name. It `reads_fields` where the line itself names its labels, and not
    their places in the line. `error` is the kind of error that it can give, "" for none; where it `clears_errors` no
    line has one behind it.
    """

    reads: tuple[str, ...] = ()
    by_variable: tuple[str, ...] = ()
    sets: tuple[str, ...] | None = ()
    takes: tuple[str, ...] | None = ()
    drops_lines: bool = False
    reads_line: bool = False
    reads_fields: bool = False
    changes_line: bool = False
    error: str = ""
    clears_errors: bool = False

    @property
    def sets_labels(self) -> bool:
        """Whether a line may have a label behind it that it did not have."""
        return self.sets is None or bool(self.sets)

    @property
    def takes_labels(self) -> bool:
        """Whether a line may lose a label."""
        return self.takes is None or bool(self.takes)

    @property
    def takes_errors(self) -> bool:
        """Whether it takes errors off lines, all of them or some."""
        return self.takes is not None and ERROR in self.takes

    @property
    def takes_only_errors(self) -> bool:
        """Whether it changes nothing on a line without an error."""
        return bool(self.takes) and set(self.takes or ()) <= {ERROR, ERROR_DETAILS} and not self.sets_labels


@dataclass(frozen=True, slots=True)
class StageKind(Generic[N]):
    """`text` is the stage with its pipe. `read` takes what is behind the stage's word, with the token of its pipe; None
    for a filter, which has no word. Loki compiles some `at_once`, as it reads them: what is wrong with them comes
    before an error of the grammar."""

    node: type[N]
    compile: Callable[[N, EngineSettings, ParserHints], StageFunction]
    effect: Callable[[N], Effect]
    text: Callable[[N, Style], str]
    read: Callable[[Cursor, Token], N] | None = None
    at_once: bool = False
