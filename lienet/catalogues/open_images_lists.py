"""Open Images' official lists: fetched once, verified, and kept as a hundredth of their size.

Of the list of images the columns that matter are kept; of labels only those asked for, on images
of that list, each with its highest confidence. The list of machine labels is 7 GB: it streams
through.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lienet.catalogues.csv_lists import must_be_id, must_be_known, must_be_number
from lienet.catalogues.extracts import Extract, keep_extracts
from lienet.catalogues.remote import Depot, fetch_one
from lienet.database import fetch_columns, open_database, parquet, quote
from lienet.errors import TransferError
from lienet.files import sha256_of_file
from lienet.transfer.batches import RemoteFile

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

NUMBER_OF_ID = "('0x' || ImageID)::UBIGINT"
"""SQL that gives an id of 16 hexadecimal digits as a number."""
_TEXTS = ("License", "Author", "Title", "OriginalLandingURL")
_ROTATIONS = {"": 0, "nan": 0, "NaN": 0}
_ROTATIONS |= {f"{turn}{end}": turn for turn in (0, 90, 180, 270) for end in ("", ".0")}
"""Degrees counterclockwise; where Flickr no longer knew them, the picture is left as it is."""


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
    kept = Extract(
        name=f"{subset}-images",
        made_from={},
        columns=("ImageID", "Rotation", *_TEXTS),
        rules=(must_be_id("ImageID"), must_be_known("Rotation", tuple(_ROTATIONS))),
        query=f"""
            SELECT {NUMBER_OF_ID} AS image,
                coalesce(try_cast(nullif(lower(Rotation), 'nan') AS DOUBLE), 0)::SMALLINT
                    AS rotation,
                License AS licence, Author AS author, Title AS title, OriginalLandingURL AS origin
            FROM listed
        """,
        texts=_TEXTS,
    )
    return keep_extracts(url, f"{kept.name}.csv", [kept], depot)[0]


def read_labels(
    evidence: Evidence,
    subset: Subset,
    lists_url: str,
    depot: Depot,
    *,
    wanted: frozenset[str],
    images: Path,
    also: Sequence[Extract] = (),
) -> Labels:
    """Return the wanted labels on these images, from what was kept or from the official list.

    Args:
        evidence: boxes, human labels that say the label holds, or machine labels.
        subset: which list.
        lists_url: where the lists lie.
        depot: where they are kept.
        wanted: machine ids of labels.
        images: the file of images, as :func:`open_images` returns it.
        also: what else is wanted of this list: it is kept beside, of the same fetch.

    Raises:
        TransferError: the list cannot be fetched.
        DataError: a line of it is wrong; the error has its number.
    """
    url = f"{lists_url.rstrip('/')}/{LABEL_LISTS[evidence][subset]}"
    names = tuple(sorted(wanted))
    among = ", ".join(map(quote, names))
    kept = Extract(
        name=f"{subset}-{evidence}",
        made_from={"labels": names, "images": sha256_of_file(images)},
        columns=("ImageID", "LabelName", "Confidence"),
        rules=(must_be_id("ImageID"), must_be_number("Confidence")),
        query=f"""
            SELECT {NUMBER_OF_ID} AS image, LabelName AS label,
                max(Confidence::FLOAT) AS confidence
            FROM listed
            WHERE LabelName IN ({among})
                AND Confidence::FLOAT >= {1 if evidence == "human" else 0}
                AND image IN (SELECT image FROM {parquet(images)})
            GROUP BY ALL ORDER BY ALL
        """,
    )
    path = keep_extracts(url, f"{kept.name}.csv", [kept, *also], depot)[0]
    with open_database() as connection:
        images_of, codes, confidences = fetch_columns(
            connection,
            f"SELECT image, (list_position([{among}], label) - 1)::INTEGER, confidence "
            f"FROM {parquet(path)}",
        )
    return Labels(images_of, codes, names, confidences)


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


def are_in(values: Ids, ordered: Ids) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say which values are among sorted ones."""
    if not len(ordered):
        return np.zeros(len(values), bool)
    places = np.searchsorted(ordered, values)
    found: np.ndarray[Any, np.dtype[np.bool_]] = (
        ordered[np.minimum(places, len(ordered) - 1)] == values
    )
    return found
