"""journal-match-never: a match that no entry of the journal can meet."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.shipper.environment import is_known


def _find(material: Material) -> Iterator[Found]:
    for shipper in material.shippers:
        told: set[int] = set()
        for job in shipper.config.jobs:
            for match in job.journal_matches.split() if is_known(job.journal_matches) else ():
                why = _why(match)
                spot = shipper.spot(job, match)
                if why is not None and spot.line not in told:
                    # A source of Alloy's is several jobs where its lines go several ways.
                    told.add(spot.line)
                    yield spot, f"job {job.name}: {why[0]}", why[1]


def _why(match: str) -> tuple[str, str] | None:
    # Promtail 3.5 (targets/journal/journaltarget.go), Alloy 1.18 alike: words are split at `=` and have to be two, that
    # are handed to sd_journal_add_match as they are.
    field, *values = match.split("=")
    if len(values) != 1:
        return (
            f"the journal's match `{match}` is not FIELD=VALUE: the job does not start",
            "matches are all met at once",
        )
    if "*" in values[0]:
        return (
            f"no entry of the journal has {field} {values[0]!r}: a match is exact and knows no wildcards",
            f"read all and keep by a relabel rule on `__journal_{field.lower()}`",
        )
    return None


RULE = LintRule("journal-match-never", "error", "a journal's match that no entry can meet", _find)
