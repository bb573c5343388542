"""panel.metric-absent: a PromQL query names a metric that Prometheus does not have and did not have for days.

`or vector(0)` makes a 0 of it; the nearest name is tried.
"""

from dataclasses import replace
from difflib import SequenceMatcher, get_close_matches
from functools import partial

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.prometheus_absence import absent_selectors, metric_names, targets
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, Fix, TargetEdit

_LIKE = 0.75
"""How like two names, and the words in which they differ, must be for one to be the other misspelt."""


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask for the names there are, and read the panel with the nearest one."""
    for absence in absent_selectors(context, broken):
        if absence.others or absence.earlier:
            continue
        metric, target = absence.selector.metric, absence.target
        names, listed = metric_names(context, absence)
        masked = ", which the query turns into 0" if broken.reading.state == "zero_masked" else ""
        claim = f"no series is named `{metric}` now or in the 7 days before{masked}"
        for near in filter(partial(_is_slip, metric), get_close_matches(metric, names, 3, _LIKE)):
            after = target.text.replace(metric, near)
            change = try_edits(context, broken, [TargetEdit(broken.panel.id, target.ref_id, target.text, after)])
            if change.helps:
                claim += f"; with `{near}` the panel reads {reading_text(change.reading)}"
                more = (*absence.probes, listed)
                return tried_finding(context, broken, CAUSE, claim, change, f"use the metric `{near}`", more)
        scraped, asked = targets(context, absence)
        up = [t for t in scraped if t.get("health") == "up"]
        if up and not names:
            # A target that is up has at least the series `up`: what is not there is what Prometheus stores, as after
            # its clock was set back, and no one metric.
            continue
        claim += f"; {len(names)} other names are there, from {len(up)} of {len(scraped)} targets that are up"
        fix = Fix(f"let a target show `{metric}`, or ask for a metric that is there")
        absent = absence.finding(broken, CAUSE, claim, (listed, asked), fix)
        # Unless it goes by another name, the first event may be what makes it.
        return replace(absent, until_event=True)
    return None


def _is_slip(metric: str, near: str) -> bool:
    """Whether one name is the other misspelt, or with a word too few: `dropped` is not `forwarded`."""
    words, others = (name.split("_") for name in (metric, near))
    apart = [
        ("_".join(words[a:b]), "_".join(others[c:d]))
        for kind, a, b, c, d in SequenceMatcher(None, words, others, False).get_opcodes()
        if kind != "equal"
    ]
    return all(not one or not two or SequenceMatcher(None, one, two).ratio() >= _LIKE for one, two in apart)


CAUSE = on_panel("panel.metric-absent", "panel", find)
