"""Writes the pages of obs-check.yaml, expect.yaml and test.yaml: `python docs/write_configuration.py`.

A page has the example of docs/examples, which its reader reads while this watches: which sections it opens, which keys
each may have, what is asked of a key (a URL, seconds, ...) and the default. What a key means is the text behind the
field that holds it; where a key is called otherwise than the field, the text begins with the key.
"""

import ast
import inspect
import re
import runpy
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from unittest.mock import patch

import yaml

from obs_check.config import Config, parse_config
from obs_check.config.section import Section
from obs_check.golang.durations import format_duration
from obs_check.panel import expect
from obs_check.testing.section import TestSection
from obs_check.testing.suite import (
    Case,
    GivenEvent,
    GivenLine,
    GivenSeries,
    GivenStream,
    PanelWant,
    QueryWant,
    Suite,
    load_suite,
)

DOCS = Path(__file__).parent
EXAMPLES = DOCS / "examples"
KINDS = {
    "url": "http or https URL",
    "path": "path",
    "glob": "path with wildcards",
    "integer": "whole number above 0",
    "seconds": "number of seconds",
    "secret": "[secret](#secrets)",
    "name": "text",
    "needed_name": "text",
    "needed": "text",
    "text": "text",
    "whole": "whole number",
    "number": "number",
    "duration": "duration, for example `5m`",
    "moment": "time in RFC 3339",
    "texts": "mapping of texts",
    "items": "list",
    "each": "list",
    "section": "mapping",
}
"""What a reader asks for -> what is written."""
TEST_TYPES = {
    "": Suite,
    "tests[]": Case,
    "tests[].given.events[]": GivenEvent,
    "tests[].given.logs[]": GivenStream,
    "tests[].given.logs[].lines[]": GivenLine,
    "tests[].given.metrics[]": GivenSeries,
    "tests[].panels.ID": PanelWant,
    "tests[].queries[]": QueryWant,
}
"""Section of a test file -> the type that holds it; another section is held by the type of the one around it."""
FREE = "tests[].variables"
"""A section whose keys are the user's."""
OPENING = ("section", "items", "each")
"""What is asked of a section inside of these is asked of another one."""
CONFIG_HEAD = """\
# obs-check.yaml

What obs-check may talk to, and where the parts of the pipeline are. Each command reads `--config FILE`, else
`$OBS_CHECK_CONFIG`, else `obs-check.yaml` in the directory it is started in. Every section is optional: what obs-check
cannot reach is reported as unknown, and a command that needs a key says so. A key that is not here is refused with its
line. A relative path starts at the file's directory, `~` is the home directory. Requests go to the addresses of this
file and to no other. `obs-check init` writes one, `obs-check doctor` says what of one does not work
([setup.md](setup.md)).

## Secrets

A secret is a reference, never a value: a variable (`{env: NAME}`), a file (`{file: PATH}`) or what a program prints
within 30 seconds (`{command: [PROGRAM, ...]}`). It is read when it is needed and never shown.
In any text that is shown or written, lines of a log included, `(hidden)` stands for secrets that are known, however
they are spelled, and for those that what stands before them tells: user and password of a URL, its parameters with
names as `access_token`, `api_key`, `sig`, and headers as `Authorization` and `Cookie`.
"""
EXPECT_HEAD = """\
# expect.yaml

What each panel of a dashboard must read for the events that a run sent. `expect` of [obs-check.yaml](obs-check-yaml.md)
and of [test.yaml](test-yaml.md) names it. The panel's own range, variables and transformations stay as they are.
"""
TEST_HEAD = """\
# test.yaml

Tests of dashboards and queries on lines and samples that are given here, without any system: `obs-check test FILE`.
Paths start at the file's directory. A test that gives events and names an [expect.yaml](expect-yaml.md) needs to say no
more. `dashboards/agent-firewall.test.yaml` tests the dashboard of this project. A key that is not here is refused with
its place.
"""
TAIL = "This page is written by `python docs/write_configuration.py` from what reads the file: {}.\n"

Asked = dict[str, dict[str, tuple[str, tuple[Any, ...]]]]
"""Section -> key -> what the reader asked for and named beside the key; ("", ()) where it looked by itself."""
table = runpy.run_path(str(DOCS / "write_document.py"))["table"]


@contextmanager
def watched(kind: type, opening: str, name: Callable[[Any], str]) -> Iterator[Asked]:
    """What is asked of sections of this kind meanwhile; the method `opening` is told the keys that one may have."""
    asked: Asked = {}
    inside = False

    def noting(method: str) -> Callable[..., Any]:
        real = getattr(kind, method)

        def note(self: Any, *given: Any, **more: Any) -> Any:
            nonlocal inside
            if inside:
                return real(self, *given, **more)
            if method == opening:
                found = real(self, *given, **more)
                keys = asked.setdefault(name(self), {})
                keys.update({key: ("", ()) for key in (given if method == "only" else given[2:]) if key not in keys})
                return found
            asked.setdefault(name(self), {})[given[0]] = (method, given[1:])
            inside = method not in OPENING
            try:
                return real(self, *given, **more)
            finally:
                inside = False

        return note

    with ExitStack() as stack:
        for method in (*KINDS, "choice", "kind", opening):
            if hasattr(kind, method):
                stack.enter_context(patch.object(kind, method, noting(method)))
        yield asked


def asked_of_config() -> Asked:
    """What the example of obs-check.yaml is asked for."""
    with watched(Section, "only", lambda one: re.sub(r"\[\d+\]", "[]", one._name)) as asked:
        parse_config((EXAMPLES / "obs-check.yaml").read_text("utf-8"), EXAMPLES / "obs-check.yaml", {})
    return asked


def asked_of_tests() -> Asked:
    """What the example of test.yaml is asked for."""
    with watched(TestSection, "__init__", _place) as asked:
        load_suite(EXAMPLES / "test.yaml")
    return {name: keys for name, keys in asked.items() if name != FREE}


def asked_of_expectations() -> Asked:
    """What expect.yaml is asked for; its reader has a list of keys."""
    keys = {key: ("choice", expect._CHOICES[key]) if key in expect._CHOICES else ("", ()) for key in expect._KEYS}
    return {"": {"dashboard": ("name", ()), "panels": ("needed", ())}, "panels.ID": keys}


def pages() -> dict[str, str]:
    """File name -> page."""
    config = dict(_sections(Config))
    expectations = {"": expect.Expectation, "panels.ID": expect.Expectation}
    return {
        "obs-check-yaml.md": _page(CONFIG_HEAD, "obs-check.yaml", "obs_check/config", asked_of_config(), config),
        "expect-yaml.md": _page(
            EXPECT_HEAD, "expect.yaml", "obs_check/panel/expect.py", asked_of_expectations(), expectations
        ),
        "test-yaml.md": _page(TEST_HEAD, "test.yaml", "obs_check/testing/suite.py", asked_of_tests(), TEST_TYPES),
    }


def _place(one: TestSection) -> str:
    return re.sub(r"panels\.\d+", "panels.ID", re.sub(r"\[\d+\]", "[]", one.where.partition(": ")[2]))


def _sections(kind: Any, at: str = "") -> Iterator[tuple[str, type]]:
    """The sections of a type, with the types that hold them."""
    yield at, kind
    for name, hint in get_type_hints(kind).items():
        for one in (hint, *get_args(hint)):
            if is_dataclass(one):
                yield from _sections(one, f"{at}.{name}".strip(".") + ("[]" if get_origin(hint) is tuple else ""))


def _page(head: str, example: str, source: str, asked: Asked, types: Mapping[str, type]) -> str:
    text = (EXAMPLES / example).read_text("utf-8")
    parts = [head, f"## An example with every key\n\n```yaml\n{text}```\n"]
    there: dict[str, list[Mapping[str, Any]]] = {}
    for name, one in occurrences(yaml.safe_load(text)):
        there.setdefault(name, []).append(one)
    parts += [_section(name, asked, types, there[name]) for name in _ordered("", asked)]
    return "\n".join([*parts, TAIL.format(f"`{source}`")])


def occurrences(value: Any, at: str = "") -> Iterator[tuple[str, dict[Any, Any]]]:
    """Every mapping of a parsed file with the name of its section."""
    if isinstance(value, list):
        for one in value:
            yield from occurrences(one, f"{at}[]")
    elif isinstance(value, dict):
        yield at, value
        for key, one in value.items():
            yield from occurrences(one, f"{at}.{'ID' if str(key).isdigit() else key}".strip("."))


def _inner(section: str, key: str, asked: Asked) -> str:
    """The section under a key; "" where there is none."""
    at = f"{section}.{key}".strip(".")
    return next((one for one in (at, f"{at}[]", f"{at}.ID") if one in asked), "")


def _ordered(section: str, asked: Asked) -> Iterator[str]:
    yield section
    for key in asked[section]:
        if inner := _inner(section, key, asked):
            yield from _ordered(inner, asked)


def _section(name: str, asked: Asked, types: Mapping[str, type], there: list[Mapping[str, Any]]) -> str:
    around = name
    while around not in types:
        around = around.rpartition(".")[0]
    kind = types[around]
    meaning, hints = _meanings(kind), get_type_hints(kind)
    rows = []
    for key, (method, given) in asked[name].items():
        if key not in meaning:
            raise LookupError(f"{kind.__name__} says nothing of {key} (in {name or 'the file'})")
        field, text = meaning[key]
        if inner := _inner(name, key, asked):
            said = f"[{'list' if inner.endswith('[]') else 'mapping'}](#{re.sub(r'[^a-z_-]', '', inner.lower())})"
        else:
            said = _type(method, given, hints[field])
        (own,) = (one for one in fields(kind) if one.name == field)
        # Where the example does without a key, it is not needed.
        needed = all(key in one for one in there) and _must(key, own, method, kind)
        default = "needed" if needed else "" if inner else _default(own, method, given)
        rows.append((f"`{key}`", said, default, text))
    own = f"{' '.join((kind.__doc__ or '').split())}\n\n" if name in types and name else ""
    return f"## {name or 'The file'}\n\n{own}{table(('key', 'type', 'default', 'meaning'), rows)}"


def _meanings(kind: type) -> dict[str, tuple[str, str]]:
    """Key -> the field that holds it, and the text behind that."""
    found = {}
    (node,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(node, ast.ClassDef)
    for field, text in zip(node.body, node.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(words))):
                own, *keyed = re.split(r"^`(\w+)`: (?=[A-Z])", inspect.cleandoc(words), flags=re.M)
                for key, said in [(name, own), *zip(keyed[::2], keyed[1::2], strict=True)]:
                    if said:
                        found[key] = (name, " ".join(said.split()))
    return found


def _type(method: str, given: tuple[Any, ...], hint: Any) -> str:
    choices = given if method == "choice" else get_args(hint) if get_origin(hint) is Literal else ()
    if choices:
        return ", ".join(f"`{one}`" for one in choices if one)
    if hint is int and method in ("", "text"):
        return KINDS["whole"]
    if method:
        return KINDS[method]
    shape = next((get_origin(one) for one in (hint, *get_args(hint)) if get_origin(one) in (Mapping, tuple)), None)
    return {Mapping: "mapping", tuple: "list"}.get(shape, "text")


def _must(key: str, field: Field[Any], method: str, kind: type) -> bool:
    """Whether a key has no default: the types of a test file have none where its reader has them."""
    bare = field.default is MISSING and field.default_factory is MISSING
    asked = method.startswith("needed") or (method == "choice" and bare)
    return asked or (bare and key == field.name and kind not in TEST_TYPES.values())


def _default(own: Field[Any], method: str, given: tuple[Any, ...]) -> str:
    value = own.default if own.default is not MISSING else given[0] if given and method != "choice" else None
    if value is None or value in ("", ()) or (method == "duration" and not value):
        return ""
    if method == "duration":
        return f"`{format_duration(value)}`"
    if method == "moment":
        return f"`{datetime.fromtimestamp(value / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")
