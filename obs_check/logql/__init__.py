"""LogQL of Loki 3.5: text to tree and back; the stages that a line passes; the engine that evaluates a tree."""

from obs_check.logql.syntax.parse import parse
from obs_check.logql.syntax.printer import to_text

__all__ = ["parse", "to_text"]
