"""Lists in CSV: whatever can be meant is read, and what cannot is refused by its line."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lienet.catalogues.tables import clean_text, find_line, read_table, to_text
from lienet.errors import DataError

A, B = b"0" * 16, b"f" * 16
COLUMNS = {"id": "id", "title": "text", "share": "number"}
HEAD = b"id,more,title,share\n"


def read(path: Path, content: bytes, **options: object) -> list[tuple[bytes, str, float]]:
    path.write_bytes(content)
    rows = []
    for batch in read_table(path, COLUMNS, **options):  # type: ignore[arg-type]
        titles = to_text(batch.column("title")).to_pylist()
        rows += zip(
            batch.column("id").to_pylist(), titles, batch.column("share").to_pylist(), strict=True
        )
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
def test_every_kind_of_value_is_read(tmp_path: Path, stored: bytes, title: str) -> None:
    content = HEAD + A + b",m," + stored + b",0.5\n" + B + b",m,next,1\n"
    assert read(tmp_path / "list.csv", content) == [(A, title, 0.5), (B, "next", 1.0)]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEAD + A + b",m,t,1\n",
        HEAD.replace(b"\n", b"\r\n") + A + b",m,t,1\r\n\r\n",
        b"share,title,id\n1,t," + A,
    ],
)
def test_every_form_of_file_is_read(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path / "list.csv", content) == [(A, "t", 1.0)]


def test_a_header_alone_is_a_list_of_nothing(tmp_path: Path) -> None:
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
def test_what_cannot_be_meant_is_refused_by_its_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / "list.csv", content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_only_allowed_values_pass(tmp_path: Path) -> None:
    content = HEAD + A + b",m,a,1\n" + A + b",m,b,1\n" + A + b",m,c,1\n"
    assert len(read(tmp_path / "list.csv", content, allowed={"title": "abc"})) == 3
    with pytest.raises(DataError, match=r"line 3 .* has title 'b', which is not known"):
        read(tmp_path / "list.csv", content, allowed={"title": "ac"})


def test_a_column_that_may_lack_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"id,share\n" + A + b",1\n")
    batches = list(read_table(tmp_path / "list.csv", COLUMNS, optional=frozenset({"title"})))
    assert batches[0].schema.names == ["id", "share"]


def test_a_file_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*absent.csv"):
        list(read_table(tmp_path / "absent.csv", COLUMNS))


def test_many_rows_come_in_batches(tmp_path: Path) -> None:
    row = A + b",m," + b"t" * 100 + b",1\n"
    (tmp_path / "list.csv").write_bytes(HEAD + row * 100_000)
    sizes = [len(batch) for batch in read_table(tmp_path / "list.csv", COLUMNS)]
    assert sum(sizes) == 100_000
    assert max(sizes) < 40_000


def test_a_row_knows_its_line(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b'a,b\n1,"x\ny"\n\n2,z\n3,z\n')
    assert [find_line(tmp_path / "list.csv", row) for row in (0, 1, 2)] == [2, 5, 6]


def test_text_is_one_line_whatever_its_encoding() -> None:
    assert clean_text(b"caf\xe9\n\x93bar\x94 \x81") == "café “bar” \ufffd"
    assert to_text(pa.array([b"a", None, b"\xff b"], pa.binary())).to_pylist() == ["a", "", "ÿ b"]
