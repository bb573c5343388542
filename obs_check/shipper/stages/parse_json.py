"""`json`: values of a JSON line, found by JMESPath, into the extracted map."""

from dataclasses import dataclass
from typing import Any, ClassVar

from obs_check.golang import jsontext
from obs_check.shipper.item import Item, PerLine, StageContext
from obs_check.shipper.jmespath.functions import COMMUNITY, FUNCTIONS
from obs_check.shipper.jmespath.search import BadPath, WrongArgument, called_functions, parse, search
from obs_check.shipper.stages.declaration import SOURCE, StageDeclaration, StageSettings, read_names
from obs_check.shipper.stages.regexes import compile_regex


@dataclass(frozen=True)
class Json:
    """`expressions` are (name, JMESPath). A line that is not a JSON object passes unchanged, or is dropped without
    being counted when `drop_malformed`. With `regex` (Alloy) also every key that it matches is taken, whatever its
    value."""

    kind: ClassVar[str] = "json"
    expressions: tuple[tuple[str, str], ...]
    source: str | None = None
    drop_malformed: bool = False
    regex: str | None = None
    alloy: bool = False

    @property
    def note(self) -> str:
        """What a run cannot show: promtail 3.5 (go-jmespath) ends at merge(), Alloy's JMESPath has more functions."""
        names = {name for _, path in self.expressions for name in called_functions(parse(path))}
        if "merge" in names and not self.alloy:
            return "json: merge() makes promtail 3.5 panic at the first line that has the value"
        unknown = sorted(names - (COMMUNITY if self.alloy else FUNCTIONS).keys())
        reason = "is not simulated" if self.alloy else "is not a function of promtail's JMESPath"
        return f"json: {', '.join(unknown)} {reason}, the value stays absent" if unknown else ""

    @classmethod
    def read(cls, given: StageSettings) -> "Json":
        regex = given.regex("regex")
        expressions = given.needed("expressions") if regex is None or given.get("expressions") else None
        for name, value in expressions.mapping().items() if expressions else ():
            try:
                parse(value.text() or name)
            except BadPath as error:
                raise value.error(f"not a JMESPath expression: {error}") from None
        names = read_names(expressions) if expressions else ()
        return cls(names, given.source(), given.flag("drop_malformed"), regex, given.alloy)

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        keys = compile_regex(self.regex) if self.regex else None

        def change(item: Item) -> bool:
            text = item.source(self.source)
            if text is None:
                return True
            try:
                data = jsontext.read_object(text)
            except jsontext.Malformed:
                return not self.drop_malformed
            for name, path in self.expressions:
                try:
                    found = search(path, data, self.alloy)
                except WrongArgument:
                    continue
                item.extracted[name] = _simple(found)
            if keys:
                item.extracted.update({key: _simple(value) for key, value in data.items() if keys.search(key)})
            return True

        return PerLine(change)


def _simple(found: object) -> Any:
    return jsontext.write(found, iterated=True) if isinstance(found, list | dict) else found


JSON = StageDeclaration(
    Json.read,
    ("json",),
    "json",
    {"expressions": "map", **SOURCE, "drop_malformed": "flag"},
    {"regex": "text"},
    strict=True,
)
