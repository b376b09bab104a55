"""The metrics that come with lienet, registered as a user's own would be.

Owns their names, titles and directions; the arithmetic is :mod:`lienet.evaluation.metrics`'s and
is imported only when something is measured.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from lienet.images import Pixels
from lienet.params.evaluation import Metric, metrics


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
