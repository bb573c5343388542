"""Faults of the shipper's configuration and of what it meets."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from obs_check.errors import UsageError
from obs_check.lab.coderd import pod_log_path
from obs_check.lab.faults.fault import Change, Fault
from obs_check.lab.settings import LabSettings
from obs_check.model.tree import Json

PODS, BOUNDARY = 0, 1
"""The jobs of the lab's promtail in their order."""


def _job(settings: LabSettings, number: int) -> dict[str, Any]:
    found: dict[str, Json] = settings.promtail["scrape_configs"][number]
    return found


def _labels(settings: LabSettings, number: int) -> dict[str, str]:
    """The labels of a job's static target; UsageError where its targets are discovered."""
    static = _job(settings, number).get("static_configs")
    if static is None:
        raise UsageError("the fault is one of a static target, and the pods are discovered here", "leave one out")
    found: dict[str, str] = static[0]["labels"]
    return found


def _down(settings: LabSettings) -> None:
    settings.absent.add("shipper")


def _no_boundary_job(settings: LabSettings) -> None:
    jobs = settings.promtail["scrape_configs"]
    settings.promtail["scrape_configs"] = [j for j in jobs if j["job_name"] != "boundary"]


def _glob_mismatch(number: int) -> Change:
    def change(settings: LabSettings) -> None:
        labels = _labels(settings, number)
        labels["__path__"] = labels["__path__"].removesuffix(".log") + ".txt"

    return change


def _relabel_drop(settings: LabSettings) -> None:
    rule = {"action": "keep", "source_labels": ["app"], "regex": "code"}
    _job(settings, PODS)["relabel_configs"] = [rule]


def _private_files(settings: LabSettings) -> None:
    settings.boundary_umask = 0o077
    settings.shipper_user = "another"


def _positions_ahead(settings: LabSettings) -> None:
    # A position inside of the first line: wherever the first look at the new file falls, the file is longer already.
    settings.positions[pod_log_path(Path())] = 600


def _stage(number: int, stage: Mapping[str, object], at: int | None = None) -> Change:
    def change(settings: LabSettings) -> None:
        stages = _job(settings, number)["pipeline_stages"]
        stages.insert(len(stages) if at is None else at, stage)

    return change


def _label_not_set(settings: LabSettings) -> None:
    del _labels(settings, PODS)["namespace"]


def _wrong_zone(settings: LabSettings) -> None:
    _job(settings, BOUNDARY)["pipeline_stages"] = [
        {"regex": {"expression": r"^time=(?P<time>[0-9-]+T[0-9:.]+)"}},
        {
            "timestamp": {
                "source": "time",
                "format": "2006-01-02T15:04:05.000",
                "location": "Pacific/Kiritimati",
            }
        },
    ]


def _zone_behind_cri(settings: LabSettings) -> None:
    _job(settings, PODS)["pipeline_stages"] += [
        {"regex": {"expression": '"ts":"(?P<ts>[0-9-]+T[0-9:]+)'}},
        {"timestamp": {"source": "ts", "format": "2006-01-02T15:04:05", "location": "America/New_York"}},
    ]


def _tenant(settings: LabSettings) -> None:
    settings.promtail["clients"][0]["tenant_id"] = "team-b"


def _push_path(settings: LabSettings) -> None:
    client = settings.promtail["clients"][0]
    client["url"] = client["url"].replace("/loki/api/v1/push", "/api/v1/push")


def _small_rate(settings: LabSettings) -> None:
    settings.loki = replace(settings.loki, ingestion_rate=100, ingestion_burst=200)


def _output_fields(settings: LabSettings) -> None:
    stages = [{"json": {"expressions": {"fields": "fields"}}}, {"output": {"source": "fields"}}]
    _job(settings, PODS)["pipeline_stages"] += stages


def _second_job(glob: str) -> Change:
    """Another job for boundary's files, as somebody adds one who does not see the first."""

    def change(settings: LabSettings) -> None:
        path = _labels(settings, BOUNDARY)["__path__"].replace("boundary_logs/*.log", glob)
        labels = {"job": "boundary", "collector": "extra", "__path__": path}
        static = [{"targets": ["localhost"], "labels": labels}]
        settings.promtail["scrape_configs"].append({"job_name": "extra", "static_configs": static})

    return change


def _limited(truncates: bool) -> Change:
    def change(settings: LabSettings) -> None:
        settings.promtail["limits_config"] = {"max_line_size": "300B", "max_line_size_truncate": truncates}

    return change


def _no_cri(settings: LabSettings) -> None:
    _job(settings, PODS)["pipeline_stages"] = []


SHIPPER_FAULTS: tuple[Fault, ...] = (
    Fault("shipper-down", "shipper.down", "promtail is not running", _down),
    Fault(
        "no-boundary-job", "shipper.path-not-collected", "promtail has no job for boundary's files", _no_boundary_job
    ),
    Fault(
        "relabel-drop", "shipper.path-not-collected", "a keep rule of promtail drops the pods' target", _relabel_drop
    ),
    Fault(
        "glob-mismatch", "shipper.glob-mismatch", "promtail's job has a path that fits no file",
        _glob_mismatch(BOUNDARY),
    ),
    Fault(
        "glob-mismatch-pods", "shipper.glob-mismatch", "promtail's path for pods fits no log", _glob_mismatch(PODS)
    ),
    Fault(
        "private-files", "shipper.not-readable", "boundary's files are its owner's, promtail is another user",
        _private_files,
    ),
    Fault(
        "positions-ahead", "shipper.positions-ahead", "promtail has an old position for a new file", _positions_ahead
    ),
    Fault(
        "drop-stage", "shipper.stage-drops", "promtail drops lines of level INFO",
        _stage(PODS, {"drop": {"expression": '"level":"INFO"'}}),
    ),
    Fault(
        "drop-allow", "shipper.stage-drops", "a match stage of promtail drops what boundary allowed",
        _stage(BOUNDARY, {"match": {"selector": '{job="boundary"} |= "msg=ALLOW"', "action": "drop"}}, 0),
    ),
    Fault("limited", "shipper.stage-drops", "promtail gives up lines of more than 300 bytes", _limited(False)),
    Fault("push-path", "shipper.push-refused", "promtail pushes to a path that Loki does not have", _push_path),
    Fault("small-rate", "shipper.rate-limited", "Loki takes 100 bytes a second", _small_rate),
    Fault("wrong-zone", "shipper.timestamp-out-of-window", "promtail reads times in a wrong zone", _wrong_zone),
    Fault(
        "zone-behind-cri", "shipper.timestamp-out-of-window", "promtail reads coderd's own times in a wrong zone",
        _zone_behind_cri,
    ),
    Fault("shipper-tenant", "shipper.wrong-tenant", "promtail writes for a tenant that nobody reads", _tenant),
    Fault("namespace-not-set", "shipper.label-not-set", "promtail sets no namespace for pods", _label_not_set),
    Fault("output-fields", "shipper.line-changed", "promtail pushes only the fields of coderd's lines", _output_fields),
    Fault(
        "replace-keys", "shipper.line-changed", "a replace stage of promtail renames a key of coderd's lines",
        _stage(PODS, {"replace": {"expression": '"(fields)":', "replace": "attributes"}}),
    ),
    Fault(
        "packed", "shipper.line-changed", "promtail packs coderd's lines",
        _stage(PODS, {"pack": {"labels": ["stream"]}}),
    ),
    Fault("line-cut-by-shipper", "ingest.line-truncated", "promtail cuts lines at 300 bytes", _limited(True)),
    Fault(
        "second-job", "shipper.taken-twice", "another job of promtail has boundary's files too",
        _second_job("boundary_logs/*.log"),
    ),
    Fault(
        "wider-job", "shipper.taken-twice", "a job of promtail takes whatever is beside boundary's files",
        _second_job("boundary_*/**"),
    ),
    Fault("no-cri", "shipper.cri-missing", "promtail's job for pods has no cri stage", _no_cri),
    Fault(
        "multiline", "shipper.multiline-swallows", "promtail joins what boundary allowed to what it denied",
        _stage(BOUNDARY, {"multiline": {"firstline": "level=WARN", "max_wait_time": "1s"}}, 0),
    ),
)  # fmt: skip
