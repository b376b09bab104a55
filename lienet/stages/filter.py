"""Stage filter: keep out photographs with faces or legible text, and say why in a manifest."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from lienet.data.manifest import (
    FilterRecord,
    ImageRecord,
    count_kept,
    iterate_manifest,
    write_filtered,
)
from lienet.data.photographs import Photographs
from lienet.data.privacy.verdict import (
    DEFAULT_FACE,
    DEFAULT_TEXT,
    Detection,
    Verdict,
    open_inspector,
)
from lienet.errors import DataError, InputError, ToolError
from lienet.executors import map_ordered
from lienet.files import replacing_folder
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
        ToolError: a configured model file is missing or of another kind.
    """
    raw_dir, filtered_dir = workspace.raw_dir(item), workspace.filtered_dir(item)
    manifest_path = raw_dir / "manifest.parquet"
    num_records = count_kept(manifest_path)
    records = (each for each in iterate_manifest(manifest_path) if each.status == "kept")
    photographs = Photographs.find(raw_dir)
    judged: Iterator[FilterRecord]
    if (passed_as := _find_pass(params, item)) is not None:
        logger.info("%s: %s, all %d photographs pass unseen", item, passed_as, num_records)
        judged = (_add_verdict(each, Verdict((), ()), passed_as) for each in records)
    else:
        detection = _find_in_workspace(params, workspace)
        judge = partial(_judge_batch, photographs=photographs, detection=detection)
        num_workers = params.num_workers if num_records > 2 * _BATCH else 1
        batches = map_ordered(
            judge,
            _cut_batches(records),
            num_workers=num_workers,
            cluster=params.cluster,
            images_per_item=_BATCH,
        )
        judged = _summarize(item, _watch(item, chain.from_iterable(batches), num_records))
    for leftover in filtered_dir.parent.glob(f".{item}.*.part"):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    with replacing_folder(filtered_dir) as beside:
        write_filtered(beside / "manifest.parquet", judged)
    if (store := photographs.store) is not None:
        store.publish(filtered_dir / "manifest.parquet", f"filtered/{item}/manifest.parquet")


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
    if text_model is None:
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
    return _find_in_workspace(load_params(workspace.params_path), workspace)


def _find_in_workspace(params: Params, workspace: Workspace) -> Detection:
    return find_detection(
        params.filter.face,
        params.filter.text,
        base_dir=workspace.root,
        cache_dir=workspace.state_dir / "models",
    )


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
    batch: list[ImageRecord], photographs: Photographs, detection: Detection
) -> list[FilterRecord]:
    return [_judge(record, photographs, detection) for record in batch]


def _judge(record: ImageRecord, photographs: Photographs, detection: Detection) -> FilterRecord:
    try:
        content = photographs.read(record.path, record.stored_sha256 or record.sha256)
    except OSError as error:
        raise DataError(
            f"cannot read {photographs.folder / record.path} of {record.key}: {error.strerror}",
            remedy=f"run lienet download {record.source} again",
        ) from error
    inspector = open_inspector(detection)
    verdict = inspector.judge_bytes(content, max_pixels=record.width_px * record.height_px)
    if verdict.reasons and not verdict.boxes:  # download read it: the file has changed since
        verdict = Verdict(("unreadable",), ())
    return _add_verdict(record, verdict, inspector.name)


def _add_verdict(record: ImageRecord, verdict: Verdict, detector: str) -> FilterRecord:
    raw = {field.name: getattr(record, field.name) for field in fields(ImageRecord)}
    return FilterRecord(
        **raw,
        verdict=verdict.word,
        reasons=verdict.reasons,
        detector=detector,
        score=verdict.score,
        boxes=json.dumps([asdict(box) for box in verdict.boxes]),
    )


def _watch(
    source: str, records: Iterable[FilterRecord], num_records: int
) -> Iterator[FilterRecord]:
    """Pass records on, with a bar on a terminal and a line in the log now and then elsewhere."""
    logger.info("%s: looking for faces and text in %d photographs", source, num_records)
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


def _summarize(source: str, records: Iterable[FilterRecord]) -> Iterator[FilterRecord]:
    """Pass records on, count them, and say at the end what became of them."""
    reasons: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    detectors = set()
    for record in records:
        reasons.update(record.reasons)
        verdicts[record.verdict] += 1
        detectors.add(record.detector)
        yield record
    named = ", ".join(f"{count} for {reason}" for reason, count in sorted(reasons.items()))
    logger.info(
        "%s: kept %d of %d photographs%s, by %s",
        source,
        verdicts["keep"],
        verdicts.total(),
        f", refused {named}" if named else "",
        " and ".join(sorted(detectors)) or "nobody",
    )
    if not verdicts["keep"]:
        logger.warning("%s: no photograph is left to use", source)
