"""What a diagnosis costs the servers: `python -m tests.bench.diagnosis`."""

import tempfile
from pathlib import Path

from obs_check.app.systems.systems import open_systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.config import load_config
from obs_check.lab.faults.registry import FAULTS
from obs_check.lab.stack import Lab
from tests.corpus.diagnosis import shared_lab
from tests.corpus.one_lab import only_dashboard

LOKI_PANELS = frozenset(range(1, 8))
"""The panels of agent-firewall that read coderd's lines."""


def main() -> None:
    """Print the cost of every fault that breaks all seven panels."""
    with tempfile.TemporaryDirectory(prefix="obs-check-bench-") as name:
        loaded = _loaded(Path(name) / "load")
        print(f"loading the {len(LOKI_PANELS)} Loki panels once reads {loaded:,} bytes")
        with shared_lab(Path(name) / "faults") as with_faults:
            worst_bytes = worst_queries = 0.0
            for fault in FAULTS:
                if not only_dashboard(fault.id):
                    continue
                found = with_faults((fault.id,))
                broken = {p["id"] for p in found.document["panels"] if p["verdict"] == "fail"}
                if not broken >= LOKI_PANELS:
                    continue
                assert found.bytes is not None
                share, queries = found.bytes / loaded, found.requests / len(broken)
                worst_bytes, worst_queries = max(worst_bytes, share), max(worst_queries, queries)
                print(f"{fault.id:<24} {found.bytes:>9,} bytes, {share:.2f} of the load; {queries:.1f} queries a panel")
        print(f"at most {worst_bytes:.2f} times the bytes of the load and {worst_queries:.1f} queries a broken panel")


def _loaded(directory: Path) -> int:
    """Bytes that Loki reads when the seven panels are read once behind a run, as a browser does."""
    with Lab(directory) as lab, open_systems(load_config(lab.config_path, {}), {}) as systems:
        check = Check(systems, Outcome("verify"))
        run = check.inject(10, 10)
        check.follow(run)
        assert lab.served is not None
        before = lab.served.bytes
        systems.board.read(systems.now_ns(), None, LOKI_PANELS)
        return lab.served.bytes - before


if __name__ == "__main__":
    main()
