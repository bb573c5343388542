"""What init knows without being told: where the shipper answers, and which log files are boundary's and coderd's."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from obs_check.boundary.config import BoundaryConfig, parse_boundary_config, read_boundary_config
from obs_check.client.files.search import expand
from obs_check.client.shipper.kind import shipper_kind
from obs_check.config import host_port
from obs_check.documents.yaml_tree import load
from obs_check.errors import ObsCheckError
from obs_check.model.shipping import Shipper
from obs_check.shipper.model import ScrapeJob, ShipperConfig
from obs_check.shipper.pods import POD_LOGS, pod_logs
from obs_check.shipper.read import read_shipper

Key = tuple[str, str]
"""A section and a key of it."""
SHIPPER_URL: Key = ("shipper", "url")
_BOUNDARY, _CODERD = ("boundary", "logs"), ("coderd", "logs")
_ALLOY = "http://127.0.0.1:12345"
"""Alloy's own default: --server.http.listen-addr."""
_FIREWALL_LOG = "boundary-*.log"
"""boundary 0.9.0: log/log.go."""


@dataclass(slots=True)
class Learnt:
    """`values` are what is known, each with how; `hints` an example of what could not be known, each with what to
    give."""

    values: dict[Key, tuple[str, str]] = field(default_factory=dict)
    hints: dict[Key, tuple[str, str]] = field(default_factory=dict)

    def note(self, key: Key, value: str, is_known: bool, how: str, give: str) -> None:
        """Keep a value as known, else as an example; what is known stays."""
        if is_known:
            self.values.setdefault(key, (value, how))
        else:
            self.hints.setdefault(key, (value, give))


def learn_here(kind: Shipper, shipper: Path | None, firewall: Path | None, env: Mapping[str, str]) -> Learnt:
    """From the shipper's and boundary's configuration of this machine: an address is known when the shipper answers
    there, a pattern of files when there are such files. One that cannot be read tells nothing."""
    found = Learnt()
    with suppress(ObsCheckError):
        if firewall is not None:
            _firewall_logs(read_boundary_config(firewall), found)
    with suppress(ObsCheckError):
        if shipper is not None:
            config = read_shipper(shipper, env)
            _address(kind, config, found)
            for job in config.jobs:
                _logs(job, found)
    return found


def learn_inside(firewall: str) -> Learnt:
    """From the text of boundary's configuration in a workspace, whose files are not those of this machine."""
    found = Learnt()
    with suppress(ObsCheckError):
        if (log_dir := parse_boundary_config(firewall, "").log_dir) is not None:
            give = "log_dir of boundary.yaml, inside the workspace: give where this machine has these files, if it has"
            found.note(_BOUNDARY, f"{log_dir}/*.log", False, "", give)
    return found


def note_address(found: Learnt, kind: Shipper, url: str, how: str, reach: Callable[[str], str] = str) -> None:
    """Keep the address of a shipper, as an example where none of that kind answers; `reach` gives the address by which
    it is reached from here."""
    answers = False
    with suppress(ObsCheckError):
        at = reach(url)
        answers = shipper_kind(at, {host_port(at)}) == kind
    give = f"nothing answers there as {kind}: give the address of the running one"
    found.note(SHIPPER_URL, url, answers, how, give)


def _address(kind: Shipper, shipper: ShipperConfig, found: Learnt) -> None:
    if kind == "alloy":
        note_address(found, kind, _ALLOY, "Alloy's default, and Alloy answers there")
        return
    server = load(shipper.text, shipper.file)[0].get("server")
    keys = server.plain() if server is not None and server.is_map() else {}
    port = str(keys.get("http_listen_port") or "")
    # dskit's server, which promtail 3.5 has, listens at 80 without a port: nobody leaves it so.
    if port.isdecimal() and 0 < int(port) < 1 << 16:
        scheme = "https" if keys.get("http_tls_config") else "http"
        url = f"{scheme}://127.0.0.1:{int(port)}{keys.get('http_path_prefix') or ''}"
        note_address(found, kind, url, f"http_listen_port of {Path(shipper.file).name}, and promtail answers there")


def _firewall_logs(firewall: BoundaryConfig, found: Learnt) -> None:
    if firewall.log_dir is None:
        give = "boundary's configuration sets no log_dir: it writes to stderr; set it, and give its files"
        found.note(_BOUNDARY, f"/tmp/boundary_logs/{_FIREWALL_LOG}", False, "", give)
        return
    give = "log_dir of boundary's configuration, which is not on this machine: give where its files are"
    pattern = f"{firewall.log_dir}/*.log"
    found.note(_BOUNDARY, pattern, firewall.log_dir.is_dir(), "log_dir of boundary's configuration", give)


def _logs(job: ScrapeJob, found: Learnt) -> None:
    """The files that a job takes and that are here: boundary's by their names, coderd's by their container."""
    patterns = [target["__path__"] for target in job.targets if "__path__" in target]
    for pattern in (*patterns, *([POD_LOGS] if "pod" in job.roles else ())):
        paths = expand(pattern)
        how = f"__path__ of job {job.name}, and there are such files"
        if any(PurePosixPath(path).match(_FIREWALL_LOG) for path in paths):
            found.note(_BOUNDARY, pattern, True, how, "")
        for path in paths:
            pod = pod_logs(str(path))
            if pod is not None and path.parent.name == "coder":
                namespace, root = path.parts[-3].partition("_")[0], path.parents[2]
                found.note(_CODERD, f"{root}/{namespace}_*/coder/*.log", True, how, "")
                break
        if "boundary" in pattern:
            give = f"job {job.name} takes it, and there is no such file here: give where boundary's files are"
            found.note(_BOUNDARY, pattern, False, "", give)
