"""The page says what the document says, to an eye, an ear and a machine, and asks nothing of anyone."""

import base64
import hashlib
import re
from itertools import pairwise
from typing import Any

import pytest

from obs_check.report.html.page import to_html
from tests.report.pages import DOCUMENTS
from tests.report.reading_html import Node, read_html

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
SCHEMES = ("light", "dark", "print")
PAIRS = [
    ("text", "page"),
    ("text", "raised"),
    ("text", "ok-soft"),
    ("text", "fail-soft"),
    ("text", "unknown-soft"),
    ("quiet", "page"),
    ("quiet", "raised"),
    ("quiet", "unknown-soft"),
    ("link", "page"),
    ("link", "raised"),
    ("link", "unknown-soft"),
    ("ok", "page"),
    ("ok", "ok-soft"),
    ("ok", "raised"),
    ("fail", "page"),
    ("fail", "fail-soft"),
    ("fail", "raised"),
    ("unknown", "page"),
    ("unknown", "unknown-soft"),
    ("on", "kind-0"),
    ("on", "kind-1"),
    ("on", "kind-2"),
]
"""Colours that letters have, and those behind them."""
SHAPES = [("kind-0", "page"), ("kind-1", "page"), ("kind-2", "page"), ("quiet", "page"), ("kind-0", "track")]
"""Colours of what has to be seen, and those beside them."""


@pytest.fixture(scope="module", params=DOCUMENTS)
def page(request: pytest.FixtureRequest) -> tuple[str, Node]:
    text = to_html(DOCUMENTS[request.param]())
    return text, read_html(text)


def test_it_has_a_language_a_title_and_a_place_for_everything(page: tuple[str, Node]) -> None:
    _, root = page
    assert root.all("html")[0].attributes["lang"] == "en"
    assert root.all("title")[0].text
    assert [len(root.all(tag)) for tag in ("header", "main", "footer", "nav")] == [1, 1, 1, 1]
    assert root.all("nav")[0].attributes["aria-label"]
    assert (
        "initial-scale=1"
        in next(n for n in root.all("meta") if n.attributes.get("name") == "viewport").attributes["content"]
    )


def test_headings_descend_without_a_gap(page: tuple[str, Node]) -> None:
    levels = [int(node.tag[1]) for node in page[1].all(*HEADINGS)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert all(node.text for node in page[1].all(*HEADINGS))


def test_every_link_leads_somewhere_and_every_name_is_given_once(page: tuple[str, Node]) -> None:
    _, root = page
    names = [node.attributes["id"] for node in root.walk() if "id" in node.attributes]
    assert len(names) == len(set(names))
    links = [node.attributes["href"] for node in root.all("a")]
    assert len(links) > 5
    assert {link[1:] for link in links if link.startswith("#")} <= set(names)
    for node in root.walk():
        for key in ("aria-labelledby", "aria-describedby"):
            assert set(node.attributes.get(key, "").split()) <= set(names)
    assert set(re.findall(r"url\(#([^)]+)\)", page[0])) <= set(names)


def test_every_table_has_a_caption_and_headings_of_columns_and_rows(page: tuple[str, Node]) -> None:
    tables = page[1].all("table")
    assert tables
    for table in tables:
        assert table.inside[0].tag == "caption" and table.inside[0].text
        heads = table.all("thead")[0].all("th")
        assert all(head.attributes["scope"] == "col" and head.text for head in heads)
        for row in table.all("tbody")[0].all("tr"):
            assert len(row.inside) == len(heads)
            assert [cell.attributes["scope"] for cell in row.inside if cell.tag == "th"] == ["row"]


def test_every_drawing_link_and_region_has_a_name(page: tuple[str, Node]) -> None:
    _, root = page
    for node in root.all("svg"):
        assert node.attributes.get("aria-hidden") == "true" or (node.inside[0].tag == "title" and node.inside[0].text)
    for node in root.all("a"):
        assert node.attributes.get("aria-label") or node.text
    for node in root.walk():
        if node.attributes.get("role") in ("region", "group") or "tabindex" in node.attributes:
            assert node.attributes.get("aria-label") or node.tag == "svg", node
            assert "tabindex" not in node.attributes or node.attributes.get("role") in ("region", "group"), node
    assert all(node.inside and node.inside[0].tag == "summary" for node in root.all("details"))


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))


def test_a_link_of_a_drawing_is_called_what_is_read_in_it(page: tuple[str, Node]) -> None:
    """WCAG 2.2, 2.5.3: the words that are seen are in the name, in their order."""
    links = [node for drawing in page[1].all("svg") for node in drawing.all("a")]
    assert all(words(node.text) and words(node.text) in words(node.attributes["aria-label"]) for node in links)
    assert links or "No events were sent" in page[0]


def test_what_can_be_jumped_to_has_a_name_of_its_own(page: tuple[str, Node]) -> None:
    _, root = page
    texts = {node.attributes["id"]: node.text for node in root.walk() if "id" in node.attributes}
    landmarks = [node for node in root.walk() if node.tag == "nav" or node.attributes.get("role") == "region"]
    names = [node.attributes["aria-label"] for node in landmarks]
    sections = root.all("section")
    names += [texts[node.attributes["aria-labelledby"]] for node in sections]
    assert len(sections) > 4
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_what_scrolls_can_be_reached_by_keyboard(page: tuple[str, Node]) -> None:
    """Of an answer that is shortened a few words are an excerpt, which does not scroll."""
    for node in page[1].walk():
        classes = node.attributes.get("class", "").split()
        if (node.tag == "pre" and "excerpt" not in classes) or "scroll" in classes:
            assert node.attributes["tabindex"] == "0"


def test_a_verdict_is_a_word_and_a_mark(page: tuple[str, Node]) -> None:
    for node in page[1].walk():
        if "chip" in node.attributes.get("class", "").split():
            assert re.fullmatch(r"[✓✗?=] (ok|fail|unknown|fixed|unchanged|still broken|newly broken)", node.text)
    stations = [n for n in page[1].all("rect") if n.attributes.get("class", "").startswith("station ")]
    marks = [n for n in page[1].all("g") if n.attributes.get("class", "").startswith("symbol ")]
    assert len(marks) >= len([n for n in stations if n.attributes["class"] != "station start"])


def test_it_asks_nothing_of_anyone(page: tuple[str, Node]) -> None:
    text, root = page
    first = root.all("head")[0].inside
    assert [node.tag for node in first[:2]] == ["meta", "meta"]
    policy = dict(part.split(" ", 1) for part in first[1].attributes["content"].split("; "))
    (style,), (script,) = root.all("style"), root.all("script")
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'{digest(style.said)}'",
        "script-src": f"'{digest(script.said)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for node in root.all("a"):
        if not node.attributes["href"].startswith("#"):
            assert "noreferrer" in node.attributes["rel"]
            assert node.attributes["href"].startswith("http://127.0.0.1:") and "/explore?" in node.attributes["href"]
    assert not root.all("img", "link", "iframe", "object", "embed", "form", "audio", "video", "image", "use", "base")
    for node in root.walk():
        assert not {"src", "style", "srcset", "action", "background", "xlink:href"} & set(node.attributes), node
        assert not [name for name in node.attributes if name.startswith("on")], node
    assert "url(" not in style.said and "@import" not in style.said
    assert "fetch" not in script.said and "http" not in script.said
    assert text.startswith("<!DOCTYPE html>")


def digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def colours(style: str) -> dict[str, dict[str, str]]:
    """Scheme -> name -> colour; what a scheme does not change is as in light."""
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    found = [dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    assert len(found) == len(SCHEMES)
    return {scheme: found[0] | block for scheme, block in zip(SCHEMES, found, strict=True)}


def luminance(colour: str) -> float:
    """WCAG 2.2: relative luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_colours_can_be_told_apart(scheme: str) -> None:
    style = read_html(to_html(DOCUMENTS["demo"]())).all("style")[0].said
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    found = colours(style)[scheme]
    weak = {pair: contrast(found[pair[0]], found[pair[1]]) for pair in PAIRS}
    assert not {pair: value for pair, value in weak.items() if value < 4.5}
    pale = {pair: contrast(found[pair[0]], found[pair[1]]) for pair in SHAPES}
    assert not {pair: value for pair, value in pale.items() if value < 3}


def test_every_colour_of_the_style_is_held_to_what_is_behind_it() -> None:
    style = read_html(to_html(DOCUMENTS["unexplained"]())).all("style")[0].said
    used = re.findall(r"[{; ](color|fill|stroke|background): var\(--([a-z0-9-]+)\)", style)
    letters = {name for what, name in used if what == "color"}
    assert letters - {front for front, _ in PAIRS} == set()
    assert {name for what, name in used if what == "background"} == {behind for _, behind in PAIRS} - {
        "kind-0",
        "kind-1",
        "kind-2",
    }
    # Lines between rows are ornament: what they part is told by the table.
    shapes = {name for what, name in used if what in ("fill", "stroke")}
    assert shapes - {one for pair in (*PAIRS, *SHAPES) for one in pair} == {"line"}


SENTENCES = {
    "demo": ("SUCCESS", "All 20 events reached every hop and all 12 panels read as they should, after 3 causes"),
    "healthy": ("SUCCESS", "All 20 events reached every hop and all 12 panels read as they should."),
    "confirm": ("SUCCESS", "All 20 events reached every hop and all 12 panels read as they should; 9 of them did not"),
    "negative": (
        "DOCUMENTED NEGATIVE",
        "3 causes explain 9 of 12 panels: path A loses 10 of 20 events at file and path B loses 20 of 20",
    ),
    "unknown": ("UNDECIDED", "Nothing is claimed: Loki does not answer: timed out"),
    "large": ("SUCCESS", "All 600 events reached every hop."),
    "unexplained": ("DOCUMENTED NEGATIVE", "9 of 12 panels do not read as they should; 9 panels unexplained."),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_the_head_says_it_in_one_sentence(name: str) -> None:
    root = read_html(to_html(DOCUMENTS[name]()))
    label, sentence = SENTENCES[name]
    assert root.all("h1")[0].text.startswith(sentence)
    assert root.all("title")[0].text.startswith(label)
    assert label in root.all("header")[0].text


def test_a_large_run_says_how_many_events_it_sent_and_what_became_of_them() -> None:
    root = read_html(to_html(DOCUMENTS["large"]()))
    assert "600 events" in root.all("header")[0].text
    drawing = next(n for n in root.all("svg") if n.attributes.get("class") == "drawing pipeline wide")
    assert drawing.all("a")[0].attributes["aria-label"] == "sent: 600 events, 316.7 a second"
    heads = [cell.text for cell in section(root, "run-table-hops").all("thead")[0].all("th")]
    assert heads[5:11] == ["95 of 100 by", "last by", "late", "duplicate", "displaced", "unexpected"]
    first = section(root, "run-table-hops").all("tbody")[0].all("tr")[0]
    assert [cell.text for cell in first.inside[5:11]] == ["163 ms", "1.26 s", "0", "1", "0", "0"]
    assert "600 events, of which each stands in the journal" in section(root, "events").text
    assert "No panel was read." in section(root, "panels").text
    assert "No events were sent" not in root.text


def section(root: Node, name: str) -> Node:
    return next(node for node in root.walk() if node.attributes.get("id") == name)


def test_a_negative_says_what_breaks_why_and_what_is_needed() -> None:
    document = DOCUMENTS["negative"]()
    root = read_html(to_html(document))
    rows = section(root, "negative").all("tbody")[0].all("tr")
    assert [row.inside[0].text for row in rows] == [finding["cause"] for finding in document["findings"]]
    for row, finding in zip(rows, document["findings"], strict=True):
        assert finding["fix"]["summary"].replace("`", "").split()[0] in row.inside[3].text
        assert finding["fix"]["path"] in row.inside[3].text
    assert not [n for n in read_html(to_html(DOCUMENTS["healthy"]())).walk() if n.attributes.get("id") == "negative"]


RESULT = {
    "head": "UNDECIDED",
    "parts": [
        {"part": "healthy", "verdict": "ok", "says": "2 checks", "lines": ["up"], "why": [], "needed": []},
        {"part": "denied", "verdict": "not asked", "says": "", "lines": [], "why": ["a `b`"], "needed": ["c"]},
    ],
}
CHECKS = [
    {
        "name": "pytest",
        "verdict": "fail",
        "before": None,
        "after": {"name": "pytest", "ok": False, "says": "exit 1", "output": "<b>1 failed</b>"},
    }
]


def test_a_run_that_says_what_a_success_takes_is_told_so() -> None:
    root = read_html(to_html(DOCUMENTS["healthy"]() | {"result": RESULT, "checks": CHECKS}))
    assert root.all("title")[0].text.startswith("UNDECIDED")
    assert root.all("h1")[0].text.endswith("read as they should; not asked for: denied.")
    assert root.all("header")[0].attributes["class"] == "head unknown"
    parts, checks = section(root, "result").all("table")
    rows = [[cell.text for cell in row.inside] for row in parts.all("tbody")[0].all("tr")]
    assert rows == [["healthy", "✓ ok", "2 checks up", "", ""], ["denied", "· not asked", "", "a b", "c"]]
    (row,) = checks.all("tbody")[0].all("tr")
    assert [cell.text for cell in row.inside] == [
        "pytest",
        "✗ fail",
        "not asked",
        "exit 1 what it printed <b>1 failed</b>",
    ]


def test_every_number_of_the_drawing_is_that_of_its_hop() -> None:
    document = DOCUMENTS["negative"]()
    root = read_html(to_html(document))
    for kind in ("wide", "narrow"):
        drawing = next(n for n in root.all("svg") if n.attributes.get("class") == f"drawing pipeline {kind}")
        boxes = [node.attributes["aria-label"] for node in drawing.all("a")]
        told = [f"{hop['hop']}: {hop['seen']} of {hop['sent']} {hop['verdict']}" for hop in document["hops"]]
        assert sorted(boxes) == sorted(
            [
                {"wide": "sent: 20 events, 10 allow, 10 deny", "narrow": "sent: 20: 10 allow, 10 deny"}[kind],
                *dict.fromkeys(told[:1]),
                *told[1:5],
                *told[6:],
                "dashboard: 3 of 12 right fail",
            ]
        )
        lost = [n.text.removeprefix("break: ") for n in drawing.all("text") if n.attributes.get("class") == "lost"]
        assert [words for words in lost if words != "break"] == ["\u221210", "\u221210", "\u221220"]
        crosses = [n for n in drawing.inside if n.tag == "g"]
        assert [n.attributes["class"] for n in crosses] == ["symbol fail", "symbol fail"]


def every_probe(document: Any) -> list[dict[str, Any]]:
    """The probes of a document, wherever they stand."""
    if isinstance(document, list):
        return [probe for part in document for probe in every_probe(part)]
    if not isinstance(document, dict):
        return []
    own = [probe for key in ("probes",) for probe in document.get(key) or ()]
    return own + [probe for key, part in document.items() if key != "probes" for probe in every_probe(part)]


def test_every_probe_is_there_with_the_weight_of_its_answer() -> None:
    document = DOCUMENTS["negative"]()
    root = read_html(to_html(document))
    probes = [n for n in root.all("details") if n.attributes.get("class") == "probe"]
    kept = every_probe(document)
    assert 50 < len(probes) < len(kept)
    weights = {probe["exchange"]["sha256"] for probe in kept if "exchange" in probe}
    assert weights <= {probe.all("code")[-1].said for probe in probes}
    for digest, answer in document["answers"].items():
        assert hashlib.sha256(answer.encode()).hexdigest() == digest
    cited = {node.attributes["href"] for node in root.all("a") if node.attributes["href"].startswith("#probe-")}
    assert {f"#{probe.attributes['id']}" for probe in probes} <= cited
    said = {pre.said for probe in probes for pre in probe.all("pre")}
    assert set(document["answers"].values()) <= said


def test_what_was_looked_at_stands_at_the_top() -> None:
    document = DOCUMENTS["negative"]()
    head = read_html(to_html(document)).all("header")[0].text
    assert "Agent firewall (agent-firewall, version 1)" in head
    assert f"at {document['inputs']['addresses']['grafana']}, Grafana 13.0.1" in head
    assert "obs-check 0.1.0, obs-check verify" in head


def test_the_funnel_of_a_broken_query_says_where_its_lines_go() -> None:
    root = read_html(to_html(DOCUMENTS["negative"]()))
    drawings = [n for n in root.all("svg") if n.attributes.get("class") == "drawing funnel"]
    assert len(drawings) == 9
    [table] = section(root, "run-details-0").all("table")
    rows = [[cell.text for cell in row.inside] for row in table.all("tbody")[0].all("tr")]
    assert rows[:4] == [
        ['{namespace="coder"}', "20"],
        ['|= "boundary_request"', "20"],
        ["| logfmt", "20"],
        ['| decision=~"allow|deny"', "0"],
    ]
    lost = [n.text for n in drawings[0].all("text") if n.attributes.get("class") == "lost"]
    assert lost == ["0 (\u221220)"]
    of_files = next(n for n in drawings if "boundary" in n.all("title")[0].text and "|= " not in n.all("title")[0].text)
    assert [n.text for n in of_files.all("text") if n.attributes.get("class") == "lost"] == ["0 (\u221220)"]
    assert not [n for n in read_html(to_html(DOCUMENTS["healthy"]())).all("svg") if "funnel" in n.attributes["class"]]


def test_a_hop_shows_its_lines_as_they_stand() -> None:
    document = DOCUMENTS["negative"]()
    lines = section(read_html(to_html(document)), "run-lines-B-loki")
    kept = [line for event in document["hops"][8]["events"] for line in event["lines"]]
    assert [pre.said for pre in lines.all("pre")] == [line["line"] for line in kept]
    assert all(f'namespace="{line["labels"]["namespace"]}"' in lines.text for line in kept)


def test_both_sides_of_a_proof_stand_beside_each_other() -> None:
    root = read_html(to_html(DOCUMENTS["negative"]()))
    cause = section(root, "run-cause-3")
    sides = [n for n in cause.all("div") if n.attributes.get("class", "").startswith("side ")]
    assert [side.all("h4")[0].text for side in sides] == ["as written", "changed"]
    assert [side.all("p")[0].text for side in sides] == ["0 (no series)", "20"]
