"""A headless Chromium that opens a page of the loopback, lets its scripts run and tells its text.

Needs nothing but the program: its own switches print the page and take the picture. It resolves no
name and asks no proxy, so a page that would need the network shows what a closed network shows.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENS_VARIABLE = "LIENET_TEST_SCREENS"
"""Names a folder to keep pictures in, such as reports/screens; without it none is taken."""
_SCRIPTS_MS = 10_000
_LOAD_S = 120.0
_PATIENCE_S = 90.0


def find_browser() -> str | None:
    """Return the path of an installed Chromium, None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def read_page(
    url: str,
    expected: Iterable[str],
    *,
    screen: str | None = None,
    size_px: tuple[int, int] = (1400, 1000),
    crop_px: tuple[int, int, int, int] | None = None,
) -> str:
    """Open a page again and again until every expected text is on it; return its whole text.

    Args:
        url: of the loopback.
        expected: texts that a person would see, spaces and line breaks aside.
        screen: the name of a picture to take, if the environment names a folder for pictures.
        size_px: width and height of the window.
        crop_px: left, top, right and bottom of the part of the picture to keep.
    """
    words = list(expected)
    folder = os.environ.get(SCREENS_VARIABLE)
    picture = Path(folder).resolve() / f"{screen}.png" if folder and screen else None
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        text = _text_of(_open(url, size_px, picture))
        missing = [word for word in words if word not in text]
        if not missing:
            break
        assert time.monotonic() < deadline, f"{url} does not show {missing}, but:\n{text[:6000]}"
    if picture is not None:
        _shrink(picture, crop_px)
    return text


def _open(url: str, size_px: tuple[int, int], picture: Path | None) -> str:
    """Return the page's HTML as it is when its scripts have run."""
    browser = find_browser()
    assert browser is not None, "no browser is installed"
    with tempfile.TemporaryDirectory(prefix="lienet-browser-") as home:
        command = [
            *(browser, "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
            *("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
            *(f"--user-data-dir={home}", f"--window-size={size_px[0]},{size_px[1]}"),
            *(f"--virtual-time-budget={_SCRIPTS_MS}", "--dump-dom"),
        ]
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # which refuses to be set up by root
        if picture is not None:
            picture.parent.mkdir(parents=True, exist_ok=True)
            command.append(f"--screenshot={picture}")
        with subprocess.Popen(
            [*command, url],
            env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                return process.communicate(timeout=_LOAD_S)[0].decode(errors="replace")
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


def _text_of(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    return re.sub(r"\s+", " ", " ".join(reader.texts))


def _shrink(picture: Path, crop_px: tuple[int, int, int, int] | None) -> None:
    """Crop a picture and reduce it to a palette: a screen has few colours."""
    with Image.open(picture) as image:
        part = image.convert("RGB").crop(crop_px) if crop_px else image.convert("RGB")
    part.quantize(128, dither=Image.Dither.NONE).save(picture, optimize=True)


class _Reader(HTMLParser):
    """Collects what is written on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)
