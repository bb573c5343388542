"""What was named of faults on real programs, chosen by somebody who had not read the causes.

tests/real/faults.yaml: `programs` and their versions; `faults`: where (`part`) and what was broken, on which stack,
what was `named` first (a cause, `nothing` or `outage`), whether that was right, where a fix was applied, whether a new
run `confirmed` it, and the `commit` that this was seen on; `healthy`: stacks in which nothing was broken.
"""

from collections import Counter
from pathlib import Path

import yaml

from obs_check.causes.registry import CAUSES

TABLE = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text("utf-8"))
NEEDED = {"fault", "part", "what", "shipper", "dashboard", "loki", "named", "verdict", "commit"}
VERDICTS = Counter(row["verdict"] for row in TABLE["faults"])


def test_every_row_says_what_was_broken_and_what_was_named() -> None:
    ids = [row["fault"] for row in TABLE["faults"]]
    assert len(ids) == len(set(ids)) >= 60
    known = {cause.id for cause in CAUSES}
    for row in TABLE["faults"]:
        assert NEEDED <= row.keys() <= NEEDED | {"fix", "confirmed"}, row
        assert row["named"] in known | {"nothing", "outage"}, row
        assert row["verdict"] in {"right", "unexplained", "wrong"}, row


def test_most_were_named_right_and_none_wrongly() -> None:
    assert VERDICTS["right"] / VERDICTS.total() >= 0.95
    assert not VERDICTS["wrong"]
    assert [row["case"] for row in TABLE["healthy"] if row["exit"] or row["named"]] == []


def test_the_readme_counts_as_the_table_does() -> None:
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text("utf-8").split())
    right, left = VERDICTS["right"], VERDICTS["unexplained"]
    assert f"Of {VERDICTS.total()} faults" in readme
    assert f"{right} were named right first, none wrongly, and {left} stayed unexplained" in readme
