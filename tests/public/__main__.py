"""`python -m tests.public DIR...`: reads and lints every dashboard, chart and shipper configuration below folders of
other people's projects (DIR/PROJECT/...), and prints what was read, what was refused, what broke, and the findings.

Nothing of what it reads is kept in this tree: give it folders of your own.
"""

import re
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from obs_check.errors import UsageError
from obs_check.lint.run import lint
from obs_check.lint.sources import SUFFIXES, read_material
from obs_check.logql.settings import EngineSettings

_NOT_OURS = (
    "neither a dashboard",
    "a dashboard of Perses",
    "without panels",
    "nothing to lint",
    "ships no logs",
    "no promtail configuration",
)


_PLACE = re.compile(r"^\S+?(?::\d+)*: ")
_QUOTED = re.compile(r"'[^']*'|`[^`]*`|\{\{.*?\}\}|\d+")


def reason(message: str) -> str:
    """What a refusal is for, without the place and what is quoted: what is counted as one."""
    told = _PLACE.sub("", message).split(": ")
    # Places in a configuration come first: `scrape_configs[0].pipeline_stages[1].json`, `loki.process.x > stage.json`.
    words = next((part for part in told if " " in part and " > " not in part), told[-1])
    return _QUOTED.sub("...", words)


@dataclass
class Figures:
    """Counts over all files; `seconds` of processor time."""

    dashboards: int = 0
    shippers: int = 0
    others: int = 0
    refused: list[str] = field(default_factory=list)
    broke: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, path: Path) -> None:
        """Read one file and lint it by itself."""
        begun = time.process_time()
        try:
            material, _, broken = read_material([path], [], None, None, {}, EngineSettings(time.time_ns))
            result = lint(material)
        except UsageError as error:
            if any(words in error.message for words in _NOT_OURS):
                self.others += 1
            else:
                self.refused.append(error.message)
        except Exception:
            self.broke.append(f"{path}\n{traceback.format_exc(limit=-3)}")
        else:
            self.refused += [error.message for error in broken]
            self.dashboards += len(material.boards)
            self.shippers += len(material.shippers)
            for one in result.to_json()["findings"]:
                self.rules[one["rule"]] += 1
                self.findings.append(f"{one['path']}:{one['line']}: {one['rule']}: {one['claim']}")
        self.seconds += time.process_time() - begun


def main(folders: list[str]) -> int:
    """Print the figures; 1 with an internal error."""
    found = Figures()
    projects = set()
    files = [(folder, path) for folder in map(Path, folders) for path in sorted(folder.rglob("*"))]
    given = [(folder, path) for folder, path in files if path.is_file() and path.suffix in SUFFIXES]
    for folder, path in given:
        projects.add((folder, path.relative_to(folder).parts[0]))
        found.add(path)
    print(f"{len(given)} files of {len(projects)} projects: {found.dashboards} dashboards,")
    print(f"{found.shippers} shipper configurations, {found.others} files that are neither,")
    print(f"{len(found.refused)} refused, {len(found.broke)} internal errors")
    for words, count in Counter(map(reason, found.refused)).most_common():
        print(f"  {count:6} {words}")
    print(f"{found.seconds:.1f} s of one core; findings by rule:")
    for rule, count in found.rules.most_common():
        print(f"  {count:6} {rule}")
    for title, lines in (("refused", found.refused), ("internal errors", found.broke), ("findings", found.findings)):
        print(f"\n{title}:")
        print("\n".join(f"  {line}" for line in lines))
    return 1 if found.broke else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
