"""Path patterns of the lab's shipper."""

from pathlib import Path

import pytest

from obs_check.lab.shipper_files import find_files

FILES = ["a.log", ".hidden.log", "a.log.1", "x/b.log", "x/y/c.log", "x/y/d.txt"]


@pytest.mark.parametrize(
    ("pattern", "exclude", "found"),
    [
        ("*.log", "", [".hidden.log", "a.log"]),
        ("**/*.log", "", [".hidden.log", "a.log", "x/b.log", "x/y/c.log"]),
        ("**/*.log", "x/**", [".hidden.log", "a.log"]),
        ("x/*/c.log", "", ["x/y/c.log"]),
        ("x/**/{b,c}.log", "", ["x/b.log", "x/y/c.log"]),
        ("[a-b].log", "", ["a.log"]),
        ("[^a].log", "", []),
        ("?.log*", "", ["a.log", "a.log.1"]),
        ("x", "", []),
        ("none/*.log", "", []),
    ],
)
def test_find_files(tmp_path: Path, pattern: str, exclude: str, found: list[str]) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    got = find_files(f"{tmp_path}/{pattern}", f"{tmp_path}/{exclude}" if exclude else "")
    assert [str(Path(p).relative_to(tmp_path)) for p in got] == sorted(found)


def test_links_to_directories_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text("")
    (tmp_path / "tree/x/up").symlink_to("..")
    (tmp_path / "tree/link").symlink_to(tmp_path / "tree/x/y")
    assert [str(Path(p).relative_to(tmp_path)) for p in find_files(f"{tmp_path}/tree/**/c.log")] == [
        "tree/link/c.log",
        "tree/x/y/c.log",
    ]
