from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.errors import InputError
from lienet.evaluation.optional.lpips import measure_lpips
from lienet.evaluation.optional.trunks import TrunkName
from lienet.params.evaluation import metrics
from tests.evaluation.optional.trunk_files import REFERENCE, SHAPES, WORSE, WORST, write_trunk


@pytest.fixture(scope="module")
def trunks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("trunks")
    return {name: write_trunk(folder / f"{name}.pth", name) for name in SHAPES}


@pytest.mark.parametrize(
    ("network", "expected"), [("alexnet", 0.009931080), ("vgg16", 0.017981127)]
)
def test_it_is_that_of_its_authors(trunks: dict[str, Path], network: TrunkName, expected: float):
    # By the package lpips 0.1.4 with the same weights in its network.
    found = measure_lpips(REFERENCE, WORSE, trunk=trunks[network], network=network)
    assert found == pytest.approx(expected, rel=1e-4)


def test_equal_images_have_0_and_worse_ones_more_both_ways_round(trunks: dict[str, Path]):
    metric = metrics.get("lpips").model_validate({"trunk": str(trunks["alexnet"])})
    metric.require_tools()
    measure = metric.measure
    assert measure(REFERENCE, REFERENCE) == 0.0
    assert 0 < measure(REFERENCE, WORSE) < measure(REFERENCE, WORST)
    assert measure(WORSE, REFERENCE) == pytest.approx(measure(REFERENCE, WORSE), rel=1e-6)
    wide = [each.astype(np.uint16) * 257 for each in (REFERENCE, WORSE)]
    assert measure(*wide) == pytest.approx(measure(REFERENCE, WORSE), rel=1e-5)
    with pytest.raises(InputError, match="32 px a side or more, got 133x31 px"):
        measure(REFERENCE[:31], WORSE[:31])
