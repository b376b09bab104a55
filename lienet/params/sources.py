"""The kinds of source that photographs come from, each with its licence and permitted use."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from lienet.params.base import Name, Positive, Section, Split
from lienet.params.licences import Use, find_use
from lienet.params.open_images_labels import Label
from lienet.plugins import Registry

SampleName = Literal[
    "astronaut", "chelsea", "china", "coffee", "flower", "ihc", "motorcycle_left", "rocket"
]
"""The colour photographs that ship inside scikit-image and scikit-learn and are of use here."""
SAMPLE_LICENCES: dict[SampleName, str] = {
    "astronaut": "public domain",
    "chelsea": "CC0-1.0",
    "china": "CC-BY-2.0",
    "coffee": "CC0-1.0",
    "flower": "CC-BY-2.0",
    "ihc": "no known copyright restrictions",
    "motorcycle_left": "not stated (Middlebury Stereo 2014)",
    "rocket": "public domain",
}
"""As stated by skimage/data/_fetchers.py and sklearn's images/README.txt."""
PORTRAITS = frozenset({"astronaut"})
"""Those of the sample that come only where they are asked for by name."""
NUM_FFHQ = 70_000
_PUBLISHED_DIV2K = {("train", "hr"), ("valid", "hr")}
_PUBLISHED_DIV2K |= {("valid", "lr_bicubic_x2"), ("valid", "lr_bicubic_x4")}


def _is_range(text: str) -> str:
    first, _, last = text.partition("-")
    if int(first) > int(last or first) or int(last or first) >= NUM_FFHQ:
        raise ValueError(f"ids are like 7 or 0-999, low first, below {NUM_FFHQ}")
    return text


IdRange = Annotated[str, Field(pattern=r"^\d{1,5}(-\d{1,5})?$"), AfterValidator(_is_range)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]


class Source(Section):
    """Where photographs come from, and what they may be used for: the base of every kind.

    A kind adds its params as fields, ``licence`` among them or as a property, and :meth:`find`.
    """

    kind: Name
    permitted_use: Use | None
    """What the licence permits: commercial, non_commercial, academic or unknown; null takes it from
    the table of known licences."""
    split: Split | Literal["auto", "published"]
    """"auto" draws each image's split by its key, with the shares in ``synthesize.split``;
    "published" keeps what the source itself says."""

    @abstractmethod
    def find(self, root: Path, depot: Any) -> Iterator[Any]:
        """Yield a :class:`lienet.catalogues.found.FoundFile` for each file, always in one order.

        Args:
            root: the workspace, where relative paths start.
            depot: a :class:`lienet.catalogues.remote.Depot`: where fetched files are kept, and how
                files are fetched.
        """

    @property
    def use(self) -> Use:
        """What the source's photographs may be used for."""
        return self.permitted_use or find_use(str(getattr(self, "licence", "not stated")))

    @property
    def is_reference(self) -> bool:
        """Whether its photographs can be what a network is asked to reach."""
        return True

    @property
    def is_remote(self) -> bool:
        """Whether its photographs are fetched from elsewhere, rather than lie on this machine."""
        return True


sources: Registry[type[Source]] = Registry("source", Source, built_in="lienet.catalogues.kinds")
"""The kinds of source; a plugin adds its own by ``@sources.register("name")``."""


class SampleSource(Source):
    """The colour photographs that ship inside scikit-image and scikit-learn."""

    kind: Literal["sample"]
    names: Annotated[tuple[SampleName, ...], Field(min_length=1)] | None
    """Which of its photographs; null takes all but the portrait, ``astronaut``."""
    split: Split | Literal["auto"]

    @property
    def licence(self) -> str:
        """Of all its photographs together."""
        names = self.names or tuple(name for name in SAMPLE_LICENCES if name not in PORTRAITS)
        return " AND ".join(sorted({SAMPLE_LICENCES[name] for name in names}))

    @property
    def is_remote(self) -> bool:
        """They ship inside packages."""
        return False


class FolderSource(Source):
    """A local folder or an fsspec URL of photographs."""

    kind: Literal["folder"]
    path: str
    """A folder or an fsspec URL; relative paths start at the workspace."""
    manifest: str | None
    """A CSV or Parquet file that lists what to take, with columns path and, as far as known,
    licence, author, title, origin, split, sha256; null takes every file. Relative paths start at
    the workspace."""
    split: Split | Literal["auto"]
    licence: str
    """Of what the manifest states none of."""
    author: str
    """Of what the manifest states none of."""

    @property
    def is_remote(self) -> bool:
        """A URL is, a folder is not."""
        return "://" in self.path and not self.path.startswith("file://")


class OpenImagesSource(Source):
    """Google's Open Images: official lists, photographs from the public bucket."""

    kind: Literal["open_images"]
    subsets: Annotated[tuple[Literal["train", "validation", "test"], ...], Field(min_length=1)]
    """Open Images' own splits; of train, the 1.74 million images that have boxes."""
    count: Positive | None
    """How many to draw of what the labels leave; a larger count keeps those of a smaller one.
    Null takes all."""
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    """Of the draw."""
    ids: str | None
    """A file of image ids, one a line, as ``id`` or ``subset/id``; null takes all. Relative paths
    start at the workspace."""
    include_labels: tuple[Label, ...]
    """Only images with one of these; empty takes all."""
    exclude_labels: tuple[Label, ...]
    """No image with one of these: machine ids, or the groups people and personal_information.
    Boxes, human labels and machine labels count alike."""
    min_machine_confidence: Annotated[float, Field(gt=0.0, le=1.0)] | None
    """Machine labels below this are not believed; null leaves them, and their lists of gigabytes,
    out."""
    lists_url: Url
    images_url: Url
    licence: str
    """Of images whose row states none."""
    split: Split | Literal["auto", "published"]
    """"published" keeps Open Images' own: train, validation as valid, test."""


class Div2kSource(Source):
    """DIV2K: the high-resolution photographs, or the official low-resolution ones."""

    kind: Literal["div2k"]
    subset: Literal["train", "valid"]
    contents: Literal["hr", "lr_bicubic_x2", "lr_bicubic_x4"]
    """Low resolution is kept as a set of its own: no task is made of it."""
    base_url: Url
    split: Split | Literal["auto"]

    @property
    def licence(self) -> str:
        """As its authors state it."""
        return "DIV2K, academic research only"

    @property
    def is_reference(self) -> bool:
        """The high resolution alone."""
        return self.contents == "hr"

    @model_validator(mode="after")
    def _is_published(self) -> Div2kSource:
        if (self.subset, self.contents) not in _PUBLISHED_DIV2K:
            raise ValueError(f"no hash is known of DIV2K's {self.subset} {self.contents}")
        return self


class FfhqSource(Source):
    """Flickr-Faces-HQ, by its JSON."""

    kind: Literal["ffhq"]
    list: str
    """ffhq-dataset-v2.json: a path or a URL. Under that name it must be the published file."""
    category: Literal["training", "validation"] | None
    """The first 60,000 or the last 10,000; null takes both."""
    ids: Annotated[tuple[IdRange, ...], Field(min_length=1)] | None
    """Such as ["0-999", "60000"]; null takes all."""
    size_px: Literal[1024, 128]
    """The aligned faces, or their thumbnails."""
    mirror_url: Url | None
    """Where the list's file paths are found; null asks the addresses in the list."""
    split: Split | Literal["auto"]

    @property
    def licence(self) -> str:
        """Of the collection; each photograph has its own besides."""
        return "CC BY-NC-SA 4.0"
