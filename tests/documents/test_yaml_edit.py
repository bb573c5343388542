"""Edits of YAML texts: what changes, and that nothing else does."""

import pytest
import yaml

from obs_check.documents.yaml_edit import remove_node, with_item, with_value
from obs_check.documents.yaml_nodes import Place
from obs_check.errors import ConfigError

TEXT = """\
# collects everything
clients:
  - url: http://loki.example/push   # the gateway
    tenant_id: team-b
scrape_configs:
  - job_name: pods
    pipeline_stages:
      - cri: {}
      # noise
      - drop:
          expression: 'noise'
      - json:
          expressions:
            level: level
    static_configs:
      - targets: [localhost]
        labels:
          app: coder
          __path__: /var/log/pods/*/*/*.log  # all

  - job_name: flow
    pipeline_stages: [{cri: {}}, {drop: {expression: x}}]
"""

STAGES: Place = ("scrape_configs", 0, "pipeline_stages")


def changed(after: str) -> tuple[list[str], list[str]]:
    before_rows, after_rows = TEXT.splitlines(), after.splitlines()
    return [r for r in before_rows if r not in after_rows], [r for r in after_rows if r not in before_rows]


def test_a_stage_is_taken_out() -> None:
    gone, new = changed(remove_node(TEXT, (*STAGES, 1)))
    assert gone == ["      - drop:", "          expression: 'noise'"]
    assert new == []


def test_a_key_is_taken_out() -> None:
    assert changed(remove_node(TEXT, ("clients", 0, "tenant_id"))) == (["    tenant_id: team-b"], [])


def test_the_first_key_of_an_item_is_changed_behind_its_dash() -> None:
    gone, new = changed(with_value(TEXT, ("clients", 0, "url"), "http://loki.example/loki/api/v1/push"))
    assert gone == ["  - url: http://loki.example/push   # the gateway"]
    assert new == ["  - url: http://loki.example/loki/api/v1/push   # the gateway"]


def test_a_stage_is_changed() -> None:
    after = with_value(TEXT, (*STAGES, 1), {"drop": {"expression": "other"}})
    assert changed(after) == (["          expression: 'noise'"], ["          expression: other"])


def test_a_key_is_added() -> None:
    labels = ("scrape_configs", 0, "static_configs", 0, "labels", "namespace")
    assert changed(with_value(TEXT, labels, "coder")) == ([], ["          namespace: coder"])


@pytest.mark.parametrize("index", [0, 1, 3])
def test_a_stage_is_put_in(index: int) -> None:
    after = with_item(TEXT, STAGES, index, {"docker": {}})
    assert changed(after) == ([], ["      - docker: {}"])
    assert yaml.safe_load(after)["scrape_configs"][0]["pipeline_stages"][index] == {"docker": {}}


def test_a_list_that_is_missing_is_made() -> None:
    after = with_item(TEXT, ("scrape_configs", 0, "relabel_configs"), 0, {"action": "keep"})
    assert yaml.safe_load(after)["scrape_configs"][0]["relabel_configs"] == [{"action": "keep"}]


def test_a_flow_list_is_written_anew_and_nothing_else() -> None:
    after = remove_node(TEXT, ("scrape_configs", 1, "pipeline_stages", 1))
    gone, _ = changed(after)
    assert gone == ["    pipeline_stages: [{cri: {}}, {drop: {expression: x}}]"]
    assert yaml.safe_load(after)["scrape_configs"][1]["pipeline_stages"] == [{"cri": {}}]


def test_the_only_item_leaves_an_empty_list() -> None:
    after = remove_node("a:\n  - b: 1\nc: 2\n", ("a", 0))
    assert yaml.safe_load(after) == {"a": [], "c": 2}


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"scrape_configs\.7"):
        remove_node(TEXT, ("scrape_configs", 7, "pipeline_stages", 0))


NEW = "domain=n.example"
ADDED = [
    # a text, and the same with a rule at the end of its allowlist
    ("allowlist: [a=b]\n", 'allowlist: [a=b, "domain=n.example"]\n'),
    ("allowlist: [] # hosts\nx: 1\n", 'allowlist: ["domain=n.example"] # hosts\nx: 1\n'),
    ("{allowlist: [a=b], x: 1}\n", '{allowlist: [a=b, "domain=n.example"], x: 1}\n'),
    ("{x: 1}\n", '{x: 1, "allowlist": ["domain=n.example"]}\n'),
    (
        '{\n  "allowlist": [\n    "a=b",\n    "c=d"\n  ]\n}\n',
        '{\n  "allowlist": [\n    "a=b",\n    "c=d",\n    "domain=n.example"\n  ]\n}\n',
    ),
    ("allowlist: # hosts\n- a=b # why\n", "allowlist: # hosts\n- a=b # why\n- domain=n.example\n"),
    ("allowlist: # hosts\nx: 1\n", "allowlist: # hosts\n- domain=n.example\nx: 1\n"),
    ("allowlist: null # none\n", "allowlist: # none\n- domain=n.example\n"),
    ("x: 1 # last", "x: 1 # last\nallowlist:\n- domain=n.example"),
    ("allowlist:\n- a=b\n# end\nx: 1\n", "allowlist:\n- a=b\n- domain=n.example\n# end\nx: 1\n"),
    ("allowlist:\n    - a=b\nx: 1\n", "allowlist:\n    - a=b\n    - domain=n.example\nx: 1\n"),
    ("allowlist: &h\n  - &r a=b\n  - *r\n", "allowlist: &h\n  - &r a=b\n  - *r\n  - domain=n.example\n"),
    ('"allowlist":\r\n- a=b\r\n', '"allowlist":\r\n- a=b\r\n- domain=n.example\r\n'),
    ("? allowlist\n: - a=b\n", "? allowlist\n:\n  - a=b\n  - domain=n.example\n"),
    (
        "---\nallowlist:\n- a=b\n...\n---\nallowlist: []\n",
        "---\nallowlist:\n- a=b\n- domain=n.example\n...\n---\nallowlist: []\n",
    ),
    (
        "allowlist: [a=b]\nx: 1\nallowlist:\n- c=d\n",
        "allowlist: [a=b]\nx: 1\nallowlist:\n- c=d\n- domain=n.example\n",
    ),
    (
        "allowlist:\n- |\n  a=b\n\n# c\nx: 1\n",
        "allowlist:\n- |\n  a=b\n- domain=n.example\n\n# c\nx: 1\n",
    ),
    ("allowlist:\t\n- a=b\t# c\n", "allowlist:\t\n- a=b\t# c\n- domain=n.example\n"),
    ("allowlist:\n- a=b\n# x\x85y: 1\n", "allowlist:\n- a=b\n- domain=n.example\n# x\x85y: 1\n"),
    ("\ufeffallowlist:\n- !!str a=b\n", "\ufeffallowlist:\n- !!str a=b\n- domain=n.example\n"),
]


@pytest.mark.parametrize(("text", "after"), ADDED)
def test_an_item_is_added_in_every_shape_of_a_list(text: str, after: str) -> None:
    assert with_item(text, ("allowlist",), 9, NEW) == after


SET = [
    ("level: warn # default\nx: 1\n", "level: info # default\nx: 1\n"),
    ('level: "warn"\n', "level: info\n"),
    ("level: # unset\nx: 1\n", "level: info # unset\nx: 1\n"),
    ("level: info\nx: 1\nlevel: error # 2\n", "level: info\nx: 1\nlevel: info # 2\n"),
    ("level: [error]\n", "level: info\n"),
    ("level: |\n  warn\nx: 1\n", "level: info\nx: 1\n"),
    ("x: &l warn\nlevel: *l # as x\n", "x: &l warn\nlevel: info # as x\n"),
    ("x: {a: 1}\r\n# end\r\n", "x: {a: 1}\r\nlevel: info\r\n# end\r\n"),
    ('{"level": "warn",\n "x": 1}', '{"level": "info",\n "x": 1}'),
]


@pytest.mark.parametrize(("text", "after"), SET)
def test_a_value_is_set_and_comments_stay(text: str, after: str) -> None:
    assert with_value(text, ("level",), "info") == after


REMOVED: list[tuple[str, Place, str]] = [
    ("off: true\nx: 1\noff: false # 2\n", ("off",), "x: 1\n"),
    ("off: true\r\nx: 1", ("off",), "x: 1"),
    ("x: 1\noff: true", ("off",), "x: 1\n"),
    ("{off: true, x: 1}\n", ("off",), "{x: 1}\n"),
    ("{x: 1, off: true}\n", ("off",), "{x: 1}\n"),
    ("list: [a, b, c] # d\n", ("list", 1), "list: [a, c] # d\n"),
    ("list: [a] # d\n", ("list", 0), "list: [] # d\n"),
    ("list:\n- a # 1\n# two\n- b # 2\n", ("list", 0), "list:\n# two\n- b # 2\n"),
    ("list:\n- a: 1\n  b: 2 # x\n- c\n", ("list", 0, "a"), "list:\n- b: 2 # x\n- c\n"),
    ("one: &s\n- a\n- b\ntwo: *s # as one\n", ("two", 0), "one: &s\n- a\n- b\ntwo: # as one\n- b\n"),
]


@pytest.mark.parametrize(("text", "place", "after"), REMOVED)
def test_what_is_taken_out_leaves_the_rest(text: str, place: Place, after: str) -> None:
    assert remove_node(text, place) == after


REFUSED: list[tuple[str, Place]] = [
    # the comment would go
    ("list: # hosts\n- a\nx: 1\n", ("list", 0)),
    ("{list: [a, # first\n  b]}\n", ("list", 0)),
    # another place shares it
    ("one: &s\n- a\n- b\ntwo: *s\n", ("one", 0)),
    # nothing would be left
    ("list: 1\n", ("list",)),
    ("", ("list",)),
    ("list: [a\n", ("list", 0)),
    ("a: &a [*a, b]\n", ("a", 1)),
]


@pytest.mark.parametrize(("text", "place"), REFUSED)
def test_what_cannot_be_taken_out_alone_is_refused(text: str, place: Place) -> None:
    with pytest.raises(ConfigError):
        remove_node(text, place)


@pytest.mark.parametrize("text", ["list: a\n", "list: |\n  a\n", "list: {}\n"], ids=["text", "block", "map"])
def test_an_item_is_added_to_a_list_only(text: str) -> None:
    with pytest.raises(ConfigError, match="nothing at list"):
        with_item(text, ("list",), 0, "b")
