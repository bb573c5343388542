"""What a shipper's clients make of the entries that come out of a job's pipeline: the last thing before Loki."""

from dataclasses import replace

from obs_check.model.entry import Labels
from obs_check.model.secret import end_within
from obs_check.shipper.model import ScrapeJob, ShipperConfig
from obs_check.shipper.simulate import Shipped, Simulation

LINE_TOO_LONG = "line_too_long"
"""The reason that promtail 3.5 counts for lines over `max_line_size`."""


def external_labels(config: ShipperConfig, job: ScrapeJob) -> Labels:
    """The labels that all clients of a job add with the same value."""
    clients = config.clients_of(job)
    first = clients[0].external_labels if clients else {}
    return {n: v for n, v in first.items() if all(client.external_labels.get(n) == v for client in clients)}


def pushed_entries(config: ShipperConfig, job: ScrapeJob, ran: Simulation) -> Simulation:
    """The entries as they are pushed. promtail 3.5: an entry's own labels win over external ones; a line over
    `limits_config.max_line_size` is given up, or cut at that many bytes (before a secret that is known here)."""
    added, limit = external_labels(config, job), config.max_line_size
    kept: list[Shipped] = []
    dropped = dict(ran.dropped)
    for entry in ran.shipped:
        line = entry.line
        if limit and len(raw := line.encode("utf-8", "surrogateescape")) > limit:
            if not config.truncates:
                dropped[LINE_TOO_LONG] = dropped.get(LINE_TOO_LONG, 0) + 1
                continue
            line = raw[: end_within(raw, limit)].decode("utf-8", "replace")
        kept.append(replace(entry, labels={**added, **entry.labels}, line=line))
    return Simulation(kept, ran.effects, dropped)
