"""The causes in the order they are tried: cheapest and most upstream first."""

from obs_check.causes.cause import PanelCause, RunCause, ViewCause
from obs_check.causes.file_level_hides_allow import LevelHidesAllow
from obs_check.causes.file_log_dir_unset import LogDirUnset
from obs_check.causes.pipeline_filter_kills import LabelFilterKills, LineFilterKills
from obs_check.causes.pipeline_wrong_parser import WrongParser
from obs_check.causes.select_absent import LabelNameAbsent, LabelValueAbsent
from obs_check.causes.shipper_not_collected import PathNotCollected
from obs_check.causes.socket_audit_disabled import AuditDisabled
from obs_check.causes.truth_no_such_event import NoSuchEvent

RUN_CAUSES: tuple[RunCause, ...] = (LogDirUnset(), LevelHidesAllow(), AuditDisabled(), PathNotCollected())
VIEW_CAUSES: tuple[ViewCause, ...] = ()
PANEL_CAUSES: tuple[PanelCause, ...] = (
    LabelNameAbsent(),
    LabelValueAbsent(),
    LineFilterKills(),
    WrongParser(),
    LabelFilterKills(),
    NoSuchEvent(),
)
