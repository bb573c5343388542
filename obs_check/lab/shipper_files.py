"""Which files a path pattern finds, and how far each was read."""

import json
import os
import re
from pathlib import Path

import yaml

from obs_check.errors import ConfigError
from obs_check.shipper.glob import ways

_ALLOY_ROW = re.compile(r'^  \? path: (".*")\n    labels: .*\n  : "(\d+)"$', re.MULTILINE)


def find_files(pattern: str, exclude: str = "") -> list[str]:
    """The files of a doublestar pattern, sorted: `*`, `?`, `[a-z]`, `{a,b}` inside a segment (dot files included), `**`
    as a segment for any number of directories. Directories are left out, unreadable ones are skipped silently, as
    promtail does. A found file that fits `exclude` is left out."""
    unwanted = [_whole(p) for p in _ways(exclude)]
    found = {path for one in _ways(pattern) for path in _walk("/", one.strip("/").split("/"))}
    return sorted(p for p in found if os.path.isfile(p) and not any(u.fullmatch(p) for u in unwanted))  # noqa: PTH113


def _ways(pattern: str) -> list[str]:
    """A pattern for each choice of its alternatives; none for one that promtail cannot read: it says so in its log."""
    try:
        return ways(pattern) if pattern.startswith("/") else []
    except ConfigError:
        return []


def _segment(text: str) -> re.Pattern[str]:
    parts, at = [], 0
    while at < len(text):
        char = text[at]
        end = text.find("]", at + 2) if char == "[" else -1
        if char == "*":
            parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif end > 0:
            inside = text[at + 1 : end]
            negated = inside[0] in "^!"
            parts.append(f"[{'^' * negated}{inside[negated:]}]".replace("\\", "\\\\"))
            at = end
        else:
            if char == "\\" and at + 1 < len(text):
                at += 1
            parts.append(re.escape(text[at]))
        at += 1
    return re.compile("".join(parts), re.DOTALL)


def _whole(pattern: str) -> re.Pattern[str]:
    text = "/".join(_segment(s).pattern if s != "**" else "\0" for s in pattern.split("/"))
    return re.compile(text.replace("\0/", "(?:.*/)?").replace("/\0", "(?:/.*)?").replace("\0", ".*"), re.DOTALL)


def _walk(directory: str, segments: list[str]) -> list[str]:
    first, rest = segments[0], segments[1:]
    if first == "**":
        below = [path for name in _names(directory) if _leads_down(directory, path := os.path.join(directory, name))]  # noqa: PTH118
        here = _walk(directory, rest) if rest else [os.path.join(directory, n) for n in _names(directory)]  # noqa: PTH118
        return here + [found for path in below for found in _walk(path, segments)]
    if not re.search(r"[*?\[\\]", first):
        names = [first]
    else:
        regex = _segment(first)
        names = [name for name in _names(directory) if regex.fullmatch(name)]
    paths = [os.path.join(directory, name) for name in names]  # noqa: PTH118
    return [found for path in paths for found in _walk(path, rest)] if rest else paths


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))  # noqa: PTH208
    except OSError:
        return []


def _leads_down(directory: str, path: str) -> bool:
    """Whether a path is a directory that is not above the one it stands in: links are followed as in promtail."""
    real = os.path.realpath(path)
    return os.path.isdir(path) and os.path.commonpath([real, os.path.realpath(directory)]) != real  # noqa: PTH112


class Positions:
    """The positions file: YAML, path to the byte offset as a text, as promtail writes it; `alloy` writes it as Alloy
    does, with path and labels as the key, and reads promtail's too (its `legacy_positions_file`)."""

    def __init__(self, path: Path, alloy: bool = False) -> None:
        self.path = path
        self._alloy = alloy
        self._values: dict[str, str] = {}
        self._written: dict[str, str] | None = None

    def load(self) -> None:
        """Read the file when it is there; raises ConfigError when it is not a positions file (promtail does not
        start)."""
        if not self.path.exists():
            return
        try:
            text = self.path.read_text("utf-8")
            if self._alloy and (rows := _ALLOY_ROW.findall(text)):
                self._values = {json.loads(path): offset for path, offset in rows}
                return
            data = yaml.safe_load(text) or {}
            self._values = {str(k): str(v) for k, v in (data.get("positions") or {}).items()}
        except (yaml.YAMLError, AttributeError, UnicodeDecodeError):
            raise ConfigError(
                f"invalid yaml positions file [{self.path}]", "remove it; files are then read from the start"
            ) from None

    def get(self, path: str) -> int:
        """Bytes already read, 0 for a new file. Raises ValueError when the entry is not a number."""
        return int(self._values.get(path, "0"))

    def put(self, path: str, offset: int) -> None:
        """Remember an offset in bytes."""
        self._values[path] = str(offset)

    def remove(self, path: str) -> None:
        """Forget a file."""
        self._values.pop(path, None)

    def save(self) -> None:
        """Write the file when something changed, at once and whole."""
        if self._values == self._written:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(self.path.name + ".new")
        known = dict(sorted(self._values.items()))
        fresh.write_text(_as_alloy(known) if self._alloy else yaml.safe_dump({"positions": known}), "utf-8")
        fresh.replace(self.path)
        self._written = dict(self._values)


def _as_alloy(known: dict[str, str]) -> str:
    rows = (f"  ? path: {json.dumps(path)}\n    labels: '{{}}'\n  : {json.dumps(at)}\n" for path, at in known.items())
    return "positions:\n" + "".join(rows) if known else "positions: {}\n"
