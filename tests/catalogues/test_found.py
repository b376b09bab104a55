"""Files are read whole, hashed, and never held beyond their limit."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import fsspec
import pytest

from lienet.catalogues.found import FoundFile
from lienet.errors import TransferError

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lienet.catalogues.found._DELAYS_S", (0.0, 0.0))


def make_found(location: str, **changes: bool | bytes) -> FoundFile:
    return FoundFile(
        name="a.png",
        location=location,
        licence="CC0-1.0",
        author="A",
        origin="a.png",
        split="train",
        **changes,  # type: ignore[arg-type]
    )


def test_image_is_read_whole_and_hashed(tmp_path: Path) -> None:
    content = PNG_HEAD + bytes(range(256)) * 8192  # over two of the reader's chunks
    (tmp_path / "a.png").write_bytes(content)
    contents = make_found(str(tmp_path / "a.png")).read(10**7)
    assert contents.head == content
    assert contents.is_whole
    assert contents.size_bytes == 8 + 2**21
    assert contents.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("head", "held_bytes"), [(PNG_HEAD, 1_500_000), (b"no image", 16)])
def test_long_files_are_hashed_but_not_held(tmp_path: Path, head: bytes, held_bytes: int) -> None:
    content = head + b"x" * 3_000_000
    (tmp_path / "a").write_bytes(content)
    contents = make_found(str(tmp_path / "a")).read(1_500_000)
    assert contents.head == content[:held_bytes]
    assert not contents.is_whole
    assert contents.size_bytes == 3_000_008
    assert contents.sha256 == hashlib.sha256(content).hexdigest()


def test_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a plain file"):
        make_found(str(tmp_path / "pipe")).read(100)


def test_remote_file_is_read_in_another_process() -> None:
    fsspec.filesystem("memory").pipe_file("/found/a.png", PNG_HEAD)
    found = pickle.loads(pickle.dumps(make_found("memory://found/a.png", is_remote=True)))
    assert found.read(100).head == PNG_HEAD


def test_content_that_came_along_is_read() -> None:
    assert make_found("memory://nowhere", is_remote=True, content=b"abc").read(100).size_bytes == 3


def test_remote_failure_is_one_line_after_other_attempts() -> None:
    with pytest.raises(TransferError, match="cannot read memory://found/absent") as caught:
        make_found("memory://found/absent", is_remote=True).read(100)
    assert "\n" not in str(caught.value)


def test_passing_remote_failure_is_cured(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.filesystem("memory").pipe_file("/found/a.png", PNG_HEAD)
    open_really, failures = fsspec.open, [ConnectionError("gone"), TimeoutError()]

    def open_sometimes(location: str, mode: str) -> object:
        if failures:
            raise failures.pop()
        return open_really(location, mode)

    monkeypatch.setattr(fsspec, "open", open_sometimes)
    assert make_found("memory://found/a.png", is_remote=True).read(100).head == PNG_HEAD
