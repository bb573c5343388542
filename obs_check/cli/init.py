"""`obs-check init`: a configuration that works."""

import shlex
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from obs_check.cli.option_groups import Count, as_record
from obs_check.cli.options import Output, common, echo
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from obs_check.app.setup.discovery import BoardFound
    from obs_check.app.setup.learnt import Learnt
    from obs_check.app.systems.forwarding import Forwards
    from obs_check.cli.init_cluster import FromCluster
    from obs_check.config import Config
    from obs_check.config.given import Address
    from obs_check.panel.elements import Dashboard

_LEFT = {
    "expect": "expect: panels.expect.yaml   # what each panel must read for the events of a run (docs/expect-yaml.md)",
    "loki": "loki: {url: http://loki.example:3100}   # asked directly, which tells more causes apart",
    "boundary": "boundary: {logs: /tmp/boundary_logs/*.log, config: boundary.yaml, proxy: http://127.0.0.1:8080}",
    "coderd": "coderd: {logs: /var/log/pods/coder_coder-*/coder/*.log}",
    "shipper": "shipper: {kind: promtail, url: http://promtail.example:3101, config: promtail.yaml}",
    "inject": "inject: {allow_url: https://allowed.example/, deny_url: https://denied.example/}",
}
"""What each section is for, where nothing was said of it."""
_KEYS_LEFT = {
    ("shipper", "url"): ("http://promtail.example:3101", "the running shipper: what it reads and drops"),
    ("boundary", "logs"): ("/tmp/boundary_logs/*.log", "boundary's log files on this machine"),
}
"""What a section is lacking, where something else was said of it."""


@dataclass(frozen=True, slots=True)
class InCluster:
    """The cluster to look into."""

    context: str | None
    namespace: str | None
    kubeconfig: Path | None


@dataclass(frozen=True, slots=True)
class TokenFrom:
    """Where Grafana's token is."""

    token_env: str | None
    token_file: Path | None

    def reference(self, out: Output) -> dict[str, str]:
        """The reference to it in the file, {} without one."""
        from obs_check.config.given import TOKEN_VARIABLE

        if self.token_file is not None:
            return {"file": str(self.token_file)}
        if self.token_env is not None or TOKEN_VARIABLE in out.env:
            if self.token_env is None:
                out.say(f"Grafana's token is ${TOKEN_VARIABLE}")
            return {"env": self.token_env or TOKEN_VARIABLE}
        return {}


@dataclass(frozen=True, slots=True)
class Parts:
    """What is said of the parts of the pipeline."""

    loki_url: str | None
    tenant: str | None
    boundary_logs: str | None
    boundary_config: str | None
    proxy: str | None
    coderd_logs: str | None
    shipper_config: str | None
    shipper_url: str | None
    allow_url: str | None
    deny_url: str | None

    def absolute(self) -> "Parts":
        """With paths that do not hang on the current directory."""
        return replace(
            self,
            boundary_logs=_absolute(self.boundary_logs),
            boundary_config=_absolute(self.boundary_config),
            coderd_logs=_absolute(self.coderd_logs),
            shipper_config=_absolute(self.shipper_config),
        )


def _absolute(path: str | None) -> str | None:
    return str(Path(path).expanduser().absolute()) if path else path


@dataclass(frozen=True, slots=True)
class Writing:
    """What is written: to which file, over what is there with `force`, and `yes` asks nothing."""

    to: Path | None
    yes: bool
    force: bool


@click.command()
@click.argument("url", required=False, metavar="[URL]")
@click.option("--context", metavar="NAME", help="Look into the cluster of this context of kubectl.")
@click.option("--namespace", metavar="NAME", help="Only there.  [default: all namespaces]")
@click.option("--kubeconfig", type=click.Path(path_type=Path), metavar="FILE", help="kubectl's configuration.")
@click.option("--token-env", metavar="NAME", help="The variable that holds Grafana's token.  [default: GRAFANA_TOKEN]")
@click.option("--token-file", type=click.Path(path_type=Path), metavar="FILE", help="The file that holds it.")
@click.option("--dashboard", metavar="UID", help="The dashboard to look at.")
@click.option("--loki", "loki_url", metavar="URL", help="Loki itself, where it can be reached.")
@click.option("--tenant", metavar="NAME", help="Loki's tenant (X-Scope-OrgID).")
@click.option("--boundary-logs", metavar="GLOB", help="boundary's log files on this machine.")
@click.option("--boundary-config", metavar="FILE", help="boundary's configuration.")
@click.option("--proxy", metavar="URL", help="boundary's proxy, or `environment`.")
@click.option("--coderd-logs", metavar="GLOB", help="coderd's log files on this machine.")
@click.option("--shipper-config", metavar="FILE", help="promtail's or Alloy's configuration.")
@click.option("--shipper-url", metavar="URL", help="The running shipper.")
@click.option("--allow-url", metavar="URL", help="A URL that boundary allows.")
@click.option("--deny-url", metavar="URL", help="A URL that boundary denies.")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="File to write; others go beside it.  [default: that of --config]",
)
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@common
@as_record("cluster", InCluster)
@as_record("token_from", TokenFrom)
@as_record("given", Parts)
@as_record("writing", Writing)
def init(
    url: str | None,
    cluster: InCluster,
    token_from: TokenFrom,
    dashboard: str | None,
    given: Parts,
    writing: Writing,
    out: Output,
) -> None:
    """Write an obs-check.yaml that works, and say what does not yet.

    URL is a Grafana, or a dashboard or panel of it as the browser shows it. Without --dashboard, one is looked for that
    has panels of Loki, and asked for on a terminal where there are several. The exit code is that of `doctor`.

    With --context the cluster is looked into by kubectl: services, the shipper's configuration, dashboards, and
    boundary's configuration in a workspace. Nothing there is changed; what may not be read is named with its verb and
    resource.

    \b
    obs-check init https://grafana.example/d/agent-firewall
    obs-check init https://grafana.example --loki http://loki.example:3100 --yes --to staging.yaml
    obs-check init --context staging --namespace monitoring
    obs-check init --context staging --yes --to staging.yaml
    """
    from obs_check.app.setup.checkup import check_all, exit_code, what_next
    from obs_check.app.systems.forwarding import Forwards
    from obs_check.cli.init_cluster import FromCluster, from_cluster
    from obs_check.cli.interrupt import insistent_interrupt
    from obs_check.client.files.text_files import write_result
    from obs_check.config import DEFAULT_PATH, named_path, parse_config
    from obs_check.config.given import Address, read_address
    from obs_check.errors import UsageError
    from obs_check.report.checkup import checkup_document, print_checkup

    target = writing.to or named_path(out.config_path, out.env) or DEFAULT_PATH
    if target.exists() and not writing.force:
        raise UsageError(f"{target} is there already", "--force writes over it, --to FILE writes another")
    if cluster.context is None and (cluster.namespace or cluster.kubeconfig):
        raise UsageError("--namespace and --kubeconfig are for --context", "add --context NAME")
    if url is None and cluster.context is None:
        remedy = "obs-check init https://grafana.example/d/agent-firewall, or --context NAME for a cluster"
        raise UsageError("where is Grafana?", remedy)
    address = read_address(url) if url else None
    for sentence in address.told() if address else ():
        out.say(sentence)
    if target.absolute().parent != Path.cwd():
        # Paths in the file begin at its folder, those of the command line here.
        token_from = replace(token_from, token_file=token_from.token_file and token_from.token_file.absolute())
        given = given.absolute()
    token = token_from.reference(out)
    forwards = Forwards(out.env, out.detail)
    with ExitStack() as stack, insistent_interrupt(out.limit_s(configured=False)):
        stack.callback(forwards.close)
        beside = FromCluster()
        if cluster.context is not None:
            beside = from_cluster(
                cluster.context, cluster.kubeconfig, cluster.namespace, url, given.tenant, writing.yes, out
            )
        address = address or Address(beside.grafana)
        sections = _sections(address, token, dashboard or address.uid, given, beside)
        if not sections["dashboard"]:
            reached = forwards.reached(parse_config(_written(sections, None), target.absolute(), out.env))
            board = _board(reached, writing.yes or not sys.stdin.isatty(), out)
            sections["dashboard"] = board.uid
            sections["loki"]["datasource"] = board.loki[0]
        beside.keep_dashboard(sections["dashboard"])
        sections["source"] = beside.sections.get("source")
        reached = forwards.reached(parse_config(_written(sections, None), target.absolute(), out.env))
        shown = _dashboard(reached)
        if shown is not None and address.panel is not None and not dashboard:
            shown.only(address.panel)
        sections["expect"] = _expect(reached.dashboard, shown, beside, target.absolute().parent, out)
        beside.check_files(target.absolute().parent, writing.force)
        learnt = _learnt(sections, given, beside, forwards, out)
        text = _written(sections, learnt)
        config = parse_config(text, target.absolute(), out.env)
        beside.write(target.absolute().parent)
        write_result(target, text)
        checks = [*beside.checks, *check_all(forwards.reached(config), out.env)]
    code = exit_code(checks)
    document = {**checkup_document("init", checks, code), "file": str(target)}
    if not out.json:
        print_checkup(document, sys.stdout, out.color, out.verbose > 0)
        # Where nobody named it, every command finds it by itself.
        named = "" if writing.to is None and out.config_path is None else f" --config {shlex.quote(str(target))}"
        following = (
            f"obs-check doctor{named}, once what is not ok is mended"
            if code
            else what_next(config, named, None if dashboard else address.panel)
        )
        echo(f"{target} is written; next: {following}")
    out.finish(document, code)


def _board(config: "Config", silent: bool, out: Output) -> "BoardFound":
    """A dashboard with panels of Loki to look at. Raises UsageError where there is none, or several and nobody can be
    asked, Unavailable or NotAllowed."""
    from contextlib import closing

    from obs_check.app.setup.discovery import dashboards_of_loki
    from obs_check.app.systems.systems import open_grafana
    from obs_check.errors import UsageError

    with closing(open_grafana(config)) as client:
        found = list(dashboards_of_loki(client))
    own = [one for one in found if one.uid == "agent-firewall"] or found
    if len(own) == 1:
        return own[0]
    names = [f"{one.uid} ({one.title}: {count_noun(one.of_loki, 'panel')} of Loki)" for one in found]
    remedy = "--dashboard UID names one"
    if not found:
        raise UsageError(f"{client.url}: no dashboard has a panel of Loki", remedy)
    if silent:
        raise UsageError(f"{len(found)} dashboards have panels of Loki: {'; '.join(names)}", remedy)
    for number, name in enumerate(names, 1):
        out.say(f"{number}  {name}")
    chosen = click.prompt("Which dashboard", type=Count(1, len(found)), err=True)
    return found[int(chosen) - 1]


def _dashboard(config: "Config") -> "Dashboard | None":
    """The dashboard, as Grafana has it; None where it does not give it: the check of the whole says what is wrong."""
    from contextlib import closing

    from obs_check.app.systems.systems import open_grafana
    from obs_check.errors import ObsCheckError
    from obs_check.panel.dashboard import load_dashboard

    try:
        with closing(open_grafana(config)) as client:
            return load_dashboard(client.dashboard(config.dashboard).value["dashboard"], config.dashboard)
    except ObsCheckError:
        return None


def _expect(uid: str, dashboard: "Dashboard | None", beside: "FromCluster", folder: Path, out: Output) -> str:
    """The file of what the panels of the dashboard with this uid must read: the one that is there and stays, else ours
    of a dashboard of ours, else ""; which of them is said."""
    from obs_check.app.setup.install import own_expectations

    name = f"{Path(uid).name}.expect.yaml"
    if (folder / name).exists():
        out.say(f"{folder / name} is there already and stays: what the panels of {uid} must read")
        return name
    if dashboard is None:
        return ""
    text = own_expectations(dashboard)
    if not text:
        out.say(
            f"nothing says what the panels of {uid} must read, and one that shows older lines alone counts as right: "
            f"write {name} (docs/expect-yaml.md) and name it as `expect`"
        )
        return ""
    beside.files[name] = text
    out.say(f"{name} says what the panels of {uid} must read; take out those that your stack does not feed")
    return name


def _sections(
    address: "Address", token: dict[str, str], uid: str, given: Parts, beside: "FromCluster"
) -> dict[str, Any]:
    def named(**keys: object) -> dict[str, Any]:
        return {key: value for key, value in keys.items() if value}

    shipper = named(url=given.shipper_url, config=given.shipper_config)
    if (given.shipper_config or "").endswith((".alloy", ".river")):
        shipper["kind"] = "alloy"
    found = beside.sections
    return {
        "cluster": found.get("cluster"),
        "grafana": named(url=address.grafana, token=token),
        "dashboard": uid,
        "expect": None,
        "source": None,
        "loki": named(url=given.loki_url, tenant=given.tenant) if given.loki_url else found.get("loki", {}),
        "boundary": {
            **found.get("boundary", {}),
            **named(logs=given.boundary_logs, config=given.boundary_config, proxy=given.proxy),
        },
        "coderd": named(logs=given.coderd_logs),
        "shipper": {**found.get("shipper", {}), **shipper},
        "inject": {
            **({} if given.proxy else found.get("inject", {})),
            **named(allow_url=given.allow_url, deny_url=given.deny_url),
        },
        "executors": found.get("executors"),
    }


def _learnt(
    sections: dict[str, Any], given: Parts, beside: "FromCluster", forwards: "Forwards", out: Output
) -> "Learnt":
    """What is known beyond what was said, which is put into the sections."""
    from obs_check.app.setup.learnt import learn_here

    if beside.sections:
        learnt = beside.learn(forwards)
    else:
        shipper, firewall = (
            Path(path).expanduser() if path else None for path in (given.shipper_config, given.boundary_config)
        )
        learnt = learn_here(sections["shipper"].get("kind", "promtail"), shipper, firewall, out.env)
    for (section, key), (value, _) in list(learnt.values.items()):
        if key in sections[section]:
            del learnt.values[section, key]
        else:
            sections[section][key] = value
    return learnt


def _written(sections: dict[str, Any], learnt: "Learnt | None") -> str:
    """The text of the file: the sections that hold anything, with how it was known and what they lack as comments, then
    the others as comments."""
    import yaml

    known = learnt.values if learnt else {}
    hints = {**_KEYS_LEFT, **(learnt.hints if learnt else {})}
    given = {name: value for name, value in sections.items() if value}
    rows = []
    for name, value in given.items():
        for row in yaml.safe_dump({name: value}, sort_keys=False, allow_unicode=True, width=1000).splitlines():
            key = row[2:].partition(":")[0] if row.startswith("  ") else ""
            rows.append(f"{row}   # {known[name, key][1]}" if (name, key) in known else row)
        lacking = [(key, told) for (of, key), told in hints.items() if of == name and key not in value]
        rows += [f"  # {key}: {example}   # {give}" for key, (example, give) in lacking]
    left = [f"# {line}" for name, line in _LEFT.items() if name not in given]
    told = learnt.hints.items() if learnt else ()
    left += [f"# {of}: {{{key}: {example}}}   # {give}" for (of, key), (example, give) in told if of not in given]
    if left:
        rows += ["", "# Without these obs-check reads panels, and says less of why:", *left]
    return "\n".join(rows) + "\n"
