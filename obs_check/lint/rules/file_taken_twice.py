"""file-taken-twice: two targets collect the same file, so every line is pushed twice."""

from collections.abc import Iterator
from itertools import product

from obs_check.errors import ConfigError
from obs_check.lint.issue import Found
from obs_check.lint.material import Material, ShipperFile
from obs_check.lint.rule import LintRule
from obs_check.shipper.glob import fits_pattern, ways
from obs_check.shipper.targets import RelabeledTarget, find_targets, push_twice, report

_REMEDY = "let one job take it; the other excludes it with __path_exclude__"
_ONE_WAY = "its lines come to one client by both: take one out of `forward_to`, or let each drop what the other keeps"


def _find(material: Material) -> Iterator[Found]:
    for shipper in material.shippers:
        if material.tree is None:
            yield from _by_pattern(shipper)
            continue
        try:
            reports = report(material.tree.files, find_targets(shipper.config.jobs, material.tree.files, {}))
        except ConfigError:
            continue
        told = set()
        for one in reports:
            if one.reason == "taken twice" and (names := tuple(t.job.name for t in one.by)) not in told:
                told.add(names)
                claim = f"{one.file.path}: {one.why}"
                yield shipper.spot(one.by[-1].job, one.by[-1].glob), claim, _REMEDY


def _by_pattern(shipper: ShipperFile) -> Iterator[Found]:
    """Without a tree: patterns that have an alternative in common, or one that is a path which the other takes."""
    found = find_targets(shipper.config.jobs, (), {})
    # Two calls of a function of Alloy's are written alike here, whatever their arguments.
    targets = [t for t in found if t.glob and not t.exclude and "(...)" not in t.glob]
    # Of one with `__host__` promtail 3.5 takes the files where that is its own.
    targets = [t for t in targets if "__host__" not in (t.traced.labels or {})]
    for n, second in enumerate(targets):
        for first in targets[:n]:
            if not push_twice(first.job, second.job):
                continue
            if any(one == other or _takes(one, other) or _takes(other, one) for one, other in _pairs(first, second)):
                one, other = (f"{t.job.name} (`{t.glob}`)" for t in (first, second))
                claim = f"jobs {one} and {other} take the same files"
                # Several ways of one source of Alloy begin at its place.
                remedy = _REMEDY if first.job.place != second.job.place else _ONE_WAY
                yield shipper.spot(second.job, second.glob), claim, remedy
                # A third job says the same of the first, and need not say it of the second.
                break


def _pairs(first: RelabeledTarget, second: RelabeledTarget) -> Iterator[tuple[str, str]]:
    """The patterns of two targets without braces: promtail 3.5 opens them."""
    try:
        one, other = ([t.glob] if t.job.literal_paths else ways(t.glob) for t in (first, second))
    except ConfigError:
        return iter(())
    return product(one, other)


def _takes(pattern: str, path: str) -> bool:
    try:
        return not any(sign in path for sign in "*?[") and fits_pattern(pattern, path)
    except ConfigError:
        return False


RULE = LintRule("file-taken-twice", "error", "two targets collect the same file", _find)
