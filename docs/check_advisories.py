"""`python docs/check_advisories.py URL`: asks an advisory database about every locked dependency.

URL is the address of an OSV database's query in batches (`POST .../v1/querybatch`), also as $OBS_CHECK_ADVISORIES.
Names and versions of requirements.lock are sent, nothing else. Exit code 0: none is known, 1: some are, 3: no answer.
"""

import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx

LOCK = Path(__file__).parent.parent / "requirements.lock"


def locked(text: str) -> list[tuple[str, str]]:
    """Name and version of every dependency."""
    return re.findall(r"^([a-zA-Z0-9_.-]+)==([^\s;\\]+)", text, re.MULTILINE)


def asked(packages: list[tuple[str, str]]) -> dict[str, Any]:
    """The question, as OSV's API takes it."""
    return {
        "queries": [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    }


def known(packages: list[tuple[str, str]], answer: dict[str, Any]) -> list[str]:
    """A line for each dependency that has advisories. ValueError for an answer to other questions."""
    results = answer["results"]
    return [
        f"{name} {version}: {', '.join(one['id'] for one in result['vulns'])}"
        for (name, version), result in zip(packages, results, strict=True)
        if result.get("vulns")
    ]


def main(url: str) -> int:
    """Ask, print what is known, and say how it ended."""
    packages = locked(LOCK.read_text("utf-8"))
    try:
        answer = httpx.post(url, json=asked(packages), timeout=60, follow_redirects=False)
        answer.raise_for_status()
        found = known(packages, answer.json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        print(f"no answer, nothing is known: {type(error).__name__}", file=sys.stderr)
        return 3
    print("\n".join(found) or f"none of {len(packages)} dependencies has a known advisory")
    return 1 if found else 0


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OBS_CHECK_ADVISORIES", "")
    sys.exit(main(given) if given else __doc__)
