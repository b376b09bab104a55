"""The page in a real Chromium, opened as a file, as people open what they are sent."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienet.cli import app
from lienet.rating.answers import read_key
from tests.browser import SCREENS_VARIABLE, find_browser
from tests.chromium import Page, open_chromium
from tests.rating.made import write_method

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("rating-page"),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed"),
]
run = CliRunner()
METHODS = {"dark_method": 60, "middle_method": 30, "light_method": 0}
IS_READY = "!document.getElementById('choose-left').disabled"
PLACE = "document.getElementById('place').textContent"


@pytest.fixture(scope="module")
def page_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of three pairs, one for each two of three methods."""
    folder = tmp_path_factory.mktemp("rating")
    for name, level in METHODS.items():
        write_method(folder / "methods" / name, ["one", "two"], level=level, size=(900, 700))
    write_method(folder / "reference", ["one", "two"], level=0, size=(900, 700))
    arguments = ["rate", str(folder / "methods"), "-o", str(folder / "page"), "--pairs", "3"]
    ran = run.invoke(app, [*arguments, "--reference", str(folder / "reference")])
    assert ran.exit_code == 0, ran.output
    return folder / "page"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for all tests of this file."""
    with open_chromium(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture
def page(browser: Page, page_dir: Path) -> Page:
    """The page, begun anew."""
    browser.complaints.clear()
    browser.open((page_dir / "index.html").as_uri())
    browser.wait(PLACE)
    browser.run("localStorage.clear()")
    browser.open((page_dir / "index.html").as_uri())
    browser.wait(f"{IS_READY} && {PLACE} === 'Pair 1 of 3'")
    return browser


def test_three_pairs_are_rated_by_keys_saved_and_summed_up(
    page: Page, page_dir: Path, tmp_path: Path
):
    page.download_into(tmp_path)
    key_path = page_dir.with_name("page-key.json")
    key = read_key(key_path)

    def prefer_lighter(place: int) -> str:
        left, right = (METHODS[key.shown[name].method] for name in key.pairs[place])
        return "ArrowLeft" if left < right else "ArrowRight"

    page.press(prefer_lighter(0))
    wait_for_pair(page, 2)
    page.press(" ")
    wait_for_pair(page, 3)
    page.press("Backspace")  # the answer was a slip
    wait_for_pair(page, 2)
    page.press(prefer_lighter(1))
    wait_for_pair(page, 3)
    page.open((page_dir / "index.html").as_uri())  # and goes on where it was
    wait_for_pair(page, 3)
    page.press(" ")
    page.wait(f"{PLACE} === 'All 3 pairs are rated'")
    assert page.run("document.activeElement.id") == "finished"
    page.run("document.getElementById('save').click()")
    saved = wait_for_file(tmp_path)
    assert page.complaints == []

    ran = run.invoke(app, ["rate", "--summary", str(saved), "--key", str(key_path), "--json"])
    assert ran.exit_code == 0, ran.output
    summary = json.loads(ran.output)
    counts = {
        each["method"]: (each["num_better"], each["num_same"], each["num_worse"])
        for each in summary["methods"]
    }
    expected = {name: [0, 0, 0] for name in METHODS}
    for place in range(3):
        methods = sorted((key.shown[name].method for name in key.pairs[place]), key=METHODS.get)  # type: ignore[arg-type]
        for method, column in zip(methods, (0, 2) if place < 2 else (1, 1), strict=True):
            expected[method][column] += 1
    assert counts == {name: tuple(each) for name, each in expected.items()}


def test_both_pictures_show_the_same_part_pixel_for_pixel(page: Page):
    page.resize(1280, 900)
    page.wait(IS_READY)
    left, right = (f"document.querySelector('#{side} img')" for side in ("left", "right"))
    assert page.run(f"[{left}.width, {right}.width]") == [900, 900]
    page.run("document.getElementById('left').scrollTo(120, 40)")
    place = "[document.getElementById('{}').scrollLeft, document.getElementById('{}').scrollTop]"
    page.wait(f"String({place.replace('{}', 'right')}) === '120,40'")
    assert page.run(place.replace("{}", "reference")) == [120, 40]
    page.run("document.querySelector('[data-zoom=\"2\"]').click()")
    assert page.run(f"[{left}.width, {right}.width]") == [1800, 1800]
    assert page.run("getComputedStyle(document.querySelector('#left img')).imageRendering") == (
        "pixelated"
    )
    page.resize(390, 844, is_phone=True)  # two screen pixels for one of the page
    page.wait(f"{right}.width === 900")
    assert page.complaints == []


@pytest.mark.parametrize(
    ("scheme", "width_px", "is_phone"), [("light", 1280, False), ("dark", 390, True)]
)
def test_nothing_scrolls_sideways_and_every_control_has_a_name(
    page: Page, scheme: str, width_px: int, is_phone: bool
):
    page.prefer(scheme)
    page.resize(width_px, 844 if is_phone else 900, is_phone=is_phone)
    page.wait("document.querySelector('#left img').width * devicePixelRatio === 900")
    assert page.run("document.documentElement.scrollWidth") <= width_px
    views = page.run(
        "['left', 'right', 'reference'].map((id) => document.getElementById(id))"
        ".map((e) => [e.offsetLeft, e.clientWidth, e.clientHeight])"
    )
    assert len({(width, height) for _, width, height in views}) == 1
    assert views[0][0] + views[0][1] < views[1][0]
    sizes = "[...document.querySelectorAll('button')].filter((e) => e.offsetParent)"
    assert page.run(f"Math.min(...{sizes}.map((e) => e.getBoundingClientRect().height))") >= 36
    assert page.run(f"Math.max(...{sizes}.map((e) => e.getBoundingClientRect().right))") <= width_px
    named = {
        (node["role"]["value"], node["name"]["value"])
        for node in page.send("Accessibility.getFullAXTree")["nodes"]
        if not node["ignored"] and "name" in node
    }
    assert {("button", "Left is better"), ("button", "No difference")} <= named
    assert {("image", "The left picture"), ("progressbar", "Pair 1 of 3")} <= named
    assert not {each for each in named if each[0] in ("button", "image") and not each[1]}
    if folder := os.environ.get(SCREENS_VARIABLE):
        page.capture(Path(folder) / f"rating-{width_px}-{scheme}.png")


def wait_for_pair(page: Page, number: int) -> None:
    page.wait(f"{IS_READY} && {PLACE} === 'Pair {number} of 3'")


def wait_for_file(folder: Path) -> Path:
    deadline = time.monotonic() + 60
    while not (found := list(folder.glob("answers-*.csv"))):
        assert time.monotonic() < deadline, "nothing is saved"
        time.sleep(0.05)
    return found[0]
