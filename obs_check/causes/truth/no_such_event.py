"""truth.no-such-event: a panel was right to read zero: nothing that it counts had happened.

Proved by the positive control: the panel moved from zero by exactly what was sent.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """The panels that the control moved from zero by exactly the run's events."""
    true = [c for c in context.panels.controls if c.meaning == "true_zero"]
    if context.run is None or not true:
        return None
    first = true[0]
    moved = {f"panel {c.panel.id}": [c.before.text, c.after.text] for c in true}
    read = Probe("panel", "what the panels read before and after the events", moved, context.now_ns())
    return CAUSE.finding(
        claim=f"the zero was true: `{first.panel.title}` moved from {first.before.text} to {first.after.text}, by "
        f"exactly the {count_noun(len(context.run.events), 'event')} that were sent"
        + (f"; {len(true)} panels in all did so" if len(true) > 1 else ""),
        evidence=Observation((*(probe for control in true for probe in control.probes), read)),
        fix=Fix("nothing to fix"),
        panels=tuple(sorted({c.panel.id for c in true})),
    )


CAUSE = on_run("truth.no-such-event", "panel", find, asked="truth", severity="info")
