"""A lab's own folder belongs to one living process, however many start at once."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from obs_check.lab.own_folder import OwnFolder


def test_labs_that_start_at_once_keep_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def made_and_removed(_: int) -> bool:
        folder = OwnFolder("at-once-")
        there = folder.path.exists()
        folder.remove()
        return there

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(made_and_removed, range(1000)))
    assert list(tmp_path.iterdir()) == []
