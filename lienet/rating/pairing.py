"""Which pairs people compare: every two methods and every picture as often, in a drawn order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lienet.draws import keyed_generator
from lienet.errors import InputError

_USUAL_NUM_PAIRS = 60
"""About ten minutes of a person's time."""


@dataclass(frozen=True)
class Pair:
    """Two methods' versions of one picture, side by side."""

    picture: str
    left: str
    right: str


def draw_pairs(
    methods: Sequence[str], pictures: Sequence[str], *, num_pairs: int | None, seed: int
) -> list[Pair]:
    """Draw pairs, each two methods of each picture once at most.

    Of any two methods, and any two pictures, neither has more pairs than the other but for one.
    Each of two methods is on the left as often as the other, but for one.

    Args:
        methods: at least two.
        pictures: at least one.
        num_pairs: how many; None takes about 60, the same number for every two methods.
        seed: of the order of methods and pictures, of the sides, and of the pairs' order.

    Raises:
        InputError: there are not that many, or some two methods would never meet.
    """
    generator = keyed_generator(seed, "rating")
    meetings = list_meetings([methods[place] for place in generator.permutation(len(methods))])
    shuffled = [pictures[place] for place in generator.permutation(len(pictures))]
    is_turned = generator.integers(2, size=len(meetings)).tolist()
    least, most = len(meetings), len(meetings) * len(pictures)
    if num_pairs is None:
        num_pairs = min(most, least * max(1, _USUAL_NUM_PAIRS // least))
    if not least <= num_pairs <= most:
        raise InputError(
            f"{len(methods)} methods and {len(pictures)} pictures make {least} to {most} pairs",
            got=num_pairs,
            remedy="change --pairs",
        )
    # Down the diagonals of the table of meetings and pictures, each once round, then the next.
    cycle = math.lcm(least, len(pictures))
    pairs = []
    for number in range(num_pairs):
        place, turn = number % least, number // least
        picture = shuffled[(number + number // cycle) % len(pictures)]
        left, right = meetings[place][:: -1 if (turn + is_turned[place]) % 2 else 1]
        pairs.append(Pair(picture, left, right))
    return [pairs[place] for place in generator.permutation(num_pairs)]


def list_meetings(methods: Sequence[str]) -> list[tuple[str, str]]:
    """List every two methods once, in rounds in which each meets one other, as in a tournament.

    So in any number of meetings from the start each method is as often, but for two at most. It is
    the circle method: one stays where it is, the others move on by one place from round to round.
    """
    circle: list[str | None] = [*methods, None] if len(methods) % 2 else [*methods]
    meetings = []
    for _ in range(len(circle) - 1):
        half = len(circle) // 2
        for one, other in zip(circle[:half], reversed(circle[half:]), strict=True):
            if one is not None and other is not None:
                meetings.append((one, other))
        circle.insert(1, circle.pop())
    return meetings
