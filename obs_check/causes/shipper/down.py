"""shipper.down: nobody listens where the shipper should answer, and nothing that was written since came to Loki.

That a system does not answer is not a finding by itself. It is one here because the others do answer: the files have
the lines, the configuration would push every one of them, Loki has none, and the machine refuses the connection to the
shipper's port (a network that swallows packets would let it time out, which claims nothing).
"""

from pathlib import Path

import yaml

from obs_check.documents.yaml_tree import Loader
from obs_check.errors import Unavailable
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, lossy_paths, shipper_answers
from obs_check.evidence.shipper_rules import Rules, shipper_rules, simulation_probe
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe


def find(context: Context) -> Finding | None:
    """A refused connection, and a configuration that would push the lines of which Loki has none."""
    seen = lossy_paths(context)
    if context.shipper is None or all(shipper_answers(one) for one in seen):
        return None
    config = shipper_rules(context)
    if config is None:
        return None
    if any(one.lost != one.found for one in seen):
        return None
    try:
        context.shipper.state()
        return None
    except Unavailable as error:
        if not _refused(error):
            raise
        words = error.message
    now = context.now_ns()
    probes = [Probe("shipper", "GET /metrics", words, now)]
    lines = pushed = 0
    for one in seen:
        ran = config.run(one.file, one.lost_lines, now)
        lines += len(one.lost_lines)
        pushed += len(ran.shipped) if ran else 0
        probes.append(simulation_probe(f"simulate {config.path.name} on the lost lines", ran, len(one.lost_lines), now))
    if not pushed:
        return None
    behind = _position(context, config, seen[0])
    if behind is not None:
        probes.append(behind)
    return CAUSE.finding(
        claim=f"the connection to the shipper is refused and 0 of {sum(len(s.found) for s in seen)} lines are in "
        f"Loki; its configuration would push {pushed} of the {lines} lost lines",
        evidence=Observation((*(p for one in seen for p in one.probes), *probes)),
        fix=Fix("start the shipper; where it ends at once, the last line of its log says why"),
        panels=context.panels_of(*(one.path for one in seen)),
    )


def _refused(error: BaseException | None) -> bool:
    """Whether the machine said that nobody listens there."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _position(context: Context, config: Rules, one: PathLines) -> Probe | None:
    """How far the positions file says that the file was read; None where there is no such file here."""
    try:
        document = yaml.load(context.files.read_text(Path(config.config.positions)), Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    positions = document.get("positions") if isinstance(document, dict) else None
    at = positions.get(one.file) if isinstance(positions, dict) else None
    return Probe("file", f"position of {one.file} in {config.config.positions}", at, context.now_ns())


CAUSE = on_run("shipper.down", "shipper", find)
