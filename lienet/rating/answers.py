"""What people answered: the CSV files that the page saves, and the key that names the methods.

Owns both files' form. Refuses a file that is not the page's own, whole and once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from lienet.errors import DataError, InputError
from lienet.files import sha256_of_json, write_json

Choice = Literal["left", "right", "same"]
COLUMNS = ("study", "rater", "left", "right", "choice")
"""Of a file of answers: which page, which rater by a random name, the two files and the choice."""


class Shown(BaseModel):
    """What a file of the page shows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    picture: str
    sha256: str


class Key(BaseModel):
    """What each file of a page shows, which the page itself does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pairs: tuple[tuple[str, str], ...]
    """Files on the left and on the right, in the order of the page."""
    shown: dict[str, Shown]
    """By the name of the file."""

    @property
    def study(self) -> str:
        """What a page and its files of answers are known by."""
        return sha256_of_json(self.model_dump(mode="json"))[:16]

    @property
    def methods(self) -> list[str]:
        """The methods that were compared, sorted."""
        return sorted({shown.method for shown in self.shown.values()})


@dataclass(frozen=True)
class Answer:
    """One person's choice between two methods' versions of a picture."""

    rater: str
    picture: str
    left: str
    """A method."""
    right: str
    choice: Choice
    """"same" if no difference was seen."""


def write_key(path: Path, key: Key) -> None:
    """Write a key, never over that of another page.

    Raises:
        InputError: there is one, without which its answers would be worthless.
    """
    if path.exists() and read_key(path) != key:
        raise InputError(
            f"{path} is the key of another page", remedy="name another folder, or move the key"
        )
    write_json(path, key.model_dump(mode="json"))


def read_key(path: Path) -> Key:
    """Read a key.

    Raises:
        InputError: the file cannot be read, or is no key.
    """
    try:
        return Key.model_validate_json(_read(path))
    except ValidationError as error:
        raise InputError(
            f"{path} is not a key", remedy="name the file that `lienet rate` wrote beside the page"
        ) from error


def read_answers(paths: Sequence[Path], key: Key) -> list[Answer]:
    """Read the files of several people, in the order of the files.

    Raises:
        DataError: a file is not the page's own: other columns, another page, an unknown picture or
            choice; or a person's answer is there twice.
        InputError: a file cannot be read, or none holds an answer.
    """
    answers: list[Answer] = []
    seen: set[tuple[str, str, str]] = set()
    for path in paths:
        for place, row in _read_rows(path):
            answer = _to_answer(row, key, place)
            name = row["rater"], row["left"], row["right"]
            if name in seen:
                raise DataError(
                    f"{place} has a pair that rater {answer.rater} has rated before",
                    remedy="give the last file of each person, once",
                )
            seen.add(name)
            answers.append(answer)
    if not answers:
        raise InputError("there is no answer", got=", ".join(map(str, paths)))
    return answers


def _read_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield where each row stands, and its cells by column."""
    try:
        reader = csv.reader(io.StringIO(_read(path)), strict=True)
        titles = next(reader, [])
        if tuple(titles) != COLUMNS:
            raise DataError(
                f"{path} must have the columns {','.join(COLUMNS)}", got=",".join(titles) or "none"
            )
        for cells in reader:
            place = f"line {reader.line_num} of {path}"
            if len(cells) != len(COLUMNS):
                raise DataError(f"{place} must have {len(COLUMNS)} cells", got=len(cells))
            yield place, dict(zip(COLUMNS, cells, strict=True))
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV file: {error}") from error


def _to_answer(row: dict[str, str], key: Key, place: str) -> Answer:
    if row["study"] != key.study:
        raise DataError(
            f"{place} is of another page than the key", got=f"{row['study']} for {key.study}"
        )
    if (row["left"], row["right"]) not in key.pairs:
        raise DataError(f"{place} has no pair of the page", got=f"{row['left']}, {row['right']}")
    if row["choice"] not in get_args(Choice) or not row["rater"]:
        raise DataError(
            f"{place} must have a rater and the choice left, right or same", got=row["choice"]
        )
    left, right = key.shown[row["left"]], key.shown[row["right"]]
    choice = cast(Choice, row["choice"])
    return Answer(row["rater"], left.picture, left.method, right.method, choice)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InputError(f"cannot read {path}: {said}") from error
