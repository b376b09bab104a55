from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import InputError
from lienet.web.page_folder import read_shared, replacing_page


def test_a_new_an_empty_and_an_earlier_page_s_folder_are_taken(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty", "empty"):
        with replacing_page(tmp_path / name, mark="mark.js") as beside:
            (beside / "mark.js").write_text("")
            assert [path.name for path in beside.iterdir()] == ["mark.js"]
    assert {path.name for path in tmp_path.iterdir()} == {"new", "empty"}


def test_a_folder_of_other_things_and_a_file_are_refused_and_left(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    for place in (tmp_path / "mine", tmp_path / "mine" / "letter.txt"):
        with (
            pytest.raises(InputError, match="holds other things"),
            replacing_page(place, mark="mark.js"),
        ):
            pass
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_the_style_of_all_pages_is_there():
    assert b"--accent" in read_shared("style.css")["style.css"]
