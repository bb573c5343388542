"""The functions of sprig 3.3 that make and take lists and maps."""

from collections.abc import Callable
from typing import Any

from obs_check.golang.template.functions import to_int
from obs_check.golang.template.values import MISSING, TemplateFault, show, truth


def strings(values: object) -> list[str]:
    """sprig's toStrings: a list of texts of anything, nil left out."""
    if values is None or values is MISSING:
        return []
    return [show(v) for v in values if v is not None] if isinstance(values, list) else [show(values)]


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TemplateFault(f"no list: {show(value)}")
    return value


def _pairs(*given: object) -> dict[str, object]:
    keys, values = given[::2], [*given[1::2], *[""] * (len(given) % 2)]
    return {show(key): value for key, value in zip(keys, values, strict=True)}


def _split(by: str, text: str, count: int = -1) -> dict[str, str]:
    parts = text.split(by) if count < 0 else text.split(by, count - 1) if count else []
    return {f"_{n}": part for n, part in enumerate(parts)}


def _set(target: dict[str, Any], key: str, value: object) -> dict[str, object]:
    target[key] = value
    return target


def _unset(target: dict[str, Any], key: str) -> dict[str, object]:
    target.pop(key, None)
    return target


def _dig(*given: object) -> object:
    *path, fallback, value = given
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return fallback
        value = value[key]
    return value


def _sort(values: object) -> list[str]:
    return sorted(strings(values))


def _uniq(values: object) -> list[object]:
    found: list[Any] = []
    for value in _list(values):
        if value not in found:
            found.append(value)
    return found


def _until_step(start: int, stop: int, step: int) -> list[int]:
    return list(range(start, stop, step)) if step else []


def _chunks(size: int, values: object) -> list[object]:
    items = _list(values)
    return [items[n : n + size] for n in range(0, len(items), size)]


def _range_text(*bounds: int) -> str:
    """sprig's seq: end included, counting down where it has to."""
    first, step, last = (1, 0, 0)
    match bounds:
        case [last]:
            pass
        case [first, last]:
            pass
        case [first, step, last]:
            if not step:
                return ""
        case _:
            return ""
    step = step or (1 if first <= last else -1)
    return " ".join(str(n) for n in range(first, last + (1 if step > 0 else -1), step))


_PLAIN: dict[str, Callable[..., Any]] = {
    "append": lambda values, value: [*_list(values), value],
    "prepend": lambda values, value: [value, *_list(values)],
    "first": lambda values: items[0] if (items := _list(values)) else None,
    "last": lambda values: items[-1] if (items := _list(values)) else None,
    "rest": lambda values: _list(values)[1:],
    "initial": lambda values: _list(values)[:-1],
    "reverse": lambda values: _list(values)[::-1],
    "uniq": _uniq,
    "compact": lambda values: [v for v in _list(values) if truth(v)],
    "without": lambda values, *gone: [v for v in _list(values) if v not in gone],
    "has": lambda value, values: values is not None and value in _list(values),
    "chunk": _chunks,
    "slice": lambda values, first=0, end=None: _list(values)[first:end],
}

LISTS: dict[str, Callable[..., Any]] = {
    **_PLAIN,
    **{f"must{name[0].upper()}{name[1:]}": function for name, function in _PLAIN.items()},
    "list": lambda *values: list(values),
    "tuple": lambda *values: list(values),
    "concat": lambda *lists: [v for one in lists for v in _list(one)],
    "split": _split,
    "splitn": lambda by, count, text: _split(by, text, count),
    "splitList": lambda by, text: text.split(by) if by else list(text),
    "toStrings": strings,
    "sortAlpha": _sort,
    "until": lambda count: _until_step(0, count, -1 if count < 0 else 1),
    "untilStep": _until_step,
    "seq": _range_text,
    "coalesce": lambda *values: next((v for v in values if truth(v)), None),
    "dict": _pairs,
    "get": lambda target, key: target.get(key, ""),
    "set": _set,
    "unset": _unset,
    "hasKey": lambda target, key: key in target,
    "keys": lambda *targets: sorted(key for target in targets for key in target),
    "values": lambda target: list(target.values()),
    "pluck": lambda key, *targets: [target[key] for target in targets if key in target],
    "pick": lambda target, *names: {key: target[key] for key in names if key in target},
    "omit": lambda target, *names: {key: v for key, v in target.items() if key not in names},
    "merge": lambda *targets: {key: v for target in reversed(targets) for key, v in target.items()},
    "dig": _dig,
    "max": lambda *values: max(map(to_int, values)),
    "min": lambda *values: min(map(to_int, values)),
}
