"""Reports on refused photographs: a list, precision and recall, a blurred contact sheet.

Owns these reports' contents. It judges nothing, and shows no refused image that could be
recognised.
"""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

import cv2
import numpy as np

from lienet.errors import DataError, ImageError, InputError
from lienet.files import write_bytes, write_text
from lienet.images import Pixels, decode_image, encode_png
from lienet.manifests.photographs import Photographs
from lienet.manifests.records import FilterRecord

logger = logging.getLogger(__name__)
KINDS = ("face", "text")
SHEET_TILE_PX = 96
MAX_ON_SHEET = 400
_SHEET_COLUMNS = 20
_GRAINS = 6
"""The longest side that a refused image is shrunk to before it is shown: no face survives it."""

Truth = Mapping[str, Mapping[str, bool]]


def write_refusals(
    folder: Path,
    records: Iterable[FilterRecord],
    photographs: Photographs,
    *,
    truth: Truth | None,
    sheet: bool,
) -> None:
    """Write what was refused and why, into a folder that is there.

    Args:
        folder: gets ``refused.csv``; with a truth ``precision_recall.csv``; and if asked for
            ``contact_sheet.png``, of at most 400 images.
        records: the source's filtered manifest; gone through several times.
        photographs: the source's.
        truth: as :func:`read_truth` gives it.
        sheet: whether the sheet is wanted.
    """
    with (folder / "refused.csv").open("w", encoding="utf-8", newline="") as stream:
        list_refused(records, stream)
    if truth is not None:
        rows = compare_with_truth(records, truth)
        write_text(folder / "precision_recall.csv", format_comparison(rows))
        for row in rows:
            logger.info("against filter.truth: %s", json.dumps(row))
    if sheet:
        tiles = []
        refused = (record for record in records if record.verdict == "refuse")
        for record in islice(refused, MAX_ON_SHEET):
            with suppress(OSError, DataError, ImageError):  # purged, or unreadable
                stored = record.stored_sha256 or record.sha256
                pixels = decode_image(photographs.read(record.path, stored))
                tiles.append(blur_beyond_recognition(pixels))
        write_bytes(folder / "contact_sheet.png", encode_png(draw_sheet(tiles)))


def list_refused(records: Iterable[FilterRecord], stream: TextIO) -> None:
    """Write the refused images as CSV: key, reasons and the highest score.

    Not where they came from, by whom they are, nor where in them a face is: whoever has to see one
    again finds it in the manifest by its key.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["key", "reasons", "score"])
    for one in records:
        if one.verdict == "refuse":
            writer.writerow([one.key, " ".join(one.reasons), one.score])


def read_truth(path: Path) -> dict[str, dict[str, bool]]:
    """Read which images show what: a CSV with ``path`` or ``key``, ``has_face`` and ``has_text``.

    Returns:
        Key, or path without its suffix → kind → whether it is shown.

    Raises:
        InputError: the file cannot be read, lacks a column or holds anything but 0 and 1.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            names = set(reader.fieldnames or ())
            name = "key" if "key" in names else "path"
            missing = {name, *(f"has_{kind}" for kind in KINDS)} - names
            if missing:
                raise InputError(f"filter.truth: {path} lacks the columns {sorted(missing)}")
            truth = {}
            for row in reader:
                values = [row[f"has_{kind}"] for kind in KINDS]
                if not {*values} <= {"0", "1"}:
                    place = f"{path}, line {reader.line_num}"
                    raise InputError(f"filter.truth: {place}: 0 or 1 is expected", got=values)
                subject = row[name] if name == "key" else str(PurePosixPath(row[name]))
                truth[subject] = {k: v == "1" for k, v in zip(KINDS, values, strict=True)}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read filter.truth: {error}", remedy="correct it") from error
    return truth


def compare_with_truth(records: Iterable[FilterRecord], truth: Truth) -> list[dict[str, Any]]:
    """Return precision and recall for each kind, over the images that the truth names.

    A record is found by its key, or by its origin where the truth's path ends with it. A kind that
    was not looked for, since the image was refused before, counts as not found.

    Returns:
        For each kind: images, shown, found, hits, false alarms, precision and recall; the last two
        are None where nothing was found or shown.
    """
    by_name = {PurePosixPath(path).name: path for path in truth}
    pairs = []
    for record in records:
        path = by_name.get(PurePosixPath(record.origin).name, "")
        if record.key in truth:
            pairs.append((truth[record.key], record.reasons))
        elif path and _ends_with(path, record.origin):
            pairs.append((truth[path], record.reasons))
    rows = []
    for kind in KINDS:
        hits = sum(shows[kind] and kind in reasons for shows, reasons in pairs)
        shown = sum(shows[kind] for shows, _ in pairs)
        found = sum(kind in reasons for _, reasons in pairs)
        row = {
            "kind": kind,
            "images": len(pairs),
            "shown": shown,
            "found": found,
            "hits": hits,
            "false_alarms": found - hits,
            "precision": round(hits / found, 4) if found else None,
            "recall": round(hits / shown, 4) if shown else None,
        }
        rows.append(row)
    return rows


def format_comparison(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return :func:`compare_with_truth`'s rows as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def blur_beyond_recognition(pixels: Pixels) -> Pixels:
    """Return a tile of an RGB image that shows its colours and no more: six grains a side."""
    grains = cv2.resize(pixels, (_GRAINS, _GRAINS), interpolation=cv2.INTER_AREA)
    side = (SHEET_TILE_PX, SHEET_TILE_PX)
    return cv2.resize(grains, side, interpolation=cv2.INTER_LINEAR)


def draw_sheet(tiles: Sequence[Pixels]) -> Pixels:
    """Lay tiles out in rows of twenty, on white; without tiles, one white tile."""
    columns = min(_SHEET_COLUMNS, max(1, len(tiles)))
    rows = max(1, -(-len(tiles) // columns))
    sheet = np.full((rows * SHEET_TILE_PX, columns * SHEET_TILE_PX, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = (place * SHEET_TILE_PX for place in divmod(index, columns))
        sheet[top : top + SHEET_TILE_PX, left : left + SHEET_TILE_PX] = tile
    return sheet


def _ends_with(path: str, origin: str) -> bool:
    """Tell whether two paths name one file: the shorter is the end of the longer."""
    one, other = PurePosixPath(path).parts, PurePosixPath(origin).parts
    length = min(len(one), len(other))
    return one[-length:] == other[-length:]
