"""The causes in the order they are tried: cheapest and most upstream first."""

from obs_check.causes.aggregate import (
    comparison_removes_all,
    group_label_missing,
    instant_vs_range,
    pipeline_error_400,
    range_too_short,
    vectors_do_not_match,
)
from obs_check.causes.egress import (
    allow_denied,
    ca_untrusted,
    config_not_loaded,
    deny_allowed,
    not_wrapped,
    port_in_use,
    proxy_ignored,
    upstream_dead,
)
from obs_check.causes.file import empty_child_file_only, format_changed, level_hides_allow, log_dir_unset, unreadable
from obs_check.causes.ingest import discarded, loki_down, retention_passed
from obs_check.causes.panel import (
    counter_expired,
    dashboard_drift,
    dashboard_missing,
    datasource_missing,
    datasource_unhealthy,
    false_green,
    hidden_target,
    metric_absent,
    override_hides,
    permission,
    prometheus_label_value,
    prometheus_target_down,
    reducer_blank,
    rounded_to_zero,
    sql_filter_excludes,
    sql_joined_filter,
    sql_table_empty,
    time_range,
    transformation_drops,
    variable_empty,
    variable_escaped,
    zero_masked,
)
from obs_check.causes.pipeline import (
    capture_too_wide,
    json_nesting,
    label_filter_kills,
    label_removed,
    line_filter_kills,
    parser_error,
    parser_missing,
    regexp_no_match,
    shadowed_label,
    unwrap_fails,
    wrong_parser,
)
from obs_check.causes.select import label_name_absent, label_value_absent, moved_to_structured_metadata
from obs_check.causes.select import wrong_tenant as select_wrong_tenant
from obs_check.causes.shipper import (
    cri_missing,
    down,
    glob_mismatch,
    label_not_set,
    multiline_swallows,
    not_readable,
    path_not_collected,
    positions_ahead,
    push_refused,
    rate_limited,
    stage_drops,
    timestamp_out_of_window,
)
from obs_check.causes.shipper import wrong_tenant as shipper_wrong_tenant
from obs_check.causes.socket import (
    agent_dropped,
    audit_disabled,
    audit_socket_missing,
    channel_full,
    coderd_double_sink,
    coderd_log_sink_off,
    last_batch_lost,
    no_session_id,
    oversized_batch,
)
from obs_check.causes.truth import no_such_event
from obs_check.evidence.cause import Asked, Cause, Needs

CAUSES: tuple[Cause, ...] = (
    port_in_use.CAUSE,
    ca_untrusted.CAUSE,
    config_not_loaded.CAUSE,
    allow_denied.CAUSE,
    deny_allowed.CAUSE,
    proxy_ignored.CAUSE,
    not_wrapped.CAUSE,
    upstream_dead.CAUSE,
    log_dir_unset.CAUSE,
    unreadable.CAUSE,
    empty_child_file_only.CAUSE,
    format_changed.CAUSE,
    level_hides_allow.CAUSE,
    audit_disabled.CAUSE,
    audit_socket_missing.CAUSE,
    oversized_batch.CAUSE,
    channel_full.CAUSE,
    last_batch_lost.CAUSE,
    agent_dropped.CAUSE,
    coderd_log_sink_off.CAUSE,
    coderd_double_sink.CAUSE,
    loki_down.CAUSE,
    down.CAUSE,
    path_not_collected.CAUSE,
    glob_mismatch.CAUSE,
    not_readable.CAUSE,
    positions_ahead.CAUSE,
    stage_drops.CAUSE,
    push_refused.CAUSE,
    rate_limited.CAUSE,
    discarded.CAUSE,
    timestamp_out_of_window.CAUSE,
    shipper_wrong_tenant.CAUSE,
    label_not_set.CAUSE,
    cri_missing.CAUSE,
    multiline_swallows.CAUSE,
    retention_passed.CAUSE,
    dashboard_missing.CAUSE,
    false_green.CAUSE,
    datasource_missing.CAUSE,
    datasource_unhealthy.CAUSE,
    permission.CAUSE,
    hidden_target.CAUSE,
    variable_escaped.CAUSE,
    variable_empty.CAUSE,
    time_range.OVERRIDE,
    transformation_drops.CAUSE,
    override_hides.CAUSE,
    reducer_blank.CAUSE,
    zero_masked.WRITTEN,
    rounded_to_zero.CAUSE,
    prometheus_label_value.CAUSE,
    prometheus_target_down.CAUSE,
    counter_expired.CAUSE,
    metric_absent.CAUSE,
    no_session_id.CAUSE,
    sql_table_empty.CAUSE,
    sql_filter_excludes.CAUSE,
    sql_joined_filter.CAUSE,
    select_wrong_tenant.CAUSE,
    moved_to_structured_metadata.CAUSE,
    label_name_absent.CAUSE,
    label_value_absent.CAUSE,
    line_filter_kills.CAUSE,
    shadowed_label.CAUSE,
    label_removed.CAUSE,
    parser_missing.CAUSE,
    wrong_parser.CAUSE,
    parser_error.CAUSE,
    json_nesting.CAUSE,
    regexp_no_match.CAUSE,
    capture_too_wide.CAUSE,
    label_filter_kills.CAUSE,
    unwrap_fails.CAUSE,
    pipeline_error_400.CAUSE,
    instant_vs_range.CAUSE,
    range_too_short.CAUSE,
    group_label_missing.CAUSE,
    comparison_removes_all.CAUSE,
    vectors_do_not_match.CAUSE,
    dashboard_drift.CAUSE,
    zero_masked.FOR_NOTHING,
    time_range.PASSED,
    no_such_event.CAUSE,
)
"""One tuple for all that are asked; a cause's `needs` says on what, its `asked` when."""

_LATER: tuple[Asked, ...] = ("standing", "last", "truth")


def causes_on(needs: Needs) -> tuple[Cause, ...]:
    """The causes that are proved on this and take their turn, in their order."""
    return tuple(cause for cause in CAUSES if cause.needs == needs and cause.asked not in _LATER)


def causes_asked(when: Asked) -> tuple[Cause, ...]:
    """The causes that are asked then too, or only then, in their order."""
    return tuple(cause for cause in CAUSES if cause.asked == when)
