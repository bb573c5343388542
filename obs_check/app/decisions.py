"""Every audited request that Loki has of a window, page by page: what was read is on the disk before more is asked for,
so that it takes the memory of one page, and can be gone on with where it stopped."""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta, Struct, to_builtins

from obs_check.boundary.log_lines import decided_in
from obs_check.client.answer import NoJson, as_type, decode_json
from obs_check.client.files.text_files import write_result
from obs_check.client.loki.client import LokiClient, StoredLine, most_at_once
from obs_check.errors import InputError, Refused, with_room
from obs_check.follow.hop import PathName
from obs_check.follow.hops import OF_PATH, queries_of
from obs_check.model.secret import hide_secrets
from obs_check.model.tree import Json
from obs_check.model.window import Window
from obs_check.model.wording import count_noun

PAGE = 5000
"""Lines of one question (Loki 3.5: max_entries_limit_per_query)."""
ROWS, STATE = "decisions.part.jsonl", "decisions.part.json"
"""What was read so far, and where to go on."""
_HUMAN = re.compile(r'(?P<name>\w+)=(?P<value>"(?:[^"\\]|\\.)*"|\S+)')


_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class _Window(Struct):
    start_ns: _Count
    end_ns: _Count


class _Query(Struct):
    path: PathName
    expr: str
    from_ns: _Count
    seen: list[str]
    done: bool


class _State(Struct):
    """What the state file holds."""

    window: _Window
    queries: list[_Query]
    rows: _Count
    size: _Count
    crowded: _Count


@dataclass(slots=True)
class Collected:
    """How far a collection is: a query of each path and from when (ns) it goes on, beyond the lines at that moment
    which were read already (`seen`, hashes)."""

    window: Window
    queries: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    size: int = 0
    crowded: int = 0
    """Moments at which Loki has more lines than it gives at once: the rest of them was not read."""

    @property
    def done(self) -> bool:
        """Whether the window was read to its end."""
        return all(query["done"] for query in self.queries)

    def to_json(self) -> dict[str, Any]:
        """What the state file holds."""
        return {
            "window": self.window.to_json(),
            "queries": self.queries,
            "rows": self.rows,
            "size": self.size,
            "crowded": self.crowded,
        }


def collect(loki: LokiClient, window: Window, folder: Path, say: Callable[[str], None], page: int = PAGE) -> Collected:
    """Read the decisions of a window into a folder, or go on with what an interrupted command left there, which keeps
    its own window. Raises what Loki raises, and InputError for a folder that cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = _left(folder / STATE)
        if found is None:
            found = Collected(window, list(_queries(loki, window)))
            for path in OF_PATH:
                if all(query["path"] != path for query in found.queries):
                    say(f"path {path}: Loki has no line of it in this window")
        else:
            say(f"going on behind {count_noun(found.rows, 'decision')} that an earlier command read")
        with (folder / ROWS).open("ab") as file:
            file.truncate(found.size)
            for query in found.queries:
                before = found.rows
                while not query["done"]:
                    page = _page(loki, query, found, file, page)
                    file.flush()
                    os.fsync(file.fileno())
                    found.size = file.tell()
                    write_result(folder / STATE, json.dumps(found.to_json()))
                    say(f"path {query['path']}: {count_noun(found.rows - before, 'decision')} read")
    except OSError as error:
        hint = with_room(error, "name a folder that can be written")
        raise InputError(f"{error.filename or folder / ROWS}: {error.strerror}", hint) from error
    return found


def rows_of(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows that were collected in a folder, one by one."""
    with (folder / ROWS).open("rb") as file:
        for line in file:
            yield json.loads(line)


def forget(folder: Path) -> None:
    """Remove what only going on would need."""
    for name in (ROWS, STATE):
        (folder / name).unlink(missing_ok=True)


def decision_of(path: PathName, stored: StoredLine) -> dict[str, Any] | None:
    """A row of the table: what a line says of a request, without secrets; None for a line that says nothing of one."""
    found = _boundary(stored.line) if path == "A" else _coderd(stored.line)
    if found is None:
        return None
    try:
        host = urlsplit(found["url"]).hostname or ""
    except ValueError:
        host = ""
    shown = {name: hide_secrets(text) for name, text in found.items()}
    labels = {name: hide_secrets(text) for name, text in stored.labels.items()}
    return {"path": path, "stored": stored.ts, **shown, "host": host, "labels": labels}


def _boundary(line: str) -> dict[str, Any] | None:
    said = decided_in(line)
    return said and {"decision": said.decision, "method": said.method, "url": said.url, "rule": said.rule}


def _coderd(line: str) -> dict[str, Any] | None:
    fields: dict[str, Json]
    start = line.find("{")
    try:
        document = decode_json(line[start:].encode()) if start >= 0 else None
    except NoJson:
        document = None
    if isinstance(document, dict) and isinstance(document.get("fields"), dict):
        fields = document["fields"]
    else:
        fields = {m["name"]: m["value"].strip('"').replace('\\"', '"') for m in _HUMAN.finditer(line)}
    if fields.get("decision") not in ("allow", "deny"):
        return None
    names = {
        "decision": "decision",
        "method": "http_method",
        "url": "http_url",
        "rule": "matched_rule",
        "event_time": "event_time",
        "owner": "owner",
        "workspace": "workspace_name",
        "agent": "agent_name",
    }
    return {name: str(fields.get(of) or "") for name, of in names.items()}


def _queries(loki: LokiClient, window: Window) -> Iterator[dict[str, Json]]:
    """For each path the first label whose streams have lines of it: a selector needs one."""
    names = loki.labels(window).value
    for path in OF_PATH:
        for expr in queries_of(path, names):
            if loki.entries(expr, window, 1).value:
                yield {"path": path, "expr": expr, "from_ns": window.start_ns, "seen": [], "done": False}
                break


def _page(loki: LokiClient, query: dict[str, Any], found: Collected, file: Any, page: int) -> int:
    """Read one page of a query and note where the next one begins; returns how many lines a page has."""
    at = query["from_ns"]
    try:
        lines = loki.oldest(query["expr"], Window(at, found.window.end_ns), page).value
    except Refused as refused:
        allowed = most_at_once(refused)
        if allowed is None or allowed >= page:
            raise
        return allowed
    seen = set(query["seen"])
    new = [line for line in lines if line.ts != at or _hash(line) not in seen]
    for line in new:
        row = decision_of(query["path"], line)
        if row is not None:
            file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            found.rows += 1
    last = max((line.ts for line in lines), default=at)
    query["done"] = len(lines) < page
    if not new and not query["done"]:
        # As many lines of one moment as Loki gives at once: what else it has of it cannot be asked for.
        found.crowded += 1
        query["from_ns"], query["seen"] = at + 1, []
        return page
    query["seen"] = sorted({*(seen if last == at else ()), *(_hash(line) for line in lines if line.ts == last)})
    query["from_ns"] = last
    return page


def _hash(line: StoredLine) -> str:
    text = json.dumps([sorted(line.labels.items()), line.line], ensure_ascii=False)
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def _left(path: Path) -> Collected | None:
    if not path.exists():
        return None
    try:
        kept = as_type(decode_json(path.read_bytes()), _State)
        window = Window(kept.window.start_ns, kept.window.end_ns)
        return Collected(window, [to_builtins(one) for one in kept.queries], kept.rows, kept.size, kept.crowded)
    except (NoJson, ValueError) as error:
        raise InputError(f"{path}: not what an earlier command left", "remove it to begin anew") from error
