"""The architectures that come with lienet, registered as a user's own would be.

Owns the params of each; the modules are in this package's other files and are imported only when a
network is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from lienet.networks import (  # noqa: F401  # each registers its own
    light_architectures,
    restoration_architectures,
)
from lienet.params.base import ENLARGEMENTS, GlobalSkip, Positive
from lienet.params.models import Model, architectures

if TYPE_CHECKING:
    from torch import nn

SPADE_EPSILON = 1e-5
"""As in batch normalisation; what is not said of a network is this."""


class PaperModel(Model):
    """What the paper's networks have in common; what it leaves open is a choice here."""

    is_of_paper: ClassVar = True

    channels: Positive
    num_blocks: Positive
    convs_per_block: Positive
    modulate: Literal["concatenation", "output", "none"]
    """What is modulated: every concatenation, each convolution's output, or nothing."""
    self_features: bool
    """Modulate by features of the input; otherwise by one convolution of it."""
    dense: bool
    """Concatenate within a block (the paper), or add (a residual block)."""
    fusion_kernel: Literal[1, 3]
    block_residual: bool
    global_skip: GlobalSkip


@architectures.register("lienet")
class LienetModel(PaperModel):
    """The paper's network for super-resolution (Fig. 2a)."""

    scales: ClassVar = ENLARGEMENTS

    def build(self) -> nn.Module:
        """Return the network."""
        from lienet.networks.super_resolution import LienetSuperResolution

        return LienetSuperResolution(self, self.scale)


@architectures.register("lienet_enhancement")
class EnhancementModel(PaperModel):
    """The paper's network for images that keep their size (Fig. 2b)."""

    scales: ClassVar = (1,)

    fold: Literal[2, 4]
    """The generator works at this fraction of the input's sides: space-to-depth by 2, repeated."""
    spade: bool
    """Guide the generator by the features of each resolution before downsampling (eq. 2)."""
    spade_statistics: Literal["image", "training"] = "image"
    """What they are normalised by: mean and variance of each image, or of all batches of training.

    Training sees patches. Where an image is much larger, its own are not like those of a patch."""
    spade_epsilon: Annotated[float, Field(gt=0.0)] = Field(
        SPADE_EPSILON, exclude_if=lambda epsilon: epsilon == SPADE_EPSILON
    )
    """Added to each variance. Where it is small beside the variances of features, a channel that is
    nearly flat is amplified a hundredfold."""

    def build(self) -> nn.Module:
        """Return the network."""
        from lienet.networks.enhancement import LienetEnhancement

        return LienetEnhancement(self)


@architectures.register("plain")
class PlainModel(Model):
    """Residual blocks at low resolution: what a light network has to beat at its own cost."""

    channels: Positive
    num_blocks: Positive
    global_skip: GlobalSkip
    fold: Literal[1, 2, 4] = 1
    """At scale 1 it works at this fraction of the input's sides, after space-to-depth."""

    @model_validator(mode="after")
    def _folds_at_scale_1(self) -> PlainModel:
        if self.fold > 1 and self.scale > 1:
            raise ValueError(f"fold is for scale 1, got fold {self.fold} at scale {self.scale}")
        return self

    def build(self) -> nn.Module:
        """Return the network."""
        from lienet.networks.plain import Plain

        return Plain(self, self.scale)


@architectures.register("srgan")
class SrganModel(Model):
    """SRGAN's generator; without batch normalisation it is the strong row ``srresnet``."""

    channels: Positive
    num_blocks: Positive
    batch_norm: bool
    global_skip: GlobalSkip
    """The paper has none; another tells how much of a lead is the skip's."""

    def build(self) -> nn.Module:
        """Return the generator."""
        from lienet.networks.rivals import Srgan

        return Srgan(self, self.scale)


@architectures.register("esrgan")
class EsrganModel(Model):
    """ESRGAN's generator of residual-in-residual dense blocks."""

    scales: ClassVar = ENLARGEMENTS

    channels: Positive
    num_blocks: Positive
    growth: Positive
    global_skip: GlobalSkip = "none"
    """The paper has none; another tells how much of a lead is the skip's."""

    def build(self) -> nn.Module:
        """Return the generator."""
        from lienet.networks.rivals import Esrgan

        return Esrgan(self, self.scale)


@architectures.register("sftgan")
class SftganModel(Model):
    """SFTGAN's generator, conditioned on a constant background map."""

    scales: ClassVar = ENLARGEMENTS

    channels: Positive
    num_blocks: Positive
    condition_channels: Positive
    global_skip: GlobalSkip = "none"
    """The paper has none; another tells how much of a lead is the skip's."""

    def build(self) -> nn.Module:
        """Return the generator."""
        from lienet.networks.rivals import Sftgan

        return Sftgan(self, self.scale)
