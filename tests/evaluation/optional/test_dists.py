from __future__ import annotations

from pathlib import Path

import pytest

from lienet.evaluation.optional.dists import measure_dists
from tests.evaluation.optional.trunk_files import REFERENCE, WORSE, check_distance, write_trunk


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trunk(tmp_path_factory.mktemp("trunks") / "vgg16.pth", "vgg16")


def test_it_is_that_of_its_authors(trunk: Path):
    # By the package DISTS-pytorch 0.1 with the same weights in its network; in float32 throughout.
    assert measure_dists(REFERENCE, WORSE, trunk=trunk) == pytest.approx(0.005810976, abs=5e-7)


def test_equal_images_have_0_and_worse_ones_more_both_ways_round(trunk: Path):
    check_distance("dists", {"trunk": str(trunk)})
