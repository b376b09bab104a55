"""Open Images: which of its photographs are taken, and where each one lies.

Images are chosen from the official lists before any is fetched: by subset, by id, by licence and
by label, where boxes, human labels and machine labels count alike, since none of the three finds
every person. Of what is left a number can be drawn, by a rank that depends on the seed and the id
alone: a larger number keeps what a smaller one drew. An image that is gone is not replaced. Where
people are not excluded, images come with the boxes of persons.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import numpy as np

from lienet.catalogues.found import FoundFile
from lienet.catalogues.open_images_ids import read_ids, refuse_unknown
from lienet.catalogues.open_images_lists import (
    Evidence,
    Ids,
    Labels,
    Subset,
    are_in,
    open_images,
    read_descriptions,
    read_labels,
)
from lienet.catalogues.open_images_people import (
    NOBODY,
    People,
    extract_people,
    may_show_people,
    read_people,
)
from lienet.catalogues.orientation import COUNTERCLOCKWISE
from lienet.catalogues.remote import Depot, Listed, fetch_listed
from lienet.database import fetch_columns, open_database, parquet, quote
from lienet.errors import DataError
from lienet.params import OpenImagesSource
from lienet.params.licences import find_use, permits_less
from lienet.params.open_images_labels import LABEL_GROUPS, expand_labels
from lienet.transfer.batches import RemoteFile

logger = logging.getLogger(__name__)
Mask = np.ndarray[Any, np.dtype[np.bool_]]
_SPLITS = {"train": "train", "validation": "valid", "test": "test"}
_MAX_NAMED = 5
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Chosen:
    """What is taken of a subset: the places of its rows in the kept list, ascending."""

    subset: Subset
    path: Path
    rows: np.ndarray[Any, np.dtype[np.int64]]


def find_open_images(
    source: OpenImagesSource, depot: Depot, *, base_dir: Path
) -> Iterator[FoundFile]:
    """Fetch the photographs of Open Images that params ask for, and return each one, or its reason.

    Args:
        source: which ones.
        depot: where lists and photographs are kept.
        base_dir: where a relative path of ids starts.

    Raises:
        TransferError: a list, or too many photographs, cannot be fetched.
        DataError: a list is wrong, by the number of its line; or nothing is left to take.
        InputError: the file of ids cannot be used.
    """
    chosen = choose_images(source, depot, base_dir=base_dir)
    people = {part.subset: _find_people(source, part, depot) for part in chosen}
    return fetch_listed(partial(_list_files, source, chosen, people), depot)


def choose_images(source: OpenImagesSource, depot: Depot, *, base_dir: Path) -> list[Chosen]:
    """Choose images from the lists, as :func:`find_open_images` does, and fetch none."""
    asked = None if source.ids is None else read_ids(base_dir / source.ids, source.subsets)
    subsets = list(dict.fromkeys(source.subsets))
    paths = {subset: open_images(subset, source.lists_url, depot) for subset in subsets}
    images, masks = {}, {}
    for subset, path in paths.items():
        images[subset], masks[subset] = _read_candidates(source, subset, path)
    if asked is not None:
        refuse_unknown(asked, images)
        for subset in subsets:
            masks[subset] &= are_in(images[subset], asked.ids)
    for subset in subsets:
        masks[subset] &= _pass_labels(
            source, subset, paths[subset], images[subset], masks[subset], depot
        )
    drawn = _draw(source, images, masks)
    if not any(len(rows) for rows in drawn.values()):
        raise DataError(
            "no image of Open Images is left to take",
            remedy="change ids or labels of the source in params.yaml",
        )
    return [Chosen(subset, paths[subset], drawn[subset]) for subset in subsets]


def rank_images(seed: int, images: Ids) -> Ids:
    """Return each image's place in the draw as a number that looks random: the lowest are drawn.

    It depends on nothing but seed and id: the finaliser of SplitMix64 over both.
    """
    digest = sha256(json.dumps([seed, "open_images"]).encode()).digest()
    mixed = images ^ np.uint64(int.from_bytes(digest[:8], "big"))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    ranked: Ids = mixed ^ (mixed >> np.uint64(31))
    return ranked


def _read_candidates(source: OpenImagesSource, subset: Subset, path: Path) -> tuple[Ids, Mask]:
    """Return a list's ids, and which are new and may be used as the source says."""
    with open_database() as connection:
        licences = connection.execute(f"SELECT DISTINCT licence FROM {parquet(path)}").fetchall()
        usable = ", ".join(quote(name) for (name,) in licences if _may_be_used(source, name))
        among = f"licence IN ({usable})" if usable else "false"
        images, permitted = fetch_columns(connection, f"SELECT image, {among} FROM {parquet(path)}")
    mask = np.zeros(len(images), bool)
    mask[np.unique(images, return_index=True)[1]] = True
    if num_refused := int((mask & ~permitted).sum()):
        logger.info("%s: %d images are under a licence that permits less", subset, num_refused)
    return images, mask & permitted


def _may_be_used(source: OpenImagesSource, licence: str) -> bool:
    """Whether a row's licence permits at least what the source is said to permit."""
    return not licence or not permits_less(find_use(licence), source.use)


def _pass_labels(
    source: OpenImagesSource,
    subset: Subset,
    path: Path,
    images: Ids,
    candidates: Mask,
    depot: Depot,
) -> Mask:
    """Return which images have an included label, where any is asked for, and no excluded one."""
    included, excluded = expand_labels(source.include_labels), expand_labels(source.exclude_labels)
    if not included and not excluded:
        return np.ones(len(images), bool)
    also = [extract_people(subset)] if may_show_people(source.exclude_labels) else []
    has_included = np.zeros(len(images), bool)
    has_excluded = np.zeros(len(images), bool)
    shown: dict[str, Ids] = {}
    for evidence in get_args(Evidence):
        if evidence == "machine" and source.min_machine_confidence is None:
            continue
        labels = read_labels(
            evidence,
            subset,
            source.lists_url,
            depot,
            wanted=included | excluded,
            images=path,
            also=also if evidence == "boxes" else (),
        )
        least = (source.min_machine_confidence or 0.0) if evidence == "machine" else 0.0
        has_included |= are_in(images, _find_labelled(labels, included, least))
        has_excluded |= are_in(images, _find_labelled(labels, excluded, least))
        _note_labels(labels, excluded, least, np.sort(images[candidates]), shown)
    passed = ~has_excluded & (has_included if included else True)
    _tell_labels(source, subset, candidates, passed, shown, depot)
    return passed


def _find_labelled(labels: Labels, names: frozenset[str], least: float) -> Ids:
    """Return the ids, sorted, of images that have any of these labels."""
    among = np.array([name in names for name in labels.names] or [False], bool)
    return np.unique(labels.images[among[labels.codes] & (labels.confidences >= np.float32(least))])


def _note_labels(
    labels: Labels, names: frozenset[str], least: float, images: Ids, shown: dict[str, Ids]
) -> None:
    """Add to ``shown`` on which images each label was found."""
    believed = labels.confidences >= np.float32(least)
    for code, name in enumerate(labels.names):
        if name in names:
            found = np.unique(labels.images[believed & (labels.codes == code)])
            found = found[are_in(found, images)]
            shown[name] = np.union1d(shown.get(name, found), found)


def _tell_labels(
    source: OpenImagesSource,
    subset: Subset,
    candidates: Mask,
    passed: Mask,
    shown: dict[str, Ids],
    depot: Depot,
) -> None:
    logger.info(
        "%s: %d images, of which the labels leave %d",
        subset,
        int(candidates.sum()),
        int((candidates & passed).sum()),
    )
    most = Counter({name: len(found) for name, found in shown.items()}).most_common(_MAX_NAMED)
    if not most:
        return
    words = dict(pair for group in LABEL_GROUPS.values() for pair in group.items())
    words |= read_descriptions(source.lists_url, depot)
    named = ", ".join(f"{words.get(name, name)} on {count}" for name, count in most if count)
    if named:
        logger.info("%s: left out most often: %s", subset, named)


def _draw(
    source: OpenImagesSource, images: dict[Subset, Ids], masks: dict[Subset, Mask]
) -> dict[Subset, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the places of the images of the lowest ranks over all subsets."""
    rows = {subset: np.flatnonzero(mask) for subset, mask in masks.items()}
    if source.count is None or source.count >= sum(map(len, rows.values())):
        return rows
    ranks = {
        subset: rank_images(source.seed, images[subset][places]) for subset, places in rows.items()
    }
    all_ranks = np.concatenate(list(ranks.values()))
    bound = np.partition(all_ranks, source.count - 1)[source.count - 1]
    return {subset: places[ranks[subset] <= bound] for subset, places in rows.items()}


def _find_people(source: OpenImagesSource, part: Chosen, depot: Depot) -> People:
    """Return where persons are on what is taken of a subset; nobody where people are excluded."""
    if not may_show_people(source.exclude_labels) or not len(part.rows):
        return NOBODY
    with open_database() as connection:
        (listed,) = fetch_columns(connection, f"SELECT image FROM {parquet(part.path)}")
    images = listed[part.rows]
    people = read_people(part.subset, source.lists_url, depot, np.sort(images))
    num_shown = len(np.unique(people.images))
    logger.info("%s: boxes of people on %d of %d images", part.subset, num_shown, len(images))
    return people


def _list_files(
    source: OpenImagesSource, chosen: list[Chosen], people: dict[Subset, People]
) -> Iterator[Listed]:
    for part in chosen:
        first = 0
        with open_database() as connection:
            columns = "image, rotation, licence, author, title, origin"
            found = connection.execute(f"SELECT {columns} FROM {parquet(part.path)}")
            while rows := found.fetchmany(_ROWS_AT_ONCE):
                start, end = np.searchsorted(part.rows, [first, first + len(rows)])
                for place in part.rows[start:end] - first:
                    yield _list_file(source, part.subset, rows[place], people[part.subset])
                first += len(rows)


def _list_file(
    source: OpenImagesSource, subset: Subset, row: tuple[Any, ...], people: People
) -> Listed:
    number, rotation, licence, author, title, origin = row
    image = f"{number:016x}"
    url = f"{source.images_url.rstrip('/')}/{subset}/{image}.jpg"
    return Listed(
        RemoteFile(url, f"{subset}/{image[:2]}/{image}.jpg"),
        FoundFile(
            name=f"{image}.jpg",
            location="",
            licence=licence or source.licence,
            author=author,
            origin=origin or url,
            split=_SPLITS[subset] if source.split == "published" else source.split,
            title=title,
            orientation=COUNTERCLOCKWISE[rotation],
            people=people.describe(number, rotation),
        ),
    )
