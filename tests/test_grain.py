"""How the code is cut: no folder is a heap, no module a crumb, no function takes its parameters one by one for ever."""

import ast
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from tests.test_imports import ROOT

MODULES = {path: path.read_text() for path in sorted(ROOT.rglob("*.py"))}
REGISTRIES = {
    "obs_check.causes.registry",
    "obs_check.lint.registry",
    "obs_check.logql.stages.registry",
    "obs_check.report.evidence",
}
"""What lists causes, rules, stages and formats, each of which is a file of its own however short."""
PARAMETERS = 7


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(MODULES[path])


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def importers() -> dict[str, set[str]]:
    names = {module_of(path) for path in MODULES}
    found: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    found[whole if whole in names else node.module].add(module_of(path))
    return found


def test_no_folder_is_a_heap() -> None:
    tests = Path(__file__).parent
    folders = [path for root in (ROOT, tests) for path in (root, *root.rglob("*")) if path.is_dir()]
    full = {str(folder): len(files) for folder in folders if len(files := list(folder.glob("*.py"))) > 40}
    assert full == {}


def test_a_short_module_is_imported_by_more_than_one_other() -> None:
    known = importers()
    short = [module_of(p) for p, text in MODULES.items() if p.name != "__init__.py" and text.count("\n") < 30]
    assert [one for one in short if len(known[one]) == 1 and not known[one] & REGISTRIES] == []


def test_a_class_name_means_one_class() -> None:
    names = Counter(node.name for path in MODULES for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))
    assert [name for name, number in names.items() if number > 1] == []


def test_what_cannot_be_is_said_by_a_type_or_an_error() -> None:
    asserting = {module_of(path) for path in MODULES for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)}
    assert asserting == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_belongs_together_is_passed_as_a_record(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            assert len(every) <= PARAMETERS, f"{node.name} takes {len(every)} parameters"
