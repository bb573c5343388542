"""Custom components written out: every use of a `declare`, and of what an `import.string` or `import.file` declares,
becomes the components inside, under the name that Alloy gives them (`pods.feature/loki.process.p`).

Alloy 1.x: a custom component is a scope of its own. It sees its arguments, its own components and the custom components
of the scopes around it; outside only what it exports is seen.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from obs_check.documents.nearest import did_you_mean
from obs_check.errors import ConfigError
from obs_check.model.tree import Json
from obs_check.shipper.alloy.syntax import Block, Expression, names_of, parse

Source = Callable[[str], str | None]
"""The text of a file that `import.file` names, None where it cannot be read here."""
_LOCAL = ("import.string", "import.file")


class ModuleLines:
    """The lines of a configuration and of the files that it imports, in one row of numbers, as Go's token.FileSet
    counts: those of the configuration itself come first and keep their own."""

    def __init__(self, file: str) -> None:
        self._files = [(0, file)]

    def add(self, file: str) -> int:
        """The number in front of a further file's first line."""
        before = self._files[-1][0] + 10_000_000
        self._files.append((before, file))
        return before

    def at(self, line: int) -> tuple[str, int]:
        """The file of a line and its number there."""
        before, file = self._files[bisect_right(self._files, line, key=lambda one: one[0]) - 1]
        return file, line - before

    def place(self, line: int) -> str:
        """`file:line`."""
        return "{}:{}".format(*self.at(line))


@dataclass(frozen=True)
class WrittenOut:
    """`blocks` are all components, those of modules too. `unread` are places (line, what) that may hold pipelines and
    were not read; `opaque` are first names of components that come from there."""

    blocks: tuple[Block, ...]
    unread: tuple[tuple[int, str], ...]
    opaque: frozenset[str]


def write_out(top: Block, lines: ModuleLines, source: Source) -> WrittenOut:
    """Every component of a configuration; files that it imports are added to `lines`. Raises ConfigError for a use that
    Alloy would refuse."""
    found = _Found(lines, source)
    module = _Module(top.blocks(), "", {}, {}, (), found)
    blocks = tuple(module.components())
    return WrittenOut(blocks, tuple(dict.fromkeys(found.unread)), frozenset(found.opaque))


@dataclass
class _Found:
    lines: ModuleLines
    source: Source
    unread: list[tuple[int, str]] = field(default_factory=list)
    opaque: set[str] = field(default_factory=set)


class _Module:
    """One scope: the top, or one use of a custom component."""

    def __init__(
        self,
        body: Sequence[Block],
        name: str,
        around: "Mapping[str, tuple[Block, _Module | None]]",
        arguments: Mapping[str, Expression],
        above: tuple[int, ...],
        found: _Found,
    ) -> None:
        self._name = name
        self._arguments = arguments
        self._above = above
        self._found = found
        self._opaque: set[str] = set()
        self._declared: dict[str, tuple[Block, _Module | None]] = dict(around)
        self._body = body
        for block in body:
            if block.name == "declare":
                self._declared[block.label] = (block, self)
            elif block.name.startswith("import."):
                self._import(block)
        self._uses = {block.id: block for block in body if block.name in self._declared}
        self._instances: dict[str, _Module] = {}

    def components(self) -> Iterator[Block]:
        """The components of the scope and of the custom components in it, with references that hold everywhere."""
        for block in self._body:
            if block.id in self._uses:
                yield from self._instance(block.id).components()
            elif self._is_apart(block):
                continue
            elif block.name.split(".")[0] in self._opaque:
                self._found.unread.append((block.line, f"{block.id}: a component of a module that is not read"))
            else:
                yield self._renamed(block)

    def _is_apart(self, block: Block) -> bool:
        """Whether a block is not a component: what declares some, and how a module speaks with the scope around it."""
        declares = block.name == "declare" or block.name.startswith("import.")
        return declares or bool(self._name and block.name in ("argument", "export"))

    def export(self, name: str, line: int) -> Expression:
        """The value of an `export` block. Raises ConfigError where there is none."""
        exports = {block.label: block for block in self._body if block.name == "export"}
        value = exports[name].attributes().get("value") if name in exports else None
        if value is None:
            raise self._error(line, f"{self._name} exports no {name}", did_you_mean(name, list(exports)))
        return self.resolved(value.value)

    def resolved(self, expression: Expression) -> Expression:
        """An expression with the names of this scope replaced by those that hold everywhere."""
        path = names_of(expression)
        if path is not None:
            return self._named(expression, path)
        if expression.kind == "object":
            return replace(expression, parts=tuple((key, self.resolved(value)) for key, value in expression.parts))
        parts = tuple(self.resolved(part) if isinstance(part, Expression) else part for part in expression.parts)
        return replace(expression, parts=parts)

    def _named(self, expression: Expression, path: list[str]) -> Expression:
        line = expression.line
        if self._name and path[0] == "argument" and len(path) > 2 and path[2] == "value":
            if path[1] not in self._arguments:
                raise self._error(line, f"{self._name} has no argument {path[1]}", f"write argument {path[1]!r} {{ }}")
            return _behind(self._arguments[path[1]], path[3:], line)
        for length in range(len(path) - 1, 0, -1):
            name = ".".join(path[:length])
            if name in self._uses:
                return _behind(self._instance(name).export(path[length], line), path[length + 1 :], line)
        if self._name:
            own = [b.id for b in self._body if ".".join(path) == b.id or ".".join(path).startswith(f"{b.id}.")]
            if own:
                longest = max(own, key=len)
                head = Expression("name", (f"{self._name}/{longest}",), line)
                return _behind(head, path[longest.count(".") + 1 :], line)
        return expression

    def _instance(self, name: str) -> "_Module":
        if name not in self._instances:
            block = self._uses[name]
            declared, scope = self._declared[block.name]
            if id(declared) in self._above:
                raise self._error(block.line, f"{name}: {block.name} holds itself", "a component cannot hold itself")
            inner = f"{self._name}/{name}" if self._name else name
            around = scope._declared if scope is not None else {}
            arguments = self._given(block, declared)
            self._instances[name] = _Module(
                declared.blocks(), inner, around, arguments, (*self._above, id(declared)), self._found
            )
        return self._instances[name]

    def _given(self, use: Block, declared: Block) -> dict[str, Expression]:
        """The arguments of a use: what it writes, else the default, else null where the argument is optional."""
        wanted = {block.label: block.attributes() for block in declared.blocks() if block.name == "argument"}
        written = use.attributes()
        for name, attribute in written.items():
            if name not in wanted:
                raise self._error(
                    attribute.line,
                    f"{use.id}: {name!r} is not an argument of {use.name}",
                    did_you_mean(name, list(wanted)),
                )
        given = {}
        for name, settings in wanted.items():
            if name in written:
                given[name] = self.resolved(written[name].value)
            elif "default" in settings:
                given[name] = settings["default"].value
            elif "optional" in settings and settings["optional"].value.parts == (True,):
                given[name] = Expression("literal", (None,), use.line)
            else:
                raise self._error(use.line, f"{use.id}: the argument {name} is missing", f"write {name} = ...")
        return given

    def _renamed(self, block: Block) -> Block:
        body = tuple(
            self._renamed_inside(part) if isinstance(part, Block) else replace(part, value=self.resolved(part.value))
            for part in block.body
        )
        return replace(block, body=body, module=self._name)

    def _renamed_inside(self, block: Block) -> Block:
        return replace(self._renamed(block), module="")

    def _import(self, block: Block) -> None:
        """Declares what a module declares, as NAMESPACE.COMPONENT."""
        texts = self._imported(block)
        if not texts:
            self._opaque.add(block.label)
            self._found.opaque.add(block.label)
            self._found.unread.append((block.line, f"{block.id}: the module that it imports is not read"))
        for one in texts:
            module = _Module(one.blocks(), "", {}, {}, self._above, self._found)
            for label, declared in module._declared.items():
                self._declared[f"{block.label}.{label}"] = declared

    def _imported(self, block: Block) -> list[Block]:
        """The texts of a module; none where they are not at hand."""
        given = block.attributes().get("content" if block.name == "import.string" else "filename")
        if block.name not in _LOCAL or given is None or given.value.kind != "literal":
            return []
        literal: Json = given.value.parts[0]
        if not isinstance(literal, str):
            raise self._error(given.line, f"{block.id}: {given.name} needs a string")
        if block.name == "import.string":
            file, line = self._found.lines.at(given.line)
            parse(literal, file, line)
            return [parse(literal, file, given.line)]
        text = self._found.source(literal)
        if text is None:
            return []
        parse(text, literal)
        return [parse(text, literal, self._found.lines.add(literal) + 1)]

    def _error(self, line: int, message: str, hint: str = "") -> ConfigError:
        return ConfigError(f"{self._found.lines.place(line)}: {message}", hint)


def _behind(head: Expression, names: Sequence[str], line: int) -> Expression:
    for name in names:
        head = Expression("access", (head, name), line)
    return head
