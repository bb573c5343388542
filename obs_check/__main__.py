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

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that has no such character, or a file whose name is not UTF-8, must not end the command.
        sys.stdout.reconfigure(errors="backslashreplace")
    leave(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
