"""Chromium without a screen, spoken to over its DevTools protocol: one page a window size and colour scheme."""

import base64
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.report.reading_html import read_html

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
_ARGUMENTS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--font-render-hinting=none",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
_NOISE = {"file", "data"}
"""Schemes of requests that leave nothing: the page itself."""


@dataclass
class Page:
    """One tab. `requests` are the addresses it asked for but itself, `complaints` what its console said."""

    socket: ClientConnection
    session: str
    target: str
    numbers: Iterator[int]
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a method; events that come meanwhile are noted."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params, "sessionId": self.session}))
        while True:
            message = self._next()
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])

    def open(self, address: str, width: int, scheme: str, script: bool = True, height: int = 900) -> None:
        """Load an address in a window of a size (px), light or dark, and wait until it is there."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=address)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def text(self) -> str:
        """All of the text of its body, blanks as one; what reads it is not a script of the page."""
        body = self.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=body, selector="body")["nodeId"]
        root = read_html(self.call("DOM.getOuterHTML", nodeId=node)["outerHTML"])
        return root.text

    def close(self) -> None:
        """Close the tab."""
        self.call("Target.closeTarget", targetId=self.target)

    def screenshot(self, scale: float = 1) -> bytes:
        """What is seen, as PNG; `scale` makes it smaller."""
        place = self.value("({x: scrollX, y: scrollY, width: innerWidth, height: innerHeight})")
        found = self.call("Page.captureScreenshot", format="png", clip={**place, "scale": scale})
        return base64.b64decode(found["data"])

    def pdf(self) -> bytes:
        """The page on paper."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def _next(self) -> dict[str, Any]:
        message = dict(json.loads(self.socket.recv(timeout=60)))
        params = message.get("params") or {}
        match message.get("method"):
            case "Network.requestWillBeSent":
                address = params["request"]["url"]
                if address.partition(":")[0] not in _NOISE:
                    self.requests.append(address)
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(params["args"]))
        return message


@dataclass
class Browser:
    """A browser that runs; `version` is its product, such as `Chrome/140.0.1.2`."""

    socket: ClientConnection
    numbers: Iterator[int]
    version: str

    def page(self) -> Page:
        """A new tab."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self.socket, session, target, self.numbers)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return _call(self.socket, self.numbers, method, **params)


def _call(socket: ClientConnection, numbers: Iterator[int], method: str, **params: Any) -> dict[str, Any]:
    number = next(numbers)
    socket.send(json.dumps({"id": number, "method": method, "params": params}))
    while (message := json.loads(socket.recv(timeout=60))).get("id") != number:
        pass
    return dict(message["result"])


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile folder of its own, ended at the end."""
    assert PROGRAM is not None
    # Chromium refuses to run as root inside of its own sandbox; the page is ours and asks for nothing.
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [PROGRAM, *_ARGUMENTS, *alone, f"--user-data-dir={profile}", "about:blank"]
    # What is preloaded to set the tests' clock ends Chromium's processes; its own clock is nothing that the page reads.
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr is not None
        said = next((line for line in process.stderr if line.startswith("DevTools listening on ")), "")
        assert said, "Chromium ended before it listened"
        with connect(said.split()[-1], max_size=None) as socket:
            numbers = itertools.count(1)
            version = str(_call(socket, numbers, "Browser.getVersion")["product"])
            yield Browser(socket, numbers, version)
            _call(socket, numbers, "Browser.close")
        process.wait(timeout=20)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()
