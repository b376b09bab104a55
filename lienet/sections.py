"""The sections of the params file: one typed, frozen model for each, every field described.

A section knows what is wrong within itself; what is wrong between sections is ``params``'s.
Units stand in the names.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Split = Literal["train", "valid", "test"]
Chroma = Literal["4:4:4", "4:2:2", "4:2:0"]
GlobalSkip = Literal["none", "bicubic"]
TASKS = ("sr",)


class Section(BaseModel):
    """A frozen group of params in which every key is required and no other is allowed."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class SampleSource(Section):
    """The colour photographs that ship inside scikit-image and scikit-learn."""

    kind: Literal["sample"]
    split: Split | Literal["auto"]
    """"auto" draws each image's split by its key, with the shares in ``synthesize.split``."""


class FolderSource(Section):
    """A local folder or an fsspec URL of photographs."""

    kind: Literal["folder"]
    path: str
    """A folder or an fsspec URL; relative paths start at the workspace."""
    split: Split | Literal["auto"]
    licence: str
    author: str


Source = Annotated[SampleSource | FolderSource, Field(discriminator="kind")]


class Download(Section):
    """Where photographs come from."""

    max_pixels: Positive
    """Images of more pixels are refused unread, as decompression bombs."""
    min_side_px: Positive
    """Images with a shorter side are refused as too small to learn from."""
    sources: Annotated[dict[Name, Source], Field(min_length=1)]


class FaceDetection(Section):
    """Faces, by YuNet; by OpenCV's cascades where its model file is not to be had."""

    model: str | None
    """The YuNet ONNX file; null takes LIENET_FACE_MODEL, the cache, or one verified download."""
    min_score: Annotated[float, Field(gt=0.0, lt=1.0)]
    pass_sides_px: Annotated[tuple[Positive, ...], Field(min_length=1)]
    """The longest side of each pass: large faces are seen in small passes."""


class TextDetection(Section):
    """Legible text, by a DB-style detector in ONNX Runtime."""

    model: str | None
    """The detector's ONNX file; null takes LIENET_TEXT_MODEL, else text is not looked for."""
    min_score: Annotated[float, Field(gt=0.0, lt=1.0)]
    max_side_px: Positive
    """Larger images are shrunk to this longest side for the detector; none is enlarged."""
    min_height_px: Positive
    """Boxes lower than this, at the detector's size, are texture rather than legible text."""


class Filter(Section):
    """What personal information keeps an image out."""

    face: FaceDetection
    text: TextDetection
    exempt_sources: tuple[Name, ...]
    """Published test sets, kept whole so that numbers stay comparable; never trained on."""


class SplitShares(Section):
    """How sources with split "auto" are shared out, by image."""

    valid_share: Share
    test_share: Share


class SrDegradation(Section):
    """Super-resolution with compression removal: bicubic downsampling, then JPEG."""

    scales: Annotated[tuple[Literal[2, 4], ...], Field(min_length=1)]
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]
    jpeg_chroma: Chroma
    tile_px: Positive
    """Side of a training or validation tile of the reference; test images stay whole."""
    tile_stride_px: Positive
    flat_std_min: Annotated[float, Field(ge=0.0, lt=128.0)]
    """Training tiles whose luma deviates less than this (0 to 255 scale) are dropped."""


class SynthesizeTasks(Section):
    """One degradation for each task."""

    sr: SrDegradation


class Synthesize(Section):
    """How degraded and reference pairs are made and sharded."""

    split: SplitShares
    shard_max_mb: Positive
    tasks: SynthesizeTasks


class _Model(Section):
    task: Literal["sr"]
    name: Name
    scale: Literal[2, 4]
    channels: Positive


class BicubicModel(Section):
    """Bicubic upsampling: no parameters, and the row that gains are measured from."""

    task: Literal["sr"]
    name: Name
    architecture: Literal["bicubic"]
    scale: Literal[2, 4]


class LienetModel(_Model):
    """The paper's network; what it leaves open is a choice here."""

    architecture: Literal["lienet"]
    num_blocks: Positive
    convs_per_block: Positive
    modulate: Literal["concatenation", "output", "none"]
    """What is modulated: every concatenation, each convolution's output, or nothing."""
    dense: bool
    """Concatenate within a block (the paper), or add (a residual block)."""
    fusion_kernel: Literal[1, 3]
    block_residual: bool
    global_skip: GlobalSkip


class SrganModel(_Model):
    """SRGAN's generator; without batch normalisation it is the strong row ``srresnet``."""

    architecture: Literal["srgan"]
    num_blocks: Positive
    batch_norm: bool
    global_skip: GlobalSkip
    """The paper has none; ``bicubic`` tells how much of a lead is the skip's."""


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
    BicubicModel | LienetModel | SrganModel | EsrganModel | SftganModel,
    Field(discriminator="architecture"),
]


class SrObjective(Section):
    """Pixel loss (eq. 5) and SSIM loss (eq. 6)."""

    pixel: Literal["mse", "l1"]
    """Eq. 5 is named MSE and printed as an absolute difference: both are offered."""
    pixel_weight: Annotated[float, Field(ge=0.0)]
    ssim_weight: Annotated[float, Field(ge=0.0)]


class Objectives(Section):
    """One objective for each task."""

    sr: SrObjective


class Train(Section):
    """One procedure for every model, so that only the networks differ."""

    steps: Positive
    batch_size: Positive
    patch_px: Positive
    """Side of the degraded patch; the reference patch is ``scale`` times as large."""
    learning_rate: Annotated[float, Field(gt=0.0)]
    lr_halve_every_steps: Positive
    lr_halve_times: Annotated[int, Field(ge=0)]
    ema_decay: Annotated[float, Field(ge=0.0, lt=1.0)]
    grad_clip_norm: Annotated[float, Field(gt=0.0)] | None
    precision: Literal["auto", "fp32", "bf16"]
    """"auto" is bf16 where the processor or GPU multiplies it natively, else fp32."""
    accelerator: Literal["auto", "cpu", "cuda"]
    devices: Positive
    num_nodes: Positive
    num_threads: Annotated[int, Field(ge=0)]
    """Threads of a CPU run; 0 takes every core, 1 makes a resumed run bit-equal."""
    compile: bool
    """Compile the step with TorchInductor (CUDA graphs on a GPU)."""
    store: Literal["memory", "stream"]
    """Decoded tiles in memory, or a webdataset stream for sets larger than memory."""
    log_every_steps: Positive
    validate_every_steps: Positive
    checkpoint_every_steps: Positive
    max_valid_tiles: Positive
    objectives: Objectives

    @model_validator(mode="after")
    def _patch_fits(self) -> Train:
        if self.patch_px % 8:
            raise ValueError(f"train.patch_px must be a multiple of 8, got {self.patch_px}")
        return self


class Export(Section):
    """ONNX with dynamic height and width, and its parity with torch."""

    opset: Annotated[int, Field(ge=18, le=23)]
    parity_tolerance: Annotated[float, Field(gt=0.0)]
    parity_sizes_px: Annotated[tuple[tuple[Positive, Positive], ...], Field(min_length=1)]
    """Heights and widths of the inputs on which parity is checked; odd ones included."""


class Protocol(Section):
    """One fully specified way to measure; names it stands under appear in every table."""

    task: Literal["sr"]
    scale: Literal[2, 4]
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]
    jpeg_chroma: Chroma
    colour: Literal["rgb", "luma"]
    """RGB, or BT.601 studio-range luma as MATLAB's rgb2ycbcr gives it."""
    border_px: Annotated[int, Field(ge=0)]
    """Cropped from every side before PSNR and SSIM."""


class Latency(Section):
    """How the exported network is timed, on one thread."""

    input_height_px: Positive
    input_width_px: Positive
    num_runs: Positive


class Evaluate(Section):
    """How models are measured and compared."""

    protocols: Annotated[dict[Name, Protocol], Field(min_length=1)]
    vmaf: bool
    bootstrap_resamples: Positive
    bootstrap_confidence: Annotated[float, Field(gt=0.5, lt=1.0)]
    macs_output_height_px: Positive
    macs_output_width_px: Positive
    latency: Latency
    tile_px: Positive
    """Inputs with more than tile_px x tile_px pixels are enhanced in overlapping tiles."""
    keep_images_per_set: Annotated[int, Field(ge=0)]
    """Enhanced images kept for the figures, the first by key."""


class Report(Section):
    """Tables and figures."""

    figure_protocol: Name
    """The protocol that Figures 6 and 7 are drawn under."""
    figure_crop_px: Positive
    max_figure_images: Positive
