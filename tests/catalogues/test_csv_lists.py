"""Lists in CSV: whatever can be meant is read, and what cannot is refused by its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lienet.catalogues.csv_lists import (
    Rule,
    clean_text,
    must_be_id,
    must_be_known,
    must_be_number,
    read_list,
)
from lienet.database import open_database
from lienet.errors import DataError

A, B = b"0" * 16, b"f" * 16
COLUMNS = ("id", "title", "share")
RULES = (must_be_id("id"), must_be_number("share"))
HEAD = b"id,more,title,share\n"


def read(path: Path, content: bytes, *rules: Rule, **options: Any) -> list[tuple[str, str, float]]:
    path.write_bytes(content)
    rows: list[tuple[str, str, float]] = []
    with open_database() as connection:

        def use(listed: str) -> None:
            query = f"SELECT id, title, share::FLOAT FROM ({listed})"
            rows[:] = connection.execute(query).fetchall()

        read_list(connection, path, COLUMNS, [*RULES, *rules], use, texts=["title"], **options)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return rows


@pytest.mark.parametrize(
    ("stored", "title"),
    [
        (b"plain", "plain"),
        (b'"with ""quotes"", and a comma"', 'with "quotes", and a comma'),
        (b'a "stray" quote', 'a "stray" quote'),
        (b'"two\nlines"', "two lines"),
        (b'"two\r\nlines"', "two lines"),
        ("Größe 写真".encode(), "Größe 写真"),
        ("Größe €".encode("cp1252"), "Größe €"),
        (b"a\0b\tc\x1b[31m", "a b c [31m"),
        (b"  around  ", "around"),
        (b"", ""),
        (b"null", "null"),
        (b"x" * 65_536, "x" * 65_536),
    ],
)
def test_quotes_encodings_and_blanks_are_read(tmp_path: Path, stored: bytes, title: str) -> None:
    content = HEAD + A + b",m," + stored + b",0.5\n" + B + b",m,next,1\n"
    assert read(tmp_path / "list.csv", content) == [
        (A.decode(), title, 0.5),
        (B.decode(), "next", 1.0),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEAD + A + b",m,t,1\n",
        HEAD.replace(b"\n", b"\r\n") + A + b",m,t,1\r\n\r\n",
        b"share,title,id\n1,t," + A,
        HEAD + b"\n" + A + b",m,t,1\r\n",
    ],
)
def test_line_ends_and_byte_order_marks_are_read(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path / "list.csv", content) == [(A.decode(), "t", 1.0)]


def test_header_without_rows_is_an_empty_list(tmp_path: Path) -> None:
    assert read(tmp_path / "list.csv", HEAD) == []


GOOD = A + b",m,t,1\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1 .* is empty"),
        (b"\n\n", "line 1 .* is empty"),
        (HEAD.decode().encode("utf-16"), "line 1 .* is not UTF-8"),
        (HEAD.decode().encode("utf-16-le"), "line 1 .* is not UTF-8"),
        (b"id,share\n", "line 1 .* lacks the columns title"),
        (b"<!doctype html>\n<html>", "line 1 .* lacks the columns id, title, share"),
        (b"id,title,id,share\n", "line 1 .* has the column id twice"),
        (HEAD + GOOD + A + b",m,t\n" + GOOD, "line 3 .* has 3 values for 4 columns"),
        (HEAD + GOOD + A + b",m,a,b,1\n", "line 3 .* has 5 values for 4 columns"),
        (HEAD + GOOD * 2 + A + b",m,t", "line 4 .* has 3 values for 4 columns"),
        (HEAD + GOOD + b"123,m,t,1\n", "line 3 .* has id '123', not 16 hexadecimal digits"),
        (HEAD + GOOD + b"G" * 16 + b",m,t,1\n", "line 3 .* has id 'GGGG"),
        (HEAD + GOOD + A + b",m,t,high\n", "line 3 .* has share 'high', not a number"),
        (HEAD + GOOD + A + b",m,t,\n", "line 3 .* has share '', not a number"),
        (HEAD + A + b',m,"a\nb",1\n\n' + A + b",m,t,x\n", "line 5 .* has share 'x'"),
        (HEAD + GOOD + A + b',m,"open,1\n' + GOOD * 3, "line 3 .* is not CSV"),
        (HEAD + GOOD + A + b',m,"open,1\n' + A + b',m,"shut",1\n' + GOOD, "line 3 .* is not CSV"),
        (HEAD + GOOD + A + b",m," + b"x" * 65_537 + b",1\n", "line 3 .* is not CSV .*limit"),
        (HEAD + GOOD + A + b",m," + b"x" * 10_000_000 + b",1\n" + GOOD, "line 3 .* is longer than"),
        (HEAD + GOOD + A + b',"' + b"x\n" * 5_000_000 + b'",t,1\n' + GOOD, "line 3 .* is not CSV"),
    ],
)
def test_invalid_line_is_refused_by_its_number(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / "list.csv", content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_value_outside_the_known_words_is_refused(tmp_path: Path) -> None:
    content = HEAD + A + b",m,a,1\n" + A + b",m,b,1\n" + A + b",m,c,1\n"
    assert len(read(tmp_path / "list.csv", content, must_be_known("title", "abc"))) == 3
    with pytest.raises(DataError, match=r"line 3 .* has title 'b', which is not known"):
        read(tmp_path / "list.csv", content, must_be_known("title", "ac"))


def test_the_first_wrong_line_is_named_whatever_rule_it_breaks(tmp_path: Path) -> None:
    content = HEAD + A + b',m,"a\nb",1\n\n' + b"1,m,c,1\n" + A + b",m,c,x\n"
    with pytest.raises(DataError, match=r"line 5 .* has id '1', not 16"):
        read(tmp_path / "list.csv", content)


def test_a_column_that_may_lack_is_empty(tmp_path: Path) -> None:
    content = b"id,share\n" + A + b",1\n"
    rows = read(tmp_path / "list.csv", content, optional=frozenset({"title"}))
    assert rows == [(A.decode(), "", 1.0)]


def test_a_file_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with (
        open_database() as connection,
        pytest.raises(DataError, match=r"cannot read .*absent.csv"),
    ):
        read_list(connection, tmp_path / "absent.csv", COLUMNS, RULES, print)


def test_one_line_of_another_encoding_among_many_keeps_the_order(tmp_path: Path) -> None:
    lines = [A + b",m,%d,1\n" % number for number in range(100_000)]
    lines[70_000] = A + ",m,Größe,1\n".encode("cp1252")
    rows = read(tmp_path / "list.csv", HEAD + b"".join(lines))
    assert [rows[place][1] for place in (0, 69_999, 70_000, 99_999)] == [
        "0",
        "69999",
        "Größe",
        "99999",
    ]


def test_a_quote_that_nobody_closes_is_found_in_a_long_list(tmp_path: Path) -> None:
    lines = [A + b',m,"a title",1\n'] * 500_000
    lines[499_990] = A + b',m,"open,1\n'
    with pytest.raises(DataError, match=r"line 499992 .* is not CSV"):
        read(tmp_path / "list.csv", HEAD + b"".join(lines))


def test_text_is_one_line() -> None:
    assert clean_text(" café\n“bar” \x81\x00 ") == "café “bar” \x81"
