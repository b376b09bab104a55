"""SSIM against values worked by hand and against scikit-image."""

from __future__ import annotations

import pytest
import torch
from skimage.metrics import structural_similarity

from lienet.training import ssim
from lienet.training.ssim import ssim_loss


def images(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_ssim_of_equal_images_is_one():
    image = images(2, 3, 16, 20)
    assert ssim_loss(image, image).item() == pytest.approx(0.0, abs=1e-6)


def test_ssim_of_two_constants_by_hand():
    """Without variance only luminance is left: (2ab + c1) / (a^2 + b^2 + c1)."""
    low, high = torch.full((1, 3, 12, 12), 0.2), torch.full((1, 3, 12, 12), 0.6)
    expected = (2 * 0.2 * 0.6 + 0.0001) / (0.04 + 0.36 + 0.0001)
    assert ssim_loss(low, high).item() == pytest.approx(1 - expected, abs=1e-4)


@pytest.mark.parametrize("size", [(11, 11), (32, 48)])
def test_ssim_agrees_with_scikit_image(size):
    enhanced, reference = images(1, 3, *size), images(1, 3, *size, seed=1)
    expected = structural_similarity(
        enhanced[0].permute(1, 2, 0).numpy(),
        reference[0].permute(1, 2, 0).numpy(),
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1.0,
    )
    assert 1 - ssim_loss(enhanced, reference).item() == pytest.approx(expected, abs=1e-5)


def test_ssim_is_symmetric_and_bounded():
    first, second = images(1, 3, 16, 16), images(1, 3, 16, 16, seed=1)
    forward, backward = ssim_loss(first, second).item(), ssim_loss(second, first).item()
    assert forward == pytest.approx(backward, abs=1e-6)
    assert 0 < forward < 2


def test_images_go_in_groups_without_a_change():
    """Seven images are a full group and a rest; each image's gradient is its own."""
    enhanced, reference = images(7, 3, 20, 16).requires_grad_(), images(7, 3, 20, 16, seed=1)
    (together,) = torch.autograd.grad(ssim_loss(enhanced, reference), enhanced)
    for index in range(7):
        one = enhanced[index : index + 1]
        (alone,) = torch.autograd.grad(ssim_loss(one, reference[index : index + 1]), enhanced)
        torch.testing.assert_close(together[index], alone[index] / 7, rtol=1e-4, atol=1e-9)


def test_gradient_of_each_channel_agrees_with_finite_differences():
    enhanced = images(2, 3, 12, 14).double().requires_grad_()
    reference = images(2, 3, 12, 14, seed=1).double()
    direction = images(2, 3, 12, 14, seed=2).double() - 0.5
    (slope,) = torch.autograd.grad(ssim_loss(enhanced, reference), enhanced)
    with torch.no_grad():
        ahead = ssim_loss(enhanced + 1e-3 * direction, reference)
        behind = ssim_loss(enhanced - 1e-3 * direction, reference)
    measured = ((ahead - behind) / 2e-3).item()
    assert (slope * direction).sum().item() == pytest.approx(measured, rel=2e-2)


def test_tf32_is_off_in_it_and_as_it_was_after(monkeypatch: pytest.MonkeyPatch):
    convolutions = torch.backends.cudnn.conv
    before, seen = convolutions.fp32_precision, []
    filter_planes = ssim.functional.conv2d

    def watch(*given: object, **options: object) -> torch.Tensor:
        seen.append(convolutions.fp32_precision)
        return filter_planes(*given, **options)

    monkeypatch.setattr(ssim.functional, "conv2d", watch)
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    ssim_loss(image, image.detach()).backward()
    assert set(seen) == {"ieee"}
    assert convolutions.fp32_precision == before


@pytest.mark.gpu
def test_a_gpu_finds_what_a_processor_does():
    image, other = images(4, 3, 48, 48), images(4, 3, 48, 48, seed=1) * 0.02 + 0.5
    found = []
    for device in ("cpu", "cuda"):
        here = image.to(device).requires_grad_()
        loss = ssim_loss(here * 0.02 + 0.5, other.to(device))
        loss.backward()
        assert here.grad is not None
        found.append((loss.item(), here.grad.cpu()))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-5)
    assert torch.allclose(found[1][1], found[0][1], rtol=1e-3, atol=1e-8)
