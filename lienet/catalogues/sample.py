"""The sample source: colour photographs that are already on the machine, inside two packages.

Seven photographs and one micrograph ship inside the wheels of scikit-image and scikit-learn; they
are found there without importing either package and without a network. Left out are drawings, grey
pictures, pictures of one scene twice, and two that teach little about photographs: a deep field of
stars and a retina, which would be most of all tiles. The astronaut is a portrait: she comes only
where she is asked for by name.

Under the split "auto" each image has the split named here, instead of a draw that could leave one
of three splits empty with so few images: training has the most pixels, whichever of its pictures
the privacy filter keeps out. Any other split in params goes for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from lienet.catalogues.found import FoundFile
from lienet.errors import ToolError
from lienet.params.sources import PORTRAITS, SAMPLE_LICENCES, SampleName


@dataclass(frozen=True)
class _Picture:
    path: str
    """Inside the folder of installed modules."""
    author: str
    origin: str
    split: str

    @property
    def name(self) -> SampleName:
        """What params call it."""
        return cast("SampleName", Path(self.path).stem)


_PACKAGES = {"skimage": "scikit-image", "sklearn": "scikit-learn"}
"""What installs each module."""
# Authors as stated by skimage/data/_fetchers.py and sklearn's images/README.txt.
_PICTURES = (
    _Picture("skimage/data/astronaut.png", "NASA", "https://flic.kr/p/r9qvLn", "train"),
    _Picture(
        "skimage/data/chelsea.png",
        "Stefan van der Walt",
        "scikit-image: skimage.data.chelsea",
        "test",
    ),
    _Picture(
        "skimage/data/coffee.png",
        "Rachel Michetti",
        "scikit-image: skimage.data.coffee",
        "train",
    ),
    _Picture(
        "skimage/data/ihc.png",
        "Center for Microscopy And Molecular Imaging (CMMI)",
        "scikit-image: skimage.data.immunohistochemistry",
        "train",
    ),
    _Picture(
        "skimage/data/motorcycle_left.png",
        "Nera Nesic, Porter Westling, Xi Wang, York Kitajima, Greg Krathwohl, Daniel Scharstein",
        "https://vision.middlebury.edu/stereo/data/scenes2014/",
        "train",
    ),
    _Picture(
        "skimage/data/rocket.jpg",
        "SpaceX",
        "https://www.flickr.com/photos/spacexphotos/16511594820/",
        "valid",
    ),
    _Picture(
        "sklearn/datasets/images/china.jpg",
        "danielbuechele",
        "https://www.flickr.com/photos/danielbuechele/6061409035/",
        "test",
    ),
    _Picture(
        "sklearn/datasets/images/flower.jpg",
        "vultilion",
        "https://www.flickr.com/photos/vultilion/6056698931/",
        "train",
    ),
)


def find_sample(split: str, names: Collection[str] | None = None) -> Iterator[FoundFile]:
    """Yield the sample's photographs.

    Args:
        split: "auto" for the split named for each image, or one split for all.
        names: which photographs, by file name without suffix; None takes all but the portrait.

    Raises:
        ToolError: a package that holds them is not installed, or came without them.
    """
    for picture in _PICTURES:
        if picture.name in PORTRAITS if names is None else picture.name not in names:
            continue
        yield FoundFile(
            name=Path(picture.path).name,
            location=str(_locate(picture)),
            licence=SAMPLE_LICENCES[picture.name],
            author=picture.author,
            origin=picture.origin,
            split=picture.split if split == "auto" else split,
        )


def _locate(picture: _Picture) -> Path:
    module, _, inside = picture.path.partition("/")
    found = find_spec(module)  # of a top-level package: nothing is imported
    package = _PACKAGES[module]
    remedy = f"pip install {package}"
    if found is None or found.origin is None:
        raise ToolError(f"the sample photographs need {package}", remedy=remedy)
    path = Path(found.origin).parent / inside
    if not path.is_file():
        raise ToolError(f"{package} came without {path}", remedy=remedy)
    return path
