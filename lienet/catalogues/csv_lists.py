"""Lists in CSV read by DuckDB, however long they are, and refused by the number of a line.

DuckDB reads UTF-8 and one kind of line end, strictly, and its errors do not say on which line of a
file a row begins. So where it stumbles, or a value breaks a rule, the list is read once more, line
by line: the first wrong line is named, or a clean copy made, in UTF-8 where a line was Windows-1252
and with the number of each line, for DuckDB to read instead.
"""

from __future__ import annotations

import csv
import glob
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from lienet.database import first_line, quote
from lienet.errors import DataError

logger = logging.getLogger(__name__)
MAX_VALUE_BYTES = 2**16
"""A longer value is refused: it is a quote that nobody closed, not a title."""
_MAX_LINE_BYTES = 2**22
_STUMBLES = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.NotImplementedException,  # a line longer than any buffer
)
LINE = "line_number"
"""The column that tells a list's order."""
_BLANKS = re.compile(r"[\x00-\x20\x7f\x85\xa0]+")
_REMEDY = "correct the line, or get the file anew"


@dataclass(frozen=True)
class Rule:
    """What must hold of every row of a list."""

    columns: tuple[str, ...]
    """Those shown where it does not."""
    holds: str
    """SQL."""
    otherwise: str
    """What is said after the values shown, such as "not a number"."""


def must_be_id(column: str) -> Rule:
    """Return the rule of ids: 16 hexadecimal digits."""
    holds = f"regexp_full_match({column}, '[0-9a-f]{{16}}')"
    return Rule((column,), holds, "not 16 hexadecimal digits")


def must_be_number(column: str) -> Rule:
    """Return the rule of decimal numbers."""
    return Rule((column,), f"try_cast({column} AS FLOAT) IS NOT NULL", "not a number")


def must_be_known(column: str, known: Sequence[str]) -> Rule:
    """Return the rule of a column that has one of a few words."""
    return Rule((column,), f"{column} IN ({', '.join(map(quote, known))})", "which is not known")


def clean_text(text: str) -> str:
    """Return a text as one line, with blanks for what cannot be seen."""
    return _BLANKS.sub(" ", text).strip()


def read_list(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: Sequence[str],
    rules: Sequence[Rule],
    use: Callable[[str], object],
    *,
    texts: Sequence[str] = (),
    optional: frozenset[str] = frozenset(),
) -> None:
    """Have the rows of a CSV file used by SQL, in their order.

    Args:
        connection: what ``use`` runs its SQL on.
        path: a CSV file with a header, comma separated, quoted by double quotes.
        columns: those wanted; others are left aside.
        rules: what must hold of every row.
        use: gets a SELECT of the wanted columns, of type VARCHAR, and of ``LINE``, which grows from
            row to row; it runs SQL over that. It is called again where DuckDB could not read the
            file as it is.
        texts: columns that are made plain text of one line.
        optional: columns that may lack; they are then empty.

    Raises:
        DataError: the file cannot be read, lacks a column, or has a wrong line; the error has its
            number.
    """
    header = _read_header(path, columns, optional)
    wanted = ", ".join(_select(name, name in header, name in texts) for name in columns)
    short = [f"strlen({name}) <= {MAX_VALUE_BYTES}" for name in columns]
    rows = f"SELECT {wanted}, row_number() OVER () AS {LINE} FROM {_from_csv(path, header)}"
    try:
        use(keep_rules(rows, columns, [*(rule.holds for rule in rules), *short]))
        return
    except _STUMBLES as error:
        logger.debug("%s is read line by line: %s", path, first_line(error))
    copy = path.with_name(f".{path.name}.clean.part")
    try:
        _copy_clean(path, copy, header)
        table = _from_csv(copy, [*header, LINE])
        rows = f"SELECT {wanted}, {LINE}::BIGINT AS {LINE} FROM {table}"
        refuse_wrong_row(connection, path, "line", rows, rules)
        use(rows)
    finally:
        copy.unlink(missing_ok=True)


def keep_rules(rows: str, columns: Sequence[str], conditions: Sequence[str]) -> str:
    """Return a SELECT whose rows are an error to use where one of them breaks a condition."""
    holds = " AND ".join(f"({condition})" for condition in conditions) or "true"
    kept = (
        f"CASE WHEN {holds} THEN {one} ELSE error('a rule is broken') END AS {one}"
        for one in columns
    )
    return f"SELECT {', '.join(kept)}, {LINE} FROM ({rows})"


def refuse_wrong_row(
    connection: duckdb.DuckDBPyConnection, path: Path, unit: str, rows: str, rules: Sequence[Rule]
) -> None:
    """Name the first row that breaks a rule.

    Args:
        connection: what SQL is run on.
        path: the list, for the error.
        unit: what is counted: "line" or "row".
        rows: a SELECT of the list's rows with their numbers in the column ``LINE``.
        rules: what must hold.

    Raises:
        DataError: there is such a row.
    """
    wrong = []
    for place, rule in enumerate(rules):
        shown = ", ".join(rule.columns)
        found = connection.execute(
            f"SELECT {LINE}, {shown} FROM (SELECT *, {rule.holds} AS is_right FROM ({rows})) "
            f"WHERE is_right IS NOT true ORDER BY {LINE} LIMIT 1"
        ).fetchone()
        if found:
            wrong.append((found[0], place, found[1:]))
    if wrong:
        number, place, values = min(wrong)
        rule = rules[place]
        said = ", ".join(
            f"{name} {value[:40]!r}" for name, value in zip(rule.columns, values, strict=True)
        )
        raise _refuse(path, number, f"has {said}, {rule.otherwise}", unit)


def _select(name: str, is_there: bool, is_text: bool) -> str:
    """Return SQL that gives a column of a list."""
    if not is_there:
        return f"'' AS {name}"
    if not is_text:
        return name
    return (
        f"trim(regexp_replace({name}, '[\\x00-\\x20\\x7f\\x{{85}}\\x{{a0}}]+', ' ', 'g')) AS {name}"
    )


def _from_csv(path: Path, header: Sequence[str]) -> str:
    columns = ", ".join(f"{quote(name)}: 'VARCHAR'" for name in header)
    names = ", ".join(map(quote, header))
    return (
        f"read_csv({quote(glob.escape(str(path)))}, columns = {{{columns}}}, "
        f"force_not_null = [{names}], hive_partitioning = false, auto_detect = false, "
        f"header = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true, "
        f"max_line_size = {_MAX_LINE_BYTES}, buffer_size = {2 * _MAX_LINE_BYTES})"
    )


def _read_header(path: Path, columns: Sequence[str], optional: frozenset[str]) -> list[str]:
    try:
        with path.open("rb") as stream:
            head = stream.readline(MAX_VALUE_BYTES)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    if not head.strip():
        raise _refuse(path, 1, "is empty, not a header")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        raise _refuse(path, 1, "is not UTF-8; save the file as UTF-8")
    names = next(csv.reader([clean_text(_decode(head))]), [])
    lacking = [name for name in columns if name not in names and name not in optional]
    if lacking:
        raise _refuse(path, 1, f"lacks the columns {', '.join(lacking)}")
    twice = [name for name in columns if names.count(name) > 1]
    if twice:
        raise _refuse(path, 1, f"has the column {twice[0]} twice")
    return [name if name in columns else f"unused_{place}" for place, name in enumerate(names)]


def _copy_clean(path: Path, copy: Path, header: Sequence[str]) -> None:
    """Write a list anew, its lines numbered, as DuckDB reads it.

    Raises:
        DataError: naming the first line that is not CSV.
    """
    limit = csv.field_size_limit(MAX_VALUE_BYTES)
    begins_at = 1
    try:
        with path.open("rb") as stream, copy.open("w", encoding="utf-8", newline="") as written:
            writer = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writerow([*header, LINE])
            rows = csv.reader(_iterate_lines(path, stream), strict=True)
            next(rows)
            begins_at = rows.line_num + 1
            for row in rows:
                if row and len(row) != len(header):
                    what = f"has {len(row)} values for {len(header)} columns"
                    raise _refuse(path, begins_at, what)
                if row:
                    writer.writerow([*row, begins_at])
                begins_at = rows.line_num + 1
    except csv.Error as error:
        raise _refuse(path, begins_at, f"is not CSV ({error})") from None
    finally:
        csv.field_size_limit(limit)


def _iterate_lines(path: Path, stream: BinaryIO) -> Iterator[str]:
    number = 0
    while line := stream.readline(_MAX_LINE_BYTES):
        number += 1
        if len(line) == _MAX_LINE_BYTES:
            raise _refuse(path, number, f"is longer than {_MAX_LINE_BYTES} bytes")
        yield _decode(line)


def _decode(line: bytes) -> str:
    """Return a line as text: UTF-8, or else Windows-1252."""
    try:
        return line.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _refuse(path: Path, number: int, what: str, unit: str = "line") -> DataError:
    return DataError(f"{unit} {number} of {path} {what}", remedy=_REMEDY)
