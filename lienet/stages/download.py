"""Stage download: a source's photographs as they are, and a manifest of every file that was met.

The weights of VGG19, which a perceptual loss needs, are an item of their own.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator

from lienet.catalogues.remote import Depot
from lienet.catalogues.weights import store_vgg19
from lienet.errors import DataError
from lienet.files import explaining_disk_errors, replacing_folder
from lienet.manifests.photographs import move_photographs
from lienet.manifests.records import MANIFEST_NAME, ImageRecord, write_manifest
from lienet.params import VGG19_ITEM, Params
from lienet.progress import watch
from lienet.screening.found_files import StoreRules, refuse_same_bytes, store_photographs
from lienet.storage import open_store
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_MAX_NAMED = 20
"""Refused files named in the log; the manifest has them all."""


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
    remedy = "check the folder and its free space"
    with explaining_disk_errors(raw_dir, remedy=remedy):
        with replacing_folder(raw_dir) as beside:
            (beside / "images").mkdir()
            rules = StoreRules(
                item, params.download.max_pixels, params.download.min_side_px, beside
            )
            depot = Depot(workspace.depot_dir(item), params.download.transfer)
            found = params.download.sources[item].find(workspace.root, depot)
            logger.info("%s: looking at every file", item)
            examined = watch(
                store_photographs(found, rules, params.num_workers), item, noun="files"
            )
            records = _summarize(item, refuse_same_bytes(examined, beside))
            store = open_store(params.storage)
            records = move_photographs(records, beside, store)
            write_manifest(beside / MANIFEST_NAME, records)
        if store is not None:
            store.publish(raw_dir / MANIFEST_NAME, f"raw/{item}/{MANIFEST_NAME}")


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
