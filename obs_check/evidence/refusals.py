"""Pushes of a run that were refused, and the paths that lost their lines that way."""

from dataclasses import dataclass

from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, losses, shipper_answers
from obs_check.evidence.shipper_rules import Rules, simulation_probe
from obs_check.model.probe import Probe
from obs_check.model.shipping import PushRefusal
from obs_check.model.window import NS
from obs_check.shipper.simulate import Shipped


@dataclass(frozen=True, slots=True)
class PushedPath:
    """A path whose lost lines the shipper read and its pipeline pushes: what was lost was lost behind it. `entries` are
    the lost lines as they are pushed."""

    config: Rules
    one: PathLines
    entries: tuple[Shipped, ...]
    ran: Probe

    @property
    def words(self) -> list[PushRefusal]:
        """Refusals with words, those that are final first."""
        found = [r for r in self.one.evidence.refusals if r.words] if self.one.evidence else []
        return sorted(found, key=lambda r: not r.final)

    @property
    def requests(self) -> dict[str, int]:
        """Pushes of the run by status."""
        account = self.one.evidence.account if self.one.evidence else None
        return dict(account.requests) if account else {}


def pushed_paths(context: Context) -> list[PushedPath]:
    """The paths whose lost lines were read and pushed with about their own time."""
    found = []
    for config, one in losses(context):
        now, lines = context.now_ns(), one.lost_lines
        ran = config.run(one.file, lines, now)
        if ran is None or one.evidence is None or not shipper_answers(one) or not ran.shipped:
            continue
        state = one.evidence.after.file(one.file)
        late = 60 * NS
        start, end = context.followed_run.window.start_ns - late, now + late
        in_time = all(s.ts is None or start <= s.ts <= end for s in ran.shipped)
        if state is None or not state.read_lines or not in_time:
            continue
        probe = simulation_probe("simulate the pipeline on the lost lines", ran, len(lines), now)
        found.append(PushedPath(config, one, tuple(ran.shipped), probe))
    return found


def panels_fed(context: Context, these: list[PushedPath]) -> tuple[int, ...]:
    """The panels that these paths feed."""
    return context.panels_of(*(p.one.path for p in these))


def probes(these: list[PushedPath], *more: Probe) -> tuple[Probe, ...]:
    """What was seen on these paths, and more."""
    return (*(probe for p in these for probe in (*p.one.probes, p.ran)), *more)
