"""A path's lines as the shipper's configuration pushes them, and as Loki has them."""

from dataclasses import dataclass

from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, losses, lost_paths, shipper_answers
from obs_check.evidence.selectors import lines_of
from obs_check.evidence.shipper_rules import Rules, Taken, shipper_rules, simulated_evidence, simulation_probe
from obs_check.model.entry import Labels
from obs_check.model.finding import Evidence
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window
from obs_check.shipper.simulate import Simulation


@dataclass(frozen=True, slots=True)
class ShippedPath:
    """A path, the job that takes its file, and what its pipeline makes of `lines` of it: all of the run that are in the
    file, or those that Loki does not have (`lost`)."""

    one: PathLines
    config: Rules
    taken: Taken
    ran: Simulation
    lines: list[str]
    lost: bool
    now_ns: int

    @property
    def simulated(self) -> Probe:
        """The pipeline run on the lines."""
        title = f"simulate the pipeline on the {'lost ' if self.lost else ''}lines"
        return simulation_probe(title, self.ran, len(self.lines), self.now_ns)

    def again(self, after: Rules | None) -> Simulation | None:
        """What a changed configuration makes of the lines; None without one."""
        return after.run(self.one.file, self.lines, self.now_ns) if after else None

    def evidence(self, seen: tuple[Probe, ...], title: str, fixed: Simulation | None) -> Evidence:
        """What was seen, and a changed configuration run on the lines; without that nothing is proved by it."""
        return simulated_evidence(seen, title, fixed, len(self.lines), self.now_ns)


def unarrived_paths(context: Context) -> list[ShippedPath]:
    """The paths of which Loki lacks lines of the run, where the shipper answers, as far as that is known."""
    now = context.now_ns()
    every = (
        _shipped(config, one, one.lost_lines, True, now) for config, one in losses(context) if shipper_answers(one)
    )
    return [path for path in every if path is not None]


def arrived_paths(context: Context) -> list[ShippedPath]:
    """The paths of which Loki has lines of the run and whose panels are wrong all the same."""
    poor = [
        one
        for one in lost_paths(context)
        if one.at_loki.seen and context.panels.failing & set(context.panels_of(one.path))
    ]
    config, now = shipper_rules(context) if poor else None, context.now_ns()
    if config is None:
        return []
    every = (_shipped(config, one, list(one.lines.values()), False, now) for one in poor)
    return [path for path in every if path is not None and path.ran.shipped]


def _shipped(config: Rules, one: PathLines, lines: list[str], lost: bool, now_ns: int) -> ShippedPath | None:
    taken, ran = config.takes(one.file), config.run(one.file, lines, now_ns)
    return None if taken is None or ran is None else ShippedPath(one, config, taken, ran, lines, lost, now_ns)


def stored_lines(context: Context, path: ShippedPath, limit: int) -> tuple[list[tuple[Labels, str]], Probe]:
    """The run's lines of a path as Loki has them now, by the labels that the pipeline gives them."""
    window = Window(context.followed_run.window.start_ns - 60 * NS, path.now_ns + 60 * NS)
    return context.loki.lines(lines_of(context.followed_run, path.ran.shipped[0].labels), window, limit)
