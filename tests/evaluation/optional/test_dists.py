from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.errors import InputError
from lienet.evaluation.optional.dists import measure_dists
from lienet.params.evaluation import metrics
from tests.evaluation.optional.trunk_files import REFERENCE, WORSE, WORST, write_trunk


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trunk(tmp_path_factory.mktemp("trunks") / "vgg16.pth", "vgg16")


def test_it_is_that_of_its_authors(trunk: Path):
    # By the package DISTS-pytorch 0.1 with the same weights in its network; in float32 throughout.
    assert measure_dists(REFERENCE, WORSE, trunk=trunk) == pytest.approx(0.005810976, abs=5e-7)


def test_equal_images_have_0_and_worse_ones_more_both_ways_round(trunk: Path):
    metric = metrics.get("dists").model_validate({"trunk": str(trunk)})
    metric.require_tools()
    measure = metric.measure
    assert measure(REFERENCE, REFERENCE) == 0.0
    assert 0 < measure(REFERENCE, WORSE) < measure(REFERENCE, WORST)
    assert measure(WORSE, REFERENCE) == pytest.approx(measure(REFERENCE, WORSE), rel=1e-6)
    wide = [each.astype(np.uint16) * 257 for each in (REFERENCE, WORSE)]
    assert measure(*wide) == pytest.approx(measure(REFERENCE, WORSE), rel=1e-5)
    with pytest.raises(InputError, match="32 px a side or more, got 133x31 px"):
        measure(REFERENCE[:31], WORSE[:31])
