"""A path's lines as Loki has them: for causes whose lines arrive, but not as the dashboard needs them."""

from dataclasses import dataclass

from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, lost_paths
from obs_check.evidence.selectors import lines_of
from obs_check.evidence.shipper_rules import Rules, Taken, shipper_rules
from obs_check.model.entry import Labels
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window
from obs_check.shipper.simulate import Simulation


@dataclass(frozen=True, slots=True)
class ShippedPath:
    """A path with lines in Loki, the job that takes them, and what its pipeline makes of the lines in the file."""

    one: PathLines
    config: Rules
    taken: Taken
    ran: Simulation
    now_ns: int

    @property
    def lines(self) -> list[str]:
        """The run's lines as they are in the file."""
        return list(self.one.lines.values())


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
    found = []
    for one in poor:
        taken, ran = config.takes(one.file), config.run(one.file, one.lines.values(), now)
        if taken is not None and ran is not None and ran.shipped:
            found.append(ShippedPath(one, config, taken, ran, now))
    return found


def stored_lines(context: Context, path: ShippedPath, limit: int) -> tuple[list[tuple[Labels, str]], Probe]:
    """The run's lines of a path as Loki has them now, by the labels that the pipeline gives them."""
    window = Window(context.followed_run.window.start_ns - 60 * NS, path.now_ns + 60 * NS)
    return context.loki.lines(lines_of(context.followed_run, path.ran.shipped[0].labels), window, limit)
