"""A document for a person at a terminal: the verdict and the causes first, then what is not as it should be, then what
to type next."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

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
from obs_check.report.tables import known
from obs_check.report.terminal import visible

_WRONG_MEANINGS = frozenset({"broken_zero", "false_green"})
SAFETY = {
    "safe": "changes what is shown only, and was read with it",
    "review": "may change what is collected, kept or meant: read it first",
    "manual": "a person has to do it",
}
_PATHS = {"A": "boundary's log files", "B": "coderd's log"}


def print_document(
    document: Mapping[str, Any],
    file: TextIO,
    color: bool,
    diffs: bool = True,
    everything: bool = False,
    options: str = "",
) -> None:
    """Print what a document says. `diffs` shows the fixes as patches; `everything` also what is as it should be, and
    the probes of every cause. `options` are those that the next command needs, too."""
    console = make_console(file, color)
    console.print(_headline(document))
    for part in (document.get("result") or {}).get("parts") or ():
        if part.get("part") == "healthy" and part.get("verdict") in ("fail", "unknown"):
            console.print(Text(visible(f"workspace {part['verdict']}: {part['says']}"), STYLES.get("fail", "")))
            for line in (*part.get("why", ()), *part.get("lines", ())):
                console.print(Text(visible(f"   {line}"), "dim"))
    for number, finding in enumerate(document.get("findings") or (), start=1):
        print_finding(console, number, finding, everything)
    for text in document.get("unexplained") or ():
        console.print(Text(visible(f"unexplained: {text}"), "yellow"))
    for text in document.get("outages") or ():
        console.print(Text(visible(f"did not answer: {text}"), "yellow"))
    _print_hops(console, list(document.get("hops") or ()), everything)
    _print_panels(console, list(document.get("panels") or ()), everything)
    control = [row for row in document.get("control") or () if everything or row.get("meaning") in _WRONG_MEANINGS]
    if control:
        console.print(control_table(control))
    if document.get("suggested"):
        console.print(suggested_table(document["suggested"]))
    if document.get("command") == "confirm":
        _print_comparison(console, document, everything)
    if diffs:
        _print_patches(console, document.get("findings") or ())
    if step := next_step(document, options):
        console.print(Text(f"next: {step}", "bold"))


def summary(document: Mapping[str, Any]) -> str:
    """How many causes explain how many of the panels that are not as they should be; empty when all are."""
    every = list(document.get("panels") or ())
    wrong = [row for row in every if row.get("verdict") == "fail"]
    explained = [row for row in wrong if row.get("cause")]
    numbers = {row.get("id") for row in wrong}
    findings = [f for f in document.get("findings") or () if numbers & set(f.get("panels") or ())]
    causes = {f.get("cause") for f in findings} or {row["cause"] for row in explained}
    parts = []
    if explained:
        verb = "explains" if len(causes) == 1 else "explain"
        parts.append(f"{_many(len(causes), 'cause')} {verb} {len(explained)} of {_many(len(every), 'panel')}")
    if len(wrong) > len(explained):
        parts.append(f"{_many(len(wrong) - len(explained), 'panel')} unexplained")
    return ", ".join(parts)


def next_step(document: Mapping[str, Any], options: str = "") -> str:
    """The command to type now, with these options; empty where there is nothing to do."""
    verdict, command = document.get("verdict"), document.get("command")
    if verdict == "unknown":
        return "" if document.get("ended") else f"obs-check {command}{options} again, once all of the above answers"
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
        review = " --also-review" if any(f["fix"].get("safety") == "review" for f in fixable) else ""
        return f"{diagnose} --apply{review}, restart what reads the files, then obs-check confirm last{options}"
    return f"obs-check explain {causes[0]} says what to do; then obs-check {command}{options} again"


def print_finding(console: Console, number: int, finding: Mapping[str, Any], everything: bool) -> None:
    """A cause: its claim, both sides of its proof, the fix in one line, the panels that it explains, and its page."""
    severity = str(finding.get("severity") or "")
    head = Text(f"\n{number}. ")
    head.append(str(finding.get("cause")), "bold")
    head.append(f" {known(finding)}", STYLES.get(severity, "cyan"))
    console.print(head)
    console.print(Text(visible(f"   {finding.get('claim', '')}")))
    for words, probe in _shown_probes(finding, everything):
        console.print(Text(f"   {words}{probe_line(probe)}", "dim"))
    fix = finding.get("fix") or {}
    if fix.get("summary"):
        place = f" in {fix['path']}" if fix.get("path") else ""
        safety = str(fix.get("safety") or "manual")
        console.print(Text(visible(f"   fix ({safety}: {SAFETY.get(safety, '')}): {fix['summary']}{place}"), "cyan"))
    panels = [str(panel) for panel in finding.get("panels") or ()]
    if panels:
        console.print(Text(f"   explains {'panels' if len(panels) > 1 else 'panel'} {', '.join(panels)}"))
    console.print(Text(visible(f"   page: obs-check explain {finding.get('cause')}"), "dim"))


def _headline(document: Mapping[str, Any]) -> Text:
    verdict = str(document.get("verdict") or "unknown")
    run = f"run {document['run']}: " if document.get("run") else ""
    ended = document.get("ended")
    suffix = visible(f" ({ended}: only what was found so far)") if ended else ""
    said = summary(document)
    return Text.assemble(f"{run}verdict ", (verdict, STYLES.get(verdict, "")), suffix, f": {said}" if said else "")


def _shown_probes(finding: Mapping[str, Any], everything: bool) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The last question of either side of a proof, or what was seen; all of them where everything is shown."""
    probes = list(finding.get("probes") or ())
    evidence = finding.get("evidence") or {}
    if not probes:
        return
    if evidence.get("kind") == "proof":
        first = int(evidence["as_written"])
        pair = set(evidence.get("pair") or (first - 1, first))
        for number, probe in enumerate(probes):
            if everything or number in pair:
                yield "as written " if number < first else "changed    ", probe
        return
    for probe in probes if everything else probes[-1:]:
        yield "seen       " if evidence else "", probe


def _print_hops(console: Console, hops: Sequence[Mapping[str, Any]], everything: bool) -> None:
    odd = [row for row in hops if everything or row.get("verdict") != "ok"]
    if odd:
        console.print()
        console.print(hop_table(odd, console.width < NARROW))
        shown = sorted({str(row.get("path")) for row in odd} & set(_PATHS))
        console.print(Text("; ".join(f"path {path}: {_PATHS[path]}" for path in shown), "dim"))
    if hops and len(odd) < len(hops):
        console.print(Text(f"{len(hops) - len(odd)} of {len(hops)} hops as they should be"))


def _print_panels(console: Console, panels: Sequence[Mapping[str, Any]], everything: bool) -> None:
    odd = [row for row in panels if everything or row.get("verdict") != "ok"]
    if odd:
        console.print()
        console.print(panel_table(odd, console.width < NARROW and not everything))
    notes = [(row.get("id"), note) for row in panels for note in row.get("notes") or ()]
    for note in dict.fromkeys(note for _, note in notes):
        numbers = ", ".join(str(number) for number, said in notes if said == note)
        console.print(Text(visible(f"note on panel {numbers}: {note}")))
    if panels and len(odd) < len(panels):
        console.print(Text(f"{len(panels) - len(odd)} of {len(panels)} panels as they should be"))


def _print_comparison(console: Console, document: Mapping[str, Any], everything: bool) -> None:
    """What changed since the run before, and what is still broken."""
    hops = ((row["path"], row["hop"], row) for row in document.get("hop_comparison") or ())
    panels = ((row["id"], row["title"], row) for row in document.get("comparison") or ())
    rows = [*hops, *panels]
    if not rows:
        return
    console.print()
    for place, name, row in rows:
        if everything or row["change"] != "unchanged":
            said = f"{place:>4} {row['change']:13} {name}: {row['before']} -> {row['after']}"
            console.print(Text(visible(said)), soft_wrap=True)
    if not everything and (same := sum(row["change"] == "unchanged" for _, _, row in rows)):
        console.print(Text(f"{same} of {len(rows)} hops and panels unchanged"))


def _print_patches(console: Console, findings: Sequence[Mapping[str, Any]]) -> None:
    """The fixes as plain patches: neither wrapped nor indented, so that `patch -p1` takes them."""
    for finding in findings:
        diff = str((finding.get("fix") or {}).get("diff") or "")
        if not diff:
            continue
        console.print()
        for line in diff.rstrip("\n").split("\n"):
            style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
            console.print(Text(visible(line), style), soft_wrap=True)


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
