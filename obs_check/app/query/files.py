"""A metric query asked of local files: counted by DuckDB where that is exact, else line by line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from obs_check.app.query.ask import Ask, ask_source, window_around
from obs_check.client.files.columnar_files import ColumnarFiles
from obs_check.client.files.line_files import LineFiles
from obs_check.client.files.named_paths import STDIN
from obs_check.client.files.search import MAX_LINE
from obs_check.logql.columnar.sql import NotColumnar
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import chain, loki_order
from obs_check.logql.stages.line_filter import compile_line_filter
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax.ast import Expr, LineFilter, LogQuery
from obs_check.model.entry import NO_METADATA
from obs_check.model.result import Result
from obs_check.model.window import Window
from obs_check.model.wording import count_noun


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """`path` says which engine answered, and why; `lines`, `untimed`, `undecodable` and `cut` are those of FileStreams;
    where DuckDB counted, as far as lines without a time took part."""

    result: Result
    window: Window
    path: str
    lines: int = 0
    untimed: int = 0
    undecodable: int = 0
    cut: int = 0


def ask_files(
    ask: Ask,
    paths: Sequence[Path],
    labels: Mapping[str, str],
    time_key: str | None,
    settings: EngineSettings,
    most: int = MAX_LINE,
) -> FileAnswer | None:
    """The answer to a metric query on files as named_paths gives them; None for a log query and for standard input,
    which are read as a whole.

    Raises InputError for a file that is not there or cannot be read, QueryError as Loki refuses.
    """
    if isinstance(ask.expr, LogQuery) or STDIN in paths:
        return None
    try:
        return _by_columns(ask, ColumnarFiles(paths, labels, time_key, most), settings)
    except NotColumnar as reason:
        return _by_lines(ask, LineFiles(paths, labels, time_key, most=most), settings, f"row engine: {reason.message}")


def _by_columns(ask: Ask, files: ColumnarFiles, settings: EngineSettings) -> FileAnswer:
    try:
        window = ask.window or window_around(files.bounds() or ())
        result = ask_source(ask, files, window, settings)
        untimed = files.untimed
        lines = files.lines if untimed else 0
    finally:
        files.close()
    doubtful = f", {count_noun(files.doubtful, 'line')} of doubtful form by the row engine" if files.doubtful else ""
    return FileAnswer(result, window, f"columnar: counted by DuckDB{doubtful}", lines, untimed)


def _by_lines(ask: Ask, files: LineFiles, settings: EngineSettings, path: str) -> FileAnswer:
    window = ask.window or window_around(files.bounds() or ())
    result = ask_source(ask, files, window, settings)
    return FileAnswer(result, window, path, files.lines, files.untimed, files.undecodable, files.cut)


def line_test(expr: Expr) -> Callable[[str], bool]:
    """Whether a line passes the filters that a log query begins with: no other needs to be held in memory."""
    stages = loki_order(expr.stages) if isinstance(expr, LogQuery) else []
    first = takewhile(lambda stage: isinstance(stage, LineFilter), (stage for _, stage in stages))
    tests = [compile_line_filter(stage) for stage in first if isinstance(stage, LineFilter)]
    passes = chain(tests)
    return (lambda line: passes(Row(0, line, {}, NO_METADATA))) if tests else lambda _line: True
