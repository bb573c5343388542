"""Test outcomes as JUnit's XML, the form that CI systems read."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree


def junit(document: Mapping[str, Any]) -> str:
    """One testsuite a file and one testcase an expectation, from the JSON document of `obs-check test`."""
    root = ElementTree.Element("testsuites", name="obs-check")
    for suite in document["suites"]:
        checks = [(case, check) for case in suite["cases"] for check in case["checks"]]
        verdicts = [check["verdict"] for _, check in checks]
        node = ElementTree.SubElement(
            root,
            "testsuite",
            name=suite["file"],
            tests=str(len(checks)),
            failures=str(verdicts.count("fail")),
            errors=str(verdicts.count("unknown")),
            time=f"{sum(case['seconds'] for case in suite['cases']):.3f}",
        )
        for case, check in checks:
            one = ElementTree.SubElement(node, "testcase", classname=case["name"], name=check["subject"])
            if check["verdict"] != "ok":
                kind = "failure" if check["verdict"] == "fail" else "error"
                detail = ElementTree.SubElement(one, kind, message=check["differs"])
                detail.text = "\n".join(
                    [*(f"want {line}" for line in check["want"]), *(f"got  {line}" for line in check["got"])]
                )
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"
