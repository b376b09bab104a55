from __future__ import annotations

import pytest

from lienet.errors import DataError
from lienet.screening.boxes import Box
from lienet.screening.name_tags import choose_near, parse_people

FACE = Box("face", 100, 100, 20, 30, 0.9)


@pytest.mark.parametrize(
    ("left", "top", "is_near"),
    [
        (100, 170, True),  # on the chest
        (100, 219, True),  # the last row: 100 + 30 + 3 × 30 = 220
        (100, 220, False),
        (179, 110, True),  # beside: 120 + 3 × 20 = 180
        (180, 110, False),
        (31, 110, True),  # 10 wide: it ends at 41, and 100 - 60 = 40
        (30, 110, False),
        (100, 85, False),  # above: a sign, or a cap
    ],
)
def test_near_a_face_is_beside_or_below_it(left: int, top: int, is_near: bool):
    text = Box("text", left, top, 10, 10, 0.8)
    assert choose_near([text], [FACE], [], sides=3.0) == ([text] if is_near else [])


def test_within_a_person_is_half_of_the_text():
    person = Box("person", 0, 0, 50, 50, 1.0)
    inside, outside = Box("text", 45, 10, 10, 5, 0.8), Box("text", 46, 10, 10, 5, 0.8)
    assert choose_near([inside, outside], [], [person], sides=1.0) == [inside]


def test_labels_are_shares_of_the_image():
    (person,) = parse_people("[[0.25, 0.5, 0.75, 1.0]]", 200, 100)
    assert person == Box("person", 50, 50, 100, 50, 1.0)
    assert parse_people("", 200, 100) == ()


@pytest.mark.parametrize("labels", ["{", "[[1, 2]]", '[["a", 0, 0, 0]]', "[3]"])
def test_broken_labels_are_one_clear_error(labels: str):
    with pytest.raises(DataError, match="people in a manifest must be JSON lists"):
        parse_people(labels, 10, 10)
