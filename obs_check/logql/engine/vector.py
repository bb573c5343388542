"""The values of one step, and how labels are keyed."""

from collections.abc import Iterable, Mapping

from obs_check.golang.quoting import quote

LabelSet = tuple[tuple[str, str], ...]
"""Labels sorted by name: a dictionary key. An empty value that a parser set stays (Loki 3.5)."""

Step = list[tuple[LabelSet, float]]
"""The values at one time. Label sets may repeat only after label_replace."""


def label_set(labels: Mapping[str, str]) -> LabelSet:
    """The key of a mapping of labels."""
    return tuple(sorted(labels.items()))


def keep_labels(labels: LabelSet, names: Iterable[str]) -> LabelSet:
    """Only the labels of these names."""
    wanted = set(names)
    return tuple(pair for pair in labels if pair[0] in wanted)


def drop_labels(labels: LabelSet, names: Iterable[str]) -> LabelSet:
    """All but the labels of these names."""
    unwanted = set(names)
    return tuple(pair for pair in labels if pair[0] not in unwanted)


def without_empty(labels: LabelSet) -> LabelSet:
    """All labels but the empty ones."""
    return tuple(pair for pair in labels if pair[1])


def labels_text(labels: LabelSet) -> str:
    """`{a="b", c="d"}`, as error messages show a series."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"
