"""Two documents of one command, before and after a change: panel by panel and hop by hop."""

from collections.abc import Mapping
from typing import Any


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The panels of two documents of `Outcome.to_json`.

    Returns rows {"id", "title", "before", "after", "change"}: what each panel reads, and `fixed`, `still broken`,
    `newly broken`, `unchanged`, or `unknown` where one of them could not be read.
    """
    earlier = {panel["id"]: panel for panel in before["panels"]}
    rows = []
    for panel in after["panels"]:
        old = earlier.get(panel["id"])
        rows.append(
            {
                "id": panel["id"],
                "title": panel["title"],
                "before": _reads(old) if old else "",
                "after": _reads(panel),
                "change": _change(old, panel),
            }
        )
    return rows


def compare_hops(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As `compare`, for the hops of two runs: rows {"path", "hop", "before", "after", "change"} with `10 of 20` events
    seen; empty where one of the documents has no run."""
    earlier = {(hop["path"], hop["hop"]): hop for hop in before["hops"]}
    if not earlier:
        return []
    rows = []
    for hop in after["hops"]:
        old = earlier.get((hop["path"], hop["hop"]))
        rows.append(
            {
                "path": hop["path"],
                "hop": hop["hop"],
                "before": _seen(old) if old else "",
                "after": _seen(hop),
                "change": _change(old, hop),
            }
        )
    return rows


def earlier_document(before: Mapping[str, object]) -> dict[str, Any]:
    """The earlier document as the later one keeps it: without what it was itself compared with, so that a confirmation
    of a confirmation does not grow by all that was before."""
    return {key: value for key, value in before.items() if key not in ("before", "comparison", "hop_comparison")}


def _reads(panel: Mapping[str, object]) -> str:
    """What a panel read of its run, or of all where nothing tells that apart."""
    return str(panel.get("of_run") or panel["reads"])


def _seen(hop: Mapping[str, object]) -> str:
    return f"{hop['seen']} of {hop['sent']}"


def _change(old: Mapping[str, object] | None, new: Mapping[str, object]) -> str:
    was, now = (old["verdict"] if old else None), new["verdict"]
    if was is None or "unknown" in (was, now):
        return "unknown"
    if was == now:
        return "unchanged" if now == "ok" else "still broken"
    return "fixed" if now == "ok" else "newly broken"
