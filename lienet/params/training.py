"""How networks are trained: one procedure, and what each task minimises."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lienet.params.base import Name, Positive, Section, Task, is_unset

VGG19_LAYERS = tuple(
    f"conv{block}_{number}"
    for block, num_convs in enumerate((2, 2, 4, 4, 4), start=1)
    for number in range(1, num_convs + 1)
)
"""VGG19's convolutions by name, from the first to the deepest."""


def _known_layer(name: str) -> str:
    if name not in VGG19_LAYERS:
        raise ValueError(f"VGG19's layers are {VGG19_LAYERS[0]} to {VGG19_LAYERS[-1]}")
    return name


Kept = Literal["last", "best"]
Vgg19Layer = Annotated[str, AfterValidator(_known_layer)]


class Perceptual(Section):
    """Distances between VGG19's features of both images (eq. 7)."""

    weight: Annotated[float, Field(gt=0.0)]
    layers: Annotated[dict[Vgg19Layer, Annotated[float, Field(gt=0.0)]], Field(min_length=1)]
    """The weight of each layer, by its name: conv1_1 to conv5_4, before the activation. How deep
    they lie is in docs/networks.md."""
    weights: str | None
    """VGG19's weights: a .npz of caffe form or torchvision's .pth; null takes torchvision's, which
    `lienet download vgg19` fetches and verifies (575 MB)."""


class Adversarial(Section):
    """A relativistic average GAN (eq. 8)."""

    weight: Annotated[float, Field(gt=0.0)]
    warm_up_steps: Annotated[int, Field(ge=0)]
    """Steps by pixel and SSIM loss alone, before discriminator and perceptual loss come in."""
    discriminator_channels: Positive
    """Width of the first convolution; VGG-style, doubled at each reduction up to eightfold."""
    spectral_norm: bool
    learning_rate: Annotated[float, Field(gt=0.0)]
    """The discriminator's; halved when the network's is."""
    collapse_after_points: Positive
    """Logged points at which the discriminator says the same of everything, before a run stops."""


class Objective(Section):
    """What is minimised: pixel loss (eq. 5), SSIM loss (eq. 6), and what enhancement adds."""

    pixel: Literal["mse", "l1"]
    """Eq. 5 is named MSE and printed as an absolute difference: both are offered."""
    pixel_weight: Annotated[float, Field(ge=0.0)]
    ssim_weight: Annotated[float, Field(ge=0.0)]
    perceptual: Perceptual | None
    adversarial: Adversarial | None


class Override(Section):
    """What one task does otherwise than ``train`` says; a key that is left out is not changed."""

    steps: Positive | None = None
    batch_size: Positive | None = None
    patch_px: Positive | None = None
    learning_rate: Annotated[float, Field(gt=0.0)] | None = None
    lr_halve_every_steps: Positive | None = None
    validate_every_steps: Positive | None = None
    keep: Kept | None = Field(None, exclude_if=is_unset)


class Train(Section):
    """One procedure for every model, so that only the networks differ."""

    steps: Positive
    batch_size: Positive
    """Patches of a step, of all devices together."""
    patch_px: Positive
    """Side of the degraded patch; the reference patch is ``scale`` times as large."""
    learning_rate: Annotated[float, Field(gt=0.0)]
    lr_halve_every_steps: Positive
    lr_halve_times: Annotated[int, Field(ge=0)]
    ema_decay: Annotated[float, Field(ge=0.0, lt=1.0)]
    keep: Kept = Field("last", exclude_if=lambda kept: kept == "last")
    """Which averaged weights a run ends with: the last, or those of the best validation."""
    grad_clip_norm: Annotated[float, Field(gt=0.0)] | None
    precision: Literal["auto", "fp32", "bf16"]
    """"auto" is the faster one, by a trial of a few steps where bf16 is native, else fp32."""
    accelerator: Literal["auto", "cpu", "cuda"]
    devices: Positive
    num_nodes: Positive
    num_threads: Annotated[int, Field(ge=0)]
    """Threads of a CPU run; 0 takes every core, 1 makes a resumed run bit-equal."""
    compile: bool
    """Compile the network with TorchInductor, which needs a C++ compiler on a processor."""
    store: Literal["memory", "stream"]
    """Decoded tiles in memory, that of the GPU if there is room, or for larger sets a webdataset
    stream that `num_workers` threads decode."""
    log_every_steps: Positive
    validate_every_steps: Positive
    checkpoint_every_steps: Positive
    max_valid_tiles: Positive
    objectives: Annotated[dict[Name, Objective], Field(min_length=1)]
    """By name; a model says which it minimises."""
    overrides: dict[Task, Override]
    """One for each task."""

    def for_task(self, task: Task) -> Train:
        """Return what holds for one task: this section with the task's overrides put in."""
        changes = self.overrides[task].model_dump(exclude_none=True)
        return Train.model_validate(self.model_dump() | changes)

    @model_validator(mode="after")
    def _patch_fits(self) -> Train:
        if self.patch_px % 8:
            raise ValueError(f"train.patch_px must be a multiple of 8, got {self.patch_px}")
        return self
