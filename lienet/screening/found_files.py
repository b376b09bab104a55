"""Every file that a source has, read once, and stored where it is a photograph to keep.

Owns why a file is refused before anybody looks at its picture: it cannot be read, is no image, has
the wrong size or checksum, or is there already. The rows do not depend on how many processes share
the work.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from lienet.catalogues.digests import Digests
from lienet.catalogues.found import Contents, FoundFile
from lienet.catalogues.keys import KeyGiver
from lienet.catalogues.orientation import orient_jpeg
from lienet.errors import ImageError
from lienet.executors import map_ordered
from lienet.images import ImageInfo, probe_image, sniff_format
from lienet.manifests.records import ImageRecord

logger = logging.getLogger(__name__)
_BATCH = 16
"""Files per task of a worker: enough that handing them over costs nothing."""
_MAX_BYTES_PER_PIXEL = 8

_Keyed = tuple[str, FoundFile]


@dataclass(frozen=True)
class StoreRules:
    """Which files of a source are kept, and where."""

    source: str
    max_pixels: int
    min_side_px: int
    folder: Path


def store_photographs(
    found: Iterator[FoundFile], rules: StoreRules, num_workers: int
) -> Iterator[ImageRecord]:
    """Yield the raw manifest's row of every file, having stored those to keep.

    Raises:
        TransferError: a remote file cannot be fetched.
    """
    first = list(islice(found, _BATCH + 1))
    if len(first) <= _BATCH:
        num_workers = 1  # sooner done than other processes are started
    batches = _cut_batches(chain(first, found), KeyGiver(rules.source))
    examined = map_ordered(partial(_examine_batch, rules=rules), batches, num_workers=num_workers)
    return chain.from_iterable(examined)


def _cut_batches(found: Iterator[FoundFile], keys: KeyGiver) -> Iterator[list[_Keyed]]:
    while batch := [(keys.give(file.name), file) for file in islice(found, _BATCH)]:
        yield batch


def _examine_batch(batch: list[_Keyed], rules: StoreRules) -> list[ImageRecord]:
    return [_examine(key, file, rules) for key, file in batch]


def _examine(key: str, file: FoundFile, rules: StoreRules) -> ImageRecord:
    """Look at one file and store it if it may be kept; the row is the same in any process."""
    record = ImageRecord(
        key=key,
        source=rules.source,
        path="",
        sha256="",
        size_bytes=0,
        width_px=0,
        height_px=0,
        format="",
        licence=file.licence,
        author=file.author,
        origin=file.origin,
        split=file.split,
        status="refused",
        reason=file.refusal or "unreadable",
        title=file.title,
        people=file.people,
    )
    if file.refusal:
        return record
    try:
        contents = file.read(rules.max_pixels * _MAX_BYTES_PER_PIXEL)
    except OSError as error:
        logger.warning("cannot read %s: %s", file.location, error.strerror or error)
        return record
    record = replace(record, sha256=contents.sha256, size_bytes=contents.size_bytes)
    if file.sha256 not in ("", contents.sha256):
        return replace(record, reason="checksum")
    try:
        info, stored = _probe(contents, rules.max_pixels), contents.head
        if file.orientation != 1 and info.format == "jpeg":
            stored = orient_jpeg(stored, file.orientation)
            record = replace(record, stored_sha256=hashlib.sha256(stored).hexdigest())
            info = probe_image(stored, max_pixels=rules.max_pixels)
    except ImageError as error:
        logger.debug("%s: %s", file.location, error)
        return replace(record, reason=error.reason)
    record = replace(record, width_px=info.width_px, height_px=info.height_px, format=info.format)
    if min(info.width_px, info.height_px) < rules.min_side_px:
        return replace(record, reason="too_small")
    path = f"images/{key}.{info.extension}"
    _store(rules.folder / path, stored, file)
    return replace(record, path=path, status="kept", reason="")


def _store(path: Path, content: bytes, file: FoundFile) -> None:
    """Store a photograph: linked where the file is our own and goes on as it is."""
    if file.is_kept and file.orientation == 1:
        try:
            path.hardlink_to(file.location)
        except OSError:  # another file system, or one without links
            pass
        else:
            return
    path.write_bytes(content)


def _probe(contents: Contents, max_pixels: int) -> ImageInfo:
    if sniff_format(contents.head) is not None and not contents.is_whole:
        raise ImageError("longer than any image of so few pixels", reason="too_large")
    return probe_image(contents.head, max_pixels=max_pixels)


def refuse_same_bytes(records: Iterable[ImageRecord], folder: Path) -> Iterator[ImageRecord]:
    """Pass rows on, but refuse and remove each photograph whose bytes came before."""
    seen = Digests()
    for record in records:
        if record.status == "kept" and not seen.add(bytes.fromhex(record.sha256)):
            (folder / record.path).unlink()
            yield replace(record, path="", status="refused", reason="duplicate")
            continue
        yield record
