"""A mapping of a test file, read key by key; what is wrong is named with its place in the file."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from obs_check.documents.nearest import check_keys
from obs_check.errors import InputError
from obs_check.golang.durations import parse_prometheus_duration
from obs_check.model.window import NS

T = TypeVar("T")


class TestSection:
    """`where` is the place in messages, for example `fw.test.yaml: tests[0].given`."""

    def __init__(self, raw: object, where: str, *known: str, joint: str = ".") -> None:
        """`joint` stands between the place and a key. Raises InputError where `raw` is not a mapping or has a key that
        is not known, with the nearest one."""
        self.where = where
        self._joint = joint
        if raw is None:
            raw = {}
        if not isinstance(raw, Mapping):
            raise InputError(f"{where}: not a mapping", f"write some of: {', '.join(known)}")
        check_keys(dict.fromkeys(map(str, raw), where), known, InputError)
        self.raw: Mapping[str, Any] = raw

    def __contains__(self, key: str) -> bool:
        return self.raw.get(key) is not None

    def wrong(self, key: str, hint: str) -> InputError:
        """The error for a key whose value is not what `hint` says."""
        return InputError(f"{self.where}{self._joint}{key}: {self.raw.get(key)!r} does not fit", hint)

    def text(self, key: str, default: str = "") -> str:
        """A scalar as text."""
        value = self.raw.get(key)
        if value is None:
            return default
        if isinstance(value, Mapping | list):
            raise self.wrong(key, "write one text")
        if isinstance(value, datetime):
            return value.isoformat()
        return str(value)

    def needed(self, key: str) -> str:
        """A text that has to be there."""
        if key not in self:
            raise InputError(f"{self.where}: {key} is missing", f"add {key}:")
        return self.text(key)

    def choice(self, key: str, *choices: str, default: str = "") -> str:
        """One of the choices."""
        value = self.text(key, default)
        if value not in choices:
            raise self.wrong(key, f"one of {', '.join(choices)}")
        return value

    def number(self, key: str) -> float | None:
        """A number, None without one."""
        value = self.raw.get(key)
        if value is None:
            return None
        try:
            return float(value)
        except (TypeError, ValueError):
            raise self.wrong(key, "write a number") from None

    def whole(self, key: str, default: int) -> int:
        """A whole number of 0 or more."""
        value = self.raw.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.wrong(key, "write a whole number")
        return value

    def duration(self, key: str, default_ns: int = 0) -> int:
        """A duration such as 5m, in ns."""
        if key not in self:
            return default_ns
        try:
            return parse_prometheus_duration(self.text(key))
        except ValueError:
            raise self.wrong(key, "write a duration, for example 5m") from None

    def moment(self, key: str, default_ns: int) -> int:
        """A time in RFC 3339, in ns since the epoch; without a zone it is UTC."""
        if key not in self:
            return default_ns
        try:
            at = datetime.fromisoformat(self.text(key))
        except ValueError:
            raise self.wrong(key, "write a time, for example 2026-01-01T12:00:00Z") from None
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000_000) * (NS // 1_000_000)

    def texts(self, key: str) -> dict[str, str]:
        """A mapping of texts."""
        value = self.raw.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or any(isinstance(v, Mapping | list) for v in value.values()):
            raise self.wrong(key, "write name: value")
        return {str(k): str(v) for k, v in value.items()}

    def mapping(self, key: str, hint: str) -> Mapping[Any, Any]:
        """A mapping of anything, empty without one; `hint` says what to write."""
        value = self.raw.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self.wrong(key, hint)
        return value

    def items(self, key: str) -> Sequence[tuple[Any, str]]:
        """The members of a list, each with its place."""
        value = self.raw.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(key, "write a list")
        return [(one, f"{self.where}{self._joint}{key}[{i}]") for i, one in enumerate(value)]

    def each(self, key: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """Every member of a list, read."""
        return tuple(read(raw, where) for raw, where in self.items(key))
