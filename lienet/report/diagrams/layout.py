"""Where the parts of a diagram stand, and how the wires between them run, in pixels.

The trunk, the way from the first input to the output, goes straight down. What is beside it
stands in a second lane on its right, one part to a row, as low as it may. A wire that passes by
others' parts runs in a track: left of the trunk between parts of the trunk, right of the second
lane to parts in it, between the lanes from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lienet.report.diagrams.parts import Part, Scheme
from lienet.report.diagrams.rows import choose_rows, find_trunk

Point = tuple[float, float]
LINE_PX = 17
_PADDING_PX = 20
_SIGN_PX = 28
_ROW_GAP_PX = 26
_TAP_PX = 8
_MARGIN_PX = 12
_TRACK_PX = 13
_GUTTER_PX = 34
_TITLE_CHAR_PX, _LINE_CHAR_PX = 8.8, 7.1
"""Of a letter on average, in the widest of the fonts that a system may have."""


@dataclass(frozen=True)
class Box:
    """A part in its place."""

    part: Part
    lines: tuple[str, ...]
    """Below the title."""
    centre_px: Point
    width_px: float
    height_px: float
    is_beside: bool
    """Whether it stands in the second lane."""

    @property
    def top_px(self) -> float:
        """Where it begins."""
        return self.centre_px[1] - self.height_px / 2

    @property
    def bottom_px(self) -> float:
        """Where it ends."""
        return self.centre_px[1] + self.height_px / 2


@dataclass(frozen=True)
class Wire:
    """From one part to another, by straight lines along the axes."""

    source: Part
    points_px: tuple[Point, ...]


@dataclass(frozen=True)
class Layout:
    """One scheme in its place, from its upper left corner."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    joints: tuple[tuple[Point, Part], ...]
    """Where a wire leaves another of the same source, and that source."""
    width_px: float
    height_px: float


def lay_out(scheme: Scheme, lines: Mapping[int, tuple[str, ...]]) -> Layout:
    """Place a scheme's parts.

    Args:
        scheme: what is drawn.
        lines: what is written below the title of each part, by its id.
    """
    trunk = find_trunk(scheme.parts)
    rows = choose_rows(scheme.parts, trunk)
    return _Router(scheme.parts, trunk, rows, lines).route()


class _Router:
    """Finds places and ways for one scheme."""

    def __init__(
        self,
        parts: Sequence[Part],
        trunk: Sequence[Part],
        rows: Mapping[int, int],
        lines: Mapping[int, tuple[str, ...]],
    ) -> None:
        self._parts, self._rows, self._lines = parts, rows, lines
        self._in_trunk = {id(part) for part in trunk}
        self._beside = {rows[id(part)] for part in parts if id(part) not in self._in_trunk}
        self._trunk_rows = {rows[id(part)] for part in trunk}
        self._tracks: dict[str, list[tuple[int, int, int]]] = {
            "left": [],
            "middle": [],
            "right": [],
        }
        self._track_of: dict[tuple[int, str], int] = {}
        self._branching = {
            (self._rows[id(part)], self._find_reach(part))
            for part in parts
            if id(part) not in self._in_trunk
            and not set(range(self._rows[id(part)] + 1, self._find_reach(part) + 1)) & self._beside
        }
        self._ways = {
            (id(source), id(part)): self._choose_way(source, part)
            for part in parts
            for source in part.sources
        }

    def route(self) -> Layout:
        """Return the places of all parts and the ways between them."""
        self._take_tracks()
        self._place()
        wires = tuple(
            Wire(source, self._draw(source, part))
            for part in self._parts
            for source in part.sources
        )
        return Layout(
            tuple(self._boxes.values()), wires, _find_joints(wires), self._width_px, self._height_px
        )

    def _find_reach(self, source: Part) -> int:
        """Return the row of the last part of the trunk that reads a part; -1 for none."""
        readers = [part for part in self._parts if source in part.sources]
        return max(
            (self._rows[id(part)] for part in readers if id(part) in self._in_trunk), default=-1
        )

    def _choose_way(self, source: Part, part: Part) -> str:
        """Return how a wire runs.

        It is "down", "across" and then down, a "branch" from what runs down, or in the track of a
        side.
        """
        first, last = self._rows[id(source)], self._rows[id(part)]
        from_trunk, to_trunk = id(source) in self._in_trunk, id(part) in self._in_trunk
        between = set(range(first + 1, last))
        if from_trunk and to_trunk:
            return "left" if between & self._trunk_rows else "down"
        if from_trunk:
            is_free = not (between | {first}) & self._beside and not any(
                begin <= first < reach for begin, reach in self._branching
            )
            return "across" if is_free else "right"
        if to_trunk:
            return "branch" if (first, self._find_reach(source)) in self._branching else "middle"
        return "right" if between & self._beside else "down"

    def _take_tracks(self) -> None:
        """Give each source that needs one a track on a side, short ones next to the boxes."""
        spans: dict[tuple[int, str], tuple[int, int]] = {}
        for (source, part), way in self._ways.items():
            if way in self._tracks:
                first, last = spans.get((source, way), (self._rows[source], self._rows[source]))
                spans[source, way] = (first, max(last, self._rows[part]))
        for (source, side), (first, last) in sorted(
            spans.items(), key=lambda each: (each[1][1] - each[1][0], each[1])
        ):
            taken = [
                number for number, *span in self._tracks[side] if span[0] < last and first < span[1]
            ]
            number = max(taken, default=-1) + 1
            self._tracks[side].append((number, first, last))
            self._track_of[source, side] = number

    def _count_tracks(self, side: str) -> int:
        return 1 + max((number for number, *_ in self._tracks[side]), default=-1)

    def _place(self) -> None:
        sizes = {id(part): self._measure(part) for part in self._parts}
        left_px = _MARGIN_PX + _TRACK_PX * self._count_tracks("left")
        gutter_px = _GUTTER_PX + _TRACK_PX * self._count_tracks("middle")
        right_px = _MARGIN_PX + _TRACK_PX * self._count_tracks("right")
        lanes_px = [0.0, -gutter_px]
        for part in self._parts:
            lane = id(part) not in self._in_trunk
            lanes_px[lane] = max(lanes_px[lane], sizes[id(part)][0])
        second_px = left_px + lanes_px[0] + gutter_px
        self._lane_px = (left_px + lanes_px[0] / 2, second_px + lanes_px[1] / 2)
        self._half_px = (lanes_px[0] / 2, lanes_px[1] / 2)
        self._width_px = second_px + lanes_px[1] + right_px
        top, centres, self._row_ends_px = 0.0, {}, {}
        for row in range(max(self._rows.values()) + 1):
            inside = [sizes[id(part)][1] for part in self._parts if self._rows[id(part)] == row]
            height = max(inside, default=0.0)
            centres[row] = top + height / 2
            self._row_ends_px[row] = top + height
            top += height + (_ROW_GAP_PX if inside else 0.0)
        self._height_px = top - _ROW_GAP_PX
        self._boxes = {}
        for part in self._parts:
            width, height = sizes[id(part)]
            is_beside = id(part) not in self._in_trunk
            self._boxes[id(part)] = Box(
                part,
                self._lines[id(part)],
                (self._lane_px[is_beside], centres[self._rows[id(part)]]),
                lanes_px[is_beside] if part.kind == "module" else width,
                height,
                is_beside,
            )

    def _measure(self, part: Part) -> tuple[float, float]:
        lines = self._lines[id(part)]
        if part.kind == "operation" and len(part.title) == 1 and not lines:
            return _SIGN_PX, _SIGN_PX
        text_px = max(
            _TITLE_CHAR_PX * len(part.title), *(_LINE_CHAR_PX * len(line) for line in lines), 0
        )
        return text_px + _PADDING_PX, 12 + LINE_PX * (1 + len(lines))

    def _draw(self, source: Part, part: Part) -> tuple[Point, ...]:
        begin, end = self._boxes[id(source)], self._boxes[id(part)]
        way = self._ways[id(source), id(part)]
        (from_x, _), (to_x, to_y) = begin.centre_px, end.centre_px
        start = (from_x, begin.bottom_px)
        tap = self._row_ends_px[self._rows[id(source)]] + _TAP_PX * (1.8 if begin.is_beside else 1)
        if way == "down":
            return start, (to_x, end.top_px)
        if way == "across":
            return start, (from_x, tap), (to_x, tap), (to_x, end.top_px)
        side = "left" if way == "left" else "right"
        port_x = to_x + (-1 if side == "left" else 1) * end.width_px / 2
        to_y += self._find_port(source, part, side)
        if way == "branch":
            return start, (from_x, to_y), (port_x, to_y)
        number = self._track_of[id(source), way]
        if way == "left":
            track = self._lane_px[0] - self._half_px[0] - _TRACK_PX * (number + 1)
        elif way == "middle":
            track = self._lane_px[0] + self._half_px[0] + _TRACK_PX * (number + 1)
        else:
            track = self._lane_px[1] + self._half_px[1] + _TRACK_PX * (number + 1)
        return start, (from_x, tap), (track, tap), (track, to_y), (port_x, to_y)

    def _find_port(self, source: Part, part: Part, side: str) -> float:
        """Return how far below a part's middle a wire enters, where several do on one side."""
        sides = {"left": ("left",), "right": ("branch", "middle", "right")}[side]
        entering = [each for each in part.sources if self._ways[id(each), id(part)] in sides]
        entering.sort(key=lambda each: -self._rows[id(each)])
        return 10.0 * (entering.index(source) - (len(entering) - 1) / 2)


def _find_joints(wires: Sequence[Wire]) -> tuple[tuple[Point, Part], ...]:
    """Return where wires that begin at one part divide."""
    joints: dict[tuple[Point, int], Part] = {}
    for index, wire in enumerate(wires):
        for other in wires[:index]:
            if other.source is wire.source and (point := _part_at(wire.points_px, other.points_px)):
                joints[point, id(wire.source)] = wire.source
    return tuple((point, source) for (point, _), source in joints.items())


def _part_at(one: Sequence[Point], other: Sequence[Point]) -> Point | None:
    """Return the last point that two ways from one start have in common."""
    shared = one[0]
    for (first, second), (third, fourth) in zip(pairwise(one), pairwise(other), strict=False):
        if first != third:
            break
        if second == fourth:
            shared = second
            continue
        for axis in (0, 1):
            if first[axis] == second[axis] == fourth[axis]:
                ahead, also = second[1 - axis] - first[1 - axis], fourth[1 - axis] - first[1 - axis]
                if ahead * also < 0:
                    return first
                return second if abs(ahead) < abs(also) else fourth
        return first
    return shared if shared != one[0] else None
