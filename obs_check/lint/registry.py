"""All rules in the order in which they are documented."""

from obs_check.lint.rule import LintRule
from obs_check.lint.rules import (
    bad_disable,
    container_format,
    drops_all,
    drops_nothing,
    duplicate_ref_id,
    escaped_variable,
    field_not_in_lines,
    file_taken_twice,
    high_cardinality_label,
    instant_needs_range,
    label_not_set,
    masked_zero,
    match_never,
    missing_unit,
    multiline_never,
    parser_contradicts_lines,
    path_matches_nothing,
    query_syntax,
    range_needs_instant,
    range_shorter_than_step,
    sum_of_range,
    timestamp_format,
    timestamp_zone,
    unknown_datasource,
)

_RULES: tuple[LintRule, ...] = (
    query_syntax.RULE,
    duplicate_ref_id.RULE,
    unknown_datasource.RULE,
    escaped_variable.RULE,
    parser_contradicts_lines.RULE,
    field_not_in_lines.RULE,
    instant_needs_range.RULE,
    range_needs_instant.RULE,
    range_shorter_than_step.RULE,
    sum_of_range.RULE,
    masked_zero.RULE,
    missing_unit.RULE,
    label_not_set.RULE,
    high_cardinality_label.RULE,
    timestamp_format.RULE,
    timestamp_zone.RULE,
    multiline_never.RULE,
    drops_all.RULE,
    drops_nothing.RULE,
    match_never.RULE,
    path_matches_nothing.RULE,
    file_taken_twice.RULE,
    container_format.RULE,
)
RULES: tuple[LintRule, ...] = (*_RULES, bad_disable.rule_over([rule.id for rule in _RULES]))

IDS: tuple[str, ...] = tuple(rule.id for rule in RULES)
