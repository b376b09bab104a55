"""Answers as a few counts or a simulation make them."""

from __future__ import annotations

import numpy as np

from lienet.rating.answers import Answer, Choice


def repeat(left: str, right: str, /, *, rater: str = "one", **counts: int) -> list[Answer]:
    """Return so many answers of each choice, each about a picture of its own."""
    return [
        Answer(rater, f"{left}{right}{choice}{place}", left, right, choice)  # type: ignore[arg-type]
        for choice, count in counts.items()
        for place in range(count)
    ]


def simulate(
    generator: np.random.Generator, *, num_raters: int, num_pictures: int, spread: float
) -> list[Answer]:
    """Let raters compare two methods, "a" on the left, once on each picture.

    A fifth of answers are ties. Else the left is preferred with a probability of 0.6875 plus what
    the rater and the picture add, each uniform between -spread and spread: so an answer, a tie
    counted half, is worth 0.65 on average.
    """
    of_raters = generator.uniform(-spread, spread, num_raters)
    of_pictures = generator.uniform(-spread, spread, num_pictures)
    answers = []
    for rater in range(num_raters):
        for picture in range(num_pictures):
            is_left = generator.random() < 0.6875 + of_raters[rater] + of_pictures[picture]
            choice: Choice = "left" if is_left else "right"
            if generator.random() < 0.2:
                choice = "same"
            answers.append(Answer(f"r{rater}", f"p{picture}", "a", "b", choice))
    return answers
