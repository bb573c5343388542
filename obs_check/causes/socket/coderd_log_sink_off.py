"""socket.coderd-log-sink-off: coderd takes the decisions and logs nothing.

`CODER_LOGGING_HUMAN=/dev/null` without `CODER_LOGGING_JSON` leaves coderd without a log. Seen in the agent's counter:
batches were forwarded in the run's time, and coderd's log did not grow in it at all.
"""

from obs_check.evidence.agent_counters import BATCHES_DROPPED, FORWARDED, counter_at
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.window import NS
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """No tag in the log, and no other line either, while the forwarded counter rose."""
    lost = lost_before_coderd(context)
    if lost is None or lost[0].seen or context.run is None or lost[0].hop != "coderd":
        return None
    glob, start_s = context.named.coderd_glob, context.run.window.start_ns / NS
    written = {str(path): context.files.changed_s(path) for path in context.files.matching(glob)}
    if any(at is not None and at >= start_s for at in written.values()):
        return None
    log = Probe("file", f"when {glob} was last written to (s since the epoch)", written, context.now_ns())
    now = counter_at(context, FORWARDED, context.now_ns())
    before = counter_at(context, FORWARDED, context.run.window.start_ns)
    if now is None or before is None or now.total <= before.total:
        return None
    dropped = counter_at(context, BATCHES_DROPPED, context.now_ns())
    if dropped is not None and dropped.total:
        return None
    hop, missing = lost
    return CAUSE.finding(
        claim=f"the agent forwarded {now.total - before.total:g} batches to coderd since the run began and dropped "
        f"none, and coderd's log has 0 of {count_noun(len(missing), 'decision')} and no line since: no log sink is set",
        evidence=Observation((*hop.probes, log, before.probe, now.probe, *([dropped.probe] if dropped else []))),
        fix=Fix("set CODER_LOGGING_JSON=/dev/stderr for coderd and restart it"),
        panels=context.panels_of("B"),
    )


CAUSE = on_run("socket.coderd-log-sink-off", "coderd", find)
