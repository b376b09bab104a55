"""VGG19's features, by which the perceptual loss compares images (Simonyan and Zisserman, 2014).

Owns the forms that its ImageNet weights are published in: torchvision's ``.pth``, for RGB
normalised by ImageNet's mean and deviation, and a ``.npz`` of caffe form, for BGR in 0-255 less a
mean. Refuses to guess: what a file lacks is an error, and no weight is ever random.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.errors import ModelError
from lienet.networks.published import RGB_MEAN, RGB_STD, read_torchvision, unreadable
from lienet.networks.shapes import Images
from lienet.params import VGG19_LAYERS

_BLOCK_CHANNELS = (64, 128, 256, 512, 512)
_CAFFE_BGR_MEAN = (103.939, 116.779, 123.68)
CAFFE_UNIT = 255 * 0.226
"""A caffe file's features are this many times as large as ours: its input is not divided."""
_REMEDY = "see perceptual.weights in the objective"


@dataclass(frozen=True)
class _Published:
    """Weights as a file has them, for RGB input ``(image - mean) / std``."""

    tensors: dict[str, Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Vgg19(nn.Module):
    """VGG19 up to the deepest layer asked for: frozen, in eval mode, of no use to an optimizer.

    Both forms of weights give features of one magnitude, so that a loss weight suits both. With
    its biases divided by ``CAFFE_UNIT`` a caffe network takes input divided by the same, and its
    features are those of the file divided by it: convolutions, ReLU and pooling are homogeneous.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, path: Path, layers: Collection[str]) -> None:
        """Read the layers up to the deepest of ``layers``.

        Raises:
            ModelError: the file cannot be read, its hash is not the one in its name, or a layer is
                missing or of another shape.
        """
        super().__init__()
        depth = max(VGG19_LAYERS.index(name) for name in layers)
        names = VGG19_LAYERS[: depth + 1]
        published = _read_weights(path, names)
        self.layers = frozenset(layers)
        self.convs = nn.ModuleDict({name: _build_conv(published, name, path) for name in names})
        for name, values in (("mean", published.mean), ("std", published.std)):
            self.register_buffer(name, torch.tensor(values).reshape(1, 3, 1, 1))
        self.requires_grad_(False).eval()

    def forward(
        self, images: Images
    ) -> dict[str, Float[Tensor, "batch channels layer_height layer_width"]]:
        """Return the layers' outputs before activation, by name.

        The sides of a layer of block b are ``height / 2^(b-1)`` and ``width / 2^(b-1)``, rounded
        down.
        """
        features = (images - self.mean) / self.std
        found = {}
        for name, layer in self.convs.items():
            if name.endswith("_1") and name != "conv1_1":
                features = functional.max_pool2d(features, 2)
            features = layer(features)
            is_kept = name in self.layers
            if is_kept:
                found[name] = features
            features = functional.relu(features, inplace=not is_kept)
        return found

    def train(self, mode: bool = True) -> Vgg19:
        """Stay in eval mode, whatever is asked."""
        del mode
        return super().train(False)


def _build_conv(published: _Published, name: str, path: Path) -> nn.Conv2d:
    """Return one convolution with the file's weights.

    Raises:
        ModelError: they are missing, of another shape, or not finite.
    """
    outputs = _channels_of(name)
    position = VGG19_LAYERS.index(name)
    inputs = _channels_of(VGG19_LAYERS[position - 1]) if position else 3
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    for part, parameter in layer.named_parameters():
        key = f"{name}.{part}"
        if key not in published.tensors:
            raise ModelError(f"VGG19's weights in {path} lack {key}", remedy=_REMEDY)
        values = published.tensors[key].float()
        if values.shape != parameter.shape or not values.isfinite().all():
            raise ModelError(
                f"{key} in {path} must be finite and of shape {tuple(parameter.shape)}",
                got=f"shape {tuple(values.shape)}",
                remedy=_REMEDY,
            )
        with torch.no_grad():
            parameter.copy_(values)
    return layer


def _channels_of(name: str) -> int:
    return _BLOCK_CHANNELS[int(name[len("conv")]) - 1]


def _read_weights(path: Path, names: Collection[str]) -> _Published:
    if path.suffix != ".npz":
        return _name_layers(read_torchvision(path, network="VGG19", remedy=_REMEDY))
    try:
        return _read_caffe(path, names)
    except (
        *(OSError, EOFError, ValueError, TypeError, AttributeError),
        zipfile.BadZipFile,
    ) as error:
        raise unreadable(path, network="VGG19", error=error, remedy=_REMEDY) from error


def _read_caffe(path: Path, names: Collection[str]) -> _Published:
    keys = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        tensors = {key: torch.from_numpy(arrays[key]) for key in keys & set(arrays.files)}
    if (first := tensors.get("conv1_1.weight")) is not None:
        tensors["conv1_1.weight"] = first.flip(1)  # from BGR to RGB
    for key in tensors:
        if key.endswith(".bias"):
            tensors[key] = tensors[key] / CAFFE_UNIT
    mean = tuple(value / 255 for value in reversed(_CAFFE_BGR_MEAN))
    return _Published(tensors, mean, (CAFFE_UNIT / 255,) * 3)


def _name_layers(state: Mapping[str, Tensor]) -> _Published:
    tensors, position = {}, 0
    for name in VGG19_LAYERS:  # "features" counts activations and pooling as well
        position += name.endswith("_1") and name != "conv1_1"
        for part in ("weight", "bias"):
            if (key := f"features.{position}.{part}") in state:
                tensors[f"{name}.{part}"] = state[key]
        position += 2
    return _Published(tensors, RGB_MEAN, RGB_STD)
