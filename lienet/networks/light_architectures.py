"""Params of light networks that others published for super-resolution.

As in ``architectures``, modules are imported only when a network is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lienet.params.base import ENLARGEMENTS, GlobalSkip, Positive
from lienet.params.models import Model, architectures

if TYPE_CHECKING:
    from torch import nn


class LightModel(Model):
    """What light networks have in common."""

    scales: ClassVar = ENLARGEMENTS

    channels: Positive
    global_skip: GlobalSkip = "none"
    """Their papers have none but VDSR's and ECBSR's; another tells what the skip is worth."""


@architectures.register("vdsr")
class VdsrModel(Model):
    """VDSR, which corrects the bicubic picture at full resolution."""

    scales: ClassVar = ENLARGEMENTS

    channels: Positive
    num_layers: Positive
    """Convolutions, first and last included; the paper has 20."""

    def build(self) -> nn.Module:
        """Return the network."""
        from lienet.networks.vdsr import Vdsr

        return Vdsr(self, self.scale)


@architectures.register("espcn")
class EspcnModel(LightModel):
    """ESPCN, the first network that ends in a pixel-shuffle."""

    channels_2: Positive
    """Of the second layer; the paper has 64 and 32."""

    def build(self) -> nn.Module:
        """Return the network."""
        from lienet.networks.espcn import Espcn

        return Espcn(self, self.scale)


@architectures.register("ecbsr")
class EcbsrModel(LightModel):
    """ECBSR: convolutions of several branches in training, single ones afterwards."""

    num_blocks: Positive
    expansion: Positive = 2
    """How many times as many channels the branch has that expands and squeezes."""

    def build(self) -> nn.Module:
        """Return the network in the form that is trained."""
        from lienet.networks.ecbsr import Ecbsr

        return Ecbsr(self, self.scale)


@architectures.register("span")
class SpanModel(LightModel):
    """SPAN: six blocks with attention that has no parameters."""

    def build(self) -> nn.Module:
        """Return the network."""
        from lienet.networks.span import Span

        return Span(self, self.scale)


@architectures.register("rlfn")
class RlfnModel(LightModel):
    """RLFN: residual local feature blocks with spatial attention."""

    num_blocks: Positive
    attention_channels: Positive = 16

    def build(self) -> nn.Module:
        """Return the network."""
        from lienet.networks.rlfn import Rlfn

        return Rlfn(self, self.scale)
