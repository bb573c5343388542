"""`python -m tests.exam.any_day [ROUND...]`: the whole suite on another day, in another zone, in random order, beside
busy processes, without network, as somebody who may not write to the checkout.

A round is conditions with commas between, for example `+400d,zone,locale`; without one the three of `ROUNDS` are run.
`+400d` and `-30d` want a C compiler and Linux, `network` and `user` want root. Exits with 1 if a test fails."""

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
SHIFT_VARIABLE = "OBS_CHECK_TEST_SHIFT_S"
CLOCK = r"""
#define _GNU_SOURCE
#define _LARGEFILE64_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t shift;
static int (*clock_of)(clockid_t, struct timespec *);
static int (*wait_for)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
static int (*wait_on)(sem_t *, const struct timespec *);

__attribute__((constructor)) static void begin(void) {
    const char *given = getenv("OBS_CHECK_TEST_SHIFT_S");
    shift = given ? atol(given) : 0;
    clock_of = dlsym(RTLD_NEXT, "clock_gettime");
    wait_for = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    wait_on = dlsym(RTLD_NEXT, "sem_timedwait");
}

int clock_gettime(clockid_t id, struct timespec *now) {
    int answer = clock_of ? clock_of(id, now) : syscall(SYS_clock_gettime, id, now);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) now->tv_sec += shift;
    return answer;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    int answer = clock_gettime(CLOCK_REALTIME, &exact);
    (void)zone;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return answer;
}

time_t time(time_t *also) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (also) *also = exact.tv_sec;
    return exact.tv_sec;
}

/* A moment of the machine's clock; one of the monotonic clock, which is not shifted, is less than thirty years. */
static struct timespec real(const struct timespec *until) {
    struct timespec moment = *until;
    if (moment.tv_sec > 1000000000) moment.tv_sec -= shift;
    return moment;
}

int pthread_cond_timedwait(pthread_cond_t *one, pthread_mutex_t *lock, const struct timespec *until) {
    struct timespec moment = real(until);
    return wait_for(one, lock, &moment);
}

int sem_timedwait(sem_t *one, const struct timespec *until) {
    struct timespec moment = real(until);
    return wait_on(one, &moment);
}

static int of_file(int folder, const char *path, struct stat64 *file, int flags) {
    int answer = syscall(SYS_newfstatat, folder, path, file, flags);
    if (answer == 0) {
        file->st_mtim.tv_sec += shift;
        file->st_ctim.tv_sec += shift;
        file->st_atim.tv_sec += shift;
    }
    return answer;
}

int stat64(const char *path, struct stat64 *file) { return of_file(AT_FDCWD, path, file, 0); }
int lstat64(const char *path, struct stat64 *file) { return of_file(AT_FDCWD, path, file, AT_SYMLINK_NOFOLLOW); }
int fstat64(int number, struct stat64 *file) { return of_file(number, "", file, AT_EMPTY_PATH); }
int fstatat64(int folder, const char *path, struct stat64 *file, int flags) {
    return of_file(folder, path, file, flags);
}

static int set_times(int folder, const char *path, const struct timespec *times, int flags) {
    struct timespec both[2];
    for (int n = 0; times && n < 2; n++) {
        both[n] = times[n];
        if (both[n].tv_nsec != UTIME_NOW && both[n].tv_nsec != UTIME_OMIT) both[n].tv_sec -= shift;
    }
    return syscall(SYS_utimensat, folder, path, times ? both : NULL, flags);
}

int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    return set_times(folder, path, times, flags);
}
int futimens(int number, const struct timespec times[2]) { return set_times(number, NULL, times, 0); }
"""
"""The clock of a program and the times of files, shifted by so many seconds, for Python on Linux (x86-64, glibc 2.34
and later). libfaketime 0.9.10 does not do: with it either `time.sleep` or `Event.wait` fails, files keep their times,
and threads wait for each other at each look at the clock."""


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
    # Sockets stand below it, whose paths may have 107 bytes.
    command = [sys.executable, "-m", "pytest", *SUITE, f"--basetemp={folder / 'tmp/t'}"]
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
                compiler = ["cc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(library)]
                subprocess.run(compiler, input=CLOCK, text=True, check=True)
                env |= {SHIFT_VARIABLE: str(int(condition[:-1]) * 86_400), "LD_PRELOAD": str(library)}
            case _:
                raise ValueError(f"no condition {condition}")
    return before + command, env


@contextlib.contextmanager
def checkout(read_only: bool) -> Iterator[Path]:
    """A folder with a copy of what is checked in or about to be, compiled, in `tree`, and empty ones beside it."""
    with tempfile.TemporaryDirectory(prefix="any-") as made:
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
