"""`stage.luhn` (Alloy): numbers that pass the check of payment cards are written over."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from obs_check.golang.regex import matches
from obs_check.shipper.item import Item, PerLine, StageContext
from obs_check.shipper.stages.declaration import SOURCE, StageDeclaration, StageSettings
from obs_check.shipper.stages.regexes import compile_regex

_INT_MAX = 2**63 - 1


@dataclass(frozen=True)
class Luhn:
    """Runs of at least `min_length` digits; characters of `delimiters` may stand between them. What `skip` (RE2) covers
    as a whole stays. Alloy 1.18: the result replaces the line, also when `source` names an extracted value."""

    kind: ClassVar[str] = "luhn"
    source: str | None = None
    replacement: str = "**REDACTED**"
    min_length: int = 13
    delimiters: str = ""
    skip: str | None = None

    @classmethod
    def read(cls, given: StageSettings) -> "Luhn":
        length = given.whole("min_length", cls.min_length)
        return cls(
            given.source(),
            given.text("replacement") or cls.replacement,
            length if length >= 1 else cls.min_length,
            given.text("delimiters"),
            given.regex("skip_regex"),
        )

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        skip = compile_regex(self.skip) if self.skip else None

        def change(item: Item) -> bool:
            text = item.line if self.source is None else item.extracted.get(self.source)
            if isinstance(text, str):
                spans = [match.span() for match in matches(skip, text)] if skip else []
                item.line = self._replaced(text, lambda a, b: any(s <= a and b <= e for s, e in spans))
            return True

        return PerLine(change)

    def _replaced(self, text: str, skipped: Callable[[int, int], bool]) -> str:
        out: list[str] = []
        digits, start, end, at = "", 0, 0, 0
        for at, char in enumerate([*text, ""]):
            if char.isdecimal():
                start = start if digits else at
                digits += char
                end = at + 1
                continue
            if char and char in self.delimiters and digits:
                continue
            if digits:
                found = len(digits.encode()) >= self.min_length and _passes(digits) and not skipped(start, end)
                tail = text[at - 1] if at > end else ""
                out.append(self.replacement + tail if found else text[start:at])
                digits = ""
            out.append(char)
        return "".join(out)


def _passes(digits: str) -> bool:
    """The check sum; Go reads ASCII digits up to its largest integer only."""
    if not digits.isascii() or int(digits) > _INT_MAX:
        return False
    total = 0
    for n, digit in enumerate(reversed(str(int(digits)))):
        value = int(digit) * (1 + n % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


LUHN = StageDeclaration(
    Luhn.read,
    alloy="luhn",
    settings={**SOURCE, "replacement": "text", "min_length": "number", "delimiters": "text", "skip_regex": "text"},
)
