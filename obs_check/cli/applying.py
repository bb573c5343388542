"""Options that apply fixes, or write them as a patch: nobody's file or dashboard changes without a yes."""

import sys
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from obs_check.cli.option_groups import F, as_record, with_options
from obs_check.cli.options import Output, echo
from obs_check.documents.nearest import did_you_mean
from obs_check.errors import UsageError

if TYPE_CHECKING:
    from obs_check.app.systems.systems import Systems
    from obs_check.app.verify.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Applying:
    """What to do with the fixes that were found."""

    apply: bool
    yes: bool
    also_review: bool
    only: tuple[str, ...]
    patch: Path | None

    def check(self) -> None:
        """UsageError where changes are wanted and nobody can be asked, or for a cause that is none, before anything is
        done."""
        if self.apply and not self.yes and not sys.stdin.isatty():
            raise UsageError("--apply changes files and dashboards, and nobody can be asked here", "add --yes")
        from obs_check.causes.registry import CAUSES
        from obs_check.client.files.text_files import check_target

        if self.patch is not None:
            check_target(self.patch)
        known = [cause.id for cause in CAUSES]
        for named in self.only:
            if named not in known:
                raise UsageError(f"--only {named}: unknown cause", did_you_mean(named, known))
        for name, given in (("--yes", self.yes), ("--also-review", self.also_review)):
            if given and not self.apply:
                raise UsageError(f"{name} is for --apply", "add --apply, or leave it out")

    def run(self, systems: "Systems", outcome: "Outcome", out: Output) -> None:
        """Write the patch, list what would change, ask, and change it; what was done is in the outcome. Nothing is
        changed behind a patch that cannot be written."""
        from obs_check.app.systems.chosen_fixes import chosen_fixes, patch_of
        from obs_check.client.files.text_files import write_result

        if self.patch is not None:
            patch = patch_of(chosen_fixes(outcome.findings, self.only, also_review=True).taken)
            with out.saving():
                write_result(self.patch, patch.text)
            if out.unwritten:
                return
            for sentence in patch.left_out:
                out.say(f"not in the patch: {sentence}")
            if patch.files:
                applied = f"cd {quote(str(patch.folder))} && patch -p1 < {quote(str(self.patch.absolute()))}"
                out.say(f"changes of {patch.files} files written: {applied}")
            else:
                out.say(f"{self.patch} changes no file")
        if not self.apply:
            return
        chosen = chosen_fixes(outcome.findings, self.only, self.also_review)
        for sentence in chosen.left_out:
            out.say(f"not applied: {sentence}")
        changes = chosen.changes(systems.board.dashboard.uid)
        if not changes:
            out.say("nothing to apply")
            return
        for line in changes:
            out.say(f"will change {line}")
        if not self.yes and not click.confirm("apply this?", err=True):
            out.say("nothing was changed")
            return
        outcome.changes = systems.apply(chosen.taken)
        for line in outcome.changes:
            # What was changed is a result; with the others it is in the document.
            (echo if out.format == "table" else out.say)(f"changed: {line}")


def applying_options(function: F) -> F:
    """Decorator: --patch, --apply, --yes, --also-review and --only, handed on as `fixes: Applying`."""
    return with_options(
        as_record("fixes", Applying)(function),
        click.option(
            "--patch", type=click.Path(path_type=Path, dir_okay=False), help="Write the changes of files as a patch."
        ),
        click.option(
            "--apply",
            is_flag=True,
            help="Apply the safe fixes: list what changes, ask, save the dashboard, write the files.",
        ),
        click.option("--yes", is_flag=True, help="Apply without asking."),
        click.option("--also-review", is_flag=True, help="Apply fixes too that a person should review."),
        click.option("--only", multiple=True, metavar="CAUSE", help="Only fixes of this cause."),
    )
