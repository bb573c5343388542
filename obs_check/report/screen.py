"""A document for a person at a terminal: the verdict and the causes first, then what is not as it should be, then what
to type next."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any, Literal, TextIO

from rich.console import Console
from rich.text import Text

from obs_check.app.verify.document import Document, JsonFinding, JsonProbe
from obs_check.model.secret import shorten
from obs_check.model.tree import integer_at, mapping_at, text_at
from obs_check.model.wording import count_noun
from obs_check.report.console import (
    NARROW,
    STYLES,
    control_table,
    hop_table,
    make_console,
    panel_table,
    probe_line,
    suggested_table,
)
from obs_check.report.tables import severity_and_kind, told_findings
from obs_check.report.terminal import escape_controls, in_one_line

_WRONG_MEANINGS = frozenset({"broken_zero", "false_green"})
SAFETY = {
    "safe": "changes what is shown only, and was read with it",
    "review": "may change what is collected, kept or meant: read it first",
    "manual": "a person has to do it",
}
Diffs = Literal["none", "short", "all"]
_SHORT_DIFF = 12
"""Rows of a patch that is shown unasked."""
_NO_TAGS = 60
"""Fewer columns than these leave no room for a tag in the table of hops."""
_CLAIM_COLUMNS = 80
_CLAIM_ROWS = 2
_WHOLE = 10**6
_INDENT = 3
_PATHS = {"A": "boundary's log files", "B": "coderd's log"}


def print_document(
    document: "Document",
    file: TextIO,
    color: bool,
    diffs: Diffs = "short",
    everything: bool = False,
    options: str = "",
    leads_on: bool = True,
) -> None:
    """Print what a document says, so that three causes and their panels fit two screens of 24 rows. `diffs` are the
    fixes that are shown as patches; `everything` shows also what is as it should be, whole texts and patches, and the
    probes of every cause. `options` are those that the next command needs, too; it is left out unless this `leads_on`
    to it."""
    console = make_console(file, color)
    console.print(_headline(document))
    result = document.get("result")
    for part in (result and result.get("parts")) or ():
        if part.get("part") == "healthy" and part.get("verdict") in ("fail", "unknown"):
            console.print(Text(escape_controls(f"workspace {part['verdict']}: {part['says']}"), STYLES.get("fail", "")))
            for line in (*part.get("why", ()), *part.get("lines", ())):
                console.print(Text(escape_controls(f"   {line}"), "dim"))
    explained: set[str] = set()
    for number, finding in enumerate(told_findings(document), start=1):
        print_finding(console, number, finding, everything, explained)
    for text in document.get("unexplained") or ():
        console.print(Text(escape_controls(f"unexplained: {text}"), "yellow"))
    for text in document.get("outages") or ():
        console.print(Text(escape_controls(f"did not answer: {text}"), "yellow"))
    _print_hops(console, list(document.get("hops") or ()), everything)
    _print_panels(console, document, everything)
    _print_control(console, document, everything)
    _print_suggested(console, list(document.get("suggested") or ()), everything)
    if document.get("command") == "confirm":
        _print_comparison(console, document, everything)
    _print_patches(console, document.get("findings") or (), "all" if everything and diffs != "none" else diffs)
    if leads_on:
        print_next(document, file, color, options)


def print_next(document: "Document", file: TextIO, color: bool, options: str = "") -> None:
    """Print the command to type now, where there is one; see `next_step`."""
    if step := next_step(document, options):
        make_console(file, color).print(Text(f"next: {step}", "bold"))


def summary(document: "Document") -> str:
    """How many causes explain how many of the panels that are not as they should be; empty when all are."""
    every = list(document.get("panels") or ())
    wrong = [row for row in every if row.get("verdict") == "fail"]
    explained = [row for row in wrong if row.get("cause")]
    numbers = {row.get("id") for row in wrong}
    findings = [f for f in document.get("findings") or () if numbers & set(f.get("panels") or ())]
    causes = {text_at(f, "cause") for f in findings} or {text_at(row, "cause") for row in explained}
    parts = []
    if explained:
        verb = "explains" if len(causes) == 1 else "explain"
        parts.append(f"{count_noun(len(causes), 'cause')} {verb} {len(explained)} of {count_noun(len(every), 'panel')}")
    if len(wrong) > len(explained):
        parts.append(f"{count_noun(len(wrong) - len(explained), 'panel')} unexplained")
    return ", ".join(parts)


def next_step(document: "Document", options: str = "") -> str:
    """The command to type now, with these options; empty where there is nothing to do."""
    verdict, command = document.get("verdict"), document.get("command")
    if document.get("ended"):
        # What was sent is not lost, and how far it got is still to be seen.
        sent = document.get("events") and command in ("verify", "diagnose", "inject", "confirm")
        return f"obs-check trace {document.get('run')}{options} follows what was sent" if sent else ""
    if command == "diagnose" and (changes := document.get("changes")):
        fixes = [mapping_at(f, "fix") for f in document.get("findings") or ()]
        files = any(fix.get("path") and str(fix["path"]) in line for fix in fixes for line in changes)
        return f"{'restart what reads the files, then ' if files else ''}obs-check confirm last{options}"
    # These two are about a run that has to be named.
    again = {"confirm": "confirm last", "trace": f"trace {document.get('run')}"}.get(str(command), command)
    if verdict == "unknown":
        if command == "diagnose" and not document.get("run") and not document.get("outages"):
            return f"obs-check diagnose{options} --inject sends events, and tells a true zero from a broken one"
        return f"obs-check {again}{options} again, once all of the above answers"
    if verdict != "fail" or command == "demo":
        return ""
    causes = [str(finding.get("cause")) for finding in document.get("findings") or ()]
    diagnose = f"obs-check diagnose{options} --inject"
    if not causes:
        return f"{diagnose} -v shows every probe"
    fixable = [f for f in document.get("findings") or () if (f.get("fix") or {}).get("diff")]
    if fixable and not document.get("suggested"):
        return f"{diagnose} --suggest shows the patches"
    if fixable:
        review = " --also-review" if any(text_at(f, "fix", "safety") == "review" for f in fixable) else ""
        files = any(not _of_dashboard(mapping_at(f, "fix")) for f in fixable)
        restart = " restart what reads the files," if files else ""
        return f"{diagnose} --apply{review},{restart} then obs-check confirm last{options}"
    return f"obs-check explain {causes[0]} says what to do; then obs-check {again}{options} again"


def print_finding(console: Console, number: int, finding: "JsonFinding", everything: bool, explained: set[str]) -> None:
    """A cause: its claim, both sides of its proof, the fix in one line, the panels that it explains, and its page.
    Texts are cut unless everything is shown; `explained` has the words whose meaning stands above already."""
    severity = str(finding.get("severity") or "")
    head = Text(f"{number}. ")
    head.append(str(finding.get("cause")), "bold")
    head.append(f" {severity_and_kind(finding)}", STYLES.get(severity, "cyan"))
    console.print(head)
    # The number that decides stands at the end of many a claim: a narrow screen gets as much of it.
    rows = _WHOLE if everything else _CLAIM_ROWS * max(1, -(-_CLAIM_COLUMNS // console.width))
    _indented(console, str(finding.get("claim", "")), "", rows)
    aside = severity == "info" and not everything
    for words, probe in () if aside else _shown_probes(finding, everything):
        room = None if everything else console.width - _INDENT - len(words)
        _indented(console, words + probe_line(probe, room), "dim", _WHOLE)
    fix = finding.get("fix") or {}
    if fix.get("summary") and not aside:
        path = str(fix.get("path") or "")
        place = f" in {path if everything else path.rpartition('/')[2]}" if path else ""
        safety = str(fix.get("safety") or "manual")
        _indented(console, f"fix ({safety}): {fix['summary']}{place}", "cyan", _WHOLE if everything else 1)
        if safety not in explained:
            explained.add(safety)
            _indented(console, f"{safety}: {SAFETY.get(safety, '')}", "dim", 1)
    panels = [str(panel) for panel in finding.get("panels") or ()]
    said = f"explains {'panels' if len(panels) > 1 else 'panel'} {', '.join(panels)}; " if panels else "page: "
    _indented(console, f"{said}obs-check explain {finding.get('cause')}", "dim", _WHOLE)


def _indented(console: Console, text: str, style: str, most: int) -> None:
    """A text three columns in, in at most so many rows; … stands where it is cut."""
    width = console.width - _INDENT
    rows = list(Text(escape_controls(text)).wrap(console, width))
    if len(rows) > most:
        cut = f"{rows[most - 1].plain.rstrip()} {rows[most].plain.strip()}"
        rows = [*rows[: most - 1], Text(shorten(cut, width))]
    for row in rows:
        console.print(Text(" " * _INDENT + row.plain.rstrip(), style), soft_wrap=True)


def _headline(document: "Document") -> Text:
    verdict = str(document.get("verdict") or "unknown")
    run = f"run {document['run']}: " if document.get("run") else ""
    ended = document.get("ended")
    suffix = escape_controls(f" ({ended}: only what was found so far)") if ended else ""
    said = summary(document)
    return Text.assemble(f"{run}verdict ", (verdict, STYLES.get(verdict, "")), suffix, f": {said}" if said else "")


def _shown_probes(finding: "JsonFinding", everything: bool) -> Iterator[tuple[str, "JsonProbe"]]:
    """The last question of either side of a proof, or what was seen; all of them where everything is shown."""
    probes = list(finding.get("probes") or ())
    evidence = finding.get("evidence") or {}
    if not probes:
        return
    if evidence.get("kind") == "proof":
        first = integer_at(evidence, "as_written") or 0
        pair = set(evidence.get("pair") or (first - 1, first))
        for number, probe in enumerate(probes):
            if everything or number in pair:
                yield "as written " if number < first else "changed    ", probe
        return
    for probe in probes if everything else probes[-1:]:
        yield "seen       " if evidence else "", probe


def _as_it_should(rows: Sequence[Mapping[str, object]], what: str) -> str:
    """How many of the rows are ok, and how many nobody knows of."""
    right, unknown = (sum(row.get("verdict") == verdict for row in rows) for verdict in ("ok", "unknown"))
    return f"{right} of {len(rows)} {what} as they should be{f', {unknown} unknown' if unknown else ''}"


def _print_hops(console: Console, hops: Sequence[Mapping[str, object]], everything: bool) -> None:
    odd = [row for row in hops if everything or row.get("verdict") != "ok"]
    shown = sorted({str(row.get("path")) for row in odd} & set(_PATHS))
    paths = ", ".join(f"{path}: {_PATHS[path]}" for path in shown)
    if odd:
        narrow, tiny = (console.width < columns and not everything for columns in (NARROW, _NO_TAGS))
        console.print(hop_table(odd, narrow, tiny))
    if hops:
        right = _as_it_should(hops, "hops")
        console.print(Text(f"{right}; {paths}" if paths else right, "dim"))


def _print_panels(console: Console, document: "Document", everything: bool) -> None:
    """A narrow table has of a cause the number that it has above."""
    panels = list(document.get("panels") or ())
    odd = [row for row in panels if everything or row.get("verdict") != "ok"]
    narrow = console.width < NARROW and not everything
    if odd and narrow:
        places = {f.get("cause"): str(n) for n, f in reversed([*enumerate(document.get("findings") or (), 1)])}
        odd = [{**row, "cause": places.get(row.get("cause"), row.get("cause"))} for row in odd]
    if odd:
        console.print(panel_table(odd, narrow))
    notes = [(row.get("id"), note) for row in panels for note in row.get("notes") or ()]
    for note in dict.fromkeys(note for _, note in notes):
        numbers = [str(number) for number, said in notes if said == note]
        named = f"panel{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
        console.print(Text(escape_controls(f"note on {named}: {note}")))
    if panels:
        console.print(Text(_as_it_should(panels, "panels"), "dim"))


def _print_control(console: Console, document: "Document", everything: bool) -> None:
    """What the events moved; panels that stand above with what they read need no second row."""
    rows = list(document.get("control") or ())
    above = {row.get("id") for row in document.get("panels") or () if row.get("verdict") != "ok"}
    wrong = [row for row in rows if row.get("meaning") in _WRONG_MEANINGS]
    shown = rows if everything else [row for row in wrong if row.get("id") not in above]
    if shown:
        console.print(control_table(shown))
    if len(wrong) > len(shown):
        console.print(Text(f"positive control: {len(wrong)} of {len(rows)} panels do not move as the events do", "dim"))


def _print_suggested(console: Console, rows: Sequence[Mapping[str, object]], everything: bool) -> None:
    """What panels would read with the fixes; those that would read as they should are counted. Each fix is read on top
    of those before it, so a panel's last row is the one with all of them."""
    last = list({(row.get("id"), row.get("title")): row for row in rows}.values())
    odd = rows if everything else [row for row in last if row.get("verdict") != "ok"]
    if odd:
        console.print(suggested_table(odd))
    if last:
        right = sum(row.get("verdict") == "ok" for row in last)
        console.print(Text(f"with the fixes, read without saving them: {right} of {len(last)} panels right", "dim"))


def _print_comparison(console: Console, document: "Document", everything: bool) -> None:
    """What changed since the run before, and what is still broken."""
    hops = ((row["path"], row["hop"], row) for row in document.get("hop_comparison") or ())
    panels = ((row["id"], row["title"], row) for row in document.get("comparison") or ())
    rows = [*hops, *panels]
    if not rows:
        return
    console.print()
    for place, name, row in rows:
        if everything or row["change"] != "unchanged":
            head = f"{place:>4} {row['change']:13} "
            room = _WHOLE if everything else console.width - len(head)
            console.print(Text(head + _change_line(name or "", row["before"] or "", row["after"] or "", room)))
    if not everything and (same := sum(row["change"] == "unchanged" for _, _, row in rows)):
        console.print(Text(f"{same} of {count_noun(len(rows), 'hop')} and panels unchanged"))


def _change_line(name: str, before: str, after: str, most: int) -> str:
    """`name: before -> after` in so many characters: each is cut where the others leave it no room."""
    name, before, after = (in_one_line(text) for text in (name, before, after))
    room = most - len(": ") - len(" -> ")
    name = shorten(name, max(room // 3, room - len(before) - len(after)))
    room -= len(name)
    before = shorten(before, max(room // 2, room - len(after)))
    return f"{name}: {before} -> {shorten(after, room - len(before))}"


def _print_patches(console: Console, findings: Sequence[Mapping[str, Any]], which: Diffs) -> None:
    """The fixes as plain patches: neither wrapped nor indented, so that `patch -p1` takes them."""
    left = 0
    for finding in findings if which != "none" else ():
        diff = str((finding.get("fix") or {}).get("diff") or "").rstrip("\n")
        if not diff:
            continue
        rows = diff.split("\n")
        if which == "short" and len(rows) > _SHORT_DIFF:
            left += 1
            continue
        path = str(finding["fix"].get("path") or "")
        of_file = f"to apply it as text: cd {quote(str(Path(path).parent))} && patch -p1"
        in_grafana = f"{path}, which --apply saves in Grafana: no file to patch"
        console.print()
        where = in_grafana if _of_dashboard(finding["fix"]) else of_file
        console.print(Text(escape_controls(f"# {where}"), "dim"), soft_wrap=True)
        for line in rows:
            style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
            console.print(Text(escape_controls(line), style), soft_wrap=True)
    if left:
        console.print(Text(f"-v shows {count_noun(left, 'longer patch')}", "dim"))


def _of_dashboard(fix: Mapping[str, object]) -> bool:
    return str(fix.get("path") or "").startswith("dashboard:")
