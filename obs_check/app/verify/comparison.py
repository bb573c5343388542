"""Two documents of one command, before and after a change: panel by panel and hop by hop."""

from obs_check.app.verify.document import Document, Hop, HopChange, JsonPanel, PanelChange


def compare(before: Document, after: Document) -> list[PanelChange]:
    """The panels of two documents of `Outcome.to_json`.

    Returns what each panel reads, and `fixed`, `still broken`, `newly broken`, `unchanged`, or `unknown` where one of
    them could not be read.
    """
    earlier = {panel["id"]: panel for panel in before.get("panels") or ()}
    rows: list[PanelChange] = []
    for panel in after.get("panels") or ():
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


def compare_hops(before: Document, after: Document) -> list[HopChange]:
    """As `compare`, for the hops of two runs, with `10 of 20` events seen; empty where one of the documents has no
    run."""
    earlier = {(hop["path"], hop["hop"]): hop for hop in before.get("hops") or ()}
    if not earlier:
        return []
    rows: list[HopChange] = []
    for hop in after.get("hops") or ():
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


def earlier_document(before: Document) -> Document:
    """The earlier document as the later one keeps it: without what it was itself compared with, so that a confirmation
    of a confirmation does not grow by all that was before."""
    kept: Document = {**before}
    kept.pop("before", None)
    kept.pop("comparison", None)
    kept.pop("hop_comparison", None)
    return kept


def _reads(panel: JsonPanel) -> str:
    """What a panel read of its run, or of all where nothing tells that apart."""
    return str(panel.get("of_run") or panel["reads"])


def _seen(hop: Hop) -> str:
    return f"{hop['seen']} of {hop['sent']}"


def _change(old: JsonPanel | Hop | None, new: JsonPanel | Hop) -> str:
    was, now = (old["verdict"] if old else None), new["verdict"]
    if was is None or "unknown" in (was, now):
        return "unknown"
    if was == now:
        return "unchanged" if now == "ok" else "still broken"
    return "fixed" if now == "ok" else "newly broken"
