"""What a rule finds, and where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from obs_check.model.finding import Severity, Subject
from obs_check.model.wording import count_noun


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: `line` is 1-based; `subject` names dashboard, panel and target where there are any;
    `panel_title` is the title of a panel to which its file gives no id, so that nobody would find it by its number."""

    path: str
    line: int = 1
    subject: Subject = field(default_factory=Subject)
    panel_title: str | None = None

    def to_json(self) -> dict[str, Any]:
        """{"line", "subject"}, and "panel_title" where there is one."""
        titled = {} if self.panel_title is None else {"panel_title": self.panel_title}
        return {"line": self.line, "subject": self.subject.to_json(), **titled}


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing a rule found: `claim` says what is wrong, `remedy` what to write instead."""

    rule: str
    severity: Severity
    spot: Spot
    claim: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """{"rule", "severity", "path", "claim", "fix": {"summary"}}, and what the spot has."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "path": self.spot.path,
            **self.spot.to_json(),
            "claim": self.claim,
            "fix": {"summary": self.remedy},
        }


_HABIT = 3
"""Places from which what is said of one file in the same words is one finding."""
_SHOWN = 12
"""Places of a finding that a text names."""


Held = tuple[str, str]
"""A file and the uid of a dashboard in it, "" for one without."""


def group_issues(issues: Iterable[Issue], copies: Mapping[Held, Sequence[Held]]) -> list[dict[str, Any]]:
    """The findings as JSON, each with its `places` ({"line", "subject"}): what a rule says of a file in the same words
    in three places or more, or of several queries of one panel, is one finding, at the first of them. `copies` are the
    same dashboards as a first one: that one is spoken of, and its findings name the files of the others."""
    repeated = {held for others in copies.values() for held in others}
    groups: dict[object, list[Issue]] = {}
    for issue in issues:
        if _held(issue) not in repeated:
            groups.setdefault((issue.rule, issue.spot.path, issue.claim, issue.remedy), []).append(issue)
    found = []
    for group in groups.values():
        panels: dict[object, list[Issue]] = {}
        for number, issue in enumerate(group):
            subject = issue.spot.subject
            panels.setdefault(number if subject.panel is None else (subject.dashboard, subject.panel), []).append(issue)
        for alike in [group] if len(group) >= _HABIT else panels.values():
            places = [one.spot.to_json() for one in alike]
            others = list(dict.fromkeys(path for one in alike for path, _ in copies.get(_held(one), ())))
            found.append({**alike[0].to_json(), "places": places, "copies": others})
    return found


def _held(issue: Issue) -> Held:
    return issue.spot.path, issue.spot.subject.dashboard or ""


def name_subject(finding: Mapping[str, Any]) -> str:
    """Where in a dashboard a finding of the document is: `panel 1, query A`; "" where it is in none."""
    subject = finding["subject"]
    if subject["panel"] is None:
        return ""
    names = _queries(finding) or [subject["target"]]
    queries = f", {'queries' if len(names) > 1 else 'query'} {_first(names)}" if names[0] else ""
    return f"panel {name_panel(finding)}{queries}"


def name_panel(place: Mapping[str, Any]) -> str:
    """The panel of a place or a finding of the document: its id, its title where its file gives it no id."""
    title = place.get("panel_title")
    return str(place["subject"]["panel"]) if title is None else f'"{title}"' if title else "without a title"


def name_places(finding: Mapping[str, Any]) -> list[str]:
    """Where else a finding of the document stands, a sentence each: its other panels, else lines, then its copies."""
    places, told = finding["places"], []
    if len(places) > 1 and not _queries(finding):
        in_panels = all(place["subject"]["panel"] is not None for place in places)
        kind, found = ("panels", map(name_panel, places)) if in_panels else ("lines", [one["line"] for one in places])
        told.append(f"in {count_noun(len(places), 'place')}: {kind} {_first(found)}")
    if copies := finding["copies"]:
        told.append(f"and {count_noun(len(copies), 'copy')}: {_first(copies)}")
    return told


def _queries(finding: Mapping[str, Any]) -> list[str]:
    """The names of the queries that a finding is of, where they all are of one panel."""
    subjects = [place["subject"] for place in finding["places"]]
    panels = {(subject["dashboard"], subject["panel"]) for subject in subjects}
    names = [subject["target"] for subject in subjects]
    return list(dict.fromkeys(names)) if len(panels) == 1 and None not in names else []


def _first(found: Iterable[object]) -> str:
    shown = list(dict.fromkeys(map(str, found)))
    rest = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"{', '.join(shown[:_SHOWN])}{rest}"


Found = tuple[Spot, str, str] | tuple[Spot, str, str, Severity]
"""Where, claim, remedy, and the severity where it is not that of the rule."""
