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


WITH_LIST = "allowlist:\n- domain=a.example\n- domain=b.example\nlog_level: warn\n"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        # each adds a rule at the end
        (
            WITH_LIST.replace("b.example\n", "b.example\n- domain=c.example\n"),
            WITH_LIST.replace("b.example\n", "b.example\n- domain=d.example\n"),
            WITH_LIST.replace("b.example\n", "b.example\n- domain=c.example\n- domain=d.example\n"),
        ),
        # one takes a rule out, the other adds one behind it
        (
            WITH_LIST.replace("- domain=b.example\n", ""),
            WITH_LIST.replace("b.example\n", "b.example\n- domain=c.example\n"),
            WITH_LIST.replace("b.example\n", "c.example\n"),
        ),
    ],
)
def test_fixes_of_one_list_go_together(one: str, other: str, both: str) -> None:
    edits = [FileEdit("boundary.yaml", WITH_LIST, text) for text in (one, other)]
    assert one_edit_a_file(edits) == [FileEdit("boundary.yaml", WITH_LIST, both)]


@pytest.mark.parametrize(
    ("before", "one", "other"),
    [
        # the list is empty on one row, and grows on the next
        ("list:\n- a\nx: 1\n", "list: []\nx: 1\n", "list:\n- a\n- b\nx: 1\n"),
        # both write the key anew
        ("list:\n- a\n", "x: 1\nlist:\n- a\n", "list:\n- a\nx: 2\n"),
    ],
)
def test_fixes_that_would_say_something_else_together_are_refused(before: str, one: str, other: str) -> None:
    with pytest.raises(ConfigError, match=r"boundary\.yaml: two fixes do not go together"):
        one_edit_a_file([FileEdit("boundary.yaml", before, text) for text in (one, other)])


def test_fixes_inside_of_a_text_that_holds_a_document_go_together() -> None:
    before = "data:\n  p.yaml: |\n    jobs:\n    - a: 1\n    - b: 2\n    end: 3\n"
    one, other = before.replace("a: 1", "a: 5"), before.replace("    end: 3\n", "")
    (both,) = one_edit_a_file([FileEdit("cm.yaml", before, text) for text in (one, other)])
    assert both.after == one.replace("    end: 3\n", "")


def test_a_target_that_is_fixed_twice_ends_as_the_last_fix_has_it() -> None:
    first, second, other = TargetEdit(1, "A", "a", "b"), TargetEdit(1, "A", "b", "c"), TargetEdit(2, "A", "x", "y")
    assert one_edit_a_target([first, other, second]) == (TargetEdit(1, "A", "a", "c"), other)
