"""Where the cluster's pods come from: a file, or kubectl with the context that is named."""

import json
import os
from pathlib import Path

import pytest

from obs_check.app.systems.pods import open_pods
from obs_check.config import parse_config
from obs_check.config.kubernetes import KubernetesConfig
from obs_check.errors import ConfigError, InputError
from obs_check.model.paths import absolute_path

POD = {"kind": "Pod", "metadata": {"name": "coder-0", "namespace": "coder", "uid": "u"}}
LIST = json.dumps({"kind": "List", "items": [POD]})


def asked(tmp_path: Path, script: str) -> tuple[list[str], list[str]]:
    """The names of the pods of a context, and what was said, with this in the place of kubectl."""
    program = tmp_path / "kubectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    said: list[str] = []
    env = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    return [pod.name for pod in open_pods(KubernetesConfig(context="prod"), env, said.append)], said


def test_a_file_is_json_or_yaml(tmp_path: Path) -> None:
    path = tmp_path / "pods"
    for text in (LIST, "kind: Pod\nmetadata: {name: coder-0}\n"):
        path.write_text(text)
        (pod,) = open_pods(KubernetesConfig(absolute_path(str(path), tmp_path)), {}, pytest.fail)
        assert pod.name == "coder-0"
    path.write_text("[1]")
    with pytest.raises(InputError, match="not a list of pods"):
        open_pods(KubernetesConfig(absolute_path(str(path), tmp_path)), {}, pytest.fail)
    assert open_pods(KubernetesConfig(), {}, pytest.fail) == ()


def test_kubectl_is_asked_in_its_context_and_what_it_refuses_is_said(tmp_path: Path) -> None:
    right = f"[ \"$*\" = '--context prod get pods -A -o json' ] && echo '{LIST}'"
    assert asked(tmp_path, right) == (["coder-0"], [])
    many = [{**POD, "metadata": {"name": f"pod-{n}", "annotations": {"note": "n" * 2000}}} for n in range(200)]
    (tmp_path / "many.json").write_text(json.dumps({"kind": "List", "items": many}))
    assert asked(tmp_path, f"cat '{tmp_path}/many.json'") == ([f"pod-{n}" for n in range(200)], [])
    names, (said,) = asked(tmp_path, 'echo "Error from server (Forbidden): pods is forbidden: no" >&2; exit 1')
    assert names == []
    assert "pods are not known" in said
    assert "forbidden" in said
    names, (said,) = asked(tmp_path, "echo no json")
    assert names == []
    assert "not a list of pods" in said


@pytest.mark.parametrize("given", ["{pods: a, context: b}", "{kubeconfig: a}"])
def test_what_does_not_fit_together_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=r"f:1: kubernetes has"):
        parse_config(f"kubernetes: {given}\n", Path("f"), {})
