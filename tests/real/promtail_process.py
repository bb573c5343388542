"""A real promtail on loopback, for the tests that compare with it."""

from pathlib import Path
from typing import Any

import yaml

from tests.real.process import RealProcess


class RealPromtail(RealProcess):
    """The `promtail` on PATH with a configuration in `directory`; its `server`, with what is given, and its `positions`
    are added. Static targets are found 5 s after the start: that is how often it looks at its discovery."""

    program = "promtail"
    ready_path = "/metrics"

    def __init__(self, directory: Path, config: dict[str, Any], server: dict[str, Any] | None = None) -> None:
        super().__init__(directory)
        self._config = config
        self._server = server or {}
        self.config = directory / "promtail.yaml"
        self.positions = directory / "positions.yaml"

    def arguments(self) -> list[str]:
        """With positions that are written soon."""
        listen = {"http_listen_address": "127.0.0.1", "http_listen_port": self._port, "grpc_listen_port": 0}
        whole = {
            "server": {**listen, **self._server},
            "positions": {"filename": str(self.positions), "sync_period": "200ms"},
            "target_config": {"sync_period": "500ms"},
            **self._config,
        }
        self.config.write_text(yaml.safe_dump(whole))
        return [f"-config.file={self.config}"]
