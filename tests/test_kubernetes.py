"""The manifests of docs/kubernetes fit together and obs-check's options, and ask for no more than they need; so
do the pipelines of docs/github-actions.yaml and docs/gitlab-ci.yaml, and the image of the Containerfile."""

import json
import re
import shlex
import tomllib
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


GITLAB = yaml.safe_load((DOCS / "gitlab-ci.yaml").read_text("utf-8"))
IMAGE = "registry.example/obs-check:0.1.0"


def test_the_pipeline_of_gitlab_says_what_obs_check_takes() -> None:
    jobs = {name: GITLAB[name] for name in GITLAB["stages"]}
    lint, verify = [(words[1], parsed(words[1:])) for job in jobs.values() for words in map(shlex.split, job["script"])]
    assert [job["stage"] for job in jobs.values()] == GITLAB["stages"] == [lint[0], verify[0]]
    assert jobs["lint"]["artifacts"] == {"when": "always", "reports": {"junit": str(lint[1]["junit"])}}
    kept = jobs["verify"]["artifacts"]
    assert kept["when"] == "always"
    assert kept["paths"] == [str(verify[1][name]) for name in ("run_summary", "save")]
    assert kept["reports"] == {"junit": str(verify[1]["run_junit"])}
    assert int(jobs["verify"]["timeout"].split()[0]) * 60 > verify[1]["deadline"]
    assert jobs["verify"]["resource_group"]
    assert GITLAB["default"]["image"] == {"name": IMAGE, "entrypoint": [""]}


def instructions() -> list[tuple[str, str]]:
    """Name and arguments of each instruction of the Containerfile."""
    text = re.sub(r"^#.*\n", "", (DOCS.parent / "Containerfile").read_text("utf-8"), flags=re.M)
    lines = [line.partition(" ") for line in text.replace("\\\n", " ").splitlines() if line]
    return [(name, rest) for name, _, rest in lines]


def test_the_image_runs_as_nobody_with_a_read_only_root() -> None:
    (container,) = pod("Job")["containers"]
    assert container["image"] == IMAGE
    last = instructions()[[name for name, _ in instructions()].index("FROM", 1) :]
    said = {name: rest for name, rest in last if name != "RUN"}
    context = pod("Job")["securityContext"]
    assert said["USER"] == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert json.loads(said["VOLUME"]) == [
        one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")
    ]
    assert json.loads(said["ENTRYPOINT"]) == ["obs-check"]
    assert "OBS_CHECK_STATE=/state" in said["ENV"]
    # Root's only work behind the base is the folder that nobody owns else.
    assert [rest for name, rest in last if name == "RUN"] == ["install -d -o 65532 -g 65532 -m 0700 /state"]


def test_the_image_is_made_of_what_is_locked_and_here() -> None:
    bases = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    minimum = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert [base.partition("-")[0] for base in bases] == [f"python:{minimum.removeprefix('>=')}"] * 2
    copied = [rest.split()[:-1] for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    assert [name for names in copied for name in names if not (DOCS.parent / name).exists()] == []
    installs = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert ["--require-hashes" in one or "--no-deps" in one for one in installs] == [True, True]
    assert not [rest for _, rest in instructions() if "://" in rest or "index" in rest]


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
