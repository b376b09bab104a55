from __future__ import annotations

import itertools

import pytest

from lienet.screening.boxes import Box, clip_box, merge_boxes, overlap


def _box(left: int, top: int, side: int, score: float) -> Box:
    return Box("face", left, top, side, side, score)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (_box(0, 0, 10, 1.0), 1.0),
        (_box(5, 0, 10, 1.0), 50 / 150),
        (_box(5, 5, 10, 1.0), 25 / 175),
        (_box(10, 0, 10, 1.0), 0.0),
        (_box(2, 2, 5, 1.0), 25 / 100),
    ],
)
def test_overlap_is_intersection_over_union(second: Box, expected: float):
    first = _box(0, 0, 10, 1.0)
    assert overlap(first, second) == pytest.approx(expected)
    assert overlap(second, first) == pytest.approx(expected)


def test_merging_keeps_the_surest_whatever_the_order():
    boxes = [_box(0, 0, 10, 0.7), _box(1, 0, 10, 0.9), _box(40, 0, 10, 0.8), _box(2, 0, 10, 0.6)]
    for order in itertools.permutations(boxes):
        assert merge_boxes(order, max_overlap=0.3) == [boxes[1], boxes[2]]


def test_merging_nothing_gives_nothing():
    assert merge_boxes([], max_overlap=0.3) == []


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ((-4.0, -2.0, 3.4, 5.6), (0, 0, 3, 6)),
        ((8.2, 7.0, 30.0, 30.0), (8, 7, 12, 3)),
        ((50.0, 50.0, 60.0, 60.0), (19, 9, 1, 1)),
        ((-9.0, -9.0, -1.0, -1.0), (0, 0, 1, 1)),
    ],
)
def test_boxes_stay_inside_the_image(edges: tuple[float, ...], expected: tuple[int, ...]):
    left, top, right, bottom = edges
    box = clip_box(
        "text",
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        score=0.123456,
        image_width_px=20,
        image_height_px=10,
    )
    assert (box.left_px, box.top_px, box.width_px, box.height_px) == expected
    assert box.score == 0.1235
