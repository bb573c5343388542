"""`stage.docker` and `stage.cri` of Alloy 1.18, which reads both formats itself where promtail used rows of stages."""

import json
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from obs_check.golang import layouts
from obs_check.shipper.item import Item, PerLine, Running, StageContext
from obs_check.shipper.stages.containers import Cri, PartialLines

_CRI = re.compile(
    r"(?P<time>[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*) "
    r"(?P<stream>stdout|stderr) (?P<flags>[PF]?) ?(?P<content>.*)",
    re.DOTALL,
)


def _set_time(item: Item, text: str) -> None:
    """A time that cannot be read leaves the line's time as it is."""
    try:
        item.ts = layouts.parse(layouts.NAMED["RFC3339Nano"], text).ns(None)
    except layouts.NoTime:
        return


@dataclass(frozen=True)
class AlloyDocker:
    """`stage.docker`. A line that is not a JSON object of Docker's, or has an empty `log`, passes unchanged. Alloy 1.18
    (internal/component/loki/process/stages/docker.go): an absent stream becomes an empty label, keys are read whatever
    their case, and a time that cannot be read keeps the reading time (promtail takes the last one)."""

    kind: ClassVar[str] = "docker"

    def start(self, context: StageContext, place: str) -> Running:  # noqa: ARG002 (the protocol's signature)
        """At work."""

        def change(item: Item) -> bool:
            found = _docker(item.line)
            if found is None or not found["log"]:
                return True
            item.extracted.update(output=found["log"], stream=found["stream"], timestamp=found["time"])
            item.line = found["log"]
            item.labels["stream"] = found["stream"]
            _set_time(item, found["time"])
            return True

        return PerLine(change)


def _docker(line: str) -> dict[str, str] | None:
    try:
        data: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    found = {"log": "", "time": "", "stream": ""}
    for key, value in data.items():
        name = key.lower()
        if name not in found or value is None:
            continue
        if not isinstance(value, str):
            return None
        found[name] = value
    return found


@dataclass(frozen=True)
class AlloyCri(Cri):
    """`stage.cri`. Alloy 1.18 (stages/cri.go, stages/cri/parse.go): only the flags P and F are known and F may be left
    out, text glued to the flag is content, and a line of another format passes without touching a partial line that
    waits (promtail puts it behind that)."""

    kind: ClassVar[str] = "cri"

    def start(self, context: StageContext, place: str) -> Running:  # noqa: ARG002 (the protocol's signature)
        """At work."""
        return _Lines(self)


class _Lines(PartialLines):
    def feed(self, item: Item) -> list[Item]:
        found = _CRI.fullmatch(item.line)
        if found is None:
            return [item]
        flag = found["flags"] or "F"
        item.extracted.update(flags=flag, stream=found["stream"], content=found["content"], time=found["time"])
        item.line = found["content"]
        _set_time(item, found["time"])
        item.labels["stream"] = found["stream"]
        return self.joined(item, partial=flag == "P")
