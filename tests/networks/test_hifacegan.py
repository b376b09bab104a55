"""HiFaceGAN's generator: suppression and guided normalisation by hand, its start, its tiles."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from lienet.networks.hifacegan import (
    MAX_EXPONENT,
    GuidedNormalisation,
    GuidedResidualBlock,
    Hifacegan,
    Suppression,
    normalise_in_window,
)
from tests.networks.gradients import find_silent_parameters
from tests.networks.specs import hifacegan_spec

FOUR = torch.tensor([1.0, 3.0, 5.0, 7.0]).reshape(1, 1, 2, 2)
"""Mean 4, variance 5."""


def make_suppression(*, gain: float, shift: float = 0.0) -> Suppression:
    """One channel, whose score is the feature itself."""
    layer = Suppression(1)
    with torch.no_grad():
        layer.score.weight.zero_()
        layer.score.weight[0, 0, 1, 1] = 1.0
        layer.gain.fill_(gain)
        layer.shift.fill_(shift)
    return layer


def test_in_a_window_larger_than_the_image_the_image_is_normalised_as_a_whole():
    found = normalise_in_window(FOUR, side_px=5, epsilon=0.0).flatten().tolist()
    assert found == pytest.approx([value / math.sqrt(5.0) for value in (-3, -1, 1, 3)])


def test_a_window_at_the_border_holds_only_pixels_of_the_image():
    """Windows of three: means 2, 3, 6, 8 of 1, 3, 5, 10; the deviations' squares 1, 0, 1, 4."""
    row = torch.tensor([1.0, 3.0, 5.0, 10.0]).reshape(1, 1, 1, 4)
    means = (2.0, 3.0, 6.0, 7.5)
    centred = [value - mean for value, mean in zip((1.0, 3.0, 5.0, 10.0), means, strict=True)]
    squares = [value**2 for value in centred]
    variances = [
        (squares[0] + squares[1]) / 2,
        sum(squares[:3]) / 3,
        sum(squares[1:]) / 3,
        (squares[2] + squares[3]) / 2,
    ]
    expected = [one / math.sqrt(other) for one, other in zip(centred, variances, strict=True)]
    found = normalise_in_window(row, side_px=3, epsilon=0.0).flatten().tolist()
    assert found == pytest.approx(expected)


def test_suppression_is_the_mean_weighted_by_exponentials_of_the_scores():
    scores = [value / math.sqrt(5.0 + 1e-5) for value in (-3, -1, 1, 3)]
    weights = [math.exp(11.0 / (1.0 + math.exp(-(2.0 * score + 0.5)))) for score in scores]
    expected = sum(w * x for w, x in zip(weights, (1, 3, 5, 7), strict=True)) / sum(weights)
    found = make_suppression(gain=2.0, shift=0.5)(FOUR)
    assert found.shape == (1, 1, 1, 1)
    assert found.item() == pytest.approx(expected)


def test_suppression_by_equal_scores_is_the_plain_mean():
    assert make_suppression(gain=0.0)(FOUR).item() == pytest.approx(4.0)


def test_one_pixel_can_stand_out_of_its_window_but_by_no_more_than_its_weight():
    """A sharp sigmoid gives the brightest two exp(11) times the weight of the others."""
    large = math.exp(MAX_EXPONENT)
    found = make_suppression(gain=1e4)(FOUR).item()
    assert found == pytest.approx((4.0 + 12.0 * large) / (2.0 + 2.0 * large))


def test_half_precision_holds_every_weight():
    exponents = make_suppression(gain=1e4).exponent(FOUR)
    assert exponents.abs().max().item() == pytest.approx(MAX_EXPONENT / 2)
    weights = exponents.half().exp()
    assert weights.isfinite().all()
    assert weights.min() > torch.finfo(torch.half).smallest_normal


def test_guided_normalisation_by_hand():
    layer = GuidedNormalisation(1, 1).train()
    layer.normalise.eps = 1e-12
    with torch.no_grad():
        layer.shared.weight.zero_()
        layer.shared.weight[0, 0, 1, 1] = 0.5
        for part, weight, bias in (
            (layer.modulation.alpha, 2.0, 1.0),
            (layer.modulation.beta, -1.0, 0.5),
        ):
            part.weight.zero_()
            part.weight[0, 0, 1, 1] = weight
            part.bias.fill_(bias)
    guide = torch.tensor([2.0, 0.0, 0.0, -20.0]).reshape(1, 1, 2, 2)
    # shared 1, 0, 0, -10, leaky -1: alpha 3, 1, 1, -1 and beta -0.5, 0.5, 0.5, 1.5
    root = math.sqrt(5.0)
    expected = [3 * -3 / root - 0.5, -1 / root + 0.5, 1 / root + 0.5, -3 / root + 1.5]
    assert layer(FOUR, guide).flatten().tolist() == pytest.approx(expected)


def test_a_block_that_narrows_has_a_guided_shortcut():
    def count(module: nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    def guided(guide: int, channels: int) -> int:
        hidden = guide // 2
        return 9 * guide * hidden + hidden + 2 * (9 * hidden * channels + channels)

    plain = guided(4, 4) * 2 + 2 * (9 * 4 * 4 + 4)
    assert count(GuidedResidualBlock(4, 4, 4)) == plain
    narrowing = guided(4, 8) * 2 + guided(4, 4) + (9 * 8 * 4 + 4) + (9 * 4 * 4 + 4) + (8 * 4 + 4)
    assert count(GuidedResidualBlock(4, 8, 4)) == narrowing


@pytest.mark.parametrize("skip", ["none", "bicubic"])
@pytest.mark.parametrize("size", [(8, 8), (9, 13), (1, 30)])
def test_output_has_the_size_of_the_input(skip: str, size: tuple[int, int]):
    model = Hifacegan(hifacegan_spec(global_skip=skip)).eval()
    assert model(torch.rand(2, 3, *size)).shape == (2, 3, *size)


def test_with_a_skip_it_starts_near_its_input():
    torch.manual_seed(0)
    degraded = torch.rand(2, 3, 24, 32)
    change = Hifacegan(hifacegan_spec(global_skip="bicubic"))(degraded) - degraded
    assert 0.0 < change.abs().mean().item() < 0.2


def test_every_part_learns():
    torch.manual_seed(0)
    degraded, target = torch.rand(2, 2, 3, 24, 24).unbind()
    assert find_silent_parameters(Hifacegan(hifacegan_spec()), degraded, target) == []


def test_a_tile_gives_what_its_image_does_away_from_the_cut():
    """At two resolutions windows reach 16 and 32 pixels, twice 8 cells each; convolutions few."""
    torch.manual_seed(0)
    model = Hifacegan(hifacegan_spec(num_halvings=2)).eval()
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, Suppression):
                layer.gain.fill_(3.0)
    image = torch.rand(1, 3, 16, 200)
    whole, tile = run(model, image), run(model, image[..., :160])
    assert torch.allclose(whole[..., :80], tile[..., :80], atol=1e-6)
    assert not torch.allclose(whole[..., 150:160], tile[..., 150:], atol=1e-3)


def run(model: nn.Module, image: Tensor) -> Tensor:
    with torch.inference_mode():
        enhanced: Tensor = model(image)
    return enhanced
