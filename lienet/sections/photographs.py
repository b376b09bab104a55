"""Where photographs come from, and what keeps one out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lienet.sections.common import Name, Positive, Probability, Seconds, Section
from lienet.sections.sources import Source


class Transfer(Section):
    """How remote files are fetched; it never changes a byte of what is fetched."""

    concurrency_per_host: Positive
    """Requests in flight at one host."""
    requests_per_s: Seconds | None
    """Requests begun in a second at one host; null sets no limit."""
    retries: Annotated[int, Field(ge=0)]
    """Attempts after the first; one that brings a large file further is not counted."""
    backoff_s: Seconds
    """The mean wait before the first retry; each further one is twice as long."""
    backoff_max_s: Seconds
    """The longest mean wait. A server's Retry-After is honoured up to ``total_timeout_s``."""
    connect_timeout_s: Seconds
    stall_timeout_s: Seconds
    """The longest wait for more bytes."""
    total_timeout_s: Seconds
    """The longest that one attempt may take; the next resumes where it stopped."""
    max_failed_share: Probability
    """The share of files that may be missing or refused; more fail the stage."""
    http2: bool
    """Whether HTTP/2 is spoken where a server offers it."""


class Download(Section):
    """Where photographs come from."""

    max_pixels: Positive
    """Images of more pixels are refused unread, as decompression bombs."""
    min_side_px: Positive
    """Images with a shorter side are refused as too small to learn from."""
    transfer: Transfer
    sources: Annotated[dict[Name, Source], Field(min_length=1)]


class FaceDetection(Section):
    """Faces, by YuNet; by OpenCV's cascades where its model file is not to be had."""

    model: str | None
    """The YuNet ONNX file; null takes LIENET_FACE_MODEL, the cache, or one verified download."""
    min_score: Annotated[float, Field(gt=0.0, lt=1.0)]
    pass_sides_px: Annotated[tuple[Positive, ...], Field(min_length=1)]
    """The longest side of each pass: large faces are seen in small passes."""


class TextDetection(Section):
    """Legible text, by a DB-style detector in ONNX Runtime."""

    model: str | None
    """The detector's ONNX file; null takes LIENET_TEXT_MODEL, else text is not looked for."""
    min_score: Annotated[float, Field(gt=0.0, lt=1.0)]
    max_side_px: Positive
    """Larger images are shrunk to this longest side for the detector; none is enlarged."""
    min_height_px: Positive
    """Boxes lower than this, at the detector's size, are texture rather than legible text."""


class Filter(Section):
    """What personal information keeps an image out."""

    face: FaceDetection
    text: TextDetection
    exempt_sources: tuple[Name, ...]
    """Published test sets, kept whole so that numbers stay comparable; never trained on."""
    consented_sources: tuple[Name, ...]
    """Portraits whose licence covers their faces: they pass unseen. No task but ``face`` may use
    them."""
