"""Photographs with a face, a line of text or a badge set in: what a filter ought to find.

Owns how the subject is sized, turned, toned and set in with a soft edge. All of it follows from a
seed. Photographs come as pixels, and none is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lienet.images import Pixels, decode_image, encode_jpeg

FACE_SHARE = 0.65
"""The side of a square as large as the face in a portrait of FFHQ, as a share of the portrait's."""
_FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono")
_CAPITAL_SHARE = 0.73
"""The height of a capital in the size of these fonts."""
_NAMES = ("Anna Petrova", "J. Okonkwo", "MARTIN LEE", "Dr. Sofia Rossi", "K. TANAKA", "Peter Hall")
_WORDS = ("Tel. 0151 4472", "Maple Street 12", "B-KL 2093", "ROOM 417", "open until six", "HARBOUR")
_ROLES = ("Visitor", "Sales", "Engineering", "Guest", "Staff", "Press")
_SUPERSAMPLED = 4


@dataclass(frozen=True)
class Scene:
    """A photograph and what was set into it."""

    pixels: Pixels
    """RGB uint8 HWC, as it comes out of a JPEG file of quality 90."""
    place: tuple[float, float, float, float]
    """Left, top, right and bottom of the subject, in pixels."""


def fit(pixels: Pixels, side_px: int) -> Pixels:
    """Return a photograph with this longest side."""
    factor = side_px / max(pixels.shape[:2])
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(pixels, size, interpolation=how)


def set_face(
    background: Pixels,
    portrait: Pixels,
    face_px: float,
    draws: np.random.Generator,
    *,
    contrast: float = 1.0,
    quarter_turns: int = 0,
) -> Scene:
    """Set the head of an aligned, square portrait somewhere into a photograph.

    Args:
        background: the photograph.
        portrait: RGB uint8, aligned as FFHQ's.
        face_px: the side of a square as large as the face, without hair and neck.
        draws: where.
        contrast: a factor about the portrait's own mean.
        quarter_turns: counterclockwise.
    """
    side_px = max(4, round(face_px / FACE_SHARE))
    how = cv2.INTER_AREA if side_px < portrait.shape[0] else cv2.INTER_CUBIC
    head = cv2.resize(portrait, (side_px, side_px), interpolation=how).astype(np.float32)
    head = (head - head.mean()) * contrast + head.mean()
    across = (np.arange(side_px) + 0.5) / side_px * 2 - 1
    radius = np.hypot(across[None] / 0.86, across[:, None] / 0.98)
    cover = ((1 - radius) / 0.2).clip(0, 1).astype(np.float32)
    head, cover = np.rot90(head, quarter_turns), np.rot90(cover, quarter_turns)
    return _set_in(background, head, cover, draws, inner_share=FACE_SHARE)


def set_line(
    background: Pixels,
    capital_px: float,
    draws: np.random.Generator,
    *,
    contrast: float,
    turned_degrees: float = 0.0,
) -> Scene:
    """Write a line into a photograph, without a plate behind it.

    Args:
        background: the photograph.
        capital_px: the height of its capitals.
        draws: which line, in which font, where, darker or lighter than what is behind.
        contrast: the difference to the mean of what is behind, in grey levels.
        turned_degrees: counterclockwise.
    """
    words = _NAMES + _WORDS
    ink = _write(words[draws.integers(len(words))], capital_px, draws)
    cover = _turn(ink, turned_degrees)
    top, left = _place(background, cover, draws)
    behind = background[top : top + cover.shape[0], left : left + cover.shape[1]].mean()
    signed = contrast if behind < 128 else -contrast
    tone = np.full((*cover.shape, 3), np.clip(behind + signed, 0, 255), np.float32)
    return _set_in(background, tone, cover, draws, at=(top, left))


def set_badge(background: Pixels, capital_px: float, draws: np.random.Generator) -> Scene:
    """Set a name tag into a photograph: a light card, a name, below it a role, slightly turned.

    Args:
        background: the photograph.
        capital_px: the height of the name's capitals.
        draws: what it says, in which colours, where, and how it is turned.
    """
    name = _write(_NAMES[draws.integers(len(_NAMES))], capital_px, draws)
    role = _write(_ROLES[draws.integers(len(_ROLES))], 0.6 * capital_px, draws)
    edge = max(2, round(capital_px))
    width = max(name.shape[1], role.shape[1]) + 2 * edge
    height = name.shape[0] + role.shape[0] + 3 * edge
    ink = np.zeros((height, width), np.float32)
    for written, top in ((name, edge), (role, 2 * edge + name.shape[0])):
        left = (width - written.shape[1]) // 2
        ink[top : top + written.shape[0], left : left + written.shape[1]] = written
    paper, pen = draws.uniform(190, 250, 3), draws.uniform(0, 90, 3)
    turned = draws.uniform(-12, 12)
    cover = _turn(np.ones_like(ink), turned)
    ink = _turn(ink, turned)[..., None]
    card = (paper * (1 - ink) + pen * ink).astype(np.float32)
    return _set_in(background, card, cover, draws)


def _write(text: str, capital_px: float, draws: np.random.Generator) -> Pixels:
    """Return how much of each pixel is inked, from 0 to 1."""
    size = capital_px / _CAPITAL_SHARE * _SUPERSAMPLED
    font = _open_font(_FONTS[draws.integers(len(_FONTS))], size)
    left, top, right, bottom = font.getbbox(text)
    sheet = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8))
    ImageDraw.Draw(sheet).text((4 - left, 4 - top), text, fill=255, font=font)
    width, height = (max(2, side // _SUPERSAMPLED) for side in sheet.size)
    small = cv2.resize(np.asarray(sheet), (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def _turn(cover: Pixels, degrees: float) -> Pixels:
    height, width = cover.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    across = abs(matrix[0, 0]) * width + abs(matrix[0, 1]) * height
    down = abs(matrix[0, 1]) * width + abs(matrix[0, 0]) * height
    matrix[:, 2] += (across / 2 - width / 2, down / 2 - height / 2)
    size = (int(np.ceil(across)), int(np.ceil(down)))
    return cv2.warpAffine(cover, matrix, size, flags=cv2.INTER_LINEAR)


def _place(background: Pixels, cover: Pixels, draws: np.random.Generator) -> tuple[int, int]:
    room = np.subtract(background.shape[:2], cover.shape[:2])
    if room.min() < 0:
        raise ValueError(f"a subject of {cover.shape} does not fit into {background.shape}")
    top, left = draws.integers(room + 1).tolist()
    return top, left


def _set_in(
    background: Pixels,
    subject: Pixels,
    cover: Pixels,
    draws: np.random.Generator,
    *,
    inner_share: float = 1.0,
    at: tuple[int, int] | None = None,
) -> Scene:
    top, left = at or _place(background, cover, draws)
    height, width = cover.shape
    pixels = background.copy()
    behind = pixels[top : top + height, left : left + width]
    mixed = behind + cover[..., None] * (subject - behind)
    behind[:] = mixed.round().clip(0, 255).astype(np.uint8)
    pixels = decode_image(encode_jpeg(pixels, quality=90, chroma="4:2:0"))
    margins = (1 - inner_share) / 2 * np.array([width, height])
    low = np.array([left, top]) + margins
    high = np.array([left + width, top + height]) - margins
    return Scene(pixels, (*low.tolist(), *high.tolist()))


@cache
def _open_font(name: str, size: float) -> ImageFont.FreeTypeFont:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(folder / f"{name}.ttf", size)
