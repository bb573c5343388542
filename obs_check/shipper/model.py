"""What a shipper is told to do, whatever the dialect of its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from obs_check.errors import ConfigError
from obs_check.model.entry import Labels
from obs_check.model.window import NS
from obs_check.model.wording import count_noun
from obs_check.shipper.pipeline import EMPTY, Pipeline
from obs_check.shipper.pod_discovery import PodDiscovery
from obs_check.shipper.relabel import RelabelRule

LINES_COME_IN = frozenset((
    "journal", "syslog", "gcplog", "loki_push_api", "windows_events", "kafka", "azure_event_hubs",
    "gelf", "cloudflare", "heroku_drain",
))  # fmt: skip
"""Where promtail 3.5 gets lines that come to it, with no targets to find."""
_BY_API = "loki.source.kubernetes"
_OF_FILES = "otelcol.receiver.filelog."


_BARE = {"docker_sd_configs", "loki.source.docker", "loki.source.kubernetes"}


@dataclass(frozen=True)
class ScrapeJob:
    """One scrape configuration. `targets` are the label sets of static targets before relabeling (`__path__` is the
    glob); `discovery` names other ways to find targets (`kubernetes_sd_configs`, `syslog`), known only by name.
    `place` is `file:line`. `decompression` is the format that files are unpacked from (`gz`, `z`, `bz2`), "" where
    they are read as they are; `kubernetes` are the discoveries of Kubernetes; files that were not written to for
    `ignore_older` ns are left out (Alloy's `ignore_older_than`; promtail has no such setting), 0 for none."""

    name: str
    pipeline: Pipeline = EMPTY
    targets: tuple[Labels, ...] = ()
    relabel: tuple[RelabelRule, ...] = ()
    discovery: tuple[str, ...] = ()
    place: str = ""
    decompression: str = ""
    kubernetes: tuple[PodDiscovery, ...] = ()
    ignore_older: int = 0
    to: tuple[str, ...] | None = None
    """Names of the clients that its lines go to, None for all (promtail)."""
    literal_paths: bool = False
    """Paths are names of files, wildcards in them mean nothing (Alloy's loki.source.file without file_match)."""
    journal_matches: str = ""
    """Which entries of the journal are read: `FIELD=VALUE`, with spaces between; "" for all."""
    encoding: str = ""
    """What files are decoded from, by IANA's name; "" for UTF-8."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Those of the discoveries of Kubernetes whose targets are files."""
        return () if self.by_api else tuple(one.role for one in self.kubernetes)

    @property
    def finds_pods(self) -> bool:
        """Whether it discovers pods, to read their files or to ask for their logs."""
        return any(one.role == "pod" for one in self.kubernetes)

    @property
    def by_api(self) -> bool:
        """Whether it reads the logs of the pods that it discovers by Kubernetes' API, and no file."""
        return _BY_API in self.discovery

    @property
    def comes_bare(self) -> bool:
        """Whether its lines come by the API of Docker or Kubernetes alone, without the wrapping that files have."""
        return bool(_BARE & set(self.discovery)) and not self.targets

    @property
    def reads_files(self) -> bool:
        """Whether its lines come as they stand in files, at the time of reading; else an API or a protocol gives them,
        without a container runtime's wrapping, and may give their times."""
        # Of Docker's targets promtail reads the logs by the API, too.
        others = {*LINES_COME_IN, "docker_sd_configs"}
        return not any(way in others or way.startswith("loki.source.") for way in self.discovery)


@dataclass(frozen=True)
class PushClient:
    """Where lines are pushed. Times in ns, `batch_bytes` in bytes of line text. Secrets are kept out of `repr`."""

    url: str
    tenant: str = ""
    external_labels: Labels = field(default_factory=dict)
    batch_wait: int = NS
    batch_bytes: int = 1024 * 1024
    timeout: int = 10 * NS
    min_backoff: int = NS // 2
    max_backoff: int = 300 * NS
    max_retries: int = 10
    drop_rate_limited: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = ""
    place: str = ""


@dataclass(frozen=True)
class ShipperConfig:
    """A whole configuration. `positions` is the path of the positions file, `sync_period` in ns. `notes` say what the
    configuration leaves unconnected and what of it cannot be judged here, each with `file:line`. Lines of more than
    `max_line_size` bytes (0: any size) are cut with `truncates`, else given up."""

    file: str
    jobs: tuple[ScrapeJob, ...] = ()
    clients: tuple[PushClient, ...] = ()
    positions: str = "/var/log/positions.yaml"
    sync_period: int = 10 * NS
    text: str = field(default="", repr=False)
    dialect: Literal["promtail", "alloy"] = "promtail"
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Parts that may hold further jobs and were not read, each with `file:line`: with one, no other way in is known to
    be missing."""
    other_lines: tuple[str, ...] = ()
    """Parts that bring lines of no job, each with `file:line` (OpenTelemetry, Faro)."""
    stages: Mapping[int, tuple[str, int, int]] = field(default_factory=dict, repr=False, compare=False)
    """Alloy: the file, first and last line of each stage, by its `id`: jobs share those of a component."""
    max_line_size: int = 0
    truncates: bool = False

    @property
    def open_parts(self) -> tuple[str, ...]:
        """Parts that may take files, and of which it is not read which."""
        others = [f"{one}: the files that it reads are not looked at" for one in self.other_lines if _OF_FILES in one]
        return (*self.unread, *others)

    def clients_of(self, job: ScrapeJob) -> tuple[PushClient, ...]:
        """The clients that a job's lines go to."""
        return tuple(client for client in self.clients if job.to is None or client.name in job.to)

    def job(self, name: str | None) -> ScrapeJob:
        """The job of a name (Alloy: also of a component's label alone), or the only one when `name` is None; raises
        ConfigError that lists the names."""
        names = ", ".join(job.name for job in self.jobs) or "none"
        if name is None and len(self.jobs) == 1:
            return self.jobs[0]
        if name is None:
            raise ConfigError(f"{self.file} has {count_noun(len(self.jobs), 'job')}: {names}", "choose one with --job")
        for job in self.jobs:
            if job.name == name:
                return job
        labelled = [job for job in self.jobs if self.dialect == "alloy" and job.name.endswith(f".{name}")]
        if len(labelled) == 1:
            return labelled[0]
        raise ConfigError(f"{self.file} has no job {name!r}", f"jobs there: {names}")
