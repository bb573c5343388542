"""The causes in the order they are tried: cheapest and most upstream first."""

from obs_check.causes.aggregate.comparison_removes_all import ComparisonRemovesAll
from obs_check.causes.aggregate.group_label_missing import GroupLabelMissing
from obs_check.causes.aggregate.instant_vs_range import InstantVsRange
from obs_check.causes.aggregate.pipeline_error_400 import PipelineError400
from obs_check.causes.aggregate.range_too_short import RangeTooShort
from obs_check.causes.aggregate.vectors_do_not_match import VectorsDoNotMatch
from obs_check.causes.egress.allow_denied import AllowDenied
from obs_check.causes.egress.ca_untrusted import CaUntrusted
from obs_check.causes.egress.config_not_loaded import ConfigNotLoaded
from obs_check.causes.egress.deny_allowed import DenyAllowed
from obs_check.causes.egress.not_wrapped import NotWrapped
from obs_check.causes.egress.port_in_use import PortInUse
from obs_check.causes.egress.proxy_ignored import ProxyIgnored
from obs_check.causes.egress.upstream_dead import UpstreamDead
from obs_check.causes.file.empty_child_file_only import EmptyChildOnly
from obs_check.causes.file.format_changed import FormatChanged
from obs_check.causes.file.level_hides_allow import LevelHidesAllow
from obs_check.causes.file.log_dir_unset import LogDirUnset
from obs_check.causes.file.unreadable import Unreadable
from obs_check.causes.ingest.discarded import Discarded
from obs_check.causes.ingest.loki_down import LokiDown
from obs_check.causes.ingest.retention_passed import RetentionPassed
from obs_check.causes.panel.counter_expired import CounterExpired
from obs_check.causes.panel.dashboard_drift import DashboardDrift
from obs_check.causes.panel.dashboard_missing import DashboardMissing
from obs_check.causes.panel.datasource_missing import DatasourceMissing
from obs_check.causes.panel.datasource_unhealthy import DatasourceUnhealthy
from obs_check.causes.panel.false_green import FalseGreen
from obs_check.causes.panel.hidden_target import HiddenTarget
from obs_check.causes.panel.metric_absent import MetricAbsent
from obs_check.causes.panel.override_hides import OverrideHides
from obs_check.causes.panel.permission import Permission
from obs_check.causes.panel.prometheus_label_value import PrometheusLabelValue
from obs_check.causes.panel.prometheus_target_down import PrometheusTargetDown
from obs_check.causes.panel.reducer_blank import ReducerBlank
from obs_check.causes.panel.rounded_to_zero import RoundedToZero
from obs_check.causes.panel.sql_filter_excludes import SqlFilterExcludes
from obs_check.causes.panel.sql_joined_filter import SqlJoinedFilter
from obs_check.causes.panel.sql_table_empty import SqlTableEmpty
from obs_check.causes.panel.time_range import TimeRangeOverride, TimeRangePassed
from obs_check.causes.panel.transformation_drops import TransformationDrops
from obs_check.causes.panel.variable_empty import VariableEmpty
from obs_check.causes.panel.variable_escaped import VariableEscaped
from obs_check.causes.panel.zero_masked import ZeroForNothing, ZeroWritten
from obs_check.causes.pipeline.json_nesting import JsonNesting
from obs_check.causes.pipeline.label_filter_kills import LabelFilterKills
from obs_check.causes.pipeline.line_filter_kills import LineFilterKills
from obs_check.causes.pipeline.parser_error import ParserError
from obs_check.causes.pipeline.regexp_no_match import RegexpNoMatch
from obs_check.causes.pipeline.shadowed_label import ShadowedLabel
from obs_check.causes.pipeline.unwrap_fails import UnwrapFails
from obs_check.causes.pipeline.wrong_parser import WrongParser
from obs_check.causes.select.label_name_absent import LabelNameAbsent
from obs_check.causes.select.label_value_absent import LabelValueAbsent
from obs_check.causes.select.moved_to_structured_metadata import MovedToStructuredMetadata
from obs_check.causes.select.wrong_tenant import DatasourceTenant
from obs_check.causes.shipper.cri_missing import CriMissing
from obs_check.causes.shipper.down import ShipperDown
from obs_check.causes.shipper.glob_mismatch import GlobMismatch
from obs_check.causes.shipper.label_not_set import LabelNotSet
from obs_check.causes.shipper.multiline_swallows import MultilineSwallows
from obs_check.causes.shipper.not_readable import NotReadable
from obs_check.causes.shipper.path_not_collected import PathNotCollected
from obs_check.causes.shipper.positions_ahead import PositionsAhead
from obs_check.causes.shipper.push_refused import PushRefused
from obs_check.causes.shipper.rate_limited import RateLimited
from obs_check.causes.shipper.stage_drops import StageDrops
from obs_check.causes.shipper.timestamp_out_of_window import TimestampOutOfWindow
from obs_check.causes.shipper.wrong_tenant import WrongTenant
from obs_check.causes.socket.agent_dropped import AgentDropped
from obs_check.causes.socket.audit_disabled import AuditDisabled
from obs_check.causes.socket.audit_socket_missing import AuditSocketMissing
from obs_check.causes.socket.channel_full import ChannelFull
from obs_check.causes.socket.coderd_double_sink import CoderdDoubleSink
from obs_check.causes.socket.coderd_log_sink_off import CoderdLogSinkOff
from obs_check.causes.socket.last_batch_lost import LastBatchLost
from obs_check.causes.socket.no_session_id import NoSessionId
from obs_check.causes.socket.oversized_batch import OversizedBatch
from obs_check.causes.truth.no_such_event import NoSuchEvent
from obs_check.evidence.cause import PanelCause, RunCause, ViewCause

RUN_CAUSES: tuple[RunCause, ...] = (
    PortInUse(),
    CaUntrusted(),
    ConfigNotLoaded(),
    AllowDenied(),
    DenyAllowed(),
    ProxyIgnored(),
    NotWrapped(),
    UpstreamDead(),
    LogDirUnset(),
    Unreadable(),
    EmptyChildOnly(),
    FormatChanged(),
    LevelHidesAllow(),
    AuditDisabled(),
    AuditSocketMissing(),
    OversizedBatch(),
    ChannelFull(),
    LastBatchLost(),
    AgentDropped(),
    CoderdLogSinkOff(),
    CoderdDoubleSink(),
    LokiDown(),
    ShipperDown(),
    PathNotCollected(),
    GlobMismatch(),
    NotReadable(),
    PositionsAhead(),
    StageDrops(),
    PushRefused(),
    RateLimited(),
    Discarded(),
    TimestampOutOfWindow(),
    WrongTenant(),
    LabelNotSet(),
    CriMissing(),
    MultilineSwallows(),
    RetentionPassed(),
    DashboardMissing(),
)
COLLECTION_CAUSES: tuple[RunCause, ...] = (PathNotCollected(), GlobMismatch(), StageDrops())
"""Proved by the shipper's configuration run on lines, so that lines that would be will do."""
ARRIVAL_CAUSES: tuple[RunCause, ...] = (LabelNotSet(), CriMissing(), MultilineSwallows())
"""Proved by the lines as the shipper's configuration lets them arrive."""
VIEW_CAUSES: tuple[ViewCause, ...] = (
    FalseGreen(),
    DatasourceMissing(),
    DatasourceUnhealthy(),
    Permission(),
    HiddenTarget(),
    VariableEscaped(),
    VariableEmpty(),
    TimeRangeOverride(),
    TransformationDrops(),
    OverrideHides(),
    ReducerBlank(),
    ZeroWritten(),
    RoundedToZero(),
    PrometheusLabelValue(),
    PrometheusTargetDown(),
    CounterExpired(),
    MetricAbsent(),
    NoSessionId(),
    SqlTableEmpty(),
    SqlFilterExcludes(),
)
STANDING_CAUSES: tuple[ViewCause, ...] = (SqlJoinedFilter(),)
"""Proved without rows of the panel: asked behind a cause whose fix cannot be tried."""
TRUTHS: tuple[RunCause, ...] = (NoSuchEvent(),)
"""What the positive control shows to be right; said behind what is wrong."""
LAST_CAUSES: tuple[ViewCause, ...] = (DashboardDrift(), ZeroForNothing(), TimeRangePassed())
"""Asked when nothing else explains a panel."""
PANEL_CAUSES: tuple[PanelCause, ...] = (
    DatasourceTenant(),
    MovedToStructuredMetadata(),
    LabelNameAbsent(),
    LabelValueAbsent(),
    LineFilterKills(),
    ShadowedLabel(),
    WrongParser(),
    ParserError(),
    JsonNesting(),
    RegexpNoMatch(),
    LabelFilterKills(),
    UnwrapFails(),
    PipelineError400(),
    InstantVsRange(),
    RangeTooShort(),
    GroupLabelMissing(),
    ComparisonRemovesAll(),
    VectorsDoNotMatch(),
)
