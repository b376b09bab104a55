from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lienet.errors import ImageError, InputError
from lienet.rating.answers import read_key
from lienet.rating.building import write_rating_page
from lienet.rating.pictures import find_versions
from tests.pictures.made import make_exif
from tests.rating.made import write_method

METHODS = ("first_network", "second_network")
PICTURES = ("harbour", "portrait")


@pytest.fixture
def methods_dir(tmp_path: Path) -> Path:
    for level, name in enumerate(METHODS):
        write_method(tmp_path / "methods" / name, PICTURES, level=level)
    return tmp_path / "methods"


def read_study(page_dir: Path) -> dict[str, object]:
    text = (page_dir / "study.js").read_text(encoding="utf-8")
    return dict(json.loads(text.removeprefix("const STUDY = ").rstrip(";\n")))


def test_neither_the_page_nor_its_names_nor_its_files_say_a_method(
    methods_dir: Path, tmp_path: Path
):
    harbour = methods_dir / METHODS[0] / "harbour.png"
    with Image.open(harbour) as image:
        exif = Image.Exif()
        exif[0x000B] = "lienet, first_network"
        image.save(harbour, exif=exif)
    assert b"first_network" in harbour.read_bytes()
    built = write_rating_page(tmp_path / "page", find_versions(methods_dir))
    written = [path for path in (tmp_path / "page").rglob("*") if path.is_file()]
    for path in written:
        for told in (*METHODS, *PICTURES):
            assert told not in path.name
            assert told.encode() not in path.read_bytes(), path.name
    assert built.key_path == tmp_path / "page-key.json"
    assert built.key_path.name.encode() not in b"".join(path.read_bytes() for path in written)


def test_the_key_says_which_method_s_picture_each_file_is(methods_dir: Path, tmp_path: Path):
    references = write_method(tmp_path / "references", PICTURES, level=50)
    versions = find_versions(methods_dir, references)
    built = write_rating_page(tmp_path / "page", versions, num_pairs=2)
    key = read_key(built.key_path)
    assert built.num_pairs == len(key.pairs) == 2
    assert key.methods == list(METHODS)
    for name, shown in key.shown.items():
        with Image.open(tmp_path / "page" / "pictures" / name) as image:
            found = np.asarray(image)
        with Image.open(versions.files[shown.method][shown.picture]) as image:
            np.testing.assert_array_equal(found, np.asarray(image))
    study = read_study(tmp_path / "page")
    assert study["study"] == key.study
    for listed, pair in zip(study["pairs"], key.pairs, strict=True):  # type: ignore[call-overload]
        assert (listed["left"], listed["right"]) == pair
        pictures = {key.shown[name].picture for name in pair}
        assert len(pictures) == 1
        assert {key.shown[name].method for name in pair} == set(METHODS)
        with Image.open(tmp_path / "page" / "pictures" / listed["reference"]) as image:
            found = np.asarray(image)
        with Image.open(versions.references[pictures.pop()]) as image:
            np.testing.assert_array_equal(found, np.asarray(image))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_names(
    methods_dir: Path, tmp_path: Path
):
    def write(name: str, seed: int) -> dict[str, bytes]:
        folder = tmp_path / name
        write_rating_page(folder, find_versions(methods_dir), seed=seed)
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    first = write("one", 3)
    assert write("two", 3) == first
    assert {name for name in write("three", 4) if name in first and "/" in name} == set()


def test_the_key_of_another_page_is_never_overwritten(methods_dir: Path, tmp_path: Path):
    versions = find_versions(methods_dir)
    write_rating_page(tmp_path / "page", versions, seed=1)
    before = (tmp_path / "page" / "study.js").read_bytes()
    write_rating_page(tmp_path / "page", versions, seed=1)
    with pytest.raises(InputError, match=r"page-key\.json is the key of another page"):
        write_rating_page(tmp_path / "page", versions, seed=2)
    assert (tmp_path / "page" / "study.js").read_bytes() == before


def test_different_sizes_and_broken_files_are_refused_by_name(methods_dir: Path, tmp_path: Path):
    versions = find_versions(methods_dir)
    Image.new("RGB", (30, 40)).save(methods_dir / METHODS[1] / "harbour.png")
    said = r"versions of harbour must have one size, got 30x40 px for .*, 40x30 px before"
    with pytest.raises(InputError, match=said):
        write_rating_page(tmp_path / "page", versions)
    (methods_dir / METHODS[1] / "harbour.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ImageError, match=r"second_network/harbour\.png: "):
        write_rating_page(tmp_path / "page", versions)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["methods"]


def test_pictures_are_shown_upright(tmp_path: Path):
    for name in METHODS:
        (tmp_path / "methods" / name).mkdir(parents=True)
        image = Image.new("RGB", (40, 30))
        image.save(tmp_path / "methods" / name / "a.jpg", exif=make_exif(6))
    write_rating_page(tmp_path / "page", find_versions(tmp_path / "methods"))
    for path in (tmp_path / "page" / "pictures").iterdir():
        with Image.open(path) as image:
            assert image.size == (30, 40)


def test_the_page_names_no_other_place_and_runs_nothing_inline(methods_dir: Path, tmp_path: Path):
    write_rating_page(tmp_path / "page", find_versions(methods_dir))
    html = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|https?://", html)
    named = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert all((tmp_path / "page" / name).is_file() for name in named)
    for path in (tmp_path / "page").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?://|\beval\(|innerHTML|fetch\(", text), path.name
