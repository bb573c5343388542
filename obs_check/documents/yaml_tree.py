"""YAML with places: every value knows its file, line and path, so that an error can name them."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from obs_check.documents.nearest import check_keys
from obs_check.errors import ConfigError
from obs_check.model.tree import Json

T = TypeVar("T")

_TYPED = re.compile(
    r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|true|True|TRUE|false|False|FALSE"
    r"|[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|\d[\d_]*)|[-+]?(?:\.\d+|\d[\d_]*\.?\d*)(?:[eE][-+]?\d+)?"
)
"""Scalars that YAML 1.1, as Go's yaml.v2 reads it, takes for a boolean or a number where no quotes are around them."""
_TRUE = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"}
_FALSE = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"}
_CORRECT = "what reads this file refuses it too: correct that line"
DEEPEST = 100
"""Levels of lists and mappings: ten times what configurations have, and what recursion can take."""


class YamlValue:
    """One value of a YAML file. `data` is a text (scalars keep their spelling), None, a list of Value, or a dict of
    text to Value. `line` is 1-based; `path` is spelled `scrape_configs[0].job_name`; `typed_keys` are those keys of a
    dict that YAML reads as a boolean or a number, `repeated` those that stand twice, each with the line: the last one
    counts, as in Helm's values, where nobody is strict."""

    __slots__ = ("data", "file", "line", "path", "repeated", "style", "typed_keys")

    def __init__(self, data: Any, file: str, line: int, path: str, style: str | None = None) -> None:
        self.data = data
        self.file = file
        self.line = line
        self.path = path
        self.style = style
        self.typed_keys: tuple[str, ...] = ()
        self.repeated: tuple[tuple[str, int], ...] = ()

    def error(self, message: str, hint: str = _CORRECT) -> ConfigError:
        """The error to raise about this value: file, line and path stand before the message."""
        return ConfigError(f"{self.place()}: {message}", hint)

    def place(self) -> str:
        """File, line and path."""
        return f"{self.file}:{self.line}: {self.path or 'document'}"

    def beside(self, data: Any) -> "YamlValue":
        """Another value that stands at the same place."""
        return YamlValue(data, self.file, self.line, self.path)

    def is_map(self) -> bool:
        """True for a mapping."""
        return isinstance(self.data, dict)

    def mapping(self, known: Iterable[str] | None = None, null_is_empty: bool = True) -> "dict[str, YamlValue]":
        """The mapping; with `known` it is read strictly: any other key raises ConfigError that names the nearest known
        one, and so does a key that stands twice."""
        if self.data is None and null_is_empty:
            return {}
        if not isinstance(self.data, dict):
            raise self.error("a mapping (key: value) is needed here")
        if known is not None:
            self._once()
            check_keys({key: value.place() for key, value in self.data.items()}, known)
        return self.data

    def items(self) -> "list[YamlValue]":
        """The list; null is empty."""
        if self.data is None:
            return []
        if not isinstance(self.data, list):
            raise self.error("a list (- item) is needed here")
        return self.data

    def get(self, key: str) -> "YamlValue | None":
        """The value of a key, None when absent or null."""
        found = self.mapping().get(key)
        return None if found is None or found.data is None else found

    def text(self) -> str:
        """The scalar as text; null is empty."""
        if self.data is None:
            return ""
        if not isinstance(self.data, str):
            raise self.error("a single value is needed here, not a list or mapping")
        return self.data

    def needs_text(self) -> None:
        """Raises ConfigError when this value, or one inside, is a boolean or a number for YAML: where promtail needs a
        text it refuses those, also as keys."""
        if isinstance(self.data, str) and self.style is None and _TYPED.fullmatch(self.data):
            raise self.error(f"YAML reads {self.data} as a boolean or number, a text is needed", "put it in quotes")
        for key in self.typed_keys:
            raise self.error(f"YAML reads the key {key} as a boolean or number, a text is needed", "put it in quotes")
        for inner in self.data.values() if isinstance(self.data, dict) else self.data or ():
            if isinstance(inner, YamlValue):
                inner.needs_text()

    def read(self, reader: Callable[[str], T]) -> T:
        """What a reader makes of the scalar's text; its ValueError becomes the error about this value."""
        try:
            return reader(self.text())
        except ValueError as error:
            raise self.error(str(error)) from None

    def flag(self) -> bool:
        """The scalar as a boolean (YAML 1.1 spellings)."""
        if self.text() in _TRUE:
            return True
        if self.text() in _FALSE:
            return False
        raise self.error(f"{self.text()!r} is neither true nor false")

    def number(self) -> float:
        """The scalar as a number."""
        try:
            return float(self.text())
        except ValueError:
            raise self.error(f"not a number: {self.text()!r}") from None

    def integer(self) -> int:
        """The scalar as a whole number."""
        try:
            return int(self.text())
        except ValueError:
            raise self.error(f"not a whole number: {self.text()!r}") from None

    def _once(self) -> None:
        for name, line in self.repeated:
            where = self.path or "document"
            raise ConfigError(f"{self.file}:{line}: {where}: the key {name!r} stands twice", "remove one")

    def texts(self) -> dict[str, str]:
        """A mapping of scalars, none of them twice."""
        self._once()
        return {key: value.text() for key, value in self.mapping().items()}

    def plain(self) -> Any:
        """The value without places, scalars as texts, for writing YAML again."""
        if isinstance(self.data, dict):
            return {k: v.plain() for k, v in self.data.items()}
        if isinstance(self.data, list):
            return [v.plain() for v in self.data]
        return self.data


class Loader(yaml.SafeLoader):
    """PyYAML's, with an error of YAML, which has a place, also for what is nested deeper than DEEPEST, and for what
    looks like a number or a time and is none.

    PyYAML makes two characters of a pair that JSON escapes (`\\ud83d\\udd12`). JSON is YAML, and RFC 8259 means one; a
    half without the other is U+FFFD, as in Go.
    """

    _level = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As PyYAML's, to a level."""
        if self._level > DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEEPEST}", problem_mark=mark)
        self._level += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._level -= 1

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """As PyYAML's."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError):
            problem = "not the number or the time that it looks like"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from None

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """As PyYAML's, with pairs as one character."""
        node: yaml.ScalarNode = super().compose_scalar_node(anchor)
        if any("\ud800" <= char <= "\udfff" for char in node.value):
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return node


def _untagged(loader: Loader, node: yaml.Node) -> Any:
    """The value without its tag: a program's own (`!override` of Docker Compose) says what to do with it."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


Loader.add_constructor(None, _untagged)


def compose_all(text: str) -> list[yaml.Node]:
    """The documents of a text, without empty ones, by libyaml where PyYAML has it: the same nodes, same places, in a
    sixth of the time. What one of the two reads is read; raises yaml.YAMLError in PyYAML's words."""
    # libyaml does not count a byte order mark as a character before a place, PyYAML does.
    if yaml.__with_libyaml__ and not text.startswith("\ufeff"):
        try:
            return _composed(text, _over_libyaml())
        except (yaml.YAMLError, UnicodeError):
            # Also where it only does not know the pairs that JSON escapes.
            pass
    return _composed(text, Loader)


def load_plain(text: str) -> list[Json]:
    """The documents of a text as plain values, without those that are null. Raises yaml.YAMLError."""
    loader = Loader("")
    found = (loader.construct_document(node) for node in compose_all(text))
    return [one for one in found if one is not None]


def _composed(text: str, loader: Any) -> list[yaml.Node]:
    return [node for node in yaml.compose_all(text, Loader=loader) if node is not None]


@cache
def _over_libyaml() -> type[Loader]:
    from yaml._yaml import CParser

    class OverLibyaml(Loader, CParser):
        """PyYAML's way from events to nodes, over libyaml's events."""

        check_event, peek_event = CParser.check_event, CParser.peek_event
        get_event, dispose = CParser.get_event, CParser.dispose

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)

        def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
            """As PyYAML's, which says None and not "" of a scalar without quotes."""
            node = super().compose_scalar_node(anchor)
            node.style = node.style or None
            return node

    return OverLibyaml


def load(text: str, file: str, first_line: int = 1) -> list[YamlValue]:
    """The documents of a YAML text whose first line is line `first_line` of `file`; raises ConfigError."""
    try:
        return [_value(node, file, first_line, "", ()) for node in compose_all(text)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + mark.line if mark else first_line
        what, hint = error.problem or error.context, "check indentation"
        if isinstance(error, yaml.composer.ComposerError):
            # The name may be a password without its quotes.
            what, hint = str(error.context or what).partition(" '")[0], "a text that starts with * or & needs quotes"
        raise ConfigError(f"{file}:{line}: not YAML: {what}", hint) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: not YAML: {error}", "is this a text file?") from None


def _value(node: yaml.Node, file: str, first_line: int, path: str, above: tuple[int, ...]) -> YamlValue:
    line = first_line + node.start_mark.line
    if id(node) in above:
        raise ConfigError(f"{file}:{line}: {path}: an alias contains itself", "write what it stands for")
    above = (*above, id(node))
    if isinstance(node, yaml.ScalarNode):
        null = node.tag == "tag:yaml.org,2002:null"
        return YamlValue(None if null else node.value, file, line, path, node.style)
    if isinstance(node, yaml.SequenceNode):
        items = [_value(n, file, first_line, f"{path}[{i}]", above) for i, n in enumerate(node.value)]
        return YamlValue(items, file, line, path)
    merged: dict[str, YamlValue] = {}
    own: dict[str, YamlValue] = {}
    typed: list[str] = []
    repeated: list[tuple[str, int]] = []
    for key, child in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{file}:{line}: {path}: a key must be a single value", "write key: value")
        if key.tag == "tag:yaml.org,2002:merge":
            parts = child.value if isinstance(child, yaml.SequenceNode) else [child]
            for part in reversed(parts):
                merged.update(_value(part, file, first_line, path, above).mapping())
            continue
        name = key.value
        if key.style is None and _TYPED.fullmatch(name):
            typed.append(name)
        if name in own:
            repeated.append((name, first_line + key.start_mark.line))
        value = _value(child, file, first_line, f"{path}.{name}" if path else name, above)
        if value.data is None or not isinstance(value.data, str) or value.style in {"|", ">"}:
            value.line = first_line + key.start_mark.line
        own[name] = value
    found = YamlValue({**merged, **own}, file, line, path)
    found.typed_keys, found.repeated = tuple(typed), tuple(repeated)
    return found
