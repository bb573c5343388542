"""Commands load what they need: `--help` click and little more, `verify` no web server and no table library."""

import subprocess
import sys

HEAVY = {"pandas", "duckdb", "grafana_client", "starlette", "uvicorn", "re2", "httpx", "rich", "requests", "jinja2"}


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from obs_check.cli.main import main; code = main(['--help']); "
        "print(code, ' '.join(sorted(m for m in sys.modules if '.' not in m)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    code, *modules = done.stderr.split()
    assert code == "0"
    assert "Commands:" in done.stdout
    assert not HEAVY & set(modules)


def test_verify_imports_no_server() -> None:
    program = "import sys, obs_check.cli.verify, obs_check.app.verify.check; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert not {"starlette", "uvicorn", "pandas", "duckdb", "jinja2", "sqlglot"} & set(done.stdout.split())
