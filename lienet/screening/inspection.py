"""All photographs of a source looked at, in batches over processes, each with its manifest's row.

Owns which photographs are looked at, which pass unseen and which keep the verdict they had when
their files were removed. What counts against an image is not its concern.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from functools import partial
from itertools import chain, islice

from lienet.errors import DataError, ImageError
from lienet.executors import map_ordered
from lienet.images import decode_image
from lienet.manifests.photographs import Photographs
from lienet.manifests.records import (
    MANIFEST_NAME,
    FilterRecord,
    ImageRecord,
    count_kept,
    iterate_kept,
)
from lienet.params import Params
from lienet.progress import watch
from lienet.screening.detection import Detection, find_workspace_detection
from lienet.screening.inspector import open_inspector
from lienet.screening.name_tags import parse_people
from lienet.screening.perceptual_hash import format_hash, hash_image
from lienet.screening.purge import iterate_purged, skip_purged
from lienet.screening.verdict import Verdict
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_BATCH = 8
"""Images per task of a worker."""


def inspect_photographs(
    params: Params, workspace: Workspace, source: str, photographs: Photographs
) -> Iterator[FilterRecord]:
    """Yield the filtered manifest's row of every photograph that download kept.

    Those whose files were removed keep their rows, and come last.

    Raises:
        DataError: the source's manifest or one of its images is broken or missing.
        ToolError: a detector is missing, damaged, or not the one that is pinned.
    """
    path = photographs.folder / MANIFEST_NAME
    num_purged = sum(1 for _ in iterate_purged(photographs.folder))
    num_records = count_kept(path) - num_purged
    inspect: Callable[[list[ImageRecord]], list[FilterRecord]]
    if (passed_as := find_pass(params, source)) is not None:
        logger.info("%s: %s, all %d photographs pass unseen", source, passed_as, num_records)
        inspect = partial(_pass_batch, photographs=photographs, passed_as=passed_as)
    else:
        logger.info("%s: looking at %d photographs", source, num_records)
        detection = find_workspace_detection(params, workspace)
        inspect = partial(_inspect_batch, photographs=photographs, detection=detection)
    batches = map_ordered(
        inspect,
        _cut_batches(skip_purged(iterate_kept(path), photographs.folder)),
        num_workers=params.num_workers if num_records > 2 * _BATCH else 1,
        cluster=params.cluster,
        images_per_item=_BATCH,
    )
    inspected = chain.from_iterable(batches)
    yield from watch(inspected, source, noun="photographs", total=num_records)
    yield from iterate_purged(photographs.folder)


def find_pass(params: Params, source: str) -> str | None:
    """Return as what a source's photographs pass unseen, or None if they are looked at."""
    if source in params.filter.exempt_sources:
        return "exempt"
    return "consented" if source in params.filter.consented_sources else None


def record_verdict(
    record: ImageRecord, verdict: Verdict, detector: str, detectors: Mapping[str, str]
) -> FilterRecord:
    """Return an image's row of a filtered manifest.

    Args:
        record: its row of the raw one.
        verdict: what was found and measured.
        detector: what looked at the image, or why nothing did.
        detectors: what finds each kind of box.
    """
    raw = {field.name: getattr(record, field.name) for field in fields(ImageRecord)}
    boxes = [{"detector": detectors[box.kind], **asdict(box)} for box in verdict.boxes]
    quality = verdict.quality
    return FilterRecord(
        **raw,
        verdict=verdict.word,
        reasons=verdict.reasons,
        detector=detector,
        score=verdict.score,
        boxes=json.dumps(boxes),
        sharpness=quality.sharpness if quality else 0.0,
        contrast=quality.contrast if quality else 0.0,
        jpeg_quality=quality.jpeg_quality if quality else 0,
        perceptual_hash=format_hash(verdict.perceptual_hash),
    )


def _cut_batches(records: Iterable[ImageRecord]) -> Iterator[list[ImageRecord]]:
    remaining = iter(records)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _inspect_batch(
    batch: list[ImageRecord], photographs: Photographs, detection: Detection
) -> list[FilterRecord]:
    inspector, inspected = open_inspector(detection), []
    for record in batch:
        verdict = inspector.inspect_bytes(
            _read(record, photographs),
            max_pixels=record.width_px * record.height_px,
            people=parse_people(record.people, record.width_px, record.height_px),
        )
        if verdict.quality is None:  # download read it: the file has changed since
            verdict = Verdict(("unreadable",), ())
        inspected.append(record_verdict(record, verdict, inspector.label, inspector.detectors))
    return inspected


def _pass_batch(
    batch: list[ImageRecord], photographs: Photographs, passed_as: str
) -> list[FilterRecord]:
    inspected = []
    for record in batch:
        hashed = None
        with suppress(ImageError):  # to be said where the image is used
            hashed = hash_image(decode_image(_read(record, photographs)))
        inspected.append(record_verdict(record, Verdict((), (), None, hashed), passed_as, {}))
    return inspected


def _read(record: ImageRecord, photographs: Photographs) -> bytes:
    try:
        return photographs.read(record.path, record.stored_sha256 or record.sha256)
    except OSError as error:
        raise DataError(
            f"cannot read {photographs.folder / record.path} of {record.key}: {error.strerror}",
            remedy=f"run lienet download {record.source} again",
        ) from error
