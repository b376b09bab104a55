"""The page is one file, asks the network nothing, and its slider moves."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.images import encode_png
from lienet.report import page
from lienet.report.drawings import Drawing
from lienet.report.page import render_page
from lienet.report.paired_differences import compare_pairs
from lienet.report.pictures import load_comparisons
from lienet.report.side_tables import make_pair_sheets

PNG = encode_png(np.zeros((8, 8, 3), np.uint8))
FIGURES = {
    "figure6": Drawing("Figure 6: quality", "of six", PNG, PNG),
    "figure7": Drawing("Figure 7: crops", "of seven", PNG, PNG),
}
VOID = {"meta", "link", "img", "input", "source"}


class Outline(HTMLParser):
    """Collects identifiers and addresses, and holds tags against each other."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.addresses += [given[name] for name in ("src", "href", "srcset") if name in given]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def comparisons(params, workspace, groups, per_image):
    return load_comparisons(params, workspace, groups, per_image)


@pytest.fixture(scope="module")
def html(params, groups, per_image, comparisons) -> str:
    pairs = compare_pairs(groups, per_image, confidence=0.95)
    return render_page(params, groups, pairs, comparisons, FIGURES, make_pair_sheets(params, pairs))


def outline_of(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    return outline


def test_tags_are_closed_and_identifiers_are_unique(html: str):
    outline = outline_of(html)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))


def test_every_address_is_inside_the_file(html: str):
    outline = outline_of(html)
    for address in outline.addresses:
        assert address.startswith(("data:", "#"))
        assert not address.startswith("#") or address[1:] in outline.ids
    assert re.findall(r"https?://|@import|url\(", html) == []


def test_the_page_holds_table_1_with_the_papers_figures(html: str):
    assert html.count("<small>(+1.31)</small>") == 4
    assert html.count('<tr class="ours">') == 4


def test_every_photograph_and_version_can_be_chosen(html: str, comparisons):
    for comparison in comparisons:
        assert f"{comparison.key} ({comparison.test_set})</option>" in html
    for name in ("input", "bicubic", "srgan", "esrgan", "sftgan", "lienet", "reference"):
        assert html.count(f'"name": "{name}"') == len(comparisons)


def test_the_same_report_gives_the_same_page(params, groups, comparisons, html: str):
    pages = {render_page(params, groups, [], comparisons, FIGURES, []) for _ in range(2)}
    assert len(pages) == 1


def test_without_photographs_the_page_has_neither_slider_nor_script(params, groups):
    bare = render_page(params, groups, [], [], {}, [])
    outline = outline_of(bare)
    assert outline.open == []
    assert "<script>" not in bare
    assert "compare" not in outline.ids


def test_a_page_for_the_browser_is_linked_only_where_there_is_one(params, groups):
    without = render_page(params, groups, [], [], {}, [])
    linked = render_page(params, groups, [], [], {}, [], browser_page="web/index.html")
    added = ' <a href="web/index.html">Try it on a picture</a>'
    assert added in linked
    assert linked.replace(added, "") == without


def test_what_was_measured_is_said_to_have_the_quality_that_its_protocol_states(params, groups):
    mixed = {"jpeg_quality": (10.0, 60.0), "test_jpeg_qualities": (10, 20)}
    tasks = {"sr": params.synthesize.tasks["sr"].model_copy(update=mixed)}
    synthesize = params.synthesize.model_copy(update={"tasks": tasks})
    page = render_page(params.model_copy(update={"synthesize": synthesize}), groups, [], [], {}, [])
    assert "antialiased bicubic ÷4, JPEG quality 20 with 4:2:0 chroma;" in page
    assert "10 to 60" not in page


def test_names_are_escaped(params, groups, comparisons):
    turned = params.model_copy(update={"profile": "<b>&"})
    html = render_page(turned, groups, [], [], {}, [])
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html


def test_a_page_that_grows_too_large_loses_quality_and_then_is_refused(
    params, groups, comparisons, html: str, monkeypatch: pytest.MonkeyPatch
):
    assert "WebP at quality 92" in html
    monkeypatch.setattr(page, "MAX_PAGE_BYTES", len(html.encode()) * 3 // 4)
    smaller = render_page(params, groups, [], comparisons, FIGURES, [])
    assert "WebP at quality 92" not in smaller
    monkeypatch.setattr(page, "MAX_PAGE_BYTES", 10_000)
    with pytest.raises(DataError, match="does not with 3 photographs; lower"):
        render_page(params, groups, [], comparisons, FIGURES, [])


def test_in_a_browser_keys_and_choices_move_the_slider(html: str, tmp_path: Path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("needs chromium to run the page's script")
    probe = """<script>
    const was = getComputedStyle(find("after")).clipPath;
    cut.value = 25; cut.dispatchEvent(new Event("input"));
    const is = getComputedStyle(find("after")).clipPath;
    find("pick-after").value = "srgan"; find("pick-after").dispatchEvent(new Event("change"));
    find("pick-slide").value = "1"; find("pick-slide").dispatchEvent(new Event("change"));
    document.body.dataset.probe = [was, is, find("after").alt, find("before").alt,
      find("after").src === slides[1].versions[2].source].join("|");
    </script></body>"""
    path = tmp_path / "page.html"
    path.write_text(html.replace("</body>", probe), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    command += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    command += ["--disable-sync", f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom"]
    ran = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    found = re.search(r'data-probe="([^"]*)"', ran.stdout)
    assert found is not None
    assert found[1].split("|") == [
        "inset(0px 0px 0px 50%)",
        "inset(0px 0px 0px 25%)",
        "mixed__cup, srgan",
        "mixed__cup, input",
        "true",
    ]
