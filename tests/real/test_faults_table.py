"""What was named of faults on real programs, chosen by somebody who had not read the causes.

tests/real/faults.yaml: `programs` and their versions; `faults`: where (`part`) and what was broken, on which stack,
what was `named` first (a cause, `nothing` or `outage`), whether that was right, and, where a fix was applied, whether a
new run `confirmed` it; `healthy`: stacks in which nothing was broken.
"""

from collections import Counter
from pathlib import Path

import yaml

from obs_check.causes.registry import CAUSES

TABLE = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text("utf-8"))
NEEDED = {"fault", "part", "what", "shipper", "dashboard", "loki", "named", "verdict"}


def test_every_row_says_what_was_broken_and_what_was_named() -> None:
    ids = [row["fault"] for row in TABLE["faults"]]
    assert len(ids) == len(set(ids)) >= 60
    known = {cause.id for cause in CAUSES}
    for row in TABLE["faults"]:
        assert NEEDED <= row.keys() <= NEEDED | {"fix", "confirmed"}, row
        assert row["named"] in known | {"nothing", "outage"}, row
        assert row["verdict"] in {"right", "unexplained", "wrong"}, row


def test_most_were_named_right_and_few_wrongly() -> None:
    count = Counter(row["verdict"] for row in TABLE["faults"])
    assert count["right"] / count.total() >= 0.85
    assert count["wrong"] <= 5
