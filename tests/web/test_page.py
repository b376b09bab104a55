"""The page in a real Chromium, served from the loopback."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from lienet.deployment.enhancer import Enhancer
from lienet.pictures.decoding import decode_picture
from tests.browser import SCREENS_VARIABLE, find_browser
from tests.chromium import Page, open_chromium
from tests.loopback_http import serve_http

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("web-page"),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed"),
]
PATIENCE_S = 300.0
ORIENTATION = 0x0112
IS_READY = "document.getElementById('offline').textContent.includes('Works offline')"
IS_SHOWN = "!document.getElementById('{}').hidden"


@pytest.fixture(scope="module")
def address(page_dir: Path) -> Iterator[str]:
    """Where a plain file server has the page."""

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, directory=str(page_dir), **options)  # type: ignore[arg-type]

    with serve_http(Files) as url:
        yield f"{url}/"


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the browser puts what is saved."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, downloads: Path) -> Iterator[Page]:
    """One browser for all tests of this file."""
    with open_chromium(tmp_path_factory.mktemp("chromium")) as page:
        page.download_into(downloads)
        yield page


@pytest.fixture
def page(browser: Page, address: str) -> Page:
    """The page, opened anew."""
    visit(browser, address)
    return browser


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    """An astronaut, with all channels and much detail."""
    return np.asarray(data.astronaut())


def visit(page: Page, address: str) -> None:
    page.complaints.clear()
    page.open(address)
    page.wait(IS_READY, patience_s=PATIENCE_S)


def save_plain(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels[40:160, 150:290]).save(path.with_suffix(".png"))
    return path.with_suffix(".png")


def save_turned(path: Path, pixels: np.ndarray) -> Path:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = Image.fromarray(pixels[40:160, 150:290])
    image.save(path.with_suffix(".jpg"), exif=exif, quality=92)
    return path.with_suffix(".jpg")


def save_transparent(path: Path, pixels: np.ndarray) -> Path:
    part = pixels[40:120, 150:290]
    alpha = np.broadcast_to(np.linspace(0, 255, 140), part.shape[:2]).astype(np.uint8)
    Image.fromarray(np.dstack((part, alpha))).save(path.with_suffix(".png"))
    return path.with_suffix(".png")


def save_grey(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels[40:120, 150:290]).convert("L").save(path.with_suffix(".png"))
    return path.with_suffix(".png")


def save_large(path: Path, pixels: np.ndarray) -> Path:
    darker = pixels[:420, :470] * np.linspace(1, 0.3, 470)[:, None]
    Image.fromarray(darker.astype(np.uint8)).save(path.with_suffix(".png"))
    return path.with_suffix(".png")


def choose(page: Page, path: Path, task: str = "sr") -> None:
    page.run(f"document.querySelector('input[value={task}]').click()")
    page.give_file("#file", path)
    page.wait(IS_SHOWN.format("actions"))


def enhance(page: Page, path: Path, downloads: Path, task: str = "sr") -> Path:
    """Enhance a picture in the page, save it, and return the saved file."""
    choose(page, path, task)
    page.run("document.getElementById('enhance').click()")
    page.wait(f"{IS_SHOWN.format('save')} || {IS_SHOWN.format('problem')}", patience_s=PATIENCE_S)
    assert page.run("document.getElementById('problem').textContent") == ""
    saved = downloads / page.run("document.getElementById('save').download")
    page.run("document.getElementById('save').click()")
    deadline = time.monotonic() + 60
    while not saved.is_file():
        assert time.monotonic() < deadline, f"{saved.name} is not saved"
        time.sleep(0.05)
    assert page.complaints == []
    return saved


@pytest.mark.parametrize("save", [save_plain, save_turned, save_transparent, save_grey])
def test_pixels_are_within_one_level_of_python(
    page: Page,
    downloads: Path,
    doubling_onnx: Path,
    photograph: np.ndarray,
    tmp_path: Path,
    save: Callable[[Path, np.ndarray], Path],
):
    path = save(tmp_path / save.__name__, photograph)
    expected = Enhancer(doubling_onnx, scale=2).enhance(decode_picture(path.read_bytes()).pixels)
    saved = enhance(page, path, downloads)
    assert saved.name == f"{path.stem}_doubling_x2.png"
    compare(saved, expected)


def test_tiles_by_statistics_of_the_whole_picture_are_as_in_python(
    page: Page, downloads: Path, faces_onnx: Path, photograph: np.ndarray, tmp_path: Path
):
    path = save_large(tmp_path / "large", photograph)
    pixels = decode_picture(path.read_bytes()).pixels
    assert pixels.shape[0] * pixels.shape[1] > 384**2
    expected = Enhancer(faces_onnx, scale=1).enhance(pixels)
    assert np.abs(expected.astype(int) - pixels).max() > 1
    compare(enhance(page, path, downloads, "face"), expected)


def test_an_unreadable_file_is_told_in_one_line_and_the_page_goes_on(page: Page, tmp_path: Path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    page.give_file("#file", path)
    page.wait(IS_SHOWN.format("problem"))
    said = page.run("document.getElementById('problem').textContent")
    assert said == "broken.jpg is not a picture that this browser can read."
    assert page.run(IS_SHOWN.format("drop"))


def test_a_second_visit_works_with_the_server_gone(
    page_dir: Path, downloads: Path, photograph: np.ndarray, tmp_path: Path
):
    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, directory=str(page_dir), **options)  # type: ignore[arg-type]

    with open_chromium(tmp_path / "chromium") as page:
        page.download_into(downloads)
        with serve_http(Files) as url:
            visit(page, url)
            assert "one thread" in page.run("document.querySelector('footer').innerText")
        visit(page, url)
        assert page.run("self.crossOriginIsolated")
        assert "one thread" not in page.run("document.querySelector('footer').innerText")
        enhance(page, save_plain(tmp_path / "offline", photograph), downloads)


def test_keys_alone_enhance_compare_and_save(page: Page, photograph: np.ndarray, tmp_path: Path):
    page.press("Tab")
    assert focused(page) == "sr"
    page.press("ArrowRight")
    assert page.run("document.querySelector('input[value=face]').checked")
    page.press("ArrowLeft", "Tab")
    assert focused(page) == "file"
    page.give_file("#file", save_plain(tmp_path / "keys", photograph))
    page.wait("document.activeElement.id === 'enhance'")
    page.press("Enter")
    page.wait("document.activeElement.id === 'save'", patience_s=PATIENCE_S)
    page.run("document.getElementById('cut').focus()")
    page.press("ArrowRight")
    assert page.run("document.getElementById('cut').value") == "51"
    clip = page.run("document.getElementById('after').style.clipPath")
    width = page.run("document.getElementById('stage').clientWidth")
    assert float(clip.split()[-1].rstrip("px)")) == pytest.approx(0.51 * width, abs=0.1)
    page.press("Tab")
    assert focused(page) == "zoom"
    page.press(" ")
    assert page.run("document.getElementById('stage').classList.contains('is-close')")
    page.press("Tab", "Tab")
    assert focused(page) == "other"
    page.press("Enter")
    assert page.run(IS_SHOWN.format("drop"))
    assert focused(page) == "file"


def test_a_cancelled_picture_can_be_begun_again(
    page: Page, downloads: Path, photograph: np.ndarray, tmp_path: Path
):
    large = Image.fromarray(photograph).resize((2400, 1800))
    large.save(tmp_path / "large.jpg")
    choose(page, tmp_path / "large.jpg")
    page.run("document.getElementById('enhance').click()")
    page.wait("document.getElementById('progress').value > 0", patience_s=PATIENCE_S)
    page.run("document.getElementById('cancel').click()")
    page.wait(IS_SHOWN.format("actions"))
    assert not page.run(IS_SHOWN.format("save"))
    page.run("document.getElementById('other').click()")
    enhance(page, save_plain(tmp_path / "after_all", photograph), downloads)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width_px", "is_phone"), [(1280, False), (390, True)])
def test_nothing_scrolls_sideways(
    page: Page, photograph: np.ndarray, tmp_path: Path, scheme: str, width_px: int, is_phone: bool
):
    page.prefer(scheme)
    page.resize(width_px, 844 if is_phone else 900, is_phone=is_phone)
    assert_fits(page, width_px)
    keep_screen(page, f"web-start-{width_px}-{scheme}")
    Image.fromarray(photograph[:300, 60:460]).save(tmp_path / "portrait-of-an-astronaut.png")
    choose(page, tmp_path / "portrait-of-an-astronaut.png")
    page.run("document.getElementById('enhance').click()")
    page.wait(IS_SHOWN.format("save"), patience_s=PATIENCE_S)
    page.run("document.getElementById('after').decode()")
    assert_fits(page, width_px)
    keep_screen(page, f"web-result-{width_px}-{scheme}")


def test_the_page_asks_nobody_but_its_own_server(page: Page, address: str):
    asked = page.run("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert asked
    assert [name for name in asked if not name.startswith((address, f"blob:{address}"))] == []
    page.run("fetch('http://127.0.0.1:9/').catch(() => 0)")
    assert any("Content Security Policy" in complaint for complaint in page.complaints)


def test_a_photograph_of_12_megapixels_completes(
    page: Page, downloads: Path, doubling_onnx: Path, photograph: np.ndarray, tmp_path: Path
):
    Image.fromarray(photograph).resize((4000, 3000)).save(tmp_path / "photo.jpg")
    pixels = decode_picture((tmp_path / "photo.jpg").read_bytes()).pixels
    saved = enhance(page, tmp_path / "photo.jpg", downloads)
    compare(saved, Enhancer(doubling_onnx, scale=2).enhance(pixels))
    assert "shown smaller" in page.run("document.getElementById('caption').textContent")


def compare(saved: Path, expected: np.ndarray) -> None:
    with Image.open(saved) as image:
        found = np.asarray(image).reshape(expected.shape)
    assert np.abs(found.astype(np.int16) - expected).max() <= 1


def focused(page: Page) -> str:
    """Return the id, or the value, of what has the focus."""
    return str(page.run("document.activeElement.id || document.activeElement.value"))


def assert_fits(page: Page, width_px: int) -> None:
    assert page.run("document.documentElement.scrollWidth") <= width_px
    inside = "[...document.querySelectorAll('main *')].filter((e) => e.offsetParent)"
    widest = page.run(f"Math.max(...{inside}.map((e) => e.getBoundingClientRect().right))")
    assert widest <= width_px


def keep_screen(page: Page, name: str) -> None:
    if folder := os.environ.get(SCREENS_VARIABLE):
        page.capture(Path(folder) / f"{name}.png")
