"""What recomputing a document found: how much was made anew, what does not match, and what could not be made anew."""

import json
from dataclasses import dataclass, field

_SHOWN = 160
"""Characters of a value that a difference shows."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`place` is where in the document (`panels[3].reads`), `kept` what stands there, `found` what it has to be."""

    place: str
    kept: str
    found: str

    def to_json(self) -> dict[str, str]:
        """{"place", "kept", "found"}."""
        return {"place": self.place, "kept": self.kept, "found": self.found}


@dataclass(slots=True)
class Recomputed:
    """Grows while a document is gone through. `counts` says by kind how many values were made anew, `left` what was
    not, and why."""

    counts: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def same(self, kind: str, place: str, kept: object, found: object) -> bool:
        """Count a value that was made anew, and note where it is not the one that is kept."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kept == found:
            return True
        self.differences.append(Difference(place, _shown(kept), _shown(found)))
        return False

    def leave(self, place: str, why: str) -> None:
        """Note what is not made anew."""
        self.left.setdefault(place, why)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
