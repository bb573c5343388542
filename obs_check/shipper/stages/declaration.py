"""What a stage is declared with, once for promtail 3.5 and Alloy 1.18, and how its settings are read in both.

A stage's file ends in its declaration, with a line in registry.py; its class reads itself (`read`), and is put to work
as item.py has it (`start`, `change`). Most stages are the same in both; what differs is said in the declaration, or
where `StageSettings.alloy` is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.errors import ConfigError
from obs_check.golang.quantity import size_bytes
from obs_check.shipper.environment import hangs_on_environment
from obs_check.shipper.item import Item, LineStage, Stage
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages.regexes import read_regex

Form = Mapping[str, str]
"""Setting to type: `text`, `number`, `flag`, `texts` (a list), `map` (of texts), `any`; `!` behind it where the
setting has to be written."""
SOURCE: Form = {"source": "text"}


class StageSettings:
    """The settings that a stage is given, as a tree whose scalars are texts; `blocks` are those inside it (Alloy), with
    their names. All that reads raises ConfigError."""

    def __init__(
        self,
        node: YamlValue,
        read_stages: Callable[[YamlValue], Pipeline],
        alloy: bool = False,
        blocks: Sequence[tuple[str, YamlValue]] = (),
    ) -> None:
        self.node = node
        self.read_stages = read_stages
        self.alloy = alloy
        self.blocks = blocks

    def error(self, message: str, *hint: str) -> ConfigError:
        """The error to raise about the stage."""
        return self.node.error(message, *hint)

    def inside(self, node: YamlValue) -> "StageSettings":
        """A value or block of the stage, read in the same dialect."""
        return StageSettings(node, self.read_stages, self.alloy)

    def get(self, key: str) -> YamlValue | None:
        """The value of a setting, None when absent or null."""
        return self.node.get(key)

    def written(self, key: str) -> YamlValue:
        """The value of a setting, whatever it is; Alloy leaves out one that is null."""
        value = self.node.mapping().get(key)
        if value is None:
            raise self.error(f"{key} is missing")
        return value

    def needed(self, key: str) -> YamlValue:
        """The value of a setting that the stage cannot do without."""
        value = self.written(key)
        if value.data in (None, "", [], {}):
            raise self.error(f"{key} is missing")
        return value

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self.get(key)
        return value.text() if value else default

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean."""
        value = self.get(key)
        return value.flag() if value else default

    def whole(self, key: str, default: int) -> int:
        """A whole number."""
        value = self.get(key)
        return value.integer() if value else default

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of a list, none when it is absent."""
        value = self.get(key)
        return tuple(v.text() for v in value.items()) if value else ()

    def choice(self, key: str, options: Sequence[str], default: str = "") -> str:
        """One of two words."""
        value = self.get(key)
        if value and value.text() not in {default, *options}:
            raise value.error(f"{value.text()!r} is neither {' nor '.join(options)}")
        return value.text() if value else default

    def regex(self, key: str) -> str | None:
        """A regular expression (RE2), None when it is absent or empty."""
        value = self.get(key)
        return read_regex(value) if value and value.text() else None

    def source(self) -> str | None:
        """`source`: the extracted value to work on; None means the line. Promtail refuses an empty one."""
        value = self.get("source")
        if value is None:
            return None
        if not value.text():
            raise value.error("source is empty", "name an extracted value, or remove the key to work on the line")
        return value.text()

    def size(self, key: str) -> int | None:
        """Bytes; Alloy refuses a number without a unit."""
        value = self.get(key)
        if value and self.alloy and value.text()[-1:].isdigit():
            raise value.error(f"{value.text()} has no unit", f"write {value.text()}B")
        return value.read(size_bytes) if value else None

    def reason(self, default: str) -> str:
        """`drop_counter_reason`."""
        return self.text("drop_counter_reason") or default


def read_names(node: YamlValue) -> tuple[tuple[str, str], ...]:
    """A mapping of name to source where an empty source means the name itself."""
    return tuple((name, value.text() or name) for name, value in node.mapping().items())


@dataclass(frozen=True)
class Unclear(LineStage):
    """A stage that cannot be read since a setting is known only where the shipper runs. Lines pass it unchanged here;
    what it does to them nobody knows."""

    kind: ClassVar[str] = "unclear"
    may_drop: ClassVar[bool] = True
    note: str

    def change(self, item: Item) -> bool:  # noqa: ARG002 (every line passes unchanged)
        """As it is."""
        return True


@dataclass(frozen=True)
class StageDeclaration:
    """One kind of stage. `promtail` are its keys in promtail's YAML and `alloy` its name behind `stage.`, none where
    the dialect lacks it. `settings` are those of both, `added` those that Alloy alone has or requires; `blocks` are the
    blocks of Alloy's with their settings, one that ends in a dot allows all that start with it. In promtail the stage's
    whole value is the setting `whole`, where one is named. Promtail refuses booleans and numbers for texts where
    `strict`; Alloy takes an empty text for unset where `blank_is_unset`."""

    read: Callable[[StageSettings], Stage]
    promtail: tuple[str, ...] = ()
    alloy: str = ""
    settings: Form = field(default_factory=dict)
    added: Form = field(default_factory=dict)
    blocks: Mapping[str, Form] = field(default_factory=dict)
    whole: str = ""
    strict: bool = False
    blank_is_unset: bool = False

    def known_of(self, node: YamlValue) -> tuple[YamlValue, dict[str, YamlValue]]:
        """The settings in a value of promtail's YAML, each by its own name, and what is none of them."""
        if self.whole or not node.is_map():
            return node, {}
        given = node.mapping(tuple(node.mapping()))
        folded = {name.casefold(): name for name in self.settings}
        names = {key: key if key in self.settings else folded.get(key.casefold(), "") for key in given}
        known = node.beside(
            {name: given[key] for key, name in names.items() if name and (key == name or name not in given)}
        )
        return known, {key: value for key, value in given.items() if not names[key]}

    def from_promtail(self, node: YamlValue, read_stages: Callable[[YamlValue], Pipeline]) -> Stage:
        """The stage of a value in promtail's YAML; raises ConfigError."""
        if self.strict:
            self._texts(node).needs_text()
        if self.whole:
            node = node.beside({self.whole: node})
        else:
            node.mapping(self.settings)
        return self._read(StageSettings(node, read_stages))

    def _texts(self, node: YamlValue) -> YamlValue:
        """What has to be texts of a value."""
        if self.whole or not node.is_map():
            return node
        others = {name for name, kind in self.settings.items() if kind in {"flag", "any"}}
        texts = node.beside({name: value for name, value in node.mapping().items() if name not in others})
        texts.typed_keys = node.typed_keys
        return texts

    @property
    def form(self) -> Form:
        """The attributes of Alloy's block."""
        return {**{name: kind for name, kind in self.settings.items() if kind != "any"}, **self.added}

    def from_alloy(self, node: YamlValue, inner: Pipeline, blocks: Sequence[tuple[str, YamlValue]]) -> Stage:
        """The stage of an Alloy block whose attributes were checked; `inner` are the stages in it. Raises
        ConfigError."""
        attributes = {k: v for k, v in node.mapping().items() if v.data != "" or not self.blank_is_unset}
        if inner.stages:
            # The reader wants stages as a value: one that stands for the pipeline that is read already.
            attributes["stages"] = node.beside([node.beside("")])
        return self._read(StageSettings(node.beside(attributes), lambda _: inner, True, blocks))

    def _read(self, given: StageSettings) -> Stage:
        try:
            return self.read(given)
        except ConfigError:
            if not any(map(hangs_on_environment, (given.node, *(block for _, block in given.blocks)))):
                raise
            return Unclear(f"{given.node.place()}: what it does hangs on a value that is known only where it runs")
