"""What the packages below the client make of their input hangs on nothing else: they read neither a clock nor the
machine's zone, locale or environment. Whoever calls them says what time it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_imports import BELOW, ROOT

PACKAGES = sorted(BELOW["client"] | {"standin", "follow", "evidence", "causes"})
MODULES = frozenset({"time", "locale", "platform", "getpass"})
ANSWERS = frozenset({"environ", "environb", "getenv", "expandvars", "getlocale", "localtime"})
"""What a module answers out of the machine."""
TODAY = frozenset({"now", "utcnow", "today"})
"""What `datetime` and `date` answer out of it."""


def asked_of_the_machine(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import():
                yield from (f"import {alias.name}" for alias in node.names if alias.name.split(".")[0] in MODULES)
            case ast.ImportFrom():
                if (node.module or "").split(".")[0] in MODULES:
                    yield f"from {node.module} import"
                yield from (f"import {alias.name}" for alias in node.names if alias.name in ANSWERS)
            case ast.Attribute(attr=attr) if attr in ANSWERS:
                yield ast.unparse(node)
            case ast.Attribute(
                value=ast.Name(id="datetime" | "date") | ast.Attribute(attr="datetime" | "date"), attr=attr
            ):
                yield from [ast.unparse(node)] if attr in TODAY else []
            case ast.Call(func=ast.Attribute(attr="astimezone"), args=[], keywords=[]):
                yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="fromtimestamp"), args=[_], keywords=[]):
                yield ast.unparse(node)


def files() -> list[Path]:
    return sorted(
        path for name in PACKAGES for path in [ROOT / f"{name}.py", *(ROOT / name).rglob("*.py")] if path.exists()
    )


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_asked_of_the_machine(path: Path) -> None:
    assert list(asked_of_the_machine(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import time",
        "from time import time_ns",
        "import os\nos.environ['HOME']",
        "from os import getenv",
        "datetime.now()",
        "datetime.now(UTC)",
        "dt.date.today()",
        "datetime.fromtimestamp(1)",
        "moment.astimezone()",
        "locale.getlocale()",
        "os.path.expandvars('$HOME')",
    ],
)
def test_what_asks_the_machine_is_seen(code: str) -> None:
    assert list(asked_of_the_machine(code))


def in_the_locale(code: str) -> Iterator[str]:
    """The places where a text is read or written in whatever encoding the machine's locale has."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Attribute(attr="read_text"), args=[], keywords=[]):
                yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="write_text"), args=[_], keywords=[]):
                yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="open"), args=[ast.Constant(value="r" | "w" | "a")], keywords=[]):
                yield ast.unparse(node)


def test_no_text_is_read_or_written_in_the_locale() -> None:
    code = 'p.read_text()\np.write_text("a")\np.open("w")\np.read_text("utf-8")\np.open("rb")'
    assert list(in_the_locale(code)) == ["p.read_text()", "p.write_text('a')", "p.open('w')"]
    found = {str(path): list(in_the_locale(path.read_text("utf-8"))) for path in ROOT.rglob("*.py")}
    assert {path: places for path, places in found.items() if places} == {}
