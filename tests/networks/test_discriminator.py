"""The discriminator's shapes, its size by hand, and what spectral norm promises."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lienet.networks.discriminator import Discriminator


def images(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (64, 96)])
def test_one_score_for_each_image_of_any_size(size):
    assert Discriminator(4)(images(3, 3, *size)).shape == (3,)


def test_width_doubles_up_to_eightfold():
    convs = [layer for layer in Discriminator(16).modules() if isinstance(layer, nn.Conv2d)]
    assert [conv.out_channels for conv in convs] == [16, 16, 32, 32, 64, 64, 128, 128]
    assert [conv.stride[0] for conv in convs] == [1, 2] * 4
    by_hand = 9 * (3 * 16 + 16**2 + 16 * 32 + 32**2 + 32 * 64 + 64**2 + 64 * 128 + 128**2)
    by_hand += 2 * (16 + 32 + 64 + 128) + 128 + 1
    assert sum(each.numel() for each in Discriminator(16).parameters()) == by_hand


def test_an_image_is_scored_by_itself():
    torch.manual_seed(0)
    discriminator = Discriminator(4)
    batch = images(4, 3, 32, 32)
    alone = torch.cat([discriminator(image[None]) for image in batch])
    torch.testing.assert_close(discriminator(batch), alone)


def test_fresh_weights_tell_pictures_apart():
    torch.manual_seed(0)
    scores = Discriminator(16)(images(8, 3, 32, 32) * torch.linspace(0.1, 1, 8).view(8, 1, 1, 1))
    assert scores.std() > 0.01


def test_spectral_norm_bounds_every_layer():
    torch.manual_seed(0)
    discriminator = Discriminator(4, has_spectral_norm=True).train()
    for _ in range(50):  # each takes one more step of the power iteration
        discriminator(images(1, 3, 32, 32))
    discriminator.eval()
    weights = [
        layer.weight
        for layer in [*discriminator.features, discriminator.head]
        if hasattr(layer, "weight")
    ]
    assert len(weights) == 9
    for weight in weights:
        assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def test_the_head_is_not_rounded_under_autocast():
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        assert Discriminator(4)(images(2, 3, 32, 32)).dtype == torch.float32
