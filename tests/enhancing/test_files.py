"""What is named becomes pictures with outputs, and no output takes the place of an input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lienet.enhancing.files import find_format, plan_jobs
from lienet.errors import InputError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.PNG", "sub/c.webp", "sub/notes.txt", ".hidden/d.png", "twin.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "photos"


def plan(*inputs: Path, output: Path | None = None, **choices: Any) -> dict[str, Path]:
    jobs = plan_jobs(inputs, output, **({"suffix": "_x", "kind": "png"} | choices))
    return {job.source.name: job.target for job in jobs}


def test_a_folder_keeps_its_tree_and_hidden_and_other_files_are_passed_over(photos: Path):
    out = photos.parent / "out"
    assert plan(photos, output=out) == {
        "a.jpg": out / "a_x.png",
        "b.PNG": out / "b_x.png",
        "twin.jpg": out / "twin_x.png",
        "c.webp": out / "sub" / "c_x.png",
    }


def test_without_an_output_each_lies_beside_its_input(photos: Path):
    assert plan(photos / "sub" / "c.webp", kind="jpg") == {"c.webp": photos / "sub" / "c_x.jpg"}


def test_a_single_picture_may_become_a_file_of_any_name(photos: Path):
    assert plan(photos / "a.jpg", output=photos / "new.png") == {"a.jpg": photos / "new.png"}
    with pytest.raises(InputError, match="4 pictures do not fit into one file"):
        plan(photos, output=photos / "new.png")


def test_patterns_are_filled_in(photos: Path):
    assert set(plan(photos / "*.jpg")) == {"a.jpg", "twin.jpg"}
    assert set(plan(photos / "**" / "*.webp")) == {"c.webp"}
    with pytest.raises(InputError, match="nothing matches"):
        plan(photos / "*.tif")


def test_two_pictures_of_one_name_keep_their_extensions(photos: Path):
    (photos / "twin.tif").write_bytes(b"")
    found = plan(photos)
    assert found["twin.jpg"] == photos / "twin_jpg_x.png"
    assert found["twin.tif"] == photos / "twin_tif_x.png"


def test_a_linked_folder_is_gone_through_once(photos: Path):
    (photos / "sub" / "loop").symlink_to(photos)
    album = photos.parent / "album"
    album.mkdir()
    (album / "link").symlink_to(photos)
    assert set(plan(album)) == {"a.jpg", "b.PNG", "c.webp", "twin.jpg"}


def test_outputs_of_an_earlier_run_are_no_inputs(photos: Path):
    (photos / "a_x.png").write_bytes(b"")
    (photos / "out").mkdir()
    (photos / "out" / "anything.png").write_bytes(b"")
    assert set(plan(photos, output=photos / "out")) == {"a.jpg", "b.PNG", "c.webp", "twin.jpg"}


def test_an_input_is_never_an_output(photos: Path):
    (photos / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.png is an input and would be overwritten"):
        plan(photos / "a.png", output=photos / "a.png")


def test_two_pictures_that_would_become_one_file_are_refused(photos: Path):
    (photos / "sub" / "a.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="two pictures would become"):
        plan(photos / "a.jpg", photos / "sub" / "a.jpg", output=photos / "out")


def test_what_is_not_there_or_holds_nothing_is_one_line(photos: Path):
    with pytest.raises(InputError, match="there is no file or folder"):
        plan(photos / "gone.jpg")
    (photos / "empty").mkdir()
    with pytest.raises(InputError, match="there is no picture"):
        plan(photos / "empty")


def test_the_format_is_that_of_the_output_s_name_and_png_otherwise(tmp_path: Path):
    assert find_format(None, None) == "png"
    assert find_format(tmp_path / "a.JPEG", None) == "jpg"
    assert find_format(tmp_path, "webp") == "webp"
    with pytest.raises(InputError, match=r"does not end in \.png"):
        find_format(tmp_path / "a.jpg", "png")


@pytest.mark.parametrize("name", ["-", "a.bmp", "a.tif", "notes"])
def test_what_can_be_neither_folder_nor_output_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(InputError, match="-o is a folder, or a file that ends in"):
        find_format(Path(name), None)
    assert find_format(Path("new"), None) == find_format(tmp_path, None) == "png"
