"""`obs-check shipper targets`: which job of a configuration takes which file of a tree."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from obs_check.cli.option_groups import F, as_record
from obs_check.cli.options import Output, common, limited
from obs_check.model.tree import Json
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from obs_check.model.entry import Labels
    from obs_check.shipper.model import ShipperConfig
    from obs_check.shipper.pods import KnownPods
    from obs_check.shipper.targets import FileReport, RelabeledTarget

PODS = "/var/log/pods"


def shipper_option(function: F) -> F:
    """Decorator: --shipper-config, as `shipper_config: Path | None`, for `shipper_file`."""
    return click.option(
        "--shipper-config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="promtail YAML or Alloy configuration, plain or in a ConfigMap or Helm values.  [default: shipper.config]",
    )(function)


def shipper_file(given: Path | None, out: Output) -> Path:
    """The shipper's configuration: the one given, else that of obs-check.yaml. Raises ConfigError and UsageError."""
    from obs_check.errors import UsageError

    named = given or out.config(asks=False).shipper.config
    if named is None:
        raise UsageError(
            "no configuration of a shipper is named",
            "give --shipper-config FILE, or set shipper.config in obs-check.yaml",
        )
    return Path(named)


def pods_option(function: F) -> F:
    """Decorator: --pods, as `pods: Path | None`."""
    return click.option(
        "--pods", metavar="FILE", type=click.Path(path_type=Path), help="What `kubectl get pods -A -o json` prints."
    )(function)


@dataclass(frozen=True, slots=True)
class ToldOfPods:
    """What options tell of pods: `pairs` are labels, `meta` discovery labels, `pods` the file of what kubectl says."""

    pairs: tuple[str, ...]
    meta: tuple[str, ...]
    pods: Path | None

    @property
    def labels(self) -> "Labels":
        """Those of --label; raises UsageError."""
        return named_values("--label", self.pairs)

    def supplied(self) -> "Labels":
        """The discovery labels that they are or stand for; raises UsageError."""
        from obs_check.shipper.pods import given_labels

        return given_labels(self.labels, named_values("--meta", self.meta))


def listed_pods(file: Path | None, shipper: "ShipperConfig", out: Output) -> "KnownPods":
    """The pods that are known, by a file or by obs-check.yaml, where a job finds pods."""
    from obs_check.app.systems.pods import known_pods
    from obs_check.shipper.pod_objects import known_of
    from obs_check.shipper.pods import KnownPods

    if not any(job.finds_pods for job in shipper.jobs):
        return KnownPods()
    return known_of(known_pods(file, out.config().kubernetes, out.env, out.say), shipper.dialect)


@click.command()
@shipper_option
@click.option("--root", metavar="DIR", type=click.Path(path_type=Path), help="What stands for / : a copied tree.")
@click.option("--label", "pairs", multiple=True, metavar="K=V", help="A label of every pod, which no path tells.")
@click.option(
    "--meta", multiple=True, metavar="NAME=VALUE", help="A discovery label: pod_node_name=node-1. Repeatable."
)
@pods_option
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@limited
@common
@as_record("told", ToldOfPods)
def targets(
    shipper_config: Path | None, root: Path | None, told: ToldOfPods, paths: tuple[str, ...], out: Output
) -> None:
    """List the files of a machine, the job that takes each and the labels it gets, or why no job does.

    PATHs are directories or files as the shipper names them. Without one: with --root every file below it, else those
    below the patterns of the configuration. Kubernetes' pods are told from /var/log/pods/NAMESPACE_POD_UID/CONTAINER;
    what no path tells (pod labels, annotations, node) is named and can be given by --pods (else by `kubernetes` of
    obs-check.yaml), or by --label and --meta.

    0 every file is taken, 1 one is not, 3 that hangs on labels that nobody gave, or there is no file.

    \b
    obs-check shipper targets --shipper-config promtail.yaml /tmp/boundary_logs
    kubectl cp logging/promtail-x:/var/log/pods node/var/log/pods
    obs-check shipper targets --shipper-config promtail.yaml --root node --label app=coder
    """
    from obs_check.client.files.log_tree import list_files
    from obs_check.errors import InputError
    from obs_check.report.shipper_targets import print_targets, targets_document
    from obs_check.shipper.collect import globs
    from obs_check.shipper.glob import literal_start
    from obs_check.shipper.other_ways import other_discovery
    from obs_check.shipper.read import read_shipper
    from obs_check.shipper.targets import find_targets, report, without_path

    read = read_shipper(shipper_file(shipper_config, out), out.env)
    jobs = read.jobs
    supplied = told.supplied()
    top = root or Path("/")
    if paths:
        below = [str(PurePosixPath("/", path) if root else Path(path).absolute()) for path in paths]
        for path in below:
            if not os.path.lexists(top / path.lstrip("/")):
                where = f" below {root}" if root else ""
                raise InputError(f"{path}: no such file or directory{where}", "name it as the shipper does")
    else:
        below = ["/"] if root else [literal_start(glob) for glob in globs(jobs) if glob.startswith("/")]
        below += [PODS] if any(job.finds_pods for job in jobs) else []
    files = list_files(top, below, time.time_ns())
    found = find_targets(jobs, files, supplied, listed_pods(told.pods, read, out))
    reports = report(files, found, read.open_parts, jobs)
    notes = [*read.notes, *other_discovery(jobs), *without_path(jobs)]
    if not files:
        nowhere = "no directory: no job has a path or finds pods"
        notes.insert(0, f"no file was found; looked below {', '.join(dict.fromkeys(below)) or nowhere}")
    document, verdict = targets_document(reports, _paths(found, reports, top), notes)
    out.detail(f"{count_noun(len(files), 'file')} found below {', '.join(dict.fromkeys(below)) or 'no directory'}")
    if not out.json:
        print_targets(document, sys.stdout, out.color)
    out.finish(document, verdict.exit_code)


def named_values(option: str, pairs: Sequence[str]) -> "Labels":
    """What an option that may stand several times gave; raises UsageError."""
    from obs_check.errors import UsageError

    labels = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} {pair!r} is not NAME=VALUE", f"for example {option} app=coder")
        labels[name] = value
    return labels


def _paths(found: "Sequence[RelabeledTarget]", reports: "Sequence[FileReport]", root: Path) -> list[dict[str, Json]]:
    """Each pattern of a static target with how many of the listed files it takes, and why none where that shows."""
    from obs_check.client.files.log_tree import missing_directory

    rows: list[dict[str, Json]] = []
    for target in found:
        if target.pod is None and target.glob:
            count = sum(target in report.by for report in reports)
            note = "" if count else missing_directory(target.glob, root)
            rows.append({"job": target.job.name, "path": target.glob, "files": count, "note": note})
    return rows
