"""`| unpack`: the labels and the line that promtail's pack stage put into JSON."""

from obs_check.logql.stages.json_full import JSON_ERROR
from obs_check.logql.stages.json_scan import JsonFault, members, unescape
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row, StageFunction

ENTRY = "_entry"


def compile_unpack() -> StageFunction:
    """Only a line with "_entry" is unpacked: its strings become labels, and "_entry" the line (Loki 3.5)."""

    def unpack(row: Row) -> bool:
        line = row.line
        if not line:
            return True
        if line[0] != "{":
            row.fail(JSON_ERROR, "expecting json object(6), but it is not")
            return True
        packed: str | None = None
        found: dict[str, str] = {}
        taken = row.taken()
        try:
            for key, value in members(line):
                if value.kind != "string":
                    continue
                if key == ENTRY:
                    packed = unescape(value.text)
                    continue
                name = sanitise(key + DUPLICATE_SUFFIX if key in row.stream else key)
                if taken is None or name not in taken:
                    found[name] = unescape(value.text) or ""
        except JsonFault as fault:
            row.fail(JSON_ERROR, str(fault))
            return True
        if packed is not None:
            row.parsed.update(found)
            row.line = packed
        return True

    return unpack
