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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lienet.catalogues.extracts import Extract, keep_extracts
from lienet.catalogues.open_images_lists import LABEL_LISTS, Ids, Subset, are_in, to_numbers
from lienet.catalogues.remote import Depot
from lienet.catalogues.tables import Kind, find_line, read_table
from lienet.errors import DataError
from lienet.params.open_images_labels import LABEL_GROUPS, Label, expand_labels

if TYPE_CHECKING:
    import pyarrow as pa

Edges = np.ndarray[Any, np.dtype[np.float32]]
_EDGES = {"left": "XMin", "top": "YMin", "right": "XMax", "bottom": "YMax"}
"""Ours and the list's, in the order of a manifest's column ``people``."""
_COLUMNS: dict[str, Kind] = {"ImageID": "id", "LabelName": "text"}
_COLUMNS |= dict.fromkeys(_EDGES.values(), "number")
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
    import pyarrow as pa

    return Extract(
        name=f"{subset}-people",
        made_from={"boxes_of": sorted(LABEL_GROUPS["people"])},
        read=_read_boxes,
        schema=pa.schema([("image", pa.uint64()), *((edge, pa.float32()) for edge in _EDGES)]),
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
    import pyarrow.parquet as pq

    url = f"{lists_url.rstrip('/')}/{LABEL_LISTS['boxes'][subset]}"
    (path,) = keep_extracts(url, f"{subset}-boxes.csv", [extract_people(subset)], depot)
    ids, edges = [NOBODY.images], [NOBODY.edges]
    with pq.ParquetFile(path) as stored:
        for batch in stored.iter_batches():
            numbers = batch.column("image").to_numpy()
            here = are_in(numbers, images)
            ids.append(numbers[here])
            edges.append(_stack_edges(batch, tuple(_EDGES))[here].clip(0.0, 1.0))
    found = np.concatenate(ids)
    order = np.argsort(found, kind="stable")
    return People(found[order], np.concatenate(edges)[order])


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


def _read_boxes(path: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc

    asked = pa.array([label.encode() for label in sorted(LABEL_GROUPS["people"])], pa.binary())
    num_before = 0
    for batch in read_table(path, _COLUMNS):
        rows = np.flatnonzero(
            pc.is_in(batch.column("LabelName"), value_set=asked).to_numpy(zero_copy_only=False)
        )
        kept = batch.take(pa.array(rows))
        edges = _stack_edges(kept, tuple(_EDGES.values()))
        starts, ends = edges[:, :2], edges[:, 2:]
        is_box = ((starts >= -_SLACK) & (starts <= ends) & (ends <= 1.0 + _SLACK)).all(axis=1)
        if not is_box.all():
            wrong = int(np.argmin(is_box))
            raise DataError(
                f"line {find_line(path, num_before + int(rows[wrong]))} of {path} must have edges "
                f"from 0 to 1, each minimum up to its maximum",
                got=", ".join(
                    f"{name} {edge:g}"
                    for name, edge in zip(_EDGES.values(), edges[wrong], strict=True)
                ),
                remedy="correct the line, or get the file anew",
            )
        columns = {edge: kept.column(theirs) for edge, theirs in _EDGES.items()}
        images = pa.array(to_numbers(kept.column("ImageID")))
        yield pa.record_batch({"image": images, **columns})
        num_before += len(batch)


def _stack_edges(batch: pa.RecordBatch, names: tuple[str, ...]) -> Edges:
    stacked: Edges = np.column_stack([batch.column(name).to_numpy() for name in names])
    return stacked
