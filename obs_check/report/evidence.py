"""Everything of a document as files that a third party can read without access."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obs_check.client.files.text_files import write_result
from obs_check.errors import InputError
from obs_check.report.csv import write_csv
from obs_check.report.html.page import to_html
from obs_check.report.json import dumps
from obs_check.report.markdown import to_markdown
from obs_check.report.tables import evidence_tables


def write_evidence(folder: Path, document: Mapping[str, Any]) -> list[Path]:
    """Write evidence.json, evidence.md, evidence.html and a CSV a table; returns the paths in that order.

    The folder is made; files of the same names are replaced. Raises InputError when it cannot be written.
    """
    tables = evidence_tables(document)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, text in (
            ("evidence.json", dumps(document) + "\n"),
            ("evidence.md", to_markdown(document, tables)),
            ("evidence.html", to_html(document)),
        ):
            path = folder / name
            write_result(path, text, "name a folder that can be written")
            written.append(path)
        for table in tables:
            path = folder / f"{table.name}.csv"
            write_csv(path, table)
            written.append(path)
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: {error.strerror}", "name a folder that can be written"
        ) from error
    return written
