"""`obs-check`, and `python -m obs_check`: where the process begins and ends."""

from obs_check.cli import end_at_once


def run() -> None:
    """Entry point of the console script."""
    end_at_once()
    # What takes its time to load is loaded behind that: Ctrl-C meanwhile would be answered by Python's own traceback.
    import io
    import sys

    from obs_check.cli.interrupt import leave
    from obs_check.cli.main import main

    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        _open_what_is_closed()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that has no such character, or a file whose name is not UTF-8, must not end the command.
        sys.stdout.reconfigure(errors="backslashreplace")
    leave(main(sys.argv[1:]))


def _open_what_is_closed() -> None:
    """Give stdin, stdout and stderr that the shell closed (`>&-`) to nobody: the next file that is opened would get the
    number, and what is printed."""
    import os
    import sys

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # The lowest free number, which is the one that is closed.
            opened = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(opened, "w" if number else "r", encoding="utf-8"))


if __name__ == "__main__":
    run()
