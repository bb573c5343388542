"""Lines of coderd in another shape, with a dashboard that fits them."""

from obs_check.lab.settings import LabSettings
from tests.corpus.variants.dashboards import rewritten_exprs

_DECIDED = "json decision=`fields.decision`, owner=`fields.owner`"
_ADDRESS = r'http_url="?(?P<http_url>https?://(?P<domain>[^/: "]+)[^ "]*)'
"""A URL with `=` in it is no value to logfmt, so the regular expression that finds the domain finds all of it."""
_HUMAN = {
    f"{_DECIDED}, method=`fields.http_method`, url=`fields.http_url`": "logfmt",
    # Two names behind logfmt would be none in a metric of Loki 3.5.9: it stops at the first that it needs.
    _DECIDED: "logfmt",
    "{{.method}} {{.url}}": "{{.http_method}} {{.http_url}}",
    '"http_url":"https?://(?P<domain>[^/:"]+)': _ADDRESS,
}


def _changed(changes: dict[str, str], expr: str) -> str:
    for before, after in changes.items():
        expr = expr.replace(before, after)
    return expr


def human(settings: LabSettings) -> None:
    """coderd logs for people, and the panels read that."""
    settings.coderd.format = "human"
    rewritten_exprs(lambda expr: _changed(_HUMAN, expr))(settings)


def spaced(settings: LabSettings) -> None:
    """Blanks behind commas and colons of the JSON, which the panels' regular expressions allow."""
    settings.coderd.spaced = True
    rewritten_exprs(lambda expr: expr.replace('"http_url":"', '"http_url":\\s*"'))(settings)
