"""`obs-check shipper dry-run`: log lines through a shipper's configuration, without a shipper."""

import sys
import time
from pathlib import Path

import click

from obs_check.boundary.cri import CRI
from obs_check.cli.option_groups import as_record
from obs_check.cli.options import Output, common, echo, limited
from obs_check.cli.shipper_targets import ToldOfPods, listed_pods, pods_option, shipper_file, shipper_option
from obs_check.errors import InputError
from obs_check.model.wording import count_noun


@click.command("dry-run")
@shipper_option
@click.option("--job", metavar="NAME", help="Scrape job, or source of Alloy; needed when there are several.")
@click.option(
    "--label", "pairs", multiple=True, metavar="K=V", help="Labels of the lines instead of the target's; or of the pod."
)
@click.option("--meta", multiple=True, metavar="NAME=VALUE", help="A discovery label of the pod: pod_node_name=node-1.")
@pods_option
@click.option("--trace", is_flag=True, help="What every stage did to every line, and where it was dropped and why.")
@click.argument("files", nargs=-1, metavar="[FILE... | -]")
@limited
@common
@as_record("told", ToldOfPods)
def dry_run(
    shipper_config: Path | None,
    job: str | None,
    told: ToldOfPods,
    trace: bool,
    files: tuple[str, ...],
    out: Output,
) -> None:
    """Run log lines (files, or standard input) through a job's pipeline and print what would be shipped.

    Without --label the labels are those of the job's static target, and `filename` for a file. Where the job finds pods
    and the file is a pod's log (.../pods/NAMESPACE_POD_UID/CONTAINER/0.log) they are what its rules make of that path,
    and --pods, or --label and --meta, tell what it does not say. Labels that every client adds are among them.

    JSON is one object a kept line; `ts` is null where the shipper takes the time of reading. With --trace it is one
    object a line that was read: its stages, and what was shipped of it. What was dropped is told on stderr.

    \b
    obs-check shipper dry-run --shipper-config promtail.yaml --job boundary boundary.log
    obs-check shipper dry-run --shipper-config promtail.yaml --job boundary --trace boundary.log
    """
    from obs_check.report.json import json_line
    from obs_check.report.shipper_trace import kept_json, print_kept, print_trace, trace_json
    from obs_check.shipper.pushed import pushed_entries
    from obs_check.shipper.read import read_shipper
    from obs_check.shipper.simulate import run
    from obs_check.shipper.targets import start_labels

    read = read_shipper(shipper_file(shipper_config, out), out.env)
    chosen = read.job(job)
    given, supplied = told.labels, told.supplied()
    known = listed_pods(told.pods, read, out)
    now_ns = time.time_ns()
    for note in (*read.notes, *chosen.pipeline.notes()):
        out.say(f"note: {note}")
    for name in files or ("-",):
        lines = _lines(name)
        if chosen.by_api and all(map(CRI.match, lines)):
            lines = [CRI.sub("", line) for line in lines]
            out.say(f"note: {name}: Kubernetes' API gives the lines without the runtime's wrapping: it is taken off")
        labels, unknown = start_labels(
            chosen, None if name == "-" else str(Path(name).absolute()), given, supplied, known
        )
        for text in unknown:
            out.say(f"note: {name}: {text}")
        result = pushed_entries(read, chosen, run(chosen.pipeline, labels, lines, now_ns, trace))
        if out.json:
            for document in trace_json(result, lines) if trace else kept_json(result):
                echo(json_line(document))
        elif trace:
            print_trace(result, lines, out.color)
        else:
            print_kept(result, out.color)
        if out.verbose or result.dropped or len(result.shipped) != len(lines):
            reasons = "".join(f", dropped by {reason}: {n}" for reason, n in sorted(result.dropped.items()))
            out.say(f"{name}: {count_noun(len(lines), 'line')} read, {len(result.shipped)} kept{reasons}")


def _lines(name: str) -> list[str]:
    """The lines of a file or of standard input (`-`, where promtail skips empty lines); bytes that are not UTF-8 are
    replaced and counted on stderr. Raises InputError."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}", "check path and rights") from None
    if b"\0" in data:
        raise InputError(f"{name}: this is a binary file, not a log", "give a text file with one entry a line")
    text = data.decode("utf-8", "replace")
    if replaced := text.count("\ufffd") - data.count("\ufffd".encode()):
        echo(f"{name}: {replaced} undecodable bytes replaced", err=True)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [stripped for line in lines if (stripped := line.rstrip("\r"))] if name == "-" else lines
