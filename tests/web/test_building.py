from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lienet.web.building import HEADERS, POLICY, write_page
from lienet.web.models import choose_models, prepare_models
from lienet.web.runtime import VERSION


@pytest.fixture(scope="module")
def small_page(
    doubling_onnx: Path,
    faces_onnx: Path,
    packed_runtime: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("small") / "page"
    write_page(folder, prepare_models(choose_models([doubling_onnx, faces_onnx])), packed_runtime)
    return folder


def read_list(folder: Path) -> dict[str, object]:
    text = (folder / "files.js").read_text(encoding="utf-8")
    return dict(json.loads(text.removeprefix("self.LIENET = ").rstrip(";\n")))


def test_every_file_of_the_page_is_kept_for_offline_use(small_page: Path):
    told = read_list(small_page)
    files = {str(path.relative_to(small_page)) for path in small_page.rglob("*") if path.is_file()}
    assert {*told["shell"], *told["runtime"], "service-worker.js"} == {*files, "./"}  # type: ignore[misc]
    assert told["headers"] == HEADERS


def test_other_models_give_another_version_and_the_same_ones_the_same(
    small_page: Path, doubling_onnx: Path, packed_runtime: Path, tmp_path: Path
):
    for name in ("one", "two"):
        write_page(tmp_path / name, prepare_models(choose_models([doubling_onnx])), packed_runtime)
    assert read_list(tmp_path / "one") == read_list(tmp_path / "two")
    assert read_list(tmp_path / "one")["version"] != read_list(small_page)["version"]


def test_an_earlier_page_is_replaced(doubling_onnx: Path, packed_runtime: Path, tmp_path: Path):
    models = prepare_models(choose_models([doubling_onnx]))
    write_page(tmp_path / "page", models, packed_runtime)
    (tmp_path / "page" / "models" / "old.onnx").write_bytes(b"")
    write_page(tmp_path / "page", models, packed_runtime)
    assert not (tmp_path / "page" / "models" / "old.onnx").exists()


def test_the_page_names_no_other_place_and_runs_nothing_inline(small_page: Path):
    html = (small_page / "index.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1] == POLICY
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|https?://", html)
    for path in (*small_page.glob("*.js"), *small_page.glob("*.css")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?://|\beval\(|innerHTML", text), path.name


def test_the_licence_of_what_is_shipped_along_names_its_version(small_page: Path):
    assert f"onnxruntime-web {VERSION}," in (small_page / "onnxruntime.LICENSE.txt").read_text()


def test_icons_and_start_of_the_installed_page_are_there(small_page: Path):
    manifest = json.loads((small_page / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert all((small_page / icon["src"]).is_file() for icon in manifest["icons"])
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
