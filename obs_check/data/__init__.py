"""Dashboards, queries and pages that come with obs-check, as they stand at the top of its tree.

The folders here are links to those; a build puts the files themselves in their place, so that there is one source."""

from pathlib import Path

_HERE = Path(__file__).parent
DASHBOARDS = _HERE / "dashboards"
"""<uid>.json, <uid>.expect.yaml, <uid>.test.yaml."""
QUERIES = _HERE / "queries"
"""<name>.logql."""
CAUSES = _HERE / "docs" / "causes"
"""<cause>.md."""
SCHEMAS = _HERE / "docs" / "schemas"
"""<command>.json: JSON Schemas of what commands print with `-o json`."""
RULES = _HERE / "docs" / "lint.md"
"""A section a rule of lint."""
