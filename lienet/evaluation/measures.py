"""The metrics that come with lienet, registered as a user's own would be.

Owns their names, titles and directions; the arithmetic is :mod:`lienet.evaluation.metrics`'s and
is imported only when something is measured.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

from pydantic import Field

from lienet.images import Pixels
from lienet.params.evaluation import Metric, metrics

if TYPE_CHECKING:
    from lienet.evaluation.optional.niqe import CleanModel


class Batch(Protocol):
    """Collects pairs of images, and measures them whenever it likes until it is finished."""

    def add(self, key: Any, reference: Pixels, distorted: Pixels) -> None:
        """Take in one pair, RGB uint8 ``h w 3``."""

    def finish(self) -> Mapping[Any, float]:
        """Return the score of every pair by its key."""
        ...


class PairMetric(Metric):
    """A metric that a protocol measures, in its own colours and crop; params do not name it."""


class BatchMetric(Metric):
    """A metric that measures many images in one go."""

    @abstractmethod
    def open_batch(self) -> Batch:
        """Return a batch that takes pairs and gives their scores at its end."""

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Measure a batch of one."""
        batch = self.open_batch()
        batch.add(None, reference, enhanced)
        return batch.finish()[None]


@metrics.register("psnr_db")
class Psnr(PairMetric):
    """Peak signal-to-noise ratio."""

    title: ClassVar = "PSNR dB"
    decimals: ClassVar = 2

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return the ratio in dB of whole images in RGB."""
        from lienet.evaluation.metrics import measure_psnr

        return measure_psnr(reference, enhanced)


@metrics.register("ssim")
class Ssim(PairMetric):
    """Structural similarity."""

    title: ClassVar = "SSIM"
    decimals: ClassVar = 4

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return the similarity of whole images in RGB, at most 1."""
        from lienet.evaluation.metrics import measure_ssim

        return measure_ssim(reference, enhanced)


@metrics.register("vmaf")
class Vmaf(BatchMetric):
    """VMAF by ffmpeg's libvmaf."""

    title: ClassVar = "VMAF"

    def open_batch(self) -> Batch:
        """Return a batch that goes through ffmpeg, images of one size in one process."""
        from lienet.evaluation.vmaf import VmafBatch

        return VmafBatch()


@metrics.register("ciede2000")
class Ciede2000(Metric):
    """The colour error CIEDE2000, mean over pixels."""

    title: ClassVar = "CIEDE2000"
    is_less_better: ClassVar = True

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return the mean over pixels; 0 is equal, about 1 just visible."""
        from lienet.evaluation.metrics import measure_ciede2000

        return measure_ciede2000(reference, enhanced)


@metrics.register("sharpness")
class Sharpness(Metric):
    """Root mean square gradient over the reference's; noise and ringing are sharp as well."""

    title: ClassVar = "sharpness (reference 1)"
    is_ranked: ClassVar = False

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return the ratio; 1 is as sharp as the reference."""
        from lienet.evaluation.metrics import measure_relative_sharpness

        return measure_relative_sharpness(reference, enhanced)


@metrics.register("ssimulacra2")
class Ssimulacra2(Metric):
    """SSIMULACRA2, in the reference implementation's own steps of 0 to 100."""

    title: ClassVar = "SSIMULACRA2"

    def require_tools(self) -> None:
        """Check that its package is installed."""
        from lienet.evaluation.optional.packages import require_package

        require_package("ssimulacra2")

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return the score, 100 for equal images; bad ones go below 0."""
        from lienet.evaluation.optional.ssimulacra2 import measure_ssimulacra2

        return measure_ssimulacra2(reference, enhanced)


@metrics.register("flip")
class Flip(Metric):
    """LDR-FLIP, the mean over pixels."""

    title: ClassVar = "FLIP"
    decimals: ClassVar = 4
    is_less_better: ClassVar = True

    pixels_per_degree: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 67.0206
    """Of visual angle. By itself the authors' own: 3840 px over 0.7 m, seen from 0.7 m."""

    def require_tools(self) -> None:
        """Check that its package is installed."""
        from lienet.evaluation.optional.packages import require_package

        require_package("flip")

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return the mean error, from 0 (equal) to 1."""
        from lienet.evaluation.optional.flip import measure_flip

        return measure_flip(reference, enhanced, pixels_per_degree=self.pixels_per_degree)


@metrics.register("niqe")
class Niqe(Metric):
    """NIQE by a model of lienet's own photographs; it looks at no reference."""

    title: ClassVar = "NIQE, own model"
    is_less_better: ClassVar = True
    needs_reference: ClassVar = False

    model: str | None = None
    """A file of ``docs/measurements/niqe_model.py``, from the folder of params; null for the one
    that ships. DVC tracks its name alone: give another model another name."""

    def require_tools(self) -> None:
        """Check that its model can be read."""
        self._load()

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return the distance of the enhanced image from clean photographs, from 0."""
        return self._load().measure(enhanced)

    def _load(self) -> CleanModel:
        from lienet.evaluation.optional.niqe import load_clean_model

        return load_clean_model(None if self.model is None else Path(self.model).expanduser())


@metrics.register("lpips")
class Lpips(Metric):
    """LPIPS 0.1, by AlexNet or VGG16."""

    title: ClassVar = "LPIPS"
    decimals: ClassVar = 4
    is_less_better: ClassVar = True

    trunk: str
    """The classifier's file as torchvision publishes it, from the folder of params; DVC tracks its
    name alone."""
    network: Literal["alexnet", "vgg16"] = "alexnet"
    """Which classifier it is."""

    def require_tools(self) -> None:
        """Check that the file holds the classifier."""
        from lienet.evaluation.optional.trunks import load_trunk

        load_trunk(self.network, Path(self.trunk), metric="lpips")

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return the distance, from 0 (equal)."""
        from lienet.evaluation.optional.lpips import measure_lpips

        return measure_lpips(reference, enhanced, trunk=Path(self.trunk), network=self.network)


@metrics.register("dists")
class Dists(Metric):
    """DISTS, by VGG16."""

    title: ClassVar = "DISTS"
    decimals: ClassVar = 4
    is_less_better: ClassVar = True

    trunk: str
    """VGG16's file as torchvision publishes it, from the folder of params; DVC tracks its name
    alone."""

    def require_tools(self) -> None:
        """Check that the file holds the classifier."""
        from lienet.evaluation.optional.trunks import load_trunk

        load_trunk("vgg16", Path(self.trunk), metric="dists")

    def measure(self, reference: Pixels, enhanced: Pixels) -> float:
        """Return one less the similarity, from 0 (equal)."""
        from lienet.evaluation.optional.dists import measure_dists

        return measure_dists(reference, enhanced, trunk=Path(self.trunk))
