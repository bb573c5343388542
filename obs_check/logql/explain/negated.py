"""The stages that keep what a filter drops, so that a Loki can be asked for one such line."""

from dataclasses import replace

from obs_check.logql.stages.label_filter import FILTER_ERROR, texts_only
from obs_check.logql.stages.row import ERROR
from obs_check.logql.syntax import ast

_LINE: dict[ast.LineFilterOp, ast.LineFilterOp] = {
    "|=": "!=",
    "!=": "|=",
    "|~": "!~",
    "!~": "|~",
    "|>": "!>",
    "!>": "|>",
}
_TEXT: dict[ast.MatchOp, ast.MatchOp] = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_COMPARISON: dict[ast.CompareOp, ast.CompareOp] = {
    "==": "!=",
    "!=": "==",
    ">": "<=",
    "<=": ">",
    "<": ">=",
    ">=": "<",
}
_READ = ast.LabelFilter(ast.StringPredicate(ast.Matcher(ERROR, "!=", FILTER_ERROR)))


def negate_stage(stage: ast.Stage) -> tuple[ast.Stage, ...]:
    """Filters that keep the lines which this one drops; none for a stage that is not a filter.

    A comparison with a number drops lines without the label, and keeps those with a value that it cannot read
    (Loki 3.5): so does its opposite, behind which these are taken out.
    """
    match stage:
        case ast.LineFilter():
            return (replace(stage, op=_LINE[stage.op]),)
        case ast.LabelFilter(predicate):
            opposite = ast.LabelFilter(_opposite(predicate))
            return (opposite,) if texts_only(predicate) else (opposite, _READ)
        case _:
            return ()


def _opposite(predicate: ast.Predicate) -> ast.Predicate:
    match predicate:
        case ast.AndPredicate(left, right):
            return ast.OrPredicate(_opposite(left), _opposite(right))
        case ast.OrPredicate(left, right):
            return ast.AndPredicate(_opposite(left), _opposite(right))
        case ast.StringPredicate(matcher):
            return ast.StringPredicate(replace(matcher, op=_TEXT[matcher.op]))
        case ast.IpPredicate():
            other: ast.Predicate = replace(predicate, op="!=" if predicate.op == "=" else "=")
            # A line with an error passes either way.
            sound = ast.StringPredicate(ast.Matcher(ERROR, "=", ""))
            return ast.AndPredicate(sound, ast.OrPredicate(other, _absent(predicate.name)))
        case _:
            return ast.OrPredicate(replace(predicate, op=_COMPARISON[predicate.op]), _absent(predicate.name))


def _absent(name: str) -> ast.Predicate:
    return ast.StringPredicate(ast.Matcher(name, "=", ""))
