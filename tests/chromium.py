"""A headless Chromium that a test drives: clicks, keys, files, screens, and no network but its own.

Speaks the DevTools protocol over a web socket. It resolves no name and asks no proxy.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from websockets.sync.client import ClientConnection, connect

from tests.browser import find_browser

_START_S = 60.0
_KEYS = {"Backspace": 8, "Tab": 9, "Enter": 13, " ": 32}
_KEYS |= {"ArrowLeft": 37, "ArrowRight": 39, "ArrowDown": 40}


class Page:
    """One open page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        """What the page's console and its scripts reported as wrong."""
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command of the protocol, and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            heard = json.loads(self._socket.recv(timeout=240))
            if heard.get("id") == number:
                assert "error" not in heard, heard["error"]
                return dict(heard["result"])
            self._note(heard)

    def open(self, url: str) -> None:
        """Go to an address."""
        self.send("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """Return what an expression of the page is, or resolves to."""
        found = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script: str, *, patience_s: float = 60.0) -> Any:
        """Wait until an expression is true, and return it."""
        deadline = time.monotonic() + patience_s
        while not (found := self.run(f"(() => {{ try {{ return {script}; }} catch {{}} }})()")):
            text = "no text"
            if time.monotonic() > deadline:
                text = self.run("document.body.innerText")
            assert time.monotonic() < deadline, f"{script} does not hold: {text} {self.complaints}"
            time.sleep(0.1)
        return found

    def give_file(self, selector: str, path: Path) -> None:
        """Choose a file in an input."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def press(self, *keys: str) -> None:
        """Press and let go of keys, one after another."""
        for key in keys:
            code = {"key": key, "windowsVirtualKeyCode": _KEYS[key]}
            text = {"text": {"Enter": "\r", " ": " "}[key]} if key in ("Enter", " ") else {}
            self.send("Input.dispatchKeyEvent", type="keyDown", **code, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", **code)

    def resize(self, width_px: int, height_px: int, *, is_phone: bool = False) -> None:
        """Give the page a screen."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width_px,
            height=height_px,
            mobile=is_phone,
            deviceScaleFactor=2 if is_phone else 1,
        )
        self.send("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def prefer(self, scheme: str) -> None:
        """Ask for "light" or "dark"."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", features=[feature])

    def capture(self, path: Path) -> None:
        """Keep a picture of the whole page."""
        taken = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def download_into(self, folder: Path) -> None:
        """Keep what the page lets people download in a folder."""
        self.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def _note(self, heard: dict[str, Any]) -> None:
        parameters = heard.get("params", {})
        if heard.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        elif heard.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(
                f"{parameters['entry']['text']} {parameters['entry'].get('url')}"
            )


@contextmanager
def open_chromium(home: Path, *switches: str) -> Iterator[Page]:
    """Start a Chromium whose profile lies in ``home``, and yield an empty page."""
    browser = find_browser()
    assert browser is not None, "no browser is installed"
    command = [
        *(browser, "--headless", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
        *("--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"),
        *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
        *(f"--user-data-dir={home}", "--remote-debugging-port=0", *switches, "about:blank"),
    ]
    if os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # which refuses to be set up by root
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            with connect(_find_socket(home), max_size=None, proxy=None) as socket:
                yield Page(socket)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _find_socket(home: Path) -> str:
    """Return the address of the first page's web socket."""
    said = home / "DevToolsActivePort"
    deadline = time.monotonic() + _START_S
    while not said.is_file() or not said.read_text().strip():
        assert time.monotonic() < deadline, "Chromium does not start"
        time.sleep(0.05)
    port = said.read_text().splitlines()[0]
    while True:
        with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [each for each in json.load(answer) if each["type"] == "page"]
        if pages:
            return str(pages[0]["webSocketDebuggerUrl"])
        assert time.monotonic() < deadline, "Chromium opens no page"
        time.sleep(0.05)
