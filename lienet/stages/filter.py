"""Stage filter: keep out photographs that show a person or are poor; say why in a manifest."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lienet.errors import DataError, ImageError, InputError, ToolError
from lienet.executors import map_ordered
from lienet.files import replacing_folder, write_json
from lienet.images import decode_image
from lienet.manifests.duplicates import refuse_duplicates
from lienet.manifests.photographs import Photographs
from lienet.manifests.records import (
    FilteredRows,
    FilterRecord,
    ImageRecord,
    count_kept,
    iterate_manifest,
    write_filtered,
)
from lienet.params import FaceDetection, Params, TextDetection, load_params
from lienet.progress import watch
from lienet.screening.name_tags import parse_people
from lienet.screening.perceptual_hash import hash_image
from lienet.screening.purge import purge_refused, read_purged
from lienet.screening.refusals import Truth, count_refusals, read_truth, write_refusals
from lienet.screening.rows import record_verdict
from lienet.screening.verdict import (
    DEFAULT_FACE,
    DEFAULT_TEXT,
    Detection,
    Verdict,
    open_inspector,
)
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_BATCH = 8
"""Images per task of a worker."""


def list_items(params: Params) -> list[str]:
    """Return the names of the sources."""
    return list(params.download.sources)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Judge every photograph that download kept of one source.

    Raises:
        DataError: the source's manifest or one of its images is broken or missing.
        InputError: a list that params name is broken, or a refused image cannot be removed.
        ToolError: a configured model file is missing or of another kind.
    """
    filtered_dir, refusals_dir = workspace.filtered_dir(item), workspace.refusals_dir(item)
    photographs = Photographs.find(workspace.raw_dir(item))
    truth = _read_truth(params, workspace)
    for folder in (filtered_dir, refusals_dir):
        for leftover in folder.parent.glob(f".{folder.name}.*.part"):  # of a run that was killed
            shutil.rmtree(leftover, ignore_errors=True)
    with replacing_folder(filtered_dir) as beside:
        rows = FilteredRows(beside / "manifest.parquet")
        write_filtered(rows.path, _judge_all(params, workspace, item, photographs))
        if _find_pass(params, item) is None:
            refuse_duplicates(rows.path, params.filter.gates.max_hash_distance)
        with replacing_folder(refusals_dir) as reports:
            sheet = params.filter.contact_sheet
            write_refusals(reports, rows, photographs, truth=truth, sheet=sheet)
        counts = count_refusals(rows)
        write_json(workspace.refusal_counts_path(item), counts)
    _summarize(item, counts)
    rows = FilteredRows(filtered_dir / "manifest.parquet")
    if (store := photographs.store) is not None:
        store.publish(rows.path, f"filtered/{item}/manifest.parquet")
    if params.filter.purge_refused:
        depot_dir = workspace.state_dir / "download" / item
        if num_purged := purge_refused(photographs, depot_dir, rows):
            logger.info("%s: removed %d raw files; see docs/privacy.md", item, num_purged)


def _judge_all(
    params: Params, workspace: Workspace, item: str, photographs: Photographs
) -> Iterator[FilterRecord]:
    """Yield a verdict on every photograph; those that were purged keep theirs and come last."""
    path = photographs.folder / "manifest.parquet"
    purged = read_purged(photographs.folder)
    kept = (record for record in iterate_manifest(path) if record.status == "kept")
    records = (record for record in kept if record.key not in purged)
    num_records = count_kept(path) - len(purged)
    judge: Callable[[list[ImageRecord]], list[FilterRecord]]
    if (passed_as := _find_pass(params, item)) is not None:
        logger.info("%s: %s, all %d photographs pass unseen", item, passed_as, num_records)
        judge = partial(_pass_batch, photographs=photographs, passed_as=passed_as)
    else:
        logger.info("%s: looking at %d photographs", item, num_records)
        detection = _find_in_workspace(params, workspace)
        judge = partial(_judge_batch, photographs=photographs, detection=detection)
    batches = map_ordered(
        judge,
        _cut_batches(records),
        num_workers=params.num_workers if num_records > 2 * _BATCH else 1,
        cluster=params.cluster,
        images_per_item=_BATCH,
    )
    judged = chain.from_iterable(batches)
    yield from watch(judged, item, noun="photographs", total=num_records)
    yield from purged.values()


def _read_truth(params: Params, workspace: Workspace) -> Truth | None:
    if params.filter.truth is None:
        return None
    return read_truth(workspace.root / Path(params.filter.truth).expanduser())


def _find_pass(params: Params, source: str) -> str | None:
    """Return as what a source's photographs pass unseen, or None if they are looked at."""
    if source in params.filter.exempt_sources:
        return "exempt"
    return "consented" if source in params.filter.consented_sources else None


@lru_cache(maxsize=1)
def find_detection(face: FaceDetection, text: TextDetection, *, base_dir: Path) -> Detection:
    """Find the model files; a warning says once if there is none for text.

    Args:
        face: its model, else LIENET_FACE_MODEL, else the one that ships with lienet.
        text: its model, else LIENET_TEXT_MODEL.
        base_dir: where relative paths in params start.

    Raises:
        ToolError: a model that was asked for is not there.
    """
    face_model = _find_given(face.model, "face", base_dir)
    text_model = _find_given(text.model, "text", base_dir)
    if text_model is None and text.policy != "none":
        logger.warning(
            "no text model is given, so text is not looked for; "
            "set filter.text.model or LIENET_TEXT_MODEL"
        )
    return Detection(face, text, face_model, text_model)


def find_local_detection(folder: Path) -> Detection:
    """Find how to look at a person's own images: as the workspace around ``folder`` does it.

    Outside of one the defaults hold.

    Raises:
        ParamsError: the workspace's params are not valid.
        ToolError: a model that was asked for is not there.
    """
    try:
        workspace = Workspace.find(folder)
    except InputError:
        return find_detection(DEFAULT_FACE, DEFAULT_TEXT, base_dir=folder)
    found = _find_in_workspace(load_params(workspace.params_path), workspace)
    return replace(found, find_all=True)


def _find_in_workspace(params: Params, workspace: Workspace) -> Detection:
    found = find_detection(params.filter.face, params.filter.text, base_dir=workspace.root)
    return replace(found, gates=params.filter.gates, find_all=params.filter.find_all)


def _find_given(in_params: str | None, kind: str, base_dir: Path) -> Path | None:
    variable = f"LIENET_{kind.upper()}_MODEL"
    name, path = f"filter.{kind}.model", in_params and base_dir / Path(in_params).expanduser()
    if not path:
        name, path = variable, (named := os.environ.get(variable)) and Path(named).absolute()
    if not path:
        return None
    if not path.is_file():
        raise ToolError(
            f"{name} must name an ONNX file", got=path, remedy=f"correct or unset {name}"
        )
    return path


def _cut_batches(records: Iterable[ImageRecord]) -> Iterator[list[ImageRecord]]:
    remaining = iter(records)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _judge_batch(
    batch: list[ImageRecord], photographs: Photographs, detection: Detection
) -> list[FilterRecord]:
    inspector, judged = open_inspector(detection), []
    for record in batch:
        verdict = inspector.judge_bytes(
            _read(record, photographs),
            max_pixels=record.width_px * record.height_px,
            people=parse_people(record.people, record.width_px, record.height_px),
        )
        if verdict.quality is None:  # download read it: the file has changed since
            verdict = Verdict(("unreadable",), ())
        judged.append(record_verdict(record, verdict, inspector.name, inspector.detectors))
    return judged


def _pass_batch(
    batch: list[ImageRecord], photographs: Photographs, passed_as: str
) -> list[FilterRecord]:
    judged = []
    for record in batch:
        hashed = None
        with suppress(ImageError):  # to be said where the image is used
            hashed = hash_image(decode_image(_read(record, photographs)))
        judged.append(record_verdict(record, Verdict((), (), None, hashed), passed_as, {}))
    return judged


def _read(record: ImageRecord, photographs: Photographs) -> bytes:
    try:
        return photographs.read(record.path, record.stored_sha256 or record.sha256)
    except OSError as error:
        raise DataError(
            f"cannot read {photographs.folder / record.path} of {record.key}: {error.strerror}",
            remedy=f"run lienet download {record.source} again",
        ) from error


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
