"""What of a configuration works: every address is asked once, every file is opened, nothing is sent or changed."""

import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from obs_check.app.setup.discovery import loki_panels
from obs_check.app.systems.executors import LOCAL
from obs_check.app.systems.systems import open_grafana, open_loki, with_loki
from obs_check.app.systems.targets import needed_to_send
from obs_check.boundary.config import read_boundary_config
from obs_check.client.egress import reach
from obs_check.client.files.local_files import read_document
from obs_check.client.files.search import expand
from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.shipper.kind import shipper_client, shipper_kind
from obs_check.config import Config
from obs_check.errors import InputError, NotAllowed, ObsCheckError, Refused, Unavailable
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.window import NS, Window
from obs_check.model.wording import count_noun
from obs_check.panel.dashboard import dashboard_of, load_dashboard
from obs_check.panel.expect import load_expectations
from obs_check.shipper.read import read_shipper

_URLS = {
    "inject.allow_url": "name a URL that boundary allows, or boundary.config",
    "inject.deny_url": "name a URL that boundary denies, or boundary.config",
}
State = Literal["ok", "broken", "unknown", "not allowed", "not set"]
_HOUR = 3600 * NS


@dataclass(frozen=True, slots=True)
class PartCheck:
    """One part of the configuration: `place` is its address or path, `said` what it answered, `remedy` what to do."""

    part: str
    place: str
    state: State
    said: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """{"part", "place", "state", "said", "remedy"}."""
        return asdict(self)


def exit_code(checks: list[PartCheck]) -> int:
    """One exit code: 4 where somebody does not let us in, else 3 where somebody does not answer, else 1 for what is
    broken, else 0. What is not set is not a fault."""
    states = {check.state for check in checks}
    return 4 if "not allowed" in states else 3 if "unknown" in states else 1 if "broken" in states else 0


def check_all(config: Config, env: Mapping[str, str], now_ns: Callable[[], int] = time.time_ns) -> Iterator[PartCheck]:
    """Every part of a configuration, in the order in which a line passes them, Grafana first."""
    if config.grafana is None:
        remedy = "add grafana.url, or run obs-check init URL"
        yield PartCheck("grafana", "", "not set", "no panel can be read without it", remedy)
    else:
        with closing(open_grafana(config, now_ns)) as client:
            config = yield from _grafana(client, config)
    yield from _loki(config, now_ns)
    yield from _shipper(config, now_ns)
    yield _file("boundary.config", config.boundary.config, lambda path: _firewall(path, env))
    yield _logs("boundary.logs", config.boundary.logs)
    yield _logs("coderd.logs", config.coderd.logs)
    yield _proxy(config)
    yield _file(
        "source", config.source, lambda path: dashboard_of(read_document(path), str(path), config.dashboard).title
    )
    yield _file("expect", config.expect, _expectations, "only panels of obs-check's own dashboards must read something")
    yield from _urls(config)
    yield _executor(config)


def check_by_asking(part: str, place: str, ask: Callable[[], str], remedy: str = "") -> PartCheck:
    """The check that a question is: what its errors mean is what they mean everywhere."""
    try:
        return PartCheck(part, place, "ok", ask())
    except NotAllowed as error:
        return PartCheck(part, place, "not allowed", error.message, remedy or error.hint)
    except Unavailable as error:
        return PartCheck(part, place, "unknown", error.message, error.hint or remedy)
    except ObsCheckError as error:
        return PartCheck(part, place, "broken", error.message, error.hint or remedy)


def _grafana(client: GrafanaClient, config: Config) -> Generator[PartCheck, None, Config]:
    """Grafana and the dashboard; the configuration with the Loki that the dashboard asks, where it names none."""
    settings: dict[str, Any] = {}

    def version() -> str:
        settings.update(client.frontend_settings().value)
        return f"Grafana {(settings.get('buildInfo') or {}).get('version') or 'that does not say its version'}"

    wants = "the token of a service account with the role Viewer: grafana.token, or init --token-env NAME"
    first = check_by_asking("grafana", client.url, version, wants)
    yield first
    if first.state not in ("ok", "not allowed"):
        return config
    wanted = config.dashboard
    uids: list[str] = []
    lokis: list[str] = []

    def board() -> str:
        try:
            model = client.dashboard(wanted).value["dashboard"]
        except Refused as refused:
            if refused.status != 404:
                raise
            titles = ", ".join(f"{hit['uid']} ({hit['title']})" for hit in client.search("").value[:10])
            raise InputError(
                f"no dashboard {wanted} in this Grafana", f"there are: {titles}" if titles else "there is none"
            ) from None
        found = loki_panels(load_dashboard(model, wanted), settings)
        uids.extend(found.datasources)
        lokis.extend(found.loki)
        return f"{found.title}: {count_noun(found.panels, 'panel')}, {found.of_loki} of Loki"

    remedy = "give the token dashboards:read and datasources:query (role Viewer)"
    yield check_by_asking("dashboard", wanted, board)
    for uid in dict.fromkeys(uids):
        yield check_by_asking(f"datasource {uid}", client.url, partial(_health, client, uid), remedy)
    return with_loki(config, lokis)


def _health(client: GrafanaClient, uid: str) -> str:
    health = client.datasource_health(uid).value
    if health["status"] == "ERROR":
        raise Unavailable(f"Grafana does not reach it: {health['message']}", "look at its URL in Grafana")
    return str(health["message"] or health["status"])


def _loki(config: Config, now_ns: Callable[[], int]) -> Iterator[PartCheck]:
    if not config.loki.url and config.grafana is None:
        yield PartCheck("loki", "", "not set", "no address of Loki is configured", "add loki.url or grafana.url")
        return

    def labels() -> str:
        now = now_ns()
        names = client.labels(Window(now - _HOUR, now)).value
        version = ""
        try:
            version = client.version().value
        except ObsCheckError:
            # Behind Grafana's proxy it is not asked for everywhere.
            version = ""
        told = f"labels of the last hour: {', '.join(names)}" if names else "no stream in the last hour"
        return f"Loki {version}: {told}" if version else told

    with closing(open_loki(config)) as client:
        place = config.loki.url or f"datasource {config.loki.uid}"
        yield check_by_asking("loki", place, labels, "is loki.url right, and loki.tenant set where Loki has tenants?")


def _shipper(config: Config, now_ns: Callable[[], int]) -> Iterator[PartCheck]:
    given = config.shipper
    if given.url is None:
        yield PartCheck("shipper.url", "", "not set", "what the running shipper reads and drops is not asked")
    else:
        url = given.url

        def answers() -> str:
            kind = shipper_kind(url, config.hosts)
            if kind != given.kind:
                raise Unavailable(f"shipper.kind is {given.kind}, but {kind} answers", f"write kind: {kind}")
            with closing(shipper_client(kind, url, now_ns, config.hosts)) as client:
                files = client.state().value.files
            return f"{kind}, {count_noun(len(files), 'file')}"

        yield check_by_asking("shipper.url", url, answers)
    yield _file("shipper.config", config.shipper.config, _jobs)


def _jobs(path: Path) -> str:
    jobs = read_shipper(path, None).jobs
    return f"jobs: {', '.join(job.name for job in jobs) or 'none'}"


def _firewall(path: Path, env: Mapping[str, str]) -> str:
    return count_noun(len(read_boundary_config(path, env).rules), "rule")


def _expectations(path: Path) -> str:
    return count_noun(len(load_expectations(read_document(path), str(path))), "panel")


def _file(part: str, path: Path | None, read: Callable[[Path], str], unset: str = "") -> PartCheck:
    if path is None:
        return PartCheck(part, "", "not set", unset)
    return check_by_asking(part, str(path), lambda: read(path))


def _logs(part: str, glob: AbsoluteGlob | None) -> PartCheck:
    if glob is None:
        return PartCheck(part, "", "not set", "that hop is not looked at")
    paths = expand(glob)
    if not paths:
        return PartCheck(
            part, str(glob), "unknown", "no file yet", "is it the right path, and are the logs of that machine here?"
        )
    shut = [path for path in paths if not _opens(path)]
    if shut:
        return PartCheck(part, str(glob), "not allowed", f"{shut[0]} cannot be read", "read it as another user")
    return PartCheck(part, str(glob), "ok", count_noun(len(paths), "file"))


def _opens(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


def _proxy(config: Config) -> PartCheck:
    url = config.boundary.proxy_url
    if url is None:
        return PartCheck(
            "boundary.proxy",
            "",
            "not set",
            "without it nothing is sent from here (`environment` inside of it)",
        )

    def answers() -> str:
        reach("boundary's proxy", url)
        return "takes connections"

    return check_by_asking("boundary.proxy", url, answers)


def _urls(config: Config) -> Iterator[PartCheck]:
    """What of the URLs that events go to nobody says, neither `inject` nor boundary's rules."""
    for key in needed_to_send(config, here=False):
        yield PartCheck(key, "", "not set", "no event can be sent without it", _URLS[key])


def what_next(config: Config, options: str = "", panel: int | None = None) -> str:
    """What to type once all that is set works: verify where events can be sent, or diagnose of the `panel` that
    somebody asked about; else what reads alone, and what sending would take. `options` are what each command needs."""
    missing = needed_to_send(config, here=config.inject.via in (None, LOCAL))
    diagnose = f"obs-check diagnose{'' if panel is None else f' --panel {panel}'}"
    if missing:
        return f"{diagnose}{options}; verify and diagnose --inject send events, which takes {', '.join(missing)}"
    if panel is not None:
        return f"{diagnose} --inject{options}"
    return f"obs-check verify{options}, or {diagnose} --inject{options}"


def _executor(config: Config) -> PartCheck:
    via = config.inject.via
    given = config.executors
    program = {
        "kubectl": "kubectl",
        "coder": "coder",
        "boundary": given.boundary.program if given.boundary else "boundary",
    }.get(via or "", "")
    if not via or not program:
        return PartCheck("inject.via", via or "local", "ok", "sends by itself" if not via or via == "local" else "")
    where = shutil.which(program)
    if where is None:
        return PartCheck(
            "inject.via", via, "broken", f"{program} is not on PATH", f"install {program}, or name its path"
        )
    return PartCheck("inject.via", via, "ok", where)
