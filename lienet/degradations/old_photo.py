"""The degradation ``old_photo``: a print that fades, on textured paper, grainy, photographed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar

from lienet.degradations.old_photo_params import OldPhotoSteps
from lienet.params.degradations import Degradation, DegradedInput, Draw, degradations

if TYPE_CHECKING:
    from lienet.images import Pixels


@degradations.register("old_photo")
class OldPhotoDegradation(OldPhotoSteps, Degradation):
    """An old print, photographed with a mobile phone.

    Each tile ages by itself: few photographs give many looks.
    """

    purpose: ClassVar = "restores the colours and the texture of scans of old photographs"
    description: ClassVar = "the drawn look of an old photograph (synthesize.tasks.{task})"
    bytes_per_pixel: ClassVar = 1.7
    shows_real: ClassVar = True

    def make_input(self, pixels: Pixels, draw: Draw) -> DegradedInput:
        """Age a photograph; what was drawn is kept beside it as ``look``."""
        from lienet.degradations.ageing import degrade_old_photo
        from lienet.degradations.old_photo_look import draw_old_photo

        look = draw_old_photo(self, draw)
        return DegradedInput(degrade_old_photo(pixels, look, draw), {"look": asdict(look)})
