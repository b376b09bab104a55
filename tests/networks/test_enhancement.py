"""The enhancement network: its size as a number, exact folds, any size, and every part learning."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from lienet.networks.enhancement import LienetEnhancement
from lienet.networks.padding import pad_to_multiple
from tests.networks.gradients import find_silent_parameters
from tests.networks.specs import enhancement_spec


def make_small(**changes: object) -> LienetEnhancement:
    torch.manual_seed(0)
    small = {"channels": 4, "num_blocks": 2, "convs_per_block": 2}
    return LienetEnhancement(enhancement_spec(**(small | changes))).eval()


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_paper_s_network_has_about_300_thousand_parameters():
    three = 16 * 16 * 9 + 16
    down = (3 * 16 * 9 + 16) + 2 * (64 * 16 * 9 + 16)
    guides = sum(16 * 16 * factor**2 + 16 + 2 * (16 * 16 + 16) for factor in (2, 4))
    self_features = (48 * 16 * 9 + 16) + 7 * three
    convs = sum(16 * index * 16 * 9 + 16 for index in (1, 2, 3, 4))
    modulations = 34 * (32 + 48 + 64 + 80)
    block = convs + modulations + (80 * 16 * 9 + 16)
    tail = 16 * 48 * 9 + 48
    found = count(LienetEnhancement(enhancement_spec()))
    assert found == down + guides + self_features + 6 * block + tail == 308_816
    assert 285_000 <= found <= 315_000


@pytest.mark.parametrize(
    ("changes", "fewer"),
    [
        ({"global_skip": "none"}, 0),
        ({"global_skip": "colour"}, -12),
        ({"spade": False}, 6_240),
        ({"self_features": False}, 7 * 2_320),
        # No modulation, and so nobody to ask for self-features.
        ({"modulate": "none"}, 23_168 + 6 * 34 * 224),
        ({"dense": False}, 6 * (9 * 256 * 6 + 9 * 256 * 4 + 34 * (16 + 32 + 48 + 64))),
        # 12 channels of input instead of 48, one reduction and one SPADE layer less.
        ({"fold": 2}, 2 * 9 * 36 * 16 + 36 + 9_232 + 4_656),
    ],
)
def test_what_each_choice_costs(changes: dict[str, object], fewer: int):
    assert 308_816 - count(LienetEnhancement(enhancement_spec(**changes))) == fewer


@pytest.mark.parametrize("fold", [2, 4])
def test_space_to_depth_and_pixel_shuffle_are_exact_inverses(fold: int):
    image = torch.rand(2, 3, 8 * fold, 5 * fold)
    folded = functional.pixel_unshuffle(image, fold)
    assert folded.shape == (2, 3 * fold**2, 8, 5)
    assert torch.equal(functional.pixel_shuffle(folded, fold), image)
    features = torch.rand(2, 3 * fold**2, 5, 7)
    back = functional.pixel_unshuffle(functional.pixel_shuffle(features, fold), fold)
    assert torch.equal(back, features)


def test_a_network_that_adds_nothing_gives_its_input_back_at_any_size():
    model = make_small()
    torch.nn.init.zeros_(model.tail.weight)
    for size in ((8, 8), (9, 11), (13, 10), (15, 17)):
        degraded = torch.rand(2, 3, *size)
        assert torch.equal(model(degraded), degraded)


@pytest.mark.parametrize("fold", [2, 4])
@pytest.mark.parametrize("size", [(8, 8), (9, 14), (11, 17), (22, 31)])
def test_odd_sides_are_padded_by_their_edge_and_cropped(fold: int, size: tuple[int, int]):
    model, degraded = make_small(fold=fold), torch.rand(2, 3, *size)
    with torch.inference_mode():
        found, whole = model(degraded), model(pad_to_multiple(degraded, fold))
    assert found.shape == degraded.shape
    assert torch.equal(found, whole[..., : size[0], : size[1]])


@pytest.mark.parametrize("spade", [True, False])
def test_statistics_given_as_measured_change_nothing(spade: bool):
    model, degraded = make_small(spade=spade), torch.rand(2, 3, 18, 21)
    statistics: list[tuple[torch.Tensor, torch.Tensor]] = []
    with torch.inference_mode():
        for _ in model.spade_layers:
            features = model.features_to_normalise(degraded, statistics)
            assert features.shape == (2, 4, 5, 6)
            variance, mean = torch.var_mean(features, (2, 3), correction=0, keepdim=True)
            statistics.append((mean, variance))
        assert len(statistics) == (2 if spade else 0)
        torch.testing.assert_close(model(degraded, statistics), model(degraded))
        others = [(mean + 1.0, variance) for mean, variance in statistics]
        assert torch.equal(model(degraded, others), model(degraded)) == (not spade)


def test_an_image_s_statistics_are_its_own():
    model, degraded = make_small(), torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        torch.testing.assert_close(model(degraded)[1:], model(degraded[1:]))


CHOICES = [
    {},
    {"fold": 2},
    {"spade": False},
    {"self_features": False},
    {"modulate": "none"},
    {"modulate": "none", "self_features": False, "spade": False},
    {"modulate": "output"},
    {"dense": False},
    {"global_skip": "none", "block_residual": False},
    {"global_skip": "colour"},
]


@pytest.mark.parametrize("changes", CHOICES)
def test_gradients_reach_every_parameter_after_one_step(changes: dict[str, object]):
    model = make_small(**changes).train()
    degraded, target = torch.rand(2, 2, 3, 16, 19)
    assert find_silent_parameters(model, degraded, target) == []


def test_it_starts_near_its_input():
    torch.manual_seed(0)
    model, degraded = LienetEnhancement(enhancement_spec()), torch.rand(1, 3, 64, 64)
    assert 0 < (model(degraded) - degraded).abs().mean().item() < 0.1


def test_training_starts_stably_and_leaves_the_input_for_something_better():
    """Sixty steps on one blurred image: the error falls below the input's and never explodes."""
    torch.manual_seed(1)
    model = LienetEnhancement(enhancement_spec()).train()
    sharp = (torch.rand(2, 3, 4, 4) > 0.5).float().repeat_interleave(8, 2).repeat_interleave(8, 3)
    blurred = functional.avg_pool2d(sharp, 5, stride=1, padding=2, count_include_pad=False)
    before = (blurred - sharp).square().mean().item()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (model(blurred) - sharp).square().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
        losses.append(loss.item())
    assert max(losses) < 10 * before
    assert losses[-1] < 0.6 * before


def test_the_ai_features_are_those_that_the_network_modulates_by():
    model, degraded = make_small(), torch.rand(1, 3, 10, 13)
    with torch.inference_mode():
        features = model.extract_features(degraded)
        folded = functional.pixel_unshuffle(pad_to_multiple(degraded, 4), 4)
        assert torch.equal(features, model.self_features(folded))
    assert model.has_feature_map
    assert not make_small(self_features=False).has_feature_map
