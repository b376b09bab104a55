"""Photographs in one folder for each photographer, who is credited by its name."""

from collections.abc import Iterator
from pathlib import Path

from lienet.catalogues.found import FoundFile
from lienet.catalogues.remote import Depot
from lienet.params import Source, sources


@sources.register("photographers")
class Photographers(Source):
    """PNG files in the folders of ``path``, all under one licence."""

    path: str
    licence: str

    def find(self, root: Path, depot: Depot) -> Iterator[FoundFile]:
        """Yield the files by name, which makes the keys the same on every machine."""
        folder = root / self.path
        for file in sorted(folder.glob("*/*.png")):
            name, author = file.relative_to(folder).as_posix(), file.parent.name
            yield FoundFile(name, str(file), self.licence, author, origin=name, split=self.split)
