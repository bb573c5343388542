"""Scraping: one target, its labels, and what the last scrape said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from obs_check.client.http import machine_trust
from obs_check.errors import InputError
from obs_check.model.entry import Labels
from obs_check.standin.prometheus.store import NAME, Key, Store, label_key, read_samples

Fetch = Callable[[str], str]
"""Gets the text of a URL; OSError when there is none."""


@dataclass(slots=True)
class ScrapeTarget:
    """One URL of one job. `last_ms` is the time of the last scrape (ms since the epoch), 0 before the first."""

    job: str
    url: str
    health: str = "unknown"
    last_error: str = ""
    last_ms: int = 0
    series: frozenset[Key] = frozenset()

    @property
    def labels(self) -> Labels:
        """Labels that every sample of the target gets: instance (host:port) and job."""
        return {"instance": urlsplit(self.url).netloc, "job": self.job}


def http_fetch(timeout_s: float) -> Fetch:
    """The real fetch: httpx, without the environment's proxies, which would send it through the egress."""

    def fetch(url: str) -> str:
        import httpx

        try:
            answer = httpx.get(url, timeout=timeout_s, trust_env=False, verify=machine_trust())
        except httpx.HTTPError as error:
            raise OSError(str(error)) from error
        if answer.status_code != 200:
            raise OSError(f"server returned HTTP status {answer.status_code} {answer.reason_phrase}")
        return answer.text

    return fetch


def scrape(target: ScrapeTarget, store: Store, fetch: Fetch, now_ms: int) -> None:
    """Scrape once: samples, `up`, and the end of every series that the target no longer shows.

    A label of the sample that a target's label would overwrite is kept as `exported_<name>`.
    """
    samples: list[tuple[Labels, float]] = []
    error = ""
    try:
        samples = [(_with_target(labels, target.labels), value) for labels, value in read_samples(fetch(target.url))]
    except (OSError, InputError) as failure:
        error = str(failure)
    # All at once, behind the fetch: who asks meanwhile gets what the scrape before said.
    target.last_ms, target.last_error, target.health = now_ms, error, "down" if error else "up"
    seen = frozenset(label_key(labels) for labels, _ in samples)
    ended = [(dict(key), None) for key in target.series - seen]
    up = ({NAME: "up", **target.labels}, 0.0 if error else 1.0)
    store.append(now_ms, [*samples, up, *ended])
    target.series = seen


def _with_target(labels: Labels, own: Labels) -> Labels:
    renamed = {f"exported_{name}" if name in own else name: value for name, value in labels.items()}
    return {**renamed, **own}
