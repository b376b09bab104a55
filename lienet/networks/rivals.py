"""The generators of SRGAN, ESRGAN and SFTGAN, true to their papers but for width and depth.

Residual branches without normalisation start at a tenth of their He size, as ESRGAN's authors do
for their own; this makes every rival stronger, never weaker.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.architectures import EsrganModel, SftganModel, SrganModel
from lienet.networks.blocks import concatenate, conv, scale_weights
from lienet.networks.global_skip import make_skip, make_tail
from lienet.networks.shapes import Condition, Enlarged, Features, Images

NUM_SEGMENTATION_CLASSES = 8
"""SFTGAN's outdoor classes, background among them."""


def shuffle_stages(channels: int, scale: int) -> nn.ModuleList:
    """Return one ``channels -> 4 channels`` convolution for each doubling of the resolution."""
    return nn.ModuleList(conv(channels, 4 * channels) for _ in range(scale.bit_length() - 1))


class SrganBlock(nn.Module):
    """SRGAN's residual block: conv, norm, PReLU, conv, norm, sum (Ledig et al., Fig. 4)."""

    def __init__(self, channels: int, *, batch_norm: bool) -> None:
        super().__init__()
        second = conv(channels, channels)
        self.branch = nn.Sequential(
            conv(channels, channels),
            nn.BatchNorm2d(channels) if batch_norm else nn.Identity(),
            nn.PReLU(),
            second if batch_norm else scale_weights(second, 0.1),
            nn.BatchNorm2d(channels) if batch_norm else nn.Identity(),
        )

    def forward(self, features: Features) -> Features:
        """Add the branch to its input."""
        branch: Features = self.branch(features)
        return features + branch


class Srgan(nn.Module):
    """SRGAN's generator, SRResNet: 9x9 ends, residual blocks, pixel-shuffle per doubling.

    ``global_skip``, which its paper lacks, lets it learn what upsampling alone lacks. At scale 1
    there is no shuffle, and all runs at full resolution.
    """

    def __init__(self, spec: SrganModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        width = spec.channels
        self.head = nn.Sequential(conv(3, width, 9), nn.PReLU())
        self.body = nn.Sequential(
            *(SrganBlock(width, batch_norm=spec.batch_norm) for _ in range(spec.num_blocks)),
            conv(width, width),
            nn.BatchNorm2d(width) if spec.batch_norm else nn.Identity(),
        )
        self.upsampling = nn.Sequential()
        for stage in shuffle_stages(width, scale):
            self.upsampling.extend([stage, nn.PixelShuffle(2), nn.PReLU()])
        self.tail = make_tail(width, 3, spec.global_skip, kernel=9)
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enhance images."""
        features = self.head(degraded)
        enhanced: Enlarged = self.tail(self.upsampling(features + self.body(features)))
        return enhanced if self.skip is None else enhanced + self.skip(degraded)


class EsrganDenseBlock(nn.Module):
    """ESRGAN's dense block: five convolutions, residual scaling 0.2 (Wang et al., 2018, Fig. 4)."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        widths = [channels + index * growth for index in range(5)]
        outputs = [growth] * 4 + [channels]
        self.convs = nn.ModuleList(
            scale_weights(conv(width, out), 0.1) for width, out in zip(widths, outputs, strict=True)
        )

    def forward(self, features: Features) -> Features:
        """Add a fifth of the branch to its input."""
        state = features
        for layer in self.convs[:-1]:
            output = functional.leaky_relu(layer(state), 0.2)
            state = concatenate(state, output, training=self.training)
        return torch.add(features, self.convs[-1](state), alpha=0.2)


class EsrganBlock(nn.Module):
    """Residual in residual: three dense blocks and a sum scaled by 0.2."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(EsrganDenseBlock(channels, growth) for _ in range(3)))

    def forward(self, features: Features) -> Features:
        """Add a fifth of the branch to its input."""
        return torch.add(features, self.blocks(features), alpha=0.2)


class Esrgan(nn.Module):
    """ESRGAN's generator: RRDB trunk, nearest upsampling with a convolution per doubling."""

    def __init__(self, spec: EsrganModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        width = spec.channels
        self.head = conv(3, width)
        self.trunk = nn.Sequential(
            *(EsrganBlock(width, spec.growth) for _ in range(spec.num_blocks)), conv(width, width)
        )
        self.upsampling = nn.ModuleList(conv(width, width) for _ in range(scale.bit_length() - 1))
        self.tail = nn.Sequential(
            conv(width, width), nn.LeakyReLU(0.2), make_tail(width, 3, spec.global_skip)
        )
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enhance images."""
        features = self.head(degraded)
        features = features + self.trunk(features)
        for layer in self.upsampling:
            enlarged = functional.interpolate(features, scale_factor=2.0, mode="nearest")
            features = functional.leaky_relu(layer(enlarged), 0.2)
        enhanced: Enlarged = self.tail(features)
        return enhanced if self.skip is None else enhanced + self.skip(degraded)


class SftLayer(nn.Module):
    """Spatial feature transform: ``x * (scale + 1) + shift`` (Wang et al., CVPR 2018, eq. 4)."""

    def __init__(self, condition_channels: int, channels: int) -> None:
        super().__init__()
        self.scale_net = _two_pointwise(condition_channels, channels)
        self.shift_net = _two_pointwise(condition_channels, channels)

    def forward(self, features: Features, condition: Condition) -> Features:
        """Transform features under a condition."""
        return torch.addcmul(self.shift_net(condition), features, self.scale_net(condition) + 1.0)


class SftganBlock(nn.Module):
    """SFTGAN's residual block: a transform before each convolution."""

    def __init__(self, channels: int, condition_channels: int) -> None:
        super().__init__()
        self.transforms = nn.ModuleList(SftLayer(condition_channels, channels) for _ in range(2))
        self.first = conv(channels, channels)
        self.second = scale_weights(conv(channels, channels), 0.1)

    def forward(self, features: Features, condition: Condition) -> Features:
        """Add the branch to its input."""
        hidden = functional.relu(self.first(self.transforms[0](features, condition)))
        branch: Features = self.second(self.transforms[1](hidden, condition))
        return features + branch


class Sftgan(nn.Module):
    """SFTGAN's generator under a constant background map, since no segmentation is given.

    The map of class probabilities has the output's resolution; the condition network brings it to
    the input's by one strided convolution, as the authors' does.
    """

    def __init__(self, spec: SftganModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        width, condition = spec.channels, spec.condition_channels
        strided = nn.Conv2d(NUM_SEGMENTATION_CLASSES, 2 * condition, scale, stride=scale)
        self.condition = nn.Sequential(
            strided,
            nn.LeakyReLU(0.1),
            conv(2 * condition, 2 * condition, 1),
            nn.LeakyReLU(0.1),
            conv(2 * condition, condition, 1),
        )
        self.head = conv(3, width)
        self.blocks = nn.ModuleList(SftganBlock(width, condition) for _ in range(spec.num_blocks))
        self.last_transform = SftLayer(condition, width)
        self.body_tail = conv(width, width)
        self.upsampling = nn.Sequential()
        for stage in shuffle_stages(width, scale):
            self.upsampling.extend([stage, nn.PixelShuffle(2), nn.ReLU()])
        self.tail = nn.Sequential(
            conv(width, width), nn.ReLU(), make_tail(width, 3, spec.global_skip)
        )
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enhance images."""
        condition = self.condition(self._background(degraded))
        head = self.head(degraded)
        features = head
        for block in self.blocks:
            features = block(features, condition)
        features = self.body_tail(self.last_transform(features, condition))
        enhanced: Enlarged = self.tail(self.upsampling(head + features))
        return enhanced if self.skip is None else enhanced + self.skip(degraded)

    def _background(
        self, degraded: Images
    ) -> Float[Tensor, "batch classes height*{self.scale} width*{self.scale}"]:
        """Return a map with certainty on the first class, the background."""
        one = torch.ones_like(degraded[:, :1]).repeat_interleave(self.scale, dim=-1)
        one = one.repeat_interleave(self.scale, dim=-2)
        zeros = torch.zeros_like(one).expand(-1, NUM_SEGMENTATION_CLASSES - 1, -1, -1)
        return torch.cat((one, zeros), dim=1)


def _two_pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        conv(inputs, inputs, 1), nn.LeakyReLU(0.1), scale_weights(conv(inputs, outputs, 1), 0.1)
    )
