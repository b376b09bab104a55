"""Flickr-Faces-HQ: which of its faces are taken, by the published JSON, and where each one lies.

The JSON is read item by item, never as a whole. Each face is verified by the MD5 of its file or,
where a mirror has encoded it anew without loss, of its pixels. Each is bound by its photograph's
own licence and by the collection's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from lienet.catalogues.csv_lists import clean_text
from lienet.catalogues.found import FoundFile
from lienet.catalogues.remote import Depot, Listed, fetch_listed, fetch_one
from lienet.errors import DataError, InputError
from lienet.params import FfhqSource
from lienet.transfer.batches import RemoteFile

logger = logging.getLogger(__name__)
LIST_NAME = "ffhq-dataset-v2.json"
LIST_BYTES = 267793842
LIST_MD5 = "425ae20f06a4da1d4dc0f46d40ba5fd6"
_PICTURES = {1024: "image", 128: "thumbnail"}
_CHUNK_CHARS = 2**20
_MAX_ITEM_CHARS = 2**22


def find_ffhq(source: FfhqSource, depot: Depot, *, base_dir: Path) -> Iterator[FoundFile]:
    """Fetch the faces that params ask for, and return each one, or its reason.

    Args:
        source: which ones.
        depot: where list and faces are kept.
        base_dir: where a relative path of the list starts.

    Raises:
        TransferError: the list, or too many faces, cannot be fetched.
        DataError: the list is not the published one, or an item of it is wrong.
        InputError: there is no list at its path.
    """
    path = _find_list(source.list, depot, base_dir)
    return fetch_listed(partial(_list_faces, source, path), depot)


def read_items(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of one JSON object, holding one value at a time.

    Raises:
        DataError: the text is no such object, or ends early; the error names the last key read.
    """
    decoder = json.JSONDecoder()
    last, position = "", 1
    with path.open(encoding="utf-8", errors="replace") as stream:
        text = stream.read(_CHUNK_CHARS).removeprefix("\ufeff").lstrip()
        if not text.startswith("{"):
            raise _refuse(path, last)
        while True:
            parsed = _parse_item(decoder, text, position, is_first=not last)
            if parsed is None:
                more = stream.read(_CHUNK_CHARS)
                if not more or len(text) - position > _MAX_ITEM_CHARS:
                    raise _refuse(path, last)
                text, position = text[position:] + more, 0
                continue
            key, value, position = parsed
            if key is None:
                return
            yield key, value
            last = key


def _parse_item(
    decoder: json.JSONDecoder, text: str, position: int, *, is_first: bool
) -> tuple[str | None, Any, int] | None:
    """Parse one ``"key": value``; no key at the object's end, None where the text ends early."""
    position = _skip_blanks(text, position)
    if text[position : position + 1] == "}":
        return None, None, position
    if not is_first:
        if text[position : position + 1] != ",":
            return None
        position = _skip_blanks(text, position + 1)
    try:
        key, position = decoder.raw_decode(text, position)
        position = _skip_blanks(text, position)
        if text[position : position + 1] != ":" or not isinstance(key, str):
            return None
        value, end = decoder.raw_decode(text, _skip_blanks(text, position + 1))
    except ValueError:
        return None
    return key, value, end


def _skip_blanks(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\n", "\r", "\t"):
        position += 1
    return position


def _refuse(path: Path, last: str) -> DataError:
    after = f"after item {last}" if last else "at its beginning"
    return DataError(
        f"{path} is not a JSON object of items, or ends early, {after}",
        remedy="get the file anew",
    )


def _find_list(place: str, depot: Depot, base_dir: Path) -> Path:
    is_published = place.rstrip("/").rpartition("/")[2] == LIST_NAME
    if place.startswith(("http://", "https://")):
        wanted = RemoteFile(
            place,
            "list.json",
            size_bytes=LIST_BYTES if is_published else None,
            md5=LIST_MD5 if is_published else None,
            is_image=False,
        )
        return fetch_one(wanted, depot)
    path = base_dir / Path(place).expanduser()
    if not path.is_file():
        raise InputError(f"there is no list of FFHQ at {path}", remedy="correct it in params.yaml")
    if is_published:
        _verify_list(path)
    return path


def _verify_list(path: Path) -> None:
    with path.open("rb") as stream:
        got = hashlib.file_digest(stream, "md5").hexdigest()
    if got != LIST_MD5:
        size_bytes = path.stat().st_size
        raise DataError(
            f"{path} must be the published list, {LIST_BYTES} bytes of MD5 {LIST_MD5}",
            got=f"{size_bytes} bytes of {got}",
            remedy="get the file anew, or rename a list of your own",
        )


def _list_faces(source: FfhqSource, path: Path) -> Iterator[Listed]:
    is_empty = True
    wanted = _expand_ids(source.ids)
    for key, item in read_items(path):
        try:
            if source.category not in (None, item["category"]):
                continue
            if wanted is not None and int(key) not in wanted:
                continue
            listed = _list_face(source, int(key), item)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"item {key} of {path} is not one of FFHQ: {type(error).__name__} {error}",
                remedy="get the file anew",
            ) from error
        is_empty = False
        yield listed
    if is_empty:
        raise DataError(f"{path} has no face that params ask for", remedy="change category or ids")


def _list_face(source: FfhqSource, number: int, item: dict[str, Any]) -> Listed:
    picture, said = item[_PICTURES[source.size_px]], item.get("metadata", {})
    name = f"{number // 1000 * 1000:05d}/{number:05d}.png"
    url = str(picture["file_url"])
    if source.mirror_url is not None:
        url = f"{source.mirror_url.rstrip('/')}/{picture['file_path']}"
    own = _to_line(said.get("license") or said.get("license_url"))
    return Listed(
        RemoteFile(
            url,
            f"{source.size_px}/{name}",
            # a mirror's file may be encoded anew: then its pixels must be the same
            size_bytes=None if source.mirror_url else int(picture["file_size"]),
            md5=str(picture["file_md5"]),
            pixel_md5=str(picture["pixel_md5"]),
        ),
        FoundFile(
            name=f"{number:05d}.png",
            location="",
            licence=f"{own} AND {source.licence}" if own else source.licence,
            author=_to_line(said.get("author")),
            origin=_to_line(said.get("photo_url")) or url,
            split=source.split,
            title=_to_line(said.get("photo_title")),
        ),
    )


def _to_line(value: object) -> str:
    return clean_text(str(value or "").encode("utf-8", "replace").decode())


def _expand_ids(ranges: tuple[str, ...] | None) -> set[int] | None:
    if ranges is None:
        return None
    wanted: set[int] = set()
    for text in ranges:
        first, _, last = text.partition("-")
        wanted.update(range(int(first), int(last or first) + 1))
    return wanted
