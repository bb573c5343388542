"""`python -m tests.bench.kept`: lines a second that `lab loki` acknowledges over HTTP, with `--data` and without, in
turns."""

import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import httpx

from tests.exam.kept_lines import KeptLoki

ROUNDS = 3
PUSHERS = 4
SECONDS = 2.0
AGAIN_S = 0.1
PUSH_LINES = (1, 100, 1000)
TENANTS = 50
"""A pusher's pushes go to so many in turn: the limit of a tenant, 4 MiB a second, is not what is measured."""
LINE = "time=2026-11-24T00:00:00.603Z level=WARN msg=DENY method=GET host=denied.example url=http://denied.example/x"
ROW = "{:<28} {:>14} {:>14} {:>6}"


def main() -> None:
    """Print the medians, by lines a push."""
    print(ROW.format(f"{PUSHERS} pushers, lines a second", "without --data", "with --data", "times"))
    for lines in PUSH_LINES:
        rates: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(ROUNDS):
            for kept, found in rates.items():
                found.append(_rate(lines, kept))
        without, with_data = median(rates[False]), median(rates[True])
        name = f"{lines:,} line{'s' * (lines > 1)} a push"
        print(ROW.format(name, f"{without:,.0f}", f"{with_data:,.0f}", f"{with_data / without:.2f}"), flush=True)


def _rate(lines: int, kept: bool) -> float:
    """Lines a second that pushes of so many lines get acknowledged."""
    counts = [0] * PUSHERS
    with tempfile.TemporaryDirectory(prefix="obs-check-bench-") as name:
        loki = KeptLoki(Path(name) if kept else None)
        started = time.perf_counter()

        def push(who: int) -> None:
            with httpx.Client(base_url=loki.url, trust_env=False) as http:
                turn = 0
                while time.perf_counter() - started < SECONDS:
                    turn += 1
                    headers = {"Content-Type": "application/json", "X-Scope-OrgID": f"{who}-{turn % TENANTS}"}
                    body = _push(lines, who)
                    status = http.post("/loki/api/v1/push", content=body, headers=headers).status_code
                    if status == 204:
                        counts[who] += lines
                    else:
                        # DuckDB is behind by a whole log: as a shipper does, later again.
                        assert status == 503, status
                        time.sleep(AGAIN_S)

        threads = [threading.Thread(target=push, args=(who,)) for who in range(PUSHERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - started
        loki.end()
    return sum(counts) / took


def _push(lines: int, who: int) -> str:
    now = time.time_ns()
    values = ",".join(f'["{now + n}","{LINE}"]' for n in range(lines))
    return f'{{"streams":[{{"stream":{{"job":"{who}"}},"values":[{values}]}}]}}'


if __name__ == "__main__":
    main()
