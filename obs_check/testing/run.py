"""Runs the tests of a file."""

import re
import time
from collections.abc import Iterator

from obs_check.errors import InputError
from obs_check.logql.settings import LokiVersion
from obs_check.testing.offline import CaseApis
from obs_check.testing.outcome import CaseOutcome
from obs_check.testing.panels import checked_panels
from obs_check.testing.queries import checked_query
from obs_check.testing.suite import Case, Suite


def run_suite(suite: Suite, pattern: re.Pattern[str], loki: LokiVersion) -> Iterator[CaseOutcome]:
    """The outcome of every test whose name matches, one by one. InputError for what a test gives or names wrongly."""
    for case in suite.cases:
        if pattern.search(case.name):
            yield _run_case(suite, case, loki)


def _run_case(suite: Suite, case: Case, loki: LokiVersion) -> CaseOutcome:
    began = time.perf_counter()
    given = CaseApis(case, loki)
    checks = checked_panels(suite, case, suite.dashboard, given) if suite.dashboard else ()
    checks += tuple(checked_query(case, want, given) for want in case.queries)
    if not checks:
        raise InputError(
            f"{suite.path}: test {case.name!r} checks nothing", "add panels, queries, or expect and events"
        )
    return CaseOutcome(case.name, checks, time.perf_counter() - began)
