"""Lines that are not in Loki as they are in the file, and what changed them on their way.

What a container runtime puts around a line is not a part of it, so that `cri` and `docker` change nothing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from posixpath import commonprefix

from obs_check.boundary.cri import CRI
from obs_check.documents.yaml_edit import remove_node
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines
from obs_check.evidence.selectors import selector_text
from obs_check.evidence.shipper_rules import Rules, shipper_rules
from obs_check.follow.hop import Stored
from obs_check.model.entry import Labels
from obs_check.model.event import find_tags
from obs_check.model.probe import Probe
from obs_check.model.secret import beginning, shorten
from obs_check.model.tree import Json
from obs_check.model.window import NS, Window
from obs_check.shipper.collect import as_read
from obs_check.shipper.simulate import Shipped, last_change

_UNWRAP = ("cri", "docker")
"""Stages that take off what the container runtime put around a line."""
SHOWN = 60
"""Characters of a line that a claim shows."""
ENCODING = "encoding"
"""What stands for a stage where the job decodes its files from something that they are not."""
_MOST = 5000
"""Lines asked for at once: Loki 3.5's `max_entries_limit_per_query`."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One line of a file as the shipper pushes it. `written` is the line as the program wrote it, `stages` are those
    that make it `entry.line`, the last one first, and `cut` says that the shipper's own limit of bytes does. `after` is
    the configuration that leaves the line as it was written, and `whole` what that pushes; both are None where there is
    none that changes nothing else."""

    tag: str
    written: str
    entry: Shipped
    stages: tuple[str, ...]
    cut: bool
    after: Rules | None
    whole: Shipped | None

    @classmethod
    def unknown(cls, tag: str, written: str) -> "Pushed":
        """A line of which nothing says that the shipper changes it."""
        return cls(tag, written, Shipped(None, {}, written), (), False, None, None)


def as_written(text: str) -> str | None:
    """A line of a file as the program wrote it; None for a part of one, which the runtime split."""
    if found := CRI.match(text):
        return None if " P " in found[0] or " P:" in found[0] else text[found.end() :]
    if text.startswith("{") and '"log":' in text:
        try:
            document = json.loads(text)
        except ValueError:
            return text
        if isinstance(document, dict) and {"log", "stream", "time"} <= document.keys():
            return str(document["log"]).removesuffix("\n")
    return text


def pushed_line(config: Rules, file: str, tag: str, text: str, now_ns: int) -> Pushed | None:
    """What the shipper makes of one line of a file; None where that is not one entry."""
    written, ran, taken = as_written(text), config.run(file, [text], now_ns), config.takes(file)
    if written is None or ran is None or taken is None or len(ran.shipped) != 1:
        return None
    (entry,) = ran.shipped
    stages: list[str] = []
    limit = config.config.max_line_size
    cut = 0 < limit < len(written.encode()) and config.config.truncates
    if entry.line == written:
        return Pushed(tag, written, entry, (), False, None, None)
    after: Rules | None = config
    while (last := _changing(after, file, text, now_ns)) and len(stages) < len(taken.job.pipeline.stages):
        stages.append(last)
        after = after.without_stage(taken.job, last) if after else None
    if taken.job.encoding and as_read(taken.job, text) != text:
        stages.append(ENCODING)
        place = (*config.job_place(taken.job), ENCODING)
        after = after.edited(lambda given: remove_node(given, place)) if after is not None else None
    if cut and after is not None:
        after = after.edited(lambda given: remove_node(given, ("limits_config", "max_line_size")))
    fixed = after.run(file, [text], now_ns) if after is not None and after is not config else None
    (whole,) = fixed.shipped if fixed is not None and len(fixed.shipped) == 1 else (None,)
    if whole is None or whole.line != written or not _else_equal(entry, whole):
        after = whole = None
    return Pushed(tag, written, entry, tuple(stages), cut, after, whole)


def _changing(config: Rules | None, file: str, text: str, now_ns: int) -> str:
    """The last stage that changes the line, other than one that unwraps it; "" where none does."""
    ran = config.run(file, [text], now_ns) if config is not None else None
    if ran is None:
        return ""
    kept = [e for e in ran.effects if e.stage.partition(" > ")[0].rpartition(" ")[2] not in _UNWRAP]
    return last_change(replace(ran, effects=kept), 1, "line")


def _else_equal(entry: Shipped, whole: Shipped) -> bool:
    """Whether only the line differs, and what `pack` put into it: labels, and the time for that of reading."""
    lost = {name: value for name, value in entry.labels.items() if whole.labels.get(name) != value}
    return not lost and entry.ts in (None, whole.ts)


def same_line(one: str, other: str) -> bool:
    """Whether two lines are the same text, or the same JSON object: promtail 3.5 writes an object that its `json` stage
    takes out of a line with the keys in any order (jsoniter without sorted keys)."""
    return one == other or (_object(one) is not None and _object(one) == _object(other))


def _object(line: str) -> dict[str, Json] | None:
    try:
        found = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _told_by(line: str) -> str:
    """The part of a line that is there in whatever order its keys are."""
    values = [value for value in (_object(line) or {}).values() if isinstance(value, str) and value.isascii()]
    return max((value for value in values if value in line), key=len, default=line)


def in_loki(context: Context, labels: Labels, beginning: str) -> tuple[list[str], Probe]:
    """The lines of the run's time in a stream that begin with a text, or are the same."""
    quoted = json.dumps(_told_by(beginning), ensure_ascii=False)
    window = Window(context.followed_run.window.start_ns - 60 * NS, context.now_ns() + 60 * NS)
    found, probe = context.loki.lines(f"{selector_text(labels)} |= {quoted}", window, _MOST)
    return [line for _, line in found if line.startswith(beginning) or same_line(line, beginning)], probe


@dataclass(frozen=True, slots=True)
class Compared:
    """A line as the program wrote it and as Loki has it; `pushed` is what the shipper's configuration makes of it, None
    where that is not known."""

    tag: str
    written: str
    labels: Labels
    line: str
    pushed: Pushed | None
    config: Rules | None

    @property
    def stored(self) -> Stored:
        """As Loki has it."""
        return self.labels, self.line

    @property
    def whole(self) -> Stored:
        """As Loki would have it, had nothing changed it on its way."""
        whole = self.pushed.whole if self.pushed else None
        return (self.labels, self.written) if whole is None else (whole.labels, whole.line)

    @property
    def by_stages(self) -> bool:
        """Whether stages of the shipper make it what it is in Loki."""
        one = self.pushed
        return one is not None and bool(one.stages) and not one.cut and same_line(one.entry.line, self.line)

    @property
    def cut(self) -> bool:
        """Whether a limit of bytes does, of the shipper or of Loki."""
        if self.pushed is None:
            return is_cut(self.written, self.line)
        return self.pushed.cut or (not self.pushed.stages and is_cut(self.pushed.entry.line, self.line))


def compare_lines(context: Context, one: PathLines) -> list[Compared]:
    """The run's lines of a path that are not in Loki as they are in the file. Lines of several events are left out.
    Raises ConfigError."""
    run = context.followed_run
    differing: dict[str, tuple[str, Labels, str]] = {}
    for tag, ((labels, line), *_) in one.at_loki.stored.items():
        text = one.lines.get(tag)
        written = as_written(text) if text is not None else None
        same = {whole.rstrip("\r\n") for whole in (written, text) if whole is not None}
        if written is not None and line.rstrip("\r\n") not in same and set(find_tags(line, run.id)) == {tag}:
            differing[tag] = (written, labels, line)
    config = shipper_rules(context) if differing else None
    pushed = {p.tag: p for p in pushed_lines(config, one, tuple(differing), context.now_ns())} if config else {}
    return [Compared(tag, *rest, pushed.get(tag), config) for tag, rest in differing.items()]


def is_cut(whole: str, line: str) -> bool:
    """Whether a line is the beginning of another one, cut at some byte."""
    raw, part = whole.encode("utf-8", "surrogateescape"), line.encode("utf-8", "surrogateescape")
    # A character that was cut in its middle comes back as the replacement character, or not at all.
    part = part.removesuffix("\ufffd".encode())
    return line != whole and len(part) < len(raw) and raw.startswith(part)


def differing_parts(one: str, other: str) -> tuple[str, str]:
    """Two lines as a claim can show them: from a little in front of the place where they begin to differ."""
    one, other = beginning(one), beginning(other)
    same = len(commonprefix([one, other]))
    start = max(0, same - 16) if max(len(one), len(other)) > SHOWN else 0
    front = "..." if start else ""
    return f"{front}{shorten(one[start:], SHOWN, '...')}", f"{front}{shorten(other[start:], SHOWN, '...')}"


def pushed_lines(config: Rules, one: PathLines, tags: Sequence[str], now_ns: int) -> Iterator[Pushed]:
    """What the shipper makes of the lines of these tags."""
    for tag in tags:
        if tag in one.lines and (found := pushed_line(config, one.file, tag, one.lines[tag], now_ns)) is not None:
            yield found
