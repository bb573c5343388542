"""Where events go when nobody says: to what boundary's own configuration allows, and to a name that nobody has."""

from obs_check.boundary.config import parse_boundary_config
from obs_check.boundary.rules import ANY, Rule, evaluate
from obs_check.config import Config, lacking
from obs_check.errors import ConfigError

DENIED = "http://{tag}.obs-check.invalid/denied"
"""A name below .invalid is nobody's; with the tag in it a person finds the event in a column of domains too."""


def event_urls(config: Config) -> tuple[str, str]:
    """(allowed URL, denied URL): those of `inject`, else what boundary's configuration decides so.

    Raises ConfigError where neither says it.
    """
    allow, deny = config.inject.allow_url, config.inject.deny_url
    if allow and deny:
        return allow, deny
    file = config.boundary.config
    if file is None:
        raise lacking(
            config,
            "`inject.allow_url` and `inject.deny_url`",
            "name one URL that is allowed and one that is not, or boundary.config, whose rules say it",
            "give --allow-url URL and --deny-url URL",
        )
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


def _allowed_by(rule: Rule) -> str | None:
    """A URL that the rule allows; None where it names no host. A `*` is filled in."""
    if rule.host is None or all(label == ANY for label in rule.host):
        return None
    path = rule.paths[0] if rule.paths else ()
    segments = "/".join("x" if segment == ANY else segment for segment in path)
    return f"https://{'.'.join('www' if label == ANY else label for label in rule.host)}/{segments}"
