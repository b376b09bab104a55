"""Pixels in and out: the only place that converts between files, arrays and tensors.

Inside, images are RGB float32 in [0, 1], NCHW; at files they are uint8 or uint16, HWC. A file that
is not a photograph as stored is either brought to upright 8-bit RGB (grey, palette, CMYK, 16 bits,
EXIF rotation, an alpha that hides nothing) or refused with a reason; nothing is guessed, and a
file's name is never believed. A colour profile is applied, so that all pixels are sRGB's; without
one they are taken for it.

Reasons for a refusal: ``empty``, ``unsupported_format`` (camera raw files too, of which no more
than a preview could be read), ``too_large``, ``animated`` (several frames or pages),
``transparent`` and ``unreadable`` (broken or cut short).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, PngImagePlugin

from lienet.colour_profiles import apply_profile, convert_cmyk
from lienet.errors import ImageError
from lienet.sixteen_bits import read_sixteen_bits
from lienet.tiff_headers import TIFF_BITS, TIFF_PHOTOMETRIC, read_tag, refuse_odd_tiff

if TYPE_CHECKING:
    from torch import Tensor

Pixels = np.ndarray[Any, np.dtype[Any]]
Chroma = Literal["4:4:4", "4:2:2", "4:2:0"]
MAX_PIXELS = 2**28
"""The most pixels that are decoded where a caller sets no limit of its own."""
SIGNATURE_BYTES = 16
"""As many leading bytes as :func:`sniff_format` looks at."""

_PILLOW_SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
_EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp", "tiff": "tif"}
_COLOUR_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "YCbCr", "CMYK"}
_COLOUR_MODES |= {"I;16", "I;16L", "I;16B", "I;16N"}
_PILLOW_NAMES = {"gif": "Gif", "jpeg": "Jpeg", "png": "Png", "tiff": "Tiff", "webp": "WebP"}
_READERS = {
    kind: (f"PIL.{name}ImagePlugin", f"{name}ImageFile")
    for kind, name in (*_PILLOW_NAMES.items(), ("avif", "Avif"))
}
_READERS["heic"] = ("pillow_heif.as_plugin", "HeifImageFile")
_PNG_DEPTH_AT = 24
_ORIENTATION_TAG = 0x0112
_MAX_TEXT_BYTES = 16 * 2**20
_UNKNOWN_PIXELS = "unknown pixel mode"
"""What Pillow says of a TIFF file of 32 bits or of floats."""
PngImagePlugin.MAX_TEXT_CHUNK = _MAX_TEXT_BYTES  # of text or a colour profile; by itself 1 MB


@dataclass(frozen=True)
class ImageInfo:
    """What a photograph is, known only after all of it was decoded."""

    format: str
    """"jpeg", "png", "webp" or "tiff", whatever the file was called."""
    width_px: int
    """Of the upright image."""
    height_px: int

    @property
    def extension(self) -> str:
        """The file extension that tells the truth, without a dot."""
        return _EXTENSIONS[self.format]


def decode_image(content: bytes, *, max_pixels: int = MAX_PIXELS) -> Pixels:
    """Decode a photograph, upright.

    16-bit samples are rounded to 8 bits, not cut; CMYK is converted by the plain formula.

    Args:
        content: the bytes of a PNG, JPEG, WebP or TIFF file.
        max_pixels: images of more pixels are refused by their header, before they are decoded.

    Returns:
        RGB, HWC, uint8, contiguous and writable.

    Raises:
        ImageError: the image is refused; ``reason`` is one of those in the module's list.
    """
    return _decode(content, max_pixels)[1]


def probe_image(content: bytes, *, max_pixels: int = MAX_PIXELS) -> ImageInfo:
    """Decode all of a photograph to prove that it can be read, and return what it is.

    Raises:
        ImageError: as :func:`decode_image` does.
    """
    kind, pixels = _decode(content, max_pixels)
    if kind == "png":
        _verify_checksums(content)
    return ImageInfo(format=kind, width_px=pixels.shape[1], height_px=pixels.shape[0])


def sniff_format(head: bytes) -> str | None:
    """Name the format of a file by its first ``SIGNATURE_BYTES``: one we read, "gif", or None."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0")):
        return None if head[8:10] == b"CR" else "tiff"  # Canon's raw files call themselves TIFF
    return "gif" if head.startswith((b"GIF87a", b"GIF89a")) else None


def encode_png(pixels: Pixels, *, compress_level: int = 6) -> bytes:
    """Encode RGB uint8 HWC as PNG (zlib level 0 to 9); the same pixels give the same bytes."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", compress_level=compress_level)
    return stream.getvalue()


def encode_jpeg(pixels: Pixels, *, quality: int, chroma: Chroma) -> bytes:
    """Encode RGB uint8 HWC as baseline JPEG with the IJG quality and chroma subsampling given."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(
        stream, format="JPEG", quality=quality, subsampling=_PILLOW_SUBSAMPLING[chroma]
    )
    return stream.getvalue()


def to_planes(pixels: Pixels) -> NDArray[np.float32]:
    """Turn HWC uint8 or uint16 into ``1 c h w`` float32 in [0, 1]."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]).astype(np.float32)
    planes /= np.float32(np.iinfo(pixels.dtype).max)
    return planes


def to_tensor(pixels: Pixels) -> Tensor:
    """Turn HWC uint8 or uint16 into a ``1 c h w`` float32 tensor in [0, 1]."""
    import torch

    return torch.from_numpy(to_planes(pixels))


@contextmanager
def opening(content: bytes, kind: str, max_pixels: int) -> Iterator[ImageFile.ImageFile]:
    """Open an image whose header is no reason to refuse it; its pixels are not decoded yet.

    Args:
        content: the bytes of the file.
        kind: its format, as :func:`sniff_format` names it, or "avif", or "heic" with the package
            ``pillow-heif``.
        max_pixels: images of more pixels are refused.

    Raises:
        ImageError: the image is refused, or anything that was done with it failed.
    """
    try:
        with warnings.catch_warnings(action="ignore"), _open(content, kind) as image:
            _refuse_by_header(image, kind, max_pixels)
            yield image
    except (ImageError, ModuleNotFoundError):
        raise
    except MemoryError:
        raise ImageError("too large for this machine's memory", reason="too_large") from None
    except Exception as error:  # broken bytes raise almost anything from inside a decoder
        if str(error) == _UNKNOWN_PIXELS:
            what = f"{kind} files of such pixels are not read, those of 8 and 16 bits are"
            raise ImageError(what, reason="unsupported_format") from error
        raise ImageError(f"not a whole {kind} file: {error}", reason="unreadable") from error


def _decode(content: bytes, max_pixels: int) -> tuple[str, Pixels]:
    if not content:
        raise ImageError("the file is empty", reason="empty")
    kind = sniff_format(content[:SIGNATURE_BYTES])
    if kind is None:
        raise ImageError("not a JPEG, PNG, WebP or TIFF file", reason="unsupported_format")
    with opening(content, kind, max_pixels) as image:
        return kind, _to_upright_rgb(image, kind, content)


def _verify_checksums(content: bytes) -> None:
    """Refuse a PNG with a changed byte, which decodes without complaint."""
    try:
        with warnings.catch_warnings(action="ignore"), _open(content, "png") as image:
            image.verify()
    except Exception as error:  # as in decoding
        raise ImageError(f"not a whole png file: {error}", reason="unreadable") from error


def _open(content: bytes, kind: str) -> ImageFile.ImageFile:
    """Read the header; unlike ``Image.open``, with no limit on size but the caller's own."""
    module, name = _READERS[kind]
    reader: type[ImageFile.ImageFile] = getattr(import_module(module), name)
    return reader(io.BytesIO(content))


def _refuse_by_header(image: ImageFile.ImageFile, kind: str, max_pixels: int) -> None:
    width_px, height_px = image.size
    if width_px * height_px > max_pixels:
        rule = f"an image may have at most {max_pixels} pixels"
        raise ImageError(rule, got=f"{width_px}x{height_px}", reason="too_large")
    if getattr(image, "is_animated", False):
        raise ImageError("the file has several frames or pages", reason="animated")
    if kind == "gif":
        raise ImageError("GIF is not a format of photographs", reason="unsupported_format")
    if image.mode not in _COLOUR_MODES:
        rule = "colours must be grey, a palette, RGB, YCbCr or CMYK"
        raise ImageError(rule, got=image.mode, reason="unsupported_format")
    if kind == "tiff":
        refuse_odd_tiff(image)


def _to_upright_rgb(image: ImageFile.ImageFile, kind: str, content: bytes) -> Pixels:
    if is_deep(image, kind, content):
        pixels = _round_deep(image, decode_deep(image, kind, content))
    else:
        image.load()
        mode = "RGBA" if image.has_transparency_data else "RGB"
        plain = convert_cmyk(image) if image.mode == "CMYK" else image
        pixels = np.array(plain if plain.mode == mode else plain.convert(mode))
    rgb = apply_profile(_drop_opaque_alpha(pixels), image.info.get("icc_profile"))
    return turn_upright(rgb, read_orientation(image, kind))


def is_deep(image: ImageFile.ImageFile, kind: str, content: bytes) -> bool:
    """Whether an image has samples of 16 bits that are kept; those of CMYK are cut to 8."""
    if image.mode == "CMYK":
        return False
    return (kind == "png" and content[_PNG_DEPTH_AT] == 16) or (
        kind == "tiff" and 16 in read_tag(image, TIFF_BITS, 1)
    )


def decode_deep(image: ImageFile.ImageFile, kind: str, content: bytes) -> Pixels:
    """Return 16-bit samples as uint16 HWC of 1 to 4 channels, as they lie in the file.

    Args:
        image: opened and not yet loaded; is loaded.
        kind: "png" or "tiff".
        content: the file that it was opened from.
    """
    with _open(content, kind) as again:
        deep = read_sixteen_bits(image, again)
    is_from_white = kind == "tiff" and read_tag(image, TIFF_PHOTOMETRIC, 1)[0] == 0
    return 65535 - deep if is_from_white else deep


def _round_deep(image: ImageFile.ImageFile, deep: Pixels) -> Pixels:
    key = image.info.get("transparency")
    if key is not None and bool((deep[..., :3] == np.array(key)).all(axis=-1).any()):
        raise ImageError("parts of the image are transparent", reason="transparent")
    return ((deep.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _drop_opaque_alpha(pixels: Pixels) -> Pixels:
    """Bring 1 to 4 channels to RGB.

    Raises:
        ImageError: any alpha is not full.
    """
    num_channels = pixels.shape[2]
    if num_channels in (2, 4) and bool((pixels[..., -1] != 255).any()):
        raise ImageError("parts of the image are transparent", reason="transparent")
    return pixels[..., :3] if num_channels > 2 else np.repeat(pixels[..., :1], 3, axis=2)


def read_orientation(image: ImageFile.ImageFile, kind: str) -> int:
    """Return the EXIF orientation of a loaded image, still to be undone; TIFF loads upright."""
    if kind == "tiff":
        return 1
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # broken EXIF makes no photograph unreadable
        return 1
    return value if isinstance(value, int) else 1


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation, 1 to 8; anything else counts as upright."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
