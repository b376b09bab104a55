"""Scoring on a Dask cluster: samples out in chunks, scores and some images back.

Owns only the way there and back; what is measured, and how, is :mod:`lienet.evaluation.scoring`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice

from lienet.evaluation.scores import ImageScore
from lienet.evaluation.scoring import Contender, EnhancedImage, score_samples, tell_variant
from lienet.executors import map_ordered
from lienet.params import Cluster, Metric, Protocol
from lienet.shards.reading import Sample

_Part = list[tuple[Sample, bool]]
"""Samples, each with whether its enhanced images are wanted back."""


class FirstOfEachSet:
    """Tells of samples, one after another, whether their images are among those to be kept.

    Args:
        images_per_set: how many of each test set and variant are; of all samples the first
            always is.
        is_all: says yes to every one.
    """

    def __init__(self, images_per_set: int, *, is_all: bool = False) -> None:
        self._images_per_set = images_per_set
        self._is_all = is_all
        self._num_seen: Counter[object] = Counter()

    def __call__(self, sample: Sample) -> bool:
        """Count a sample and answer for it."""
        place = (sample.info.get("test_set"), tell_variant(sample))
        self._num_seen[place] += 1
        is_early = self._num_seen[place] <= self._images_per_set
        return self._is_all or is_early or self._num_seen.total() == 1


def score_on_cluster(
    samples: Iterable[Sample],
    contenders: Mapping[int, Contender],
    protocols: Mapping[str, Protocol],
    *,
    metrics: Mapping[str, Metric],
    on_image: Callable[[EnhancedImage], None],
    wants_image: Callable[[Sample], bool],
    cluster: Cluster,
    num_workers: int,
) -> list[ImageScore]:
    """Measure as :func:`lienet.evaluation.scoring.score_samples` does, on a cluster's workers.

    The arguments are those of that function, and its scores come out bit for bit; besides:

    Args:
        samples: read once, lazily.
        contenders: picklable.
        protocols: by name.
        metrics: by name.
        on_image: is given the enhanced images that are wanted, in the order of the samples.
        wants_image: tells of each sample, in their order, whether its images are.
        cluster: with an address.
        num_workers: processes of a local cluster.

    Raises:
        DataError: as there.
        ToolError: the cluster fails, or VMAF cannot be measured.
    """
    score = partial(
        _score_part, contenders=contenders, protocols=dict(protocols), metrics=dict(metrics)
    )
    size = cluster.chunk_images
    parts = _cut(((sample, wants_image(sample)) for sample in samples), size)
    measured = map_ordered(
        score, parts, num_workers=num_workers, cluster=cluster, images_per_item=size
    )
    scores: list[ImageScore] = []
    for some, images in measured:
        scores += some
        for image in images:
            on_image(image)
    order = {name: place for place, name in enumerate(protocols)}
    return sorted(scores, key=lambda score: order[score.protocol])


def _cut(samples: Iterator[tuple[Sample, bool]], size: int) -> Iterator[_Part]:
    while part := list(islice(samples, size)):
        yield part


def _score_part(
    part: _Part,
    contenders: Mapping[int, Contender],
    protocols: Mapping[str, Protocol],
    metrics: Mapping[str, Metric],
) -> tuple[list[ImageScore], list[EnhancedImage]]:
    wanted = {sample.key for sample, is_wanted in part if is_wanted}
    images: list[EnhancedImage] = []

    def keep(image: EnhancedImage) -> None:
        if image.key in wanted:
            images.append(image)

    scores = score_samples(
        (sample for sample, _ in part),
        contenders,
        protocols,
        metrics=metrics,
        on_image=keep,
    )
    return scores, images
