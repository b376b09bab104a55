"""Image enhancement without learning: bicubic, unsharp masking, classical restoration.

Owns what they have in common, :class:`Enhances`; the baselines, which are bicubic upsampling and
the input itself; unsharp masking and the restoration of faded prints, put together from
scikit-image's and OpenCV's own operations; and how long one takes. Each is applied to whole images.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np
import torch
from skimage.filters import unsharp_mask
from skimage.restoration import denoise_nl_means

from lienet.degradations.noise import estimate_noise
from lienet.deployment.enhancer import Enhancer
from lienet.evaluation.timing import median_ms
from lienet.images import Pixels
from lienet.networks.global_skip import BicubicUpsampling
from lienet.params import Bicubic, Input, MethodSpec, Restoration, Unsharp

_PATCH_PX = 5
_SEARCH_PX = 6


class Enhances(Protocol):
    """Anything that turns an image into a better one: a network or a method."""

    def enhance(self, pixels: Pixels) -> Pixels:
        """Map RGB uint8 ``h w 3`` to the same, ``scale`` times as high and wide."""
        ...


@dataclass(frozen=True)
class Unchanged:
    """The input itself: the baseline of the tasks that keep an image's size."""

    def enhance(self, pixels: Pixels) -> Pixels:
        """Return ``pixels``."""
        return pixels


@dataclass(frozen=True)
class BicubicEnlargement:
    """Bicubic interpolation, by the fixed filter that networks have as their global skip."""

    scale: int
    tile_px: int

    def enhance(self, pixels: Pixels) -> Pixels:
        """Map RGB uint8 ``h w 3`` to the same, ``scale`` times as high and wide."""
        return self._enhancer.enhance(pixels)

    @cached_property
    def _enhancer(self) -> Enhancer:
        return Enhancer(BicubicUpsampling(self.scale), scale=self.scale, tile_px=self.tile_px)


@dataclass(frozen=True)
class UnsharpMask:
    """``x + amount (x - blur(x))``, each channel by itself: scikit-image's unsharp mask."""

    radius_px: float
    amount: float
    baseline: Enhances = Unchanged()
    """What makes of the input the image that is sharpened."""

    def enhance(self, pixels: Pixels) -> Pixels:
        """Return the sharpened baseline, RGB uint8 ``h w 3``."""
        sharp = unsharp_mask(
            self.baseline.enhance(pixels).astype(np.float32) / 255,
            radius=self.radius_px,
            amount=self.amount,
            channel_axis=2,  # scikit-image 0.26 takes -1 for the rows here, and leaves garbage
        )
        return _to_pixels(sharp)


@dataclass(frozen=True)
class ClassicalRestoration:
    """Non-local means, then a contrast stretch of each channel, then chroma times a factor.

    Sources: Buades, Coll and Morel, "A non-local algorithm for image denoising", 2005, with h in
    multiples of the noise as the picture itself shows it. The stretch takes out lifted blacks,
    lowered whites and most of a colour cast at once.
    """

    denoise_strength: float
    stretch_percentile: float
    saturation: float

    def enhance(self, pixels: Pixels) -> Pixels:
        """Return the restored image, RGB uint8 ``h w 3`` like its input."""
        restored = pixels.astype(np.float32) / 255
        sigma = estimate_noise(pixels) / 255
        if self.denoise_strength > 0.0 and sigma > 0.0:
            restored = denoise_nl_means(
                restored,
                patch_size=_PATCH_PX,
                patch_distance=_SEARCH_PX,
                h=self.denoise_strength * sigma,
                sigma=sigma,
                fast_mode=True,
                channel_axis=-1,
            )
        return _to_pixels(self._saturate(self._stretch(restored)))

    def _stretch(self, image: Pixels) -> Pixels:
        ends = (self.stretch_percentile, 100.0 - self.stretch_percentile)
        low, high = np.percentile(image, ends, axis=(0, 1)).astype(np.float32)
        span = high - low
        is_flat = span < 1 / 255  # a channel of one value is left as it is
        low, span = np.where(is_flat, 0, low), np.where(is_flat, 1, span)
        return np.clip((image - low) / span, 0, 1)

    def _saturate(self, image: Pixels) -> Pixels:
        luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
        return luma + np.float32(self.saturation) * (image - luma)


def make_baseline(scale: int, *, tile_px: int) -> Enhances:
    """Return what gains are measured from at a scale."""
    return Unchanged() if scale == 1 else BicubicEnlargement(scale, tile_px)


def make_method(spec: MethodSpec, scale: int, *, tile_px: int) -> Enhances:
    """Return the method that an entry of ``evaluate.methods`` describes."""
    match spec:
        case Bicubic() | Input():
            return make_baseline(scale, tile_px=tile_px)
        case Unsharp():
            baseline = make_baseline(scale, tile_px=tile_px)
            return UnsharpMask(spec.radius_px, spec.amount, baseline)
        case Restoration():
            return ClassicalRestoration(
                spec.denoise_strength, spec.stretch_percentile, spec.saturation
            )


def time_method_ms(method: Enhances, *, height_px: int, width_px: int, num_runs: int) -> float:
    """Return the median time of one image of this size on one processor thread, in milliseconds.

    On fixed noise, after a run that is not counted; OpenCV and torch are held to one thread.
    """
    noise = np.random.default_rng(0).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)
    num_cv2_threads, num_torch_threads = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    try:
        return median_ms(lambda: method.enhance(noise), num_runs=num_runs, num_warm_ups=1)
    finally:
        cv2.setNumThreads(num_cv2_threads)
        torch.set_num_threads(num_torch_threads)


def _to_pixels(image: Pixels) -> Pixels:
    scaled: Pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return scaled
