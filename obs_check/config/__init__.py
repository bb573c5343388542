"""obs-check.yaml: what obs-check may talk to and where the parts of the pipeline are.

Every key is optional; a command that needs one says so. Relative paths are relative to the file. Secrets are
references ({env: NAME}, {file: PATH} or {command: [PROGRAM, ...]}), never values.

    cluster:   {context, kubeconfig}            # a URL http://NAME.NAMESPACE.svc is reached by kubectl port-forward
    grafana:   {url, token, org_id}
    dashboard: agent-firewall
    source:    dashboards/agent-firewall.json   # the file that the dashboard comes from
    expect:    dashboards/agent-firewall.expect.yaml
    loki:      {url, tenant, datasource, bearer}
    boundary:  {logs, config, proxy, ca, stderr}
    coderd:    {logs}
    shipper:   {kind, url, config, positions}
    inject:    {allow_url, deny_url, settle_s, via}
    executors: {kubectl, coder, command, boundary, chat}   # see executors.py
    kubernetes: {pods, context, kubeconfig}                # see kubernetes.py
    checks:    [{name, run, expect, exit, timeout_s}]      # see checks.py
    timeouts:  {hop_s, metrics_s, command_s}
    lint:      {datasources, root}
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
    """Where Grafana is; `token` is a service account's."""

    url: str
    token: Secret | None = None
    org_id: int | None = None


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """The cluster that services of URLs like http://grafana.monitoring.svc are in."""

    context: str
    kubeconfig: AbsolutePath | None = None


@dataclass(frozen=True, slots=True)
class LokiConfig:
    """Loki itself (`url`, `tenant`, `bearer`) and the uid of its datasource in Grafana, None where nobody says it."""

    url: str | None = None
    tenant: str | None = None
    datasource: str | None = None
    bearer: Secret | None = None

    @property
    def uid(self) -> str:
        """The datasource that is meant."""
        return self.datasource or "loki"


@dataclass(frozen=True, slots=True)
class BoundarySettings:
    """boundary's log files (a glob), its configuration, its proxy and the CA that its clients have to trust, and what
    the wrapped command wrote to stderr. `proxy: environment` takes the proxy variables, as a tool call inside does."""

    logs: AbsoluteGlob | None = None
    config: AbsolutePath | None = None
    proxy: str | None = None
    ca: AbsolutePath | None = None
    stderr: AbsolutePath | None = None

    @property
    def proxy_url(self) -> str | None:
        """The proxy's URL; None for that of the environment, and without one."""
        return None if self.proxy == ENVIRONMENT else self.proxy


@dataclass(frozen=True, slots=True)
class CoderdConfig:
    """coderd's pod log files (a glob)."""

    logs: AbsoluteGlob | None = None


@dataclass(frozen=True, slots=True)
class ShipperSettings:
    """The shipper: its HTTP address, its configuration, its positions file and its own log."""

    kind: Literal["promtail", "alloy"] = "promtail"
    url: str | None = None
    config: AbsolutePath | None = None
    positions: AbsolutePath | None = None
    log: AbsolutePath | None = None


@dataclass(frozen=True, slots=True)
class InjectConfig:
    """URLs that boundary allows and denies; `{tag}` in one stands for the event's tag. `settle_s` is how long a run
    waits before it ends (boundary: 5 s batch). `via` is the executor that sends where none is named."""

    allow_url: str | None = None
    deny_url: str | None = None
    settle_s: float = 6.0
    via: str | None = None


@dataclass(frozen=True, slots=True)
class TimeoutConfig:
    """In seconds: `hop_s`, how long an event may take to a hop; `metrics_s`, how long a counter may take from an
    event to a panel; `command_s`, how long a whole command may take."""

    hop_s: float = 30.0
    metrics_s: float = 120.0
    command_s: float = 1800.0


@dataclass(frozen=True, slots=True)
class LintConfig:
    """What `lint` takes without options: a file with Grafana's datasources, and the directory that stands for `/`."""

    datasources: AbsolutePath | None = None
    root: AbsolutePath | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; `path` is the file it came from, None when there is none."""

    path: Path | None = None
    cluster: ClusterConfig | None = None
    grafana: GrafanaConfig | None = None
    dashboard: str = "agent-firewall"
    source: AbsolutePath | None = None
    expect: AbsolutePath | None = None
    loki: LokiConfig = field(default_factory=LokiConfig)
    boundary: BoundarySettings = field(default_factory=BoundarySettings)
    coderd: CoderdConfig = field(default_factory=CoderdConfig)
    shipper: ShipperSettings = field(default_factory=ShipperSettings)
    inject: InjectConfig = field(default_factory=InjectConfig)
    timeouts: TimeoutConfig = field(default_factory=TimeoutConfig)
    lint: LintConfig = field(default_factory=LintConfig)
    executors: ExecutorsConfig = field(default_factory=ExecutorsConfig)
    checks: tuple[HealthCheck, ...] = ()
    kubernetes: KubernetesConfig = field(default_factory=KubernetesConfig)

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


def load_config(path: Path | None, env: Mapping[str, str]) -> Config:
    """Read a configuration: `path`, else $OBS_CHECK_CONFIG, else ./obs-check.yaml where that exists, else defaults.

    Raises ConfigError with the file, the line and the remedy.
    """
    named = path or (Path(env[PATH_VARIABLE]) if env.get(PATH_VARIABLE) else None)
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
        root = yaml.compose(text, Loader=yaml.SafeLoader)
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
    timeouts = root.section("timeouts", "hop_s", "metrics_s", "command_s")
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
            timeouts.seconds("hop_s", 30.0), timeouts.seconds("metrics_s", 120.0), timeouts.seconds("command_s", 1800.0)
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
