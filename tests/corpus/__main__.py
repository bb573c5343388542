"""`make corpus`: seeds every fault and says what the diagnosis named."""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from rich.console import Console
from rich.table import Table

from tests.corpus.diagnosis import Diagnosis
from tests.corpus.labs import on_a_lab_of_its_own, on_a_shared_lab
from tests.corpus.plan import Seeded, healthy, pairs, singles

GROUP = 12
"""Dashboard faults that one shared lab serves."""


def main() -> int:
    """Print the table and the score; 1 when the score is below what is promised."""
    options = argparse.ArgumentParser(prog="tests.corpus", description=__doc__)
    options.add_argument("--jobs", type=int, default=5, help="labs at once")
    options.add_argument("--only", default="", help="only seeds whose faults hold this text")
    asked = options.parse_args()
    kinds = {"single": singles(), "pair": pairs(), "healthy": healthy()}
    wanted = {kind: [s for s in seeds if asked.only in "+".join(s.ids)] for kind, seeds in kinds.items()}
    found = dict(_all([seed for seeds in wanted.values() for seed in seeds], asked.jobs))
    table = Table("kind", "fault", "expected", "named", "probes", "bytes read", "s", "")
    right = dict.fromkeys(kinds, 0)
    done = dict.fromkeys(kinds, 0)
    for kind, seeds in wanted.items():
        for seed in seeds:
            answer = found[seed.ids]
            if isinstance(answer, str):
                if kind != "pair":
                    table.add_row(kind, "+".join(seed.ids), "", answer, "", "", "", "[red]✗")
                    done[kind] += 1
                continue
            good = _is_right(kind, seed, answer)
            right[kind] += good
            done[kind] += 1
            table.add_row(
                kind,
                "\n".join(seed.ids) or "none",
                "\n".join(seed.wanted),
                "\n".join(answer.causes[: max(2, len(seed.wanted))]),
                str(answer.requests),
                f"{answer.bytes:,}",
                f"{answer.seconds:.1f}",
                "" if good else "[red]✗",
            )
    Console(width=150 if not sys.stdout.isatty() else None).print(table)
    print(
        ", ".join(f"{word} {right[k]}/{done[k]}" for k, word in zip(kinds, ("single", "pairs", "healthy"), strict=True))
    )
    enough = {"single": 0.95, "pair": 0.9, "healthy": 1.0}
    return int(any(done[k] and right[k] / done[k] < enough[k] for k in kinds))


def _is_right(kind: str, seed: Seeded, answer: Diagnosis) -> bool:
    """One fault: its cause comes first. Two: both are named, before any other. None: nothing is."""
    if kind == "pair":
        return set(seed.wanted) <= set(answer.causes[:3])
    return answer.causes[:1] == seed.wanted


def _all(seeds: list[Seeded], jobs: int) -> Iterator[tuple[tuple[str, ...], Diagnosis | str]]:
    """Every seed's diagnosis, or why its faults cannot be put together. Labs run in processes of their own."""
    shared = [seed.ids for seed in seeds if seed.only_dashboard and seed.faults]
    tasks = [[seed.ids] for seed in seeds if not (seed.only_dashboard and seed.faults)]
    tasks += [shared[at : at + GROUP] for at in range(0, len(shared), GROUP)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(on_a_shared_lab if ids[0] in shared else on_a_lab_of_its_own, ids): ids for ids in tasks}
        for number, finished in enumerate(as_completed(running), start=1):
            print(f"{number} of {len(running)} labs", file=sys.stderr)
            yield from finished.result()


if __name__ == "__main__":
    sys.exit(main())
