"""What is said of a real promtail that pushes to a real Loki and then to the lab's, and of a real Alloy: a refusal, a
truncation, a deletion, a restart, an outage, with every line accounted for."""

import json
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from obs_check.cli.main import main
from obs_check.client.shipper.disk import Disk
from obs_check.client.shipper.kind import shipper_client, shipper_kind
from obs_check.client.shipper.sources import Sources
from obs_check.config import host_port
from obs_check.lab.loki import LabLoki
from obs_check.model.shipping import ShipperState
from obs_check.model.shipping_account import ShippingAccount, account
from tests.real.alloy_process import RealAlloy
from tests.real.loki_process import RealLoki
from tests.real.promtail_process import RealPromtail

pytestmark = [pytest.mark.real, pytest.mark.slow]
LINE = "msg=ALLOW obs=r-1-allow\n"


class Watch:
    """Snapshots of one shipper."""

    def __init__(self, shipper: RealPromtail | RealAlloy) -> None:
        self._until = shipper.until
        allowed = {host_port(shipper.url)}
        positions = shipper.positions if isinstance(shipper, RealPromtail) else None
        sources = Sources(positions, shipper.log, Disk(Path("/")))
        kind = shipper_kind(shipper.url, allowed)
        self._client = shipper_client(kind, shipper.url, time.time_ns, allowed, sources)

    def state(self) -> ShipperState:
        return self._client.state().value

    def until(self, true: Callable[[ShipperState], bool], message: str) -> ShipperState:
        last = [self.state()]

        def look() -> bool:
            last[0] = self.state()
            return true(last[0])

        self._until(look, message)
        return last[0]

    def after(self, before: ShipperState, true: Callable[[ShippingAccount], bool], message: str) -> ShippingAccount:
        return account(before, self.until(lambda state: true(account(before, state)), message))


def configuration(loki: str, directory: Path) -> dict[str, Any]:
    backoff = {"min_period": "100ms", "max_period": "300ms", "max_retries": 15}
    return {
        "clients": [{"url": f"{loki}/loki/api/v1/push", "batchwait": "100ms", "backoff_config": backoff}],
        "scrape_configs": [
            {
                "job_name": "files",
                "pipeline_stages": [{"drop": {"expression": "noise", "drop_counter_reason": "noise"}}],
                "static_configs": [{"labels": {"job": "boundary", "__path__": f"{directory}/logs/*.log"}}],
            }
        ],
    }


@pytest.mark.skipif(
    shutil.which("promtail") is None or shutil.which("loki") is None, reason="promtail and loki are not on PATH"
)
def test_every_line_is_accounted_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, gone, cut = (tmp_path / "logs" / name for name in ("kept.log", "gone.log", "cut.log"))
    kept.parent.mkdir()
    kept.write_text(LINE * 2 + "noise\n")
    gone.write_text(LINE)
    cut.write_text(LINE * 4)
    loki = RealLoki(tmp_path / "loki")
    with loki, RealPromtail(tmp_path, configuration(loki.url, tmp_path)) as promtail:
        watch = Watch(promtail)
        first = watch.until(
            lambda s: s.sent_entries == 7 and {f.state for f in s.files} == {"read"}, "not all lines are sent"
        )
        assert [(Path(f.path).name, f.state, f.read_lines) for f in first.files] == [
            ("cut.log", "read", 4),
            ("gone.log", "read", 1),
            ("kept.log", "read", 3),
        ]
        assert first.stage_drops == {"noise": 1}

        with kept.open("a") as stream:
            stream.write("x" * 300_000 + "\n")
        refused = watch.after(first, lambda a: bool(a.client_drops), "nothing was refused")
        assert refused.sentence() == "read 1 = dropped by the client 1 (ingester_error 1) + sent 0"
        told = watch.until(lambda s: any(r.words for r in s.refusals), "the log does not say why")
        [words] = [r.words for r in told.refusals if r.words]
        assert "max entry size" in words.lower()
        status = ["shipper", "status", "--shipper-url", promtail.url, "--log", str(promtail.log), "-o", "json"]
        assert main(status) == 1
        document = json.loads(capsys.readouterr().out)
        assert any(problem.endswith(words) for problem in document["problems"])

        gone.unlink()
        watch.until(lambda s: s.file(str(gone)) is None, "the deleted file is still told of")

        second = watch.state()
        cut.write_text(LINE)
        truncated = watch.after(second, lambda a: a.read > 0 and a.open == 0, "the truncated file is not read")
        assert truncated.sentence() == f"read 1 = sent 1; replaced or truncated meanwhile: {cut}"

    # Behind the back of a promtail that is down: one file is cut short, one is replaced by another, longer one.
    cut.write_text("")
    kept.write_text(f"{'y' * 300}\n" * 2000)
    lab = LabLoki(None)
    lab.start()
    with ExitStack() as up, RealPromtail(tmp_path, configuration(lab.url, tmp_path)) as promtail:
        up.callback(lab.stop)
        watch = Watch(promtail)
        # Static targets are found 5 s after the start: positions alone, which no job stands behind, say nothing.
        behind = watch.state()
        assert {(Path(f.path).name, f.state) for f in behind.files} == {
            ("cut.log", "unknown file"),
            ("kept.log", "unknown file"),
        }
        caught_up = watch.until(lambda s: s.read_lines > 0 and s.read_lines == s.sent_entries, "nothing is read")
        assert account(first, caught_up).restarted
        assert 0 < caught_up.read_lines < 2000, "the head of the replaced file is lost"
        assert {Path(f.path).name for f in caught_up.files if f.skipped} == {"kept.log"}

        up.close()
        with kept.open("a") as stream:
            stream.write(LINE)
        waiting = watch.after(caught_up, lambda a: a.retries > 1, "the push is not tried again")
        assert waiting.sentence() == f"read 1 = sent 0 + in flight 1, {waiting.retries} retries"
        assert set(waiting.requests) == {"-1"}
        lost = watch.after(caught_up, lambda a: a.open == 0, "the push is never given up")
        assert lost.sentence() == "read 1 = dropped by the client 1 (ingester_error 1) + sent 0"


ALLOY = """\
local.file_match "files" {
  path_targets = [{"__path__" = "%(logs)s/*.log", job = "boundary"}]
  sync_period  = "500ms"
}

loki.source.file "files" {
  targets    = local.file_match.files.targets
  forward_to = [loki.process.files.receiver]
}

loki.process "files" {
  stage.drop {
    expression          = "noise"
    drop_counter_reason = "noise"
  }
  forward_to = [loki.write.lab.receiver]
}

loki.write "lab" {
  endpoint {
    url                 = "%(loki)s/loki/api/v1/push"
    batch_wait          = "100ms"
    min_backoff_period  = "100ms"
    max_backoff_period  = "300ms"
    max_backoff_retries = 15
  }
}
"""


@pytest.mark.skipif(shutil.which("alloy") is None, reason="alloy is not on PATH")
def test_alloy_writes_its_offsets_late_and_its_lines_at_once(tmp_path: Path) -> None:
    kept, gone, cut = (tmp_path / "logs" / name for name in ("kept.log", "gone.log", "cut.log"))
    kept.parent.mkdir()
    kept.write_text(LINE * 2 + "noise\n")
    gone.write_text(LINE)
    cut.write_text(LINE * 4)
    loki = LabLoki(None)
    loki.start()
    try:
        with RealAlloy(tmp_path, ALLOY % {"logs": kept.parent, "loki": loki.url}) as alloy:
            watch = Watch(alloy)
            first = watch.until(lambda s: s.sent_entries == 7, "not all lines are sent")
            assert [(Path(f.path).name, f.state, f.read_lines, f.job) for f in first.files] == [
                ("cut.log", "read", 4, "loki.source.file.files"),
                ("gone.log", "read", 1, "loki.source.file.files"),
                ("kept.log", "read", 3, "loki.source.file.files"),
            ]
            # Alloy 1.11 writes an offset before it reads, 1.18 with the first line.
            early = first.version.removeprefix("v").startswith("1.11.")
            assert first.files[0].offset == (0 if early else len(LINE))
            assert first.stage_drops == {"noise": 1}
            assert {t.ready for t in first.targets if t.job == "local.file_match.files"} == {True}

            with kept.open("a") as stream:
                stream.write("x" * 300_000 + "\n")
            refused = watch.after(first, lambda a: bool(a.client_drops), "nothing was refused")
            assert refused.sentence() == "read 1 = dropped by the client 1 (ingester_error 1) + sent 0"
            told = watch.until(lambda s: any(r.words for r in s.refusals), "the log does not say why")
            [words] = [r.words for r in told.refusals if r.words]
            assert "max entry size" in words.lower()

            gone.unlink()
            watch.until(lambda s: s.file(str(gone)) is None, "the deleted file is still told of")
            second = watch.state()
            cut.write_text(LINE)
            truncated = watch.after(second, lambda a: a.read > 0 and a.open == 0, "the truncated file is not read")
            assert truncated.sentence() == f"read 1 = sent 1; replaced or truncated meanwhile: {cut}"
            loki.stop()
            with kept.open("a") as stream:
                stream.write(LINE)
            waiting = watch.after(second, lambda a: a.retries > 0, "the push is not tried again")
            assert (waiting.open, waiting.read) == (1, 2)
    finally:
        loki.stop()
