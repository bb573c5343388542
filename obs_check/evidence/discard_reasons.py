"""Why Loki 3.5 discards lines: the reasons of `loki_discarded_samples_total`, its words for each, and what to do.

Words: as recorded from Loki 3.5.9. A label limit is counted a second time as `invalid_labels`; a push that Loki cannot
parse is counted nowhere.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from obs_check.model.secret import shorten
from obs_check.model.times import rfc3339_nano
from obs_check.model.window import NS
from obs_check.model.wording import count_noun
from obs_check.shipper.simulate import Shipped

RATES = ("rate_limited", "per_stream_rate_limit", "stream_limit")
"""Reasons that are answered with 429: the shipper tries again."""
BLOCKED_STATUS = "260"
"""Loki 3.5's `block_ingestion_status_code`: a shipper takes every 2xx for success."""

_APART_NS = 60 * NS
"""Lines of one run are dated no further apart."""


@dataclass(frozen=True, slots=True)
class Discard:
    """`limit` is the setting in Loki's `limits_config`; `remedy` what a person does; `words` match Loki's answer."""

    reason: str
    words: re.Pattern[str]
    limit: str
    remedy: str


_OLDEST = r"oldest acceptable timestamp is: (?P<oldest>[\dT:.Z+-]+)"
BY_LINE = {
    "line_too_long",
    "max_label_names_per_series",
    "label_value_too_long",
    "label_name_too_long",
    "greater_than_max_sample_age",
    "too_far_behind",
    "too_far_in_future",
}
"""Reasons of which the words say enough to tell whether an entry breaks the limit."""


def _discard(reason: str, words: str, limit: str, remedy: str) -> Discard:
    return Discard(reason, re.compile(words), limit, remedy)


DISCARDS: tuple[Discard, ...] = (
    _discard(
        "blocked_ingestion", r"ingestion blocked for user (?P<tenant>\S+) until", "block_ingestion_until",
        "take `block_ingestion_until` out of the tenant's limits, or wait for it",
    ),
    _discard(
        "per_stream_rate_limit", r"Per stream rate limit exceeded \(limit: (?P<limit>[^/]+)/sec\)",
        "per_stream_rate_limit", "split the stream by another label, or raise the limit and its burst",
    ),
    _discard(
        "stream_limit", r"maximum active stream limit exceeded", "max_global_streams_per_user",
        "take labels with many values out of the shipper, or raise the limit",
    ),
    _discard(
        "rate_limited", r"ingestion rate limit exceeded for user (?P<tenant>\S+) \(limit: (?P<limit>\d+) bytes/sec\) "
        r"while attempting to ingest '(?P<lines>\d+)' lines totaling '(?P<size>\d+)' bytes", "ingestion_rate_mb",
        "raise `ingestion_rate_mb` and `ingestion_burst_size_mb`, or send less",
    ),
    _discard(
        "greater_than_max_sample_age", rf"has timestamp too old: \S+, {_OLDEST}",
        "reject_old_samples_max_age", "let the shipper keep the time of reading for old lines, or raise the age",
    ),
    _discard(
        "too_far_in_future", r"has timestamp too new: (?P<at>[\dT:.Z+-]+)", "creation_grace_period",
        "set the clocks; look at the zone of the timestamp stage",
    ),
    _discard(
        "too_far_behind", rf"entry too far behind, entry timestamp is: [^,]+, {_OLDEST}",
        "max_chunk_age", "give old and new lines of a stream different labels",
    ),
    _discard("out_of_order", r"out of order", "unordered_writes", "allow unordered writes"),
    _discard(
        "line_too_long", r"max entry size '(?P<limit>\d+)' bytes exceeded .* with length '(?P<size>\d+)' bytes",
        "max_line_size", "raise `max_line_size`, or set `max_line_size_truncate: true` to keep the start of the line",
    ),
    _discard(
        "max_label_names_per_series", r"has (?P<count>\d+) label names; limit (?P<limit>\d+)",
        "max_label_names_per_series", "take labels that nobody selects out of the shipper",
    ),
    _discard("label_name_too_long", r"has label name too long: '(?P<name>[^']*)'", "max_label_name_length",
             "shorten the label's name in the shipper"),
    _discard("label_value_too_long", r"has label value too long: '(?P<value>[^']*)'", "max_label_value_length",
             "take the label out of the shipper: long values belong into the line"),
    _discard("duplicate_label_names", r"has duplicate label name: '(?P<name>[^']*)'", "labels",
             "set the label once"),
    _discard(
        "disallowed_structured_metadata", r"includes structured metadata, but this feature is disallowed",
        "allow_structured_metadata", "take the structured_metadata stage out, or allow it (schema v13)",
    ),
    _discard("structured_metadata_too_large", r"has structured metadata too large: '(?P<size>\d+)' bytes",
             "max_structured_metadata_size", "put less into structured metadata"),
    _discard("structured_metadata_too_many", r"has too many structured metadata labels: '(?P<count>\d+)'",
             "max_structured_metadata_entries_count", "put less into structured metadata"),
    _discard("missing_enforced_labels", r"missing required labels (?P<names>\S+) for user", "enforced_labels",
             "set the labels in the shipper"),
    _discard("missing_labels", r"at least one label pair is required", "labels", "set a label in the shipper"),
)  # fmt: skip


def discard_of(words: str) -> tuple[Discard, dict[str, str]] | None:
    """The reason that an answer of Loki names, with what it says; None for words that are not a discard."""
    for one in DISCARDS:
        if match := one.words.search(words):
            return one, match.groupdict()
    return None


def discard_named(reason: str) -> Discard | None:
    """The entry of a reason of `loki_discarded_samples_total`."""
    return next((one for one in DISCARDS if one.reason == reason), None)


def limit_broken(discard: Discard, said: dict[str, str], entry: Shipped) -> str:
    """How an entry breaks the limit that Loki named, in words; "" when it does not, or when that cannot be told.

    An entry without a time of its own gets that of reading, which is neither old nor in the future. What is too new for
    Loki is told by the first such line, of which there is no limit in the words.
    """
    match discard.reason:
        case "greater_than_max_sample_age" | "too_far_behind" if entry.ts is not None:
            old = entry.ts < _ns(said["oldest"])
            return (
                f"its time is {rfc3339_nano(entry.ts)}, the oldest that Loki takes is {said['oldest']}" if old else ""
            )
        case "too_far_in_future" if entry.ts is not None:
            new = entry.ts >= _ns(said["at"]) - _APART_NS
            return f"its time is {rfc3339_nano(entry.ts)}, which Loki says is yet to come" if new else ""
        case "line_too_long" if len(entry.line.encode()) > int(said["limit"]):
            return f"the line has {count_noun(len(entry.line.encode()), 'byte')}, {discard.limit} is {said['limit']}"
        case "max_label_names_per_series" if len(entry.labels) > int(said["limit"]):
            return f"it gets {count_noun(len(entry.labels), 'label')}, {discard.limit} is {said['limit']}"
        case "label_value_too_long":
            name = next((n for n, v in entry.labels.items() if v == said["value"]), "")
            return f"label `{name}` has {count_noun(len(said['value']), 'byte')}" if name else ""
        case "label_name_too_long" if said["name"] in entry.labels:
            return f"label `{shorten(said['name'], 43, '...')}` has {count_noun(len(said['name']), 'byte')}"
        case "missing_enforced_labels":
            missing = [n for n in said["names"].split(",") if n not in entry.labels]
            return f"it gets no label {', '.join(missing)}" if missing else ""
        case "disallowed_structured_metadata" if entry.metadata:
            return f"it gets {len(entry.metadata)} pairs of structured metadata"
    return ""


def _ns(text: str) -> int:
    """A time as Loki writes it (RFC 3339), ns since the epoch."""
    return int(datetime.fromisoformat(text).timestamp()) * NS
