"""Field defaults and overrides: which columns they meet, what they set, what they hide."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import display_name, is_named

Matcher = Callable[[Field, Frame, Sequence[Frame]], bool]


def apply_overrides(frames: Sequence[Frame], field_config: Mapping[str, Any]) -> list[Frame]:
    """The frames with the panel's field configuration in every column's `config`; later overrides win.

    A default counts only where neither the datasource nor a transformation set anything.
    """
    defaults = field_config.get("defaults") or {}
    rules = [
        (field_matcher(o.get("matcher") or {}), o.get("properties") or []) for o in field_config.get("overrides") or ()
    ]
    configured = []
    for frame in frames:
        fields = []
        for field in frame.fields:
            config = merge_objects({}, defaults)
            config = merge_objects(config, field.config)
            for matches, properties in rules:
                if matches(field, frame, frames):
                    for item in properties:
                        _set(config, str(item.get("id") or ""), item.get("value"))
            fields.append(replace(field, config=config))
        configured.append(replace(frame, fields=fields))
    return configured


def field_matcher(matcher: Mapping[str, Any]) -> Matcher:
    """A matcher of overrides and transformations; an unknown one meets nothing."""
    options = matcher.get("options")
    match matcher.get("id"):
        case "byName":
            return lambda f, frame, frames: is_named(f, frame, frames, str(options))
        case "byRegexp":
            pattern = js_regex(str(options or ""))
            return lambda f, frame, frames: bool(pattern.search(display_name(f, frame, frames)))
        case "byType":
            return lambda f, _frame, _frames: f.type == options
        case "byFrameRefID":
            return lambda _f, frame, _frames: frame.ref_id == options
        case "byNames":
            return _by_names(options if isinstance(options, Mapping) else {})
        case "numeric":
            return lambda f, _frame, _frames: f.type == "number"
        case "time":
            return lambda f, _frame, _frames: f.type == "time"
        case "anyOf" | "allOf":
            inner = [field_matcher(m) for m in options or ()]
            combine = any if matcher.get("id") == "anyOf" else all
            return lambda f, frame, frames: combine(m(f, frame, frames) for m in inner)
    return lambda _f, _frame, _frames: False


def is_hidden(field: Field) -> bool:
    """Whether the picture leaves the column out (`hideFrom.viz`, in tables also `hidden`)."""
    custom = field.config.get("custom") or {}
    return bool((custom.get("hideFrom") or {}).get("viz") or custom.get("hidden"))


def js_regex(text: str) -> re.Pattern[str]:
    """A JavaScript expression, also as `/.../flags`. One that Python cannot read is taken literally."""
    body, flags = text, 0
    wrapped = re.fullmatch(r"/(.*)/([a-z]*)", text, re.DOTALL)
    if wrapped:
        body = wrapped[1]
        flags = re.IGNORECASE if "i" in wrapped[2] else 0
    try:
        return re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", body), flags)
    except re.error:
        return re.compile(re.escape(body), flags)


def merge_objects(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, Any]:
    """Both, nested objects merged, `over` winning."""
    result = dict(base)
    for key, value in over.items():
        held = result.get(key)
        result[key] = (
            merge_objects(held if isinstance(held, Mapping) else {}, value) if isinstance(value, Mapping) else value
        )
    return result


def _by_names(options: Mapping[str, Any]) -> Matcher:
    """`mode: exclude` meets every column but the named ones: what a click on a legend entry saves."""
    names = {str(n) for n in options.get("names") or ()}
    excluded = options.get("mode") == "exclude"

    def matches(field: Field, frame: Frame, frames: Sequence[Frame]) -> bool:
        named = bool(names & {field.name, display_name(field, frame, frames)})
        # A click on a legend never hides the time axis.
        return named != excluded and not (excluded and field.type == "time")

    return matches


def _set(config: dict[str, Any], path: str, value: object) -> None:
    """Sets `custom.hideFrom` and the like."""
    *parents, last = path.split(".")
    for name in parents:
        inner = config.get(name)
        config[name] = dict(inner) if isinstance(inner, Mapping) else {}
        config = config[name]
    config[last] = value
