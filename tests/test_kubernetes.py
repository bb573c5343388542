"""The manifests of docs/kubernetes fit together and obs-check's options, and ask for no more than they need; so
does the workflow of docs/github-actions.yaml."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from obs_check.cli.main import cli
from obs_check.config import Config, parse_config

DOCS = Path(__file__).parent.parent / "docs"
TOKEN = "GRAFANA_TOKEN"
DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    path.name: list(yaml.safe_load_all(path.read_text("utf-8")))
    for path in sorted((DOCS / "kubernetes").glob("*.yaml"))
}
WORKLOADS = {one["kind"]: one for documents in DOCUMENTS.values() for one in documents if "spec" in one}


def only(kind: str) -> dict[str, Any]:
    (found,) = [one for documents in DOCUMENTS.values() for one in documents if one["kind"] == kind]
    return found


def pod(kind: str) -> dict[str, Any]:
    spec = WORKLOADS[kind]["spec"]
    found: dict[str, Any] = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
    return found


def parsed(words: list[str]) -> dict[str, Any]:
    """The options of a command line; fails for what obs-check does not take."""
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None
    return command.make_context(words[0], words[1:]).params


def configured() -> Config:
    text = only("ConfigMap")["data"]["obs-check.yaml"]
    return parse_config(text, Path("/etc/obs-check/obs-check.yaml"), {TOKEN: "x"})


def test_there_are_a_job_a_cron_job_and_a_deployment() -> None:
    assert set(WORKLOADS) == {"Job", "CronJob", "Deployment"}
    assert {one["metadata"]["namespace"] for one in WORKLOADS.values()} == {"monitoring"}


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_pod_may_do_as_little_as_can_be(kind: str) -> None:
    spec = pod(kind)
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec)
    volumes = {one["name"]: one for one in spec["volumes"]}
    assert all("sizeLimit" in one["emptyDir"] for one in volumes.values() if "configMap" not in one)
    writable = {one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")}
    assert writable == {"/state", "/tmp"}
    assert {one["name"] for one in container["volumeMounts"]} == set(volumes)


@pytest.mark.parametrize("kind", WORKLOADS)
def test_what_a_pod_names_is_there(kind: str) -> None:
    spec = pod(kind)
    (container,) = spec["containers"]
    assert spec["serviceAccountName"] == only("ServiceAccount")["metadata"]["name"]
    (config,) = [one["configMap"]["name"] for one in spec["volumes"] if "configMap" in one]
    assert config == only("ConfigMap")["metadata"]["name"]
    assert only("ConfigMap")["metadata"]["namespace"] == WORKLOADS[kind]["metadata"]["namespace"]
    assert {one["name"] for one in container["env"]} == {"OBS_CHECK_STATE", TOKEN}
    chosen = parsed(container["args"])
    mounted = next(one["mountPath"] for one in container["volumeMounts"] if one["name"] == "config")
    assert str(chosen["config_path"]) == f"{mounted}/obs-check.yaml"


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_a_job_ends_by_its_own_deadline_first_and_is_not_repeated(kind: str) -> None:
    spec = WORKLOADS[kind]["spec"]
    job = spec.get("jobTemplate", {"spec": spec})["spec"]
    assert (job["backoffLimit"], pod(kind)["restartPolicy"]) == (0, "Never")
    assert configured().timeouts.command_s < job["activeDeadlineSeconds"]


def test_no_two_runs_are_at_once() -> None:
    assert WORKLOADS["CronJob"]["spec"]["concurrencyPolicy"] == "Forbid"
    deployment = WORKLOADS["Deployment"]["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


def test_the_watch_is_asked_where_it_listens() -> None:
    deployment = WORKLOADS["Deployment"]["spec"]
    (container,) = pod("Deployment")["containers"]
    port = container["args"][container["args"].index("--listen") + 1].rpartition(":")[2]
    assert [(one["name"], str(one["containerPort"])) for one in container["ports"]] == [("metrics", port)]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert deployment["template"]["metadata"]["annotations"]["prometheus.io/port"] == port
    assert deployment["selector"]["matchLabels"] == deployment["template"]["metadata"]["labels"]


def rules() -> Iterator[tuple[str, str]]:
    for rule in only("Role")["rules"]:
        yield from ((resource, verb) for resource in rule["resources"] for verb in rule["verbs"])


def test_the_account_may_send_events_and_nothing_else() -> None:
    assert set(rules()) == {("pods", "get"), ("pods", "list"), ("pods/exec", "get"), ("pods/exec", "create")}
    binding, account = only("RoleBinding"), only("ServiceAccount")["metadata"]
    assert binding["roleRef"]["name"] == only("Role")["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", **account}]
    kubectl = configured().executors.kubectl
    assert kubectl is not None
    assert only("Role")["metadata"]["namespace"] == binding["metadata"]["namespace"] == kubectl.namespace
    kubeconfig = yaml.safe_load(only("ConfigMap")["data"]["kubeconfig"])
    assert kubectl.context in [one["name"] for one in kubeconfig["contexts"]]
    assert str(kubectl.kubeconfig) == "/etc/obs-check/kubeconfig"


def test_the_workflow_says_what_obs_check_takes() -> None:
    text = (DOCS / "github-actions.yaml").read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    runs = [step for step in job["steps"] if step.get("run", "").startswith("obs-check ")]
    commands = [shlex.split(step["run"]) for step in runs]
    lint, verify = [(words[1], parsed(words[1:])) for words in commands]
    assert (lint[0], lint[1]["format_"]) == ("lint", "github")
    assert (verify[0], verify[1]["format_"], str(verify[1]["run_junit"])) == ("verify", "github", "obs-check.xml")
    assert job["timeout-minutes"] * 60 > verify[1]["deadline"]
    (kept,) = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert (kept["if"], kept["with"]["path"].split()) == ("always()", ["obs-check.xml", "obs-check.json"])
    assert str(verify[1]["save"]) == "obs-check.json"
    # What is secret comes from the secrets, to the one step that needs it.
    assert [step.get("env") for step in runs] == [None, {TOKEN: "${{ secrets.GRAFANA_TOKEN }}"}]
