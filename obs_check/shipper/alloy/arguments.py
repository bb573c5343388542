"""The attributes and blocks of one Alloy block, checked against what the block knows, with places for messages."""

from collections.abc import Iterable

from obs_check.documents.nearest import did_you_mean
from obs_check.documents.yaml_tree import YamlValue
from obs_check.errors import ConfigError
from obs_check.golang.numbers import format_float
from obs_check.shipper.alloy.evaluate import Evaluator
from obs_check.shipper.alloy.modules import ModuleLines
from obs_check.shipper.alloy.syntax import Attribute, Block, Expression
from obs_check.shipper.alloy.values import Unknown, UnknownText, has_unknown
from obs_check.shipper.stages.declaration import Form


class ArgumentReader:
    """What readers of one configuration share: its lines, its expressions, and `notes` for what stays unknown."""

    def __init__(self, lines: ModuleLines, evaluator: Evaluator, notes: list[str]) -> None:
        self.lines = lines
        self.evaluator = evaluator
        self.notes = notes
        self.stages: dict[int, tuple[str, int, int]] = {}
        """The file, first and last line of each stage, by its `id`."""

    def error(self, line: int, message: str, hint: str = "") -> ConfigError:
        """The error to raise about a line."""
        return ConfigError(f"{self.lines.place(line)}: {message}", hint)

    def unknown(self, line: int, where: str, message: str, name: str, known: list[str]) -> ConfigError:
        """The error about a name that is not known, with the nearest one that is."""
        return self.error(line, f"{where}: {message}", did_you_mean(name, known))

    def note(self, line: int, message: str) -> None:
        """Keep a sentence for the user."""
        if (text := f"{self.lines.place(line)}: {message}") not in self.notes:
            self.notes.append(text)

    def check(self, block: Block, where: str, form: Form, blocks: Iterable[str] = ()) -> None:
        """Raises ConfigError for an attribute or block that `block` does not know, or one that it misses. A name in
        `blocks` that ends in a dot allows all blocks that start with it."""
        known = list(blocks)
        for part in block.body:
            if isinstance(part, Attribute) and part.name not in form:
                kind = "is a block, without =" if part.name in known else "is not an attribute here"
                raise self.error(part.line, f"{where}: {part.name!r} {kind}", did_you_mean(part.name, [*form, *known]))
            if isinstance(part, Block) and not any(
                part.name == name or (name.endswith(".") and part.name.startswith(name)) for name in known
            ):
                kind = "is an attribute, written with =" if part.name in form else "is not a block here"
                raise self.error(part.line, f"{where}: {part.name!r} {kind}", did_you_mean(part.name, [*form, *known]))
        for name, kind in form.items():
            if kind.endswith("!") and name not in block.attributes():
                raise self.error(block.line, f"{where}: {name} is missing")

    def tree(self, block: Block, where: str, form: Form) -> YamlValue:
        """The attributes of a checked block as a mapping, scalars as texts. An attribute that is null is left out."""
        found = {}
        for name, attribute in block.attributes().items():
            value = self.evaluator.value(attribute.value)
            if value is None:
                continue
            if has_unknown(value) and form[name] != "any":
                self._tell_unknown(value, attribute)
            self._check_type(value, form[name].rstrip("!"), where, attribute)
            found[name] = self._tree(value, attribute.value, attribute.line, f"{where}: {name}")
        return YamlValue(found, *self.lines.at(block.line), where)

    def _tell_unknown(self, value: object, attribute: Attribute) -> None:
        for part in value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]:
            if isinstance(part, Unknown):
                self.note(
                    attribute.line,
                    f"{attribute.name}: {part.text} is known only where Alloy runs; its name stands here",
                )

    def _check_type(self, value: object, kind: str, where: str, attribute: Attribute) -> None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        good = {
            "text": isinstance(value, str) or number,
            "number": number or isinstance(value, str),
            "flag": isinstance(value, bool),
            "texts": isinstance(value, list),
            "map": isinstance(value, dict),
        }.get(kind, True)
        if not good and not isinstance(value, Unknown):
            wanted = {
                "text": "a string",
                "number": "a number",
                "flag": "true or false",
                "texts": "a list",
                "map": "{...}",
            }
            raise self.error(attribute.line, f"{where}: {attribute.name} needs {wanted[kind]}")

    def _tree(self, value: object, expression: Expression | None, line: int, path: str) -> YamlValue:
        if isinstance(value, dict):
            inner = dict(expression.parts) if expression and expression.kind == "object" else {}
            parts = {
                key: self._tree(v, inner.get(key), inner[key].line if key in inner else line, f"{path}.{key}")
                for key, v in value.items()
            }
            return YamlValue(parts, *self.lines.at(line), path)
        if isinstance(value, list):
            items = expression.parts if expression and expression.kind == "array" else ()
            return YamlValue(
                [
                    self._tree(v, item, item.line if item else line, f"{path}[{n}]")
                    for n, v in enumerate(value)
                    for item in [items[n] if n < len(items) else None]
                ],
                *self.lines.at(line),
                path,
            )
        return YamlValue(_scalar(value), *self.lines.at(line), path, '"')


def _scalar(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        UnknownText(value.text)
        if isinstance(value, Unknown)
        else format_float(float(value))
        if isinstance(value, float)
        else str(value)
    )
