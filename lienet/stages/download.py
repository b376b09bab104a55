"""Stage download: a source's photographs as they are, and a manifest of every file that was met.

The weights of VGG19, which a perceptual loss needs, are an item of their own.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from lienet.catalogues.digests import Digests
from lienet.catalogues.found import Contents, FoundFile
from lienet.catalogues.keys import KeyGiver
from lienet.catalogues.kinds import find_photographs
from lienet.catalogues.orientation import orient_jpeg
from lienet.catalogues.remote import Depot
from lienet.catalogues.weights import store_vgg19
from lienet.errors import DataError, ImageError, InputError
from lienet.executors import map_ordered
from lienet.files import replacing_folder
from lienet.images import ImageInfo, probe_image, sniff_format
from lienet.manifests.photographs import move_photographs
from lienet.manifests.records import ImageRecord, write_manifest
from lienet.params import VGG19_ITEM, Params
from lienet.progress import watch
from lienet.storage import open_store
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_BATCH = 16
"""Files per task of a worker: enough that handing them over costs nothing."""
_MAX_BYTES_PER_PIXEL = 8
_MAX_NAMED = 20
"""Refused files named in the log; the manifest has them all."""

_Keyed = tuple[str, FoundFile]


@dataclass(frozen=True)
class _Rules:
    source: str
    max_pixels: int
    min_side_px: int
    folder: Path


def list_items(params: Params) -> list[str]:
    """Return the names of the sources, and that of VGG19's weights."""
    return [*params.download.sources, VGG19_ITEM]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Store what one source has that is a photograph, and list all of it; or VGG19's weights.

    Raises:
        DataError: the source has no photograph to keep.
        InputError: its folder cannot be read, or the data folder not written.
        TransferError: a remote file cannot be fetched.
    """
    if item == VGG19_ITEM:
        depot = Depot(workspace.depot_dir(item), params.download.transfer)
        store_vgg19(params, depot, workspace.vgg19_dir)
        return
    raw_dir = workspace.raw_dir(item)
    for leftover in raw_dir.parent.glob(f".{item}.*.part"):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with replacing_folder(raw_dir) as beside:
            (beside / "images").mkdir()
            rules = _Rules(item, params.download.max_pixels, params.download.min_side_px, beside)
            depot = Depot(workspace.depot_dir(item), params.download.transfer)
            found = find_photographs(params.download.sources[item], workspace.root, depot)
            logger.info("%s: looking at every file", item)
            examined = watch(_examine_all(found, rules, params.num_workers), item, noun="files")
            records = _summarize(item, _refuse_duplicates(examined, beside))
            store = open_store(params.storage)
            records = move_photographs(records, beside, store)
            write_manifest(beside / "manifest.parquet", records)
        if store is not None:
            store.publish(raw_dir / "manifest.parquet", f"raw/{item}/manifest.parquet")
    except OSError as error:
        raise InputError(
            f"cannot write {raw_dir}: {error.strerror or error}",
            remedy="check the folder and its free space",
        ) from error


def _examine_all(
    found: Iterator[FoundFile], rules: _Rules, num_workers: int
) -> Iterator[ImageRecord]:
    first = list(islice(found, _BATCH + 1))
    if len(first) <= _BATCH:
        num_workers = 1  # sooner done than other processes are started
    batches = _cut_batches(chain(first, found), KeyGiver(rules.source))
    examined = map_ordered(partial(_examine_batch, rules=rules), batches, num_workers=num_workers)
    return chain.from_iterable(examined)


def _cut_batches(found: Iterator[FoundFile], keys: KeyGiver) -> Iterator[list[_Keyed]]:
    while batch := [(keys.give(file.name), file) for file in islice(found, _BATCH)]:
        yield batch


def _examine_batch(batch: list[_Keyed], rules: _Rules) -> list[ImageRecord]:
    return [_examine(key, file, rules) for key, file in batch]


def _examine(key: str, file: FoundFile, rules: _Rules) -> ImageRecord:
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


def _refuse_duplicates(records: Iterable[ImageRecord], folder: Path) -> Iterator[ImageRecord]:
    seen = Digests()
    for record in records:
        if record.status == "kept" and not seen.add(bytes.fromhex(record.sha256)):
            (folder / record.path).unlink()
            yield replace(record, path="", status="refused", reason="duplicate")
            continue
        yield record


def _summarize(source: str, records: Iterable[ImageRecord]) -> Iterator[ImageRecord]:
    """Pass records on, count them, and say at the end what became of them.

    Raises:
        DataError: none of them was kept.
    """
    reasons: Counter[str] = Counter()
    named: list[ImageRecord] = []
    for record in records:
        reasons[record.reason] += 1
        if record.status == "refused" and len(named) < _MAX_NAMED:
            named.append(record)
        yield record
    num_kept = reasons.pop("", 0)
    num_refused = reasons.total()
    counted = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    if not num_kept:
        raise DataError(
            f"{source} has no photograph to keep among its {num_refused} files ({counted})",
            remedy="see download in params.yaml",
        )
    for record in named:
        logger.info("%s: refused %s: %s", source, record.origin, record.reason)
    logger.info(
        "%s: kept %d photographs, refused %d%s",
        source,
        num_kept,
        num_refused,
        f" ({counted})" if counted else "",
    )
