"""PSNR, SSIM and colour error of one image against its reference, computed by scikit-image.

Owns what is compared: pixels of 8 or 16 bits, in RGB or BT.601 luma, with a border cropped from
every side. Refuses images of different sizes and other depths; never pools over images.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float64, Real, UInt, UInt8
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from lienet.errors import InputError
from lienet.images import Pixels

Colour = Literal["rgb", "luma"]
RgbImage = UInt8[Pixels, "height width 3"]
Prepared = Real[Pixels, "height width channels"]
"""RGB uint8 or uint16, or one channel of luma as float64."""
PSNR_CEILING_DB = 100.0
SSIM_WINDOW_PX = 11
_DATA_RANGE = 255.0
_SSIM_SIGMA = 1.5
_STRIP_PX = 128
FULL_RANGE_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LEAST_SHARPNESS = 0.1
_LUMA_WEIGHTS = np.array([65.481, 128.553, 24.966]) / 255.0


def compute_luma(pixels: UInt[Pixels, "height width 3"]) -> Float64[Pixels, "height width"]:
    """Return BT.601 studio-range luma.

    ``Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255`` with R, G, B in 0 to 255: MATLAB's
    ``rgb2ycbcr``, but kept as a real number where MATLAB rounds uint8 input to whole steps. Values
    of 16 bits are taken in the same steps, of which each then has 257 parts.

    Returns:
        from 16 (black) to 235 (white).
    """
    peak = np.iinfo(pixels.dtype).max
    return 16.0 + pixels.astype(np.float64) @ (_LUMA_WEIGHTS * (_DATA_RANGE / peak))


def prepare_pair(
    reference: Pixels, distorted: Pixels, *, colour: Colour, border_px: int
) -> tuple[Prepared, Prepared]:
    """Crop a pair and bring it to the colour space in which it is compared.

    Args:
        reference: RGB uint8 or uint16, ``h w 3``.
        distorted: the same shape; where one has 16 bits, the other is brought to them.
        colour: "rgb", or "luma" (:func:`compute_luma`).
        border_px: pixels dropped from each of the four sides, before anything is computed.

    Raises:
        InputError: the sizes differ, an image is not RGB, or the crop leaves nothing.
    """
    for pixels in (reference, distorted):
        if pixels.dtype not in (np.uint8, np.uint16) or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise InputError(
                "images to compare must be RGB uint8 or uint16 (h, w, 3)",
                got=f"{pixels.dtype} {pixels.shape}",
            )
    if reference.shape != distorted.shape:
        raise InputError(
            f"the reference is {_size(reference)} and the distorted image must be as large",
            got=_size(distorted),
            remedy="bring them to one size",
        )
    height_px, width_px = reference.shape[:2]
    if min(height_px, width_px) <= 2 * border_px:
        raise InputError(
            f"a border of {border_px} px leaves nothing of an image", got=_size(reference)
        )
    window = np.s_[border_px : height_px - border_px, border_px : width_px - border_px]
    cropped = reference[window], distorted[window]
    if reference.dtype != distorted.dtype:
        cropped = _widen(cropped[0]), _widen(cropped[1])
    if colour == "rgb":
        return cropped
    return compute_luma(cropped[0])[..., None], compute_luma(cropped[1])[..., None]


def measure_psnr(
    reference: Pixels, distorted: Pixels, *, colour: Colour = "rgb", border_px: int = 0
) -> float:
    """Return the peak signal-to-noise ratio in dB, ``10 log10(255^2 / MSE)``.

    Of images of 16 bits, 65535 stands in the place of 255.

    The squared error is averaged over all pixels and channels of this one image. Identical images
    have an infinite ratio; it is given as :data:`PSNR_CEILING_DB`, and so is anything above, so
    that means and JSON stay finite and no image is left out.

    Raises:
        InputError: see :func:`prepare_pair`.
    """
    return _psnr(*prepare_pair(reference, distorted, colour=colour, border_px=border_px))


def measure_ssim(
    reference: Pixels, distorted: Pixels, *, colour: Colour = "rgb", border_px: int = 0
) -> float:
    """Return the structural similarity, at most 1, averaged over channels.

    ``SSIM = (2 mu_x mu_y + C1)(2 s_xy + C2) / ((mu_x^2 + mu_y^2 + C1)(s_x^2 + s_y^2 + C2))`` in an
    11-tap Gaussian window of sigma 1.5 with population covariances, ``C1 = (0.01 * 255)^2``,
    ``C2 = (0.03 * 255)^2``, averaged where the window lies wholly inside the image: Wang, Bovik,
    Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", 2004.

    Raises:
        InputError: see :func:`prepare_pair`; or the cropped image is smaller than the window.
    """
    return _ssim(*prepare_pair(reference, distorted, colour=colour, border_px=border_px))


def measure_quality(
    reference: Pixels, distorted: Pixels, *, colour: Colour, border_px: int
) -> tuple[float, float]:
    """Return :func:`measure_psnr` and :func:`measure_ssim`, of a pair prepared once."""
    return measure_prepared(*prepare_pair(reference, distorted, colour=colour, border_px=border_px))


def measure_prepared(reference: Prepared, distorted: Prepared) -> tuple[float, float]:
    """Return PSNR in dB and SSIM of two images that are cropped and in their colours already.

    Raises:
        InputError: they are smaller than SSIM's window.
    """
    return _psnr(reference, distorted), _ssim(reference, distorted)


def measure_ciede2000(reference: Pixels, distorted: Pixels) -> float:
    """Return the colour error as CIEDE2000, the mean over pixels; 0 is equal, about 1 just visible.

    Colours go from sRGB to CIELAB under D65 in float32, strip by strip, so that a large photograph
    needs little memory. Source: Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula",
    2005.

    Raises:
        InputError: see :func:`prepare_pair`.
    """
    reference, distorted = prepare_pair(reference, distorted, colour="rgb", border_px=0)
    total, peak = 0.0, np.float32(_range_of(reference))
    for top in range(0, reference.shape[0], _STRIP_PX):
        labs = [
            rgb2lab(each[top : top + _STRIP_PX].astype(np.float32) / peak)
            for each in (reference, distorted)
        ]
        total += float(deltaE_ciede2000(*labs).sum(dtype=np.float64))
    return float(total / reference[..., 0].size)


def measure_sharpness(pixels: RgbImage) -> float:
    """Return the root mean square gradient of luma, in steps of 0 to 255 per pixel.

    ``sqrt(mean(gx^2) + mean(gy^2))`` of differences between neighbours; blur lowers it, and noise
    and ringing raise it, so it is read beside a measure of faith.

    Args:
        pixels: two a side or more.
    """
    luma = pixels @ FULL_RANGE_LUMA
    across, down = np.diff(luma, axis=1), np.diff(luma, axis=0)
    squares = np.square(across).mean(dtype=np.float64) + np.square(down).mean(dtype=np.float64)
    return float(np.sqrt(squares))


def measure_relative_sharpness(reference: RgbImage, distorted: RgbImage) -> float:
    """Return the sharpness of an image over that of its reference; 1 is as sharp.

    A reference that is all but flat counts as having a tenth of a step per pixel.
    """
    return measure_sharpness(distorted) / max(measure_sharpness(reference), _LEAST_SHARPNESS)


def _psnr(reference: Prepared, distorted: Prepared) -> float:
    if np.array_equal(reference, distorted):
        return PSNR_CEILING_DB
    data_range = _range_of(reference)
    ratio_db = peak_signal_noise_ratio(reference, distorted, data_range=data_range)
    return min(float(ratio_db), PSNR_CEILING_DB)


def _ssim(reference: Prepared, distorted: Prepared) -> float:
    """Compare planes as float32: twice as fast as float64 and equal to it within 1e-5."""
    if min(reference.shape[:2]) < SSIM_WINDOW_PX:
        raise InputError(
            f"SSIM needs {SSIM_WINDOW_PX} px on each side, border excluded", got=_size(reference)
        )
    scores = [
        structural_similarity(
            np.ascontiguousarray(reference[..., channel], dtype=np.float32),
            np.ascontiguousarray(distorted[..., channel], dtype=np.float32),
            gaussian_weights=True,
            sigma=_SSIM_SIGMA,
            use_sample_covariance=False,
            data_range=_range_of(reference),
        )
        for channel in range(reference.shape[2])
    ]
    return float(np.mean(scores))


def _widen(pixels: Pixels) -> Pixels:
    return pixels.astype(np.uint16) * 257 if pixels.dtype == np.uint8 else pixels


def _range_of(prepared: Prepared) -> float:
    """Return how far white is from black; luma's is that of the RGB which it comes from."""
    return 65535.0 if prepared.dtype == np.uint16 else _DATA_RANGE


def _size(pixels: Pixels) -> str:
    return f"{pixels.shape[1]} x {pixels.shape[0]} px"
