"""Changes of the lab that break nothing: a diagnosis that names a cause for one of them is wrong."""

from obs_check.lab.faults.fault import Fault
from obs_check.lab.faults.sql import with_sessions
from obs_check.lab.settings import LabSettings


def _busy(settings: LabSettings) -> None:
    settings.boundary["log_level"] = "debug"
    settings.boundary["allowlist"].append("method=GET domain=*.packages.example")


def _more_labels(settings: LabSettings) -> None:
    pods, boundary = settings.promtail["scrape_configs"]
    pods["pipeline_stages"].append({"static_labels": {"cluster": "lab"}})
    boundary["pipeline_stages"].append({"labels": {"level": None}})
    boundary["pipeline_stages"][0]["logfmt"]["mapping"]["level"] = None


def _other_dashboard(settings: LabSettings) -> None:
    settings.dashboard["time"] = {"from": "now-2d", "to": "now"}
    for panel in settings.dashboard["panels"]:
        panel["title"] = f"{panel['title']} (all workspaces)"
        panel["description"] = "moved here from another folder"


def _both_jobs(settings: LabSettings) -> None:
    settings.promtail["scrape_configs"].append(
        {
            "job_name": "system",
            "static_configs": [
                {"targets": ["localhost"], "labels": {"job": "system", "__path__": "/nonexistent/*.log"}}
            ],
        }
    )


HARMLESS: tuple[Fault, ...] = (
    Fault("sessions", "", "the dashboard shows coderd's firewall sessions too", with_sessions),
    Fault("debug-level", "", "boundary logs at debug and allows more", _busy),
    Fault("more-labels", "", "the shipper sets labels that nobody selects", _more_labels),
    Fault("longer-range", "", "the dashboard has other titles and a range of two days", _other_dashboard),
    Fault("idle-job", "", "the shipper has a job without files", _both_jobs),
)
