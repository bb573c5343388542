"""The same configuration, written otherwise: flow style, comments, CRLF."""

from collections.abc import Callable
from pathlib import Path

import yaml

from obs_check.lab.settings import LabSettings

WRITTEN = ("boundary.yaml", "promtail.yaml")
_WIDE = 1_000_000


def rewritten(change: Callable[[str], str], *names: str) -> Callable[[LabSettings], None]:
    """A change of the text of files, once the lab has written them and before anything reads them."""

    def prepare(directory: Path) -> None:
        for name in names or WRITTEN:
            path = directory / name
            path.write_bytes(change(path.read_text()).encode())

    return lambda settings: settings.prepare.append(prepare)


def flow(text: str) -> str:
    """Lists and mappings without others inside on one line: `allowlist: ['domain=allowed.example']`."""
    return yaml.safe_dump(yaml.safe_load(text), sort_keys=False, default_flow_style=None, width=_WIDE)


def commented(text: str) -> str:
    """A comment above, behind and between everything, the keys of another day and quotes among it."""
    lines = ["# kept by the platform team", '# allowlist: ["domain=old.example"]', ""]
    for line in yaml.safe_dump(yaml.safe_load(text), sort_keys=False, width=_WIDE).splitlines():
        indent = line[: len(line) - len(line.lstrip(" -"))].replace("-", " ")
        lines += [f"{indent}# {line.strip(' -').split(':')[0]}: of last year", f"{line}  # see the runbook"]
    return "\n".join(lines) + "\n"


def crlf(text: str) -> str:
    """Lines that end as Windows ends them."""
    return text.replace("\n", "\r\n")


def crlf_everywhere(settings: LabSettings) -> None:
    """CRLF in the files of boundary and promtail, in obs-check.yaml and in the expectations."""
    rewritten(crlf, *WRITTEN, "dashboards/agent-firewall.expect.yaml")(settings)

    def finish(directory: Path) -> None:
        path = directory / "obs-check.yaml"
        path.write_bytes(crlf(path.read_text()).encode())

    settings.finish.insert(0, finish)
