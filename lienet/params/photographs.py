"""Where photographs come from, and what keeps one out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SerializeAsAny

from lienet.params.base import Name, Positive, Probability, Seconds, Section, Sha256, registered_in
from lienet.params.sources import Source
from lienet.params.sources import sources as kinds_of_source

VGG19_ITEM = "vgg19"
"""VGG19's weights as an item of ``download``, beside the sources."""


def _unlike_vgg19(name: str) -> str:
    if name == VGG19_ITEM:
        raise ValueError(f"no source may be called {VGG19_ITEM}: that is the network's weights")
    return name


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


class Download(Section):
    """Where photographs come from."""

    max_pixels: Positive
    """Images of more pixels are refused unread, as decompression bombs."""
    min_side_px: Positive
    """Images with a shorter side are refused as too small to learn from."""
    transfer: Transfer
    sources: Annotated[
        dict[
            Annotated[Name, AfterValidator(_unlike_vgg19)],
            Annotated[SerializeAsAny[Source], registered_in(kinds_of_source, "kind")],
        ],
        Field(min_length=1),
    ]


class FaceDetection(Section):
    """Faces, by YuNet."""

    model: str | None
    """A YuNet ONNX file; null takes LIENET_FACE_MODEL, else the one in this package."""
    sha256: Sha256
    """Of that file, wherever it lies; another file is refused."""
    min_score: Annotated[float, Field(gt=0.0, lt=1.0)]
    """The least score in the smallest upright pass."""
    pass_sides_px: Annotated[tuple[Positive, ...], Field(min_length=1)]
    """The longest side of each pass: large faces are seen in small passes."""
    turned_sides_px: tuple[Positive, ...]
    """The longest side of each pass over the image turned by a quarter to the left, and of one to
    the right: a photograph without its EXIF orientation shows faces sideways."""
    fine_min_score: Annotated[float, Field(gt=0.0, lt=1.0)]
    """The least score in turned passes, and in upright ones but the smallest: they look at more
    places, and so meet more chance likenesses."""
    large_side_px: Positive | None
    """The longest side of one pass more over images larger than every other pass; null has none."""


class TextDetection(Section):
    """Legible text, by a DB-style detector in ONNX Runtime."""

    model: str | None
    """The detector's ONNX file; null takes LIENET_TEXT_MODEL, else the one in this package."""
    sha256: Sha256
    """Of that file, wherever it lies; another file is refused."""
    policy: Literal["any", "near_person", "none"]
    """What text keeps an image out: any; a name tag, which is text beside or below a face or within
    a person's box; or none, and then it is not looked for."""
    near_person_sides: Annotated[float, Field(gt=0.0)]
    """For near_person: text counts within so many sides of a face, beside it or below it."""
    near_person_min_score: Annotated[float, Field(gt=0.0, lt=1.0)]
    """For near_person: a face too doubtful to keep an image out by itself does so with text."""
    min_score: Annotated[float, Field(gt=0.0, lt=1.0)]
    max_side_px: Positive
    """Larger images are shrunk to this longest side for the detector; none is enlarged."""
    whole_side_px: Positive
    """Images up to this longest side are searched whole; larger ones coarsely first, and then
    closely where text may be."""
    min_height_px: Positive
    """Boxes lower than this, at the detector's size, are texture rather than legible text."""


class Gates(Section):
    """What makes a photograph too poor to learn from; null opens a gate."""

    min_side_px: Positive | None
    """Of the shorter side."""
    min_sharpness: Annotated[float, Field(gt=0.0)] | None
    """In 1/px: an edge blurred by a Gaussian of σ px, two or more, has about 0.77/σ."""
    min_contrast: Annotated[float, Field(gt=0.0, lt=127.5)] | None
    """The standard deviation of luma, in grey levels of 255."""
    min_jpeg_quality: Annotated[int, Field(ge=1, le=100)] | None
    """By IJG's scale, told from the quantisation table of a JPEG file."""
    max_hash_distance: Annotated[int, Field(ge=0, le=12)] | None
    """Images of one source whose perceptual hashes differ in no more of their 64 bits are the same
    picture, and only the largest stays."""


class Filter(Section):
    """What keeps an image out: personal information first, then poor quality."""

    privacy: Literal["full", "reduced"]
    """full: faces and text are looked for, or the stage stops. reduced: it goes on without a
    detector whose file is missing or wrong, and without text by policy none, and says so."""
    face: FaceDetection
    text: TextDetection
    gates: Gates
    find_all: bool
    """Whether text is looked for, too, in images that a face keeps out already."""
    purge_refused: bool | Literal["remote"]
    """Whether the raw files of refused images are removed, or "remote", of sources that fetch them
    from elsewhere alone; docs/privacy.md says what remains."""
    truth: str | None
    """A CSV with the columns path (or key), has_face, has_text: precision and recall are reported
    against it."""
    contact_sheet: bool
    """Whether a sheet of the refused images is drawn, blurred beyond recognition."""
    exempt_sources: tuple[Name, ...]
    """Published test sets, kept whole so that numbers stay comparable; never trained on."""
    consented_sources: tuple[Name, ...]
    """Portraits whose licence covers their faces: they pass unseen. Only tasks of a kind that
    shows faces, such as ``face``, may use them."""
