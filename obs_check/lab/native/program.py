"""A program from PATH on loopback: started with a configuration that the lab writes, ended with its own shutdown."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from obs_check.errors import Unavailable, UsageError
from obs_check.lab.origin import LOOPBACK, reserved_port
from obs_check.lab.own_folder import OwnFolder

READY_S = 60.0
STOP_S = 30.0
_LAST_LINES, _LINE = 3, 300
"""Lines of a program's log that an error tells, and characters of each."""


class NativeProgram:
    """A program on PATH with its files in `directory`, its log there as `<program>.log`; a context manager.

    `ready_path` answers 200 when it is ready. It has a session of its own, so that a Ctrl-C on the terminal reaches it
    only through its orderly end; what a killed process left running is ended by the next lab. Its port is held for as
    long as this lives: it may be started again at the same one.
    """

    program: str
    ready_path: str
    stdin: int = subprocess.DEVNULL

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ports = ExitStack()
        self._port = self.free_port()
        self.url = f"http://{LOOPBACK}:{self._port}"
        self.log = directory / f"{self.program}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._noted: OwnFolder | None = None

    def arguments(self) -> list[str]:
        """The command line behind the program's name; writes the configuration that it names."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Its environment variables."""
        return dict(os.environ)

    def free_port(self) -> int:
        """Another free port, which nobody else is given until `close`."""
        return int(self._ports.enter_context(reserved_port()).getsockname()[1])

    def start(self) -> Self:
        """Start it and wait until it is ready. UsageError when it is not on PATH; Unavailable with the end of its log
        when it ends, or is not ready after 60 s."""
        self._directory.mkdir(parents=True, exist_ok=True)
        command = [on_path(self.program), *self.arguments()]
        self._noted = self._noted or OwnFolder(f"{self.program}-")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=self.stdin,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                env=self.environment(),
                start_new_session=True,
            )
        try:
            self._noted.note_program(self._process.pid)
            self.until(self.ready, "is not ready")
            # It may have become another program meanwhile.
            self._noted.note_program(self._process.pid)
        except BaseException:
            self.stop()
            raise
        return self

    def until(self, condition: Callable[[], bool], what_is_not: str) -> None:
        """Wait until a condition holds; Unavailable when the program ended, or 60 s are over."""
        deadline = time.monotonic() + READY_S
        pause = threading.Event()
        while not condition():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                code = f" with exit code {self._process.returncode}" if self._process is not None else ""
                how = f"ended{code}" if ended else f"{what_is_not} after {READY_S:g} s"
                raise Unavailable(f"{self.program} {how}: {self._last_lines()}", f"see {self.log}")
            pause.wait(0.1)

    def ready(self) -> bool:
        """Whether it answers as ready."""
        return self.answers(self.ready_path) is not None

    def answers(self, path: str) -> str | None:
        """The text at a path; None when it does not answer with 200."""
        import httpx

        try:
            answer = httpx.get(f"{self.url}{path}", trust_env=False)
        except httpx.HTTPError:
            return None
        return answer.text if answer.status_code == 200 else None

    def end(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """End it as it ends by itself, and kill what is left of it after 30 s. Stopping twice is not an error."""
        process = self._process
        if process is None:
            return
        try:
            if process.poll() is None:
                self.end()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_S)
        finally:
            self._process = None
            # A signal while it is waited for must not leave it behind, nor what it started.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        """Stop it for good, and give its ports back."""
        try:
            self.stop()
        finally:
            self._ports.close()
            if self._noted is not None:
                self._noted.remove()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def _last_lines(self) -> str:
        lines = [line for line in self.log.read_text("utf-8", "replace").splitlines() if line.strip()]
        return " | ".join(line[:_LINE] for line in lines[-_LAST_LINES:]) or "it wrote nothing"


def on_path(program: str) -> str:
    """Where a program is; UsageError when it is not on PATH."""
    found = shutil.which(program)
    if found is None:
        raise UsageError(f"{program} is not on PATH", f"put it there, or leave out --native {program}")
    return found
