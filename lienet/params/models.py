"""The networks: an entry for each model, its architecture saying which keys it has."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lienet.params.base import GlobalSkip, Name, Positive, Section, Task


class _Model(Section):
    task: Task
    name: Name
    scale: Literal[1, 2, 4]
    """1 for the tasks that keep an image's size."""
    channels: Positive
    objective: Name
    """The entry of ``train.objectives`` that it minimises."""


class _PaperModel(_Model):
    """What the paper's networks have in common; what it leaves open is a choice here."""

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


class LienetModel(_PaperModel):
    """The paper's network for super-resolution (Fig. 2a)."""

    architecture: Literal["lienet"]


class EnhancementModel(_PaperModel):
    """The paper's network for images that keep their size (Fig. 2b)."""

    architecture: Literal["lienet_enhancement"]
    fold: Literal[2, 4]
    """The generator works at this fraction of the input's sides: space-to-depth by 2, repeated."""
    spade: bool
    """Guide the generator by the features of each resolution before downsampling (eq. 2)."""


class SrganModel(_Model):
    """SRGAN's generator; without batch normalisation it is the strong row ``srresnet``."""

    architecture: Literal["srgan"]
    num_blocks: Positive
    batch_norm: bool
    global_skip: GlobalSkip
    """The paper has none; another tells how much of a lead is the skip's."""


class EsrganModel(_Model):
    """ESRGAN's generator of residual-in-residual dense blocks."""

    architecture: Literal["esrgan"]
    num_blocks: Positive
    growth: Positive


class SftganModel(_Model):
    """SFTGAN's generator, conditioned on a constant background map."""

    architecture: Literal["sftgan"]
    num_blocks: Positive
    condition_channels: Positive


Model = Annotated[
    LienetModel | EnhancementModel | SrganModel | EsrganModel | SftganModel,
    Field(discriminator="architecture"),
]
