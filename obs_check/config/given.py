"""What a command line says in place of obs-check.yaml, and where there is none the environment."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from obs_check.config import ENVIRONMENT, Config, GrafanaConfig, LokiConfig, host_port, load_config
from obs_check.config.section import Secret
from obs_check.errors import UsageError

GRAFANA_VARIABLE = "GRAFANA_URL"
TOKEN_VARIABLE = "GRAFANA_TOKEN"
LOKI_VARIABLE = "LOKI_ADDR"
TENANT_VARIABLE = "LOKI_ORG_ID"
BEARER_VARIABLE = "LOKI_BEARER_TOKEN"
"""The last three are those of logcli 3.5."""
_ADDRESS = re.compile(r"(?P<grafana>https?://[^?#]+?)(?:/d/(?P<uid>[^/?#]+)(?:[/?#].*)?)?/?")
_PANEL = re.compile(r"(?:panel-)?([0-9]{1,18})")
"""Grafana 10 writes `viewPanel=4`, 11 `viewPanel=panel-4`."""
_SHOWN = re.compile(r"viewPanel|from|to|var-.*")
_HOST_PORT = re.compile(r"[\w.-]+(:\d+)?(/[^@\s]*)?")


@dataclass(frozen=True, slots=True)
class Address:
    """A Grafana, and the dashboard that a URL of it shows ("" for none), and the panel of it where it shows one alone.
    `left_out` are the parameters of the URL that change what the browser shows, and nothing here."""

    grafana: str
    uid: str = ""
    panel: int | None = None
    left_out: tuple[str, ...] = ()

    def told(self) -> list[str]:
        """A sentence on what is left out, where anything is."""
        if not self.left_out:
            return []
        verb = "is" if len(self.left_out) == 1 else "are"
        return [f"{', '.join(self.left_out)} of the dashboard's address {verb} left out: it is read as it is saved"]


@dataclass(frozen=True, slots=True)
class Given:
    """What options say; None where one is not given. A dashboard is a uid or a file."""

    grafana: str | None = None
    dashboard: str | None = None
    loki: str | None = None
    proxy: str | None = None
    allow_url: str | None = None
    deny_url: str | None = None

    def address(self) -> Address | None:
        """What --grafana names; a panel of it only where the dashboard is not another one. Raises UsageError."""
        if self.grafana is None:
            return None
        check_url("--grafana", self.grafana, "https://grafana.example")
        found = read_address(self.grafana)
        if found.panel is None or self.dashboard in (None, found.uid):
            return found
        return replace(found, panel=None, left_out=("viewPanel", *found.left_out))

    def options(self) -> str:
        """The same on a command line, with a blank before each option; "" for nothing."""
        said = [(field.name.replace("_", "-"), getattr(self, field.name)) for field in fields(self)]
        return "".join(f" --{name} {shlex.quote(value)}" for name, value in said if value is not None)


def read_address(url: str) -> Address:
    """The Grafana of a URL as the browser shows it: its root, a dashboard or a panel. Raises UsageError.

    A panel is judged with the range and the values of variables that its dashboard has saved: those of the URL are left
    out.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None:
        raise UsageError(f"{url}: not the address of a Grafana", "for example https://grafana.example/d/agent-firewall")
    try:
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        raise UsageError("the dashboard's address is not a URL", "copy it from the browser again") from None
    panels = [_PANEL.fullmatch(value) for name, value in query if name == "viewPanel"]
    panel = int(panels[0][1]) if len(panels) == 1 and panels[0] is not None else None
    named = dict.fromkeys(name for name, _ in query if _SHOWN.fullmatch(name))
    left_out = tuple(name for name in named if name != "viewPanel" or panel is None)
    return Address(found["grafana"], found["uid"] or "", panel, left_out)


def check_url(option: str, url: str, example: str = "http://loki.example:3100") -> None:
    """Raise UsageError for what is not an http(s) URL, or one with credentials."""
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise UsageError(f"{option}: the URL is not one", f"for example {example}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{option}: the URL has credentials", "name a token in obs-check.yaml by reference")
    if parts.scheme not in ("http", "https") or not sound:
        near = f"http://{url}" if _HOST_PORT.fullmatch(url) else f"for example {example}"
        raise UsageError(f"{option}: the URL has to begin with http:// or https:// and name a host", near)


def given_config(path: Path | None, env: Mapping[str, str], given: Given) -> tuple[Config, list[str]]:
    """The configuration of a file as `load_config` finds it, with what is given instead of what it says; where there is
    no file, the environment says where Grafana and Loki are. Also a sentence for whatever was taken from there.

    A file that is about another Grafana than the one given is left out as a whole: its Loki, shipper and firewall are
    those of another stack. Raises ConfigError and UsageError.
    """
    config, said = load_config(path, env), list[str]()
    address = given.address()
    if address is not None:
        said += address.told()
        if config.grafana is not None and host_port(config.grafana.url) != host_port(address.grafana):
            said.append(f"{config.path} is about {config.grafana.url} and is left out")
            config = Config()
    if config.path is None:
        config = _of_environment(config, env, given, said)
    if address is not None:
        own = config.grafana if config.grafana and host_port(config.grafana.url) == host_port(address.grafana) else None
        token = own.token if own else _token(env, address.grafana, said)
        config = replace(config, grafana=GrafanaConfig(address.grafana, token, own.org_id if own else None))
    return _replaced(config, given, address), said


def _of_environment(config: Config, env: Mapping[str, str], given: Given, said: list[str]) -> Config:
    url = (env.get(GRAFANA_VARIABLE) or "").rstrip("/")
    if url and given.grafana is None:
        check_url(f"${GRAFANA_VARIABLE}", url, "https://grafana.example")
        said.append(f"there is no obs-check.yaml: Grafana is ${GRAFANA_VARIABLE}, {url}")
        config = replace(config, grafana=GrafanaConfig(url, _token(env, url, said)))
    loki = (env.get(LOKI_VARIABLE) or "").rstrip("/")
    if loki and given.loki is None:
        check_url(f"${LOKI_VARIABLE}", loki)
        tenant, bearer = env.get(TENANT_VARIABLE) or None, _secret(env, BEARER_VARIABLE)
        beside = [name for name in (TENANT_VARIABLE, BEARER_VARIABLE) if env.get(name)]
        said.append(f"there is no obs-check.yaml: Loki is ${LOKI_VARIABLE}, {loki}{_with(beside)}")
        config = replace(config, loki=LokiConfig(loki, tenant, bearer=bearer))
    return config


def _with(names: list[str]) -> str:
    return f", with {' and '.join(f'${name}' for name in names)}" if names else ""


def _token(env: Mapping[str, str], url: str, said: list[str]) -> Secret | None:
    """The environment's token, for the Grafana that the environment names if it names one, and for no other."""
    if not env.get(TOKEN_VARIABLE):
        return None
    own = env.get(GRAFANA_VARIABLE)
    if own and host_port(own) != host_port(url):
        remedy = "set both to the same Grafana"
        said.append(f"${TOKEN_VARIABLE} is for ${GRAFANA_VARIABLE} and is not sent to {url}; {remedy}")
        return None
    said.append(f"Grafana's token is ${TOKEN_VARIABLE}")
    return _secret(env, TOKEN_VARIABLE)


def _secret(env: Mapping[str, str], name: str) -> Secret | None:
    return Secret(f"environment variable {name}", lambda: env.get(name, "")) if env.get(name) else None


def _replaced(config: Config, given: Given, address: Address | None) -> Config:
    """With what else was given. The file of another dashboard is not that of the one given."""
    dashboard = given.dashboard or (address.uid if address else "")
    if dashboard and dashboard != config.dashboard:
        config = replace(config, dashboard=dashboard, source=None)
    if given.loki is not None:
        check_url("--loki", given.loki)
        url, own = given.loki.rstrip("/"), config.loki
        same = own.url is not None and host_port(own.url) == host_port(url)
        config = replace(config, loki=replace(own, url=url) if same else LokiConfig(url))
    if given.proxy is not None:
        if given.proxy != ENVIRONMENT:
            check_url("--proxy", given.proxy, "http://127.0.0.1:8080")
        config = replace(config, boundary=replace(config.boundary, proxy=given.proxy.rstrip("/")))
    for option, target in (("--allow-url", given.allow_url), ("--deny-url", given.deny_url)):
        if target is not None:
            check_url(option, target, "https://allowed.example/")
    inject = config.inject
    allow_url, deny_url = given.allow_url or inject.allow_url, given.deny_url or inject.deny_url
    return replace(config, inject=replace(inject, allow_url=allow_url, deny_url=deny_url))
