"""Every visible file of a folder is found, once and in one order, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest

from lienet.catalogues.folder import find_files
from lienet.catalogues.found import FoundFile
from lienet.errors import InputError


def find(place: str | Path, base_dir: Path) -> list[FoundFile]:
    return list(
        find_files(str(place), base_dir=base_dir, split="auto", licence="CC0-1.0", author="A")
    )


def names_of(place: str | Path, base_dir: Path) -> list[str]:
    return [found.name for found in find(place, base_dir)]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "my photos"
    for name in ("b.jpg", "a.PNG", "notes.txt", "sub/c.jpg", ".DS_Store", ".cache/d.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def test_all_visible_files_are_found_in_order(photos: Path) -> None:
    assert names_of(photos, Path("/")) == ["a.PNG", "b.jpg", "notes.txt", "sub/c.jpg"]


def test_relative_path_starts_at_the_base(photos: Path) -> None:
    first = find("my photos/", photos.parent)[0]
    assert first.location == str(photos / "a.PNG")
    assert first.origin == "my photos/a.PNG"
    assert (first.split, first.licence, first.author) == ("auto", "CC0-1.0", "A")
    assert first.read(100).size_bytes == 5


def test_file_url_is_a_folder(photos: Path) -> None:
    found = find(f"file://{photos}", Path("/"))
    assert [file.name for file in found] == ["a.PNG", "b.jpg", "notes.txt", "sub/c.jpg"]
    assert not found[0].is_remote


def test_links_are_followed_but_loops_end(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "e.jpg").write_bytes(b"e")
    (tmp_path / "elsewhere" / "back").symlink_to(photos)
    (photos / "sub" / "loop").symlink_to(photos)
    (photos / "more").symlink_to(tmp_path / "elsewhere")
    (photos / "self").symlink_to(photos / "self")
    assert names_of(photos, Path("/")) == [
        "a.PNG",
        "b.jpg",
        "more/e.jpg",
        "notes.txt",
        "self",
        "sub/c.jpg",
    ]


def test_broken_link_is_found_to_be_refused_later(photos: Path) -> None:
    (photos / "gone.jpg").symlink_to(photos / "nowhere")
    assert "gone.jpg" in names_of(photos, Path("/"))


def test_name_that_is_not_utf8_can_be_written_down(photos: Path) -> None:
    (photos / os.fsdecode(b"z\xff.jpg")).write_bytes(b"abc")
    found = find(photos, Path("/"))[-1]
    assert found.origin == f"{photos}/z\ufffd.jpg"
    assert found.read(100).head == b"abc"


@pytest.mark.parametrize("place", ["absent", "file:///absent", "memory://absent"])
def test_missing_folder_is_one_line(place: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no folder .*absent") as caught:
        find(place, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("hidden", [False, True])
def test_empty_folder_is_one_line(hidden: bool, tmp_path: Path) -> None:
    (tmp_path / "empty" / "below").mkdir(parents=True)
    if hidden:
        (tmp_path / "empty" / ".hidden").write_bytes(b"")
    with pytest.raises(InputError, match="empty holds no files; check its path"):
        find("empty", tmp_path)


def test_file_is_no_folder(photos: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        find(photos / "b.jpg", Path("/"))


def test_url_of_no_known_kind_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot list nosuch://bucket") as caught:
        find("nosuch://bucket/photos", tmp_path)
    assert "\n" not in str(caught.value)


def test_url_is_listed_in_order_without_hidden_files(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    for name in ("b.jpg", "sub/a.jpg", "a.jpg", ".hidden", ".cache/c.jpg"):
        memory.pipe_file(f"/folder-test/photos/{name}", name.encode())
    found = find("memory://folder-test/photos/", tmp_path)
    assert [file.name for file in found] == ["a.jpg", "b.jpg", "sub/a.jpg"]
    assert found[2].origin == "memory://folder-test/photos/sub/a.jpg"
    assert found[2].read(100).head == b"sub/a.jpg"
