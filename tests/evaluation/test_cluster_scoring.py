"""Scores by a cluster: those measured here, in their order, with the images that were wanted."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from lienet.evaluation.cluster_scoring import FirstOfEachSet, score_on_cluster
from lienet.evaluation.scoring import EnhancedImage, make_contenders, score_samples
from lienet.images import encode_png
from lienet.networks.global_skip import BicubicUpsampling
from lienet.params import Cluster, Protocol
from lienet.shards.reading import Sample
from tests.sr_inputs import degrade_sr


def make_sample(key: str, test_set: str, top_px: int = 0, **info: object) -> Sample:
    pixels = skimage.data.astronaut()[top_px : top_px + 96, 180:276]
    degraded = {4: degrade_sr(pixels, scale=4, jpeg_quality=20, jpeg_chroma="4:2:0")}
    return Sample(key, encode_png(pixels), degraded, {"test_set": test_set} | info)


def test_the_first_of_each_set_are_wanted_and_the_very_first_always():
    samples = [make_sample(str(place), name) for place, name in enumerate("aabaab")]
    assert [*map(FirstOfEachSet(2), samples)] == [True, True, True, False, False, True]
    assert [*map(FirstOfEachSet(0), samples)] == [True] + [False] * 5
    assert all(map(FirstOfEachSet(0, is_all=True), samples))


def test_the_first_of_each_quality_are_wanted_as_they_are_kept():
    samples = [make_sample(f"{q}", "set", jpeg_quality=q) for q in (10, 20, 10, 20)]
    assert [*map(FirstOfEachSet(1), samples)] == [True, True, False, False]


@pytest.mark.services
@pytest.mark.xdist_group("cluster")
def test_a_cluster_gives_the_scores_and_the_images_of_one_process():
    samples = [make_sample(f"s{place}", "set", 40 * place) for place in range(3)]
    contenders = make_contenders({4: BicubicUpsampling(4)}, tile_px=512)
    usual = {"task": "sr", "scale": 4, "jpeg_quality": 20, "jpeg_chroma": "4:2:0"}
    protocols = {
        colour: Protocol(**usual, colour=colour, border_px=4) for colour in ("rgb", "luma")
    }
    expected_images: list[EnhancedImage] = []
    expected = score_samples(
        samples, contenders, protocols, metrics={}, on_image=expected_images.append
    )
    images: list[EnhancedImage] = []
    scores = score_on_cluster(
        iter(samples),
        contenders,
        protocols,
        metrics={},
        on_image=images.append,
        wants_image=FirstOfEachSet(2),
        cluster=Cluster(address="local", chunk_images=2, timeout_s=60),
        num_workers=1,
    )
    assert scores == expected
    assert [(score.protocol, score.key) for score in scores[:3]] == [
        ("rgb", "s0"),
        ("rgb", "s1"),
        ("rgb", "s2"),
    ]
    assert [image.key for image in images] == ["s0", "s1"]
    for image, other in zip(images, expected_images, strict=False):
        assert np.array_equal(image.pixels, other.pixels)
