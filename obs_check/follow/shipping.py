"""What a shipper said of itself before and after a run, and what follows for the run's lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from obs_check.model.shipping import FileState, PushRefusal, ShipperState
from obs_check.model.shipping_account import ShippingAccount, account
from obs_check.model.window import NS
from obs_check.model.wording import count_noun


@dataclass(frozen=True, slots=True)
class ShippingEvidence:
    """`lines` are the run's lines by file, as they were counted in the files. `before` is None when nobody looked
    before the run (a kept run is traced later): then nothing can be said of the lines in between. `since_ns` is when
    the run began: what the shipper's log says of an earlier time is not about it."""

    after: ShipperState
    lines: Mapping[str, int]
    before: ShipperState | None = None
    since_ns: int = 0

    @property
    def account(self) -> ShippingAccount | None:
        """What became of the lines read since the snapshot before the run."""
        return None if self.before is None else account(self.before, self.after, self.lines)

    @property
    def files(self) -> list[FileState]:
        """The run's files as the shipper has them; a file that it does not know has no numbers."""
        return [self.after.file(path) or FileState(path, on_disk=True) for path in sorted(self.lines)]

    @property
    def refusals(self) -> list[PushRefusal]:
        """Refused pushes, those of the run's time where that is known: what the log and Loki said, then what the
        metrics counted since the snapshot before."""
        old = {_identity(r): r.count or 0 for r in self.before.refusals} if self.before else {}
        new = [r for r in self.after.refusals if (r.count or 1) > old.get(_identity(r), 0)]
        return [r for r in new if (_written_ns(r) or self.since_ns) >= self.since_ns]

    def sentences(self) -> list[str]:
        """Short sentences for the hop's note: the account, files that are not read to their end, refusals in Loki's own
        words."""
        found = self.account
        told = [found.sentence()] if found and (found.read or found.open or found.client_drops) else []
        told += [in_words(file) for file in self.files if self._tells(file, found)]
        told += [skipped_in_words(file) for file in self.files if file.skipped]
        told += [refusal_in_words(r) for r in self.refusals if r.words][:1]
        return told

    def _tells(self, file: FileState, found: ShippingAccount | None) -> bool:
        """Whether a file's reading says more than the account; lines that were read since are ahead of the offset."""
        if file.state in ("behind", "stale") and found is not None:
            return found.read_by_file.get(file.path, 0) < self.lines[file.path]
        return file.state not in ("read", "unseen", "unknown file", "stale")

    def to_json(self) -> dict[str, Any]:
        """{"account", "files", "refusals", "missing"}: the run's part of the snapshots."""
        found = self.account
        return {
            "account": found.to_json() if found else None,
            "files": [file.to_json() for file in self.files],
            "refusals": [refusal.to_json() for refusal in self.refusals],
            "components": list(self.after.components),
            "missing": list(self.after.missing),
        }


def in_words(file: FileState) -> str:
    """The reading of a file in a sentence."""
    match file.state:
        case "shrunk":
            return (
                f"{file.path} has {count_noun(file.size or 0, 'byte')} and was read up to {file.offset}: it was "
                "truncated or replaced, and what is in it now was not read"
            )
        case "replaced":
            return (
                f"{file.path} was read up to {file.offset}, which is inside a line: another file stands there now, and "
                f"its first {file.offset} bytes were not read"
            )
        case "behind":
            return (
                f"{file.path} was read up to {file.offset} of {count_noun(file.size or 0, 'byte')} when its "
                "offset was last written"
            )
        case "stale":
            return f"{file.path}: {file.read_lines} lines were read since the start, some after its offset was written"
        case "not tailed":
            return f"{file.path} is found, but not being read"
        case "unknown file":
            if file.job:
                return f"{file.path} fits the path of job {file.job}, which has not found it yet"
            once = "" if file.position is None else f" any more: up to byte {file.position} it was read by one that did"
            return f"no job takes {file.path}{once}"
        case "gone":
            return f"{file.path} is not on disk any more"
        case "read":
            return f"{file.path} is read to its end"
    return f"{file.path}: the shipper reports nothing about it"


def skipped_in_words(file: FileState) -> str:
    """What was not read of a file that was filled again, or replaced."""
    return (
        f"{file.path} was read from byte {file.start} on, which is inside a line: it was filled again or replaced "
        "while the shipper did not run, and what stands in front of that was not shipped"
    )


def refusal_in_words(refusal: PushRefusal) -> str:
    """A refused push in a sentence, Loki's words last."""
    status = "no answer" if refusal.status in (None, -1) else f"status {refusal.status}"
    if refusal.source == "loki metrics":
        return f"Loki discarded {count_noun(refusal.count or 0, 'line')}: {refusal.reason}"
    if refusal.source == "shipper metrics":
        return f"{count_noun(refusal.count or 0, 'entry')} given up: {refusal.reason}"
    kind = "refused" if refusal.final else "not taken, will be tried again"
    return f"push {kind} ({status}): {refusal.words}"


def _written_ns(refusal: PushRefusal) -> int | None:
    """When the shipper's log says it, for the last time; None where it does not say when."""
    try:
        return int(datetime.fromisoformat(refusal.at).timestamp() * NS)
    except ValueError:
        return None


def _identity(refusal: PushRefusal) -> tuple[object, ...]:
    return refusal.source, refusal.reason, refusal.status, refusal.words, refusal.tenant
