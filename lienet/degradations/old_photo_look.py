"""The look of one old photograph: how strong each step of ageing is, drawn by the sample's key."""

from __future__ import annotations

from dataclasses import dataclass

from lienet.degradations.old_photo_params import OldPhotoSteps, TextureKind
from lienet.images import Chroma
from lienet.params.degradations import Draw


@dataclass(frozen=True)
class FadingLook:
    """What has become of black and white, as shares of white; fields as in the params."""

    black_level: float
    white_level: float
    gains: tuple[float, float, float]
    """Of red, green and blue."""


@dataclass(frozen=True)
class TextureLook:
    """The surface of the paper."""

    kind: TextureKind
    amplitude: float
    period_px: float


@dataclass(frozen=True)
class GrainLook:
    """The grain of film and print."""

    sigma: float
    correlation_px: float
    chroma_share: float


@dataclass(frozen=True)
class JpegLook:
    """The file of the recapture."""

    quality: int
    chroma: Chroma


@dataclass(frozen=True)
class OldPhotoLook:
    """The strength of every step, in their physical order; None where one is skipped."""

    fading: FadingLook | None = None
    saturation: float | None = None
    texture: TextureLook | None = None
    grain: GrainLook | None = None
    blur_sigma_px: float | None = None
    jpeg: JpegLook | None = None


def draw_old_photo(steps: OldPhotoSteps, draw: Draw) -> OldPhotoLook:
    """Draw the look of one sample; each step has a generator of its own, made by its name."""
    chosen = _Drawn(steps, draw)
    fading = saturation = texture = grain = blur = jpeg = None
    if chosen.begins("fading"):
        ranges = steps.fading
        fading = FadingLook(
            black_level=chosen.value(ranges.black_level),
            white_level=chosen.value(ranges.white_level),
            gains=(
                chosen.value(ranges.red_gain),
                chosen.value(ranges.green_gain),
                chosen.value(ranges.blue_gain),
            ),
        )
    if chosen.begins("saturation"):
        saturation = chosen.value(steps.saturation.factor)
    if chosen.begins("texture"):
        texture = TextureLook(
            kind=chosen.kind(steps.texture.kinds),
            amplitude=chosen.value(steps.texture.amplitude),
            period_px=chosen.value(steps.texture.period_px),
        )
    if chosen.begins("grain"):
        grain = GrainLook(
            sigma=chosen.value(steps.grain.sigma),
            correlation_px=chosen.value(steps.grain.correlation_px),
            chroma_share=chosen.value(steps.grain.chroma_share),
        )
    if chosen.begins("blur"):
        blur = chosen.value(steps.blur.sigma_px)
    if chosen.begins("jpeg"):
        quality = round(chosen.value(steps.jpeg.quality))
        jpeg = JpegLook(quality, steps.jpeg.chroma)
    return OldPhotoLook(fading, saturation, texture, grain, blur, jpeg)


class _Drawn:
    """Values drawn, each step's by its own generator."""

    def __init__(self, steps: OldPhotoSteps, draw: Draw) -> None:
        self._steps, self._draw = steps, draw
        self._generator = draw()

    def begins(self, step: str) -> bool:
        """Begin a step; tell whether it takes place."""
        self._generator = self._draw(step)
        probability: float = getattr(self._steps, step).probability
        return bool(self._generator.random() < probability)

    def value(self, ends: tuple[float, float]) -> float:
        return float(self._generator.uniform(*ends))

    def kind(self, kinds: tuple[TextureKind, ...]) -> TextureKind:
        return kinds[int(self._generator.integers(len(kinds)))]
