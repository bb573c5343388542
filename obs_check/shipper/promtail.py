"""promtail 3.5 YAML into the neutral model."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from obs_check.documents.embedded import Embedded
from obs_check.documents.yaml_tree import YamlValue
from obs_check.errors import ConfigError
from obs_check.golang.quantity import duration_ns, size_bytes
from obs_check.model.entry import Labels
from obs_check.shipper import credentials, environment
from obs_check.shipper.environment import read_known
from obs_check.shipper.model import PushClient, ScrapeJob, ShipperConfig
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.pod_discovery import Condition, PodDiscovery, in_namespaces, selected
from obs_check.shipper.promtail_keys import CLIENT, JOB, TOP, check_discovery, check_sections
from obs_check.shipper.relabel import read_rule
from obs_check.shipper.stages.registry import read_stages
from obs_check.shipper.wrapping import is_promtail

_TOP = (
    "global", "server", "client", "clients", "positions", "scrape_configs", "target_config", "limits_config",
    "options", "tracing", "wal",
)  # fmt: skip
_CLIENT = (
    "url", "name", "batchwait", "batchsize", "headers", "backoff_config", "external_labels", "timeout", "tenant_id",
    "drop_rate_limited_batches", "basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file",
    "tls_config", "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header", "follow_redirects",
    "enable_http2", "http_headers", "stream_lag_labels",
)  # fmt: skip
_LIMITS = (
    "readline_rate_enabled", "max_streams", "max_line_size", "readline_rate", "readline_burst", "readline_rate_drop",
    "max_line_size_truncate",
)  # fmt: skip
_DISCOVERY = (
    "kubernetes_sd_configs", "docker_sd_configs", "file_sd_configs", "consul_sd_configs", "consulagent_sd_configs",
    "dns_sd_configs", "digitalocean_sd_configs", "dockerswarm_sd_configs", "serverset_sd_configs", "nerve_sd_configs",
    "marathon_sd_configs", "gce_sd_configs", "ec2_sd_configs", "openstack_sd_configs", "azure_sd_configs",
    "triton_sd_configs", "journal", "syslog", "gcplog", "loki_push_api", "windows_events", "kafka",
    "azure_event_hubs", "gelf", "cloudflare", "heroku_drain",
)  # fmt: skip
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_JOB = ("job_name", "pipeline_stages", "relabel_configs", "static_configs", "encoding", "decompression", *_DISCOVERY)


def parse_promtail(inner: Embedded, document: YamlValue, env: Mapping[str, str] | None) -> ShipperConfig:
    """The configuration in promtail's own YAML, with the document that it is before `env` stands for `${NAME}`; None
    leaves references as they are (promtail without `-config.expand-env`). Raises ConfigError."""
    if env is not None and "$" in inner.text:
        inner = replace(inner, text=environment.expand(inner.text, env, inner.file, inner.first_line))
        whole = [one for one in inner.documents() if is_promtail(one)]
        document = whole[0] if whole else document
    top = document.mapping(_TOP)
    check_sections(document, TOP)
    clients = [_client(c) for c in top["clients"].items()] if "clients" in top else []
    if single := document.get("client"):
        clients.append(_client(single))
    jobs = [_job(job) for job in top["scrape_configs"].items()] if "scrape_configs" in top else []
    seen: set[str] = set()
    for job in jobs:
        if job.name in seen:
            raise ConfigError(f"{job.place}: a second job is named {job.name!r}", "give it another name")
        seen.add(job.name)
    positions = document.get("positions")
    known = positions.mapping(("filename", "sync_period", "ignore_invalid_yaml")) if positions else {}
    limits = given.mapping(_LIMITS) if (given := document.get("limits_config")) else {}
    return ShipperConfig(
        inner.file,
        tuple(jobs),
        tuple(clients),
        known["filename"].text() if "filename" in known else ShipperConfig.positions,
        _duration(known.get("sync_period"), ShipperConfig.sync_period),
        inner.text,
        notes=(*inner.notes, *_unreachable(clients), *_unseen_limits(limits), *_passed_over(jobs)),
        max_line_size=read_known(limits.get("max_line_size"), lambda value: value.read(size_bytes), 0),
        truncates=read_known(limits.get("max_line_size_truncate"), YamlValue.flag, False),
    )


def _unreachable(clients: Iterable[PushClient]) -> list[str]:
    """Promtail 3.5 starts with them; a variable or a template may be the beginning of a URL before it is filled in."""
    return [
        f"{client.place}: the URL of a client begins with neither http:// nor https://: pushes cannot leave unless "
        "something fills it in before promtail reads it"
        for client in clients
        if not client.url.lower().startswith(("http://", "https://", "${"))
    ]


def _unseen_limits(limits: Mapping[str, YamlValue]) -> list[str]:
    """Limits that drop lines by how many there are: named, because that is not simulated."""
    return [
        f"{_place(value)}: limits_config.{name}: {value.text()} may drop lines, which is not simulated"
        for name, value in limits.items()
        if name in _LIMITS[:2] and value.text() not in {"", "0", "false"}
    ]


def _passed_over(jobs: Iterable[ScrapeJob]) -> list[str]:
    return [f"{one.file}:{one.line}: {one.said}" for job in jobs for one in job.pipeline.passed_over]


def _place(value: YamlValue) -> str:
    return f"{value.file}:{value.line}"


def _duration(value: YamlValue | None, default: int) -> int:
    # Promtail 3.5 takes a number for nanoseconds.
    return read_known(value, lambda one: int(one.text()) if one.text().isdecimal() else one.read(duration_ns), default)


def _client(node: YamlValue) -> PushClient:
    given = node.mapping(_CLIENT)
    url = node.get("url")
    if url is None:
        raise node.error("url is missing", "for example http://loki:3100/loki/api/v1/push")
    # Promtail 3.5 refuses what Go's url.Parse does, and starts with any other.
    if not _SCHEME.match(url.text()) and ":" in url.text().split("/")[0].split("${")[0]:
        raise url.error("the URL has no scheme", "write http:// or https:// in front")
    check_sections(node, CLIENT)
    backoff = node.get("backoff_config")
    pause = backoff.mapping(("min_period", "max_period", "max_retries")) if backoff else {}
    default = PushClient("")
    return PushClient(
        url.text(),
        given["tenant_id"].text() if "tenant_id" in given else "",
        given["external_labels"].texts() if "external_labels" in given else {},
        _duration(given.get("batchwait"), default.batch_wait),
        read_known(given.get("batchsize"), YamlValue.integer, default.batch_bytes),
        _duration(given.get("timeout"), default.timeout),
        _duration(pause.get("min_period"), default.min_backoff),
        _duration(pause.get("max_period"), default.max_backoff),
        read_known(pause.get("max_retries"), YamlValue.integer, default.max_retries),
        read_known(given.get("drop_rate_limited_batches"), YamlValue.flag, False),
        _headers(node),
        given["name"].text() if "name" in given else "",
        _place(node),
    )


def _headers(node: YamlValue) -> dict[str, str]:
    """The HTTP headers of a client: its own, and what stands for its credentials."""
    own = node.get("headers")
    headers = own.texts() if own else {}
    if basic := node.get("basic_auth"):
        headers |= credentials.basic(basic.texts())
    if token := node.get("bearer_token"):
        headers |= credentials.bearer(token.text())
    if authorization := node.get("authorization"):
        headers |= credentials.authorization(authorization.texts())
    return headers


def _job(node: YamlValue) -> ScrapeJob:
    given = node.mapping(_JOB)
    name = node.get("job_name")
    if name is None:
        raise node.error("job_name is missing")
    check_sections(node, JOB)
    check_discovery(node)
    rules = given["relabel_configs"].items() if "relabel_configs" in given else []
    matches = journal.get("matches") if (journal := node.get("journal")) else None
    static = given["static_configs"].items() if "static_configs" in given else []
    return ScrapeJob(
        name.text(),
        read_stages(given["pipeline_stages"]) if "pipeline_stages" in given else Pipeline(),
        tuple(target for group in static for target in _targets(group)),
        tuple(read_rule(r) for r in rules),
        tuple(key for key in _DISCOVERY if node.get(key) is not None),
        _place(node),
        _decompression(given.get("decompression")),
        _kubernetes(node.get("kubernetes_sd_configs")),
        journal_matches=matches.text() if matches else "",
        encoding=given["encoding"].text() if "encoding" in given else "",
    )


def _decompression(node: YamlValue | None) -> str:
    """The format that files are unpacked from, "" when they are not."""
    given = node.mapping(("enabled", "initial_delay", "format")) if node else {}
    if not read_known(given.get("enabled"), YamlValue.flag, False):
        return ""
    return given["format"].text() if "format" in given else "none"


def _kubernetes(node: YamlValue | None) -> tuple[PodDiscovery, ...]:
    """The discoveries of Kubernetes that a job has."""
    return tuple(_discovery(one) for one in node.items()) if node else ()


def _discovery(node: YamlValue) -> PodDiscovery:
    role = node.mapping()["role"].text()
    spaces = node.get("namespaces")
    conditions: list[Condition] = []
    if spaces:
        names, own = spaces.get("names"), spaces.get("own_namespace")
        conditions += in_namespaces([one.text() for one in names.items()] if names else [], bool(own and own.flag()))
    listed = node.get("selectors")
    for one in listed.items() if listed else ():
        label, field, of = (one.texts().get(key, "") for key in ("label", "field", "role"))
        conditions += selected(label, field) if of == role else ()
    return PodDiscovery(role, tuple(conditions))


def _targets(group: YamlValue) -> list[Labels]:
    """The targets of one static group. Promtail 3.5: without `targets` there is one, localhost."""
    group.mapping(("targets", "labels"))
    labels, addresses = group.get("labels"), group.get("targets")
    own = labels.texts() if labels else {}
    names = [address.text() for address in addresses.items()] if addresses else []
    return [{"__address__": name, **own} for name in names or ["localhost"]]
