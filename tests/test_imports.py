"""Imports go one way: a module may import its own package and the packages below it, never above or beside."""

import ast
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "obs_check"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("cli",),
    ("report",),
    ("app",),
    ("lint", "testing", "lab"),
    ("causes",),
    ("evidence",),
    ("follow",),
    ("standin",),
    ("client", "serving"),
    ("shipper", "panel"),
    ("logql",),
    ("boundary", "golang"),
    ("config",),
    ("documents",),
    ("model",),
    ("errors", "data"),
)
"""From the top down: a module imports its own package and packages of lower layers. Packages of one layer do not know
each other."""

BELOW: dict[str, set[str]] = {
    package: {lower for later in LAYERS[number + 1 :] for lower in later}
    for number, layer in enumerate(LAYERS)
    for package in layer
}
PROCESSES = "lab"
"""What only the commands and the demonstration may start."""


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


def test_only_the_commands_and_the_demonstration_import_the_lab() -> None:
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] != PROCESSES
        and any(package_of(name) == PROCESSES for name in imported(path))
    }
    assert {name for name in importers if not name.startswith("cli/")} <= {"app/demo.py"}


def test_no_file_imports_itself_through_others() -> None:
    names = {
        path: ".".join(("obs_check", *path.relative_to(ROOT).with_suffix("").parts)) for path in ROOT.rglob("*.py")
    }
    names = {path: name.removesuffix(".__init__") for path, name in names.items()}
    known = set(names.values())
    graph = {name: files_imported(path, known) - {name} for path, name in names.items()}
    # Files that nothing in the rest imports cannot be on a circle: taking them away again and again leaves the circles.
    while free := {name for name in graph if not any(name in targets for targets in graph.values())}:
        graph = {name: targets for name, targets in graph.items() if name not in free}
    while ends := {name for name, targets in graph.items() if not targets & set(graph)}:
        graph = {name: targets for name, targets in graph.items() if name not in ends}
    assert not graph, f"files that import each other: {sorted(graph)}"


def files_imported(path: Path, known: set[str]) -> set[str]:
    """The modules of the package that a file imports anywhere in it, for its types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (whole & known) or {node.module}
    return found & known


def test_the_picture_of_the_packages_is_true() -> None:
    script = runpy.run_path(str(ROOT.parent / "docs/draw_architecture.py"))
    assert script["TARGET"].read_text("utf-8") == script["drawn"](), "draw it again: python docs/draw_architecture.py"
