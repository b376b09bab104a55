"""Unpacking zip files of strangers: whole and below their folder, or not at all.

What could write elsewhere, hide a file behind another or fill the disk refuses the whole archive
before any of it is in place: a path that leaves the folder, a link, an encrypted entry, two entries
of one name, more files or bytes than are expected, whether the archive declares them or not.
"""

from __future__ import annotations

import os
import stat
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from lienet.errors import DataError
from lienet.files import explaining_disk_errors, replacing_folder
from lienet.transfer.requests import DISK_REMEDY

_CHUNK_BYTES = 2**20
_KINDS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_REMEDY = "fetch it again from where it is published, or raise what may be in it"


def unpack_zip(
    path: Path, folder: Path, *, max_bytes: int, max_files: int, expected_prefix: str = ""
) -> list[str]:
    """Unpack a zip file into a new folder, which appears whole or not at all.

    Args:
        path: the archive.
        folder: takes the place of what was there.
        max_bytes: how much all files may have together, unpacked.
        max_files: how many there may be.
        expected_prefix: what every name begins with ("DIV2K_valid_HR/"); it stays in the names.

    Returns:
        The names of the files, sorted, relative to ``folder``.

    Raises:
        DataError: the archive is broken, or an entry of it is refused; nothing was unpacked.
        InputError: the folder cannot be written.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = _check(archive, path, max_bytes, max_files, expected_prefix)
            explaining = explaining_disk_errors(folder, remedy=DISK_REMEDY)
            with explaining, replacing_folder(folder) as beside:
                _extract(archive, path, files, beside, max_bytes)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error, ValueError) as error:
        raise DataError(f"{path} is not a whole zip file: {error}", remedy=_REMEDY) from error
    except FileNotFoundError as error:
        raise DataError(f"there is no archive {path}", remedy="fetch it first") from error
    return sorted(files)


def _check(
    archive: zipfile.ZipFile, path: Path, max_bytes: int, max_files: int, prefix: str
) -> dict[str, zipfile.ZipInfo]:
    """Return the files by name, or refuse the archive for what it declares."""
    files: dict[str, zipfile.ZipInfo] = {}
    seen: dict[str, str] = {}
    for entry in archive.infolist():
        name = entry.filename
        if (fault := _find_fault(entry, prefix)) is not None:
            raise _refuse(path, name, fault)
        # Some file systems take names that differ in case or in composition for one.
        same = unicodedata.normalize("NFC", name.rstrip("/")).casefold()
        if same in seen:
            raise _refuse(path, name, f"is there twice, as {seen[same]} too")
        seen[same] = name
        if not entry.is_dir():
            files[name] = entry
    folders = {parent for same in seen for parent in map(str, PurePosixPath(same).parents)}
    for name in files:
        if unicodedata.normalize("NFC", name).casefold() in folders:
            raise _refuse(path, name, "is a file and a folder")
    if len(files) > max_files:
        raise _refuse(path, "", f"holds {len(files)} files, at most {max_files} are expected")
    num_bytes = sum(entry.file_size for entry in files.values())
    if num_bytes > max_bytes:
        raise _refuse(path, "", f"declares {num_bytes} bytes, at most {max_bytes} are expected")
    return files


def _find_fault(entry: zipfile.ZipInfo, prefix: str) -> str | None:
    name = entry.filename
    parts = name.removesuffix("/").split("/")
    mode = entry.external_attr >> 16
    if name != entry.orig_filename or "\\" in name or any(ord(sign) < 32 for sign in name):
        return "has a name that is none"
    if name.startswith("/") or ":" in parts[0]:
        return "has an absolute path"
    if ".." in parts:
        return "leaves the folder"
    if any(part in ("", ".") for part in parts):
        return "has a name that is none"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in _KINDS:
        return f"is compressed by an unexpected method, {entry.compress_type}"
    if not (name.startswith(prefix) or (entry.is_dir() and prefix.startswith(name))):
        return f"is not below {prefix}"
    return None


def _extract(
    archive: zipfile.ZipFile,
    path: Path,
    files: dict[str, zipfile.ZipInfo],
    folder: Path,
    max_bytes: int,
) -> None:
    left = max_bytes
    for name, entry in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, target.open("xb") as unpacked:
            while chunk := packed.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise _refuse(path, name, "is longer than the archive declares")
                unpacked.write(chunk)
            unpacked.flush()
            os.fsync(unpacked.fileno())
        if target.stat().st_size != entry.file_size:
            raise _refuse(path, name, "is not as long as the archive declares")


def _refuse(path: Path, name: str, why: str) -> DataError:
    what = f"{path}: the entry {name!r} {why}" if name else f"{path} {why}"
    return DataError(f"{what}; nothing was unpacked", remedy=_REMEDY)
