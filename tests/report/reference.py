"""Small reference pictures of pages: `python -m tests.report.reference` takes them again."""

import base64
import json
import tempfile
from pathlib import Path

from obs_check.report.html.page import to_html
from tests.report.chromium import Browser, Page, browser
from tests.report.pages import DOCUMENTS

FOLDER = Path(__file__).parent.parent / "fixtures" / "report" / "reference"
VERSION = FOLDER / "chromium.json"
VIEWS = {
    "healthy-1400-light": ("healthy", "", 1400, "light"),
    "negative-1400-dark": ("negative", "#pipeline", 1400, "dark"),
    "confirm-800-light": ("confirm", "#comparison", 800, "light"),
    "unknown-390-dark": ("unknown", "", 390, "dark"),
    "negative-390-light": ("negative", "#run-details-0", 390, "light"),
}
"""Name -> document, place in the page, width in px, colour scheme."""
_HEIGHT, _SCALE = 900, 0.4
DIFFERENT = """(async (one, other) => {
  const pixels = async text => {
    const raw = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([raw], {type: "image/png"}));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    return context.getImageData(0, 0, picture.width, picture.height);
  };
  const [a, b] = [await pixels(one), await pixels(other)];
  if (a.width !== b.width || a.height !== b.height) return 1;
  let different = 0;
  for (let n = 0; n < a.data.length; n += 4) {
    const far = Math.max(...[0, 1, 2].map(c => Math.abs(a.data[n + c] - b.data[n + c])));
    if (far > 40) different += 1;
  }
  return different / (a.data.length / 4);
})"""
"""The share of pixels of which a colour differs by more than 40 of 255."""


def picture(chromium: Browser, folder: Path, view: str) -> bytes:
    """What a view shows today."""
    name, place, width, scheme = VIEWS[view]
    path = folder / f"{name}.html"
    path.write_text(to_html(DOCUMENTS[name]()), "utf-8")
    page = chromium.page()
    page.open(f"{path.as_uri()}{place}", width, scheme, height=_HEIGHT)
    found = page.screenshot(_SCALE)
    page.close()
    return found


def different(page: Page, one: bytes, other: bytes) -> float:
    """The share of pixels that differ, as the browser decodes both."""
    texts = ", ".join(json.dumps(base64.b64encode(raw).decode()) for raw in (one, other))
    found = page.call("Runtime.evaluate", expression=f"{DIFFERENT}({texts})", awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in found, found
    return float(found["result"]["value"])


def main() -> None:
    """Take the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, browser(Path(name) / "profile") as chromium:
        for view in VIEWS:
            (FOLDER / f"{view}.png").write_bytes(picture(chromium, Path(name), view))
        VERSION.write_text(json.dumps({"version": chromium.version}) + "\n", "utf-8")


if __name__ == "__main__":
    main()
