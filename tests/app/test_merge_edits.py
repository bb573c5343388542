"""Fixes of several causes are applied together."""

import pytest

from obs_check.app.systems.merge_edits import one_edit_a_file, one_edit_a_target
from obs_check.errors import ConfigError
from obs_check.model.finding import FileEdit, TargetEdit

BEFORE = "log_level: warn\nproxy_port: 8087\ndisable_audit_logs: true\n"


def edit(after: str) -> FileEdit:
    return FileEdit("boundary.yaml", BEFORE, after)


def test_fixes_of_one_file_are_both_made() -> None:
    level = edit(BEFORE.replace("warn", "info"))
    audit = edit(BEFORE.replace("disable_audit_logs: true\n", ""))
    added = edit(BEFORE + "log_dir: /tmp/boundary_logs\n")
    (both,) = one_edit_a_file([audit, level, added])
    assert both == edit("log_level: info\nproxy_port: 8087\nlog_dir: /tmp/boundary_logs\n")


def test_the_same_fix_twice_is_made_once() -> None:
    level = edit(BEFORE.replace("warn", "info"))
    assert one_edit_a_file([level, level]) == [level]


def test_fixes_of_one_line_are_not_guessed() -> None:
    with pytest.raises(ConfigError, match=r"boundary\.yaml: two fixes change line 1"):
        one_edit_a_file([edit(BEFORE.replace("warn", "info")), edit(BEFORE.replace("warn", "debug"))])


def test_a_target_that_is_fixed_twice_ends_as_the_last_fix_has_it() -> None:
    first, second, other = TargetEdit(1, "A", "a", "b"), TargetEdit(1, "A", "b", "c"), TargetEdit(2, "A", "x", "y")
    assert one_edit_a_target([first, other, second]) == (TargetEdit(1, "A", "a", "c"), other)
