"""`python -m tests.exam.any_day [ROUND...]`: the whole suite on another day, in another zone, in random order, beside
busy processes, without network, as somebody who may not write to the checkout.

A round is conditions with commas between, for example `+400d,zone,locale`; without one the three of `ROUNDS` are run.
`+400d` and `-30d` want `faketime` and a C compiler, `network` and `user` want root. Exits with 1 if a test fails."""

import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROUNDS = ("+400d,zone,locale,order-1", "-30d,order-2,user", "order-3,busy,network")
NOBODY = 65534
"""The user that owns nothing."""
BUSY = 6
SUITE = ("-n", "6", "--dist", "worksteal", "-q", "-p", "no:cacheprovider")
ORDER_VARIABLE = "OBS_CHECK_TEST_ORDER"
CLOCK = r"""
#define _GNU_SOURCE
#define _LARGEFILE64_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_nanosleep(clockid_t id, int flags, const struct timespec *span, struct timespec *left) {
    return syscall(SYS_clock_nanosleep, id, flags, span, left) == -1 ? errno : 0;
}

static int of_file(int folder, const char *path, struct stat64 *file, int flags) {
    int answer = syscall(SYS_newfstatat, folder, path, file, flags);
    struct timespec shown, real;
    clock_gettime(CLOCK_REALTIME, &shown);
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &real);
    time_t shift = (shown.tv_sec - real.tv_sec + (shown.tv_sec < real.tv_sec ? -1800 : 1800)) / 3600 * 3600;
    file->st_mtim.tv_sec += shift;
    file->st_ctim.tv_sec += shift;
    file->st_atim.tv_sec += shift;
    return answer;
}

int stat64(const char *path, struct stat64 *file) { return of_file(AT_FDCWD, path, file, 0); }
int lstat64(const char *path, struct stat64 *file) { return of_file(AT_FDCWD, path, file, AT_SYMLINK_NOFOLLOW); }
int fstat64(int number, struct stat64 *file) { return of_file(number, "", file, AT_EMPTY_PATH); }
int fstatat64(int folder, const char *path, struct stat64 *file, int flags) {
    return of_file(folder, path, file, flags);
}
"""
"""What libfaketime 0.9.10 lacks for Python on glibc 2.33 and later, on x86-64: it refuses `time.sleep` with EINVAL
where it leaves the monotonic clock alone (and where it shifts that one too, `Event.wait` returns after as many days),
and files keep their times, so that a new one is as old as the days are many."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In an order of chance, the tests of a file beside each other: they share what is expensive to set up."""
    chance = random.Random(int(os.environ[ORDER_VARIABLE]))
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    order = list(files.values())
    chance.shuffle(order)
    for tests in order:
        chance.shuffle(tests)
    items[:] = [item for tests in order for item in tests]


def command_of(conditions: list[str], folder: Path) -> tuple[list[str], dict[str, str]]:
    """How the suite is started under these conditions, and in which environment; `folder` is for what that needs.

    Raises ValueError for a condition that there is none of."""
    before: list[str] = []
    env = {**os.environ, "TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home")}
    command = [sys.executable, "-m", "pytest", *SUITE]
    for condition in conditions:
        match condition:
            case "zone":
                env["TZ"] = "Asia/Kathmandu"
            case "locale":
                env["LC_ALL"] = "C"
            case "network":
                before += ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
            case "user":
                before += ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
                before += ["--bounding-set=-all", "--inh-caps=-all"]
            case "busy":
                pass
            case _ if re.fullmatch(r"order-\d+", condition):
                env[ORDER_VARIABLE] = condition.removeprefix("order-")
                command += ["-p", "tests.exam.any_day"]
            case _ if re.fullmatch(r"[+-]\d+d", condition):
                library = folder / "clock.so"
                subprocess.run(
                    ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=CLOCK, text=True, check=True
                )
                env |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKE_UTIME": "1", "LD_PRELOAD": str(library)}
                command = ["faketime", "-f", condition, *command]
            case _:
                raise ValueError(f"no condition {condition}")
    return before + command, env


@contextlib.contextmanager
def checkout(read_only: bool) -> Iterator[Path]:
    """A folder with a copy of what is checked in or about to be, compiled, in `tree`, and empty ones beside it."""
    with tempfile.TemporaryDirectory(prefix="obs-check-any-day-") as made:
        folder = Path(made)
        tree = folder / "tree"
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
        for name in filter(os.path.exists, filter(None, names)):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, tree / name, follow_symlinks=False)
        subprocess.run([sys.executable, "-m", "compileall", "-q", "obs_check", "tests"], cwd=tree, check=True)
        folder.chmod(0o755)
        for own in ("tmp", "home"):
            (folder / own).mkdir()
            if read_only:
                os.chown(folder / own, NOBODY, NOBODY)
        if read_only:
            subprocess.run(["chmod", "-R", "a-w", tree], check=True)
        yield folder


def one_round(name: str) -> bool:
    """Run the suite under the conditions of a round; whether it passed."""
    conditions = name.split(",")
    with checkout("user" in conditions) as folder, contextlib.ExitStack() as beside:
        command, env = command_of(conditions, folder)
        if shutil.which(command[0]) is None:
            sys.exit(f"{name}: {command[0]} is not on PATH")
        for _ in range(BUSY if "busy" in conditions else 0):
            spinning = beside.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            beside.callback(spinning.kill)
        start = time.monotonic()
        env["PYTHONPATH"] = str(folder / "tree")
        ended = subprocess.run(command, cwd=folder / "tree", env=env, stdout=subprocess.PIPE, text=True)
        lines = ended.stdout.splitlines()
        shown = [line for line in lines if line.startswith(("FAILED", "ERROR"))] + lines[-1:]
        print(f"{name}: exit {ended.returncode}, {time.monotonic() - start:.0f} s", *shown, sep="\n  ", flush=True)
        if ended.returncode:
            kept = Path(tempfile.gettempdir()) / f"any-day-{name}.txt"
            kept.write_text(ended.stdout)
            print(f"  all of it: {kept}")
    return ended.returncode == 0


if __name__ == "__main__":
    passed = [one_round(name) for name in sys.argv[1:] or ROUNDS]
    sys.exit(0 if all(passed) else 1)
