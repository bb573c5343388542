"""escaped-variable: a variable with several values between backticks.

Grafana escapes the values of such a variable with two backslashes for a double-quoted text; between backticks both
stay, and the expression matches nothing (seen on Loki 3.5.9).
"""

from collections.abc import Iterator

from obs_check.evidence.variables import plain_references
from obs_check.lint.compared_texts import compared_texts, held_several
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import mappings
from obs_check.lint.rule import LintRule
from obs_check.panel.elements import Variable
from obs_check.panel.escaping import special_escape, within_backticks
from obs_check.panel.variables import ALL, custom_options


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.board is None or question.language != "logql" or not question.is_asked:
            continue
        several = {v.name: v for v in question.board.dashboard.variables if v.multi or v.include_all}
        whys: dict[str, list[str]] = {}
        # Of these several-values speaks.
        halved = set().union(*map(plain_references, compared_texts(question))) & set(held_several(question))
        for name in within_backticks(question.raw):
            if name in several and name not in halved and (why := _special(several[name])):
                whys.setdefault(why, []).append(name)
        for why, names in whys.items():
            stand = "stand" if len(names) > 1 else "stands"
            claim = (
                f"{' and '.join(f'${n}' for n in names)} may hold several values and {stand} between backticks: {why}"
            )
            yield question.spot, claim, f'write it in double quotes, "${names[0]}", or as ${{{names[0]}:regex}}'


def _special(variable: Variable) -> str:
    """Why the escaped text matches nothing; "" where no known value has a character that is escaped."""
    options = [str(o.get("value")) for o in mappings(variable.raw.get("options")) if o.get("value") != ALL]
    values = [value for _, value in custom_options(variable)] if variable.type == "custom" else options
    if variable.type == "custom" or values:
        found = next((v for v in values if "\\" in special_escape(v)), None)
        return f"{found!r} is sent as `{special_escape(found)}`, which matches nothing" if found else ""
    return "a value with . - or another sign of a regular expression matches nothing then".replace(" -", "")


RULE = LintRule("escaped-variable", "error", "a variable of several values is escaped inside backticks", _find)
