"""panel.variable-empty: a variable is empty, and the comparison it stands in accepts nothing then.

Loki 3.5: label filters with `=~` and an empty text accept everything, with `=` only lines without the label, with `!~`
nothing at all.
"""

import re
from collections.abc import Iterator

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.tried import finding, tried_query, with_it
from obs_check.model.finding import Finding, TargetEdit
from obs_check.panel.elements import Target

_COMPARED = re.compile(
    r"(?P<label>\w+)(?P<left>\s*)(?P<op>!~|=(?!~))(?P<right>\s*)(?P<quote>[`\"])(?P<value>\$\{?\w+\}?|\[\[\w+\]\])(?P=quote)"
)
_HARMLESS = {"=": "=~", "!~": "!="}
"""The operator that an empty text makes no difference to."""


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask with the operator that an empty text does not matter to."""
    sent = {str(q["refId"]): str(q.get("expr") or "") for r in broken.request.queries for q in r.body["queries"]}
    for target in broken.panel.targets:
        for found in _empty(target, sent.get(target.ref_id, "")):
            harmless = _HARMLESS[found["op"]]
            changed = "".join((found["label"], found["left"], harmless, found["right"]))
            after = target.text.replace(found[0], changed + found[0][found.end("right") - found.start() :])
            change = tried_query(context, broken, TargetEdit(broken.panel.id, target.ref_id, target.text, after))
            if change.helps:
                name = found["value"].strip("${}[]")
                claim = (
                    f"the variable {name} is empty and `{found['label']}{found['op']}` compares with it: "
                    f"{with_it(broken, change, f'with `{harmless}`')}"
                )
                return finding(context, broken, CAUSE, claim, change, f"compare with `{harmless}`")
    return None


def _empty(target: Target, sent: str) -> Iterator[re.Match[str]]:
    for found in _COMPARED.finditer(target.text):
        quote = found["quote"]
        filled = re.compile(rf"\b{found['label']}\s*{re.escape(found['op'])}\s*{quote}{quote}")
        if filled.search(sent):
            yield found


CAUSE = on_panel("panel.variable-empty", "panel", find)
