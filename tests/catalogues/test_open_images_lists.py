"""Official lists are fetched once, verified, kept small, and refused where a line is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lienet.catalogues.open_images_lists import (
    are_in,
    open_images,
    read_descriptions,
    read_labels,
)
from lienet.errors import DataError, TransferError
from tests.catalogues.bucket import (
    DOG,
    IMAGE_HEADER,
    LABEL_HEADER,
    PERSON,
    Bucket,
    id_of,
    image_row,
    make_depot,
    put_open_images,
)

IMAGES = "lists/2018_04/train/train-images-boxable-with-rotation.csv"
MACHINE = "lists/v7/oidv7-train-annotations-machine-imagelabels.csv"


def test_membership_is_that_of_a_set() -> None:
    generator = np.random.default_rng(5)
    values = generator.integers(0, 50, 200, dtype=np.uint64)
    ordered = np.unique(generator.integers(0, 50, 20, dtype=np.uint64))
    assert are_in(values, ordered).tolist() == np.isin(values, ordered).tolist()
    assert not are_in(values, ordered[:0]).any()


def test_images_are_kept_with_what_matters_of_them(bucket: Bucket, tmp_path: Path) -> None:
    rows = [
        image_row(id_of(3), Rotation="90.0"),
        image_row(id_of(2), Rotation="270", Title="two\nlines", Author="", License=""),
        image_row(id_of(1), Rotation="nan"),
    ]
    bucket.put_csv(IMAGES, IMAGE_HEADER, rows)
    bucket.files[IMAGES] = bucket.files[IMAGES].replace(b"author of", "Jürgen".encode("latin-1"))
    depot = make_depot(tmp_path)
    path = open_images("train", f"{bucket.url}/lists/", depot)
    kept = pq.read_table(path).to_pylist()
    assert kept[0] == {
        "image": 3,
        "rotation": 90,
        "licence": "https://creativecommons.org/licenses/by/2.0/",
        "author": f"Jürgen {id_of(3)}",
        "title": f'a "{id_of(3)}", titled',
        "origin": f"https://www.flickr.com/photos/{id_of(3)}",
    }
    assert (kept[1]["rotation"], kept[1]["title"], kept[1]["author"]) == (270, "two lines", "")
    assert kept[2]["rotation"] == 0
    assert [file.suffix for file in depot.lists_dir.iterdir() if file.is_file()].count(".csv") == 0
    assert open_images("train", f"{bucket.url}/lists/", depot) == path
    assert bucket.asked[IMAGES] == 1


def test_a_kept_list_that_was_cut_short_is_made_anew(bucket: Bucket, tmp_path: Path) -> None:
    put_open_images(bucket)
    path = open_images("train", f"{bucket.url}/lists", make_depot(tmp_path))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert open_images("train", f"{bucket.url}/lists", make_depot(tmp_path)) == path
    assert path.read_bytes() == whole


def test_a_list_of_another_md5_than_the_server_says_is_refused(
    bucket: Bucket, tmp_path: Path
) -> None:
    put_open_images(bucket)
    bucket.wrong_md5.add(IMAGES)
    with pytest.raises(TransferError, match=r"cannot fetch .*boxable-with-rotation.csv: .*md5"):
        open_images("train", f"{bucket.url}/lists", make_depot(tmp_path))
    assert not list((tmp_path / "depot").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((b",Rotation", b",Turn"), "line 1 of .* lacks the columns Rotation"),
        ((b"0.0\n", b"45.0\n"), "line 2 of .* has Rotation '45.0'"),
        ((id_of(2).encode(), b"2"), "line 4 of .* has ImageID '2'"),
    ],
)
def test_a_wrong_line_is_named(bucket: Bucket, tmp_path: Path, change, message: str) -> None:
    bucket.put_csv(IMAGES, IMAGE_HEADER, [image_row(id_of(number)) for number in range(4)])
    bucket.files[IMAGES] = bucket.files[IMAGES].replace(*change)
    with pytest.raises(DataError, match=message):
        open_images("train", f"{bucket.url}/lists", make_depot(tmp_path))


def labels_of(bucket: Bucket, tmp_path: Path, evidence, *wanted: str) -> dict[tuple, float]:
    images = tmp_path / "images.parquet"
    pq.write_table(pa.table({"image": np.arange(8, dtype=np.uint64)}), images)
    labels = read_labels(
        evidence,
        "train",
        f"{bucket.url}/lists",
        make_depot(tmp_path),
        wanted=frozenset(wanted),
        images=images,
    )
    names = [labels.names[code] for code in labels.codes]
    return dict(
        zip(
            zip(labels.images.tolist(), names, strict=True),
            labels.confidences.tolist(),
            strict=True,
        )
    )


def test_only_wanted_labels_of_known_images_are_kept(bucket: Bucket, tmp_path: Path) -> None:
    rows = [
        [id_of(1), "machine", PERSON, "0.4"],
        [id_of(1), "machine", PERSON, "0.75"],
        [id_of(2), "machine", DOG, "0.5"],
        [id_of(3), "machine", "/m/other", "0.9"],
        [id_of(99), "machine", PERSON, "0.9"],
    ]
    bucket.put_csv(MACHINE, LABEL_HEADER, rows)
    assert labels_of(bucket, tmp_path, "machine", PERSON) == {(1, PERSON): 0.75}
    assert labels_of(bucket, tmp_path, "machine", PERSON) == {(1, PERSON): 0.75}
    assert bucket.asked[MACHINE] == 1
    both = labels_of(bucket, tmp_path, "machine", PERSON, DOG)
    assert both == {(1, PERSON): 0.75, (2, DOG): 0.5}
    assert bucket.asked[MACHINE] == 2


def test_human_labels_count_where_they_say_yes_and_every_box_does(
    bucket: Bucket, tmp_path: Path
) -> None:
    put_open_images(bucket)
    assert labels_of(bucket, tmp_path, "human", PERSON) == {(4, PERSON): 1.0}
    assert labels_of(bucket, tmp_path, "boxes", PERSON) == {(3, PERSON): 1.0}


def test_a_list_without_a_row_has_no_labels(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put_csv(MACHINE, LABEL_HEADER, [])
    assert labels_of(bucket, tmp_path, "machine", PERSON) == {}


def test_label_names_are_read_where_their_list_is_available(bucket: Bucket, tmp_path: Path) -> None:
    lists_url = f"{bucket.url}/lists"
    assert read_descriptions(lists_url, make_depot(tmp_path)) == {}
    put_open_images(bucket)
    assert read_descriptions(lists_url, make_depot(tmp_path))[DOG] == "Dog"
    bucket.files.clear()
    assert read_descriptions(lists_url, make_depot(tmp_path))[PERSON] == "Person"
