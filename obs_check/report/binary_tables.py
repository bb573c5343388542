"""Evidence tables as Parquet and as one workbook."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_check.client.files.text_files import replace_file
from obs_check.errors import InputError
from obs_check.report.frames import EvidenceTable
from obs_check.report.terminal import in_cell

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HINT = "name a folder that can be written"
_CELL_CHARS = 32_767
"""Characters that a cell of a workbook can hold (Excel's limit)."""
_SHEET_ROWS = 1_048_575
"""Rows below the head that a sheet can hold (Excel's limit)."""
_CUT = " [cut]"


def write_parquet(path: Path, table: EvidenceTable) -> None:
    """Write one table with its types; a time is a timestamp of nanoseconds in UTC. Raises InputError."""
    import duckdb

    frame = table.frame()
    for column in table.kind.columns:
        if column.type == "time":
            # DuckDB has no time zone to the nanosecond: the column is UTC without saying so.
            frame[column.name] = frame[column.name].dt.tz_localize(None)
    types = {"text": "VARCHAR", "json": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
    columns = ", ".join(
        f'CAST("{c.name}" AS {types.get(c.type, "TIMESTAMP_NS")}) AS "{c.name}"' for c in table.kind.columns
    )
    with duckdb.connect() as database:
        database.register("rows", frame)
        copy_to_parquet(database, f"SELECT {columns} FROM rows", path)


def copy_to_parquet(database: "DuckDBPyConnection", select: str, path: Path) -> None:
    """Write what a statement selects, whole or not at all. Raises InputError."""
    import duckdb

    with replace_file(path, HINT) as part:
        try:
            database.execute(f"COPY ({select}) TO '{quoted(part)}' (FORMAT parquet)")
        except duckdb.IOException as error:
            raise InputError(f"{path}: {str(error).splitlines()[0].replace(str(part), path.name)}", HINT) from error


def write_workbook(path: Path, tables: Sequence[EvidenceTable]) -> None:
    """Write one sheet a table. No cell is a formula or a link; a text that a cell cannot hold is cut, and says so; a
    time is text, because a workbook has no nanoseconds. Raises InputError."""
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        with replace_file(path, HINT) as part, xlsxwriter.Workbook(part, {**options, "constant_memory": True}) as book:
            _add_sheets(book, tables)
    except FileCreateError as error:
        raise InputError(f"{path}: {error}", HINT) from error


def _add_sheets(book: Any, tables: Sequence[EvidenceTable]) -> None:
    bold = book.add_format({"bold": True})
    for table in tables:
        sheet = book.add_worksheet(table.name[:31])
        sheet.freeze_panes(1, 0)
        for number, name in enumerate(table.columns):
            sheet.write_string(0, number, name, bold)
        rows = table.shown(_in_sheet).itertuples(index=False, name=None)
        for row, cells in enumerate(rows, start=1):
            if row > _SHEET_ROWS:
                break
            for number, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(row, number, cell)
                elif isinstance(cell, bool):
                    sheet.write_boolean(row, number, cell)
                elif cell is not None:
                    sheet.write_number(row, number, cell)


def _in_sheet(text: str) -> str:
    shown = str(in_cell(text))
    return shown if len(shown) <= _CELL_CHARS else shown[: _CELL_CHARS - len(_CUT)] + _CUT


def quoted(path: Path) -> str:
    """A path as a text of SQL."""
    return str(path).replace("'", "''")
