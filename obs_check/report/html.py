"""A document as one HTML file that needs nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obs_check.report.tables import EvidenceTable, known
from obs_check.report.terminal import visible

TEMPLATE = "evidence.html.j2"


def to_html(document: Mapping[str, Any], tables: list[EvidenceTable]) -> str:
    """Verdict, findings and all tables; every value is escaped, no script, no request to anywhere."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters["shown"] = _shown
    environment.filters["known"] = known
    return environment.get_template(TEMPLATE).render(
        command=document.get("command") or "",
        verdict=document.get("verdict") or "unknown",
        ended=document.get("ended") or "",
        run=document.get("run") or "",
        findings=list(document.get("findings") or ()),
        changes=list(document.get("changes") or ()),
        tables=[t for t in tables if t.name != "verdict" and not t.name.endswith("findings")],
    )


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
