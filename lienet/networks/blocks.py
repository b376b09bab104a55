"""The pieces that networks are made of: convolutions, modulation and dense blocks.

Nothing here knows a whole network or a params file.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.shapes import Condition, Features

NEGATIVE_SLOPE = 0.1
"""LeakyReLU's slope in the paper's networks (section 2.1)."""


def conv(inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1) -> nn.Conv2d:
    """Return a convolution with He initialisation [17] and zero bias.

    It preserves the size, or divides sides that are multiples of the stride by it.
    """
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - 1) // 2)
    initialise(layer)
    return layer


def initialise(layer: nn.Conv2d, *, slope: float = NEGATIVE_SLOPE, gain: float = 1.0) -> None:
    """Apply He's initialisation for a leaky ReLU of ``slope``, times ``gain``; zero the bias.

    Source: He et al., "Delving deep into rectifiers", 2015, eq. 14.
    """
    nn.init.kaiming_normal_(layer.weight, a=slope, nonlinearity="leaky_relu")
    with torch.no_grad():
        layer.weight.mul_(gain)
        if layer.bias is not None:
            layer.bias.zero_()


def scale_weights(layer: nn.Conv2d, gain: float) -> nn.Conv2d:
    """Multiply a freshly initialised layer's weights by ``gain``, so that a branch starts small."""
    with torch.no_grad():
        layer.weight.mul_(gain)
    return layer


class ResidualBlock(nn.Module):
    """``x + conv(act(conv(x)))``; the branch starts at a tenth of its He size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels)
        self.second = scale_weights(conv(channels, channels), 0.1)

    def forward(self, features: Features) -> Features:
        """Add the branch to its input."""
        hidden = functional.leaky_relu(self.first(features), NEGATIVE_SLOPE, inplace=True)
        branch: Tensor = self.second(hidden)
        return features + branch


class SelfFeatureExtraction(nn.Module):
    """The AI feature map of an image: two residual blocks and four convolutions (section 2.2)."""

    def __init__(self, image_channels: int, channels: int) -> None:
        super().__init__()
        self.head = conv(image_channels, channels)
        self.blocks = nn.Sequential(ResidualBlock(channels), ResidualBlock(channels))
        self.tail = nn.ModuleList(conv(channels, channels) for _ in range(3))

    def forward(self, image: Float[Tensor, "batch image_channels height width"]) -> Features:
        """Return the features of the network's own input."""
        features: Tensor = functional.leaky_relu(self.head(image), NEGATIVE_SLOPE, inplace=True)
        features = self.blocks(features)
        for layer in self.tail:
            features = functional.leaky_relu(layer(features), NEGATIVE_SLOPE)
        return features


class Modulation(nn.Module):
    """Pixel-wise modulation by the AI feature map (eq. 1): ``y = alpha(F) * x + beta(F)``.

    Alpha and beta are each one convolution of F, 1x1 in the paper. It starts as the identity: alpha
    1, beta 0.
    """

    def __init__(self, condition_channels: int, channels: int, *, kernel: int = 1) -> None:
        super().__init__()
        self.alpha = nn.Conv2d(condition_channels, channels, kernel, padding=kernel // 2)
        self.beta = nn.Conv2d(condition_channels, channels, kernel, padding=kernel // 2)
        for layer, start in ((self.alpha, 1.0), (self.beta, 0.0)):
            nn.init.zeros_(layer.weight)
            assert layer.bias is not None
            nn.init.constant_(layer.bias, start)

    def forward(self, features: Features, condition: Condition) -> Features:
        """Modulate features by the AI feature map."""
        modulated: Tensor = self.alpha(condition) * features + self.beta(condition)
        return modulated


class Concatenation(torch.autograd.Function):
    """``torch.cat`` over channels whose gradients are dense.

    The gradient of a plain concatenation is a view with gaps, on which everything upstream runs
    many times slower on a processor; copying it once costs a fraction of that.
    """

    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        """Concatenate, and note where the first ends."""
        ctx.num_first = first.shape[1]
        return torch.cat((first, second), dim=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """Split the gradient into two dense parts."""
        (gradient,) = gradients
        first, second = gradient[:, : ctx.num_first], gradient[:, ctx.num_first :]
        return (
            first.contiguous(memory_format=torch.channels_last),
            second.contiguous(memory_format=torch.channels_last),
        )


def concatenate(
    first: Float[Tensor, "batch first height width"],
    second: Float[Tensor, "batch second height width"],
    *,
    training: bool,
) -> Float[Tensor, "batch first+second height width"]:
    """Concatenate over channels, with dense gradients where gradients will be wanted."""
    if not training:
        return torch.cat((first, second), dim=1)
    joined: Tensor = Concatenation.apply(first, second)  # type: ignore[no-untyped-call]
    return joined


class DenseModulationBlock(nn.Module):
    """The paper's unit block (section 2.3, Fig. 4).

    Each convolution's output is concatenated to everything before it in the block, and the
    concatenation is modulated; a last convolution fuses the block back to ``channels``.

    Args:
        channels: channels of every convolution, 16 in the paper.
        num_convs: 3x3 convolutions before the fusion.
        modulate: modulate every ``concatenation``, only each convolution's ``output``, or ``none``.
        dense: concatenate (the paper); otherwise each convolution sees the last output only.
        fusion_kernel: 1 or 3.
        residual: add the block's input to its output.
    """

    def __init__(
        self,
        channels: int,
        *,
        num_convs: int,
        modulate: Literal["concatenation", "output", "none"],
        dense: bool,
        fusion_kernel: int,
        residual: bool,
    ) -> None:
        super().__init__()
        self.dense = dense
        self.residual = residual
        self.modulates_concatenation = modulate == "concatenation"
        widths = [channels * (index + 1 if dense else 1) for index in range(num_convs + 1)]
        self.convs = nn.ModuleList(conv(width, channels) for width in widths[:-1])
        modulated = widths[1:] if self.modulates_concatenation else [channels] * num_convs
        self.modulations = nn.ModuleList(
            Modulation(channels, width) for width in modulated if modulate != "none"
        )
        self.fusion = conv(widths[-1], channels, fusion_kernel)
        if residual:
            scale_weights(self.fusion, 0.1)

    def forward(self, features: Features, condition: Condition) -> Features:
        """Refine features under the AI feature map."""
        state = features
        for index, layer in enumerate(self.convs):
            output = functional.leaky_relu(layer(state), NEGATIVE_SLOPE, inplace=True)
            if self.modulations and not self.modulates_concatenation:
                output = self.modulations[index](output, condition)
            state = concatenate(state, output, training=self.training) if self.dense else output
            if self.modulations and self.modulates_concatenation:
                state = self.modulations[index](state, condition)
        fused: Tensor = self.fusion(state)
        return features + fused if self.residual else fused
