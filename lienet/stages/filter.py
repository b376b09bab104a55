"""Stage filter: keep out photographs that show a person or are poor; say why in a manifest."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, fields, replace
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from lienet.data.duplicates import format_hash, hash_image, refuse_duplicates
from lienet.data.manifest import (
    FilterRecord,
    ImageRecord,
    read_manifest,
    read_people,
    write_filtered,
)
from lienet.data.privacy.persons import parse_people
from lienet.data.privacy.verdict import (
    DEFAULT_FACE,
    DEFAULT_TEXT,
    Detection,
    Verdict,
    open_inspector,
)
from lienet.data.purge import purge_refused, read_purged
from lienet.data.refusals import Truth, count_refusals, read_truth, write_refusals
from lienet.errors import DataError, ImageError, InputError, ToolError
from lienet.executors import map_ordered
from lienet.files import replacing_folder, write_json
from lienet.images import decode_image
from lienet.params import FaceDetection, Params, TextDetection, load_params
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_BATCH = 8
"""Images per task of a worker."""
_QUIET_S = 2.0
_SAY_EVERY_S = 30.0


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
    raw_dir, filtered_dir = workspace.raw_dir(item), workspace.filtered_dir(item)
    truth = _read_truth(params, workspace)
    judged = _judge_all(params, workspace, item)
    for folder in (filtered_dir, workspace.refusals_dir(item)):
        for leftover in folder.parent.glob(f".{folder.name}.*.part"):  # of a run that was killed
            shutil.rmtree(leftover, ignore_errors=True)
    with replacing_folder(workspace.refusals_dir(item)) as beside:
        write_refusals(beside, judged, raw_dir, truth=truth, sheet=params.filter.contact_sheet)
    write_json(workspace.refusal_counts_path(item), count_refusals(judged))
    with replacing_folder(filtered_dir) as beside:
        write_filtered(beside / "manifest.parquet", judged)
    if params.filter.purge_refused:
        depot_dir = workspace.state_dir / "download" / item
        if num_purged := purge_refused(raw_dir, depot_dir, judged):
            logger.info("%s: removed %d raw files; see docs/privacy.md", item, num_purged)


def _judge_all(params: Params, workspace: Workspace, item: str) -> list[FilterRecord]:
    raw_dir = workspace.raw_dir(item)
    path = raw_dir / "manifest.parquet"
    purged = read_purged(raw_dir)
    met = [record for record in read_manifest(path) if record.status == "kept"]
    records = [record for record in met if record.key not in purged]
    num_workers = params.num_workers if len(records) > 2 * _BATCH else 1
    if (passed_as := _find_pass(params, item)) is not None:
        logger.info("%s: %s, all %d photographs pass unseen", item, passed_as, len(records))
        judge: Callable[[list[ImageRecord]], list[FilterRecord]]
        judge = partial(_pass_batch, raw_dir=raw_dir, passed_as=passed_as)
    else:
        logger.info("%s: looking at %d photographs", item, len(records))
        detection = _find_in_workspace(params, workspace)
        people = read_people(path)
        judge = partial(_judge_batch, raw_dir=raw_dir, detection=detection, people=people)
    batches = map_ordered(judge, _cut_batches(records), num_workers=num_workers)
    judged = list(_watch(item, chain.from_iterable(batches), len(records)))
    judged += [purged[record.key] for record in met if record.key in purged]
    if passed_as is None:
        judged = refuse_duplicates(judged, params.filter.gates.max_hash_distance)
        _summarize(item, judged)
    return judged


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
def find_detection(
    face: FaceDetection, text: TextDetection, *, base_dir: Path, cache_dir: Path
) -> Detection:
    """Find the model files; a warning says once what is lacking.

    Args:
        face: its model, else LIENET_FACE_MODEL, else the copy in ``cache_dir``, else one download.
        text: its model, else LIENET_TEXT_MODEL.
        base_dir: where relative paths in params start.
        cache_dir: where the downloaded model is kept.

    Raises:
        ToolError: a model that was asked for is not there.
    """
    face_model = _find_given(face.model, "face", base_dir) or _fetch_face_model(cache_dir)
    if face_model is None:
        logger.warning(
            "no YuNet model is to be had: OpenCV's cascades look for faces, and miss many more; "
            "set filter.face.model or LIENET_FACE_MODEL"
        )
    text_model = _find_given(text.model, "text", base_dir)
    if text_model is None and text.policy != "none":
        logger.warning(
            "no text model is given, so text is not looked for; "
            "set filter.text.model or LIENET_TEXT_MODEL"
        )
    return Detection(face, text, face_model, text_model)


def find_local_detection(folder: Path) -> Detection:
    """Find how to look at a person's own images: as the workspace around ``folder`` does it.

    Outside of one the defaults hold, and the model is kept in the user's cache.

    Raises:
        ParamsError: the workspace's params are not valid.
        ToolError: a model that was asked for is not there.
    """
    try:
        workspace = Workspace.find(folder)
    except InputError:
        cache_dir = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return find_detection(
            DEFAULT_FACE, DEFAULT_TEXT, base_dir=folder, cache_dir=cache_dir / "lienet" / "models"
        )
    found = _find_in_workspace(load_params(workspace.params_path), workspace)
    return replace(found, find_all=True)


def _find_in_workspace(params: Params, workspace: Workspace) -> Detection:
    found = find_detection(
        params.filter.face,
        params.filter.text,
        base_dir=workspace.root,
        cache_dir=workspace.state_dir / "models",
    )
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


def _fetch_face_model(cache_dir: Path) -> Path | None:
    from lienet.sources.zoo import fetch_yunet  # brings the HTTP client, of use only here

    return fetch_yunet(cache_dir)


def _cut_batches(records: Iterable[ImageRecord]) -> Iterator[list[ImageRecord]]:
    remaining = iter(records)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _judge_batch(
    batch: list[ImageRecord], raw_dir: Path, detection: Detection, people: Mapping[str, str]
) -> list[FilterRecord]:
    inspector, judged = open_inspector(detection), []
    for record in batch:
        verdict = inspector.judge_bytes(
            _read(record, raw_dir),
            max_pixels=record.width_px * record.height_px,
            people=parse_people(people.get(record.key, ""), record.width_px, record.height_px),
        )
        if verdict.quality is None:  # download read it: the file has changed since
            verdict = Verdict(("unreadable",), ())
        judged.append(_add_verdict(record, verdict, inspector.name, inspector.detectors))
    return judged


def _pass_batch(batch: list[ImageRecord], raw_dir: Path, passed_as: str) -> list[FilterRecord]:
    judged = []
    for record in batch:
        hashed = None
        with suppress(ImageError):  # to be said where the image is used
            hashed = hash_image(decode_image(_read(record, raw_dir)))
        judged.append(_add_verdict(record, Verdict((), (), None, hashed), passed_as, {}))
    return judged


def _read(record: ImageRecord, raw_dir: Path) -> bytes:
    try:
        return (raw_dir / record.path).read_bytes()
    except OSError as error:
        raise DataError(
            f"cannot read {raw_dir / record.path} of {record.key}: {error.strerror}",
            remedy=f"run lienet download {record.source} again",
        ) from error


def _add_verdict(
    record: ImageRecord, verdict: Verdict, detector: str, detectors: Mapping[str, str]
) -> FilterRecord:
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


def _watch(
    source: str, records: Iterable[FilterRecord], num_records: int
) -> Iterator[FilterRecord]:
    """Pass records on, with a bar on a terminal and a line in the log now and then elsewhere."""
    started_s = said_s = time.monotonic()
    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        shown = bar.add_task(source, total=num_records, visible=False)
        for count, record in enumerate(records, start=1):
            now_s = time.monotonic()
            bar.update(shown, completed=count, visible=now_s - started_s > _QUIET_S)
            if now_s - said_s > _SAY_EVERY_S:
                logger.info("%s: %d of %d", source, count, num_records)
                said_s = now_s
            yield record


def _summarize(source: str, records: list[FilterRecord]) -> None:
    reasons = Counter(reason for record in records for reason in record.reasons)
    num_kept = sum(record.verdict == "keep" for record in records)
    named = ", ".join(f"{count} for {reason}" for reason, count in sorted(reasons.items()))
    logger.info(
        "%s: kept %d of %d photographs%s, by %s",
        source,
        num_kept,
        len(records),
        f", refused {named}" if named else "",
        " and ".join(sorted({record.detector for record in records})) or "nobody",
    )
    if not num_kept:
        logger.warning("%s: no photograph is left to use", source)
