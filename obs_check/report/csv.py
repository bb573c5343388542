"""Evidence tables as CSV files."""

from pathlib import Path

from obs_check.client.files.text_files import write_result
from obs_check.report.tables import EvidenceTable


def write_csv(path: Path, table: EvidenceTable) -> None:
    """Write one table: a header, then the rows; empty cells for None, integers (ns) in full. Raises InputError."""
    import pandas as pd

    frame = pd.DataFrame({c: pd.Series([row[c] for row in table.rows], dtype="object") for c in table.columns})
    write_result(path, frame.to_csv(index=False, lineterminator="\n"), "name a folder that can be written")
