"""A Helm chart as the user's own `helm template` renders it, with the chart's default values."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from obs_check.client.executors.process import ProcessRun, Saying, read_output
from obs_check.errors import UsageError

_LIMIT_S = 30.0
_NOWHERE = "http://127.0.0.1:1"
"""Nothing is rendered from the network: https://helm.sh/docs/helm/helm_template asks no cluster, and downloads no
dependency unless it is told to; what a schema of values refers to elsewhere finds no way either."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_SOURCE = re.compile(r"^---\n# Source: (?P<path>.+)\n", re.MULTILINE)
"""Helm 3 and 4 write it in front of each document: the chart's name, then the template's path in the chart."""
_SAYINGS = (
    Saying(
        r"found in Chart\.yaml, but missing in charts/ directory: ([^\n]+)",
        UsageError,
        r"dependencies are missing: \1",
        "get them with helm dependency build",
    ),
    Saying(
        r"library charts are not installable",
        UsageError,
        "it is a library chart, which renders nothing by itself",
        "give the chart that uses it",
    ),
    Saying(
        r"(?s)Error: (.+?)\s*(?:\nUse --debug flag[^\n]*\s*)?\Z",
        UsageError,
        r"Helm says: \1",
        "give what `helm template` prints with the values that it needs",
    ),
)


def find_helm(env: Mapping[str, str]) -> str | None:
    """The `helm` on PATH, None without one."""
    return shutil.which("helm", path=env.get("PATH", ""))


def render_chart(helm: str, chart: Path, env: Mapping[str, str]) -> dict[Path, str]:
    """What becomes of each template of a chart, by the template's path below the chart; those that render nothing are
    left out. Raises UsageError or Unavailable with Helm's own words where it is not rendered."""
    own = {**env, **dict.fromkeys(_PROXIES, _NOWHERE), "NO_PROXY": "", "no_proxy": ""}
    argv = (helm, "template", "release", str(chart.resolve()), "--namespace=default", "--skip-tests")
    text = read_output(ProcessRun(argv, "", _LIMIT_S, str(chart), _SAYINGS, own))
    _, *parts = _SOURCE.split(text)
    found: dict[Path, str] = {}
    for source, body in zip(parts[::2], parts[1::2], strict=True):
        path = chart.joinpath(*Path(source.strip()).parts[1:])
        found[path] = f"{found[path]}\n---\n{body}" if path in found else body
    return found
