"""`obs-check demo`: the whole job on the embedded lab."""

import sys
import tempfile
from pathlib import Path

import click

from obs_check.cli.ending import keep_document
from obs_check.cli.lab import fault_option, native
from obs_check.cli.options import Output, common, echo
from obs_check.model.wording import count_noun


@click.command()
@fault_option("What to break; `none` breaks nothing. Repeatable.")
@click.option("--keep", type=click.Path(path_type=Path), help="Write the evidence to this folder.")
@click.option("--list-faults", is_flag=True, help="List what can be broken and end.")
@native
@common
def demo(faults: tuple[str, ...], keep: Path | None, list_faults: bool, programs: tuple[str, ...], out: Output) -> None:
    """Break a pipeline, inject, follow, diagnose, fix, confirm and export, all on loopback.

    \b
    obs-check demo --keep evidence
    obs-check demo --fault panel-logfmt
    obs-check demo --list-faults
    """
    from obs_check.app.demo import Demo, run_demo
    from obs_check.client.files.text_files import check_target
    from obs_check.lab.faults.registry import DEFAULT_FAULTS, FAULTS, find_fault
    from obs_check.lab.stack import Lab, LabShape

    if list_faults:
        for fault in FAULTS:
            echo(f"{fault.id:20} {fault.cause:28} {fault.summary}")
        return
    chosen = tuple(f for f in faults if f != "none") if faults else DEFAULT_FAULTS
    for fault_id in chosen:
        find_fault(fault_id)
    if keep is not None:
        check_target(keep, folder=True)
    story = Demo()
    folder = keep or Path(tempfile.mkdtemp(prefix="obs-check-evidence-"))
    try:
        with keep_document(out, story):
            run_demo(story, Lab(fault_ids=chosen, shape=LabShape(native=programs)), out.say, out.show_outcome)
        if out.format == "table":
            from obs_check.report.html.headline import headline

            told = headline(story.to_json())
            echo(f"{told.label}: {told.sentence}")
    finally:
        with out.saving():
            written = out.write_evidence(folder, story.to_json())
            out.say(f"evidence: {count_noun(len(written), 'file')} in {folder}")
        if sys.exception() is not None:
            out.tell_unwritten()
    out.finish(story.to_json(), story.exit_code)
