"""Diagrams can be read: nothing lies upon anything, and no wire runs through what it passes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from lienet.params import Model
from lienet.report.diagrams.layout import Box, Layout, Point, lay_out
from lienet.report.diagrams.parts import Part, Scheme
from tests.networks import specs
from tests.report.diagrams.test_parts import SPECS, open_schemes

VARIANTS = {
    **SPECS,
    "not dense": lambda: specs.lienet_spec(dense=False),
    "not modulated": lambda: specs.lienet_spec(modulate="none"),
    "by the input": lambda: specs.enhancement_spec(self_features=False),
    "mapped colours": lambda: specs.enhancement_spec(global_skip="colour"),
}


def place(scheme: Scheme) -> Layout:
    return lay_out(scheme, {id(part): part.lines for part in scheme.parts})


def find_sides(box: Box) -> tuple[float, float, float, float]:
    x, _ = box.centre_px
    return x - box.width_px / 2, x + box.width_px / 2, box.top_px, box.bottom_px


def overlap(one: tuple[float, ...], other: tuple[float, ...], *, by_px: float) -> bool:
    return all(
        min(one[axis + 1], other[axis + 1]) - max(one[axis], other[axis]) > by_px for axis in (0, 2)
    )


def list_stretches(layout: Layout) -> list[tuple[Part, Point, Point]]:
    return [(wire.source, *ends) for wire in layout.wires for ends in pairwise(wire.points_px)]


@pytest.mark.parametrize("make", VARIANTS.values(), ids=VARIANTS)
def test_no_box_lies_upon_another_and_no_wire_runs_through_one(make: Callable[[], Model]):
    for scheme in open_schemes(make()):
        layout = place(scheme)
        sides = [find_sides(box) for box in layout.boxes]
        for index, one in enumerate(sides):
            assert one[0] >= 0
            assert one[1] <= layout.width_px
            assert -0.01 <= one[2] < one[3] <= layout.height_px + 0.01
            assert not any(overlap(one, other, by_px=-8) for other in sides[:index])
        for _, begin, end in list_stretches(layout):
            run = (*sorted((begin[0], end[0])), *sorted((begin[1], end[1])))
            assert not any(overlap(run, side, by_px=-1e-6) for side in map(_shrink, sides))


@pytest.mark.parametrize("make", VARIANTS.values(), ids=VARIANTS)
def test_wires_of_two_parts_share_no_stretch(make: Callable[[], Model]):
    for scheme in open_schemes(make()):
        stretches = list_stretches(place(scheme))
        for index, (source, *one) in enumerate(stretches):
            for other_source, *other in stretches[:index]:
                if source is not other_source:
                    assert not _run_together(one, other), (scheme.title, source, other_source)


def test_wires_go_from_the_foot_of_a_part_to_the_edge_of_what_reads_it():
    layout = place(open_schemes(specs.lienet_spec())[0])
    boxes = {id(box.part): box for box in layout.boxes}
    for wire in layout.wires:
        source = boxes[id(wire.source)]
        assert wire.points_px[0] == (source.centre_px[0], source.bottom_px)
    ends = {wire.points_px[-1] for wire in layout.wires}
    for box in layout.boxes[1:]:
        left, right, top, _ = find_sides(box)
        entering = [
            end for end in ends if left <= end[0] <= right and top <= end[1] <= box.bottom_px
        ]
        assert len(entering) == len(box.part.sources)


def test_a_joint_marks_where_ways_of_one_part_divide():
    block = next(
        each for each in open_schemes(specs.lienet_spec()) if each.title == "Residual block"
    )
    layout = place(block)
    first = layout.boxes[0]
    ((joint, source),) = layout.joints
    assert source is first.part
    assert joint[0] == first.centre_px[0]
    assert first.bottom_px < joint[1] < layout.boxes[1].top_px


def _shrink(sides: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Leave the edges out, at which wires begin and end."""
    return sides[0] + 1, sides[1] - 1, sides[2] + 1, sides[3] - 1


def _run_together(one: list[Point], other: list[Point]) -> bool:
    for axis in (0, 1):
        if len({point[axis] for point in (*one, *other)}) == 1:
            first, second = (sorted(point[1 - axis] for point in each) for each in (one, other))
            return min(first[1], second[1]) - max(first[0], second[0]) > 0.5
    return False
