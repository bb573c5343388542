"""What Coder says of a workspace: whether its agents are connected, and their apps healthy."""

from contextlib import closing
from urllib.parse import quote

from msgspec import Struct

from obs_check.client.answer import as_type
from obs_check.client.executors.health import CheckResult
from obs_check.client.http import Http
from obs_check.config import host_port
from obs_check.config.executors import CoderConfig


class _App(Struct):
    slug: str = ""
    health: str = "disabled"


class _AgentHealth(Struct):
    healthy: bool = True
    reason: str = ""


class _Agent(Struct):
    name: str
    status: str
    health: _AgentHealth | None = None
    apps: list[_App] | None = None


class _Resource(Struct):
    agents: list[_Agent] | None = None


class _Build(Struct):
    status: str
    resources: list[_Resource] | None = None


class _Workspace(Struct):
    latest_build: _Build


def workspace_health(config: CoderConfig) -> list[CheckResult]:
    """One row for the workspace, each agent and each app that has a health check
    (`GET /api/v2/users/{user}/workspace/{name}`). Raises Unavailable, NotAllowed or ConfigError."""
    owner, _, name = config.workspace.rpartition("/")
    headers = {"Coder-Session-Token": config.token.reveal()} if config.token else {}
    with closing(Http("coder", config.url, {host_port(config.url)}, headers)) as http:
        path = f"/api/v2/users/{quote(owner or 'me', safe='')}/workspace/{quote(name, safe='')}"
        build = as_type(http.json(http.get(path), _Workspace), _Workspace).latest_build
    rows = [_row(f"workspace {config.workspace}", build.status, "running")]
    for agent in (agent for resource in build.resources or () for agent in resource.agents or ()):
        rows.append(_row(f"agent {agent.name}", agent.status, "connected"))
        if agent.health is not None and not agent.health.healthy:
            rows.append(CheckResult(f"health of agent {agent.name}", False, agent.health.reason or "it is not healthy"))
        # An app without a health check says nothing: disabled.
        rows += [_row(f"app {app.slug}", app.health, "healthy") for app in agent.apps or () if app.health != "disabled"]
    return rows


def _row(name: str, state: str, wanted: str) -> CheckResult:
    return CheckResult(name, state == wanted, f"Coder reports the state {state}")
