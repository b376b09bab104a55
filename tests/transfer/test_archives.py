"""Archives are unpacked whole, or refused whole with the entry named."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from lienet.errors import DataError, InputError
from lienet.transfer.archives import unpack_zip

GOOD = {"set/0801.png": b"one" * 1000, "set/0802.png": b"two" * 1000}
LIMITS = {"max_bytes": 10_000, "max_files": 3}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "set.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "set"


def pack(path: Path, entries: dict[str, bytes], mode: int = 0, **options: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**GOOD, **entries}.items():
            entry = zipfile.ZipInfo(name)
            if name in entries:
                entry.external_attr = mode << 16
            archive.writestr(entry, content, options.get("compress_type", zipfile.ZIP_DEFLATED))


def change(path: Path, name: str, at: int, code: str, value: int) -> None:
    """Change a field of an entry in the central directory, ``at`` bytes into its record."""
    content = bytearray(path.read_bytes())
    start = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
    struct.pack_into(code, content, start + at, value)
    path.write_bytes(content)


def refuse(path: Path, folder: Path, why: str, **changes: object) -> None:
    with pytest.raises(DataError, match=why) as caught:
        unpack_zip(path, folder, **{**LIMITS, **changes})  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert not folder.parent.exists() or list(folder.parent.iterdir()) == []


def test_valid_archive_is_unpacked(path: Path, folder: Path):
    pack(path, {"set/": b""})
    assert unpack_zip(path, folder, **LIMITS, expected_prefix="set/") == sorted(GOOD)
    assert {name: (folder / name).read_bytes() for name in GOOD} == GOOD
    assert [item.name for item in folder.parent.iterdir()] == ["set"]


def test_unpacked_folder_replaces_the_former_one(path: Path, folder: Path):
    (folder.parent / ".set.abc.part").mkdir(parents=True)  # of a run that was killed
    folder.mkdir()
    (folder / "old").write_bytes(b"")
    pack(path, {})
    unpack_zip(path, folder, **LIMITS)
    assert [item.name for item in folder.iterdir()] == ["set"]
    assert [item.name for item in folder.parent.iterdir()] == ["set"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil.png", "leaves the folder"),
        ("set/../../evil.png", "leaves the folder"),
        ("set/..", "leaves the folder"),
        ("/etc/evil.png", "has an absolute path"),
        ("C:/evil.png", "has an absolute path"),
        ("set\\..\\evil.png", "has a name that is none"),
        ("set//evil.png", "has a name that is none"),
        ("set/./evil.png", "has a name that is none"),
        ("set/a\nb.png", "has a name that is none"),
        ("SET/0801.PNG", "is there twice"),
        ("set/0801.png/a.png", "is a file and a folder"),
    ],
)
def test_malicious_name_refuses_the_archive(path: Path, folder: Path, name: str, why: str):
    pack(path, {name: b"evil"})
    refuse(path, folder, why)


def test_two_entries_of_one_name_refuses_the_archive(path: Path, folder: Path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("set/a.png", b"one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("set/a.png", b"two")
    refuse(path, folder, "is there twice")


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o600, stat.S_IFCHR])
def test_a_link_or_a_device_refuses_the_archive(path: Path, folder: Path, mode: int):
    pack(path, {"set/link.png": b"/etc/passwd"}, mode=mode)
    refuse(path, folder, "'set/link.png' is a link or a device; nothing was unpacked; fetch it")


def test_an_encrypted_entry_refuses_the_archive(path: Path, folder: Path):
    pack(path, {"set/secret.png": b"secret"})
    change(path, "set/secret.png", 8, "<H", 1)
    refuse(path, folder, "'set/secret.png' is encrypted")


def test_an_unusual_compression_refuses_the_archive(path: Path, folder: Path):
    pack(path, {"set/a.png": b"a"}, compress_type=zipfile.ZIP_LZMA)
    refuse(path, folder, "unexpected method, 14")


def test_a_declared_bomb_refuses_the_archive(path: Path, folder: Path):
    pack(path, {"set/bomb.png": bytes(10_000_000)})
    refuse(path, folder, "declares 10006000 bytes, at most 10000 are expected")


@pytest.mark.parametrize("declared", [4, 9_000_000])
def test_an_entry_that_lies_about_its_length_refuses_the_archive(
    path: Path, folder: Path, declared: int
):
    pack(path, {"set/bomb.png": bytes(10_000_000 if declared == 4 else 10)})
    change(path, "set/bomb.png", 24, "<I", declared)
    refuse(path, folder, "not a whole zip|not as long as|longer than", max_bytes=10_000_000)


def test_too_many_files_refuses_the_archive(path: Path, folder: Path):
    pack(path, {"set/a": b"", "set/b": b""})
    refuse(path, folder, "holds 4 files, at most 3 are expected")


def test_entry_outside_the_prefix_refuses_the_archive(path: Path, folder: Path):
    pack(path, {"readme.txt": b"hello"})
    refuse(path, folder, "'readme.txt' is not below set/", expected_prefix="set/")


@pytest.mark.parametrize("kept_share", [0.0, 0.5, 0.99])
def test_an_archive_cut_short_is_refused(path: Path, folder: Path, kept_share: float):
    pack(path, {})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept_share)])
    refuse(path, folder, "is not a whole zip file")


def test_a_changed_byte_is_refused(path: Path, folder: Path):
    with zipfile.ZipFile(path, "w") as archive:  # stored: only the checksum can tell
        archive.writestr("set/a.png", b"abcdefgh" * 10)
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"abcdefgX", 1))
    refuse(path, folder, "is not a whole zip file: Bad CRC-32")


def test_missing_archive_and_bad_folder_are_one_line(path: Path, folder: Path, tmp_path: Path):
    refuse(path, folder, "there is no archive")
    pack(path, {})
    with pytest.raises(InputError, match="cannot write"):
        unpack_zip(path, path / "inside", **LIMITS)
