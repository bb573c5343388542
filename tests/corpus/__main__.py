"""`make corpus`: seeds every fault, alone, in pairs and in variants of the stack, and says what was named."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from obs_check.lab.native import PROGRAMS
from tests.corpus import matrix
from tests.corpus.diagnosis import Diagnosis
from tests.corpus.labs import Answered, Apart, Cell, Crashed, diagnoses
from tests.corpus.native_table import write_table
from tests.corpus.plan import Seeded, healthy, pairs, singles
from tests.corpus.record import Record, commit_of
from tests.corpus.variants.registry import VARIANTS
from tests.corpus.variants.variant import Variant

Found = Mapping[Cell, Answered]
SIGNS_TOLD: dict[matrix.Judged, str] = {
    "right": "✓ the cause",
    "unexplained": "? unexplained",
    "false": "✗ another cause",
    "ok": "o nothing said",
    "crashed": "! no answer",
    "apart": "- no fault here",
}


def main() -> int:
    """Print the tables and the score; 1 when the score is below what is promised."""
    options = argparse.ArgumentParser(prog="tests.corpus", description=__doc__)
    options.add_argument("--jobs", type=int, default=4, help="labs at once")
    options.add_argument("--fault", action="append", help="only seeds with this fault; `none` is the healthy stack")
    options.add_argument("--variant", action="append", help="only this variant; `plain` is the stack as it is")
    options.add_argument("--all", action="store_true", help="every fault in every variant, not a sample of them")
    options.add_argument("--keep", type=Path, help="a folder for the document of each answer")
    options.add_argument("--record", type=Path, help="a file of answers: those of this commit are not asked for again")
    options.add_argument("--native", action="append", default=[], choices=PROGRAMS, help="this program from PATH")
    options.add_argument("--table", type=Path, help="a file for what was named with programs from PATH")
    asked = options.parse_args()
    native = tuple(dict.fromkeys(asked.native))
    record = Record(asked.record, commit_of(Path(__file__).parent)) if asked.record else None
    if record is not None and not record.commit:
        options.error("--record takes answers of one commit, and the tree holds changes: commit them first")
    variants = [v for v in VARIANTS if not asked.variant or v.id in asked.variant]
    kinds = {"single": singles(), "pair": pairs(), "healthy": healthy()}
    if native and not asked.variant:
        # Each lab takes half a minute to start and to be followed: the faults alone.
        kinds["pair"], variants = [], []
    wanted = {kind: [s for s in seeds if _is_asked(s, asked.fault)] for kind, seeds in kinds.items()}
    seeds = [*wanted["healthy"], *wanted["single"]]
    every = 1 if asked.all or asked.fault or asked.variant else matrix.SAMPLE
    cells = [replace(cell, native=native) for cell in matrix.cells(seeds, variants, every)]
    if asked.variant and "plain" not in asked.variant:
        wanted = {kind: [] for kind in wanted}
    plain = {seed.ids: Cell(seed.ids, native=native) for kind in wanted.values() for seed in kind}
    found = _answers([*plain.values(), *cells], asked.jobs, record, asked.keep)
    console = Console(width=150 if not sys.stdout.isatty() else None)
    in_plain = {ids: found[cell] for ids, cell in plain.items()}
    right, done, false = _plain(wanted, in_plain, native, console)
    by_ids = {seed.ids: seed for seed in seeds}
    rows = {cell: matrix.judge(by_ids[cell.faults], cell, found[cell]) for cell in cells}
    _variants(seeds, rows, variants, console)
    told = [row for row in rows.values() if row.judged != "apart"]
    broken = [row for row in told if not row.healthy]
    right["healthy"] += sum(row.healthy and not row.bad for row in told)
    done["healthy"] += len(told) - len(broken)
    false += sum(row.judged == "false" for row in told)
    score = ", ".join(
        f"{word} {right[k]}/{done[k]}" for k, word in zip(right, ("single", "pairs", "healthy"), strict=True)
    )
    wrong = _fixes([in_plain[seed.ids] for seed in wanted["single"]])
    if asked.table:
        judged = [matrix.judge(by_ids[ids], cell, found[cell]) for ids, cell in plain.items() if ids in by_ids]
        write_table(asked.table, native, judged)
    print(f"{score}, variants {sum(not row.bad for row in broken)}/{len(broken)}, false {false}")
    enough = {"single": 0.95, "pair": 0.9, "healthy": 1.0}
    return int(wrong > 0 or false > 0 or any(done[k] and right[k] / done[k] < enough[k] for k in enough))


def _answers(cells: Sequence[Cell], jobs: int, record: Record | None, directory: Path | None) -> Found:
    """The answer of every cell: what is on record, and what is asked for now."""
    found = record.known() if record else {}
    asked = diagnoses([cell for cell in cells if cell not in found], jobs)
    for cell, answer in record.keep(asked) if record else asked:
        found[cell] = answer
        if directory is not None and isinstance(answer, Diagnosis):
            directory.mkdir(parents=True, exist_ok=True)
            path = directory / f"{cell.variant}--{'+'.join(cell.faults) or 'none'}.json"
            path.write_text(json.dumps(answer.document, indent=1))
    return found


def _fixes(answers: Sequence[Answered]) -> int:
    """Print how many of the fixes that were made are right, and what the others read; how many are not."""
    made = [mended for answer in answers if isinstance(answer, Diagnosis) for mended in answer.mended]
    wrong = [mended for mended in made if mended.wrong]
    safe = [mended for mended in made if mended.safety == "safe"]
    right = f"fix right {len(made) - len(wrong)}/{len(made)}"
    print(f"{right}, of those called safe {sum(not m.wrong for m in safe)}/{len(safe)}")
    for mended in wrong:
        print(f"wrong fix of {mended.cause} ({mended.safety}): {'; '.join(mended.wrong)}")
    return len(wrong)


def _is_asked(seed: Seeded, names: list[str] | None) -> bool:
    return not names or any(name in (seed.ids or ("none",)) for name in names)


def _plain(
    wanted: Mapping[str, list[Seeded]],
    found: Mapping[tuple[str, ...], Answered],
    native: Sequence[str],
    console: Console,
) -> tuple[dict[str, int], dict[str, int], int]:
    """Print what was named in the stack as it is; how many are right and how many there are of each kind, and how often
    something else was named first."""
    table = Table("kind", "fault", "expected", "named", "probes", "bytes read", "s", "")
    right, done, false = dict.fromkeys(wanted, 0), dict.fromkeys(wanted, 0), 0
    for kind, seeds in wanted.items():
        for seed in seeds:
            answer = found[seed.ids]
            if not isinstance(answer, Diagnosis):
                # Pairs do not always go together, and not everything can be told to a program from PATH.
                good = isinstance(answer, Apart) and (kind == "pair" or bool(native))
                if not good or native:
                    said = answer.text if isinstance(answer, Crashed) else answer.why
                    table.add_row(kind, "+".join(seed.ids), "", said, "", "", "", "" if good else "[red]✗")
                done[kind] += not good
                continue
            good = _is_right(kind, seed, answer)
            right[kind] += good
            done[kind] += 1
            false += bool(answer.causes) and answer.causes[0] not in seed.wanted
            table.add_row(
                kind,
                "\n".join(seed.ids) or "none",
                "\n".join(seed.wanted),
                "\n".join(answer.causes[: max(2, len(seed.wanted))]),
                str(answer.requests),
                "" if answer.bytes is None else f"{answer.bytes:,}",
                f"{answer.seconds:.1f}",
                "" if good else "[red]✗",
            )
    if table.row_count:
        console.print(table)
    return right, done, false


def _is_right(kind: str, seed: Seeded, answer: Diagnosis) -> bool:
    """One fault: its cause comes first. Two: both are named, before any other. None: nothing is."""
    if kind == "pair":
        return set(seed.wanted) <= set(answer.causes[:3])
    return answer.causes[:1] == seed.wanted


def _variants(
    seeds: list[Seeded],
    rows: Mapping[Cell, matrix.Row],
    variants: list[Variant],
    console: Console,
) -> None:
    """Print the matrix, what its columns are, and each answer that breaks the promise."""
    if not rows:
        return
    console.print(matrix.table(seeds, rows, variants))
    for number, variant in enumerate(variants, start=1):
        print(f"{number:>3} {variant.id}: {variant.summary}")
    counted = Counter(row.judged for row in rows.values())
    print("  " + ", ".join(f"{SIGNS_TOLD[judged]} {counted[judged]}" for judged in SIGNS_TOLD))
    for row in rows.values():
        if row.bad:
            print(f"{row.judged}: {row.told()}")
        elif row.beside:
            print(f"beside: {row.told()}")


if __name__ == "__main__":
    sys.exit(main())
