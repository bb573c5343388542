"""timestamp-format: a timestamp stage that cannot read the times of the sample, or reads other times than they say."""

import re
from collections.abc import Iterator

from obs_check.golang import layouts
from obs_check.golang.template.clock import Instant
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.pipeline_sample import fits_job, of_labels, seen_by
from obs_check.lint.question import NOW_NS
from obs_check.lint.rule import LintRule
from obs_check.model.wording import count_noun
from obs_check.shipper.environment import is_known
from obs_check.shipper.item import text_of
from obs_check.shipper.stages.timestamp import Timestamp, read_time
from obs_check.shipper.value_flow import lacking_values

_CANDIDATES = (
    "RFC3339Nano", "Unix", "UnixMs", "UnixUs", "UnixNs", "2006-01-02T15:04:05.999999999Z0700",
    "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999", "2006-01-02 15:04:05,999", "2006/01/02 15:04:05",
    "02/Jan/2006:15:04:05 -0700", "Jan _2 15:04:05", "RFC1123", "RFC1123Z", "RFC822", "RFC850", "ANSIC", "RubyDate",
)  # fmt: skip
_LAYOUT = "write its layout with Go's reference time, 2006-01-02T15:04:05Z07:00"
_UNIX = {"Unix", "UnixMs", "UnixUs", "UnixNs"}
_UNITS = {10: "Unix", 13: "UnixMs", 16: "UnixUs", 19: "UnixNs"}
"""By how many digits a time of 2001 to 2286 has in them."""
_MONTHS, _DAYS = {"01", "1", "Jan", "January"}, {"02", "2", "_2"}
_DAYS_OF_YEAR = {"002", "__2"}


def _find(material: Material) -> Iterator[Found]:
    told: set[object] = set()
    for shipper, job, flow in material.flows():
        for stage in (one for one in job.pipeline.every() if isinstance(one, Timestamp)):
            spot = shipper.spot(job, "format", stage=stage)
            if (key := (shipper.key(job, stage), spot)) in told:
                continue
            told.add(key)
            if not _has_date(stage):
                claim = f"job {job.name}: format {stage.format!r} has no day and month of Go's reference time"
                yield spot, claim, _LAYOUT
            if _passes_over_zone(stage):
                claim = (
                    f"job {job.name}: format {stage.format!r} takes the Z of UTC for a letter, and reads the times in "
                    f"{stage.location}"
                )
                yield shipper.spot(job, stage.format, stage=stage), claim, "write Z07:00 for Z, and no `location`"
        lacking = [stage for stage, reads in lacking_values(flow.start, job.pipeline) if reads]
        for sample in material.samples:
            if not fits_job(sample, flow):
                continue
            for stage, items in seen_by(job, flow, sample, Timestamp):
                known = all(map(is_known, (stage.format, *stage.fallback_formats)))
                if not known or not _has_date(stage) or stage in lacking:
                    # Nobody can tell, or it is known without any line.
                    continue
                texts = [text_of(item.extracted.get(stage.source)) for item in items]
                given = [text for text in texts if text is not None]
                spot = shipper.spot(job, stage.format, stage=stage)
                if items and not given and not of_labels(job, flow, stage.source):
                    claim = f"job {job.name}: no stage before `timestamp` extracts {stage.source!r} from {sample.name}"
                    yield (
                        spot,
                        claim,
                        "name a value that a stage in front extracts; lines get the time they are read at",
                    )
                    continue
                unread = [text for text in given if stage.time_of(text, lambda: NOW_NS) is None]
                if len(unread) < len(given):
                    # What is not a time at all, as the lines of a traceback, says nothing of a format that reads
                    # others.
                    unread = [text for text in unread if _reading(text)]
                if (far := next(filter(None, (_in_other_unit(stage, text) for text in given)), None)) is not None:
                    text, read, unit = far
                    claim = f"job {job.name}: format {stage.format!r} reads {text!r} of {sample.name} as {read}"
                    yield spot, claim, f"format: {unit}"
                if unread:
                    claim = (
                        f"job {job.name}: format {stage.format!r} cannot read {unread[0]!r} "
                        f"({len(unread)} of {count_noun(len(given), 'line')} of {sample.name})"
                    )
                    yield spot, claim, _better(unread[0])


def _has_date(stage: Timestamp) -> bool:
    """Whether a format of a stage can read a day, which no words of other languages do (`YYYY-MM-DD`, `%Y`)."""
    for layout in (stage.format, *stage.fallback_formats):
        tokens = {found[0] for found in layouts.TOKEN.finditer(layouts.NAMED.get(layout, layout))}
        if not is_known(layout) or layout in _UNIX or (tokens & _MONTHS and tokens & _DAYS) or tokens & _DAYS_OF_YEAR:
            return True
    return False


def _passes_over_zone(stage: Timestamp) -> bool:
    """Whether a layout has the letter Z behind its time where Go wants `Z07:00`, and a zone beside UTC is named."""
    if stage.location in (None, "", "UTC", "Local") or not is_known(stage.format):
        return False
    return re.search(r"(?:05|[.,][09]+)Z$", layouts.NAMED.get(stage.format, stage.format)) is not None


def _in_other_unit(stage: Timestamp, text: str) -> tuple[str, str, str] | None:
    """A number of seconds or parts of them that the stage reads in another unit: the text, the day that it gets, and
    the unit that it has by its length."""
    meant = _UNITS.get(len(text)) if text.isdecimal() else None
    if stage.format not in _UNIX or stage.fallback_formats or meant in (None, stage.format):
        return None
    read = stage.time_of(text, lambda: NOW_NS)
    return None if read is None or meant is None else (text, Instant(read).format("2006-01-02"), meant)


def _parses(layout: str, text: str) -> bool:
    try:
        read_time(layout, text, None, lambda: NOW_NS)
    except layouts.NoTime:
        return False
    return True


def _reading(text: str) -> str:
    """A format that reads a text; "" where none of the usual ones does."""
    found = next((layout for layout in _CANDIDATES if _parses(layout, text)), "")
    # Unix seconds of thirteen digits and more would be in the far future: a finer unit is meant.
    if found == "Unix" and text.isdecimal() and len(text) >= 13:
        found = {13: "UnixMs", 16: "UnixUs"}.get(len(text), "UnixNs")
    return found


def _better(text: str) -> str:
    found = _reading(text)
    return f"format: {found}" if found else _LAYOUT


RULE = LintRule("timestamp-format", "error", "a timestamp stage cannot read the times of the sample", _find)
