"""Edits of YAML texts: what changes, and that nothing else does."""

import pytest
import yaml

from obs_check.documents.yaml_edit import Place, with_item, with_value, without
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
    gone, new = changed(without(TEXT, (*STAGES, 1)))
    assert gone == ["      - drop:", "          expression: 'noise'"]
    assert new == []


def test_a_key_is_taken_out() -> None:
    assert changed(without(TEXT, ("clients", 0, "tenant_id"))) == (["    tenant_id: team-b"], [])


def test_the_first_key_of_an_item_is_changed_behind_its_dash() -> None:
    gone, new = changed(with_value(TEXT, ("clients", 0, "url"), "http://loki.example/loki/api/v1/push"))
    assert gone == ["  - url: http://loki.example/push   # the gateway"]
    assert new == ["  - url: http://loki.example/loki/api/v1/push"]


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
    after = without(TEXT, ("scrape_configs", 1, "pipeline_stages", 1))
    gone, _ = changed(after)
    assert gone == ["    pipeline_stages: [{cri: {}}, {drop: {expression: x}}]"]
    assert yaml.safe_load(after)["scrape_configs"][1]["pipeline_stages"] == [{"cri": {}}]


def test_the_only_item_leaves_an_empty_list() -> None:
    after = without("a:\n  - b: 1\nc: 2\n", ("a", 0))
    assert yaml.safe_load(after) == {"a": [], "c": 2}


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"scrape_configs\.7"):
        without(TEXT, ("scrape_configs", 7, "pipeline_stages", 0))
