"""LPIPS and DISTS by networks with drawn weights: ImageNet's own are not lienet's to pass on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from lienet.errors import InputError, ToolError
from lienet.evaluation.optional.dists import measure_dists
from lienet.evaluation.optional.lpips import measure_lpips
from lienet.evaluation.optional.trunks import TrunkName, load_trunk
from lienet.files import sha256_of_file
from lienet.images import Pixels, decode_image, encode_jpeg
from lienet.params.evaluation import metrics

SHAPES = {
    "alexnet": {
        0: (64, 3, 11, 11),
        3: (192, 64, 5, 5),
        6: (384, 192, 3, 3),
        8: (256, 384, 3, 3),
        10: (256, 256, 3, 3),
    },
    "vgg16": {
        0: (64, 3, 3, 3),
        2: (64, 64, 3, 3),
        5: (128, 64, 3, 3),
        7: (128, 128, 3, 3),
        10: (256, 128, 3, 3),
        12: (256, 256, 3, 3),
        14: (256, 256, 3, 3),
        17: (512, 256, 3, 3),
        19: (512, 512, 3, 3),
        21: (512, 512, 3, 3),
        24: (512, 512, 3, 3),
        26: (512, 512, 3, 3),
        28: (512, 512, 3, 3),
    },
}
REFERENCE = np.ascontiguousarray(skimage.data.astronaut()[:101, 150:283])
WORSE = decode_image(encode_jpeg(REFERENCE, quality=10, chroma="4:2:0"))
WORST = decode_image(encode_jpeg(REFERENCE, quality=2, chroma="4:2:0"))


@pytest.fixture(scope="module")
def trunks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("trunks")
    return {name: write_trunk(folder / f"{name}.pth", name) for name in SHAPES}


def write_trunk(path: Path, name: str) -> Path:
    """Write weights drawn as for a network at its start."""
    rng = np.random.default_rng(5)
    state = {}
    for position, shape in SHAPES[name].items():
        deviation = (2 / np.prod(shape[1:])) ** 0.5
        weight, bias = rng.normal(0, deviation, shape), rng.normal(0, 0.1, shape[:1])
        state[f"features.{position}.weight"] = torch.from_numpy(weight.astype(np.float32))
        state[f"features.{position}.bias"] = torch.from_numpy(bias.astype(np.float32))
    torch.save(state, path)
    return path


@pytest.mark.parametrize(
    ("network", "expected"), [("alexnet", 0.009931080), ("vgg16", 0.017981127)]
)
def test_lpips_is_that_of_its_authors(trunks: dict[str, Path], network: TrunkName, expected: float):
    # By the package lpips 0.1.4 with the same weights in its network.
    found = measure_lpips(REFERENCE, WORSE, trunk=trunks[network], network=network)
    assert found == pytest.approx(expected, rel=1e-4)


def test_dists_is_that_of_its_authors(trunks: dict[str, Path]):
    # By the package DISTS-pytorch 0.1 with the same weights in its network; in float32 throughout.
    found = measure_dists(REFERENCE, WORSE, trunk=trunks["vgg16"])
    assert found == pytest.approx(0.005810976, abs=5e-7)


@pytest.mark.parametrize("name", ["lpips", "dists"])
def test_equal_images_have_0_and_worse_ones_more_both_ways_round(
    trunks: dict[str, Path], name: str
):
    fields = {"network": "vgg16"} if name == "lpips" else {}
    metric = metrics.get(name).model_validate({"trunk": str(trunks["vgg16"]), **fields})
    metric.require_tools()
    measure: Callable[[Pixels, Pixels], float] = metric.measure
    assert measure(REFERENCE, REFERENCE) == 0.0
    assert 0 < measure(REFERENCE, WORSE) < measure(REFERENCE, WORST)
    assert measure(WORSE, REFERENCE) == pytest.approx(measure(REFERENCE, WORSE), rel=1e-6)
    wide = [each.astype(np.uint16) * 257 for each in (REFERENCE, WORSE)]
    assert measure(*wide) == pytest.approx(measure(REFERENCE, WORSE), rel=1e-5)
    with pytest.raises(InputError, match="32 px a side or more, got 133x31 px"):
        measure(REFERENCE[:31], WORSE[:31])


def test_a_file_that_is_not_the_classifier_is_one_line(trunks: dict[str, Path], tmp_path: Path):
    other = trunks["alexnet"]
    with pytest.raises(ToolError, match=r"features.0.weight, finite .*; correct the trunk"):
        load_trunk("vgg16", other, metric="dists")
    torn = tmp_path / "torn.pth"
    torn.write_bytes(other.read_bytes()[:1000])
    with pytest.raises(ToolError, match=r"alexnet's weights in .*torn.pth cannot be read"):
        load_trunk("alexnet", torn, metric="lpips")
    with pytest.raises(ToolError, match=r"cannot be read \(FileNotFoundError\)"):
        load_trunk("alexnet", tmp_path / "none.pth", metric="lpips")
    named = tmp_path / "alexnet-owt-7be5be79.pth"
    named.write_bytes(other.read_bytes())
    with pytest.raises(ToolError, match=rf"must begin with 7be5be79, got {sha256_of_file(other)}"):
        load_trunk("alexnet", named, metric="lpips")
