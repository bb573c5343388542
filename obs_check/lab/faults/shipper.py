"""Faults of the shipper's configuration and of what it meets."""

from obs_check.lab.faults.fault import Fault
from obs_check.lab.settings import LabSettings


def _no_boundary_job(settings: LabSettings) -> None:
    jobs = settings.promtail["scrape_configs"]
    settings.promtail["scrape_configs"] = [j for j in jobs if j["job_name"] != "boundary"]


def _glob_mismatch(settings: LabSettings) -> None:
    labels = settings.promtail["scrape_configs"][1]["static_configs"][0]["labels"]
    labels["__path__"] = labels["__path__"].removesuffix(".log") + ".txt"


SHIPPER_FAULTS: tuple[Fault, ...] = (
    Fault(
        "no-boundary-job", "shipper.path-not-collected", "promtail has no job for boundary's files", _no_boundary_job
    ),
    Fault("glob-mismatch", "shipper.glob-mismatch", "promtail's job has a path that fits no file", _glob_mismatch),
)
