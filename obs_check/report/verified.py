"""What verifying a bundle found, for a person at a terminal."""

from collections.abc import Iterator

from obs_check.report.bundle import Verified

_MOST = 30
"""Differences that are listed; `-o json` has all."""


def told(found: Verified) -> Iterator[str]:
    """The lines: whether it matches, what does not, what was made anew, what was not checked."""
    run = f"run {found.run}, " if found.run else ""
    what = f"{run}{found.command}, verdict {found.verdict}, made by obs-check {found.made_by}"
    yield f"{'matches' if found.matches else 'DOES NOT MATCH'}: {what}"
    for file, problem in found.problems:
        yield f"  {file}: {problem}"
    differences = found.recomputed.differences
    for one in differences[:_MOST]:
        yield f"  {one.place}: says {one.kept}, has to be {one.found}"
    if len(differences) > _MOST:
        yield f"  and {len(differences) - _MOST} more"
    if found.recomputed.counts:
        counts = ", ".join(f"{number:,} of {kind}" for kind, number in found.recomputed.counts.items())
        yield f"made anew: {counts}"
    if found.signed_by:
        yield f"signed by {found.signed_by}"
    for place, why in {**found.left, **found.recomputed.left}.items():
        yield f"not checked: {place}: {why}"
