from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import DataError, InputError
from lienet.rating.answers import Answer, Key, Shown, read_answers, read_key, write_key

HEAD = "study,rater,left,right,choice\n"


def make_key(picture: str = "harbour") -> Key:
    shown = {
        f"{method}.png": Shown(method=method, picture=picture, sha256="0" * 64) for method in "abc"
    }
    return Key(pairs=(("a.png", "b.png"), ("c.png", "a.png")), shown=shown)


def write(path: Path, *lines: str, head: str = HEAD) -> Path:
    path.write_text(head + "".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def key() -> Key:
    return make_key()


def test_answers_of_several_people_are_read_as_methods(key: Key, tmp_path: Path):
    first = write(
        tmp_path / "1.csv", f"{key.study},x,a.png,b.png,left", f"{key.study},x,c.png,a.png,same"
    )
    second = write(tmp_path / "2.csv", f"{key.study},y,a.png,b.png,right")
    assert read_answers([first, second], key) == [
        Answer("x", "harbour", "a", "b", "left"),
        Answer("x", "harbour", "c", "a", "same"),
        Answer("y", "harbour", "a", "b", "right"),
    ]


def test_a_file_that_a_spreadsheet_saved_again_is_read(key: Key, tmp_path: Path):
    path = tmp_path / "1.csv"
    path.write_bytes(f"\ufeff{HEAD}{key.study},x,a.png,b.png,left\n".replace("\n", "\r\n").encode())
    assert [answer.choice for answer in read_answers([path], key)] == ["left"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{},x,b.png,a.png,left", "line 2 of .* has no pair of the page, got b.png, a.png"),
        ("{},x,a.png,z.png,left", "has no pair of the page, got a.png, z.png"),
        ("{},x,a.png,b.png,both", "the choice left, right or same, got both"),
        ("{},,a.png,b.png,left", "must have a rater"),
        ("{},x,a.png,b.png", "line 2 of .* must have 5 cells, got 4"),
        ('{},x,a.png,b.png,"left', "is not a CSV file"),
    ],
)
def test_broken_rows_are_refused_in_one_line(key: Key, tmp_path: Path, row: str, said: str):
    with pytest.raises(DataError, match=said):
        read_answers([write(tmp_path / "1.csv", row.format(key.study))], key)


def test_other_columns_and_empty_files_are_refused(key: Key, tmp_path: Path):
    path = write(tmp_path / "1.csv", head="study,rater,left,right,choice,seconds\n")
    with pytest.raises(DataError, match=r"must have the columns study,.*choice, got study,.*sec"):
        read_answers([path], key)
    with pytest.raises(InputError, match="there is no answer"):
        read_answers([write(path)], key)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is not text"):
        read_answers([path], key)
    with pytest.raises(InputError, match="cannot read"):
        read_answers([tmp_path / "nothing.csv"], key)


def test_answers_to_another_page_are_refused(key: Key, tmp_path: Path):
    other = make_key(picture="portrait")
    path = write(tmp_path / "1.csv", f"{other.study},x,a.png,b.png,left")
    with pytest.raises(DataError, match=f"another page than the key, got {other.study} for"):
        read_answers([path], key)


def test_a_person_s_file_given_twice_is_refused(key: Key, tmp_path: Path):
    path = write(tmp_path / "1.csv", f"{key.study},x,a.png,b.png,left")
    with pytest.raises(DataError, match="a pair that rater x has rated before"):
        read_answers([path, path], key)


def test_a_key_is_read_as_written_and_other_files_are_refused(key: Key, tmp_path: Path):
    write_key(tmp_path / "key.json", key)
    assert read_key(tmp_path / "key.json") == key
    assert key.methods == ["a", "b", "c"]
    for broken in ("{}", "[", '{"pairs": [], "shown": {}, "more": 1}'):
        (tmp_path / "other.json").write_text(broken)
        with pytest.raises(InputError, match=r"other\.json is not a key"):
            read_key(tmp_path / "other.json")
