"""Runs a local program that leads to a shell, hands it the probe on standard input, and reads its lines in time."""

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, AnyStr

from obs_check.client.http import one_line
from obs_check.errors import ObsCheckError, Unavailable, UsageError

OUTPUT_BYTES = 64 * 1024 * 1024
"""More output than this ends the program; lines may be as long: a list of objects is one, a dashboard in it another."""
START_KEY = "timeouts.start_s"
"""The key of obs-check.yaml that lengthens what a program of an executor may take."""
_KEPT_ERRORS = 4000
_PART_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Saying:
    """What a program says on standard error when it cannot reach the place: `pattern` is searched there; `error` is
    what it means, with a message (`\\1` is the pattern's group) and the remedy."""

    pattern: str
    error: type[ObsCheckError]
    message: str
    hint: str


NO_SHELL = (
    UsageError,
    "there is no sh",
    "the probe needs a POSIX shell: name another container, or a place that has one",
)
SHELL_SAYINGS = (
    Saying(
        r'(?:\\?"sh\\?": (?:executable file not found|stat )|(?m:(?:^|\s)sh: (?:command )?not found)'
        r"|command not found: sh\b|stat /bin/sh: no such file)",
        *NO_SHELL,
    ),
)


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """One run of `argv`, given `program` on standard input, that ends within `limit_s` and leads to `place`. `sayings`
    are its ways to say why it does not; `env` None means this process's; `late` is the remedy where it does not end in
    time."""

    argv: Sequence[str]
    program: str
    limit_s: float
    place: str
    sayings: Sequence[Saying] = ()
    env: Mapping[str, str] | None = None
    late: str = ""


def run_process(run: ProcessRun) -> Iterator[str]:
    """Lines of its standard output, as soon as they are there; raises what `read_output` raises."""
    for line in _output(run, by_line=True):
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def read_output(run: ProcessRun) -> str:
    """All that it prints on standard output, as one text.

    Raises the error of the first saying that fits, when the program ends with a code other than 0 before any line of
    output; Unavailable when it cannot be started, does not end within `limit_s` or prints without end.
    """
    printed = b"".join(_output(replace(run, late=run.late or "run the same command by hand"), by_line=False))
    return printed.decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n")


def _output(run: ProcessRun, by_line: bool) -> Iterator[bytes]:
    """What is printed, by lines or as it comes: a list of many short lines takes many times their bytes."""
    argv, place = run.argv, run.place
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if run.env is None else dict(run.env),
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(
            f"{argv[0]} cannot be started: {error.strerror}", "install it, or name where it is; is it on PATH?"
        ) from error
    parts: queue.Queue[bytes | None] = queue.Queue(maxsize=10_000 if by_line else 100)
    errors = bytearray()
    threads = (
        threading.Thread(target=_feed, args=(process, run.program.encode()), daemon=True),
        threading.Thread(target=_collect, args=(process, parts, by_line), daemon=True),
        threading.Thread(target=keep_errors, args=(process, errors), daemon=True),
    )
    for thread in threads:
        thread.start()
    try:
        yield from _parts(parts, time.monotonic() + run.limit_s, place)
        code = process.wait(timeout=5)
        threads[2].join(timeout=5)
    except queue.Empty:
        last = _last_line(errors.decode("utf-8", "replace"))
        said = f"; it says: {last}" if last else ""
        raise Unavailable(
            f"{place}: {argv[0]} did not end within {run.limit_s:g} s{said}",
            run.late or f"see what it waits for there, or raise {START_KEY}",
        ) from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{place}: {argv[0]} does not end", "end it there") from None
    finally:
        _end(process)
    if code != 0:
        raise error_of_words(errors.decode("utf-8", "replace"), code, place, argv[0], run.sayings)


def _parts(parts: "queue.Queue[bytes | None]", deadline: float, place: str) -> Iterator[bytes]:
    """What is printed; raises queue.Empty at the deadline."""
    total = 0
    while True:
        part = parts.get(timeout=max(0.0, deadline - time.monotonic()))
        if part is None:
            return
        total += len(part)
        if total > OUTPUT_BYTES:
            most = f"{OUTPUT_BYTES // 2**20} MiB"
            raise Unavailable(f"{place}: more than {most} of output", "run the same command by hand: does it end?")
        yield part


def opened(pipe: IO[AnyStr] | None) -> IO[AnyStr]:
    """A pipe of a program that was started with it. ValueError for one that was not."""
    if pipe is None:
        raise ValueError("the program was started without this pipe")
    return pipe


def _feed(process: "subprocess.Popen[bytes]", program: bytes) -> None:
    try:
        with opened(process.stdin) as pipe:
            pipe.write(program)
    except OSError:
        # The program ended before it had read all: its exit code and its words tell why.
        return


def _collect(process: "subprocess.Popen[bytes]", parts: "queue.Queue[bytes | None]", by_line: bool) -> None:
    """Hand on what it prints, up to the first byte that is too many, and None at the end."""
    left = OUTPUT_BYTES
    with opened(process.stdout) as pipe:
        while left >= 0 and (part := pipe.readline(left + 1) if by_line else os.read(pipe.fileno(), _PART_BYTES)):
            left -= len(part)
            parts.put(part)
    parts.put(None)


def keep_errors(process: "subprocess.Popen[bytes]", errors: bytearray) -> None:
    """Read what a program says on standard error to its end, and keep the last of it."""
    with opened(process.stderr) as pipe:
        while chunk := os.read(pipe.fileno(), 4096):
            errors += chunk
            del errors[:-_KEPT_ERRORS]


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sign)
                process.wait(timeout=2)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue


def error_of_words(errors: str, code: int, place: str, program: str, sayings: Sequence[Saying]) -> ObsCheckError:
    """The error that a program's words on standard error mean: that of the first saying that fits."""
    for saying in (*sayings, *SHELL_SAYINGS):
        if found := re.search(saying.pattern, errors):
            return saying.error(f"{place}: {found.expand(saying.message)}", saying.hint)
    last = _last_line(errors) or "no output"
    return Unavailable(f"{place}: {program} ended with {code}: {last}", "run the same command by hand")


def _last_line(errors: str) -> str:
    return one_line(errors.strip().rpartition("\n")[2], 200)
