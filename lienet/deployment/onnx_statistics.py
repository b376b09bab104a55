"""Inputs and outputs of an ONNX file for the statistics of a whole image.

A network with SPADE layers normalises by mean and variance of all it is given: of a tile, the
tile's own. Its file therefore tells what each layer normalises and takes statistics in place of
those it would measure, so that whoever works in tiles can give each of them the whole image's.
Owns that signature, its defaults, and what torch says for the same values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lienet.deployment.tensor_names import (
    FOLD_KEY,
    INPUT_NAME,
    OUTPUT_NAME,
    UNKNOWN_VARIANCE,
    features_name,
    mean_name,
    variance_name,
)
from lienet.networks.shapes import Statistics
from lienet.networks.spade import NormalisesWholeImage, Spade, measure_statistics

Array = NDArray[np.float32]


class WithStatistics(nn.Module):
    """A network whose statistics are taken from its inputs where these say something."""

    def __init__(self, network: NormalisesWholeImage) -> None:
        super().__init__()
        self.network = network

    def forward(self, degraded: Tensor, given: Sequence[Statistics]) -> tuple[Tensor, ...]:
        """Return the enhanced image, then what each SPADE layer normalises.

        Args:
            degraded: ``n 3 h w`` in [0, 1].
            given: for each layer a mean and a variance ``1 c 1 1``; where the variance is negative,
                the measured ones are taken.
        """
        seen: list[Tensor] = []

        def choose(_: Spade, arguments: tuple[Tensor, Tensor, Statistics]) -> tuple[object, ...]:
            features, guide, (mean, variance) = arguments
            seen.append(features)
            measured = measure_statistics(features)
            is_unknown = variance < 0
            chosen = [
                torch.where(is_unknown, own, other)
                for own, other in zip(measured, (mean, variance), strict=True)
            ]
            return features, guide, tuple(chosen)

        hooks = [layer.register_forward_pre_hook(choose) for layer in self.network.spade_layers]
        try:
            enhanced = self.network(degraded, given)
        finally:
            for hook in hooks:
                hook.remove()
        return enhanced, *seen


@dataclass(frozen=True)
class Signature:
    """A module as it is exported, what else than the image it takes, and all names in order."""

    module: nn.Module
    given: tuple[list[Statistics], ...]
    inputs: list[str]
    outputs: list[str]


def make_signature(network: nn.Module) -> Signature:
    """Return a network with its SPADE layers' inputs and outputs; as it is where it has none."""
    if not isinstance(network, NormalisesWholeImage) or not network.spade_layers:
        return Signature(network, (), [INPUT_NAME], [OUTPUT_NAME])
    inputs, given = [INPUT_NAME], []
    for layer, spade in enumerate(network.spade_layers):
        inputs += [mean_name(layer), variance_name(layer)]
        shape = (1, spade.num_channels, 1, 1)
        given.append((torch.zeros(shape), torch.full(shape, UNKNOWN_VARIANCE)))
    outputs = [OUTPUT_NAME, *map(features_name, range(len(given)))]
    return Signature(WithStatistics(network), (given,), inputs, outputs)


def complete_graph(graph: onnx.GraphProto, network: nn.Module) -> dict[str, str]:
    """Give the further inputs their defaults and the further outputs' sizes a name.

    Returns:
        What the file's metadata is to say besides; nothing for networks without SPADE layers, whose
        graph is left as it is.
    """
    if not isinstance(network, NormalisesWholeImage) or not network.spade_layers:
        return {}
    (given,) = make_signature(network).given
    for layer, (mean, variance) in enumerate(given):
        for name, default in ((mean_name(layer), mean), (variance_name(layer), variance)):
            graph.initializer.append(onnx.numpy_helper.from_array(default.numpy(), name))
    for features in graph.output[1:]:
        sizes = features.type.tensor_type.shape.dim
        for axis, name in (
            (0, "n"),
            (2, f"ceil(h/{network.fold})"),
            (3, f"ceil(w/{network.fold})"),
        ):
            sizes[axis].dim_param = name
    return {FOLD_KEY: str(network.fold)}


@dataclass(frozen=True)
class Use:
    """What a file may be fed, and what torch makes of the same, by name."""

    feed: dict[str, Array]
    expected: dict[str, Array]


def list_uses(model: nn.Module, degraded: Array) -> Iterator[Use]:
    """Run a network in each way that its file can be used: alone, and with statistics given.

    The statistics given are those of a darker image, so that taking the wrong ones would show.

    Args:
        model: in eval mode, on the CPU.
        degraded: ``n 3 h w`` in [0, 1].
    """
    image = torch.from_numpy(degraded)
    with torch.no_grad():
        enhanced = {OUTPUT_NAME: model(image).numpy()}
        if not isinstance(model, NormalisesWholeImage) or not model.spade_layers:
            yield Use({INPUT_NAME: degraded}, enhanced)
            return
        own = _measure(model, image)
        yield Use({INPUT_NAME: degraded}, enhanced | _show(model, image, own))
        given = _measure(model, 0.3 * image[:1])
        feed = {INPUT_NAME: degraded}
        for layer, (mean, variance) in enumerate(given):
            feed |= {mean_name(layer): mean.numpy(), variance_name(layer): variance.numpy()}
        enhanced = {OUTPUT_NAME: model(image, given).numpy()}
        yield Use(feed, enhanced | _show(model, image, given))


def _measure(model: NormalisesWholeImage, image: Tensor) -> list[Statistics]:
    found: list[Statistics] = []
    for _ in range(len(model.spade_layers)):
        found.append(measure_statistics(model.features_to_normalise(image, found)))
    return found


def _show(
    model: NormalisesWholeImage, image: Tensor, statistics: Sequence[Statistics]
) -> dict[str, Array]:
    return {
        features_name(layer): model.features_to_normalise(image, statistics[:layer]).numpy()
        for layer in range(len(model.spade_layers))
    }
