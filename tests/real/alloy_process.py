"""A real Grafana Alloy on loopback, for the tests that compare with it."""

from pathlib import Path

from tests.real.process import RealProcess


class RealAlloy(RealProcess):
    """The `alloy` on PATH with a configuration text in `directory`, where it keeps its data."""

    program = "alloy"
    ready_path = "/-/ready"

    def __init__(self, directory: Path, config: str) -> None:
        super().__init__(directory)
        self._config = config

    def arguments(self) -> list[str]:
        """Without reports to its makers."""
        path = self._directory / "config.alloy"
        path.write_text(self._config)
        address = f"--server.http.listen-addr=127.0.0.1:{self._port}"
        return ["run", "--disable-reporting", f"--storage.path={self._directory}/data", address, str(path)]
