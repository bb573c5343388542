"""`obs-check test`: unit tests of dashboards and queries, and mutants that show what the tests do not notice."""

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from obs_check.cli.ending import keep_document
from obs_check.cli.options import Output, common, echo, settings_of
from obs_check.errors import ObsCheckError, UsageError
from obs_check.model.tree import Json
from obs_check.model.verdict import Verdict, worst
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from obs_check.logql.settings import LokiVersion
    from obs_check.testing.suite import Suite


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--run", "pattern", metavar="REGEX", default="", help="Only tests whose name matches.")
@click.option("--diff", "diffs", is_flag=True, help="Show what was wanted and what was read as a diff.")
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML.")
@click.option("--mutate", "mutating", is_flag=True, help="Change each target and report changes that no test notices.")
@click.option("--loki-version", metavar="X.Y", help="Run stages as this Loki does: 3.5, 3.6, 3.7.  [default: 3.5]")
@common
def test(
    files: tuple[Path, ...],
    pattern: str,
    diffs: bool,
    junit: Path | None,
    mutating: bool,
    loki_version: str | None,
    out: Output,
) -> None:
    """Test dashboards and queries on lines and events that a file gives; no system is asked.

    Exit 1 when an expectation does not hold, or with --mutate when a changed query is not noticed.

    \b
    obs-check test dashboards/agent-firewall.test.yaml
    obs-check test dashboards/agent-firewall.test.yaml --run owners --diff
    """
    from obs_check.report.junit import junit as junit_of_tests
    from obs_check.testing.suite import load_suite

    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--run {pattern!r}: {error}", "write a regular expression") from error
    loki = settings_of(loki_version).loki
    suites = [load_suite(file) for file in files]
    for suite in suites:
        out.detail(f"{suite.path}: {len(suite.cases)} tests")
    tested = Tested()
    with keep_document(out, tested):
        try:
            for suite in suites:
                tested.run(suite, wanted, loki, mutating, out, diffs)
            tested.ended = ""
        finally:
            if junit is not None and any(suite["cases"] for suite in tested.suites):
                out.write_junit(junit, junit_of_tests, tested.to_json())
        if not any(suite["cases"] for suite in tested.suites):
            raise UsageError(f"no test matches --run {pattern!r}", "leave it out to run all")
    if not out.json:
        cases = [case for suite in tested.suites for case in suite["cases"]]
        checks = [check for case in cases for check in case["checks"]]
        failed = sum(check["verdict"] != "ok" for check in checks)
        echo(f"{count_noun(len(cases), 'test')}, {count_noun(len(checks), 'check')}, {failed} failed")
    out.finish(tested.to_json(), tested.verdict.exit_code)


@dataclass(slots=True)
class Tested:
    """The suites that were run so far. `ended` is as Outcome's."""

    suites: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    ended: str = "not all tests were run"

    def run(
        self,
        suite: "Suite",
        wanted: re.Pattern[str],
        loki: "LokiVersion",
        mutating: bool,
        out: Output,
        diffs: bool,
    ) -> None:
        """Run one suite, show its cases as they end."""
        from obs_check.testing.run import run_suite

        cases: list[dict[str, Json]] = []
        self.suites.append({"file": str(suite.path), "cases": cases})
        for outcome in run_suite(suite, wanted, loki):
            cases.append(outcome.to_json())
            self.verdicts.append(outcome.verdict)
            if not out.json:
                _show_case(cases[-1], diffs)
        if mutating:
            self.suites[-1]["mutants"], verdict = _mutants(suite, wanted, loki, out)
            self.verdicts.append(verdict)

    @property
    def begun(self) -> bool:
        """Nothing has to be told of tests after wrong usage."""
        return False

    @property
    def verdict(self) -> Verdict:
        """The worst of all; unknown where not all were run."""
        return Verdict.UNKNOWN if self.ended else worst(self.verdicts)

    def stop(self, why: str) -> None:
        """As Outcome's."""
        self.ended = why

    def failed(self, error: ObsCheckError) -> None:
        """As Outcome's: no system is asked."""

    def to_json(self) -> dict[str, Any]:
        """The document."""
        head = {"schema": "obs-check/1", "command": "test", "verdict": str(self.verdict), "run": None}
        return {**head, "suites": self.suites, "ended": self.ended}


def _show_case(case: dict[str, Any], diffs: bool) -> None:
    echo(f"{case['verdict']:<7} {case['name']}")
    for check in case["checks"]:
        if check["verdict"] == "ok":
            continue
        echo(f"        {check['subject']}: {check['differs']}")
        if diffs and (check["want"] or check["got"]):
            lines = difflib.unified_diff(check["want"], check["got"], "want", "got", lineterm="")
            echo("\n".join(f"        {line}" for line in lines))


def _mutants(
    suite: Any, wanted: re.Pattern[str], loki: "LokiVersion", out: Output
) -> tuple[list[dict[str, Json]], Verdict]:
    from obs_check.testing.mutation import mutate

    found = []
    for one in mutate(suite, wanted, loki):
        found.append(one.to_json())
        if not one.by and not out.json:
            echo(f"survived panel {one.panel} {one.title}, target {one.ref_id}: {one.change}")
    noticed = sum(bool(m["noticed_by"]) for m in found)
    if not out.json and found:
        echo(f"mutants noticed: {noticed}/{len(found)} ({100 * noticed / len(found):.0f} %)")
    return found, Verdict.OK if noticed == len(found) else Verdict.FAIL
