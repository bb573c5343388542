"""Writes the index of the causes' pages: `python docs/write_causes.py` writes docs/causes/README.md.

The order of areas and causes is that of obs_check/causes/registry.py; what is said of each is the first sentence of its
page, and whether it is proved or observed is that page's heading.
"""

import re
from pathlib import Path

from obs_check.causes.registry import CAUSES

PAGES = Path(__file__).parent / "causes"
TARGET = PAGES / "README.md"
HEAD = """\
# Causes

Every cause has a page here: what it is, why it happens, how it is proved or seen, what it is confused with, how to fix
it, and what obs-check prints of it. *Proved*: the same question was asked twice, as written and with the fix.
*Observed*: a log line, a counter or a setting was seen. `obs-check demo --list-faults` lists the faults that show them,
and `make corpus` seeds every one. This page is written by `python docs/write_causes.py`.

{proved} of the {all} causes are proved, {observed} observed.
"""


def is_proved(page: str) -> bool:
    """Whether a page says that its cause is proved."""
    return "## How it is proved\n" in page


def written() -> str:
    """The index."""
    ids = sorted(dict.fromkeys(cause.id for cause in CAUSES), key=_order)
    pages = {cause: (PAGES / f"{cause}.md").read_text("utf-8") for cause in ids}
    proved = sum(map(is_proved, pages.values()))
    parts = [HEAD.format(proved=proved, all=len(pages), observed=len(pages) - proved)]
    area = ""
    for cause, page in pages.items():
        if cause.partition(".")[0] != area:
            area = cause.partition(".")[0]
            parts.append(f"\n## {area}\n\n")
        text = " ".join(page.split("\n\n")[1].split())
        first = re.split(r"(?<=\.) ", text)[0]
        parts.append(f"* [{cause}]({cause}.md), {'proved' if is_proved(page) else 'observed'}: {first}\n")
    return "".join(parts)


def _order(cause: str) -> tuple[int, str]:
    areas = list(dict.fromkeys(one.id.partition(".")[0] for one in CAUSES))
    return areas.index(cause.partition(".")[0]), cause


if __name__ == "__main__":
    TARGET.write_text(written(), "utf-8")
