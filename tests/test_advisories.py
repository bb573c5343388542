"""What is asked of an advisory database, and what is made of its answer."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.client.hostile import serving, whole

SCRIPT: dict[str, Any] = runpy.run_path(str(Path(__file__).parent.parent / "docs/check_advisories.py"))
PACKAGES = SCRIPT["locked"](SCRIPT["LOCK"].read_text("utf-8"))


def test_every_locked_dependency_is_asked_about() -> None:
    queries = SCRIPT["asked"](PACKAGES)["queries"]
    assert len(queries) > 40
    assert {"package": {"name": "httpx", "ecosystem": "PyPI"}, "version": dict(PACKAGES)["httpx"]} in queries


@pytest.mark.parametrize(
    ("results", "code", "said"),
    [
        ([{}] * len(PACKAGES), 0, f"none of {len(PACKAGES)} dependencies has a known advisory"),
        ([{"vulns": [{"id": "A-1"}, {"id": "A-2"}]}, *[{}] * (len(PACKAGES) - 1)], 1, ": A-1, A-2"),
        ([{}], 3, ""),
        (None, 3, ""),
    ],
)
def test_the_answer_is_believed_only_where_it_is_one(
    results: Any, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving([whole(json.dumps({"results": results}).encode())]) as port:
        assert SCRIPT["main"](f"http://127.0.0.1:{port}/v1/querybatch") == code
    assert capsys.readouterr().out.strip().endswith(said)
