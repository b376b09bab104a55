from __future__ import annotations

from pathlib import Path

import pytest

from lienet.evaluation.optional.lpips import measure_lpips
from lienet.evaluation.optional.trunks import TrunkName
from tests.evaluation.optional.trunk_files import (
    CONVS,
    REFERENCE,
    WORSE,
    check_distance,
    write_trunk,
)


@pytest.fixture(scope="module")
def trunks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("trunks")
    return {name: write_trunk(folder / f"{name}.pth", name) for name in CONVS}


@pytest.mark.parametrize(
    ("network", "expected"), [("alexnet", 0.009931080), ("vgg16", 0.017981127)]
)
def test_it_is_that_of_its_authors(trunks: dict[str, Path], network: TrunkName, expected: float):
    # By the package lpips 0.1.4 with the same weights in its network.
    found = measure_lpips(REFERENCE, WORSE, trunk=trunks[network], network=network)
    assert found == pytest.approx(expected, rel=1e-4)


def test_equal_images_have_0_and_worse_ones_more_both_ways_round(trunks: dict[str, Path]):
    check_distance("lpips", {"trunk": str(trunks["alexnet"])})
