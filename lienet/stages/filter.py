"""Stage filter: keep out photographs that show a person or are poor; say why in a manifest."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from lienet.files import replacing_folder, write_json
from lienet.manifests.photographs import Photographs
from lienet.manifests.records import MANIFEST_NAME, FilteredRows, write_filtered
from lienet.params import Params
from lienet.screening.counts import count_refusals
from lienet.screening.dvc_cache import find_cache
from lienet.screening.inspection import find_pass, inspect_photographs
from lienet.screening.purge import purge_refused
from lienet.screening.refusals import Truth, read_truth, write_refusals
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)


def list_items(params: Params) -> list[str]:
    """Return the names of the sources."""
    return list(params.download.sources)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Look at every photograph that download kept of one source.

    Raises:
        DataError: the source's manifest or one of its images is broken or missing.
        InputError: a list that params name is broken, or a refused image cannot be removed.
        ToolError: a detector is missing, damaged or not the one that is pinned, and
            ``filter.privacy`` is full.
    """
    filtered_dir, refusals_dir = workspace.filtered_dir(item), workspace.refusals_dir(item)
    photographs = Photographs.find(workspace.raw_dir(item))
    truth = _read_truth(params, workspace)
    gates = params.filter.gates
    with replacing_folder(filtered_dir) as beside:
        rows = FilteredRows(beside / MANIFEST_NAME)
        write_filtered(
            rows.path,
            inspect_photographs(params, workspace, item, photographs),
            max_hash_distance=gates.max_hash_distance if find_pass(params, item) is None else None,
        )
        with replacing_folder(refusals_dir) as reports:
            sheet = params.filter.contact_sheet
            write_refusals(reports, rows, photographs, truth=truth, sheet=sheet)
        counts = count_refusals(rows)
        write_json(workspace.refusal_counts_path(item), counts)
    _summarize(item, counts)
    path = filtered_dir / MANIFEST_NAME
    if (store := photographs.store) is not None:
        store.publish(path, f"filtered/{item}/{MANIFEST_NAME}")
    if _is_purged(params, item):
        num_purged = purge_refused(
            photographs, workspace.depot_dir(item), path, cache_dir=find_cache(workspace.root)
        )
        logger.info("%s: removed %d raw files; see docs/privacy.md", item, num_purged)


def _is_purged(params: Params, source: str) -> bool:
    chosen = params.filter.purge_refused
    return params.download.sources[source].is_remote if chosen == "remote" else chosen


def _read_truth(params: Params, workspace: Workspace) -> Truth | None:
    if params.filter.truth is None:
        return None
    return read_truth(workspace.root / Path(params.filter.truth).expanduser())


def _summarize(source: str, counts: dict[str, Any]) -> None:
    named = ", ".join(f"{count} for {reason}" for reason, count in counts["reasons"].items())
    logger.info(
        "%s: kept %d of %d photographs%s, by %s",
        source,
        counts["kept"],
        counts["photographs"],
        f", refused {named}" if named else "",
        " and ".join(counts["detectors"]) or "nobody",
    )
    if not counts["kept"]:
        logger.warning("%s: no photograph is left to use", source)
