"""What Loki checks of a pushed stream before it stores it (distributor), with its words and its reasons."""

from typing import NamedTuple

from obs_check.model.entry import Entry, Labels
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.wording import label_text, rfc3339


class PushFault(NamedTuple):
    """Why something is refused: the `reason` of loki_discarded_samples_total and the text of the answer."""

    reason: str
    text: str


def entry_size(entry: Entry) -> int:
    """Bytes of an entry as Loki counts them: the line and its structured metadata."""
    size = len(entry.line.encode())
    if entry.metadata:
        size += sum(len(name.encode()) + len(value.encode()) for name, value in entry.metadata.items())
    return size


def check_stream(labels: Labels, tenant: str, limits: Limits) -> PushFault | None:
    """The first limit that the labels break. All entries of the stream go with it."""
    text = label_text(labels)
    missing = [name for name in limits.enforced_labels if name not in labels]
    if missing:
        return PushFault(
            "missing_enforced_labels",
            f"missing required labels {','.join(missing)} for user {tenant} for stream {text}",
        )
    if not labels:
        return PushFault("missing_labels", "error at least one label pair is required per stream")
    # Loki 3.5: the service_name it added itself does not count.
    count = len(labels) - ("service_name" in labels)
    if count > limits.max_label_names:
        return PushFault(
            "max_label_names_per_series",
            f"entry for stream '{text}' has {count} label names; limit {limits.max_label_names}",
        )
    for name in sorted(labels):
        if len(name) > limits.max_label_name_length:
            return PushFault("label_name_too_long", f"stream '{text}' has label name too long: '{name}'")
        if len(labels[name]) > limits.max_label_value_length:
            return PushFault("label_value_too_long", f"stream '{text}' has label value too long: '{labels[name]}'")
    return None


def check_entry(labels: Labels, entry: Entry, now_ns: int, limits: Limits) -> PushFault | None:
    """The first limit that an entry breaks; the other entries of its stream are not touched."""
    oldest = now_ns - limits.reject_old_samples_max_age
    if limits.reject_old_samples_max_age and entry.ts < oldest:
        return PushFault(
            "greater_than_max_sample_age",
            f"entry for stream '{label_text(labels)}' has timestamp too old: {rfc3339(entry.ts)}, "
            f"oldest acceptable timestamp is: {rfc3339(oldest)}",
        )
    if entry.ts > now_ns + limits.creation_grace_period:
        return PushFault(
            "too_far_in_future",
            f"entry for stream '{label_text(labels)}' has timestamp too new: {rfc3339(entry.ts)}",
        )
    size = len(entry.line.encode())
    if limits.max_line_size and size > limits.max_line_size:
        return PushFault(
            "line_too_long",
            f"max entry size '{limits.max_line_size}' bytes exceeded for stream '{label_text(labels)}' "
            f"while adding an entry with length '{size}' bytes",
        )
    return _check_metadata(labels, entry, limits) if entry.metadata else None


def _check_metadata(labels: Labels, entry: Entry, limits: Limits) -> PushFault | None:
    text = label_text(labels)
    increase = "or contact your Loki administrator to increase it"
    if not limits.allow_structured_metadata:
        return PushFault(
            "disallowed_structured_metadata",
            f"stream '{text}' includes structured metadata, but this feature is disallowed. Please see "
            "`limits_config.allow_structured_metadata` or contact your Loki administrator to enable it.",
        )
    size = entry_size(entry) - len(entry.line.encode())
    if size > limits.max_structured_metadata_size:
        return PushFault(
            "structured_metadata_too_large",
            f"stream '{text}' has structured metadata too large: '{size}' bytes, limit: "
            f"'{limits.max_structured_metadata_size}' bytes. Please see "
            f"`limits_config.max_structured_metadata_size` {increase}",
        )
    count = len(entry.metadata)
    if count > limits.max_structured_metadata_entries:
        return PushFault(
            "structured_metadata_too_many",
            f"stream '{text}' has too many structured metadata labels: '{count}', limit: "
            f"'{limits.max_structured_metadata_entries}'. Please see "
            f"`limits_config.max_structured_metadata_entries_count` {increase}",
        )
    return None
