"""The paper's super-resolution network (Fig. 2a); what the paper leaves open is a param.

The generator's blocks are the same in the enhancement network, which takes them from here.
"""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lienet.networks.architectures import LienetModel, PaperModel
from lienet.networks.blocks import (
    NEGATIVE_SLOPE,
    DenseModulationBlock,
    SelfFeatureExtraction,
    conv,
)
from lienet.networks.global_skip import make_skip, make_tail, shuffle_out
from lienet.networks.shapes import Enlarged, Features, Images


def generator_blocks(spec: PaperModel) -> nn.ModuleList:
    """Return the main generator's dense modulation blocks."""
    return nn.ModuleList(
        DenseModulationBlock(
            spec.channels,
            num_convs=spec.convs_per_block,
            modulate=spec.modulate,
            dense=spec.dense,
            fusion_kernel=spec.fusion_kernel,
            residual=spec.block_residual,
        )
        for _ in range(spec.num_blocks)
    )


class LienetSuperResolution(nn.Module):
    """Dense modulation blocks at low resolution, guided by the input's own features.

    Everything runs at low resolution; one convolution and a pixel-shuffle make the output
    (section 2.1). With ``global_skip`` the network learns what upsampling alone lacks.
    """

    def __init__(self, spec: LienetModel, scale: int) -> None:
        super().__init__()
        self.scale = scale
        is_modulated = spec.modulate != "none"
        self.self_features = (
            SelfFeatureExtraction(3, spec.channels) if is_modulated and spec.self_features else None
        )
        self.head = conv(3, spec.channels)
        self.blocks = generator_blocks(spec)
        self.tail = make_tail(spec.channels, 3 * scale * scale, spec.global_skip)
        self.condition = conv(3, spec.channels) if is_modulated and not spec.self_features else None
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enhance images."""
        source = self.condition if self.self_features is None else self.self_features
        condition = degraded if source is None else source(degraded)
        features = functional.leaky_relu(self.head(degraded), NEGATIVE_SLOPE)
        for block in self.blocks:
            features = block(features, condition)
        return shuffle_out(self.tail(features), self.skip, degraded, self.scale)

    @property
    def has_feature_map(self) -> bool:
        """Whether it modulates by features of its input."""
        return self.self_features is not None

    def extract_features(self, degraded: Images) -> Features:
        """Return the AI feature map of images."""
        assert self.self_features is not None
        features: Features = self.self_features(degraded)
        return features
