"""Which matcher of a selector leaves no stream, and what it could have meant."""

from collections.abc import Mapping, Sequence

from obs_check.logql.engine.match import stream_test
from obs_check.logql.explain.whereabouts import nearest_label
from obs_check.logql.syntax.ast import Matcher, Selector
from obs_check.logql.syntax.style import matcher_text, selector_text

_SHOWN = 8


def no_stream(selector: Selector, streams: Sequence[Mapping[str, str]]) -> str:
    """Why the selector finds none of the streams (their labels): the first matcher that none satisfies, else the first
    that no stream left by those before it does. Empty when the selector does find one."""
    if not streams:
        return "no line in the window"
    for matcher in selector.matchers:
        if not any(map(stream_test((matcher,)), streams)):
            return none_accepted(matcher, streams)
    left = list(streams)
    for place, matcher in enumerate(selector.matchers):
        before, left = left, [labels for labels in left if stream_test((matcher,))(labels)]
        if not left:
            earlier = selector_text(Selector(selector.matchers[:place]))
            return f"of the streams {earlier}, {none_accepted(matcher, before)}"
    return ""


def none_accepted(matcher: Matcher, streams: Sequence[Mapping[str, str]]) -> str:
    """That no stream satisfies the matcher, with the nearest value or label name that there is."""
    text = matcher_text(matcher)
    values = sorted({labels[matcher.name] for labels in streams if labels.get(matcher.name)})
    if not values:
        return absent_label(matcher.name, sorted({name for labels in streams for name in labels}))
    return no_value(text, matcher, values)


def absent_label(name: str, names: Sequence[str]) -> str:
    """That no stream has the label at all; `names` are the labels that there are."""
    near = nearest_label(name, names)
    hint = f"nearest label `{near}`" if near else f"labels are {_some(names)}"
    return f"no stream has the label `{name}`; {hint}"


def no_value(text: str, matcher: Matcher, values: Sequence[str]) -> str:
    """That none of the label's values satisfies the matcher."""
    near = nearest_label(matcher.value, values) if matcher.op in ("=", "=~") else None
    hint = f"nearest value `{near}`" if near else f"its values are {_some(values)}"
    return f"no stream has {text}; {hint}"


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(f"`{text}`" for text in texts[:_SHOWN]) + more
