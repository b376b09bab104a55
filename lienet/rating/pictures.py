"""Which methods are to be compared, and where each one's version of each picture lies.

Three layouts are known: a folder for each method with pictures of the same names; what `lienet
enhance` wrote into such folders, each by another network; and what `lienet evaluate` keeps of a
task. Refuses to guess: all methods must have the same pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lienet.enhancing.naming import strip_suffix
from lienet.errors import InputError
from lienet.evaluation.comparison import index_images, refuse_unpaired
from lienet.pictures.decoding import find_signature

_EVALUATED = "images"
"""What `lienet evaluate` calls the folder of a method's pictures, in that of the method."""


@dataclass(frozen=True)
class Versions:
    """Every method's version of every picture, as files."""

    files: Mapping[str, Mapping[str, Path]]
    """By method, then by picture; each method has the same pictures."""
    references: Mapping[str, Path]
    """By picture; empty where there are none."""

    @property
    def methods(self) -> list[str]:
        """In the order of their names."""
        return sorted(self.files)

    @property
    def pictures(self) -> list[str]:
        """In the order of their names."""
        return sorted(next(iter(self.files.values())))


def find_versions(
    folder: Path, reference: Path | None = None, *, only: Sequence[str] = ()
) -> Versions:
    """Find every method's version of every picture.

    Args:
        folder: holds a folder for each method.
        reference: a folder with the undegraded pictures, more of them if need be.
        only: the methods to compare; all if empty.

    Raises:
        InputError: there are fewer than two methods, one is not there, they do not have the same
            pictures, or a picture has no reference.
    """
    places = _find_methods(folder)
    missing = sorted(set(only) - places.keys())
    if missing:
        raise InputError(f"{folder} has the methods {', '.join(places)}", got=", ".join(missing))
    chosen = {name: place for name, place in places.items() if not only or name in only}
    if len(chosen) < 2:
        raise InputError(
            f"{folder} must hold a folder of pictures for each of two methods or more",
            got=", ".join(chosen) or "none",
        )
    files = {name: _index(place) for name, place in chosen.items()}
    if all(place.name == _EVALUATED for place in chosen.values()):
        files = _keep_shared_scales(files)
    first = next(iter(chosen))
    for name in chosen:
        refuse_unpaired(chosen[first], chosen[name], files[first], files[name])
    if not files[first]:
        raise InputError(f"the methods in {folder} have no scale in common", got=", ".join(chosen))
    return Versions(files, {} if reference is None else _find_references(reference, files[first]))


def _find_methods(folder: Path) -> dict[str, Path]:
    """Return the folders of pictures by method."""
    if not folder.is_dir():
        raise InputError("there is no folder", got=folder)
    folders = sorted(
        each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")
    )
    evaluated = {each.name: each / _EVALUATED for each in folders if (each / _EVALUATED).is_dir()}
    return evaluated or {each.name: each for each in folders}


def _index(folder: Path) -> dict[str, Path]:
    """Return pictures by the names that the pictures had before a network's name was added."""
    found: dict[str, Path] = {}
    for name, path in index_images(folder).items():
        way, _, stem = f"/{name}".rpartition("/")
        plain = strip_suffix(stem, find_signature(path.read_bytes()))
        picture = f"{way}/{plain}".removeprefix("/")
        if picture in found:
            raise InputError(
                f"two versions of one picture in {folder}",
                got=f"{found[picture].name} and {path.name}",
                remedy="give each network a folder of its own",
            )
        found[picture] = path
    return found


def _keep_shared_scales(files: Mapping[str, Mapping[str, Path]]) -> dict[str, dict[str, Path]]:
    """Leave out what was made at a scale that not every method has."""
    scales = [{picture.partition("/")[0] for picture in found} for found in files.values()]
    shared = set.intersection(*scales)
    return {
        name: {
            picture: path for picture, path in found.items() if picture.partition("/")[0] in shared
        }
        for name, found in files.items()
    }


def _find_references(folder: Path, pictures: Mapping[str, Path]) -> dict[str, Path]:
    """Return references by picture: of its whole name, or else of the last part of it."""
    found = index_images(folder)
    lacking = [each for each in pictures if each not in found and Path(each).name not in found]
    if lacking:
        raise InputError(
            f"{len(lacking)} of {len(pictures)} pictures have no reference in {folder}",
            got=f"none for {lacking[0]}",
        )
    return {each: found.get(each) or found[Path(each).name] for each in pictures}
