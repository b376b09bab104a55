from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.utils
import pytest
import torch
from torch import Tensor, nn

from lienet.degradations.resize import resize_bicubic
from lienet.deployment import tiling
from lienet.deployment.enhancer import Enhancer
from lienet.deployment.onnx import export_onnx
from lienet.deployment.torch_network import TorchNetwork
from lienet.errors import InputError, ModelError
from lienet.networks.blocks import Modulation
from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.registry import build_model
from lienet.networks.spade import count_spade_layers
from lienet.params import load_params
from tests.deployment.pixels import Repeating, noise, photograph, repeat


def plan_without_fade(length_px: int, **choices: int) -> list[tiling.Span]:
    """Tiles that are cut from each other."""
    return tiling.plan_spans(length_px, **(choices | {"fade_px": 0}))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size_px", [(50, 40), (9, 200), (81, 203)])
def test_pixels_pass_unchanged_through_tiles(dtype: type, size_px: tuple[int, int]):
    pixels = noise(*size_px, dtype=dtype)
    enhanced = Enhancer(Repeating(), scale=2, tile_px=40, overlap_px=16).enhance(pixels)
    assert enhanced.dtype == dtype
    np.testing.assert_array_equal(enhanced, repeat(pixels))


def test_only_large_inputs_are_tiled():
    network = Repeating()
    enhancer = Enhancer(network, scale=2, tile_px=100, overlap_px=32)
    enhancer.enhance(noise(50, 199))
    assert network.sizes_px == [(50, 199)]
    network.sizes_px.clear()
    enhancer.enhance(noise(101, 100))
    assert len(network.sizes_px) > 1
    assert max(max(size) for size in network.sizes_px) <= 100


def test_tiles_equal_the_whole_image_where_the_overlap_covers_the_reach():
    """Eight 3x3 convolutions reach 8 px, less than the overlap: no seam is left."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs in (3, *[8] * 6):
        layers += [nn.Conv2d(inputs, 8, 3, padding=1), nn.LeakyReLU(0.1)]
    network = nn.Sequential(*layers, nn.Conv2d(8, 48, 3, padding=1), nn.PixelShuffle(4))
    pixels = noise(150, 170)
    whole = Enhancer(network, scale=4, tile_px=512).enhance(pixels).astype(int)
    tiled = Enhancer(network, scale=4, tile_px=80).enhance(pixels).astype(int)
    assert whole.std() > 1
    assert np.abs(whole - tiled).max() <= 1


def test_an_overlap_short_of_the_reach_would_leave_seams():
    """The test above can fail: with no overlap, padding shows at every inner edge."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 12, 5, padding=2), nn.PixelShuffle(2))
    pixels = noise(100, 100)
    whole = Enhancer(network, scale=2, tile_px=512).enhance(pixels).astype(int)
    tiled = Enhancer(network, scale=2, tile_px=40, overlap_px=0).enhance(pixels).astype(int)
    assert np.abs(whole - tiled).max() > 1


@pytest.fixture(scope="module")
def restorer(repository) -> nn.Module:
    """An enhancement network whose SPADE layers and blocks do something, untrained as it is."""
    spec = load_params(repository / "profiles" / "sample.yaml").models["old_photo-lienet"]
    torch.manual_seed(6)
    network = build_model(spec.model_copy(update={"num_blocks": 1}))
    for layer in network.modules():
        if isinstance(layer, Modulation):
            nn.init.normal_(layer.alpha.weight, std=0.1)
            nn.init.normal_(layer.beta.weight, std=0.1)
    return network.eval()


@pytest.mark.parametrize("size_px", [(200, 301), (120, 410)])
def test_spade_leaves_no_seam_between_tiles(restorer: nn.Module, size_px: tuple[int, int]):
    """Measured at 16 bits: tiles stay within 1/255 of the whole image, and so do their seams."""
    pixels = photograph(*size_px)
    whole = Enhancer(restorer, scale=1, tile_px=1024).enhance(pixels)
    tiled = Enhancer(restorer, scale=1, tile_px=128).enhance(pixels)
    apart = (tiled.astype(float) - whole) / 257.0
    assert whole.std() > 1000
    assert np.abs(apart).max() < 1.0


def test_tiles_normalised_by_their_own_statistics_would_differ(
    restorer: nn.Module, monkeypatch: pytest.MonkeyPatch
):
    """The test above can fail."""
    pixels = photograph(200, 301)
    whole = Enhancer(restorer, scale=1, tile_px=1024).enhance(pixels)
    monkeypatch.setattr(TorchNetwork, "num_statistics", 0)
    tiled = Enhancer(restorer, scale=1, tile_px=128).enhance(pixels)
    assert np.abs(tiled.astype(float) - whole).max() / 257.0 > 2.0


@pytest.fixture(scope="module")
def restorer_file(restorer: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("restorer") / "model.onnx"
    path.write_bytes(export_onnx(restorer, opset=18, metadata={}))
    return path


@pytest.mark.xdist_group("onnx")
def test_spade_in_an_onnx_file_leaves_no_seam_between_tiles(
    restorer: nn.Module, restorer_file: Path
):
    pixels = photograph(200, 301)
    whole = Enhancer(restorer_file, scale=1, tile_px=1024).enhance(pixels).astype(float)
    tiled = Enhancer(restorer_file, scale=1, tile_px=128).enhance(pixels)
    assert np.abs(tiled - whole).max() / 257.0 < 1.0
    in_torch = Enhancer(restorer, scale=1, tile_px=128).enhance(pixels)
    assert np.abs(tiled.astype(float) - in_torch).max() / 257.0 < 0.1


@pytest.mark.xdist_group("onnx")
def test_a_file_that_takes_the_image_alone_normalises_each_tile_by_itself(
    restorer_file: Path, tmp_path: Path
):
    """The test above can fail; and this is what a person's own file still gets."""
    path, pixels = tmp_path / "alone.onnx", photograph(200, 301)
    extractor = onnx.utils.Extractor(onnx.load(restorer_file))
    onnx.save(extractor.extract_model(["degraded"], ["enhanced"]), path)
    whole = Enhancer(path, scale=1, tile_px=1024).enhance(pixels)
    expected = Enhancer(restorer_file, scale=1, tile_px=1024).enhance(pixels)
    np.testing.assert_array_equal(whole, expected)
    tiled = Enhancer(path, scale=1, tile_px=128).enhance(pixels)
    assert np.abs(tiled.astype(float) - whole).max() / 257.0 > 2.0


@pytest.mark.xdist_group("onnx")
def test_a_file_of_one_size_is_given_the_whole_image_s_statistics(
    restorer_file: Path, tmp_path: Path
):
    path, pixels = tmp_path / "fixed.onnx", photograph(200, 301)
    proto = onnx.load(restorer_file)
    for value in (proto.graph.input[0], proto.graph.output[0]):
        for axis, length in ((0, 1), (2, 128), (3, 128)):
            value.type.tensor_type.shape.dim[axis].dim_value = length
    onnx.save(proto, path)
    whole = Enhancer(restorer_file, scale=1, tile_px=1024).enhance(pixels)
    tiled = Enhancer(path, scale=1).enhance(pixels)
    assert np.abs(tiled.astype(float) - whole).max() / 257.0 < 1.0


def test_what_a_network_makes_of_a_tile_as_a_whole_becomes_a_slope(monkeypatch: pytest.MonkeyPatch):
    """Tiles 64 px apart on a ramp of half a level to the pixel differ by 16: cut, a step."""

    class Levelling(nn.Module):
        def forward(self, degraded: Tensor) -> Tensor:
            return 0.5 - 0.5 * degraded.mean((2, 3), keepdim=True).expand_as(degraded)

    ramp = np.broadcast_to(np.arange(400)[:, None] * 128.0, (160, 400, 3)).astype(np.uint16)
    steps = {}
    for fade in (True, False):
        if not fade:
            monkeypatch.setattr("lienet.deployment.enhancer.plan_spans", plan_without_fade)
        tiled = Enhancer(Levelling(), scale=1, tile_px=160).enhance(ramp)
        steps[fade] = np.abs(np.diff(tiled.astype(float) / 257.0, axis=1)).max()
    assert steps[False] > 10.0
    assert steps[True] < 1.0


def test_the_registry_s_bicubic_agrees_with_the_resizer():
    pixels = noise(40, 50)
    enhanced = Enhancer(BicubicUpsampling(4), scale=4).enhance(pixels).astype(int)
    real = np.clip(resize_bicubic(pixels.astype(np.float64), scale=4), 0, 255)
    assert np.abs(enhanced - real).max() < 0.501


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_depth_and_channels_are_kept_and_alpha_is_enlarged_smoothly(dtype: type, channels: int):
    pixels = noise(20, 24, channels, dtype)
    enhanced = Enhancer(Repeating(), scale=2).enhance(pixels)
    colours = channels - (channels in (2, 4))
    assert enhanced.shape == (40, 48, channels)
    assert enhanced.dtype == dtype
    np.testing.assert_array_equal(enhanced[..., :colours], repeat(pixels)[..., :colours])
    if channels in (2, 4):
        alpha = pixels[..., -1:].astype(np.float64)
        smooth = np.clip(resize_bicubic(alpha, scale=2), 0, np.iinfo(dtype).max)
        assert np.abs(enhanced[..., -1:] - smooth).max() < 0.501


def test_an_opaque_image_stays_opaque_in_sixteen_bits():
    pixels = noise(20, 24, 4, np.uint16)
    pixels[..., 3] = 65535
    enhanced = Enhancer(Repeating(), scale=2).enhance(pixels)
    assert (enhanced[..., 3] == 65535).all()


def test_a_plane_without_channels_stays_one():
    pixels = noise(20, 24, 1)[..., 0]
    np.testing.assert_array_equal(Enhancer(Repeating(), scale=2).enhance(pixels), repeat(pixels))


@pytest.mark.parametrize("size_px", [(1, 1), (3, 20), (7, 7)])
def test_small_images_are_padded_for_the_network_and_cropped(size_px: tuple[int, int]):
    network, pixels = Repeating(), noise(*size_px)
    np.testing.assert_array_equal(Enhancer(network, scale=2).enhance(pixels), repeat(pixels))
    assert network.sizes_px == [(max(8, size_px[0]), max(8, size_px[1]))]


def test_a_network_of_fixed_input_size_serves_any_image():
    enhancer, network = Enhancer(Repeating(), scale=2), Repeating()
    enhancer._network.input_size_px = (32, 24)
    enhancer._network._module = network
    for size_px in ((20, 20), (32, 24), (33, 70)):
        pixels = noise(*size_px)
        np.testing.assert_array_equal(enhancer.enhance(pixels), repeat(pixels))
    assert set(network.sizes_px) == {(32, 24)}


def test_output_is_clipped_and_rounded_to_nearest():
    class Fixed(nn.Module):
        def forward(self, degraded: Tensor) -> Tensor:
            levels = torch.tensor([-0.2, 100.49 / 255, 1.7]).reshape(1, 3, 1, 1)
            return levels.expand(1, 3, *degraded.shape[2:])

    enhanced = Enhancer(Fixed(), scale=1).enhance(noise(8, 8))
    assert (enhanced == np.array([0, 100, 255])).all()


def test_a_wrong_scale_is_a_model_error():
    with pytest.raises(ModelError, match="scale 4 must give"):
        Enhancer(Repeating(2), scale=4).enhance(noise(8, 8))


def test_an_output_that_is_not_finite_is_a_model_error():
    class Broken(nn.Module):
        def forward(self, degraded: Tensor) -> Tensor:
            return degraded * float("nan")

    with pytest.raises(ModelError, match="not finite"):
        Enhancer(Broken(), scale=1).enhance(noise(8, 8))


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((8, 8, 5), np.uint8), np.zeros((8, 8, 3), np.float32), np.zeros((0, 8, 3), np.uint8)],
)
def test_what_is_no_image_is_refused(pixels: np.ndarray):
    with pytest.raises(InputError, match="images to enhance"):
        Enhancer(Repeating(), scale=2).enhance(pixels)


def test_a_tile_too_small_for_its_overlap_is_refused():
    with pytest.raises(InputError, match=r"at least 72, .* got 64"):
        Enhancer(Repeating(), scale=2, tile_px=64, overlap_px=32)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_strips_make_the_image(channels: int, dtype: type):
    pixels, shares = noise(150, 60, channels, dtype), []
    enhancer = Enhancer(Repeating(), scale=2, tile_px=48, overlap_px=16)
    strips = list(enhancer.enhance_strips(pixels, shares.append))
    assert len(strips) > 3
    np.testing.assert_array_equal(np.concatenate(strips), enhancer.enhance(pixels))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_progress_counts_the_walks_for_statistics(restorer: nn.Module):
    shares: list[float] = []
    for _ in Enhancer(restorer, scale=1, tile_px=128).enhance_strips(
        photograph(140, 120), shares.append
    ):
        pass
    assert len(shares) == 2 * (1 + count_spade_layers(restorer))
    assert shares[-1] == 1.0


def test_even_tiles_compute_less_for_the_same_pixels():
    pixels = noise(100, 150)
    areas = {}
    for is_even in (False, True):
        network = Repeating()
        enhancer = Enhancer(network, scale=2, tile_px=96, overlap_px=8, has_even_tiles=is_even)
        np.testing.assert_array_equal(enhancer.enhance(pixels), repeat(pixels))
        areas[is_even] = sum(height * width for height, width in network.sizes_px)
    assert areas[True] < 0.75 * areas[False]
