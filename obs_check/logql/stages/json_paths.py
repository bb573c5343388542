"""Several paths looked up in one pass over a line that need not be valid JSON, with the faults Loki's reader meets."""

from collections.abc import Callable, Sequence

from obs_check.logql.stages.json_path import Path
from obs_check.logql.stages.json_scan import (
    MALFORMED,
    JsonFault,
    JsonText,
    JsonValue,
    members,
    read_value,
    skip_space,
    string_end,
    unescape,
)

Found = Callable[[int, JsonValue], None]
Failed = Callable[[str], None]


class _Search:
    """One pass: `found(number of the path, value)` and `failed(fault)` are called in the order of the line."""

    def __init__(self, text: str, paths: Sequence[Path], found: Found, failed: Failed) -> None:
        self.source = JsonText(text)
        self.text = text
        self.paths = paths
        self.open = set(range(len(paths)))
        self.depth = max(map(len, paths))
        self.here: list[str | int] = [""] * self.depth
        self.found = found
        self.failed = failed

    def run(self) -> None:
        at = level = 0
        while 0 <= at < len(self.text) and self.open:
            char = self.text[at]
            if char == '"':
                at = self._string(at, level)
                continue
            if char == "[":
                if level < 0:
                    self.failed(MALFORMED)
                    return
                wanted = self._indices(level)
                if wanted:
                    level += 1
                    at = self._array(at, level, wanted)
                else:
                    at = self.source.block_end(at)
                continue
            level += {"{": 1, "}": -1, "]": -1}.get(char, 0)
            at += 1

    def _string(self, at: int, level: int) -> int:
        """Passes a string; when it is a key that ends a path, the value behind it is read. The next offset or -1."""
        end = string_end(self.text, at)
        colon = skip_space(self.text, end) if end >= 0 else -1
        if colon < 0 or self.text[colon] != ":":
            return colon
        key = unescape(self.text[at + 1 : end - 1], keep_invalid=True)
        if key is None:
            return -1
        if self.depth < level:
            return colon + 1
        if level < 1:
            self.failed(MALFORMED)
            return -1
        self.here[level - 1] = key
        for number, path in enumerate(self.paths):
            if number in self.open and list(path) == self.here[:level]:
                self.open.discard(number)
                try:
                    value = read_value(self.source, colon + 1)
                except JsonFault as fault:
                    self.failed(str(fault))
                else:
                    self.found(number, value)
        return colon + 1

    def _indices(self, level: int) -> dict[int, list[int]]:
        """Element to the paths that go through it."""
        wanted: dict[int, list[int]] = {}
        for number in sorted(self.open):
            path = self.paths[number]
            if len(path) > level and list(path[:level]) == self.here[:level]:
                step = path[level]
                if isinstance(step, int):
                    wanted.setdefault(step, []).append(number)
        return wanted

    def _array(self, at: int, level: int, wanted: dict[int, list[int]]) -> int:
        """Reads elements up to the end of the array or to a fault, whose offset it answers."""
        at = skip_space(self.text, at + 1)
        index = 0
        while at >= 0 and self.text[at : at + 1] != "]":
            try:
                value = read_value(self.source, at)
            except JsonFault:
                return at
            for number in wanted.get(index, ()):
                self._element(number, value, self.paths[number][level:])
            index += 1
            at = skip_space(self.text, value.after)
            if at < 0 or self.text[at] != ",":
                return at
            at += 1
        return at

    def _element(self, number: int, value: JsonValue, rest: Path) -> None:
        self.open.discard(number)
        for step in rest:
            inner = _step(value, step)
            if inner is None:
                return
            value = inner
        self.found(number, value)


def _step(value: JsonValue, step: str | int) -> JsonValue | None:
    source, text, end = value.source, value.source.text, value.end
    if isinstance(step, str):
        try:
            return next((inner for key, inner in members(source, value.start, end) if key == step), None)
        except JsonFault:
            return None
    if value.kind != "array":
        return None
    at, index = skip_space(text, value.start + 1, end), 0
    while at >= 0 and text[at] != "]":
        try:
            inner = read_value(source, at, end)
        except JsonFault:
            return None
        if index == step:
            return inner
        index += 1
        at = skip_space(text, inner.after, end)
        if at < 0 or text[at] != ",":
            return None
        at = skip_space(text, at + 1, end)
    return None


def search_paths(text: str, paths: Sequence[Path], found: Found, failed: Failed) -> None:
    """Calls `found` for each path at its first value and `failed` for each fault at one; what comes after the last
    path is not looked at (Loki 3.5: jsonparser's EachKey)."""
    _Search(text, paths, found, failed).run()
