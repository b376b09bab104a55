"""What other programs call: enhance, score and degrade arrays of pixels, load a trained network.

Pixels are numpy arrays, ``h w 3`` RGB uint8 where nothing else is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lienet.errors import InputError
from lienet.evaluation.comparison import Quality, compare_pixels
from lienet.images import Pixels, decode_image

if TYPE_CHECKING:
    from torch import nn

    from lienet.networks.registry import ModelCard

__all__ = ["Quality", "degrade", "enhance", "load_model", "score"]


def enhance(
    pixels: Pixels,
    model: nn.Module | Path | str | None = None,
    *,
    task: str = "sr",
    scale: int | None = None,
    tile_px: int = 512,
) -> Pixels:
    """Enhance one image of any size.

    Args:
        pixels: uint8 or uint16; ``h w``, or ``h w c`` with 1 to 4 channels, alpha last.
        model: the path of an ONNX file, a name of ``lienet models --weights``, or a torch module;
            None takes what comes with lienet for the task.
        task: "sr", "face" or "old_photo"; not asked of a file or module.
        scale: the factor per side; None takes what an exported file says of itself and 1 where
            nothing is said, or without a model the largest there is.
        tile_px: larger inputs are enhanced in overlapping tiles.

    Returns:
        The same depth and channels, ``scale`` times as high and wide.

    Raises:
        InputError: the image is of another kind.
        ModelError: the model cannot be used, has another scale, or none comes with lienet.

    Example:
        >>> larger = lienet.enhance(pixels)
    """
    if not isinstance(pixels, np.ndarray):
        raise InputError("lienet.enhance takes a numpy array", got=type(pixels).__name__)
    from lienet.deployment.enhancer import Enhancer
    from lienet.deployment.onnx_network import read_scale
    from lienet.deployment.shipped_weights import find_entry, locate_onnx

    chosen = Path(model) if isinstance(model, str) else model
    name = model if isinstance(model, str) and not Path(model).suffix else None
    if chosen is None or name is not None:
        entry = find_entry(task, scale=scale, model=name)
        chosen, scale = locate_onnx(entry), entry.scale
    if scale is None:
        stated = read_scale(chosen) if isinstance(chosen, Path) else getattr(chosen, "scale", None)
        scale = 1 if stated is None else int(stated)
    return Enhancer(chosen, scale=scale, tile_px=tile_px).enhance(pixels)


def score(
    reference: Pixels,
    enhanced: Pixels,
    *,
    luma: bool = False,
    border_px: int = 0,
    vmaf: bool = False,
) -> Quality:
    """Compare an enhanced image with its reference.

    Args:
        reference: the undegraded image, RGB uint8 or uint16 ``h w 3``.
        enhanced: of the same size; at another depth, both are compared at 16 bits.
        luma: compare BT.601 studio-range luma instead of RGB.
        border_px: cropped from every side before PSNR and SSIM.
        vmaf: measure VMAF of the whole image too, rounded to 8 bits.

    Raises:
        InputError: the images differ in size, or are not RGB.
        ToolError: VMAF cannot be measured.

    Example:
        >>> lienet.score(reference, reference).psnr_db
        100.0
    """
    return compare_pixels(
        reference,
        enhanced,
        colour="luma" if luma else "rgb",
        border_px=border_px,
        with_vmaf=vmaf,
    )


def degrade(
    pixels: Pixels, task: str = "sr", *, scale: int | None = None, strength: float | None = None
) -> Pixels:
    """Degrade a photograph as the training data are: in a clone by its params, else by defaults.

    Args:
        pixels: a few lines and columns may be cropped.
        task: a task of params; outside of a clone "sr" (x4, JPEG quality 20) or "face".
        scale: for a task that enlarges, one of its scales; the largest if None.
        strength: for a degradation with ranges, the point of each, 0 to 1; drawn if None.

    Raises:
        InputError: there is no such task, or an option is another task's.

    Example:
        >>> lienet.degrade(pixels, "sr", scale=4).shape
        (48, 64, 3)
    """
    from lienet.degradations.single_photograph import degrade_for_task, find_params

    content = degrade_for_task(
        pixels, task=task, scale=scale, strength=strength, params=find_params(Path.cwd())
    )
    return decode_image(content)


def load_model(folder: Path | str) -> tuple[nn.Module, ModelCard]:
    """Return a trained network in eval mode, and the card that says what it is; needs torch.

    Args:
        folder: holds ``weights.safetensors`` and ``model.json``.

    Raises:
        ModelError: a file is missing, cut short or does not fit.

    Example:
        >>> network, card = lienet.load_model("data/models/sr/lienet")
    """
    from lienet.networks.registry import load_model as load

    return load(Path(folder))
