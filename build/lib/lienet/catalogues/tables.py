"""Lists in CSV, read in batches however long they are, and refused by the number of a line.

Rows go through Arrow's parser, whatever a value's encoding. Only where that stumbles, or where a
line break inside a value could be a quote that nobody closed, is the file read again, line by line
and strictly, to name the line that is wrong. Values are brought to plain text here: UTF-8, or else
Windows-1252, with control characters and line breaks as blanks.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lienet.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["text", "id", "number"]
"""Bytes as they are, 16 hexadecimal digits, or a decimal number."""
MAX_VALUE_BYTES = 2**16
"""A longer value is refused: it is a quote that nobody closed, not a title."""

_BLOCK_BYTES = 2**22
_IS_DIGIT = np.zeros(256, bool)
_IS_DIGIT[np.frombuffer(b"0123456789abcdef", np.uint8)] = True
_ID = re.compile(r"[0-9a-f]{16}")
_BLANKS = re.compile(r"[\x00-\x20\x7f\x85\xa0]+")
_REMEDY = "correct the line, or get the file anew"


@dataclass(frozen=True)
class _Rules:
    columns: Mapping[str, Kind]
    allowed: Mapping[str, Sequence[str]]


def read_table(
    path: Path,
    columns: Mapping[str, Kind],
    *,
    optional: frozenset[str] = frozenset(),
    allowed: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield a CSV file's rows in their order, a few megabytes at a time.

    Args:
        path: a CSV file with a header, comma separated, quoted by double quotes.
        columns: those wanted and what they hold; others are left aside.
        optional: columns that may lack; they are then not in the batches either.
        allowed: the only values of columns of text.

    Returns:
        batches with the wanted columns: ``binary`` for text, ``fixed_size_binary(16)`` for ids,
        ``float32`` for numbers.

    Raises:
        DataError: the file cannot be read, lacks a column, or has a wrong line; the error has its
            number.
    """
    import pyarrow as pa

    rules = _Rules(_check_header(path, columns, optional), allowed or {})
    is_proved = False
    try:
        for batch in _open(path, rules.columns):
            if _is_wrong(batch, rules) or (not is_proved and _has_breaks(batch)):
                _name_wrong_line(path, rules)
                is_proved = True
            yield batch
    except (pa.ArrowException, UnicodeDecodeError) as error:
        _name_wrong_line(path, rules)
        raise DataError(f"{path} is not a CSV file: {error}", remedy=_REMEDY) from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def find_line(path: Path, row: int) -> int:
    """Return the line on which a row begins, counted from 0 without the header and empty lines."""
    begins_at, number = 1, -1
    with path.open(encoding="latin-1", newline="") as stream:
        rows = csv.reader(stream)
        for values in rows:
            number += bool(values)
            if number > row:
                break
            begins_at = rows.line_num + 1
    return begins_at


def to_text(values: pa.Array) -> pa.Array:
    """Turn binary values into plain text, of one line each; what is null becomes empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        text = values.cast(pa.string())
        if not pc.any(pc.match_substring_regex(text, r"[\x00-\x1f\x7f]|^ | $|  ")).as_py():
            return pc.fill_null(text, "")
    except pa.ArrowInvalid:  # not UTF-8
        pass
    return pa.array([clean_text(value or b"") for value in values.to_pylist()], pa.string())


def clean_text(value: bytes) -> str:
    """Return bytes as one line of text: UTF-8, or else Windows-1252."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("cp1252", "replace")
    return _BLANKS.sub(" ", text).strip()


def _open(path: Path, wanted: Mapping[str, Kind]) -> Any:
    import pyarrow as pa
    import pyarrow.csv as pc

    types = {"text": pa.binary(), "id": pa.binary(16), "number": pa.float32()}
    return pc.open_csv(
        path,
        read_options=pc.ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=pc.ParseOptions(newlines_in_values="text" in wanted.values()),
        convert_options=pc.ConvertOptions(
            column_types={name: types[kind] for name, kind in wanted.items()},
            include_columns=list(wanted),
            strings_can_be_null=False,
            null_values=[],
        ),
    )


def _check_header(
    path: Path, columns: Mapping[str, Kind], optional: frozenset[str]
) -> dict[str, Kind]:
    try:
        with path.open("rb") as stream:
            head = stream.readline(MAX_VALUE_BYTES)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    if not head.strip():
        raise _refuse(path, 1, "is empty, not a header")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        raise _refuse(path, 1, "is not UTF-8; save the file as UTF-8")
    line = clean_text(head.removeprefix(b"\xef\xbb\xbf"))
    names = next(csv.reader([line]), [])
    lacking = [name for name in columns if name not in names and name not in optional]
    if lacking:
        raise _refuse(path, 1, f"lacks the columns {', '.join(lacking)}")
    twice = [name for name in columns if names.count(name) > 1]
    if twice:
        raise _refuse(path, 1, f"has the column {twice[0]} twice")
    return {name: kind for name, kind in columns.items() if name in names}


def _is_wrong(batch: pa.RecordBatch, rules: _Rules) -> bool:
    """Whether a value of a batch breaks a rule that Arrow does not know."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if rules.columns[name] == "id" and not are_hexadecimal(column):
            return True
        if rules.columns[name] != "text" or not len(column):
            continue
        if pc.max(pc.binary_length(column)).as_py() > MAX_VALUE_BYTES:
            return True
        if name in rules.allowed:
            known = pa.array([value.encode() for value in rules.allowed[name]], pa.binary())
            if not pc.all(pc.is_in(column, value_set=known)).as_py():
                return True
    return False


def _has_breaks(batch: pa.RecordBatch) -> bool:
    """Whether a value has a line break: it was meant, or somebody forgot to close a quote."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [column for column in batch.columns if column.type == pa.binary()]
    return any(pc.any(pc.match_substring(text, b"\n")).as_py() for text in texts)


def are_hexadecimal(ids: pa.Array) -> bool:
    """Whether fixed_size_binary values hold nothing but the digits 0-9 and a-f."""
    width = ids.type.byte_width
    raw = np.frombuffer(ids.buffers()[1] or b"", np.uint8)
    return bool(_IS_DIGIT[raw[width * ids.offset : width * (ids.offset + len(ids))]].all())


def _name_wrong_line(path: Path, rules: _Rules) -> None:
    """Read a file strictly.

    Raises:
        DataError: naming the first line that is wrong.
    """
    limit = csv.field_size_limit(MAX_VALUE_BYTES)
    begins_at = 1
    try:
        with path.open("rb") as stream:
            rows = csv.reader(_iterate_lines(path, stream), strict=True)
            names = [name.strip() for name in next(rows)]
            begins_at = rows.line_num + 1
            for row in rows:
                if row:
                    _check_row(path, begins_at, names, row, rules)
                begins_at = rows.line_num + 1
    except csv.Error as error:
        raise _refuse(path, begins_at, f"is not CSV ({error})") from None
    finally:
        csv.field_size_limit(limit)


def _iterate_lines(path: Path, stream: Any) -> Iterator[str]:
    number = 0
    while line := stream.readline(_BLOCK_BYTES):
        number += 1
        if len(line) == _BLOCK_BYTES:
            raise _refuse(path, number, f"is longer than {_BLOCK_BYTES} bytes")
        yield line.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _check_row(path: Path, line: int, names: list[str], row: list[str], rules: _Rules) -> None:
    if len(row) != len(names):
        raise _refuse(path, line, f"has {len(row)} values for {len(names)} columns")
    values = dict(zip(names, row, strict=True))
    for name, kind in rules.columns.items():
        value, shown = values[name], repr(values[name][:40])
        if value not in rules.allowed.get(name, (value,)):
            raise _refuse(path, line, f"has {name} {shown}, which is not known")
        if kind == "id" and not _ID.fullmatch(value):
            raise _refuse(path, line, f"has {name} {shown}, not 16 hexadecimal digits")
        if kind == "number" and not _is_number(value):
            raise _refuse(path, line, f"has {name} {shown}, not a number")


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return "_" not in value


def _refuse(path: Path, line: int, what: str) -> DataError:
    return DataError(f"line {line} of {path} {what}", remedy=_REMEDY)
