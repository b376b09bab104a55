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
from typing import cast

from lienet.data.manifest import FilterRecord, read_filtered
from lienet.data.shard_writer import write_split
from lienet.data.shards import Sample, ShardSplit
from lienet.data.splits import SPLITS, choose_split, choose_test_images
from lienet.data.tiles import make_real_sample, make_samples
from lienet.errors import DataError, ImageError
from lienet.executors import map_ordered
from lienet.images import decode_image
from lienet.params import Params, Recipe, Task
from lienet.sections.licences import Use
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
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
    jobs = _list_jobs(params, workspace, cast("Task", item))
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
            sources=_find_uses(params, chosen),
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
    jobs, shares = [], params.synthesize.split
    for source in params.sources_of(task):
        records = _read_kept(workspace, source)
        keys = (record.key for record in records)
        chosen = choose_test_images(shares, params.seed, source, keys)
        for record in records:
            path = workspace.raw_dir(source) / record.path
            split = choose_split(
                shares,
                params.seed,
                record.key,
                split=record.split,
                detector=record.detector,
                chosen=chosen,
            )
            jobs.append(Job(split, path, record))
    for source in params.synthesize.tasks.old_photo.real_sources if task == "old_photo" else ():
        for record in _read_kept(workspace, source):
            jobs.append(Job("real", workspace.raw_dir(source) / record.path, record))
    return sorted(jobs, key=lambda job: (SPLITS.index(job.split), job.record.key))


def _read_kept(workspace: Workspace, source: str) -> list[FilterRecord]:
    records = read_filtered(workspace.filtered_dir(source) / "manifest.parquet")
    return [record for record in records if record.verdict == "keep"]


def _find_uses(params: Params, jobs: list[Job]) -> dict[str, Use]:
    """Return what the photographs of each source that these jobs are of may be used for."""
    sources = params.download.sources
    return {name: sources[name].use for name in sorted({job.record.source for job in jobs})}


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
