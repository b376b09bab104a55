"""What ImageNet's classifiers see in an image, which LPIPS and DISTS compare images by.

Owns the layers of AlexNet and VGG16 up to their last convolution. Their weights are not lienet's to
pass on: a user names the file that torchvision publishes, and no weight is ever random.

Source: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014;
K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition",
2014.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lienet.errors import InputError, ModelError, ToolError
from lienet.images import Pixels
from lienet.networks.published import RGB_MEAN, RGB_STD, read_torchvision

TrunkName = Literal["alexnet", "vgg16"]
LEAST_SIDE_PX = 32
"""Of an image: a smaller one has nothing left after the last pooling."""


class _Conv(NamedTuple):
    position: int
    """In torchvision's ``features``."""
    channels: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1


class _Stage(NamedTuple):
    pooling_px: int
    """The window before its first convolution, in steps of two; 0 for none."""
    convs: tuple[_Conv, ...]


_STAGES: dict[TrunkName, tuple[_Stage, ...]] = {
    "alexnet": (
        _Stage(0, (_Conv(0, 64, kernel=11, stride=4, padding=2),)),
        _Stage(3, (_Conv(3, 192, kernel=5, padding=2),)),
        _Stage(3, (_Conv(6, 384),)),
        _Stage(0, (_Conv(8, 256),)),
        _Stage(0, (_Conv(10, 256),)),
    ),
    "vgg16": (
        _Stage(0, (_Conv(0, 64), _Conv(2, 64))),
        _Stage(2, (_Conv(5, 128), _Conv(7, 128))),
        _Stage(2, (_Conv(10, 256), _Conv(12, 256), _Conv(14, 256))),
        _Stage(2, (_Conv(17, 512), _Conv(19, 512), _Conv(21, 512))),
        _Stage(2, (_Conv(24, 512), _Conv(26, 512), _Conv(28, 512))),
    ),
}


class Trunk:
    """A classifier's convolutions with the weights of a file."""

    def __init__(self, name: TrunkName, path: Path, *, remedy: str) -> None:
        """Read the weights that the convolutions need.

        Raises:
            ModelError: the file cannot be read or is damaged, or a tensor is missing, of another
                shape or not finite.
        """
        state = read_torchvision(path, network=name, remedy=remedy)
        take = partial(_take, state, path=path, remedy=remedy)
        self._stages = _STAGES[name]
        self._tensors: dict[int, tuple[Tensor, Tensor]] = {}
        inputs = 3
        for stage in self._stages:
            for conv in stage.convs:
                shape = (conv.channels, inputs, conv.kernel, conv.kernel)
                key = f"features.{conv.position}"
                weight = take(f"{key}.weight", shape=shape)
                self._tensors[conv.position] = weight, take(f"{key}.bias", shape=shape[:1])
                inputs = conv.channels

    def look(
        self, image: Tensor, *, pool: Callable[[Tensor], Tensor] | None = None
    ) -> Iterator[Tensor]:
        """Yield what each of the five stages finds, after its last activation.

        Each stage is computed when it is asked for, so that two images can be compared stage by
        stage and no more than one is in memory.

        Args:
            image: RGB in [0, 1], ``1 3 h w``.
            pool: in place of the largest value of each window.
        """
        features = (image - _as_channels(RGB_MEAN)) / _as_channels(RGB_STD)
        for stage in self._stages:
            if stage.pooling_px:
                largest = partial(functional.max_pool2d, kernel_size=stage.pooling_px, stride=2)
                features = (pool or largest)(features)
            for conv in stage.convs:
                weight, bias = self._tensors[conv.position]
                features = functional.conv2d(features, weight, bias, conv.stride, conv.padding)
                features = features.relu_()
            yield features


@lru_cache(maxsize=2)
def load_trunk(name: TrunkName, path: Path, *, metric: str) -> Trunk:
    """Read a classifier's file, as torchvision publishes it.

    Args:
        name: of the classifier.
        path: ``alexnet-owt-7be5be79.pth`` or ``vgg16-397923af.pth``; under these names they must
            have the SHA-256 that begins as the name ends.
        metric: whose params name it, for messages.

    Raises:
        ToolError: it cannot be read, is damaged, or is no such classifier.
    """
    remedy = f"correct the trunk of {metric}"
    try:
        return Trunk(name, path.expanduser(), remedy=remedy)
    except ModelError as error:
        raise ToolError(str(error)) from error


def as_tensor(pixels: Pixels) -> Tensor:
    """Return an image in [0, 1], ``1 3 h w``.

    Args:
        pixels: RGB uint8 or uint16, ``h w 3``.

    Raises:
        InputError: a side is shorter than :data:`LEAST_SIDE_PX`.
    """
    height, width, _ = pixels.shape
    if min(height, width) < LEAST_SIDE_PX:
        raise InputError(
            f"LPIPS and DISTS need images of {LEAST_SIDE_PX} px a side or more",
            got=f"{width}x{height} px",
        )
    planes = np.moveaxis(pixels, -1, 0)[None] / np.float32(np.iinfo(pixels.dtype).max)
    return torch.from_numpy(planes.astype(np.float32))


def _take(
    state: Mapping[str, Tensor], key: str, *, shape: tuple[int, ...], path: Path, remedy: str
) -> Tensor:
    values = state.get(key)
    if values is None or values.shape != shape or not values.isfinite().all():
        raise ModelError(
            f"{path} must hold {key}, finite and of shape {shape}",
            got="none" if values is None else f"shape {tuple(values.shape)}",
            remedy=remedy,
        )
    return values.float()


def _as_channels(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).reshape(1, -1, 1, 1)
