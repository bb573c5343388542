"""`| unpack`: the labels and the line that promtail's pack stage put into JSON."""

from obs_check.logql.stages.hints import DROP, LabelNames, ParserHints
from obs_check.logql.stages.json_full import JSON_ERROR
from obs_check.logql.stages.json_scan import BAD_ESCAPE, JsonFault, JsonText, members, unescape
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.row import Row, StageFunction
from obs_check.logql.syntax import ast

ENTRY = "_entry"


def _unpacked(row: Row, names: LabelNames) -> tuple[str | None, list[tuple[str, str]]]:
    """The packed line, None where there is none, and the labels; JsonFault where the line is not JSON."""
    packed: str | None = None
    found = []
    for key, value in members(JsonText(row.line)):
        if value.kind != "string":
            continue
        if key == ENTRY:
            packed = unescape(value.text)
            if packed is None:
                raise JsonFault(BAD_ESCAPE)
            continue
        name = names[key] if key in names else names.decide(key, key, row)
        if name is not None and names.settle is not None:
            name = names.settle(row, name)
        if name is not None:
            found.append((sanitise(name), unescape(value.text) or ""))
    return packed, found


def compile_unpack(extraction: ParserHints) -> StageFunction:
    """Only a line with "_entry" is unpacked: its strings become labels, and "_entry" the line (Loki 3.5)."""
    names = LabelNames(extraction)
    after = extraction.after()

    def unpack(row: Row) -> bool:
        line = row.line
        if not line or extraction.idle(row):
            return True
        if line[0] != "{":
            row.fail(JSON_ERROR, "expecting json object(6), but it is not")
            return True
        try:
            packed, found = _unpacked(row, names)
        except JsonFault as fault:
            row.fail(JSON_ERROR, str(fault))
            return True
        if packed is None:
            return True
        row.line = packed
        for name, value in found:
            row.parsed[name] = value
            if after is not None and after(row, name) == DROP:
                return False
        return True

    return unpack


UNPACK = StageKind(
    ast.UnpackParser,
    lambda _stage, _settings, hints: compile_unpack(hints),
    lambda _stage: Effect(sets=None, reads_line=True, reads_fields=True, changes_line=True, error=JSON_ERROR),
    lambda stage, _style: f"| {stage.WORD}",
    lambda cursor, start: ast.UnpackParser(cursor.span_from(start)),
)
