from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from lienet.errors import InputError
from lienet.rating.pairing import Pair, draw_pairs, list_meetings


def draw(num_methods: int, num_pictures: int, num_pairs: int | None, seed: int = 1) -> list[Pair]:
    methods = [f"m{place}" for place in range(num_methods)]
    pictures = [f"p{place}" for place in range(num_pictures)]
    return draw_pairs(methods, pictures, num_pairs=num_pairs, seed=seed)


def spread(counts: Counter[object], num_kinds: int) -> int:
    """Return how much more often the most frequent is there than the rarest."""
    return max(counts.values()) - (min(counts.values()) if len(counts) == num_kinds else 0)


@pytest.mark.parametrize(
    ("num_methods", "num_pictures", "num_pairs"),
    [(2, 7, 5), (3, 4, 7), (3, 24, 60), (4, 6, 31), (5, 3, 30), (6, 8, 119), (7, 1, 21)],
)
def test_pairs_are_balanced_over_methods_pictures_and_sides(
    num_methods: int, num_pictures: int, num_pairs: int
):
    pairs = draw(num_methods, num_pictures, num_pairs)
    meetings = [frozenset((pair.left, pair.right)) for pair in pairs]
    assert len(set(zip(meetings, (pair.picture for pair in pairs), strict=True))) == num_pairs
    num_meetings = num_methods * (num_methods - 1) // 2
    assert spread(Counter(meetings), num_meetings) <= 1
    assert spread(Counter(pair.picture for pair in pairs), num_pictures) <= 1
    assert spread(Counter(name for each in meetings for name in each), num_methods) <= 2
    sides = Counter((pair.left, pair.right) for pair in pairs)
    assert all(abs(sides[one, two] - sides[two, one]) <= 1 for one, two in sides)


def test_the_usual_number_is_about_sixty_and_the_same_for_every_two_methods():
    assert [len(draw(number, 30, None)) for number in (2, 3, 4, 7, 12)] == [30, 60, 60, 42, 66]


def test_the_seed_decides_order_and_sides():
    assert draw(3, 4, 9) == draw(3, 4, 9)
    assert draw(3, 4, 9) != draw(3, 4, 9, seed=2)
    assert len({draw(3, 4, 9, seed=seed)[0].left for seed in range(20)}) == 3


@pytest.mark.parametrize("num_pairs", [2, 13])
def test_too_few_and_too_many_pairs_are_refused(num_pairs: int):
    with pytest.raises(InputError, match="3 methods and 4 pictures make 3 to 12 pairs, got"):
        draw(3, 4, num_pairs)


@pytest.mark.parametrize("number", [2, 3, 4, 5, 8, 9])
def test_every_two_methods_meet_once(number: int):
    names = [str(place) for place in range(number)]
    meetings = list_meetings(names)
    expected = {frozenset(each) for each in combinations(names, 2)}
    assert {frozenset(each) for each in meetings} == expected
    assert len(meetings) == len(expected)
