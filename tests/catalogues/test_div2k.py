"""DIV2K: published archives alone, fetched once, and found like a folder."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lienet.catalogues import div2k
from lienet.catalogues.div2k import ARCHIVES, Archive, find_div2k
from lienet.catalogues.found import FoundFile
from lienet.catalogues.kinds import Div2k
from lienet.errors import DataError, TransferError
from lienet.params import Div2kSource
from tests.catalogues.bucket import Bucket, make_depot

PNG = b"\x89PNG\r\n\x1a\n"


def make_zip(names: list[str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, PNG + name.encode())
    return stream.getvalue()


def publish(
    bucket: Bucket, patch: pytest.MonkeyPatch, key: tuple[str, str], names: list[str]
) -> None:
    """Put an archive of these names where the published one lies, under its name."""
    content, known = make_zip(names), ARCHIVES[key]  # type: ignore[index]
    bucket.files[known.name] = content
    sha256 = hashlib.sha256(content).hexdigest()
    published = Archive(known.name, len(content), sha256, known.folder)
    patch.setitem(div2k.ARCHIVES, key, published)  # type: ignore[misc]


def source_of(bucket: Bucket, **changes: Any) -> Div2kSource:
    chosen = {
        "kind": "div2k",
        "permitted_use": None,
        "subset": "valid",
        "contents": "hr",
        "base_url": f"{bucket.url}/",
        "split": "test",
    }
    return Div2k.model_validate(chosen | changes)


def find(bucket: Bucket, tmp_path: Path, **changes: Any) -> list[FoundFile]:
    return list(find_div2k(source_of(bucket, **changes), make_depot(tmp_path)))


def test_high_resolution_is_found_by_name(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["DIV2K_valid_HR/0802.png", "DIV2K_valid_HR/0801.png"]
    publish(bucket, monkeypatch, ("valid", "hr"), names)
    found = find(bucket, tmp_path)
    assert [file.name for file in found] == ["0801.png", "0802.png"]
    one = found[0]
    assert (one.licence, one.split) == ("DIV2K, academic research only", "test")
    assert one.origin == f"{bucket.url}/DIV2K_valid_HR.zip#DIV2K_valid_HR/0801.png"
    assert one.is_kept
    assert one.read(100).head == PNG + b"DIV2K_valid_HR/0801.png"
    assert find(bucket, tmp_path) == found
    assert bucket.asked["DIV2K_valid_HR.zip"] == 1
    assert not list((tmp_path / "depot").rglob("*.zip"))


def test_low_resolution_set_is_an_archive_of_its_own(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["DIV2K_valid_LR_bicubic/X4/0801x4.png"]
    publish(bucket, monkeypatch, ("valid", "lr_bicubic_x4"), names)
    found = find(bucket, tmp_path, contents="lr_bicubic_x4")
    assert [file.name for file in found] == ["0801x4.png"]


def test_archive_of_another_sha256_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    bucket.files["DIV2K_valid_HR.zip"] = make_zip(["DIV2K_valid_HR/0801.png"])
    with pytest.raises(TransferError, match=r"cannot fetch .*DIV2K_valid_HR.zip"):
        find(bucket, tmp_path)
    assert not list((tmp_path / "depot").rglob("*.png"))


def test_an_archive_with_something_else_inside_is_refused_whole(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["DIV2K_valid_HR/0801.png", "elsewhere/0802.png"]
    publish(bucket, monkeypatch, ("valid", "hr"), names)
    with pytest.raises(DataError):
        find(bucket, tmp_path)
    assert not list((tmp_path / "depot").rglob("*.png"))


def test_the_published_archives_are_these() -> None:
    assert {archive.name: archive.size_bytes for archive in ARCHIVES.values()} == {
        "DIV2K_train_HR.zip": 3_530_603_713,
        "DIV2K_valid_HR.zip": 448_993_893,
        "DIV2K_valid_LR_bicubic_X2.zip": 117_763_600,
        "DIV2K_valid_LR_bicubic_X4.zip": 31_505_881,
    }
    assert all(len(archive.sha256) == 64 for archive in ARCHIVES.values())
