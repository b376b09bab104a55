"""The page on which people compare pictures, as a folder of static files, and its key beside it.

Owns what the folder holds. Nothing in it says which method made which picture: names are drawn, and
pictures are written anew, all in one format and without what their files said besides pixels.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lienet.draws import keyed_generator
from lienet.errors import ImageError, InputError
from lienet.files import write_bytes
from lienet.images import decode_image, encode_png
from lienet.progress import watch
from lienet.rating.answers import Key, Shown, write_key
from lienet.rating.pairing import Pair, draw_pairs
from lienet.rating.pictures import Versions
from lienet.web.page_folder import read_shared, replacing_page

LIST_NAME = "study.js"
"""Which pairs there are."""
PICTURES_DIR = "pictures"
_REFERENCE = ""
"""Stands for the method of a reference in the name that is drawn for it."""


@dataclass(frozen=True)
class Built:
    """A page that was written."""

    key_path: Path
    num_pairs: int


def write_rating_page(
    folder: Path, versions: Versions, *, num_pairs: int | None = None, seed: int = 0
) -> Built:
    """Write the page into a folder, which it replaces if it holds an earlier page, and its key.

    The same pictures and seed give the same bytes.

    Args:
        folder: made if need be; the key lies beside it, as ``<folder>-key.json``.
        versions: from :func:`lienet.rating.pictures.find_versions`.
        num_pairs: how many are compared; None takes about 60.
        seed: of all that is drawn.

    Raises:
        InputError: there are not that many pairs, versions of a picture differ in size, the folder
            holds other things, or the key of another page lies beside it.
        ImageError: a file cannot be read as a photograph.
    """
    pairs = draw_pairs(versions.methods, versions.pictures, num_pairs=num_pairs, seed=seed)
    wanted = {(pair.picture, method) for pair in pairs for method in (pair.left, pair.right)}
    if versions.references:
        wanted |= {(pair.picture, _REFERENCE) for pair in pairs}
    names = {each: _draw_name(seed, *each) for each in sorted(wanted)}
    with replacing_page(folder, mark=LIST_NAME) as beside:
        shown: dict[str, Shown] = {}
        sizes: dict[str, tuple[int, ...]] = {}
        for (picture, method), name in watch(
            names.items(), "rate", noun="pictures", total=len(names)
        ):
            is_reference = method == _REFERENCE
            path = versions.references[picture] if is_reference else versions.files[method][picture]
            content, size = _make_plain(path)
            if sizes.setdefault(picture, size) != size:
                raise InputError(
                    f"versions of {picture} must have one size",
                    got=f"{_spell(size)} for {path}, {_spell(sizes[picture])} before",
                )
            write_bytes(beside / PICTURES_DIR / name, content)
            if not is_reference:
                digest = hashlib.sha256(content).hexdigest()
                shown[name] = Shown(method=method, picture=picture, sha256=digest)
        key = Key(
            pairs=tuple(
                (names[pair.picture, pair.left], names[pair.picture, pair.right]) for pair in pairs
            ),
            shown=shown,
        )
        shared = read_shared("style.css", "icon.svg")
        own = {
            each.name: each.read_bytes()
            for each in files("lienet.rating").joinpath("page").iterdir()
        }
        for name, content in {**shared, **own}.items():
            write_bytes(beside / name, content)
        write_bytes(beside / LIST_NAME, _list_pairs(key, pairs, names))
        key_path = folder.resolve().with_name(f"{folder.resolve().name}-key.json")
        write_key(key_path, key)
    return Built(key_path, len(pairs))


def _draw_name(seed: int, picture: str, method: str) -> str:
    return f"{keyed_generator(seed, 'name', picture, method).bytes(6).hex()}.png"


def _make_plain(path: Path) -> tuple[bytes, tuple[int, ...]]:
    """Return a picture as PNG of 8 bits in sRGB, pixels alone, with its height and width."""
    try:
        pixels = decode_image(path.read_bytes())
    except ImageError as error:
        raise ImageError(f"{path}: {error}", reason=error.reason) from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    return encode_png(pixels), pixels.shape[:2]


def _spell(size: tuple[int, ...]) -> str:
    return f"{size[1]}x{size[0]} px"


def _list_pairs(key: Key, pairs: list[Pair], names: dict[tuple[str, str], str]) -> bytes:
    """Return a script, as a page that is opened as a file may load no JSON."""
    listed = [
        {
            "left": left,
            "right": right,
            "reference": names.get((pair.picture, _REFERENCE)),
        }
        for pair, (left, right) in zip(pairs, key.pairs, strict=True)
    ]
    told = {"study": key.study, "folder": PICTURES_DIR, "pairs": listed}
    return b"const STUDY = " + json.dumps(told, indent=2).encode() + b";\n"
