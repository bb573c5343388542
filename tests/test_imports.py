"""Imports go one way: a module may import its own package and the packages below it, never above or beside."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "obs_check"

BELOW: dict[str, set[str]] = {
    "errors": set(),
    "model": {"errors"},
    "logql": {"model", "errors"},
    "shipper": {"logql", "model", "errors"},
    "panel": {"logql", "model", "errors"},
    "config": {"model", "errors"},
    "client": {"config", "shipper", "logql", "model", "errors"},
    "follow": {"client", "config", "panel", "shipper", "logql", "model", "errors"},
    "causes": {"follow", "client", "config", "panel", "shipper", "logql", "model", "errors"},
    "lab": {"causes", "follow", "client", "config", "panel", "shipper", "logql", "model", "errors"},
    "app": {"lab", "causes", "follow", "client", "config", "panel", "shipper", "logql", "model", "errors"},
    "report": {"app", "causes", "follow", "client", "config", "panel", "shipper", "logql", "model", "errors"},
    "cli": {
        "report",
        "app",
        "lab",
        "causes",
        "follow",
        "client",
        "config",
        "panel",
        "shipper",
        "logql",
        "model",
        "errors",
    },
}


def package_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "obs_check" and len(parts) > 1 else None


def imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.append(node.module or "")
            if node.module == "obs_check":
                names += [f"obs_check.{alias.name}" for alias in node.names if alias.name != "__version__"]
    return names


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_what_is_below_it(path: Path) -> None:
    own = path.relative_to(ROOT).with_suffix("").parts[0]
    if own == "__init__" or own == "__main__":
        return
    wrong = {
        target
        for name in imported(path)
        if (target := package_of(name)) is not None and target != own and target not in BELOW[own]
    }
    assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}, which are not below {own}"


def test_every_package_has_its_place() -> None:
    there = {p.stem for p in ROOT.iterdir() if not p.name.startswith("__") and p.suffix in {"", ".py"}}
    assert there <= set(BELOW)
