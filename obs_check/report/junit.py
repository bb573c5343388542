"""Outcomes as JUnit's XML, the form that CI systems read. XML has no place for control characters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree

from obs_check.app.verify.document import Document, Hop
from obs_check.lint.issue import name_places
from obs_check.model.wording import count_noun
from obs_check.report.terminal import escape_controls

_KINDS = {"fail": "failure", "unknown": "error"}


class JunitCase(NamedTuple):
    """A testcase: `verdict` is ok, fail (a failure) or unknown (an error, in JUnit's words)."""

    classname: str
    name: str
    verdict: str
    message: str = ""
    detail: str = ""


def junit(document: Mapping[str, Any]) -> str:
    """One testsuite a file and one testcase an expectation, from the JSON document of `obs-check test`."""
    suites = []
    for suite in document["suites"]:
        cases = [
            JunitCase(case["name"], check["subject"], check["verdict"], check["differs"], _wanted(check))
            for case in suite["cases"]
            for check in case["checks"]
        ]
        suites.append((suite["file"], cases, sum(case["seconds"] for case in suite["cases"])))
    return _xml(suites, document["ended"])


def junit_of_run(document: "Document") -> str:
    """The testsuites `hops`, `panels` and `causes` of the document of a run: one testcase a hop, panel and cause. A
    cause is a failure where it is an error, else passed. Of a demonstration the run after the fixes counts."""
    last = document.get("after") or document
    name = f"{document.get('command')} {last.get('run') or ''}".strip()
    suites = [(f"{name} {part}", list(cases), 0.0) for part, cases in _parts(last)]
    outages = "; ".join(map(str, last.get("outages") or ()))
    return _xml(suites, str(document.get("ended") or last.get("ended") or outages))


def junit_of_lint(document: Mapping[str, Any]) -> str:
    """One testcase a finding of lint's document, and one that passed where there is none."""
    cases = [
        JunitCase(
            one["rule"],
            f"{one['path']}:{one['line']}:{one['column']}",
            "fail" if one["severity"] == "error" else "ok",
            "; ".join((one["claim"], *name_places(one))),
            one["fix"]["summary"],
        )
        for one in document["findings"]
    ]
    return _xml([("lint", cases or [JunitCase("lint", count_noun(document["files"], "file"), "ok")], 0.0)], "")


def _parts(document: "Document") -> Iterator[tuple[str, Iterator[JunitCase]]]:
    yield (
        "hops",
        (
            JunitCase(f"path {hop.get('path')}", str(hop.get("hop")), str(hop.get("verdict")), _hop(hop))
            for hop in document.get("hops") or ()
        ),
    )
    yield (
        "panels",
        (
            JunitCase(f"panel {panel.get('id')}", str(panel.get("title")), str(panel.get("verdict")), _panel(panel))
            for panel in document.get("panels") or ()
        ),
    )
    yield (
        "causes",
        (
            JunitCase(
                str(finding.get("cause")),
                str(finding.get("claim")),
                "fail" if finding.get("severity") == "error" else "ok",
                str(finding.get("claim")),
                str((finding.get("fix") or {}).get("summary") or ""),
            )
            for finding in document.get("findings") or ()
        ),
    )


def _hop(hop: "Hop") -> str:
    note = str(hop.get("note") or "")
    return f"{hop.get('seen')} of {hop.get('sent')} events seen" + (f": {note}" if note else "")


def _panel(panel: Mapping[str, object]) -> str:
    wanted, cause = panel.get("wanted"), panel.get("cause")
    return f"reads {panel.get('reads')}" + (f", wanted {wanted}" if wanted else "") + (f": {cause}" if cause else "")


def _wanted(check: Mapping[str, Any]) -> str:
    return "\n".join([*(f"want {line}" for line in check["want"]), *(f"got  {line}" for line in check["got"])])


def _xml(suites: Iterable[tuple[str, Sequence[JunitCase], float]], ended: str) -> str:
    root = ElementTree.Element("testsuites", name="obs-check")
    for name, cases, seconds in suites:
        verdicts = [case.verdict for case in cases]
        node = ElementTree.SubElement(
            root,
            "testsuite",
            name=escape_controls(name),
            tests=str(len(cases)),
            failures=str(verdicts.count("fail")),
            errors=str(verdicts.count("unknown")),
            time=f"{seconds:.3f}",
        )
        for case in cases:
            one = ElementTree.SubElement(
                node, "testcase", classname=escape_controls(case.classname), name=escape_controls(case.name)
            )
            if case.verdict in _KINDS:
                detail = ElementTree.SubElement(one, _KINDS[case.verdict], message=escape_controls(case.message))
                detail.text = escape_controls(case.detail)
    if ended:
        # A run that did not come to its end must not look like one that passed.
        node = ElementTree.SubElement(root, "testsuite", name="obs-check", tests="1", failures="0", errors="1")
        one = ElementTree.SubElement(node, "testcase", classname="obs-check", name="the run came to its end")
        ElementTree.SubElement(one, "error", message=escape_controls(ended))
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"
