"""promtail or Alloy from PATH, over the configuration that the lab's shipper reads."""

import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from obs_check.errors import Unavailable, UsageError
from obs_check.lab.native.program import NativeProgram, on_path
from obs_check.lab.settings import LabSettings
from obs_check.model.secret import shorten

LOOKS_S = 6.0
"""promtail looks at its discovery every 5 s, the first time 5 s after its start (promtail 3.5)."""
_COUNTED = re.compile(r"^promtail_targets_(?:active|failed)_total(?:\{[^}]*\})? (\S+)$", re.M)


class _NativeShipper(NativeProgram):
    """A shipper with its configuration at `config`."""

    alloy: bool

    def __init__(self, directory: Path, config: Path, log: Path) -> None:
        super().__init__(directory)
        self._config = config
        self.log = log

    def reload(self) -> None:
        """Have it read its configuration again, as a restart does. Unavailable when it does not start with it."""
        self.stop()
        self.start()


class NativePromtail(_NativeShipper):
    """promtail; flags say where it listens and that it writes positions soon."""

    program = "promtail"
    ready_path = "/metrics"
    alloy = False

    def __init__(self, directory: Path, config: Path, log: Path, more: Sequence[str] = ()) -> None:
        super().__init__(directory, config, log)
        self._more = more
        self._known: int | None = None
        self._answered = 0.0

    def arguments(self) -> list[str]:
        """Flags win over the file."""
        self._known = None
        return [
            f"-config.file={self._config}",
            "-server.http-listen-address=127.0.0.1",
            f"-server.http-listen-port={self._port}",
            "-server.grpc-listen-address=127.0.0.1",
            "-server.grpc-listen-port=0",
            "-server.enable-runtime-reload",
            "-positions.sync-period=200ms",
            "-target.sync-period=500ms",
            *self._more,
        ]

    def ready(self) -> bool:
        """Whether it answers and has looked at its targets, which it may do without counting any."""
        if (text := self.answers(self.ready_path)) is None:
            self._answered = time.monotonic()
            return False
        if self._known is None:
            # One that promtail answers with can be read.
            document = yaml.safe_load(self._config.read_text("utf-8")) or {}
            self._known = sum(len(job.get("static_configs") or ()) for job in document.get("scrape_configs") or ())
        looked = sum(float(value) for value in _COUNTED.findall(text)) >= self._known
        return looked or time.monotonic() - self._answered > LOOKS_S


class NativeAlloy(_NativeShipper):
    """Alloy."""

    program = "alloy"
    ready_path = "/-/ready"
    alloy = True

    def arguments(self) -> list[str]:
        """Without reports to its makers."""
        address = f"--server.http.listen-addr=127.0.0.1:{self._port}"
        storage = f"--storage.path={self._directory}/alloy-data"
        return ["run", "--disable-reporting", storage, address, str(self._config)]


def fit_promtail(settings: LabSettings) -> None:
    """UsageError for what the lab's shipper is told and promtail cannot be."""
    _fit(settings, "promtail")
    if settings.unmounted:
        raise UsageError("promtail from PATH sees every directory of this machine", "leave out --native promtail")
    if settings.shipper_config.endswith(".alloy"):
        raise UsageError("the shipper's configuration is Alloy's", "use --native alloy")


def fit_alloy(settings: LabSettings) -> None:
    """Have Alloy make its configuration of promtail's; UsageError for what it cannot be told."""
    _fit(settings, "alloy")
    if settings.pods:
        raise UsageError("a node of Kubernetes has promtail here", "leave out --native alloy")
    if not settings.shipper_config.endswith(".alloy"):
        if "limits_config" in settings.promtail:
            raise UsageError("alloy convert knows no limits_config", "leave out --native alloy")
        settings.shipper_config = "config.alloy"
        settings.prepare.append(_convert)


def _fit(settings: LabSettings, program: str) -> None:
    if settings.shipper_user == "another":
        raise UsageError(f"{program} from PATH runs as the lab's user", f"leave out --native {program}")
    if settings.positions:
        # promtail 3.5 and Alloy 1.x keep no position of a file that is not there.
        raise UsageError(f"{program} forgets the position of a file that is not there", f"leave out --native {program}")


def _convert(directory: Path) -> None:
    source, target = directory / "promtail.yaml", directory / "config.alloy"
    command = [on_path("alloy"), "convert", "--source-format=promtail", f"--output={target}", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Unavailable(f"alloy convert: {shorten(' '.join(done.stderr.split()), 300)}", f"see {source}")
    source.unlink()


def options_of(env: object) -> list[str]:
    """promtail fills in `${NAME}` only when told to."""
    return ["-config.expand-env=true"] if env else []
