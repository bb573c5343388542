"""Services of a cluster that cannot be reached from here, each behind a `kubectl port-forward` while it is needed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from obs_check.client.cluster import Cluster, Forward
from obs_check.client.egress import reach
from obs_check.config import Config
from obs_check.config.section import PORTS
from obs_check.errors import Unavailable

_SERVICE = re.compile(r"(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(?:\.cluster\.local)?")
"""A service's name in the cluster's own DNS."""


class Forwards:
    """The forwards that were opened so far; one that ended is opened again. Close it."""

    def __init__(self, env: Mapping[str, str], detail: Callable[[str], None]) -> None:
        self._env = env
        self._detail = detail
        self._open: dict[tuple[str, str], Forward] = {}

    def reached(self, config: Config) -> Config:
        """The configuration with addresses that can be reached from here. Raises as `Cluster`."""
        if config.cluster is None:
            return config
        grafana, loki, shipper = config.grafana, config.loki, config.shipper
        return replace(
            config,
            grafana=replace(grafana, url=self._url(config, grafana.url)) if grafana else None,
            loki=replace(loki, url=self._url(config, loki.url)) if loki.url else loki,
            shipper=replace(shipper, url=self._url(config, shipper.url)) if shipper.url else shipper,
        )

    def close(self) -> None:
        """End them all."""
        while self._open:
            self._open.popitem()[1].close()

    def _url(self, config: Config, url: str) -> str:
        parts = urlsplit(url)
        service = _SERVICE.fullmatch(parts.hostname or "")
        if service is None or config.cluster is None:
            return url
        key = (config.cluster.context, parts.netloc)
        if key not in self._open:
            try:
                reach("service", url)
            except Unavailable:
                self._detail(f"{parts.netloc} is reached by kubectl port-forward")
            else:
                return url
        elif not self._open[key].alive:
            del self._open[key]
        if key not in self._open:
            port = parts.port or PORTS[parts.scheme]
            cluster = Cluster(config.cluster, self._env)
            self._open[key] = cluster.forward(service["namespace"], service["name"], port)
        return parts._replace(netloc=f"127.0.0.1:{self._open[key].port}").geturl()
