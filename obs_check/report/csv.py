"""Evidence tables as CSV files."""

from pathlib import Path

from obs_check.client.files.text_files import write_result
from obs_check.report.tables import EvidenceTable
from obs_check.report.terminal import in_cell


def write_csv(path: Path, table: EvidenceTable) -> None:
    """Write one table: a header, then the rows; empty cells for None, integers (ns) in full. Raises InputError."""
    import pandas as pd

    cells = {c: [in_cell(row[c]) for row in table.rows] for c in table.columns}
    frame = pd.DataFrame({name: pd.Series(column, dtype="object") for name, column in cells.items()})
    write_result(path, frame.to_csv(index=False, lineterminator="\n"), "name a folder that can be written")
