"""`limit` and `sampling`: lines dropped for their number."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.model.window import NS
from obs_check.shipper.item import Item, PerLine, StageContext
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings


class _Bucket:
    """A token bucket: `rate` lines a second, at most `burst` at once."""

    def __init__(self, rate: float, burst: int, now_ns: int) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, float(burst), now_ns

    def take(self, now_ns: int) -> bool:
        self.tokens = min(float(self.burst), self.tokens + max(0, now_ns - self.at) / NS * self.rate)
        self.at = now_ns
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(frozen=True)
class Limit:
    """`limit`: with `drop`, lines over the rate are dropped and counted, one bucket in all or one a value of
    `by_label_name`. Without `drop` promtail only delays, so every line passes here."""

    kind: ClassVar[str] = "limit"
    rate: float
    burst: int
    drop: bool = False
    by_label_name: str = ""

    @classmethod
    def read(cls, given: StageSettings) -> "Limit":
        rate = given.needed("rate").number()
        burst = int(given.needed("burst").number())
        found = cls(rate, burst, given.flag("drop"), given.text("by_label_name"))
        if rate <= 0 or burst <= 0:
            raise given.error("rate and burst must be above 0")
        if found.by_label_name and not found.drop:
            raise given.error("by_label_name works only with drop: true")
        return found

    @property
    def may_drop(self) -> bool:
        """Whether it drops lines, and does not only delay them."""
        return self.drop

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        buckets: dict[str, _Bucket] = {}

        def change(item: Item) -> bool:
            if not self.drop or (self.by_label_name and self.by_label_name not in item.labels):
                return True
            key = item.labels[self.by_label_name] if self.by_label_name else ""
            now = context.clock()
            if key not in buckets:
                buckets[key] = _Bucket(self.rate, self.burst, now)
            if buckets[key].take(now):
                return True
            context.dropped("ratelimit_drop_stage")
            return False

        return PerLine(change)


@dataclass(frozen=True)
class Sampling:
    """`sampling`: each line is kept with the chance `rate`."""

    kind: ClassVar[str] = "sampling"
    may_drop: ClassVar[bool] = True
    rate: float
    reason: str = "sampling_stage"

    @classmethod
    def read(cls, given: StageSettings) -> "Sampling":
        rate = given.get("rate")
        value = rate.number() if rate else 0.0
        if not 0 <= value <= 1:
            raise given.error(f"rate {value} is not between 0 and 1")
        return cls(value, given.reason("sampling_stage"))

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        def change(item: Item) -> bool:  # noqa: ARG001 (chance alone decides)
            if context.chance() < self.rate:
                return True
            context.dropped(self.reason)
            return False

        return PerLine(change)


LIMIT = StageDeclaration(
    Limit.read,
    ("limit",),
    "limit",
    {"rate": "number!", "burst": "number!", "drop": "flag", "by_label_name": "text", "max_distinct_labels": "number"},
)
SAMPLING = StageDeclaration(
    Sampling.read, ("sampling",), "sampling", {"rate": "number", "drop_counter_reason": "text"}, {"rate": "number!"}
)
