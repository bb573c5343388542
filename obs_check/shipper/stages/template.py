"""`template` and `replace`: values and lines written by a Go template."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from obs_check.golang.regex import matches
from obs_check.model.entry import Labels
from obs_check.shipper.golang.template import BadTemplate, TemplateFault, parse
from obs_check.shipper.item import Item, PerLine, StageContext, text_of
from obs_check.shipper.stages.declaration import SOURCE, StageDeclaration, StageSettings
from obs_check.shipper.stages.regexes import compile_regex, read_regex


def _read_template(given: StageSettings, key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    try:
        parse(value.text())
    except BadTemplate as error:
        raise value.error(f"the template does not work: {error}") from None
    return value.text()


def _note(kind: str, template: str) -> str:
    parsed = parse(template)
    unseen = ", ".join(parsed.unseen)
    if unseen:
        return f"{kind}: {unseen} is not simulated, what it would write stays absent"
    return f"{kind}: times are written in UTC, as by a shipper without TZ" if parsed.local else ""


def _fields(item: Item) -> Labels:
    return {name: text for name, v in item.extracted.items() if (text := text_of(v)) is not None}


@dataclass(frozen=True)
class FromTemplate:
    """`template`: sets the extracted value `source`; `.Value` is its old value, `.Entry` the line, other fields are
    extracted values. An empty text removes it, a failing template leaves it."""

    kind: ClassVar[str] = "template"
    source: str
    template: str

    @property
    def note(self) -> str:
        """What a run cannot show."""
        return _note(self.kind, self.template)

    @classmethod
    def read(cls, given: StageSettings) -> "FromTemplate":
        return cls(given.needed("source").text(), _read_template(given, "template"))

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        template, clock = parse(self.template), context.clock

        def change(item: Item) -> bool:
            data = _fields(item)
            if self.source in data:
                data["Value"] = data[self.source]
            data["Entry"] = item.line
            try:
                text = template.render(data, clock)
            except TemplateFault:
                return True
            if text:
                item.extracted[self.source] = text
            else:
                item.extracted.pop(self.source, None)
            return True

        return PerLine(change)


@dataclass(frozen=True)
class Replace:
    """`replace`: every captured group of every match becomes the template's text (`.Value` is what was captured);
    named groups are extracted. Nested groups: the outer one counts. A failing template changes nothing."""

    kind: ClassVar[str] = "replace"
    expression: str
    replace: str = ""
    source: str | None = None

    @property
    def note(self) -> str:
        """What a run cannot show."""
        return _note(self.kind, self.replace)

    @classmethod
    def read(cls, given: StageSettings) -> "Replace":
        expression = read_regex(given.needed("expression"))
        return cls(expression, _read_template(given, "replace"), given.source())

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        regex: Any = compile_regex(self.expression)
        template = parse(self.replace)

        def render(data: Labels) -> str:
            return template.render(data, context.clock)

        def change(item: Item) -> bool:
            text = item.source(self.source)
            found = list(matches(regex, text)) if text is not None else []
            if text is None or not found:
                return True
            try:
                result, written = _replaced(text, found, _fields(item), render)
            except TemplateFault:
                return True
            if self.source is None:
                item.line = result
            else:
                item.extracted[self.source] = result
            for name, captured in found[0].groupdict().items():
                if (captured or "") in written:
                    item.extracted[name] = written[captured or ""]
            return True

        return PerLine(change)


def _replaced(text: str, found: list[Any], fields: Labels, render: Callable[[Labels], str]) -> tuple[str, Labels]:
    """The new text, and for each captured text what was written for it."""
    parts: list[str] = []
    written: Labels = {}
    at = 0
    for match in found:
        for group in range(1, match.re.groups + 1):
            start, end = match.span(group)
            if start < 0:
                continue
            captured = text[start:end]
            written[captured] = render({**fields, "Value": captured})
            if at <= start:
                parts += [text[at:start], written[captured]]
                at = end
    return "".join([*parts, text[at:]]), written


TEMPLATE = StageDeclaration(
    FromTemplate.read,
    ("template",),
    "template",
    {"source": "text!", "template": "text"},
    {"template": "text!"},
    strict=True,
)
REPLACE = StageDeclaration(
    Replace.read,
    ("replace",),
    "replace",
    {"expression": "text!", "replace": "text", **SOURCE},
    strict=True,
    blank_is_unset=True,
)
