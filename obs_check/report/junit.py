"""Test outcomes as JUnit's XML, the form that CI systems read. XML has no place for control characters."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from obs_check.report.terminal import visible


def junit(document: Mapping[str, Any]) -> str:
    """One testsuite a file and one testcase an expectation, from the JSON document of `obs-check test`."""
    root = ElementTree.Element("testsuites", name="obs-check")
    for suite in document["suites"]:
        checks = [(case, check) for case in suite["cases"] for check in case["checks"]]
        verdicts = [check["verdict"] for _, check in checks]
        node = ElementTree.SubElement(
            root,
            "testsuite",
            name=visible(suite["file"]),
            tests=str(len(checks)),
            failures=str(verdicts.count("fail")),
            errors=str(verdicts.count("unknown")),
            time=f"{sum(case['seconds'] for case in suite['cases']):.3f}",
        )
        for case, check in checks:
            one = ElementTree.SubElement(
                node, "testcase", classname=visible(case["name"]), name=visible(check["subject"])
            )
            if check["verdict"] != "ok":
                kind = "failure" if check["verdict"] == "fail" else "error"
                detail = ElementTree.SubElement(one, kind, message=visible(check["differs"]))
                rows = [*(f"want {line}" for line in check["want"]), *(f"got  {line}" for line in check["got"])]
                detail.text = visible("\n".join(rows))
    if document["ended"]:
        # A run that did not come to its end must not look like one that passed.
        node = ElementTree.SubElement(root, "testsuite", name="obs-check", tests="1", failures="0", errors="1")
        one = ElementTree.SubElement(node, "testcase", classname="obs-check", name="the run came to its end")
        ElementTree.SubElement(one, "error", message=visible(document["ended"]))
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"
