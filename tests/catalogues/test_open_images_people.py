"""Persons' boxes come with the photographs, and lie on the same pixels once these are upright."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from lienet.catalogues.open_images import find_open_images
from lienet.catalogues.open_images_people import (
    NOBODY,
    People,
    may_show_people,
    read_people,
    turn_edges,
)
from lienet.errors import DataError
from lienet.images import decode_image
from lienet.manifests.records import read_manifest
from lienet.params import Params, load_params
from lienet.params.open_images_labels import LABEL_GROUPS
from lienet.screening.boxes import Box
from lienet.screening.name_tags import parse_people
from lienet.stages import download
from lienet.workspace import Workspace
from tests.catalogues.bucket import (
    DOG,
    IMAGE_HEADER,
    LIMITS,
    PERSON,
    PLATE,
    TRAIN_BOX_HEADER,
    Bucket,
    box_row,
    id_of,
    image_row,
    make_depot,
    open_images_of,
    put_open_images,
)

IMAGES = "lists/2018_04/train/train-images-boxable-with-rotation.csv"
BOXES = "lists/v6/oidv6-train-annotations-bbox.csv"
FACE = "/m/0dzct"


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        (0, (0.1, 0.2, 0.4, 1.0)),
        (90, (0.2, 0.6, 1.0, 0.9)),
        (180, (0.6, 0.0, 0.9, 0.8)),
        (270, (0.0, 0.1, 0.8, 0.4)),
    ],
)
def test_a_box_turns_as_its_pixels_do(rotation: int, expected: tuple[float, ...]) -> None:
    assert turn_edges((0.1, 0.2, 0.4, 1.0), rotation) == expected
    pixels = np.zeros((10, 20), bool)
    pixels[2:10, 2:8] = True
    turned = np.rot90(pixels, rotation // 90)
    left, top, right, bottom = expected
    height_px, width_px = turned.shape
    inside = turned[
        round(top * height_px) : round(bottom * height_px),
        round(left * width_px) : round(right * width_px),
    ]
    assert inside.all()
    assert inside.sum() == turned.sum()


@pytest.mark.parametrize(
    ("exclude_labels", "expected"),
    [
        ([], True),
        (["personal_information", PERSON], True),
        (["people"], False),
        (["personal_information", *LABEL_GROUPS["people"]], False),
    ],
)
def test_people_may_be_there_unless_all_their_labels_are_excluded(exclude_labels, expected) -> None:
    assert may_show_people(exclude_labels) is expected


def test_persons_are_described_sorted_without_doubles() -> None:
    edges = np.array([[0.5, 0, 1, 1], [0.1, 0, 1, 1], [0.5, 0, 1, 1], [0, 0, 1, 1]], np.float32)
    people = People(np.array([5, 5, 5, 2**64 - 1], np.uint64), edges)
    assert json.loads(people.describe(5, 0)) == [[0.1, 0, 1, 1], [0.5, 0, 1, 1]]
    assert json.loads(people.describe(2**64 - 1, 90)) == [[0, 0, 1, 1]]
    assert people.describe(6, 0) == ""
    assert NOBODY.describe(5, 0) == ""


def read(bucket: Bucket, tmp_path: Path, *numbers: int) -> People:
    images = np.array(numbers, np.uint64)
    return read_people("train", f"{bucket.url}/lists/", make_depot(tmp_path), images)


def test_boxes_of_people_on_the_images_asked_for_are_read(bucket: Bucket, tmp_path: Path) -> None:
    rows = [
        box_row(id_of(4), FACE, "0.25 0.5 0 1"),
        box_row(id_of(1), PERSON, "0 1 0.25 0.75"),
        box_row(id_of(1), DOG, "0 1 0 1"),
        box_row(id_of(2), PERSON, "0 0.5 0 0.5"),
        box_row(id_of(4), PLATE, "0 1 0 1"),
        box_row(id_of(4), PERSON, "0.125 0.5 0 1"),
    ]
    bucket.put_csv(BOXES, TRAIN_BOX_HEADER, rows)
    people = read(bucket, tmp_path, 1, 4)
    assert people.images.tolist() == [1, 4, 4]
    assert people.edges.tolist() == [[0, 0.25, 1, 0.75], [0.25, 0, 0.5, 1], [0.125, 0, 0.5, 1]]
    assert read(bucket, tmp_path, 2).edges.tolist() == [[0, 0, 0.5, 0.5]]
    assert len(read(bucket, tmp_path, 3).images) == 0
    assert bucket.asked[BOXES] == 1
    kept = pq.read_table(tmp_path / "depot" / "lists" / "train-people.parquet")
    assert sorted(kept["image"].to_pylist()) == [1, 2, 4, 4]


def test_a_box_drawn_a_hair_too_far_is_cut_at_the_edge(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put_csv(BOXES, TRAIN_BOX_HEADER, [box_row(id_of(1), PERSON, "-0.005 0.5 0 1.000001")])
    assert read(bucket, tmp_path, 1).edges.tolist() == [[0, 0, 0.5, 1]]


@pytest.mark.parametrize(
    "edges", ["-0.1 0.5 0 1", "0.5 0.4 0 1", "0 1 0 1.5", "0 1 nan 1", "10 20 30 40"]
)
def test_invalid_box_is_refused_by_its_line(bucket: Bucket, tmp_path: Path, edges: str) -> None:
    rows = [
        box_row(id_of(1), PERSON, "0 1 0 1"),
        box_row(id_of(1), DOG, edges),
        box_row(id_of(2), PERSON, edges),
    ]
    bucket.put_csv(BOXES, TRAIN_BOX_HEADER, rows)
    left, _, top, _ = edges.split()
    message = rf"line 4 of .*train-boxes.csv has XMin '{left}', YMin '{top}', .* edges from 0 to 1"
    with pytest.raises(DataError, match=message):
        read(bucket, tmp_path, 1)


def test_lines_are_counted_in_a_long_list(bucket: Bucket, tmp_path: Path) -> None:
    rows = [box_row(id_of(n), DOG if n % 3 else PERSON, "0 1 0 1") for n in range(30_000)]
    wrong = box_row(id_of(30_000), PERSON, "0 2 0 1")
    bucket.put_csv(BOXES, TRAIN_BOX_HEADER, [*rows, wrong])
    with pytest.raises(DataError, match=r"line 30002 of .* XMax '2', YMax '1', "):
        read(bucket, tmp_path, 1)
    bucket.put_csv(BOXES, TRAIN_BOX_HEADER, rows)
    (tmp_path / "depot" / "lists" / "train-boxes.csv").unlink()
    assert read(bucket, tmp_path, *range(100)).images.tolist() == list(range(0, 100, 3))


def test_a_list_without_edges_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    header = [name.replace("YMax", "Bottom") for name in TRAIN_BOX_HEADER]
    bucket.put_csv(BOXES, header, [box_row(id_of(1), PERSON)])
    with pytest.raises(DataError, match=r"line 1 of .* lacks the columns YMax"):
        read(bucket, tmp_path, 1)


@pytest.mark.parametrize(
    ("changes", "num_fetched", "is_shown"),
    [
        ({}, 1, False),
        ({"exclude_labels": ["people"]}, 1, False),
        ({"exclude_labels": ["personal_information"]}, 1, True),
        ({"exclude_labels": []}, 1, True),
    ],
)
def test_boxes_are_kept_where_people_may_be_and_their_list_is_fetched_once(
    bucket: Bucket, tmp_path: Path, changes, num_fetched: int, is_shown: bool
) -> None:
    put_open_images(bucket)
    depot = make_depot(tmp_path)
    found = list(find_open_images(open_images_of(bucket, **changes), depot, base_dir=tmp_path))
    shown = {file.name: file.people for file in found if file.people}
    assert shown == ({f"{id_of(3)}.jpg": "[[0.25, 0.125, 0.5, 1.0]]"} if is_shown else {})
    assert bucket.asked[BOXES] == num_fetched
    assert (depot.lists_dir / "train-people.parquet").exists() is is_shown


def put_turned(bucket: Bucket) -> None:
    """Put photographs by every rotation, each white where its box is and black elsewhere."""
    pixels = np.zeros((160, 320, 3), np.uint8)
    pixels[32:96, 32:128] = 255
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95)
    rotations = ("0.0", "90.0", "180.0", "270.0", "")
    bucket.put_csv(
        IMAGES,
        IMAGE_HEADER,
        [image_row(id_of(n), Rotation=rotation) for n, rotation in enumerate(rotations)],
    )
    rows = [box_row(id_of(n), PERSON, "0.1 0.4 0.2 0.6") for n in range(4)]
    bucket.put_csv(BOXES, TRAIN_BOX_HEADER, rows)
    for number in range(5):  # a byte behind the end makes each another file
        content = stream.getvalue() + bytes([number])
        bucket.files[f"images/train/{id_of(number)}.jpg"] = content


def test_the_manifest_says_where_persons_are_on_the_upright_pixels(
    bucket: Bucket, tmp_path: Path, repository: Path
) -> None:
    put_turned(bucket)
    content = load_params(repository / "profiles" / "sample.yaml").model_dump()
    content["download"] |= {"min_side_px": 8, "transfer": LIMITS.model_dump()}
    source = open_images_of(bucket, exclude_labels=[]).model_dump()
    content["download"]["sources"]["sample"] = source
    content["num_workers"] = 1
    workspace = Workspace(tmp_path)
    download.run(Params.model_validate(content), workspace, "sample")
    raw_dir = workspace.raw_dir("sample")
    records = read_manifest(raw_dir / "manifest.parquet")
    assert [record.status for record in records] == ["kept"] * 5
    assert records.pop().people == ""
    for record, place in zip(records, [(32, 32), (32, 192), (192, 64), (64, 32)], strict=True):
        (box,) = parse_people(record.people, record.width_px, record.height_px)
        size = (96, 64) if record.width_px == 320 else (64, 96)
        assert box == Box("person", *place, *size, score=1.0)
        pixels = decode_image((raw_dir / record.path).read_bytes())
        inside = np.zeros(pixels.shape[:2], bool)
        inside[box.top_px : box.top_px + size[1], box.left_px : box.left_px + size[0]] = True
        assert pixels[inside].min() > 200
        assert pixels[~inside].max() < 50
