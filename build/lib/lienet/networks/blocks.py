"""The pieces that networks are made of: convolutions, modulation, SPADE, dense blocks, upsampling.

Shapes are ``n c h w`` throughout. Nothing here knows a whole network or a params file.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

NEGATIVE_SLOPE = 0.1
"""LeakyReLU's slope in the paper's networks (section 2.1)."""


def conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    """Return a size-preserving convolution with He initialisation [17] and zero bias."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
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

    def forward(self, features: Tensor) -> Tensor:
        """Map ``n c h w`` to ``n c h w``."""
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

    def forward(self, image: Tensor) -> Tensor:
        """Map the network's own input ``n image_channels h w`` to features ``n c h w``."""
        features: Tensor = functional.leaky_relu(self.head(image), NEGATIVE_SLOPE, inplace=True)
        features = self.blocks(features)
        for layer in self.tail:
            features = functional.leaky_relu(layer(features), NEGATIVE_SLOPE)
        return features


class Modulation(nn.Module):
    """Pixel-wise modulation by the AI feature map (eq. 1): ``y = alpha(F) * x + beta(F)``.

    Alpha and beta are each one 1x1 convolution of F. It starts as the identity: alpha 1, beta 0.
    """

    def __init__(self, condition_channels: int, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Conv2d(condition_channels, channels, 1)
        self.beta = nn.Conv2d(condition_channels, channels, 1)
        for layer, start in ((self.alpha, 1.0), (self.beta, 0.0)):
            nn.init.zeros_(layer.weight)
            assert layer.bias is not None
            nn.init.constant_(layer.bias, start)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Modulate ``n c h w`` by the AI feature map ``n condition_channels h w``."""
        modulated: Tensor = self.alpha(condition) * features + self.beta(condition)
        return modulated


class Concatenation(torch.autograd.Function):
    """``torch.cat`` over channels whose gradients are dense.

    The gradient of a plain concatenation is a view with gaps, on which everything upstream runs
    many times slower on a processor; copying it once costs a fraction of that.
    """

    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        """Concatenate ``n a h w`` and ``n b h w``."""
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


def concatenate(first: Tensor, second: Tensor, *, training: bool) -> Tensor:
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

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Map ``n c h w`` to ``n c h w`` under the AI feature map ``n c h w``."""
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


Statistics = tuple[Tensor, Tensor]
"""Mean and variance of each channel, float32 ``n c 1 1``."""


def measure_statistics(features: Tensor) -> Statistics:
    """Return mean and variance of each image and channel of ``n c h w`` (eq. 3 and 4), in float32.

    Eq. 4 is printed with the square inside the sum, the mean of ``x^2 - mu^2``; that is the mean of
    ``(x - mu)^2``, which is computed here as it loses no digits.
    """
    exact = features.float()
    mean = exact.mean((2, 3), keepdim=True)
    return mean, (exact - mean).square().mean((2, 3), keepdim=True)


class Spade(nn.Module):
    """Spatially-adaptive denormalisation (section 2.4, eq. 2-4): ``y = alpha * n(x) + beta``.

    ``n(x)`` is x less its mean, divided by the root of its variance and an epsilon, image by image
    and channel by channel, in float32 under autocast too. Alpha and beta are made from features of
    ``factor`` times the resolution: one shared convolution, whose stride brings them down and which
    sees each of them once (a space-to-depth and a 1x1 convolution in one), a leaky ReLU, then a 1x1
    convolution for each. They start at 1 and 0, so that the layer starts as plain normalisation.

    Statistics are those of all that is given: of a tile, the tile's own, which are not its image's.
    Whoever works in tiles gives the image's instead.
    """

    def __init__(
        self, guide_channels: int, channels: int, *, factor: int, epsilon: float = 1e-5
    ) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.shared = nn.Conv2d(guide_channels, channels, factor, stride=factor)
        initialise(self.shared)
        self.modulation = Modulation(channels, channels)

    def forward(
        self, features: Tensor, guide: Tensor, statistics: Statistics | None = None
    ) -> Tensor:
        """Modulate ``n c h w`` by the guide ``n guide_channels h*factor w*factor``.

        Args:
            features: what is normalised and modulated.
            guide: features of a higher resolution.
            statistics: mean and variance to normalise by; None takes those of ``features``.
        """
        mean, variance = measure_statistics(features) if statistics is None else statistics
        normalised = (features.float() - mean) * torch.rsqrt(variance + self.epsilon)
        condition = functional.leaky_relu(self.shared(guide), NEGATIVE_SLOPE, inplace=True)
        modulated: Tensor = self.modulation(normalised.to(condition.dtype), condition)
        return modulated
