"""`obs-check bundle RUN`: one archive that proves itself; `obs-check bundle verify FILE.zip` checks it."""

from pathlib import Path

import click

from obs_check.cli.options import Output, common, echo


class _Bundle(click.Group):
    """A group whose command is `make` where none is named: `bundle RUN`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names, else `make`."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["make", *args])


@click.group(cls=_Bundle, context_settings={"ignore_unknown_options": True})
def bundle() -> None:
    """Make one archive of a run (`bundle RUN`), or check one (`bundle verify FILE.zip`).

    \b
    obs-check bundle last --to run.zip
    """


@bundle.command()
@click.argument("named", metavar="RUN")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="File.  [default: <run id>.zip]")
@click.option(
    "--sign", "key", type=click.Path(path_type=Path, dir_okay=False), help="Sign it with this SSH key (ssh-keygen -Y)."
)
@common
def make(named: str, target: Path | None, key: Path | None, out: Output) -> None:
    """Write the document of RUN with all raw answers, its tables, report and configurations, and a manifest. RUN is the
    id of a kept run, the beginning of one, `last`, or a file.

    \b
    obs-check bundle last --to run.zip
    """
    from obs_check.app.verify.kept import load_document
    from obs_check.client.files.archive import archive_bytes
    from obs_check.client.files.text_files import write_result
    from obs_check.client.signature import sign
    from obs_check.report.bundle import MANIFEST, SIGNATURE, bundle_files

    kept = out.store().find(named)
    document = load_document(kept)
    files = bundle_files(document)
    if key is not None:
        files[SIGNATURE] = sign(files[MANIFEST], key)
    path = target or Path(f"{document.get('run') or kept.stem}.zip")
    write_result(path, archive_bytes(files))
    if out.json:
        row = {"schema": "obs-check/1", "command": "bundle", "verdict": document["verdict"], "run": document.get("run")}
        out.print_json({**row, "file": path, "files": sorted(files), "signed": key is not None})
    else:
        echo(path)


@bundle.command()
@click.argument("archive", metavar="FILE.zip", type=click.Path(path_type=Path))
@click.option(
    "--signers",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who may have signed it: lines `NAME KEYTYPE KEY`. Without a signature by one of them it fails.",
)
@common
def verify(archive: Path, signers: Path | None, out: Output) -> None:
    """Make every verdict, table and figure of a bundle anew from its raw answers, and say what does not match.

    Nothing is asked of any system. Exit code 0: all matches; 1: something does not; 2: it is not a bundle.

    \b
    obs-check bundle verify run.zip
    """
    from obs_check.client.files.archive import read_archive
    from obs_check.client.signature import signer
    from obs_check.report.bundle import MANIFEST, SIGNATURE, verification_lines, verify_files

    files, sealed = read_archive(archive)
    found = verify_files(files, sealed, str(archive))
    for name, content in sorted(files.items()):
        out.detail(f"{name}: {len(content):,} bytes")
    if signers is not None:
        why = "it is not signed"
        if SIGNATURE in files:
            found.signed_by, why = signer(files[MANIFEST], files[SIGNATURE], signers)
        if not found.signed_by:
            found.problems.append((SIGNATURE, why))
    elif SIGNATURE in files:
        found.left["signature"] = "--signers FILE says whose it is"
    else:
        found.left["who made it"] = "it is not signed: whoever writes all of it anew, raw answers too, is not found out"
    if not out.json:
        for line in verification_lines(found):
            echo(line)
    out.finish(found.to_json(), 0 if found.matches else 1)
