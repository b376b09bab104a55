"""lienet's own kinds of source: how the photographs of each are found.

What finds them is imported when it is asked to, so that params are read without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.params.sources import (
    Div2kSource,
    FfhqSource,
    FolderSource,
    OpenImagesSource,
    SampleSource,
    sources,
)

if TYPE_CHECKING:
    from lienet.catalogues.found import FoundFile
    from lienet.catalogues.remote import Depot


@sources.register("sample")
class Sample(SampleSource):
    """Photographs that ship inside two installed packages."""

    def find(self, root: Path, depot: Depot) -> Iterator[FoundFile]:
        """Yield those that are asked for."""
        from lienet.catalogues.sample import find_sample

        return find_sample(self.split, self.names)


@sources.register("folder")
class Folder(FolderSource):
    """A folder, or what a list says of it."""

    def find(self, root: Path, depot: Depot) -> Iterator[FoundFile]:
        """Yield the listed files, or every file."""
        if self.manifest is not None:
            from lienet.catalogues.folder_manifest import find_listed_files

            return find_listed_files(self, base_dir=root)
        from lienet.catalogues.folder import find_files

        return find_files(
            self.path, base_dir=root, split=self.split, licence=self.licence, author=self.author
        )


@sources.register("open_images")
class OpenImages(OpenImagesSource):
    """Open Images, drawn by its labels."""

    def find(self, root: Path, depot: Depot) -> Iterator[FoundFile]:
        """Yield the images that are drawn."""
        from lienet.catalogues.open_images import find_open_images

        return find_open_images(self, depot, base_dir=root)


@sources.register("div2k")
class Div2k(Div2kSource):
    """DIV2K's archives."""

    def find(self, root: Path, depot: Depot) -> Iterator[FoundFile]:
        """Yield the images of one archive."""
        from lienet.catalogues.div2k import find_div2k

        return find_div2k(self, depot)


@sources.register("ffhq")
class Ffhq(FfhqSource):
    """Flickr-Faces-HQ, by its list."""

    def find(self, root: Path, depot: Depot) -> Iterator[FoundFile]:
        """Yield the faces that are asked for."""
        from lienet.catalogues.ffhq import find_ffhq

        return find_ffhq(self, depot, base_dir=root)
