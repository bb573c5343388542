"""Shipped entries in the form in which answers of real shippers are recorded."""

import json
from collections.abc import Iterable
from typing import Any

from obs_check.shipper.simulate import Shipped
from obs_check.shipper.stages.tenant import TENANT_LABEL


def as_recorded(shipped: Iterable[Shipped]) -> list[dict[str, Any]]:
    """Sorted, because only the order within a stream is defined. `filename` and labels without a value are left out:
    the first differs with the place of recording, the second is dropped by Loki."""
    return sorted((_entry(one) for one in shipped), key=lambda entry: json.dumps(entry, sort_keys=True))


def _entry(one: Shipped) -> dict[str, Any]:
    labels = {n: v for n, v in one.labels.items() if v and n not in {"filename", TENANT_LABEL}}
    entry: dict[str, Any] = {"ts": None if one.ts is None else str(one.ts), "labels": labels}
    entry["line"] = one.line.rstrip("\n")
    if one.metadata:
        entry["meta"] = one.metadata
    if tenant := one.labels.get(TENANT_LABEL):
        entry["tenant"] = tenant
    return entry
