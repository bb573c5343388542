"""Every case: the cause is named first, explains these panels, claims this, and its fix is shown and would help.

tests/cases/<cause-id>/*.yaml: {faults: [ids], panels: [ids it explains], claim: [texts], fix: [texts of summary or
diff], also: [causes that may be named too], behind: {cause that has to be named too: text of its claim}, severity}.
A case whose page says that the cause is proved may have `evidence: observation`, where this time nothing can be tried.
A system that is not there has only outages: [texts] and no finding.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.app.recompute.claims import recompute_claims
from obs_check.app.recompute.result import Recomputed
from tests.corpus.diagnosis import DiagnoseDashboard, Diagnosis, diagnose, shared_lab
from tests.corpus.one_lab import only_dashboard

PAGES = Path(__file__).parents[2] / "docs/causes"
KEYS = {"faults", "panels", "claim", "fix", "also", "behind", "severity", "outages", "evidence"}
CASES = sorted(Path(__file__).parent.glob("*/*.yaml"))


@dataclass(frozen=True, slots=True)
class Case:
    """A case file; `cause` is the name of its folder."""

    cause: str
    name: str
    faults: tuple[str, ...]
    wanted: dict[str, Any]

    @property
    def only_dashboard(self) -> bool:
        """Whether a shared lab will do."""
        return all(only_dashboard(fault) for fault in self.faults)


def read(path: Path) -> Case:
    wanted = yaml.safe_load(path.read_text())
    assert wanted.keys() <= {"faults", "panels", "claim", "fix", "also", "behind", "severity", "outages", "evidence"}, (
        path
    )
    return Case(path.parent.name, path.stem, tuple(wanted["faults"]), wanted)


READ = [read(path) for path in CASES]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiagnoseDashboard]:
    with shared_lab(tmp_path_factory.mktemp("shared")) as with_faults:
        yield with_faults


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in READ if c.only_dashboard], ids=lambda c: f"{c.cause}/{c.name}")
def test_a_case_of_the_dashboard(case: Case, shared: DiagnoseDashboard) -> None:
    check(case, shared(case.faults))


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in READ if not c.only_dashboard], ids=lambda c: f"{c.cause}/{c.name}")
def test_a_case_of_the_pipeline(case: Case, tmp_path: Path) -> None:
    check(case, diagnose(tmp_path, case.faults))


def check(case: Case, diagnosis: Diagnosis) -> None:
    document, wanted = diagnosis.document, case.wanted
    if "outages" in wanted:
        assert (document["verdict"], document["findings"]) == ("unknown", [])
        assert all(text in "\n".join(document["outages"]) for text in wanted["outages"]), document["outages"]
        return
    behind = wanted.get("behind", {})
    allowed = {case.cause, *wanted.get("also", []), *behind}
    causes = [f["cause"] for f in document["findings"]]
    assert causes[:1] == [case.cause], (causes, document["unexplained"], document["outages"])
    assert set(causes) <= allowed, causes
    finding = document["findings"][0]
    assert finding["severity"] == wanted.get("severity", "error")
    assert finding["panels"] == wanted["panels"]
    for text in wanted["claim"]:
        assert text in finding["claim"]
    for text in wanted["fix"]:
        assert text in finding["fix"]["summary"] + "\n" + finding["fix"]["diff"]
    assert finding["probes"]
    page = (PAGES / f"{case.cause}.md").read_text("utf-8")
    usual = "proof" if "## How it is proved\n" in page else "observation"
    assert finding["evidence"]["kind"] == wanted.get("evidence", usual)
    claims = {f["cause"]: f["claim"] for f in document["findings"] if f["probes"]}
    assert all(text in claims.get(cause, "") for cause, text in behind.items()), claims
    assert document["unexplained"] == []
    assert [mended for mended in diagnosis.mended if mended.wrong] == []
    held = Recomputed()
    recompute_claims(document, "", held)
    assert held.differences == []
    assert held.counts["claims"] == len(document["findings"])
    # Each fix is made behind those before it, so that the last one says whether a panel would be right; what was found
    # by rehearsal helps only when the cause before it is gone.
    now = {cause for cause, claim in claims.items() if not claim.startswith("behind ")}
    suggested = {row["id"]: row for row in document["suggested"] if row["cause"] in now}
    assert {row["verdict"] for row in suggested.values()} <= {"ok"}, suggested
