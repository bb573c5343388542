"""What is said of panels that no cause explains: how far their lines get, and what would tell more."""

from collections.abc import Mapping, Sequence

from obs_check.app.verify.verdicts import PanelVerdict, Yardstick
from obs_check.evidence.context import Context
from obs_check.evidence.funnel import Rung
from obs_check.model.wording import count_noun

_TOLD_BY: Mapping[str, tuple[tuple[str, str], ...]] = {
    "A": (("file", "`boundary.logs`"), ("shipper", "`shipper`")),
    "B": (("coderd", "`coderd.logs`"), ("shipper", "`shipper`")),
}
"""The keys of obs-check.yaml that let hops of a path be looked at, in the order of its lines."""


def lost_in_words(context: Context, path: str, ids: Sequence[int]) -> str:
    """One sentence on the panels that show all that got to Loki on a path: between which hops the rest is lost, and
    what would tell more."""
    at_loki = context.hop(path, "loki")
    looked = [hop for hop in context.hops if hop.path == path and hop.hop not in ("loki", "panel") and not hop.unknown]
    counts = (len(at_loki.seen), len(at_loki.wanted)) if at_loki is not None else (0, 0)
    seen = f"{counts[0]} of {count_noun(counts[1], 'event')} are in Loki"
    where = f", {len(looked[-1].seen)} at the hop before it ({looked[-1].hop})" if looked else ""
    unlooked = [key for hop, key in _TOLD_BY.get(path, ()) if context.hop(path, hop) is None]
    more = f"; {', '.join(unlooked)} in obs-check.yaml would tell more" if unlooked else ""
    which = _numbered(ids)
    return f"{which}: {seen} on path {path}{where}: lines are lost between the two, the queries are not to blame{more}"


def rungs_in_words(rungs: Sequence[Rung]) -> str:
    """How far the lines of a panel's last query got, as far as it was asked."""
    if not rungs:
        return "it has no Loki query"
    return ", ".join(f"{f'{rung.lines:g} lines pass' if rung.lines else 'none passes'} `{rung.text}`" for rung in rungs)


def _numbered(ids: Sequence[int]) -> str:
    every = list(dict.fromkeys(ids))
    return f"panel{'s' if len(every) > 1 else ''} {', '.join(map(str, every))}"


def idle_in_words(held: Yardstick, empty: Mapping[int, str], idle: Sequence[PanelVerdict]) -> list[str]:
    """One sentence on the panels of which nobody knows whether they should read something, if there are any, with the
    part of its query that leaves each without lines."""
    if not idle:
        return []
    ids = list(dict.fromkeys(row.view.panel.id for row in idle))
    what = f"{_numbered(ids)} {'read' if len(ids) > 1 else 'reads'} nothing"
    ends: dict[str, list[int]] = {}
    for number in ids:
        if empty.get(number):
            ends.setdefault(empty[number], []).append(number)
    where = ", ".join(
        f"`{part}` ({_numbered(numbers)})" if len(ids) > 1 else f"`{part}`" for part, numbers in ends.items()
    )
    more = f"; no line passes {where}" if where else ""
    if held.run is None:
        return [f"{what}, which may be true: `diagnose --inject` sends events and tells{more}"]
    return [f"{what}, and no expectation says whether the run has to show there: write one where it has to{more}"]
