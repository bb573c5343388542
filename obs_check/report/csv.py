"""Evidence tables as CSV files."""

from pathlib import Path

from obs_check.client.files.text_files import write_result
from obs_check.report.tables import EvidenceTable
from obs_check.report.terminal import in_cell


def write_csv(path: Path, table: EvidenceTable) -> None:
    """Write one table. Raises InputError."""
    write_result(path, csv_text(table), "name a folder that can be written")


def csv_text(table: EvidenceTable) -> str:
    """A header, then the rows; empty cells for None, integers (ns) in full."""
    import pandas as pd

    cells = {c: [in_cell(row[c]) for row in table.rows] for c in table.columns}
    frame = pd.DataFrame({name: pd.Series(column, dtype="object") for name, column in cells.items()})
    return frame.to_csv(index=False, lineterminator="\n")
