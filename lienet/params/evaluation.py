"""How models are exported, measured and shown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny

from lienet.params.base import Chroma, Name, Positive, Section, Task, is_unset
from lienet.plugins import Registry

FormatName = Literal[
    "onnx_fp16", "onnx_int8", "executorch", "executorch_int8", "litert", "coreml", "ncnn"
]
"""What a network can be converted to besides ONNX in float32, which is always written."""

FORMATS_SUFFIX = "-formats"
"""After a model's key, an item of evaluate: the formats that the model was converted to."""


class Export(Section):
    """ONNX with dynamic height and width, its parity with torch, and what it is converted to."""

    opset: Annotated[int, Field(ge=18, le=23)]
    parity_tolerance: Annotated[float, Field(gt=0.0)]
    parity_sizes_px: Annotated[tuple[tuple[Positive, Positive], ...], Field(min_length=1)]
    """Heights and widths of the inputs on which parity is checked; odd ones included."""
    formats: tuple[FormatName, ...]
    """Formats that each network is converted to as well (docs/formats.md)."""
    calibration_tiles: Positive
    """Validation tiles by which formats of whole numbers choose their ranges."""


class Protocol(Section):
    """One fully specified way to measure; names it stands under appear in every table."""

    task: Task
    scale: Literal[1, 2, 3, 4]
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] | None
    """Of the inputs, where the task has one for all; else null."""
    jpeg_chroma: Chroma | None
    colour: Literal["rgb", "luma", "matlab_luma"]
    """RGB; or BT.601 studio-range luma as MATLAB's rgb2ycbcr gives it, kept as a real number; or
    the same as super-resolution papers compare it, rounded to 8 bits, where the bicubic row is
    that of luma alone (:mod:`lienet.evaluation.matlab_luma`)."""
    border_px: Annotated[int, Field(ge=0)]
    """Cropped from every side before PSNR and SSIM."""
    side_px: Positive | None = Field(None, exclude_if=is_unset)
    """Measures the test images that were reduced to this shorter side, where the task has such;
    null those of the photographs' own size."""
    grey_images: tuple[str, ...] = Field((), exclude_if=is_unset)
    """Keys of test images whose published files are grey: ``matlab_luma`` compares them as they
    are, from 0 to 255. One that no test set holds is passed over."""


class Time(Section):
    """How exported networks and methods are timed, in turn."""

    input_height_px: Positive
    input_width_px: Positive
    num_runs: Positive
    """Of each, in rounds of five."""


class Method(Section):
    """A method that learns nothing, keyed as models are."""

    task: Task
    name: Name


class Bicubic(Method):
    """Bicubic upsampling: what super-resolution's gains are measured from."""

    method: Literal["bicubic"]


class Input(Method):
    """The input itself: what gains are measured from where an image keeps its size."""

    method: Literal["input"]


class Unsharp(Method):
    """scikit-image's unsharp mask, of the bicubic picture where a task enlarges."""

    method: Literal["unsharp"]
    radius_px: Annotated[float, Field(gt=0.0)]
    amount: Annotated[float, Field(gt=0.0)]


class Restoration(Method):
    """Classical restoration: non-local means, contrast stretch, saturation."""

    method: Literal["restoration"]
    denoise_strength: Annotated[float, Field(ge=0.0)]
    """Non-local means' h, in multiples of the estimated noise; 0 leaves the noise."""
    stretch_percentile: Annotated[float, Field(ge=0.0, lt=50.0)]
    """Each channel is stretched so that this share in percent is cut off at each end."""
    saturation: Annotated[float, Field(gt=0.0)]
    """The factor of chroma."""


MethodSpec = Annotated[Bicubic | Input | Unsharp | Restoration, Field(discriminator="method")]


class Metric(Section):
    """A number that says how an enhanced image compares with its reference; base of all metrics.

    A metric of one's own is a subclass that is registered in :data:`metrics`, named in
    ``evaluate.metrics``; its fields are what params may set.
    """

    title: ClassVar[str]
    """The head of its column."""
    decimals: ClassVar[int] = 2
    is_less_better: ClassVar[bool] = False
    is_ranked: ClassVar[bool] = True
    """Whether a better value is better; of sharpness, say, more can be noise."""
    needs_reference: ClassVar[bool] = True
    """Whether ``measure`` looks at the reference. A metric that does not is measured of real
    photographs as well, of which there is none, before and after."""
    tasks: tuple[Task, ...] | None = None
    """The tasks that it is measured for; null for all."""

    def require_tools(self) -> None:
        """Check that what it is measured with is there; called before anything is measured.

        Raises:
            ToolError: a package or a file is missing.
        """

    @abstractmethod
    def measure(self, reference: Any, enhanced: Any) -> float:
        """Compare two images of one size, numpy arrays of RGB uint8 ``h w 3``."""


metrics: Registry[type[Metric]] = Registry("metric", Metric, built_in="lienet.evaluation.measures")


def _choose_metrics(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    for name in ("psnr_db", "ssim"):
        if name in value:
            raise ValueError(f"{name} is measured under every protocol, and is not named here")
    return {
        name: metrics.get(name).model_validate({} if config is None else config)
        for name, config in value.items()
    }


Metrics = Annotated[dict[str, SerializeAsAny[Metric]], BeforeValidator(_choose_metrics)]


class Evaluate(Section):
    """How models are measured and compared."""

    protocols: Annotated[dict[Name, Protocol], Field(min_length=1)]
    methods: dict[str, MethodSpec]
    """Methods that learn nothing, measured beside the networks; keyed as models are."""
    metrics: Metrics
    """What is measured of whole images, besides the PSNR and SSIM of the protocols."""
    face_embedding: str | None
    """OpenCV's SFace as an ONNX file, by which identity is compared; null leaves it out."""
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)]
    """Of every interval, and what a lead needs after correction for many comparisons."""
    macs_output_height_px: Positive
    macs_output_width_px: Positive
    tile_px: Positive
    """Inputs with more than tile_px x tile_px pixels are enhanced in overlapping tiles."""
    keep_images_per_set: Annotated[int, Field(ge=0)]
    """Enhanced images kept for the figures, the first by key."""

    def metrics_of(self, task: str) -> dict[str, Metric]:
        """Return the metrics that are measured for a task, in their order."""
        return {
            name: metric
            for name, metric in self.metrics.items()
            if metric.tasks is None or task in metric.tasks
        }


class Report(Section):
    """Tables and figures."""

    figure_protocols: dict[Task, Name]
    """The protocol that each task's figures and first table are drawn under."""
    figure_crop_px: Positive
    max_figure_images: Positive
    compare: tuple[tuple[str, str], ...] = Field((), exclude_if=is_unset)
    """Pairs of models or methods by key, of which the first is compared with the second.

    Tables compare lienet with every other without being asked.
    """
