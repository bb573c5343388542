"""What a run says about the way from boundary's audit socket to coderd's log, shared by the causes on it."""

from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import decided
from obs_check.follow.hop import HopSeen


def lost_before_coderd(context: Context) -> tuple[HopSeen, list[str]] | None:
    """coderd's hop and the tags that boundary decided and coderd did not log, in the order they were sent; None when
    none is missing there or the hop could not be looked at. Without coderd's log, Loki's path B stands for it."""
    hop = context.hop("B", "coderd") or context.hop("B", "loki")
    if context.run is None or hop is None or hop.unknown:
        return None
    missing = [tag for tag in decided(context) if tag not in hop.seen]
    return (hop, missing) if missing else None
