"""Draws the packages and their imports: `python docs/draw_architecture.py` writes docs/architecture.svg.

A row is a layer of tests/test_imports.py, top to bottom. An arrow is an import between packages, left out where a
longer way through others stands for it.
"""

import ast
import html
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "obs_check"
TARGET = Path(__file__).parent / "architecture.svg"
BOX_W, BOX_H, GAP_X, GAP_Y, MARGIN = 196, 54, 28, 46, 24
STYLE = """
  svg { background: #fff; font-family: ui-sans-serif, system-ui, sans-serif }
  rect { fill: #f4f6fa; stroke: #46566e; stroke-width: 1.2 }
  text { fill: #1c2430; text-anchor: middle }
  .name { font-size: 15px; font-weight: 600 }
  .what { font-size: 10.5px; fill: #46566e }
  path { fill: none; stroke: #8393ab; stroke-width: 1.2; marker-end: url(#tip) }
  marker path { fill: #8393ab; stroke: none; marker-end: none }
"""
WHAT = {
    "cli": "one command a file",
    "report": "one output format a file",
    "app": "use cases",
    "lint": "one rule a file, offline",
    "testing": "unit tests of dashboards",
    "lab": "the demonstration's processes",
    "causes": "one cause a file",
    "evidence": "what causes share",
    "follow": "a run, hop by hop",
    "standin": "Loki, Grafana, … in memory",
    "client": "sockets and files",
    "serving": "a port that is listened on",
    "shipper": "promtail and Alloy",
    "panel": "what a person sees",
    "logql": "the language",
    "boundary": "rules, configuration, lines",
    "golang": "Go's numbers, times, templates",
    "config": "obs-check.yaml",
    "documents": "YAML and JSON with places",
    "model": "frozen values",
    "errors": "message, hint, exit code",
    "data": "dashboards, queries, pages",
}


def layers() -> list[list[str]]:
    """The packages of each layer, from the top down, as the test of the imports has them."""
    tree = ast.parse((ROOT / "tests/test_imports.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "LAYERS" and node.value:
            return [list(layer) for layer in ast.literal_eval(node.value)]
    raise SystemExit("tests/test_imports.py has no LAYERS")


def imports() -> dict[str, set[str]]:
    """Package -> the packages that its files import."""
    found: dict[str, set[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        own = file.relative_to(PACKAGE).with_suffix("").parts[0]
        if own.startswith("__"):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("obs_check."):
                found.setdefault(own, set()).add(str(node.module).split(".")[1])
        found.setdefault(own, set()).discard(own)
    return found


def shortened(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The graph without arrows that a longer way stands for."""

    def reach(package: str) -> set[str]:
        return {far for near in graph[package] for far in ({near} | reach(near))}

    return {p: {t for t in to if not any(t in reach(other) for other in to - {t})} for p, to in graph.items()}


def drawn() -> str:
    """The picture as SVG."""
    rows = layers()
    width = max(len(row) for row in rows) * (BOX_W + GAP_X) - GAP_X + 2 * MARGIN + 120
    height = len(rows) * (BOX_H + GAP_Y) - GAP_Y + 2 * MARGIN
    place: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows):
        left = (width - len(row) * (BOX_W + GAP_X) + GAP_X) / 2
        for at, package in enumerate(row):
            place[package] = (left + at * (BOX_W + GAP_X), MARGIN + number * (BOX_H + GAP_Y))
    parts = []
    for package, targets in shortened(imports()).items():
        for target in sorted(targets):
            (x, y), (to_x, to_y) = place[package], place[target]
            start, end = (x + BOX_W / 2, y + BOX_H), (to_x + BOX_W / 2, to_y - 4)
            # A way past other rows swings out to the side, so that it crosses no box.
            swing = 0 if to_y - y <= BOX_H + GAP_Y + 1 else (1 if start[0] + end[0] >= width else -1) * (BOX_W * 0.9)
            middle = (start[1] + end[1]) / 2
            parts.append(
                f'<path d="M{start[0]:g} {start[1]:g} C{start[0] + swing:g} {middle:g} {end[0] + swing:g} {middle:g} '
                f'{end[0]:g} {end[1]:g}"/>'
            )
    for package, (x, y) in place.items():
        parts.append(f'<rect x="{x:g}" y="{y:g}" width="{BOX_W}" height="{BOX_H}" rx="7"/>')
        parts.append(f'<text class="name" x="{x + BOX_W / 2:g}" y="{y + 23:g}">{html.escape(package)}</text>')
        parts.append(f'<text class="what" x="{x + BOX_W / 2:g}" y="{y + 41:g}">{html.escape(WHAT[package])}</text>')
    tip = (
        '<marker id="tip" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">'
        '<path d="M0 0L6 3L0 6z"/></marker>'
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
            "<title>The packages of obs-check and their imports</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{tip}</defs>",
            *parts,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    TARGET.write_text(drawn(), "utf-8")
