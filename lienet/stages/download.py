"""Stage download: a source's photographs as they are, and a manifest of every file that was met."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator

from lienet.catalogues.div2k import find_div2k
from lienet.catalogues.ffhq import find_ffhq
from lienet.catalogues.folder import find_files
from lienet.catalogues.folder_manifest import find_listed_files
from lienet.catalogues.found import FoundFile
from lienet.catalogues.open_images import find_open_images
from lienet.catalogues.remote import Depot
from lienet.catalogues.sample import find_sample
from lienet.errors import DataError, InputError
from lienet.files import replacing_folder
from lienet.manifests.photographs import move_photographs
from lienet.manifests.records import ImageRecord, write_manifest
from lienet.params import (
    Div2kSource,
    FfhqSource,
    FolderSource,
    OpenImagesSource,
    Params,
    SampleSource,
)
from lienet.progress import watch
from lienet.screening.found_files import StoreRules, refuse_same_bytes, store_photographs
from lienet.storage import open_store
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_MAX_NAMED = 20
"""Refused files named in the log; the manifest has them all."""


def list_items(params: Params) -> list[str]:
    """Return the names of the sources."""
    return list(params.download.sources)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Store what one source has that is a photograph, and list all of it.

    Raises:
        DataError: the source has no photograph to keep.
        InputError: its folder cannot be read, or the data folder not written.
        TransferError: a remote file cannot be fetched.
    """
    raw_dir = workspace.raw_dir(item)
    for leftover in raw_dir.parent.glob(f".{item}.*.part"):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with replacing_folder(raw_dir) as beside:
            (beside / "images").mkdir()
            rules = StoreRules(
                item, params.download.max_pixels, params.download.min_side_px, beside
            )
            found = _find(params, workspace, item)
            logger.info("%s: looking at every file", item)
            examined = watch(
                store_photographs(found, rules, params.num_workers), item, noun="files"
            )
            records = _summarize(item, refuse_same_bytes(examined, beside))
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


def _find(params: Params, workspace: Workspace, item: str) -> Iterator[FoundFile]:
    source, root = params.download.sources[item], workspace.root
    depot = Depot(workspace.depot_dir(item), params.download.transfer)
    match source:
        case SampleSource():
            return find_sample(source.split, source.names)
        case OpenImagesSource():
            return find_open_images(source, depot, base_dir=root)
        case Div2kSource():
            return find_div2k(source, depot)
        case FfhqSource():
            return find_ffhq(source, depot, base_dir=root)
        case FolderSource() if source.manifest is not None:
            return find_listed_files(source, base_dir=root)
    return find_files(
        source.path,
        base_dir=root,
        split=source.split,
        licence=source.licence,
        author=source.author,
    )


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
