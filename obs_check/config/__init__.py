"""obs-check.yaml: what obs-check may talk to and where the parts of the pipeline are.

Every key is optional; a command that needs one says so. Relative paths are relative to the file. Secrets are
references ({env: NAME}, {file: PATH} or {command: [PROGRAM, ...]}), never values. docs/obs-check-yaml.md has an example
with every key; what is said of the keys there stands at the fields here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import yaml

from obs_check.config.checks import HealthCheck, read_checks
from obs_check.config.executors import ExecutorsConfig, read_executors
from obs_check.config.kubernetes import KubernetesConfig, read_kubernetes
from obs_check.config.section import PORTS, Secret, Section
from obs_check.documents.yaml_tree import Loader
from obs_check.errors import ConfigError
from obs_check.model.paths import AbsoluteGlob, AbsolutePath, absolute_path
from obs_check.model.secret import yaml_problem

DEFAULT_PATH = Path("obs-check.yaml")
PATH_VARIABLE = "OBS_CHECK_CONFIG"
STATE_VARIABLE = "OBS_CHECK_STATE"
ENVIRONMENT = "environment"
_ALLOY = (".alloy", ".river")


@dataclass(frozen=True, slots=True)
class GrafanaConfig:
    """Where Grafana is, and how it lets us in."""

    url: str
    """Its address, with the path that it is served under."""
    token: Secret | None = None
    """A service account's token; the role Viewer reads everything."""
    org_id: int | None = None
    """The organization's id; without it the token's own."""


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """The cluster that services of URLs like http://grafana.monitoring.svc are in."""

    context: str
    """The context of the kubeconfig."""
    kubeconfig: AbsolutePath | None = None
    """The kubeconfig; without it kubectl's own."""


@dataclass(frozen=True, slots=True)
class LokiConfig:
    """Loki itself, and its datasource in Grafana."""

    url: str | None = None
    """Loki's own address, to ask it directly; without it Loki is asked through Grafana."""
    tenant: str | None = None
    """What is sent as X-Scope-OrgID when Loki is asked directly."""
    datasource: str | None = None
    """The uid of Loki's datasource in Grafana; `loki` where nobody says it."""
    bearer: Secret | None = None
    """A token that is sent when Loki is asked directly."""

    @property
    def uid(self) -> str:
        """The datasource that is meant."""
        return self.datasource or "loki"


@dataclass(frozen=True, slots=True)
class BoundarySettings:
    """The firewall: its files, and the proxy that requests are sent through."""

    logs: AbsoluteGlob | None = None
    """boundary's log files."""
    config: AbsolutePath | None = None
    """boundary's configuration."""
    proxy: str | None = None
    """Its proxy's address; or `environment`: what the proxy variables name, as for a tool call inside."""
    ca: AbsolutePath | None = None
    """The CA, in PEM, that the proxy's clients have to trust."""
    stderr: AbsolutePath | None = None
    """What the wrapped command wrote to stderr, boundary's own warnings with it."""

    @property
    def proxy_url(self) -> str | None:
        """The proxy's URL; None for that of the environment, and without one."""
        return None if self.proxy == ENVIRONMENT else self.proxy


@dataclass(frozen=True, slots=True)
class CoderdConfig:
    """The control plane, which writes an audit line a request."""

    logs: AbsoluteGlob | None = None
    """coderd's log files, those of its pods in Kubernetes."""


@dataclass(frozen=True, slots=True)
class ShipperSettings:
    """What carries the lines to Loki."""

    kind: Literal["promtail", "alloy"] = "promtail"
    """Which program it is."""
    url: str | None = None
    """The address of its HTTP server: metrics and targets."""
    config: AbsolutePath | None = None
    """Its configuration; `shipper dry-run`, `targets` and `lint` read it too."""
    positions: AbsolutePath | None = None
    """The file in which it keeps how far it has read."""
    log: AbsolutePath | None = None
    """What it logged itself."""


@dataclass(frozen=True, slots=True)
class InjectConfig:
    """What is sent through the firewall. Its tag is the last parameter of each query, `obs=TAG`, and is `{tag}`."""

    allow_url: str | None = None
    """A URL that boundary allows."""
    deny_url: str | None = None
    """A URL that boundary denies."""
    settle_s: float = 6.0
    """How long a run waits before it ends: boundary hands on what it saw in batches of 5 s."""
    via: str | None = None
    """The executor that sends, where `--via` names none; `local` is from here."""


@dataclass(frozen=True, slots=True)
class TimeoutConfig:
    """How long things may take, in seconds."""

    hop_s: float = 30.0
    """An event to a hop."""
    metrics_s: float = 120.0
    """A counter from an event to a panel."""
    start_s: float = 30.0
    """The start of an executor's shell, ahead of what is sent there."""
    command_s: float = 1800.0
    """A whole command; then it ends with what it found so far, verdict unknown."""


@dataclass(frozen=True, slots=True)
class LintConfig:
    """What `lint` takes without options."""

    datasources: AbsolutePath | None = None
    """A file with Grafana's datasources, as its API lists them or as it is provisioned with them."""
    root: AbsolutePath | None = None
    """The directory that stands for `/` where a shipper's paths are looked for."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file; `path` is the one it came from, None when there is none."""

    path: Path | None = None
    cluster: ClusterConfig | None = None
    """The cluster, for URLs of its services."""
    grafana: GrafanaConfig | None = None
    """Where Grafana is; without it no panel is read."""
    dashboard: str = "agent-firewall"
    """The uid of the dashboard."""
    source: AbsolutePath | None = None
    """The file that the dashboard comes from, to tell what was edited in Grafana."""
    expect: AbsolutePath | None = None
    """What each panel must read: an [expect.yaml](expect-yaml.md). Without one, panels of obs-check's own dashboards
    must read what it ships for them."""
    loki: LokiConfig = field(default_factory=LokiConfig)
    """Where the lines are."""
    boundary: BoundarySettings = field(default_factory=BoundarySettings)
    """The firewall."""
    coderd: CoderdConfig = field(default_factory=CoderdConfig)
    """The control plane."""
    shipper: ShipperSettings = field(default_factory=ShipperSettings)
    """What carries the lines: promtail or Alloy."""
    inject: InjectConfig = field(default_factory=InjectConfig)
    """What is sent."""
    timeouts: TimeoutConfig = field(default_factory=TimeoutConfig)
    """How long things may take."""
    lint: LintConfig = field(default_factory=LintConfig)
    """What `lint` takes without options."""
    executors: ExecutorsConfig = field(default_factory=ExecutorsConfig)
    """How the probe gets to where tool calls run ([more](tool-calls.md))."""
    checks: tuple[HealthCheck, ...] = ()
    """What has to work beside the firewall, before and after a run."""
    kubernetes: KubernetesConfig = field(default_factory=KubernetesConfig)
    """Where the list of pods is, for a shipper that discovers its files from them."""

    @property
    def hosts(self) -> frozenset[str]:
        """host:port of every URL in the configuration: requests go to these and to no other."""
        urls = (
            self.grafana.url if self.grafana else None,
            self.loki.url,
            self.boundary.proxy_url,
            self.shipper.url,
            self.inject.allow_url,
            self.inject.deny_url,
        )
        return frozenset(host_port(url) for url in urls if url)


def host_port(url: str) -> str:
    """`host:port` of a URL, lower case, the scheme's port when none is written."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{parts.port or PORTS.get(parts.scheme, 0)}"


def named_path(path: Path | None, env: Mapping[str, str]) -> Path | None:
    """The file that --config or $OBS_CHECK_CONFIG names, None where neither does."""
    return path or (Path(env[PATH_VARIABLE]) if env.get(PATH_VARIABLE) else None)


def load_config(path: Path | None, env: Mapping[str, str]) -> Config:
    """Read a configuration: `path`, else $OBS_CHECK_CONFIG, else ./obs-check.yaml where that exists, else defaults.

    Raises ConfigError with the file, the line and the remedy.
    """
    named = named_path(path, env)
    file = named or DEFAULT_PATH
    if file.suffix in _ALLOY:
        raise _of_shipper(str(file), "an Alloy", file)
    if named is None and not file.exists():
        return Config()
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8 text (byte {error.start})", "is it a YAML file?") from error
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", f"name another with --config or ${PATH_VARIABLE}") from error
    return parse_config(text, file, env)


def lacking(config: Config, what: str, remedy: str, options: str) -> ConfigError:
    """The error that a configuration does not say something: `remedy` is what to write into the file, `options` what to
    type where there is none."""
    if config.path is not None:
        return ConfigError(f"{config.path}: no {what}", remedy)
    told = f"there is no {DEFAULT_PATH} here, and nothing else says {what}"
    return ConfigError(told, f"{options}, or write the file: obs-check init https://grafana.example")


def state_directory(env: Mapping[str, str]) -> Path | None:
    """Where obs-check keeps what outlives a command: $OBS_CHECK_STATE, else obs-check in $XDG_STATE_HOME, else in
    ~/.local/state (XDG Base Directory Specification 0.8: a relative $XDG_STATE_HOME counts as none).

    It need not exist. None where the environment names no home either: then nothing is kept.
    """
    if own := env.get(STATE_VARIABLE):
        return absolute_path(own, Path.cwd())
    if (given := env.get("XDG_STATE_HOME", "")).startswith("/"):
        return absolute_path(given, Path("/")) / "obs-check"
    home = env.get("HOME")
    return absolute_path(home, Path.cwd()) / ".local" / "state" / "obs-check" if home else None


def parse_config(text: str, file: Path, env: Mapping[str, str]) -> Config:
    """The configuration that a text says; `file` is for messages and for relative paths."""
    try:
        root = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError as error:
        place, words = yaml_problem(error)
        hint = "check indent and quotes" if place else "remove the character"
        raise ConfigError(f"{file}{place}: broken YAML: {words}", hint) from error
    if root is None or (isinstance(root, yaml.ScalarNode) and root.tag == "tag:yaml.org,2002:null"):
        return Config(path=file)
    return _read_root(Section(root, file, "", env))


def _of_shipper(place: str, what: str, file: Path) -> ConfigError:
    remedy = f"for `obs-check shipper` write --shipper-config {file}; obs-check.yaml names it as shipper.config"
    return ConfigError(f"{place}: this is {what} configuration, not an obs-check.yaml", remedy)


def _read_root(root: Section) -> Config:
    if place := root.place_of("scrape_configs"):
        raise _of_shipper(place, "a promtail", root.file)
    root.only(
        "cluster",
        "grafana",
        "dashboard",
        "source",
        "expect",
        "loki",
        "boundary",
        "coderd",
        "shipper",
        "inject",
        "timeouts",
        "lint",
        "executors",
        "checks",
        "kubernetes",
    )
    loki = root.section("loki", "url", "tenant", "datasource", "bearer")
    boundary = root.section("boundary", "logs", "config", "proxy", "ca", "stderr")
    coderd = root.section("coderd", "logs")
    shipper = root.section("shipper", "kind", "url", "config", "positions", "log")
    inject = root.section("inject", "allow_url", "deny_url", "settle_s", "via")
    timeouts = root.section("timeouts", "hop_s", "metrics_s", "start_s", "command_s")
    lint = root.section("lint", "datasources", "root")
    return Config(
        path=root.file,
        cluster=_cluster(root),
        grafana=_grafana(root),
        dashboard=root.text("dashboard") or "agent-firewall",
        source=root.path("source"),
        expect=root.path("expect"),
        loki=LokiConfig(loki.url("url"), loki.text("tenant"), loki.text("datasource"), loki.secret("bearer")),
        boundary=BoundarySettings(
            boundary.glob("logs"),
            boundary.path("config"),
            ENVIRONMENT if boundary.text("proxy") == ENVIRONMENT else boundary.url("proxy"),
            boundary.path("ca"),
            boundary.path("stderr"),
        ),
        coderd=CoderdConfig(coderd.glob("logs")),
        shipper=ShipperSettings(
            shipper.kind("kind"),
            shipper.url("url"),
            shipper.path("config"),
            shipper.path("positions"),
            shipper.path("log"),
        ),
        inject=InjectConfig(
            inject.url("allow_url"), inject.url("deny_url"), inject.seconds("settle_s", 6.0), inject.text("via")
        ),
        timeouts=TimeoutConfig(
            timeouts.seconds("hop_s", 30.0),
            timeouts.seconds("metrics_s", 120.0),
            timeouts.seconds("start_s", 30.0),
            timeouts.seconds("command_s", 1800.0),
        ),
        lint=LintConfig(lint.path("datasources"), lint.path("root")),
        executors=read_executors(root),
        checks=read_checks(root),
        kubernetes=read_kubernetes(root),
    )


def _cluster(root: Section) -> ClusterConfig | None:
    section = root.section("cluster", "context", "kubeconfig")
    return ClusterConfig(section.needed_name("context"), section.path("kubeconfig")) if section.given else None


def _grafana(root: Section) -> GrafanaConfig | None:
    section = root.section("grafana", "url", "token", "org_id")
    if not section.given:
        return None
    url = section.url("url")
    if url is None:
        raise ConfigError(f"{section.place()}: grafana has no url", "add url: https://grafana.example")
    return GrafanaConfig(url, section.secret("token"), section.integer("org_id"))
