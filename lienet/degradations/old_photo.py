"""How a photograph grows old: a print that fades, on paper with a relief, grainy, photographed.

Owns the physical order of the steps: pigments pale and lose colour, the paper's relief shades them,
grain lies over all; then a phone's lens blurs the print and its file compresses it. A look holds
the drawn strength of each step, None for a step that is skipped; the identity of a step leaves
every byte as it is. Nothing here is drawn by order, worker or time.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lienet.degradations.paper_relief import ReliefKind, correlated_noise, shade_relief
from lienet.draws import keyed_generator
from lienet.errors import InputError
from lienet.images import Chroma, Pixels, encode_jpeg, encode_png
from lienet.params import OldPhotoDegradation

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_WHITE = 255.0
_PNG_COMPRESS_LEVEL = 3
_MAX_SEED = 2**63


@dataclass(frozen=True)
class FadingLook:
    """What has become of black and white, as shares of white; fields as in the params."""

    black_level: float
    white_level: float
    gains: tuple[float, float, float]
    """Of red, green and blue."""


@dataclass(frozen=True)
class TextureLook:
    """The relief of the paper."""

    kind: ReliefKind
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


def draw_old_photo(recipe: OldPhotoDegradation, *, seed: int, key: str) -> OldPhotoLook:
    """Draw the look of one sample; each step has a generator of its own, keyed by its name.

    Args:
        recipe: probability and range of each step; a value is as likely anywhere in its range.
        seed: the run's seed.
        key: the sample's key.
    """
    return _fill(recipe, _Drawn(recipe, seed, key))


def look_at_strength(recipe: OldPhotoDegradation, strength: float) -> OldPhotoLook:
    """Return the look at one point of every range: 0 is the mildest end, 1 the strongest.

    Low values are the strong end of white levels, gains, saturation and JPEG quality. Steps of
    probability 0 are skipped; the kinds of texture stand at equal steps in their order.

    Raises:
        InputError: the strength is not in [0, 1].
    """
    if not 0.0 <= strength <= 1.0:
        raise InputError("the strength of an old photograph's look is in [0, 1]", got=strength)
    return _fill(recipe, _AtStrength(recipe, strength))


def generator_of(seed: int, key: str) -> np.random.Generator:
    """Return the generator of a sample's relief and grain, for :func:`apply_look`."""
    return keyed_generator(seed, "old_photo", key, "fields")


def apply_look(pixels: Pixels, look: OldPhotoLook, generator: np.random.Generator) -> Pixels:
    """Let a photograph grow old, but for the file that it is recaptured in.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8.
        look: the strength of each step.
        generator: draws relief and grain; neither depends on whether the other is skipped.

    Returns:
        ``(h, w, 3)`` RGB uint8; with a look of identities, the very pixels.
    """
    texture_seed, grain_seed = (int(seed) for seed in generator.integers(_MAX_SEED, size=2))
    aged = change_colours(pixels.astype(np.float32), look.fading, look.saturation)
    if look.texture is not None:
        aged = add_texture(aged, look.texture, keyed_generator(texture_seed, "texture"))
    if look.grain is not None:
        aged = add_grain(aged, look.grain, keyed_generator(grain_seed, "grain"))
    if look.blur_sigma_px:
        aged = cv2.GaussianBlur(aged, (0, 0), look.blur_sigma_px, borderType=cv2.BORDER_REFLECT_101)
    np.rint(aged, out=aged)
    np.clip(aged, 0.0, _WHITE, out=aged)
    return aged.astype(np.uint8)


def degrade_old_photo(pixels: Pixels, look: OldPhotoLook, generator: np.random.Generator) -> bytes:
    """Let a photograph grow old; return the JPEG of its recapture, PNG where that is skipped."""
    aged = apply_look(pixels, look, generator)
    if look.jpeg is None:
        return encode_png(aged, compress_level=_PNG_COMPRESS_LEVEL)
    return encode_jpeg(aged, quality=look.jpeg.quality, chroma=look.jpeg.chroma)


def change_colours(pixels: Pixels, fading: FadingLook | None, saturation: float | None) -> Pixels:
    """Fade and change the saturation, which together are one affine map of colours.

    A channel c of gain g fades to ``b + (w g - b) c``, with black b and white w. Chroma is then
    multiplied about the faded greys, so that their cast stays: paper yellows under pale pigments.

    Args:
        pixels: ``(h, w, 3)`` float32, 0 to 255.
        fading: levels and gains, or None.
        saturation: the factor of chroma, or None.

    Returns:
        ``(h, w, 3)`` float32, not clipped.
    """
    factor = 1.0 if saturation is None else saturation
    black = 0.0 if fading is None else fading.black_level
    white = np.ones(3) if fading is None else fading.white_level * np.array(fading.gains)
    colours = factor * np.eye(3) + (1.0 - factor) * _LUMA[None].astype(np.float64)
    matrix = (white - black)[:, None] * colours
    if np.array_equal(matrix, np.eye(3)) and not black:
        return pixels
    affine = np.column_stack([matrix, np.full(3, black * _WHITE)]).astype(np.float32)
    changed: Pixels = cv2.transform(pixels, affine)
    return changed


def add_texture(pixels: Pixels, look: TextureLook, generator: np.random.Generator) -> Pixels:
    """Shade ``(h, w, 3)`` float32 by a relief, in proportion to the local brightness."""
    if not look.amplitude:
        return pixels
    shading = shade_relief(
        (pixels.shape[0], pixels.shape[1]),
        kind=look.kind,
        period_px=look.period_px,
        generator=generator,
    )
    light = 1.0 + np.float32(look.amplitude) * shading
    shaded: Pixels = pixels * light[..., None]
    return shaded


def add_grain(pixels: Pixels, look: GrainLook, generator: np.random.Generator) -> Pixels:
    """Add noise of ``sigma`` x 255 to ``(h, w, 3)`` float32, ``chroma_share`` of it coloured.

    A channel's noise is ``sqrt(1 - share)`` of what is common to all plus ``sqrt(share)`` of its
    own: its variance is the same for every share.
    """
    if not look.sigma:
        return pixels
    size_px = (pixels.shape[0], pixels.shape[1])
    strength = np.float32(_WHITE * look.sigma)
    grain = pixels
    for share, num_channels in ((1.0 - look.chroma_share, 1), (look.chroma_share, 3)):
        noise = (
            correlated_noise(
                size_px,
                sigma_px=look.correlation_px,
                generator=generator,
                num_channels=num_channels,
            )
            if share
            else None
        )
        if noise is not None:
            grain = grain + np.float32(strength * np.sqrt(share)) * noise
    return grain


class _Drawn:
    """Values drawn, each step's by its own generator."""

    def __init__(self, recipe: OldPhotoDegradation, seed: int, key: str) -> None:
        self._recipe, self._seed, self._key = recipe, seed, key
        self._generator = keyed_generator(seed)

    def begins(self, step: str) -> bool:
        """Begin a step; tell whether it takes place."""
        self._generator = keyed_generator(self._seed, "old_photo", self._key, step)
        probability: float = getattr(self._recipe, step).probability
        return bool(self._generator.random() < probability)

    def value(self, ends: tuple[float, float], *, falls: bool = False) -> float:
        return float(self._generator.uniform(*ends))

    def kind(self, kinds: tuple[ReliefKind, ...]) -> ReliefKind:
        return kinds[int(self._generator.integers(len(kinds)))]


class _AtStrength:
    """Values at one point of their ranges; ``falls`` where the low end is the strong one."""

    def __init__(self, recipe: OldPhotoDegradation, strength: float) -> None:
        self._recipe, self._strength = recipe, strength

    def begins(self, step: str) -> bool:
        """Tell whether a step ever takes place."""
        probability: float = getattr(self._recipe, step).probability
        return probability > 0.0

    def value(self, ends: tuple[float, float], *, falls: bool = False) -> float:
        mild, strong = ends[::-1] if falls else ends
        return mild + self._strength * (strong - mild)

    def kind(self, kinds: tuple[ReliefKind, ...]) -> ReliefKind:
        return kinds[round(self._strength * (len(kinds) - 1))]


def _fill(recipe: OldPhotoDegradation, chosen: _Drawn | _AtStrength) -> OldPhotoLook:
    """Choose every value of a look, in the order of the steps."""
    fading = saturation = texture = grain = blur = jpeg = None
    if chosen.begins("fading"):
        ranges = recipe.fading
        gains = (ranges.red_gain, ranges.green_gain, ranges.blue_gain)
        fading = FadingLook(
            black_level=chosen.value(ranges.black_level),
            white_level=chosen.value(ranges.white_level, falls=True),
            gains=(
                chosen.value(gains[0], falls=True),
                chosen.value(gains[1], falls=True),
                chosen.value(gains[2], falls=True),
            ),
        )
    if chosen.begins("saturation"):
        saturation = chosen.value(recipe.saturation.factor, falls=True)
    if chosen.begins("texture"):
        texture = TextureLook(
            kind=chosen.kind(recipe.texture.kinds),
            amplitude=chosen.value(recipe.texture.amplitude),
            period_px=chosen.value(recipe.texture.period_px),
        )
    if chosen.begins("grain"):
        grain = GrainLook(
            sigma=chosen.value(recipe.grain.sigma),
            correlation_px=chosen.value(recipe.grain.correlation_px),
            chroma_share=chosen.value(recipe.grain.chroma_share),
        )
    if chosen.begins("blur"):
        blur = chosen.value(recipe.blur.sigma_px)
    if chosen.begins("jpeg"):
        quality = round(chosen.value(recipe.jpeg.quality, falls=True))
        jpeg = JpegLook(quality, recipe.jpeg.chroma)
    return OldPhotoLook(fading, saturation, texture, grain, blur, jpeg)
