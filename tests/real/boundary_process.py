"""A real boundary on loopback, for the tests that compare with it."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

from tests.real.process import RealProcess


class RealBoundary(RealProcess):
    """The `boundary` on PATH around a command that ends with the block, its proxy at `url`. It runs in its landjail,
    which needs no rights and changes no network; its CA is below `directory`."""

    program = "boundary"
    stdin = subprocess.PIPE

    def __init__(self, directory: Path, rules: Sequence[str], level: str = "info", logs: Path | None = None) -> None:
        super().__init__(directory)
        self._rules = rules
        self._level = level
        self.logs = logs or directory / "logs"
        self.config = directory / "config.yaml"
        self.ca = directory / "coder_boundary/ca-cert.pem"

    def arguments(self) -> list[str]:
        """With a configuration of its own; a second start takes the file as it is by then."""
        self.logs.mkdir(exist_ok=True)
        document = {
            "allowlist": list(self._rules),
            "log_level": self._level,
            "log_dir": str(self.logs),
            "proxy_port": self._port,
            "jail_type": "landjail",
        }
        if not self.config.exists():
            self.config.write_text(yaml.safe_dump(document))
        return [f"--config={self.config}", "--log-proxy-socket-path", str(self._directory / "audit.sock"), "--", "cat"]

    def environment(self) -> dict[str, str]:
        """With the place of the CA."""
        return {**super().environment(), "XDG_CONFIG_HOME": str(self._directory)}

    def ready(self) -> bool:
        """Whether its log says that it listens."""
        return any("Starting HTTP proxy" in file.read_text() for file in self.logs.glob("*.log"))

    def end(self) -> None:
        """End its command, and it with that."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()


def files(logs: Path) -> list[list[str]]:
    """The lines of each log file without their times, that of boundary itself first."""
    texts = [file.read_text().splitlines() for file in sorted(logs.glob("*.log"))]
    lines = [[re.sub(r"^time=\S+ ", "", line) for line in text] for text in texts]
    return sorted(lines, key=lambda found: not any("landjail manager" in line for line in found))
