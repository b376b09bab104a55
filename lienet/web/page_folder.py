"""The folder of a page: what all pages share, written whole, and never over other things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from lienet.errors import InputError
from lienet.files import replacing_folder


def read_shared(*names: str) -> dict[str, bytes]:
    """Return files by name that other pages have from the page that enhances pictures."""
    page = files("lienet.web").joinpath("page")
    return {name: page.joinpath(name).read_bytes() for name in names}


@contextmanager
def replacing_page(folder: Path, *, mark: str) -> Iterator[Path]:
    """Yield a new folder that takes the place of a page's on success.

    Args:
        folder: made if need be.
        mark: a file that tells an earlier page from other things.

    Raises:
        InputError: the folder holds other things.
    """
    target = folder.resolve()
    is_free = not target.exists() or (target.is_dir() and not any(target.iterdir()))
    if not is_free and not (target / mark).is_file():
        raise InputError(f"{folder} holds other things", remedy="name a new or an empty folder")
    with replacing_folder(target) as beside:
        yield beside
