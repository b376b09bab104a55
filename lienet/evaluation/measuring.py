"""Scores of the test shards of a task by any method, here or on a cluster.

Owns what every measurement shares: which samples, which protocols, which metrics. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from lienet.errors import DataError
from lienet.evaluation.benchmark import select_protocols
from lienet.evaluation.cluster_scoring import score_on_cluster
from lienet.evaluation.scores import ImageScore
from lienet.evaluation.scoring import Contender, EnhancedImage, make_contenders, score_samples
from lienet.params import Params
from lienet.progress import watch
from lienet.shards.reading import Sample, ShardIndex, iterate_samples, read_index
from lienet.workspace import Workspace


def read_test_index(workspace: Workspace, task: str) -> ShardIndex:
    """Return the index of a task's test shards.

    Raises:
        DataError: there are none, or they hold no image.
    """
    index = read_index(workspace.shards_dir(task) / "test")
    if not index.num_samples:
        raise DataError(
            f"the task {task} has no test images",
            remedy="give a source the split test, or raise synthesize.split.test_share",
        )
    return index


def require_tools(params: Params, task: str) -> None:
    """Check that a task's metrics can be measured here, before any work starts.

    Raises:
        ToolError: a package or a file is missing that one is measured with.
    """
    for metric in params.evaluate.metrics_of(task).values():
        metric.require_tools()


def score_test_images(
    params: Params,
    workspace: Workspace,
    task: str,
    contenders: Mapping[int, Contender],
    *,
    label: str,
    on_image: Callable[[EnhancedImage], None] = lambda image: None,
    wants_image: Callable[[Sample], bool] | None = None,
) -> list[ImageScore]:
    """Score a method on a task's test images, under every protocol of its scales.

    Args:
        params: the active set.
        workspace: holds the test shards.
        task: the task by name.
        contenders: the method by scale.
        label: stands for it in the log.
        on_image: is given the enhanced images.
        wants_image: scores on the cluster, and tells whose images come back from there.

    Raises:
        DataError: a sample does not fit, or no sample is given as a protocol wants it.
    """
    chosen = params.evaluate
    scale = next(iter(contenders)) if len(contenders) == 1 else None
    protocols = select_protocols(chosen.protocols, task=task, scale=scale)
    score = partial(
        score_samples,
        contenders=contenders,
        protocols=protocols,
        metrics=chosen.metrics_of(task),
        on_image=on_image,
    )
    if wants_image is not None:
        score = partial(
            score_on_cluster,
            **score.keywords,
            wants_image=wants_image,
            cluster=params.cluster,
            num_workers=params.num_workers,
        )
    scores = score(walk_samples(workspace.shards_dir(task) / "test", label))
    lacking = protocols.keys() - {each.protocol for each in scores}
    if lacking:
        raise DataError(
            f"the test shards of {task} hold no images for {', '.join(sorted(lacking))}",
            remedy=f"run `lienet synthesize {task}` again",
        )
    return scores


def score_onnx(
    params: Params, workspace: Workspace, onnx_path: Path, *, task: str, scale: int
) -> list[ImageScore]:
    """Score an ONNX file image by image on the test shards."""
    contenders = make_contenders({scale: onnx_path}, tile_px=params.evaluate.tile_px)
    return score_test_images(params, workspace, task, contenders, label=onnx_path.name)


def walk_samples(split_dir: Path, label: str) -> Iterator[Sample]:
    """Return a split's samples, and show how many of them have been taken."""
    total = read_index(split_dir).num_samples
    return watch(iterate_samples(split_dir), f"evaluate {label}", noun="images", total=total)
