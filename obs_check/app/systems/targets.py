"""Where events go when nobody says: to what boundary's own configuration allows, and to a name that nobody has."""

from collections.abc import Sequence

from obs_check.boundary.config import parse_boundary_config
from obs_check.boundary.rules import ANY, Rule, evaluate
from obs_check.client.http import shown_url
from obs_check.config import Config, lacking
from obs_check.errors import ConfigError

DENIED = "http://{tag}.obs-check.invalid/denied"
"""A name below .invalid is nobody's; with the tag in it a person finds the event in a column of domains too."""


def needed_to_send(config: Config, here: bool) -> list[str]:
    """The keys of a configuration without which no event can be sent, from `here` or through an executor."""
    inject, missing = config.inject, list[str]()
    if config.boundary.config is None:
        missing += ["inject.allow_url"] * (not inject.allow_url) + ["inject.deny_url"] * (not inject.deny_url)
    return missing + ["boundary.proxy"] * (here and not config.boundary.proxy)


def event_urls(config: Config) -> tuple[str, str]:
    """(allowed URL, denied URL): those of `inject`, else what boundary's configuration decides so.

    Raises ConfigError where neither says it.
    """
    allow, deny = config.inject.allow_url, config.inject.deny_url
    if allow and deny:
        if allow.rstrip("/") == deny.rstrip("/"):
            # One request is either allowed or denied: whichever it is, half of the events would be a finding.
            raise ConfigError(
                f"events that have to be allowed and denied go to one URL, {shown_url(allow)}",
                "give --allow-url one that boundary allows and --deny-url one that it denies (inject.allow_url, "
                "inject.deny_url)",
            )
        return allow, deny
    file = config.boundary.config
    if file is None:
        raise unsaid(config, needed_to_send(config, here=False))
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}", "set inject.allow_url and inject.deny_url") from error
    rules = parse_boundary_config(text, str(file)).rules
    allow = allow or next((url for rule in rules if (url := _allowed_by(rule)) and evaluate(rules, "GET", url)), None)
    if allow is None:
        raise ConfigError(f"{file}: no rule allows a GET of one named host", "set inject.allow_url")
    deny = deny or DENIED
    if evaluate(rules, "GET", deny.replace("{tag}", "x")) is not None:
        raise ConfigError(f"{file}: its rules allow {deny} too", "set inject.deny_url to what they deny")
    return allow, deny


_REMEDIES = {
    "inject.allow_url": "--allow-url URL that boundary allows",
    "inject.deny_url": "--deny-url URL that it denies",
    "boundary.proxy": "--proxy URL of boundary (or --proxy environment inside of it, or --via)",
}


def unsaid(config: Config, keys: Sequence[str]) -> ConfigError:
    """The error that these keys, without which nothing can be sent, are nowhere said."""
    given = ", ".join(_REMEDIES[key] for key in keys)
    rules = "; boundary.config says which URLs in their place" if keys[0] != "boundary.proxy" else ""
    return lacking(
        config, " and ".join(f"`{key}`" for key in keys), f"write them there, or give {given}{rules}", f"give {given}"
    )


def _allowed_by(rule: Rule) -> str | None:
    """A URL that the rule allows; None where it names no host. A `*` is filled in."""
    if rule.host is None or all(label == ANY for label in rule.host):
        return None
    path = rule.paths[0] if rule.paths else ()
    segments = "/".join("x" if segment == ANY else segment for segment in path)
    return f"https://{'.'.join('www' if label == ANY else label for label in rule.host)}/{segments}"
