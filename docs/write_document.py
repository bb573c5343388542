"""Writes the pages of the JSON document and of the tables: `python docs/write_document.py`.

The types of obs_check/app/verify/document.py say what stands in docs/document.md: a section a type, a row a field;
obs_check/report/tables.py what stands in docs/tables.md: a section a table, a row a column;
obs_check/report/documents.py what stands in docs/schemas: a JSON Schema a command.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from obs_check.app.recompute.fields import EVERY, LEFT
from obs_check.app.verify.document import Document
from obs_check.report.decisions import TOP_DOMAINS
from obs_check.report.documents import DOCUMENTS, in_order, schema_of
from obs_check.report.tables import TABLES

TARGET = Path(__file__).parent / "document.md"
BUNDLE = Path(__file__).parent / "bundle.md"
BEGIN, END = "<!-- fields -->", "<!-- end of fields -->"
SCHEMAS = Path(__file__).parent / "schemas"
TABLES_TARGET = Path(__file__).parent / "tables.md"
TABLES_HEAD = """\
# The tables

`obs-check export RUN --to DIR --format csv,jsonl,parquet,xlsx` writes these, each where it has rows. A `decision` is
the firewall's, a `verdict` obs-check's. Times are UTC: RFC 3339 with nanoseconds in text, a timestamp of nanoseconds
in Parquet. A missing value is an empty cell, or null. In CSV and in a workbook a text that would begin a formula has an
apostrophe in front. The run after a fix stands in the same tables, under its own `run`.

`obs-check decisions --to DIR --since 24h --format csv,parquet` writes `decisions` and `top_domains` from Loki, a page
at a time: a million rows take the memory of one page, and an interrupted command goes on where it stopped. `export` has
the decisions in the lines of the run; with `--decisions` it asks Loki for all of the run's window in the same way.

This page is written by `python docs/write_document.py` from `obs_check/report/tables.py`.
"""
HEAD = """\
# The JSON document

`verify`, `diagnose`, `confirm`, `trace`, `inject` and `demo` print it with `-o json` and keep it. It holds what was
claimed and all that it stands on, of green runs too: each panel's query as written and as sent, each time it was read
with its window, the raw frames, what a person sees and the events that made it; each hop's lines; what it was judged
by; versions and clocks. Secrets are hidden before anything is kept.

A raw answer stands once, in `answers`, under the SHA-256 of its text; whatever asked for it names it in its `exchange`:

```python
import hashlib, json

document = json.load(open("run.json"))
for panel in document["panels"]:
    for reading in panel["proof"]["readings"]:
        for probe in reading["probes"]:
            exchange = probe.get("exchange")
            if exchange and exchange["sha256"] in document["answers"]:
                answer = document["answers"][exchange["sha256"]]
                assert hashlib.sha256(answer.encode()).hexdigest() == exchange["sha256"]
                print(panel["id"], reading["of"], exchange["body"]["queries"][0]["refId"], len(answer))
```

[schemas](schemas) has the JSON Schema (2020-12) of this page, `run.json`, and of what every other command prints with
`-o json`; they come with the package, in `obs_check/data/docs/schemas`.

What is bounded: 256 KiB of one answer and 16 MiB of all, 3 lines a tag and 8,192 characters a line, 500 values a
reading, 4 MiB of a dashboard, 256 KiB of a file. What is left out is counted where it is missing.

Fields marked * are always there. Documents of earlier versions have fewer of the others. Times are nanoseconds since
the epoch (UTC). This page is written by `python docs/write_document.py` from `obs_check/app/verify/document.py`.
"""


def written() -> str:
    """The page: the document first, then every type that it holds, each behind the first that names it."""
    schema = in_order(msgspec.json.schema(Document))
    kinds: dict[str, dict[str, Any]] = schema["$defs"]
    order, parts = ["Document"], [HEAD]
    for name in order:
        order += [kind for kind in dict.fromkeys(_named(kinds[name])) if kind not in order]
        parts.append(_section(name, kinds[name]))
    return "\n".join(parts)


def written_schemas() -> dict[str, str]:
    """File name -> JSON Schema of what a command prints with `-o json`."""
    return {
        f"{name}.json": json.dumps(schema_of(name, kind), indent=1, ensure_ascii=False) + "\n"
        for name, kind in DOCUMENTS
    }


def written_tables() -> str:
    """The page of the tables."""
    parts = [TABLES_HEAD]
    for kind in (*TABLES, TOP_DOMAINS):
        rows = [(f"`{c.name}`", c.type, c.meaning) for c in kind.columns]
        parts.append(f"## {kind.name}\n\n{kind.meaning}\n\n{table(('column', 'type', 'meaning'), rows)}")
    return "\n".join(parts)


def written_bundle() -> str:
    """The page of the bundle, with the list of what is not made anew."""
    head, _, rest = BUNDLE.read_text("utf-8").partition(BEGIN)
    parts = []
    for name, (kinds, why) in LEFT.items():
        shown = ", ".join(f"`{kind}`" if of == EVERY else f"`{kind}`: {of}" for kind, of in kinds.items())
        parts.append(f"* {name} ({shown}): {why};\n")
    return f"{head}{BEGIN}\n{''.join(parts)}{END}{rest.partition(END)[2]}"


def _section(name: str, kind: dict[str, Any]) -> str:
    required = set(kind.get("required", ()))
    rows = [
        (f"`{field}`{'*' if field in required else ''}", _type(value), value.get("description", ""))
        for field, value in kind["properties"].items()
    ]
    said = " ".join(kind["description"].split())
    return f"## {name}\n\n{said}\n\n{table(('field', 'type', 'meaning'), rows)}"


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(_type(one) for one in value["anyOf"])
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"object of {_type(inner)}" if isinstance(inner, dict) and inner else "object"
    return str(value.get("type", "anything"))


def _named(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].rsplit("/", 1)[1]] if "$ref" in value else []
        return own + [name for item in value.values() for name in _named(item)]
    return [name for item in value for name in _named(item)] if isinstance(value, list) else []


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    TARGET.write_text(written(), "utf-8")
    SCHEMAS.mkdir(exist_ok=True)
    for name, text in written_schemas().items():
        (SCHEMAS / name).write_text(text, "utf-8")
    BUNDLE.write_text(written_bundle(), "utf-8")
    TABLES_TARGET.write_text(written_tables(), "utf-8")
