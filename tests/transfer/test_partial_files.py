"""A partial file is hashed as it grows, written once it is large, and renamed once verified."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lienet.transfer.partial_files import FLUSH_BYTES, MIN_KEPT_BYTES, PartialFile
from lienet.transfer.requests import Fault, FetchResult, RemoteFile

CONTENT = bytes(range(256)) * 1000
MD5 = hashlib.md5(CONTENT).hexdigest()
KNOWN = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "is_image": False}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "file"


def make(target: Path, **known: object) -> PartialFile:
    return PartialFile(RemoteFile("http://a", target.name, **{**KNOWN, **known}), target.parent)  # type: ignore[arg-type]


def names(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir()) if target.parent.exists() else []


def test_small_file_is_written_only_when_verified(target: Path):
    partial = make(target)
    for at in range(0, len(CONTENT), 1000):
        partial.buffer(CONTENT[at : at + 1000])
    assert names(target) == []
    result = partial.finish()
    assert isinstance(result, FetchResult)
    assert (result.status, result.sha256, result.md5) == ("fetched", KNOWN["sha256"], "")
    assert names(target) == ["file"]
    assert target.read_bytes() == CONTENT


def test_small_file_with_wrong_bytes_is_never_written(target: Path):
    partial = make(target)
    partial.buffer(b"wrong")
    fault = partial.finish()
    assert isinstance(fault, Fault)
    assert fault.reason == "wrong sha256"
    assert names(target) == []


def test_large_file_is_written_while_it_comes(target: Path):
    partial = make(target, sha256=None)
    partial.version = '"v"'
    assert partial.buffer(bytes(FLUSH_BYTES)) == FLUSH_BYTES
    partial.hash_buffered()
    assert names(target) == ["file.part", "file.part.version"]
    partial.buffer(b"end")
    result = partial.finish()
    assert isinstance(result, FetchResult)
    assert result.size_bytes == FLUSH_BYTES + 3
    assert result.sha256 == hashlib.sha256(bytes(FLUSH_BYTES) + b"end").hexdigest()
    assert names(target) == ["file"]


@pytest.mark.parametrize(
    ("num_bytes", "is_kept"), [(MIN_KEPT_BYTES, True), (MIN_KEPT_BYTES - 1, False)]
)
def test_abandoned_file_is_kept_if_large(target: Path, num_bytes: int, is_kept: bool):
    partial = make(target)
    partial.buffer(bytes(num_bytes))
    partial.abandon()
    assert names(target) == (["file.part"] if is_kept else [])


def test_later_run_continues_with_the_same_hashes(target: Path):
    first = make(target)
    first.version = '"v"'
    first.buffer(CONTENT[:70_000])
    first.write()
    partial = make(target)
    assert partial.load() is None
    assert (partial.size_bytes, partial.version, partial.can_continue) == (70_000, '"v"', True)
    partial.expect_md5()
    partial.buffer(CONTENT[70_000:])
    result = partial.finish(MD5)
    assert isinstance(result, FetchResult)
    assert (result.status, result.md5) == ("resumed", MD5)
    assert names(target) == ["file"]


def test_md5_asked_for_late_covers_what_came_before(target: Path):
    partial = make(target)
    partial.buffer(CONTENT[:1000])
    partial.end_attempt()
    partial.buffer(CONTENT[1000:2000])
    partial.expect_md5()
    partial.buffer(CONTENT[2000:])
    result = partial.finish(MD5)
    assert isinstance(result, FetchResult)
    assert result.md5 == MD5


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (CONTENT[:70_000], {"sha256": None}),  # no version and no hash: two files could meet
        (CONTENT, {"size_bytes": len(CONTENT) - 1}),
        (b"", {}),
    ],
)
def test_useless_partial_file_is_discarded(target: Path, found: bytes, known: dict[str, object]):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(found)
    partial = make(target, **known)
    assert partial.load() is None
    assert (partial.size_bytes, names(target)) == (0, [])


def test_complete_partial_file_is_only_renamed(target: Path):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(CONTENT)
    result = make(target, size_bytes=len(CONTENT)).load()
    assert result is not None
    assert (result.status, names(target)) == ("resumed", ["file"])


def test_existing_target_is_verified(target: Path):
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    target.with_name("file.part").write_bytes(b"left over")
    result = make(target, size_bytes=len(CONTENT)).load()
    assert result is not None
    assert (result.status, result.sha256) == ("present", KNOWN["sha256"])
    assert names(target) == ["file"]
    assert make(target, size_bytes=5).load() is None
    assert make(target, sha256="0" * 64).load() is None
    assert target.read_bytes() == CONTENT


def test_discarded_file_starts_anew(target: Path):
    partial = make(target)
    partial.buffer(b"wrong")
    partial.write()
    partial.discard()
    assert names(target) == []
    partial.buffer(CONTENT)
    assert isinstance(partial.finish(), FetchResult)
