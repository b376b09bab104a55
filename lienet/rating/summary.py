"""What people's answers say of the methods, as a table and as JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
from rich.console import RenderableType

from lienet.evaluation.scores import Interval
from lienet.rating.answers import Answer
from lienet.rating.bradley_terry import Scores, find_obstacle, fit_scores
from lienet.text_tables import draw_table

CONFIDENCE = 0.95


@dataclass(frozen=True)
class MethodSummary:
    """One method among all."""

    method: str
    num_better: int
    num_same: int
    num_worse: int
    score: Interval | None
    """Its log-strength; zero is the mean of all methods. None where there are no scores."""


@dataclass(frozen=True)
class Difference:
    """One method against another."""

    method: str
    other: str
    log_odds: Interval
    """That the first is preferred."""
    share: Interval
    """The same as a share of answers, a tie counting half for each."""


@dataclass(frozen=True)
class Summary:
    """What all answers together say."""

    num_raters: int
    num_pictures: int
    num_answers: int
    obstacle: str | None
    """Why there are no scores, in one line; None if there are."""
    methods: tuple[MethodSummary, ...]
    """The best first."""
    differences: tuple[Difference, ...]
    """Of any two methods, the better first."""


def summarise(methods: Sequence[str], answers: Sequence[Answer]) -> Summary:
    """Summarise answers about these methods."""
    obstacle = find_obstacle(methods, answers)
    scores = None if obstacle else fit_scores(methods, answers)
    strengths = np.zeros(len(methods)) if scores is None else scores.log_strengths
    order = np.argsort(-strengths, kind="stable").tolist()
    return Summary(
        num_raters=len({answer.rater for answer in answers}),
        num_pictures=len({answer.picture for answer in answers}),
        num_answers=len(answers),
        obstacle=obstacle,
        methods=tuple(_summarise_method(methods, place, answers, scores) for place in order),
        differences=tuple(
            _compare(methods, scores, first, second)
            for first, second in combinations(order, 2)
            if scores is not None
        ),
    )


def summary_as_json(summary: Summary) -> dict[str, object]:
    """Return one object with all that a summary holds."""
    return {"confidence": CONFIDENCE, **asdict(summary)}


def draw_summary(summary: Summary) -> list[RenderableType]:
    """Return tables of methods and of differences, and lines between them."""
    counted = (
        f"{summary.num_answers} answers by {_count(summary.num_raters, 'rater')} "
        f"about {_count(summary.num_pictures, 'picture')}"
    )
    table = draw_table(
        ["method", "score [95%]", "better", "no difference", "worse"],
        [
            [
                each.method,
                "-" if each.score is None else _spell(each.score, "{:+.2f}".format),
                *map(str, (each.num_better, each.num_same, each.num_worse)),
            ]
            for each in summary.methods
        ],
        numbers=(2, 3, 4),
    )
    if summary.obstacle is not None:
        return [counted, table, f"no scores: {summary.obstacle}"]
    rows = [
        [
            each.method,
            each.other,
            _spell(each.share, "{:.0%}".format),
            _spell(each.log_odds, "{:+.2f}".format),
        ]
        for each in summary.differences
    ]
    differences = draw_table(["method", "over", "preferred [95%]", "log-odds [95%]"], rows)
    parts: list[RenderableType] = [counted, table, "", differences]
    for number, noun in ((summary.num_raters, "rater"), (summary.num_pictures, "picture")):
        if number == 1:
            parts.append(f"one {noun}: the intervals hold for this {noun} alone")
    return parts


def _summarise_method(
    methods: Sequence[str], place: int, answers: Sequence[Answer], scores: Scores | None
) -> MethodSummary:
    method = methods[place]
    counts = Counter(
        "same"
        if answer.choice == "same"
        else "better"
        if getattr(answer, answer.choice) == method
        else "worse"
        for answer in answers
        if method in (answer.left, answer.right)
    )
    score = None
    if scores is not None:
        weights = np.full(len(methods), -1.0 / len(methods))
        weights[place] += 1.0
        score = scores.compare(weights).bound(CONFIDENCE)
    return MethodSummary(method, counts["better"], counts["same"], counts["worse"], score)


def _compare(methods: Sequence[str], scores: Scores, first: int, second: int) -> Difference:
    weights = np.zeros(len(methods))
    weights[first], weights[second] = 1.0, -1.0
    log_odds = scores.compare(weights).bound(CONFIDENCE)
    share = Interval(*map(_to_share, (log_odds.mean, log_odds.low, log_odds.high)))
    return Difference(methods[first], methods[second], log_odds, share)


def _to_share(log_odds: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))


def _spell(interval: Interval, spell: Callable[[float], str]) -> str:
    return f"{spell(interval.mean)} [{spell(interval.low)}, {spell(interval.high)}]"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
