"""`obs-check init --context`: what kubectl says of a cluster, as the sections of the file and the files beside it."""

import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from obs_check.cli.option_groups import Count
from obs_check.cli.options import Output
from obs_check.errors import NotAllowed, ObsCheckError, Unavailable, UsageError

if TYPE_CHECKING:
    from obs_check.app.setup.checkup import PartCheck
    from obs_check.app.setup.cluster import ClusterFound, Service
    from obs_check.app.setup.learnt import Learnt
    from obs_check.app.systems.forwarding import Forwards
    from obs_check.config import ClusterConfig
    from obs_check.model.shipping import Shipper


@dataclass(slots=True)
class FromCluster:
    """What a cluster was found to have; `checks` says of each part what worked."""

    sections: dict[str, Any] = field(default_factory=dict)
    checks: "list[PartCheck]" = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    dashboards: dict[str, str] = field(default_factory=dict)
    grafana: str = ""
    cluster: "ClusterConfig | None" = None
    found: "ClusterFound | None" = None

    def learn(self, forwards: "Forwards") -> "Learnt":
        """What is known of the shipper's address and of boundary's files, or what to give."""
        from obs_check.app.setup.learnt import SHIPPER_URL, learn_inside, note_address
        from obs_check.config import Config, ShipperSettings

        cluster, found = self.cluster, self.found
        learnt = learn_inside(self.files.get(found.boundary, "") if found is not None else "")
        if cluster is None or found is None or not found.shipper:
            return learnt
        kind: Shipper = "alloy" if found.shipper["kind"] == "alloy" else "promtail"
        if found.shipper_service is not None:

            def reached(url: str) -> str:
                return str(forwards.reached(Config(cluster=cluster, shipper=ShipperSettings(url=url))).shipper.url)

            how = f"the service of the only {kind} that runs, which answers"
            note_address(learnt, kind, found.shipper_service.url, how, reached)
        elif pod := found.shipper_pods.get(found.node):
            port = {"promtail": 3101, "alloy": 12345}[kind]
            forward = f"kubectl --context {cluster.context} --namespace {pod[0]} port-forward {pod[1]} {port}"
            give = f"{forward} leads to the {kind} on the workspace's node, if that is its port"
            learnt.note(SHIPPER_URL, f"http://127.0.0.1:{port}", False, "", give)
        return learnt

    def check_files(self, folder: Path, force: bool) -> None:
        """Raise UsageError for the first file that would be written over."""
        for name in self.files:
            if (folder / name).exists() and not force:
                raise UsageError(
                    f"{folder / name} is there already", "--force writes over it, --to names another folder"
                )

    def write(self, folder: Path) -> None:
        """Write the files. Raises InputError."""
        from obs_check.client.files.text_files import write_result

        for name, text in self.files.items():
            write_result(folder / name, text)

    def keep_dashboard(self, uid: str) -> None:
        """Take the dashboard's own file along, where it comes from the cluster."""
        if uid in self.dashboards:
            name = f"{uid}.json"
            self.files[name], self.sections["source"] = self.dashboards[uid], name


def from_cluster(
    context: str,
    kubeconfig: Path | None,
    namespace: str | None,
    url: str | None,
    tenant: str | None,
    yes: bool,
    out: Output,
) -> FromCluster:
    """Look into a cluster. Raises UsageError where there is no Grafana, or several and nobody can be asked, and
    Unavailable or NotAllowed where its services cannot be asked for and nobody says where Grafana is."""
    from obs_check.app.setup.cluster import ClusterFound, look_into
    from obs_check.client.cluster import Cluster, name_of
    from obs_check.config import ClusterConfig
    from obs_check.model.paths import absolute_path

    if namespace is not None:
        name_of(namespace, "namespace")
    file = absolute_path(str(kubeconfig), Path.cwd()) if kubeconfig else None
    config = ClusterConfig(context, file)
    taken, found = FromCluster(), ClusterFound()
    cluster = Cluster(config, out.env)
    cluster.check()
    for check in look_into(cluster, namespace, found):
        out.say(f"{check.part}: {check.state}: {check.said}{f' ({check.remedy})' if check.remedy else ''}")
        taken.checks.append(check)
    named = {"context": context, **({"kubeconfig": str(file)} if file else {})}
    taken.sections["cluster"] = named
    taken.cluster, taken.found = config, found
    taken.files, taken.dashboards = dict(found.files), found.dashboards
    services = taken.checks[0]
    if url is None and services.state in ("unknown", "not allowed"):
        raise (NotAllowed if services.state == "not allowed" else Unavailable)(
            f"{context}: its services are not known, so that no Grafana was looked for: {services.said}",
            f"give its address: obs-check init URL --context {context}",
        )
    taken.grafana = url or _chosen(found.grafanas, "Grafana", context, yes, out).url
    taken.sections["loki"] = _loki(found, config, tenant, yes, out)
    if found.shipper:
        taken.sections["shipper"] = dict(found.shipper)
    if found.boundary:
        taken.sections["boundary"] = {"config": found.boundary}
    if found.workspace:
        taken.sections["executors"] = {"kubectl": {**named, **found.workspace}}
        taken.sections["inject"] = {"via": "kubectl"}
    return taken


def _chosen(found: "list[Service]", what: str, context: str, yes: bool, out: Output) -> "Service":
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            f"{context}: no service of {what} was found", f"give its address: obs-check init URL --context {context}"
        )
    names = [service.url for service in found]
    if yes or not sys.stdin.isatty():
        raise UsageError(
            f"{context}: there are {len(found)} services of {what}: {', '.join(names)}",
            f"name one: obs-check init {names[0]} --context {context}",
        )
    for number, name in enumerate(names, 1):
        out.say(f"{number}  {name}")
    return found[int(click.prompt(f"Which {what}", type=Count(1, len(found)), err=True)) - 1]


def _loki(found: "ClusterFound", cluster: Any, tenant: str | None, yes: bool, out: Output) -> dict[str, str]:
    """The section of a Loki that can be asked directly; {} where it is asked through Grafana."""
    import time

    from obs_check.app.systems.forwarding import Forwards
    from obs_check.app.systems.systems import open_loki
    from obs_check.config import Config, LokiConfig
    from obs_check.model.window import NS, Window

    if not found.lokis:
        return {}
    if len(found.lokis) > 1 and (yes or not sys.stdin.isatty()):
        urls = ", ".join(service.url for service in found.lokis)
        out.say(f"there are several services of Loki: {urls}; it is asked through Grafana (--loki URL names one)")
        return {}
    url = _chosen(found.lokis, "Loki", cluster.context, yes, out).url
    forwards = Forwards(out.env, out.detail)
    try:
        reached = forwards.reached(Config(cluster=cluster, loki=LokiConfig(url, tenant)))
        now = time.time_ns()
        with closing(open_loki(reached)) as client:
            client.labels(Window(now - 3600 * NS, now))
    except NotAllowed as error:
        out.say(
            f"{url} lets nobody ask: {error.message}; it is asked through Grafana (--tenant NAME where it has tenants)"
        )
        return {}
    except ObsCheckError as error:
        out.say(f"{url}: {error.message}; it is asked through Grafana")
        return {}
    finally:
        forwards.close()
    return {"url": url, **({"tenant": tenant} if tenant else {})}
