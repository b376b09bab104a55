"""Where Open Images' box lists say that persons are, in photographs that may show some.

Owns the boxes of the labels of people, their keeping, and their turning. Open Images states that
``Rotation`` is by how much "the image and boxes should be rotated", counterclockwise, and that the
resized photographs of its bucket, unlike the originals, have no EXIF
(storage.googleapis.com/openimages/web/2018-05-17-rotation-information.html): boxes are in the frame
of the stored pixels. Here photographs are read upright, so boxes are turned with them.

Every box counts, of a part of a body, a group or a drawing too: what it is for is to find a name
tag, and one too many costs a look for text. Labels of a whole image tell no place and do not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lienet.catalogues.csv_lists import Rule, must_be_id, must_be_number
from lienet.catalogues.extracts import Extract, keep_extracts
from lienet.catalogues.open_images_lists import LABEL_LISTS, NUMBER_OF_ID, Ids, Subset, are_in
from lienet.catalogues.remote import Depot
from lienet.database import fetch_columns, open_database, parquet, quote
from lienet.params.open_images_labels import LABEL_GROUPS, Label, expand_labels

Edges = np.ndarray[Any, np.dtype[np.float32]]
_EDGES = ("XMin", "YMin", "XMax", "YMax")
"""The list's, in the order of a manifest's column ``people``: left, top, right and bottom."""
_SLACK = 0.01
"""A box may reach so far beyond the picture, and is cut at its edge: hands drew them."""
_DECIMALS = 6
"""As the list of train has them: a thousandth of a pixel."""


@dataclass(frozen=True)
class People:
    """Boxes of persons, one place in each array for each box."""

    images: Ids
    """Ascending; as often as an image has boxes."""
    edges: Edges
    """[num_boxes, 4]: left, top, right and bottom as shares of the stored pixels' sides."""

    def describe(self, image: int, rotation: int) -> str:
        """Return an image's persons as a manifest's column ``people`` has them.

        Args:
            image: the id as a number.
            rotation: degrees counterclockwise by which the stored pixels are turned upright.

        Returns:
            JSON: a list of [left, top, right, bottom] as shares of the upright image's sides,
            sorted, without doubles; empty where the image has no box.
        """
        if not len(self.images):
            return ""
        first, end = (
            int(np.searchsorted(self.images, np.uint64(image), side=side))
            for side in ("left", "right")
        )
        turned = {turn_edges(edges, rotation) for edges in self.edges[first:end].tolist()}
        return json.dumps(sorted(turned)) if turned else ""


NOBODY = People(np.empty(0, np.uint64), np.empty((0, 4), np.float32))


def may_show_people(exclude_labels: Iterable[Label]) -> bool:
    """Whether images with a label of people are left where these labels are excluded."""
    return not frozenset(LABEL_GROUPS["people"]) <= expand_labels(exclude_labels)


def extract_people(subset: Subset) -> Extract:
    """Return what is kept of a subset's list of boxes: those of people, on whatever image."""
    shows_person = f"LabelName IN ({', '.join(map(quote, sorted(LABEL_GROUPS['people'])))})"
    is_box = " AND ".join(
        f"{start}::FLOAT BETWEEN {-_SLACK} AND {end}::FLOAT AND {end}::FLOAT <= {1 + _SLACK}"
        for start, end in (("XMin", "XMax"), ("YMin", "YMax"))
    )
    are_edges = Rule(
        columns=_EDGES,
        holds=f"CASE WHEN {shows_person} THEN {is_box} ELSE true END",
        otherwise="which must be edges from 0 to 1, each minimum up to its maximum",
    )
    kept = ", ".join(f"{edge}::FLOAT AS {edge}" for edge in _EDGES)
    return Extract(
        name=f"{subset}-people",
        made_from={"boxes_of": sorted(LABEL_GROUPS["people"])},
        columns=("ImageID", "LabelName", *_EDGES),
        rules=(must_be_id("ImageID"), *map(must_be_number, _EDGES), are_edges),
        query=f"SELECT {NUMBER_OF_ID} AS image, {kept} FROM listed WHERE {shows_person}",
    )


def read_people(subset: Subset, lists_url: str, depot: Depot, images: Ids) -> People:
    """Return the boxes of people on these images, from what was kept or from the official list.

    Args:
        subset: which list.
        lists_url: where the lists lie.
        depot: where they are kept.
        images: ids of images, sorted; only their boxes are held.

    Raises:
        TransferError: the list cannot be fetched.
        DataError: a line of it is wrong; the error has its number.
    """
    url = f"{lists_url.rstrip('/')}/{LABEL_LISTS['boxes'][subset]}"
    (path,) = keep_extracts(url, f"{subset}-boxes.csv", [extract_people(subset)], depot)
    with open_database() as connection:
        query = f"SELECT image, {', '.join(_EDGES)} FROM {parquet(path)}"
        numbers, *edges = fetch_columns(connection, query)
    here = np.flatnonzero(are_in(numbers, images))
    here = here[np.argsort(numbers[here], kind="stable")]
    return People(numbers[here], np.column_stack(edges)[here].clip(0.0, 1.0))


def turn_edges(edges: Iterable[float], rotation: int) -> tuple[float, ...]:
    """Turn a box with its image by 0, 90, 180 or 270 degrees counterclockwise.

    Args:
        edges: left, top, right and bottom as shares of the image's sides.
        rotation: degrees.

    Returns:
        the same four of the turned image, to a millionth.
    """
    left, top, right, bottom = edges
    for _ in range(rotation // 90):
        left, top, right, bottom = top, 1.0 - right, bottom, 1.0 - left
    return tuple(round(edge, _DECIMALS) for edge in (left, top, right, bottom))
