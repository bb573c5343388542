"""`| json`: every scalar of the line becomes a label, nested names joined by "_"."""

from collections.abc import Iterator
from typing import Any

from obs_check.logql.stages.hints import DROP, After, LabelNames, ParserHints
from obs_check.logql.stages.json_scan import JsonFault, JsonText, JsonValue, decode, members, needs_scan, unescape
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.row import Row, StageFunction

JSON_ERROR = "JSONParserErr"
_KEYS_KEPT = 10_000
_LONGEST_KEPT = 1000
_MOST_LONG = 4_000_000
"""Characters that the names of a line's labels may have together, those shorter than _LONGEST_KEPT not counted: objects
that are nested in a line of 256 kB could make 400 million."""
TOO_LONG = "the names of nested labels are too long"


class _Place:
    """Where keys stand: at the top, or in the object of a key of the place above. Its name is put together only for a
    label: the names of objects in each other take the square of their number."""

    __slots__ = ("_above", "_name", "_part", "empty", "inner", "labels", "unneeded")

    def __init__(self, above: "_Place | None" = None, part: str = "") -> None:
        self._above: _Place | None = above
        self._part = part
        if above is not None and not part:
            # A key that gives nothing to the name: its object is called as the one that it is in.
            self._above, self._part = above._above, above._part
        self._name: str | None = None
        self.empty: bool = not part and (above is None or above.empty)
        self.labels: dict[str, str] = {}
        self.inner: dict[str, _Place | None] = {}
        self.unneeded: set[str] = set()

    def name(self) -> str:
        """What the names of labels begin with here."""
        if self._name is None:
            parts = []
            place: _Place | None = self
            while place is not None:
                parts.append(place._part)
                place = place._above
            self._name = "_".join(part for part in reversed(parts) if part)
        return self._name

    def label(self, key: str) -> str:
        """What a key makes the name of its label."""
        known = self.labels.get(key)
        if known is None:
            before, part = self.name(), sanitise(key, first=self.empty)
            known = f"{before}_{part}" if before and part else before or part
            if len(self.labels) < _KEYS_KEPT and len(known) < _LONGEST_KEPT:
                self.labels[key] = known
        return known


class _Flattening:
    """Sets the labels of one line after another; methods answer 0, STOP or DROP (see Hints)."""

    def __init__(self, extraction: ParserHints) -> None:
        self._names = LabelNames(extraction)
        self._settle = self._names.settle
        self._empty_too = not extraction.each_line
        self._top = _Place()
        self._places = 0
        self._required = extraction.required
        self._after: After | None = extraction.after()
        self._long = 0

    def _set(self, row: Row, place: _Place, key: str, value: str) -> int:
        # A key of the top level is remembered as it is written, a nested one by its joined name.
        known = key if place.empty else place.label(key)
        if len(known) >= _LONGEST_KEPT:
            self._long += len(known)
            if self._long > _MOST_LONG:
                raise JsonFault(TOO_LONG)
        try:
            name = self._names[known]
        except KeyError:
            label = place.label(key)
            # Loki 3.7 leaves out a key of the top level that makes an empty name.
            name = self._names.decide(known, label, row) if label or not place.empty or self._empty_too else None
        if name is None:
            self._pass_over(place, key, known)
            return 0
        if self._settle is not None:
            name = self._settle(row, name)
            if name is None:
                return 0
        row.parsed[name] = value
        return self._after(row, name) if self._after is not None else 0

    def _pass_over(self, place: _Place, key: str, known: str) -> None:
        """From now on `decoded` passes over a key that gives no label of its own, where this was decided for all lines,
        and none of its members would."""
        if known in self._names and len(place.unneeded) < _KEYS_KEPT and self._inside(place, key) is None:
            place.unneeded.add(key)

    def _inside(self, place: _Place, key: str) -> _Place | None:
        """The place of an object's members; None when none of them is needed."""
        if key in place.inner:
            return place.inner[key]
        inner: _Place | None = _Place(place, sanitise(key, first=place.empty))
        if inner is not None and self._required:
            # So it is no longer than a name that is required.
            before = inner.name()
            if not any(name.startswith(before) for name in self._required):
                inner = None
        if self._places < _KEYS_KEPT:
            self._places += 1
            place.inner[key] = inner
        return inner

    def decoded(self, row: Row, pairs: tuple[tuple[str, Any], ...]) -> int:
        """The members that the decoder found; JsonFault where names get too long."""
        self._long = 0
        place, left = self._top, iter(pairs)
        outer: list[tuple[_Place, Iterator[tuple[str, Any]]]] = []
        while True:
            for key, value in left:
                if key in place.unneeded:
                    continue
                kind = type(value)
                if kind is str:
                    done = self._set(row, place, key, value)
                elif kind is bool:
                    done = self._set(row, place, key, "true" if value else "false")
                elif kind is tuple and (inner := self._inside(place, key)) is not None:
                    outer.append((place, left))
                    place, left = inner, iter(value)
                    break
                else:
                    continue
                if done:
                    return done
            else:
                if not outer:
                    return 0
                place, left = outer.pop()

    def scanned(self, row: Row, line: str) -> int:
        """The members up to a fault; JsonFault there."""
        self._long = 0
        source = JsonText(line)
        place, left = self._top, members(source)
        outer: list[tuple[_Place, Iterator[tuple[str, JsonValue]]]] = []
        while True:
            for key, value in left:
                if value.kind == "object":
                    inner = self._inside(place, key)
                    if inner is None:
                        continue
                    outer.append((place, left))
                    place, left = inner, members(source, value.start, value.end)
                    break
                if value.kind == "string":
                    done = self._set(row, place, key, unescape(value.text) or "")
                elif value.kind in ("number", "boolean"):
                    done = self._set(row, place, key, value.text)
                else:
                    continue
                if done:
                    return done
            else:
                if not outer:
                    return 0
                place, left = outer.pop()


def compile_json(extraction: ParserHints) -> StageFunction:
    """Arrays and nulls are skipped; a name of the stream gets "_extracted"; a name that metadata or an earlier stage
    has is left alone (see Extraction); on a fault the labels before it stay and JSONParserErr is set (Loki 3.5)."""
    flattening = _Flattening(extraction)

    def parse(row: Row) -> bool:
        if extraction.idle(row):
            return True
        line = row.line
        value = None
        if not needs_scan(line):
            try:
                value = decode(line)
            except (ValueError, RecursionError):
                value = None
        try:
            return (flattening.decoded(row, value) if type(value) is tuple else flattening.scanned(row, line)) != DROP
        except JsonFault as fault:
            row.fail(JSON_ERROR, str(fault))
        return True

    return parse
