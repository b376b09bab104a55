"""One picture enhanced for a request, within limits of size and time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lienet.deployment.enhancer import Enhancer
from lienet.enhancing.models import ChosenModel
from lienet.errors import ImageError, InputError, LienetError
from lienet.pictures.decoding import decode_picture
from lienet.pictures.writing import Shape, write_picture
from lienet.web.models import PageModel

_TILE_PX = 384
"""Small enough that the time limit is looked at every second or so."""


class RefusedError(LienetError):
    """A request that is not served; ``status`` is the HTTP status that says so."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """The most that one request may ask for."""

    max_body_bytes: int = 32 * 2**20
    max_pixels: int = 24_000_000
    """Of the picture sent."""
    timeout_s: float = 300.0
    """From the first byte of a request to its finished picture, waiting for its turn included."""


def find_model(
    models: Sequence[PageModel], name: str | None, task: str | None, scale: int | None
) -> ChosenModel:
    """Return the first network that is asked for.

    Raises:
        RefusedError: there is none.
    """
    for model in models:
        chosen = model.chosen
        is_meant = name in (None, model.name, chosen.label) and task in (None, chosen.task)
        if is_meant and scale in (None, chosen.scale):
            return chosen
    names = ", ".join(model.name for model in models)
    raise RefusedError(404, f"there is no such model; the models are {names}")


async def read_body(chunks: AsyncIterator[bytes], limits: Limits) -> bytes:
    """Return a request's body.

    Raises:
        RefusedError: it is empty or too large.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limits.max_body_bytes:
            raise RefusedError(
                413, f"a picture may have at most {limits.max_body_bytes / 2**20:g} MiB"
            )
    if not body:
        raise RefusedError(400, "the body is empty; send a picture file as it is")
    return bytes(body)


def enhance_body(
    content: bytes, model: ChosenModel, target: Path, *, limits: Limits, deadline_s: float
) -> None:
    """Enhance the picture in a request's body, and write a PNG file.

    Args:
        content: the picture file.
        model: the network.
        target: where the PNG file goes.
        limits: of the request.
        deadline_s: by ``time.monotonic``, when it has to be done.

    Raises:
        RefusedError: the picture cannot be read, is too large, or takes too long.
        ModelError: the network fails on it.
    """

    def check_time(_: float) -> None:
        if time.monotonic() > deadline_s:
            raise RefusedError(
                503, f"not done in {limits.timeout_s:g} s; send a smaller picture, or later"
            )

    check_time(0.0)
    try:
        picture = decode_picture(content, max_pixels=limits.max_pixels)
    except ImageError as error:
        raise RefusedError(413 if error.reason == "too_large" else 415, str(error)) from error
    enhancer = Enhancer(
        model.path, scale=model.scale, tile_px=_TILE_PX, has_even_tiles=True, num_threads=0
    )
    height_px, width_px, channels = picture.pixels.shape
    shape = Shape(height_px * model.scale, width_px * model.scale, channels, picture.pixels.dtype)
    try:
        strips = enhancer.enhance_strips(picture.pixels, check_time)
        write_picture(target, strips, shape, "png", picture.metadata)
    except InputError as error:
        raise RefusedError(422, str(error)) from error
