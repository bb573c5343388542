"""shipper.path-not-collected and shipper.glob-mismatch: no job of the shipper takes the file that has the lines.

Both look the same in promtail's metrics (no `promtail_file_bytes_total` for the path), so the configuration decides:
no job names the directory, or one does and its pattern does not fit. Proved by running the fixed configuration on the
very lines that were lost: they come out with the labels that the dashboard selects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from obs_check.causes.context import Context
from obs_check.causes.dashboard_edit import file_fix
from obs_check.model.finding import Finding, Subject
from obs_check.model.probe import Probe
from obs_check.shipper.collect import collected, globs
from obs_check.shipper.promtail import parse_promtail
from obs_check.shipper.simulate import simulate


@dataclass(frozen=True, slots=True)
class PathNotCollected:
    """Lines are in the file, not in Loki, and no job's `__path__` fits the file."""

    id: str = "shipper.path-not-collected"

    def prove(self, context: Context) -> Finding | None:
        """Match every job's path against the files of the run, then simulate the configuration with the job added."""
        config = context.files.shipper_config
        at_file, at_loki = context.hop("A", "file"), context.hop("A", "loki")
        if context.run is None or config is None or at_file is None or at_loki is None:
            return None
        if not at_file.seen or at_loki.seen or at_loki.unknown:
            return None
        text = context.files.read_text(config)
        jobs = parse_promtail(text, str(config), context.env).jobs
        paths = globs(jobs)
        files = sorted({str(p) for probe in at_file.probes for p in probe.answer.get("files", [])})
        if not files or any(True for f in files for _ in collected(jobs, f)):
            return None
        directory = str(Path(files[0]).parent)
        near = next((g for g in paths if str(Path(g).parent) == directory), None)
        cause = "shipper.glob-mismatch" if near else self.id
        fixed = text.replace(near, f"{directory}/*.log") if near else _with_job(text, f"{directory}/*.log")
        probes = [Probe("shipper", f"__path__ of every job in {config.name}", paths, context.now_ns())]
        if context.shipper_metrics is not None:
            metrics, probe = context.shipper_metrics()
            known = [labels.get("path", "") for labels, _ in metrics.get("promtail_file_bytes_total", [])]
            if any(f in known for f in files):
                return None
            probes.append(probe)
        shipped = _try(fixed, config, context, files, at_file.probes[-1].answer.get("sample", []))
        probes.append(Probe("shipper", "simulate the fixed configuration on the lost lines", shipped, context.now_ns()))
        if not shipped["entries"]:
            return None
        why = f"the nearest is `{near}`" if near else f"the {len(paths)} configured take other files"
        return Finding(
            cause=cause,
            severity="error",
            hop="shipper",
            subject=Subject(context.dashboard_uid),
            claim=f"{len(at_file.seen)} lines of the run are in {directory} and 0 in Loki: no job's path fits the file "
            f"({why}); with the fix {shipped['entries']} of {shipped['lines']} lines are pushed",
            probes=(*at_file.probes, *probes),
            fix=file_fix(f"collect {directory}/*.log", config, text, fixed),
            panels=context.panels_of("A"),
        )


def _with_job(text: str, glob: str) -> str:
    """The configuration with a job for `glob` at the end of `scrape_configs`, other text untouched."""
    # The line's own time, because the first reading of a file that has been there for long is not when things happened.
    job = [
        {
            "job_name": "boundary",
            "pipeline_stages": [
                {"logfmt": {"mapping": {"time": None}}},
                {"timestamp": {"source": "time", "format": "RFC3339Nano"}},
            ],
            "static_configs": [{"targets": ["localhost"], "labels": {"job": "boundary", "__path__": glob}}],
        }
    ]
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("scrape_configs:")), len(lines))
    if start == len(lines):
        lines.append("scrape_configs:")
    first = next((line for line in lines[start + 1 :] if line.lstrip().startswith("- ")), "- ")
    indent = first[: len(first) - len(first.lstrip())]
    end = next(
        (i for i in range(start + 1, len(lines)) if lines[i] and not lines[i].startswith((" ", "-", "#"))), len(lines)
    )
    added = [indent + line for line in yaml.safe_dump(job, sort_keys=False).splitlines()]
    return "\n".join([*lines[:end], *added, *lines[end:]]) + "\n"


def _try(text: str, config: Path, context: Context, files: Sequence[str], lines: Sequence[str]) -> dict[str, object]:
    """What the fixed configuration pushes of the lost lines: {"lines", "entries", "labels"}."""
    for job, labels in collected(parse_promtail(text, str(config), context.env).jobs, files[0]):
        entries = simulate(job.pipeline, labels, list(lines), context.now_ns())
        return {"lines": len(lines), "entries": len(entries), "labels": dict(entries[0].labels) if entries else {}}
    return {"lines": len(lines), "entries": 0, "labels": {}}
