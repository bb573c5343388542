"""One query asked of local files by DuckDB, where that gives what the row engine gives."""

from collections.abc import Callable, Mapping, Sequence

from obs_check.app.query import Ask, ask_source, window_around
from obs_check.client.columnar_files import ColumnarFiles
from obs_check.client.file_source import STDIN, named_paths
from obs_check.logql.columnar.sql import NotColumnar
from obs_check.logql.syntax.ast import LogQuery
from obs_check.model.result import Result
from obs_check.model.window import Window


def ask_columnar(
    ask: Ask, patterns: Sequence[str], labels: Mapping[str, str], time_key: str | None, say: Callable[[str], None]
) -> tuple[Result, Window] | None:
    """The answer and its window; None when it takes the row engine. `say` gets the path taken and why.

    Raises InputError when a pattern names no file, QueryError as Loki refuses.
    """
    try:
        if isinstance(ask.expr, LogQuery):
            raise NotColumnar("a log query asks for the lines themselves")
        paths = named_paths(patterns, with_stdin=True)
        if STDIN in paths:
            raise NotColumnar("standard input is read once")
        files = ColumnarFiles(paths, labels, time_key)
        try:
            window = ask.window or window_around(files.bounds() or ())
            result = ask_source(ask, files, window)
        finally:
            files.close()
    except NotColumnar as reason:
        say(f"row engine: {reason.message}")
        return None
    say(f"columnar: counted by DuckDB, {files.doubtful} lines of doubtful form by the row engine")
    return result, window
