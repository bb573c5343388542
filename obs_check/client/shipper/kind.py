"""A client for a running shipper, whatever its make."""

from collections.abc import Callable, Collection

from obs_check.client.exposition import parse_exposition
from obs_check.client.http import Http, shown_url
from obs_check.client.shipper.alloy_api import AlloyClient
from obs_check.client.shipper.promtail_api import PromtailClient
from obs_check.client.shipper.shipper_client import ShipperClient
from obs_check.client.shipper.sources import NOTHING_ELSE, Sources
from obs_check.errors import Unavailable
from obs_check.model.shipping import Shipper


def shipper_client(
    kind: Shipper, url: str, clock: Callable[[], int], allowed: Collection[str], sources: Sources = NOTHING_ELSE
) -> ShipperClient:
    """The client of a make; `sources` is what tells about the shipper beside its HTTP interface."""
    make = PromtailClient if kind == "promtail" else AlloyClient
    return make(url, clock, allowed, sources=sources)


def shipper_kind(url: str, allowed: Collection[str]) -> Shipper:
    """Which make answers there, by the names of its metrics. Raises Unavailable, also for another program."""
    http = Http("shipper", url, allowed)
    try:
        names = parse_exposition(http.get("/metrics").text).keys()
    finally:
        http.close()
    if any(name.startswith("alloy_") for name in names):
        return "alloy"
    if any(name.startswith("promtail_") for name in names):
        return "promtail"
    raise Unavailable(
        f"shipper: {shown_url(url)}/metrics is neither promtail's nor Alloy's", "is it the address of the shipper?"
    )
