"""The part of coderd's database that a dashboard asks: firewall sessions, their requests and the workspace agents.

DuckDB stands for PostgreSQL: a query is translated, and what the role may not read is refused in PostgreSQL's words.
"""

import threading
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from obs_check.boundary.coderd import AgentLog

if TYPE_CHECKING:
    import duckdb

TABLES = ("workspace_agents", "boundary_sessions", "boundary_logs")
_SCHEMA = """
SET TimeZone = 'UTC';
CREATE TABLE IF NOT EXISTS workspace_agents (id UUID PRIMARY KEY, name VARCHAR, created_at TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS boundary_sessions (
    id UUID PRIMARY KEY, workspace_agent_id UUID, confined_process_name VARCHAR,
    started_at TIMESTAMPTZ, updated_at TIMESTAMPTZ
);
CREATE TABLE IF NOT EXISTS boundary_logs (
    id UUID PRIMARY KEY, session_id UUID, sequence_number INTEGER, captured_at TIMESTAMPTZ, created_at TIMESTAMPTZ,
    proto VARCHAR, method VARCHAR, detail VARCHAR, matched_rule VARCHAR
);
"""
_ROWS_AT_ONCE = 500
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"


class SqlError(Exception):
    """A query that PostgreSQL would refuse, in its words."""


class Table(NamedTuple):
    """An answer: names, DuckDB's types, and rows."""

    names: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]


class LabDatabase:
    """Tables in memory, or in the file `path`, which keeps them; `grants` are those that the dashboard's role may read.
    Safe from any thread."""

    def __init__(self, now_ns: Callable[[], int], grants: Collection[str] = TABLES, path: Path | None = None) -> None:
        self._now_ns = now_ns
        self._path = path
        self._grants = frozenset(grants)
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._running = False
        self._next: dict[str, int] = {}
        self._waiting: list[tuple[str, str, list[AgentLog], datetime]] = []
        """Batches that nobody has asked about yet."""
        self._agents: list[tuple[uuid.UUID, str, datetime]] = []

    def register(self, agent: str) -> None:
        """Know a workspace's agent, as coderd does from the workspace's build on, before it sends anything."""
        self._agents.append((_agent_id(agent), agent, _at(self._now_ns())))

    def start(self) -> None:
        """Let it be asked; the tables are made when they first are, because DuckDB takes its time to load."""
        self._running = True

    def stop(self) -> None:
        """End; without a file everything is forgotten. Stopping twice is not an error."""
        with self._lock:
            if self._path is not None:
                self._write()
            self._waiting.clear()
            self._running = False
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._next.clear()

    def _connected(self) -> "duckdb.DuckDBPyConnection | None":
        if self._running and self._connection is None:
            import duckdb

            self._connection = duckdb.connect(
                self._path or ":memory:", config={"threads": 1, "enable_external_access": False}
            )
            self._connection.execute(_SCHEMA)
            for agent in self._agents:
                self._connection.execute("INSERT OR IGNORE INTO workspace_agents VALUES (?, ?, ?)", agent)
        return self._connection

    def record(self, agent: str, process: str, batch: Sequence[AgentLog]) -> None:
        """Write the rows of one batch of a registered agent: its session at the first one, a row a request.

        coderd: only a batch with a session id is written; a request without a rule was denied.
        """
        logs = [log for log in batch if log.session_id]
        with self._lock:
            if not self._running or not logs:
                return
            self._waiting.append((agent, process, logs, _at(self._now_ns())))
            # A statement costs more than a row.
            if sum(len(waiting) for _, _, waiting, _ in self._waiting) >= _ROWS_AT_ONCE:
                self._write()

    def _write(self) -> None:
        """Write the rows that wait; the lock is held."""
        waiting, self._waiting = self._waiting, []
        connection = self._connected() if waiting else None
        if connection is None:
            return
        ask = connection.execute
        rows: list[object] = []
        for agent, process, logs, now in waiting:
            session = logs[0].session_id
            if session not in self._next:
                begun = [session, _agent_id(agent), process, now, now]
                ask("INSERT OR IGNORE INTO boundary_sessions VALUES (?, ?, ?, ?, ?)", begun)
                count = "SELECT count(*) FROM boundary_logs WHERE session_id = ?"
                self._next[session] = ask(count, [session]).fetchall()[0][0]
            for number, log in enumerate(logs, self._next[session]):
                rule = log.matched_rule if log.allowed else None
                rows += [uuid.uuid4(), session, number, _at(log.time_ns), now, "http", log.method, log.url, rule]
            self._next[session] += len(logs)
        for session, now in {logs[0].session_id: now for _, _, logs, now in waiting}.items():
            ask("UPDATE boundary_sessions SET updated_at = ? WHERE id = ?", [now, session])
        every = sum(len(logs) for _, _, logs, _ in waiting)
        ask(f"INSERT INTO boundary_logs VALUES {', '.join([_ROW] * every)}", rows)

    def query(self, sql: str) -> Table:
        """The answer to one SELECT of the dashboard's role; SqlError in PostgreSQL's words."""
        import duckdb

        translated = self._translated(sql)
        with self._lock:
            connection = self._connected()
            if connection is None:
                raise SqlError("the database system is shutting down")
            self._write()
            try:
                result = connection.execute(translated)
                described = result.description or []
                return Table([d[0] for d in described], [str(d[1]) for d in described], result.fetchall())
            except duckdb.Error as error:
                raise SqlError(str(error).splitlines()[0]) from error

    def _translated(self, sql: str) -> str:
        import sqlglot
        from sqlglot import exp
        from sqlglot.errors import SqlglotError

        try:
            trees = sqlglot.parse(sql, read="postgres")
        except SqlglotError as error:
            raise SqlError(f"syntax error: {str(error).splitlines()[0]}") from error
        tree = trees[0] if len(trees) == 1 else None
        if not isinstance(tree, exp.Query):
            raise SqlError("cannot execute anything but one SELECT in a read-only transaction")
        own = {cte.alias for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if table.name in own:
                continue
            if table.name not in TABLES:
                raise SqlError(f'relation "{table.name}" does not exist')
            if table.name not in self._grants:
                raise SqlError(f"permission denied for table {table.name}")
        return tree.sql(dialect="duckdb")


def _agent_id(agent: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_DNS, agent)


def _at(ns: int) -> datetime:
    return datetime.fromtimestamp(ns / 1_000_000_000, UTC)
