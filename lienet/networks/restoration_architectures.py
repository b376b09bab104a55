"""Params of the networks that others published for faces and old photographs.

As in ``architectures``, which registers lienet's own and the rivals in super-resolution, modules
are imported only when a network is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from lienet.params.base import GlobalSkip, Positive
from lienet.params.models import Model, architectures

if TYPE_CHECKING:
    from torch import nn

Weight = Annotated[float, Field(ge=0.0)]


@architectures.register("hifacegan")
class HifaceganModel(Model):
    """HiFaceGAN's generator: content-adaptive suppression, then replenishment by SPADE."""

    scales: ClassVar = (1,)

    channels: Positive
    """At full resolution; each halving doubles them."""
    num_halvings: Positive
    global_skip: GlobalSkip = "none"
    """The paper has none; another tells how much of a lead is the skip's."""

    def build(self) -> nn.Module:
        """Return the generator."""
        from lienet.networks.hifacegan import Hifacegan

        return Hifacegan(self)


@architectures.register("bopbl")
class BopblModel(Model):
    """Bringing Old Photos Back to Life: two autoencoders and a mapping between their latents."""

    scales: ClassVar = (1,)

    channels: Positive
    """Of the autoencoders at full resolution; four times as many at the latents'."""
    latent_channels: Positive
    mapping_channels: Positive
    reconstruction_weight: Weight
    """Of the absolute differences between what the autoencoders are given and give back."""
    kl_weight: Weight
    """Of the latents' divergence from normal ones, a mean over their values."""
    latent_weight: Weight
    """Of the absolute difference between mapped latents and those of the reference."""

    def build(self) -> nn.Module:
        """Return the network with both autoencoders."""
        from lienet.networks.bopbl import Bopbl

        return Bopbl(self)


@architectures.register("fsrnet")
class FsrnetModel(Model):
    """FSRNet: a coarse network, then features beside a prior of where a face's parts are."""

    scales: ClassVar = (1,)
    learns_landmarks: ClassVar = True

    channels: Positive
    """At full resolution."""
    feature_channels: Positive
    """Of the encoder and the prior network, at a quarter of the resolution."""
    num_encoder_blocks: Positive
    num_hourglasses: Positive
    hourglass_depth: Positive
    """Halvings in an hourglass; tiles of a large image are in phase with one."""
    coarse_weight: Weight
    """Of the coarse image's mean squared error."""
    prior_weight: Weight
    """Of the heat maps' mean squared error."""
    global_skip: GlobalSkip = "none"
    """The paper has none; another tells how much of a lead is the skip's."""

    def build(self) -> nn.Module:
        """Return the network."""
        from lienet.networks.fsrnet import Fsrnet

        return Fsrnet(self)
