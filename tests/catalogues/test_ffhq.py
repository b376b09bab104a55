"""FFHQ: faces by the list's words, each verified by file or by pixels, and a list that is whole."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lienet.catalogues import ffhq
from lienet.catalogues.ffhq import find_ffhq, read_items
from lienet.catalogues.found import FoundFile
from lienet.errors import DataError, InputError, TransferError
from tests.catalogues.bucket import Bucket, ffhq_of, make_depot


def make_png(seed: int, *, level: int = 6) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG", compress_level=level)
    return stream.getvalue()


def item_of(bucket: Bucket, number: int, *, folder: str, seed: int) -> dict[str, Any]:
    content, path = make_png(seed), f"{folder}/00000/{number:05d}.png"
    bucket.files[f"drive/{path}"] = content
    pixels = np.array(Image.open(io.BytesIO(content)))
    return {
        "file_url": f"{bucket.url}/drive/{path}",
        "file_path": path,
        "file_size": len(content),
        "file_md5": hashlib.md5(content).hexdigest(),
        "pixel_size": [8, 8],
        "pixel_md5": hashlib.md5(pixels).hexdigest(),
    }


def make_list(bucket: Bucket) -> dict[str, Any]:
    return {
        str(number): {
            "category": "training" if number < 3 else "validation",
            "metadata": {
                "photo_url": f"https://www.flickr.com/photos/{number}",
                "photo_title": "Tête à\ntête",
                "author": f"author {number}",
                "license": "Attribution License" if number else "",
            },
            "image": item_of(bucket, number, folder="images1024x1024", seed=number),
            "thumbnail": item_of(bucket, number, folder="thumbnails128x128", seed=100 + number),
        }
        for number in range(5)
    }


@pytest.fixture
def faces(bucket: Bucket, tmp_path: Path) -> dict[str, Any]:
    listed = make_list(bucket)
    (tmp_path / "faces.json").write_text(json.dumps(listed))
    return listed


def find(tmp_path: Path, **changes: Any) -> list[FoundFile]:
    return list(find_ffhq(ffhq_of(**changes), make_depot(tmp_path), base_dir=tmp_path))


def test_faces_come_with_licence_author_title_and_page(
    bucket: Bucket, faces: dict[str, Any], tmp_path: Path
) -> None:
    found = find(tmp_path)
    assert [file.name for file in found] == [f"{number:05d}.png" for number in range(5)]
    assert (found[0].licence, found[1].licence) == (
        "CC BY-NC-SA 4.0",
        "Attribution License AND CC BY-NC-SA 4.0",
    )
    assert (found[1].author, found[1].title) == ("author 1", "Tête à tête")
    assert found[1].origin == "https://www.flickr.com/photos/1"
    assert all(not file.refusal for file in found)
    for number, file in enumerate(found):
        assert Path(file.location).read_bytes() == make_png(number)
    find(tmp_path)
    assert max(bucket.asked.values()) == 1


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({"category": "training"}, [0, 1, 2]),
        ({"category": "validation"}, [3, 4]),
        ({"ids": ["0-1", "4"]}, [0, 1, 4]),
        ({"ids": ["0-3"], "category": "validation"}, [3]),
    ],
)
def test_category_and_ids_choose(faces, tmp_path: Path, changes, numbers: list[int]) -> None:
    assert [int(file.name[:5]) for file in find(tmp_path, **changes)] == numbers


def test_thumbnails_are_faces_of_another_size(faces, tmp_path: Path) -> None:
    found = find(tmp_path, size_px=128, ids=["2"])
    assert Path(found[0].location).read_bytes() == make_png(102)


def test_a_mirror_may_have_encoded_the_pixels_anew_but_not_changed_them(
    bucket: Bucket, faces: dict[str, Any], tmp_path: Path
) -> None:
    for number in range(5):
        path = faces[str(number)]["image"]["file_path"]
        bucket.files[f"mirror/{path}"] = make_png(number, level=0)
    bucket.files["mirror/" + faces["3"]["image"]["file_path"]] = make_png(33)
    found = find(tmp_path, mirror_url=f"{bucket.url}/mirror/")
    assert [bool(file.refusal) for file in found] == [False, False, False, True, False]
    assert Path(found[0].location).read_bytes() == make_png(0, level=0)
    assert not any(path.startswith("drive/") for path in bucket.asked)


def test_face_of_another_md5_is_refused(bucket: Bucket, faces, tmp_path: Path) -> None:
    bucket.files["drive/images1024x1024/00000/00002.png"] = make_png(77)
    refusals = [file.refusal for file in find(tmp_path)]
    assert refusals[2]
    assert refusals.count("") == 4


def test_the_list_may_lie_elsewhere(bucket: Bucket, faces, tmp_path: Path) -> None:
    bucket.files["lists/faces.json"] = (tmp_path / "faces.json").read_bytes()
    assert len(find(tmp_path, list=f"{bucket.url}/lists/faces.json")) == 5


def test_under_the_published_name_it_must_be_the_published_list(
    bucket: Bucket, faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (tmp_path / "faces.json").read_bytes()
    (tmp_path / ffhq.LIST_NAME).write_bytes(content)
    bucket.files[ffhq.LIST_NAME] = content
    with pytest.raises(DataError, match=r"must be the published list, 267793842 bytes of MD5 425a"):
        find(tmp_path, list=ffhq.LIST_NAME)
    with pytest.raises(TransferError, match=r"cannot fetch .*ffhq-dataset-v2.json"):
        find(tmp_path, list=f"{bucket.url}/{ffhq.LIST_NAME}")
    monkeypatch.setattr(ffhq, "LIST_BYTES", len(content))
    monkeypatch.setattr(ffhq, "LIST_MD5", hashlib.md5(content).hexdigest())
    assert len(find(tmp_path, list=ffhq.LIST_NAME, ids=["0"])) == 1
    assert len(find(tmp_path, list=f"{bucket.url}/{ffhq.LIST_NAME}", ids=["0"])) == 1


def test_a_list_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no list of FFHQ at .*faces.json"):
        find(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": {}}, "item 1 of .* is not one of FFHQ: KeyError"),
        ({"image": None}, "item 1 of .* is not one of FFHQ: TypeError"),
        ({"category": "holdout"}, None),
    ],
)
def test_an_item_that_is_wrong_is_named(faces, tmp_path: Path, change, message) -> None:
    faces["1"] |= change
    (tmp_path / "faces.json").write_text(json.dumps(faces))
    if message is None:
        assert len(find(tmp_path, category="training")) == 2
        return
    with pytest.raises(DataError, match=message):
        find(tmp_path)


def test_list_without_any_face_asked_for_is_an_error(faces, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no face that params ask for"):
        find(tmp_path, ids=["60000"])


@pytest.fixture(params=[1, 7, 2**20])
def chunk_chars(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(ffhq, "_CHUNK_CHARS", request.param)
    return request.param


@pytest.mark.parametrize("indent", [None, 2])
def test_items_are_read_however_they_are_cut(chunk_chars: int, indent, tmp_path: Path) -> None:
    items = {"0": {"a": [1, 2.5, "}{,"]}, "é": {}, "2": {"b": {"c": None}}}
    path = tmp_path / "list.json"
    path.write_text(json.dumps(items, indent=indent, ensure_ascii=False), encoding="utf-8")
    assert dict(read_items(path)) == items
    path.write_text("{}\n")
    assert dict(read_items(path)) == {}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "at its beginning"),
        ("<html>", "at its beginning"),
        ("[1, 2]", "at its beginning"),
        ('{"0": {"a": 1}', "after item 0"),
        ('{"0": {}, "1": {"a"', "after item 0"),
        ('{"0": {} "1": {}}', "after item 0"),
        ('{"0": {}, 1: {}}', "after item 0"),
        ('{"0": {},', "after item 0"),
    ],
)
def test_a_list_that_ends_early_says_where(text: str, where: str, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(text)
    with pytest.raises(DataError, match=f"ends early, {where}"):
        dict(read_items(tmp_path / "list.json"))
