"""How models are exported, measured and shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lienet.params.base import Chroma, Name, Positive, Section, Task


class Export(Section):
    """ONNX with dynamic height and width, and its parity with torch."""

    opset: Annotated[int, Field(ge=18, le=23)]
    parity_tolerance: Annotated[float, Field(gt=0.0)]
    parity_sizes_px: Annotated[tuple[tuple[Positive, Positive], ...], Field(min_length=1)]
    """Heights and widths of the inputs on which parity is checked; odd ones included."""


class Protocol(Section):
    """One fully specified way to measure; names it stands under appear in every table."""

    task: Task
    scale: Literal[1, 2, 4]
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] | None
    """Of the inputs, where the task has one for all; else null."""
    jpeg_chroma: Chroma | None
    colour: Literal["rgb", "luma"]
    """RGB, or BT.601 studio-range luma as MATLAB's rgb2ycbcr gives it."""
    border_px: Annotated[int, Field(ge=0)]
    """Cropped from every side before PSNR and SSIM."""


class Latency(Section):
    """How the exported network is timed, on one thread."""

    input_height_px: Positive
    input_width_px: Positive
    num_runs: Positive


class Unsharp(Section):
    """scikit-image's unsharp mask."""

    task: Task
    name: Name
    method: Literal["unsharp"]
    radius_px: Annotated[float, Field(gt=0.0)]
    amount: Annotated[float, Field(gt=0.0)]


class Restoration(Section):
    """Classical restoration: non-local means, contrast stretch, saturation."""

    task: Task
    name: Name
    method: Literal["restoration"]
    denoise_strength: Annotated[float, Field(ge=0.0)]
    """Non-local means' h, in multiples of the estimated noise; 0 leaves the noise."""
    stretch_percentile: Annotated[float, Field(ge=0.0, lt=50.0)]
    """Each channel is stretched so that this share in percent is cut off at each end."""
    saturation: Annotated[float, Field(gt=0.0)]
    """The factor of chroma."""


Classic = Annotated[Unsharp | Restoration, Field(discriminator="method")]


class Evaluate(Section):
    """How models are measured and compared."""

    protocols: Annotated[dict[Name, Protocol], Field(min_length=1)]
    classics: dict[str, Classic]
    """Methods that learn nothing, measured beside the networks; keyed as models are."""
    vmaf: bool
    ciede2000_tasks: tuple[Task, ...]
    """Tasks whose colour error is measured too."""
    face_embedding: str | None
    """OpenCV's SFace as an ONNX file, by which identity is compared; null leaves it out."""
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

    figure_protocols: dict[Task, Name]
    """The protocol that each task's figures and first table are drawn under."""
    figure_crop_px: Positive
    max_figure_images: Positive
