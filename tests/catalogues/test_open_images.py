"""Open Images: what is chosen, that it is chosen before anything is fetched, and never twice."""

from __future__ import annotations

import hashlib
import itertools
import logging
import shutil
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from lienet.catalogues.found import FoundFile
from lienet.catalogues.open_images import choose_images, find_open_images, rank_images
from lienet.errors import DataError, InputError, TransferError
from lienet.images import decode_image
from lienet.manifests.records import read_manifest
from lienet.params import OpenImagesSource, Params, load_params
from lienet.stages import download
from lienet.workspace import Workspace
from tests.catalogues.bucket import (
    BOX_HEADER,
    CAR,
    DOG,
    LIMITS,
    PERSON,
    PLATE,
    Bucket,
    id_of,
    image_row,
    make_depot,
    make_jpeg,
    open_images_of,
    put_open_images,
)
from tests.catalogues.bucket import IMAGE_HEADER as HEADER

IMAGES = "lists/2018_04/train/train-images-boxable-with-rotation.csv"


def find(source: OpenImagesSource, tmp_path: Path) -> list[FoundFile]:
    return list(find_open_images(source, make_depot(tmp_path), base_dir=tmp_path))


def numbers_of(found: Collection[FoundFile]) -> list[int]:
    return [int(file.name.removesuffix(".jpg"), 16) for file in found]


def choose(source: OpenImagesSource, tmp_path: Path) -> list[int]:
    chosen = choose_images(source, make_depot(tmp_path), base_dir=tmp_path)
    return [int(row) for part in chosen for row in part.rows]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [0, 1, 2, 5, 7, 9, 10, 11]),
        ({"min_machine_confidence": 0.2}, [0, 1, 2, 5, 9, 10, 11]),
        ({"min_machine_confidence": 0.9}, [0, 1, 2, 5, 7, 9, 10, 11]),
        ({"min_machine_confidence": None}, [0, 1, 2, 5, 6, 7, 9, 10, 11]),
        ({"exclude_labels": []}, list(range(12))),
        ({"exclude_labels": ["personal_information"]}, [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11]),
        ({"exclude_labels": ["people", DOG]}, [0, 1, 2, 5, 7, 8]),
        ({"include_labels": [DOG]}, [9, 10, 11]),
        ({"include_labels": [DOG, PLATE], "exclude_labels": []}, [8, 9, 10, 11]),
        ({"include_labels": [PERSON], "exclude_labels": []}, [3, 4, 6]),
        ({"include_labels": [PERSON], "exclude_labels": ["people"]}, None),
        ({"include_labels": [CAR]}, None),
    ],
)
def test_labels_of_any_kind_decide(bucket: Bucket, tmp_path: Path, changes, expected) -> None:
    put_open_images(bucket)
    source = open_images_of(bucket, **changes)
    if expected is None:
        with pytest.raises(DataError, match="no image of Open Images is left to take"):
            choose(source, tmp_path)
        return
    assert choose(source, tmp_path) == expected
    assert not any(path.startswith("images/") for path in bucket.asked)


def test_photographs_come_with_all_that_is_known_of_them(bucket: Bucket, tmp_path: Path) -> None:
    put_open_images(bucket)
    found = find(open_images_of(bucket), tmp_path)
    assert numbers_of(found) == [0, 1, 2, 5, 7, 9, 10, 11]
    one = found[1]
    image = id_of(1)
    assert one == FoundFile(
        name=f"{image}.jpg",
        location=str(tmp_path / "depot" / "files" / "train" / "00" / f"{image}.jpg"),
        licence="https://creativecommons.org/licenses/by/2.0/",
        author=f"author of {image}",
        origin=f"https://www.flickr.com/photos/{image}",
        split="train",
        title=f'a "{image}", titled',
        is_kept=True,
        orientation=8,
    )
    for file in found:
        expected = bucket.files[f"images/train/{file.name}"]
        assert Path(file.location).read_bytes() == expected
    assert not any(bucket.asked[f"images/train/{id_of(n)}.jpg"] for n in (3, 4, 6, 8))


def test_nothing_is_fetched_twice(bucket: Bucket, tmp_path: Path) -> None:
    put_open_images(bucket)
    first = find(open_images_of(bucket, count=3), tmp_path)
    assert find(open_images_of(bucket, count=5), tmp_path) != first
    assert max(bucket.asked.values()) == 1
    assert sum(path.startswith("images/") for path in bucket.asked) == 5


def test_missing_files_and_files_that_are_no_images_have_a_reason(
    bucket: Bucket, tmp_path: Path
) -> None:
    put_open_images(bucket)
    del bucket.files[f"images/train/{id_of(2)}.jpg"]
    bucket.files[f"images/train/{id_of(5)}.jpg"] = b"<html>Try again</html>"
    refusals = {file.name[-5]: file.refusal for file in find(open_images_of(bucket), tmp_path)}
    assert refusals.pop("2") == "missing"
    assert refusals.pop("5") not in ("", "missing")
    assert set(refusals.values()) == {""}


def test_too_many_failed_downloads_are_an_error(bucket: Bucket, tmp_path: Path) -> None:
    put_open_images(bucket)
    bucket.files = {path: content for path, content in bucket.files.items() if "lists" in path}
    with pytest.raises(TransferError) as caught:
        find(open_images_of(bucket), tmp_path)
    assert "\n" not in str(caught.value)


def test_a_larger_count_keeps_those_of_a_smaller_one_whatever_the_order(
    bucket: Bucket, tmp_path: Path
) -> None:
    put_open_images(bucket, num_images=60)
    drawn = [set(choose(open_images_of(bucket, count=n), tmp_path)) for n in (1, 5, 20, 56, 99)]
    assert [len(one) for one in drawn] == [1, 5, 20, 56, 56]
    assert all(before <= after for before, after in itertools.pairwise(drawn))
    other = set(choose(open_images_of(bucket, count=20, seed=8), tmp_path))
    assert other != drawn[2]
    rows = [image_row(id_of(number)) for number in reversed(range(60))]
    bucket.put_csv(IMAGES, HEADER, rows)
    reordered = {59 - row for row in choose(open_images_of(bucket, count=20), tmp_path / "anew")}
    assert reordered == drawn[2]


def test_ranks_depend_on_the_id_alone_and_spread() -> None:
    images = np.arange(100_000, dtype=np.uint64)
    ranks = rank_images(1, images)
    assert len(np.unique(ranks)) == len(images)
    assert np.array_equal(rank_images(1, images[::-1])[::-1], ranks)
    quarters = np.bincount((ranks >> np.uint64(62)).astype(int), minlength=4)
    assert quarters.min() > 24_400
    assert quarters.max() < 25_600


def test_an_id_listed_twice_is_taken_once(bucket: Bucket, tmp_path: Path) -> None:
    put_open_images(bucket)
    bucket.put_csv(IMAGES, HEADER, [image_row(id_of(n)) for n in (0, 1, 0, 2)])
    assert numbers_of(find(open_images_of(bucket), tmp_path)) == [0, 1, 2]


def test_a_row_under_a_lesser_licence_is_left_out(bucket: Bucket, tmp_path: Path) -> None:
    put_open_images(bucket)
    by_nc = "https://creativecommons.org/licenses/by-nc/2.0/"
    rows = [
        image_row(id_of(0)),
        image_row(id_of(1), License=by_nc),
        image_row(id_of(2), License=""),
    ]
    bucket.put_csv(IMAGES, HEADER, rows)
    found = find(open_images_of(bucket), tmp_path)
    assert numbers_of(found) == [0, 2]
    assert found[1].licence == "CC BY 2.0"
    assert choose(open_images_of(bucket, permitted_use="non_commercial"), tmp_path) == [0, 1, 2]


def test_only_listed_ids_are_taken(bucket: Bucket, tmp_path: Path) -> None:
    put_open_images(bucket)
    ids = f"# mine\ntrain/{id_of(9)}\n{id_of(3)}\n\n{id_of(0)}.jpg # a comment\n"
    (tmp_path / "ids.txt").write_text(ids)
    assert choose(open_images_of(bucket, ids="ids.txt"), tmp_path) == [0, 9]
    (tmp_path / "ids.txt").write_text(f"{id_of(1)}\n{id_of(77)}\n")
    with pytest.raises(InputError, match=r"line 2 of .*ids.txt names an image that is not in"):
        choose(open_images_of(bucket, ids="ids.txt"), tmp_path)


def test_several_subsets_are_drawn_from_together(bucket: Bucket, tmp_path: Path) -> None:
    put_open_images(bucket)
    image = "f" * 16
    bucket.put_csv(
        "lists/2018_04/validation/validation-images-with-rotation.csv",
        HEADER,
        [image_row(image, "validation", Rotation="270.0")],
    )
    bucket.put_csv("lists/v5/validation-annotations-bbox.csv", BOX_HEADER, [])
    bucket.files[f"images/validation/{image}.jpg"] = make_jpeg(99)
    source = open_images_of(bucket, subsets=["train", "validation"], exclude_labels=[])
    found = find(source, tmp_path)
    assert len(found) == 13
    assert (found[-1].split, found[-1].orientation) == ("valid", 6)
    assert {file.split for file in found[:-1]} == {"train"}
    alone = open_images_of(bucket, subsets=["validation"], exclude_labels=[], split="test")
    assert [file.split for file in find(alone, tmp_path)] == ["test"]


def test_the_summary_names_labels_in_words(
    bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put_open_images(bucket)
    with caplog.at_level(logging.INFO):
        choose(open_images_of(bucket), tmp_path)
    assert "train: 12 images, of which the labels leave 8" in caplog.messages
    assert "train: left out most often: Person on 3, Number plate on 1" in caplog.messages


def test_the_stage_stores_what_was_fetched_upright_and_links_the_rest(
    bucket: Bucket, tmp_path: Path, repository: Path
) -> None:
    put_open_images(bucket)
    bucket.files[f"images/train/{id_of(2)}.jpg"] = bucket.files[f"images/train/{id_of(0)}.jpg"]
    del bucket.files[f"images/train/{id_of(5)}.jpg"]
    content = load_params(repository / "profiles" / "sample.yaml").model_dump()
    content["download"] |= {"min_side_px": 8, "transfer": LIMITS.model_dump()}
    content["download"]["sources"]["sample"] = open_images_of(bucket).model_dump()
    content["num_workers"] = 1
    params, workspace = Params.model_validate(content), Workspace(tmp_path)
    download.run(params, workspace, "sample")
    raw_dir = workspace.raw_dir("sample")
    stored = (raw_dir / "manifest.parquet").read_bytes()
    records = {r.key[-1]: r for r in read_manifest(raw_dir / "manifest.parquet")}
    assert {number: r.reason for number, r in records.items() if r.reason} == {
        "2": "duplicate",
        "5": "missing",
    }
    turned, upright = records["1"], records["0"]
    original = bucket.files[f"images/train/{id_of(1)}.jpg"]
    assert turned.sha256 == hashlib.sha256(original).hexdigest()
    assert (turned.width_px, turned.height_px) == (40, 56)
    pixels = decode_image((raw_dir / turned.path).read_bytes())
    assert np.array_equal(pixels, np.rot90(decode_image(original)))
    assert (turned.title, turned.split) == (f'a "{id_of(1)}", titled', "train")
    depot = workspace.depot_dir("sample") / "files"
    kept = depot / "train" / "00" / f"{id_of(0)}.jpg"
    assert (raw_dir / upright.path).samefile(kept)
    asked = bucket.asked.copy()
    shutil.rmtree(raw_dir)  # as DVC does before it runs a stage
    download.run(params, workspace, "sample")
    assert (raw_dir / "manifest.parquet").read_bytes() == stored
    gone = f"images/train/{id_of(5)}.jpg"
    assert bucket.asked - asked == {gone: 1}
