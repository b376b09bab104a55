"""Stage synthesize: filtered photographs in, shards of degraded and reference pairs out."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import cast, get_args

from lienet.data.draws import choose_test_keys, draw_split
from lienet.data.leaks import choose_leaks
from lienet.data.manifest import FilterRecord, read_filtered
from lienet.data.shard_writer import write_split
from lienet.data.shards import Sample, ShardSplit
from lienet.data.tiles import make_real_sample, make_samples
from lienet.errors import DataError, ImageError
from lienet.executors import map_ordered
from lienet.images import decode_image
from lienet.params import Params, Recipe, Task
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
SPLITS: tuple[ShardSplit, ...] = get_args(ShardSplit)
_BYTES_PER_MB = 1_000_000
_LOG_EVERY_S = 20.0


@dataclass(frozen=True)
class Job:
    """One photograph and the split it falls to."""

    split: ShardSplit
    path: Path
    record: FilterRecord


def list_items(params: Params) -> list[str]:
    """Return the names of the tasks."""
    return list(type(params.synthesize.tasks).model_fields)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Write the splits of a task, that of real photographs without reference included.

    Raises:
        DataError: a manifest is broken, an image cannot be read, nothing is left to train on, or
            a source has too few images for the test images that are asked of it.
    """
    degradation: Recipe = getattr(params.synthesize.tasks, item)
    jobs = _remove_leaks(_list_jobs(params, workspace, cast("Task", item)), params)
    _check_splits(jobs)
    synthesize = partial(synthesize_image, degradation=degradation, seed=params.seed)
    results = map_ordered(synthesize, jobs, num_workers=params.num_workers)
    watched = _watch(results, total=len(jobs), name=f"synthesize {item}")
    for split in SPLITS:
        chosen = [job for job in jobs if job.split == split]
        index = write_split(
            workspace.shards_dir(item) / split,
            _join(chosen, watched),
            task=item,
            split=split,
            params=degradation.model_dump(mode="json"),
            shard_max_bytes=params.synthesize.shard_max_mb * _BYTES_PER_MB,
        )
        logger.info("%s: %d samples of %d images", split, index.num_samples, index.num_images)
        if split == "train" and not index.num_samples:
            raise DataError("no tile is left to train on", remedy="lower synthesize tile_px")
    next(watched, None)  # lets the bar and the processes go


def synthesize_image(job: Job, *, degradation: Recipe, seed: int) -> list[Sample]:
    """Read one photograph and make its samples.

    Raises:
        DataError: it cannot be read.
    """
    record = job.record
    try:
        content = job.path.read_bytes()
        pixels = decode_image(content)
    except (OSError, ImageError) as error:
        raise DataError(
            f"image {record.key} cannot be read: {error}", remedy="run `lienet download` again"
        ) from error
    info = {
        "image": record.key,
        "source": record.source,
        "test_set": record.source,
        "licence": record.licence,
        "author": record.author,
    }
    if job.split == "real":
        return make_real_sample(content, pixels, key=record.key, info=info)
    return make_samples(
        pixels, key=record.key, split=job.split, degradation=degradation, seed=seed, info=info
    )


def _list_jobs(params: Params, workspace: Workspace, task: Task) -> list[Job]:
    """List the kept photographs of a task by split, then key."""
    jobs = []
    for source in params.sources_of(task):
        records = _read_kept(workspace, source)
        chosen = _choose_test_keys(params, source, records)
        for record in records:
            path = workspace.raw_dir(source) / record.path
            jobs.append(Job(_choose_split(record, params, chosen), path, record))
    for source in params.synthesize.tasks.old_photo.real_sources if task == "old_photo" else ():
        for record in _read_kept(workspace, source):
            jobs.append(Job("real", workspace.raw_dir(source) / record.path, record))
    return sorted(jobs, key=lambda job: (SPLITS.index(job.split), job.record.key))


def _read_kept(workspace: Workspace, source: str) -> list[FilterRecord]:
    records = read_filtered(workspace.filtered_dir(source) / "manifest.parquet")
    return [record for record in records if record.verdict == "keep"]


def _choose_test_keys(
    params: Params, source: str, records: list[FilterRecord]
) -> frozenset[str] | None:
    """Return the test images of a source whose number of them is agreed, else None."""
    num_images = params.synthesize.split.test_images.get(source)
    if num_images is None:
        return None
    if len(records) <= num_images:
        raise DataError(
            f"synthesize.split.test_images asks for {num_images} images of {source}, and training "
            "for one more",
            got=f"{len(records)} that were kept",
            remedy="lower it, or add photographs",
        )
    return choose_test_keys(params.seed, (record.key for record in records), num_images=num_images)


def _choose_split(
    record: FilterRecord, params: Params, chosen: frozenset[str] | None
) -> ShardSplit:
    """Choose an image's split; published test sets are tested on only."""
    if record.detector == "exempt":
        return "test"
    if chosen is not None:
        return "test" if record.key in chosen else "train"
    for split in SPLITS:
        if record.split == split:
            return split
    shares = params.synthesize.split
    return draw_split(
        params.seed, record.key, valid_share=shares.valid_share, test_share=shares.test_share
    )


def _remove_leaks(jobs: list[Job], params: Params) -> list[Job]:
    """Leave out what would be learned from and tested on, unless params call that an error."""
    leaked = choose_leaks(
        [job.record for job in jobs if job.split in ("train", "valid")],
        [job.record for job in jobs if job.split == "test"],
        params.synthesize.split,
    )
    return [job for job in jobs if job.record.key not in leaked]


def _check_splits(jobs: list[Job]) -> None:
    for split in ("train", "valid", "test"):
        if any(job.split == split for job in jobs):
            continue
        if split == "train":
            raise DataError(
                "no photograph fell to the training split",
                got=f"{len(jobs)} photographs in all",
                remedy="add photographs, or change synthesize.split or a source's split",
            )
        logger.warning("no photograph fell to the split %s; it stays empty", split)


def _join(jobs: list[Job], results: Iterator[list[Sample]]) -> Iterator[Sample]:
    """Yield the samples of as many results as there are jobs, and name those without any."""
    for job, samples in zip(jobs, islice(results, len(jobs)), strict=True):
        if not samples:
            logger.warning("image %s gives no sample: it is too small or flat", job.record.key)
        yield from samples


def _watch(results: Iterable[list[Sample]], *, total: int, name: str) -> Iterator[list[Sample]]:
    """Pass results on, with a bar on a terminal and a line now and then elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track

        console = Console(stderr=True)
        yield from track(results, name, total=total, console=console, transient=True)
        return
    logged_at = time.monotonic()
    logger.info("%s: %d images", name, total)
    for done, result in enumerate(results, start=1):
        yield result
        if time.monotonic() - logged_at > _LOG_EVERY_S:
            logged_at = time.monotonic()
            logger.info("%s: %d of %d images", name, done, total)
