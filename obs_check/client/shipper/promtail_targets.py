"""promtail's /targets and /service-discovery pages (HTML only, promtail 3.5) as rows."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from obs_check.errors import Unavailable
from obs_check.model.entry import Labels

_BADGE = re.compile(r'([^=]+)="(.*)"', re.DOTALL)
_POSITION = re.compile(r"[0-9]{1,19}")
_DROPPED = re.compile(r"Dropped: (?P<reason>.+)", re.DOTALL)


@dataclass(slots=True)
class PromtailTarget:
    """One target of a job. `discovered` are the labels before relabeling (with `__path__`), `positions` file -> bytes
    read. A target whose path matches no file is not ready."""

    job: str
    kind: str = ""
    ready: bool = False
    labels: Labels = field(default_factory=dict)
    discovered: Labels = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)


def parse_targets(html: str) -> list[PromtailTarget]:
    """The targets of all jobs in the order of the page; [] for a page that has none. Raises Unavailable for what is no
    HTML."""
    page = _Page()
    _feed(page, html, "/targets")
    return page.targets


@dataclass(slots=True)
class Discovered:
    """One target as it was found, used or not. `dropped` is promtail's reason ("" for a target in use); `labels` are
    those after relabeling, without names that start with `__`."""

    job: str
    discovered: Labels = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)
    dropped: str = ""


def parse_discovery(html: str) -> list[Discovered]:
    """The targets of all jobs, dropped ones too (promtail shows the first 100 of a job); [] for another page. Raises
    Unavailable for what is no HTML."""
    page = _Discovery()
    _feed(page, html, "/service-discovery")
    return page.targets


def _feed(page: HTMLParser, html: str, path: str) -> None:
    try:
        page.feed(html)
        page.close()
    except AssertionError as error:
        # html.parser, of Python 3.10 on: a declaration that is none.
        raise Unavailable(f"shipper: {path} answered HTML that cannot be read: {error}", "is it promtail's?") from None


class _Discovery(HTMLParser):
    """Rows of two cells of badges: labels before relabeling, labels after it or why the target was dropped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.targets: list[Discovered] = []
        self._job = ""
        self._cell = 0
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("id") or ""
        if tag == "h2" and name.startswith("job-"):
            self._job = name.removeprefix("job-")
        elif tag == "tr":
            self._cell = 0
        elif tag == "td":
            self._cell += 1
            if self._cell == 1 and self._job:
                self.targets.append(Discovered(self._job))
        elif tag == "span" and self._cell:
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag != "span" or self._text is None:
            return
        text, self._text = "".join(self._text).strip(), None
        if not self.targets:
            return
        target = self.targets[-1]
        if self._cell == 1:
            target.discovered.update(_labels([text]))
        elif found := _DROPPED.fullmatch(text):
            target.dropped = found["reason"].strip()
        else:
            target.labels.update(_labels([text]))


class _Page(HTMLParser):
    """Reads the page by the classes of its cells: type, state, labels, details."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.targets: list[PromtailTarget] = []
        self._job = ""
        self._cell = ""
        self._inner: list[str] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        name = given.get("id") or ""
        if tag == "a" and name.startswith("job-"):
            self._job = name.removeprefix("job-")
        elif tag == "td" and classes:
            self._cell = classes[0]
            if self._cell == "type":
                self.targets.append(PromtailTarget(self._job))
        tip = given.get("data-original-title")
        if tip and self._cell == "labels" and self.targets:
            self.targets[-1].discovered = _labels(tip.split("<br>")[1:])
        if tag in ("td", "span"):
            self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = "".join(self._text).strip()
        if not self.targets:
            return
        target = self.targets[-1]
        if tag == "span" and text:
            if self._cell == "state":
                target.ready = text == "true"
            elif self._cell == "labels":
                target.labels.update(_labels([text]))
            self._text = []
        elif tag == "td" and self._cell == "type":
            # promtail closes this cell's <span> with </a>
            target.kind = text
        elif tag == "td" and self._cell == "details" and text:
            self._inner.append(text)
            if len(self._inner) == 2:
                path, position = self._inner
                if _POSITION.fullmatch(position):
                    target.positions[path] = int(position)
                self._inner = []
            self._text = []
        elif tag == "tr":
            self._inner = []


def _labels(pairs: list[str]) -> Labels:
    return {m[1]: m[2] for pair in pairs if (m := _BADGE.fullmatch(pair.strip()))}
