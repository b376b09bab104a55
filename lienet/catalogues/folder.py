"""The folder source: every file below a local folder or an fsspec URL, photograph or not.

It yields files in one fixed order, whatever order the file system has, goes through links to
folders but into each folder once, and skips hidden files and folders. It opens no file: what is no
photograph is refused, with its reason, by who reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.catalogues.found import FoundFile
from lienet.errors import InputError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_CHECK = "check its path in params.yaml"
_SEPARATOR = "\0"
"""No file's name holds it."""


def find_files(
    place: str, *, base_dir: Path, split: str, licence: str, author: str
) -> Iterator[FoundFile]:
    """Yield every visible file below a folder.

    Args:
        place: a path, or an fsspec URL such as ``s3://bucket/folder``.
        base_dir: where relative paths start.
        split: "train", "valid", "test" or "auto", for all files.
        licence: of all files.
        author: of all files.

    Raises:
        InputError: the folder is missing, empty or cannot be listed.
    """
    is_empty = True
    for name, location, is_remote, content in _list_place(place, base_dir):
        is_empty = False
        yield FoundFile(
            name=name,
            location=location,
            licence=licence,
            author=author,
            origin=f"{place.rstrip('/')}/{_to_text(name)}",
            split=split,
            is_remote=is_remote,
            content=content,
        )
    if is_empty:
        raise InputError(f"the folder {place} holds no files", remedy=_CHECK)


def _to_text(name: str) -> str:
    """Replace what is not UTF-8 in a file name, so that it can be written down."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


_Listed = tuple[str, str, bool, bytes | None]


def _list_place(place: str, base_dir: Path) -> Iterator[_Listed]:
    if "://" in place and not place.startswith("file://"):
        yield from _list_url(place)
        return
    root = base_dir / Path(place.removeprefix("file://")).expanduser()
    if not root.is_dir():
        raise InputError(f"there is no folder {root}", remedy=_CHECK)
    for path in walk_folder(root):
        yield path.relative_to(root).as_posix(), str(path), False, None


def walk_folder(folder: Path) -> Iterator[Path]:
    """Yield every visible file below a folder in a fixed order, each folder once, through links.

    Raises:
        InputError: a folder cannot be listed.
    """
    yield from _walk(folder, seen=set())


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = folder.stat()
        # One text: a million names as paths would take half a gigabyte.
        names = _SEPARATOR.join(sorted(entry.name for entry in folder.iterdir()))
    except OSError as error:
        raise InputError(
            f"cannot list {folder}: {error.strerror}", remedy="change its permissions or move it"
        ) from error
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    for name in _split(names):
        if name.startswith("."):
            continue
        entry = folder / name
        if entry.is_dir():
            yield from _walk(entry, seen)
        else:
            yield entry


def _split(names: str) -> Iterator[str]:
    """Yield the names in a text one by one."""
    first = 0
    while first < len(names):
        end = names.find(_SEPARATOR, first)
        end = len(names) if end < 0 else end
        yield names[first:end]
        first = end + 1


def _list_url(place: str) -> Iterator[_Listed]:
    import fsspec

    try:
        system: AbstractFileSystem
        system, root = fsspec.core.url_to_fs(place)
        if not system.isdir(root):
            raise InputError(f"there is no folder {place}", remedy=_CHECK)
        paths = sorted(system.find(root))
    except InputError:
        raise
    except Exception as error:  # each file system raises its own kinds
        what = f"cannot list {place}: {str(error) or type(error).__name__}"
        raise InputError(what, remedy=_CHECK) from error
    protocols = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    is_here_only = "memory" in protocols
    for path in paths:
        name = path.removeprefix(root).lstrip("/")
        if any(part.startswith(".") for part in name.split("/")):
            continue
        content = system.cat_file(path) if is_here_only else None
        yield name, system.unstrip_protocol(path), True, content
