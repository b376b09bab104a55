"""Files of ids: every form of a line, and every wrong one by its number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.catalogues.open_images_ids import read_ids, refuse_unknown
from lienet.errors import InputError

A, B = "000002b66c9c498e", "fedcba9876543210"


def test_ids_are_sorted_and_know_their_lines(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text(f"\ufeff{B}\n# a comment\n\ntrain/{A}.jpg  # why\n{B}\n")
    asked = read_ids(tmp_path / "ids", ("train",))
    assert asked.ids.tolist() == [int(A, 16), int(B, 16)]
    assert asked.lines.tolist() == [4, 1]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("test/" + A, "test/"),
        (A.upper(), "000002B"),
        (A[:-1], A[:-1]),
        ("train/" + A + "/x", "train/"),
        (A + " " + B, A),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, shown: str) -> None:
    (tmp_path / "ids").write_text(f"{B}\n\n{line}\n")
    with pytest.raises(InputError, match=rf"line 3 of .*ids must be an id of train, got '{shown}"):
        read_ids(tmp_path / "ids", ("train",))


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*absent"):
        read_ids(tmp_path / "absent", ("train",))


def test_ids_in_none_of_the_lists_are_counted(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text(f"{'0' * 16}\n{A}\n{B}\n")
    asked = read_ids(tmp_path / "ids", ("train", "test"))
    some = np.array([int(B, 16), 0], np.uint64)
    refuse_unknown(asked, {"train": some, "test": np.array([int(A, 16)], np.uint64)})
    with pytest.raises(InputError, match=r"line 2 .* the lists of train; remove it"):
        refuse_unknown(asked, {"train": some})
    with pytest.raises(InputError, match=r"line 1 .* lists of test, and 1 more lines do"):
        refuse_unknown(asked, {"test": np.array([int(A, 16)], np.uint64)})
