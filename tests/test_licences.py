"""Every locked dependency has a licence that is accepted here, as its installed metadata says."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKED = sorted(set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)))
ACCEPTED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "PSF-2.0", "Zlib"),
    # Of its own files only: what uses it may have any licence.
    "MPL-2.0",
}
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "OSI Approved :: Apache Software License": "Apache-2.0",
    "OSI Approved :: BSD License": "BSD-3-Clause",
    "OSI Approved :: MIT License": "MIT",
    "OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What metadata says in other words."""
READ = {
    "promql-parser": ("MIT", "The MIT License (MIT)"),
    "verlib2": ("BSD-2-Clause OR Apache-2.0", "Copyright (c) Donald Stufft and individual contributors."),
}
"""Metadata that says nothing: the licence that its file is, and the file's first line."""


def licence(found: Distribution) -> str:
    """An SPDX expression, "" for none."""
    said = found.metadata.json
    classifiers = said.get("classifier", [])
    words = [text.removeprefix("License :: ") for text in classifiers if text.startswith("License :: ")]
    named = said.get("license_expression") or said.get("license") or " AND ".join(SPDX.get(w, w) for w in words)
    return SPDX.get(str(named), str(named))


def first_line(found: Distribution) -> str:
    """Of its licence file."""
    files = [file for file in found.files or () if file.name.startswith("LICENSE")]
    return str(files[0].read_text()).partition("\n")[0] if files else ""


@pytest.mark.parametrize("name", LOCKED)
def test_a_dependency_has_an_accepted_licence(name: str) -> None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        pytest.skip("not for this platform")
    expression = licence(found)
    if not expression:
        expression, line = READ[name]
        assert first_line(found) == line
    # Of several that may be chosen from, one has to do; of several that all hold, each.
    assert any(set(choice.split(" AND ")) <= ACCEPTED for choice in expression.split(" OR ")), expression


def test_nothing_is_read_by_hand_that_metadata_says() -> None:
    assert all(not licence(distribution(name)) for name in READ)
