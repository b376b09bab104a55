"""Stage synthesize: filtered photographs in, shards of degraded and reference pairs out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from lienet.errors import DataError
from lienet.executors import map_ordered
from lienet.manifests.planning import Job, Plan, plan_task
from lienet.manifests.splits import SPLITS, ShardSplit
from lienet.params import Params
from lienet.progress import watch
from lienet.shards.reading import Sample
from lienet.shards.samples import find_photographs, synthesize_image
from lienet.shards.writing import write_split
from lienet.storage import open_store
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_BYTES_PER_MB = 1_000_000


def list_items(params: Params) -> list[str]:
    """Return the names of the tasks."""
    return list(params.synthesize.tasks)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Write the splits of a task, that of real photographs without reference included.

    Raises:
        DataError: a manifest is broken, an image cannot be read, nothing is left to train on, a
            source has too few images for the test images that are asked of it, or a picture would
            be learned from and tested on.
    """
    degradation = params.synthesize.tasks[item]
    sources = params.download.sources
    with plan_task(params, workspace, item) as plan:
        _check_splits(plan)
        synthesize = partial(
            synthesize_image,
            photographs=find_photographs(params, workspace),
            degradation=degradation,
            seed=params.seed,
        )
        results = map_ordered(
            synthesize, plan.iterate(), num_workers=params.num_workers, cluster=params.cluster
        )
        logger.info("synthesize %s: %d images", item, len(plan))
        watched = watch(results, f"synthesize {item}", noun="images", total=len(plan))
        shard_max_bytes = params.synthesize.shard_max_mb * _BYTES_PER_MB
        for split in SPLITS:
            _announce(plan, split, shard_max_bytes)
            index = write_split(
                workspace.shards_dir(item) / split,
                _join(plan.iterate(split), watched, plan.count(split)),
                task=item,
                split=split,
                params=_describe_making(params, item),
                shard_max_bytes=shard_max_bytes,
                sources={name: sources[name].use for name in plan.list_sources(split)},
                store=open_store(params.storage),
            )
            logger.info("%s: %d samples of %d images", split, index.num_samples, index.num_images)
            if split == "train" and not index.num_samples:
                raise DataError("no tile is left to train on", remedy="lower synthesize tile_px")
        next(watched, None)  # lets the bar and the processes go
        plan.write_trained_on(workspace.trained_on_path(item))
        _tell_moved(*plan.note_splits(workspace.splits_note_path(item)))


def _describe_making(params: Params, task: str) -> dict[str, Any]:
    """Return the params that a task's samples follow from, for the index."""
    degradation = params.synthesize.tasks[task]
    described = degradation.model_dump(mode="json", exclude={"kind"})
    if degradation.shows_real:
        described["real_sources"] = list(params.synthesize.real_sources)
    return described


def _check_splits(plan: Plan) -> None:
    for split in ("train", "valid", "test"):
        if plan.count(split):
            continue
        if split == "train":
            raise DataError(
                "no photograph fell to the training split",
                got=f"{len(plan)} photographs in all",
                remedy="add photographs, or change synthesize.split or a source's split",
            )
        logger.warning("no photograph fell to the split %s; it stays empty", split)


def _tell_moved(num_moved: int, named: list[str]) -> None:
    if num_moved:
        more = f" and {num_moved - len(named)} more" if num_moved > len(named) else ""
        logger.warning(
            "%d photographs are in another split than in the last run (%s%s); "
            "a model that learned from one is not to be tested on it",
            num_moved,
            "; ".join(named),
            more,
        )


def _announce(plan: Plan, split: ShardSplit, shard_max_bytes: int) -> None:
    """Say what is coming where it is much: days and disks are planned by it."""
    shards = plan.assign_shards(split, shard_max_bytes=shard_max_bytes)
    if len(shards) and shards[-1] > 0:
        logger.info(
            "%s: %d photographs, about %d shards of %d MB",
            split,
            plan.count(split),
            shards[-1] + 1,
            shard_max_bytes // _BYTES_PER_MB,
        )


def _join(jobs: Iterable[Job], results: Iterator[list[Sample]], num_jobs: int) -> Iterator[Sample]:
    """Yield the samples of as many results as there are jobs, and name those without any."""
    for job, samples in zip(jobs, islice(results, num_jobs), strict=True):
        if not samples:
            logger.warning("image %s gives no sample: it is too small or flat", job.key)
        yield from samples
