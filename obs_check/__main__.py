"""`python -m obs_check`: the command where no console script is installed."""

from obs_check.cli.main import run

if __name__ == "__main__":
    run()
