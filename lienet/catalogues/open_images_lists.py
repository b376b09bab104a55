"""Open Images' official lists: fetched once, verified, and kept as a hundredth of their size.

Of the list of images the columns that matter are kept; of labels only those asked for, on images
of that list, each with its highest confidence. The list of machine labels is 7 GB: it is read in
batches.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lienet.catalogues.extracts import Extract, keep_extracts
from lienet.catalogues.remote import Depot, fetch_one
from lienet.catalogues.tables import Kind, read_table, to_text
from lienet.errors import TransferError
from lienet.transfer.batches import RemoteFile

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)
Subset = Literal["train", "validation", "test"]
Evidence = Literal["boxes", "human", "machine"]
Ids = np.ndarray[Any, np.dtype[np.uint64]]

IMAGE_LISTS: Mapping[Subset, str] = {
    "train": "2018_04/train/train-images-boxable-with-rotation.csv",
    "validation": "2018_04/validation/validation-images-with-rotation.csv",
    "test": "2018_04/test/test-images-with-rotation.csv",
}
LABEL_LISTS: Mapping[Evidence, Mapping[Subset, str]] = {
    "boxes": {
        "train": "v6/oidv6-train-annotations-bbox.csv",
        "validation": "v5/validation-annotations-bbox.csv",
        "test": "v5/test-annotations-bbox.csv",
    },
    "human": {
        "train": "v7/oidv7-train-annotations-human-imagelabels.csv",
        "validation": "v7/oidv7-val-annotations-human-imagelabels.csv",
        "test": "v7/oidv7-test-annotations-human-imagelabels.csv",
    },
    "machine": {
        "train": "v7/oidv7-train-annotations-machine-imagelabels.csv",
        "validation": "v7/oidv7-val-annotations-machine-imagelabels.csv",
        "test": "v7/oidv7-test-annotations-machine-imagelabels.csv",
    },
}
DESCRIPTIONS = "v7/oidv7-class-descriptions.csv"

_IMAGE_COLUMNS: Mapping[str, Kind] = {
    "ImageID": "id",
    "OriginalLandingURL": "text",
    "License": "text",
    "Author": "text",
    "Title": "text",
    "Rotation": "text",
}
_LABEL_COLUMNS: Mapping[str, Kind] = {"ImageID": "id", "LabelName": "text", "Confidence": "number"}
_ROTATIONS = {"": 0, "nan": 0, "NaN": 0}
_ROTATIONS |= {f"{turn}{end}": turn for turn in (0, 90, 180, 270) for end in ("", ".0")}
"""Degrees counterclockwise; where Flickr no longer knew them, the picture is left as it is."""
_NIBBLES = np.zeros(256, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16, dtype=np.uint8)


@dataclass(frozen=True)
class Labels:
    """Labels on images: one place in each array for each label of an image."""

    images: Ids
    codes: np.ndarray[Any, np.dtype[np.int32]]
    """Each label's place in ``names``."""
    names: tuple[str, ...]
    confidences: np.ndarray[Any, np.dtype[np.float32]]


def open_images(subset: Subset, lists_url: str, depot: Depot) -> Path:
    """Return a Parquet file of a subset's images, made once from the official list.

    Its columns are ``image`` (the id as a number), ``rotation`` (degrees counterclockwise), and
    ``licence``, ``author``, ``title`` and ``origin`` (the landing page) as text.

    Raises:
        TransferError: the list cannot be fetched.
        DataError: a line of it is wrong; the error has its number.
    """
    url = f"{lists_url.rstrip('/')}/{IMAGE_LISTS[subset]}"
    kept = Extract(f"{subset}-images", {}, _keep_images, _image_schema())
    return keep_extracts(url, f"{kept.name}.csv", [kept], depot)[0]


def read_labels(
    evidence: Evidence,
    subset: Subset,
    lists_url: str,
    depot: Depot,
    *,
    wanted: frozenset[str],
    images: Ids,
    also: Sequence[Extract] = (),
) -> Labels:
    """Return the wanted labels on these images, from what was kept or from the official list.

    Args:
        evidence: boxes, human labels that say the label holds, or machine labels.
        subset: which list.
        lists_url: where the lists lie.
        depot: where they are kept.
        wanted: machine ids of labels.
        images: ids of images, sorted.
        also: what else is wanted of this list: it is kept beside, of the same fetch.

    Raises:
        TransferError: the list cannot be fetched.
        DataError: a line of it is wrong; the error has its number.
    """
    import pyarrow.parquet as pq

    url = f"{lists_url.rstrip('/')}/{LABEL_LISTS[evidence][subset]}"
    made_from = {"labels": sorted(wanted), "images": sha256(images.tobytes()).hexdigest()}

    def keep(path: Path) -> Iterator[pa.RecordBatch]:
        return _keep_labels(path, wanted, images, least=1.0 if evidence == "human" else 0.0)

    kept = Extract(f"{subset}-{evidence}", made_from, keep, _label_schema())
    path = keep_extracts(url, f"{kept.name}.csv", [kept, *also], depot)[0]
    table = pq.read_table(path, read_dictionary=["label"]).unify_dictionaries()
    coded = table["label"].combine_chunks()
    return Labels(
        images=table["image"].to_numpy(),
        codes=coded.indices.to_numpy().astype(np.int32),
        names=tuple(coded.dictionary.to_pylist()),
        confidences=table["confidence"].to_numpy(),
    )


def read_descriptions(lists_url: str, depot: Depot) -> dict[str, str]:
    """Return the words for labels; none where their list cannot be had, as they decide nothing."""
    wanted = RemoteFile(
        f"{lists_url.rstrip('/')}/{DESCRIPTIONS}", Path(DESCRIPTIONS).name, is_image=False
    )
    path = depot.lists_dir / wanted.name
    try:
        if not path.is_file():
            path = fetch_one(wanted, depot)
        with path.open(encoding="utf-8", errors="replace", newline="") as stream:
            rows = [row for row in csv.reader(stream) if len(row) == 2]
    except (TransferError, OSError, csv.Error) as error:
        logger.info("labels are shown by id: %s", error)
        return {}
    return {label: name for label, name in rows if label.startswith("/")}


def to_numbers(ids: pa.Array) -> Ids:
    """Turn ids of 16 hexadecimal digits, as fixed_size_binary, into numbers."""
    raw = np.frombuffer(ids.buffers()[1] or b"", np.uint8)
    digits = _NIBBLES[raw[16 * ids.offset : 16 * (ids.offset + len(ids))].reshape(-1, 16)]
    packed = (digits[:, 0::2] << 4) | digits[:, 1::2]
    return np.ascontiguousarray(packed).view(">u8").ravel().astype(np.uint64)


def are_in(values: Ids, ordered: Ids) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say which values are among sorted ones."""
    if not len(ordered):
        return np.zeros(len(values), bool)
    places = np.searchsorted(ordered, values)
    found: np.ndarray[Any, np.dtype[np.bool_]] = (
        ordered[np.minimum(places, len(ordered) - 1)] == values
    )
    return found


def _keep_images(path: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in read_table(path, _IMAGE_COLUMNS, allowed={"Rotation": tuple(_ROTATIONS)}):
        texts = {
            ours: to_text(batch.column(theirs))
            for ours, theirs in (
                ("licence", "License"),
                ("author", "Author"),
                ("title", "Title"),
                ("origin", "OriginalLandingURL"),
            )
        }
        images = pa.array(to_numbers(batch.column("ImageID")))
        rotation = pa.array(_read_rotations(batch.column("Rotation")))
        yield pa.record_batch({"image": images, "rotation": rotation, **texts})


def _read_rotations(values: pa.Array) -> np.ndarray[Any, np.dtype[np.int16]]:
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(values)
    degrees = [_ROTATIONS[value.decode()] for value in coded.dictionary.to_pylist()]
    turns: np.ndarray[Any, np.dtype[np.int16]] = np.array(degrees or [0], np.int16).take(
        coded.indices.to_numpy()
    )
    return turns


def _keep_labels(
    path: Path, wanted: frozenset[str], images: Ids, *, least: float
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc

    asked = pa.array([label.encode() for label in sorted(wanted)], pa.binary())
    for batch in read_table(path, _LABEL_COLUMNS):
        chosen = pc.and_(
            pc.is_in(batch.column("LabelName"), value_set=asked),
            pc.greater_equal(batch.column("Confidence"), least),
        )
        kept = batch.filter(chosen)
        numbers = to_numbers(kept.column("ImageID"))
        here = are_in(numbers, images)
        table = pa.table(
            [
                numbers[here],
                kept.column("LabelName").cast(pa.string()).filter(pa.array(here)),
                kept.column("Confidence").filter(pa.array(here)),
            ],
            schema=_label_schema(),
        )
        grouped = table.group_by(["image", "label"], use_threads=False)
        highest = grouped.aggregate([("confidence", "max")])
        yield from highest.rename_columns(table.schema.names).to_batches()


def _image_schema() -> pa.Schema:
    import pyarrow as pa

    texts = [(name, pa.string()) for name in ("licence", "author", "title", "origin")]
    return pa.schema([("image", pa.uint64()), ("rotation", pa.int16()), *texts])


def _label_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([("image", pa.uint64()), ("label", pa.string()), ("confidence", pa.float32())])
