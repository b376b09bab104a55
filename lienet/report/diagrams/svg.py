"""Diagrams of networks as SVG, in the look of the pipeline's picture; the same bytes each time.

Owns colours and type, and how the schemes of a network stand beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

import torch

from lienet.errors import InputError
from lienet.networks.registry import build_model, count_parameters
from lienet.params import Params
from lienet.report.diagrams.layout import LINE_PX, Box, Point, Wire, lay_out
from lienet.report.diagrams.parts import Part, Scheme, list_schemes
from lienet.report.diagrams.recording import record

_FONT = "system-ui, Segoe UI, Helvetica, Arial, sans-serif"
_MONO = "ui-monospace, Menlo, Consolas, monospace"
_INK, _MUTED, _RULE = "#334155", "#64748b", "#cbd5e1"
_TRUNK, _BESIDE, _FIXED = ("#2563eb", "#eff6ff"), ("#059669", "#ecfdf5"), ("#ea580c", "#fff7ed")
_ARROWS = {_MUTED: "a", _TRUNK[0]: "b", _BESIDE[0]: "c", _FIXED[0]: "d"}
_HEAD_PX, _TITLE_PX, _MARGIN_PX, _GAP_PX = 86, 46, 14, 14
_CORNER_PX = 7


def draw_model(params: Params, key: str) -> str:
    """Draw a model of params as an SVG, from a forward pass of the network.

    Args:
        params: say for which output multiply-adds are counted.
        key: of ``models``.

    Raises:
        InputError: there is no such model.
    """
    if key not in params.models:
        known = ", ".join(params.models)
        raise InputError(f"the models are {known}", got=key, remedy="see models in params.yaml")
    spec = params.models[key]
    evaluate = params.evaluate
    height_px, width_px = evaluate.macs_output_height_px, evaluate.macs_output_width_px
    with torch.device("meta"):
        network = build_model(spec)
    recording = record(network, height_px=height_px // spec.scale, width_px=width_px // spec.scale)
    schemes = list_schemes(recording)
    title = f"{key}: {spec.architecture}, \N{MULTIPLICATION SIGN}{spec.scale}"
    told = (
        f"{count_parameters(network):,} parameters, {_giga(schemes[0].num_macs)} multiply-adds "
        f"for an output of {width_px}\N{MULTIPLICATION SIGN}{height_px}"
    )
    return _draw_page(title, told, schemes)


def _draw_page(title: str, told: str, schemes: Sequence[Scheme]) -> str:
    cards = [_Card(scheme, is_whole=not index) for index, scheme in enumerate(schemes)]
    legend = _Legend(cards)
    columns = _arrange(cards)
    widths = [max(card.width_px for card in column) for column in columns]
    head_px = max(11 * len(title) + legend.width_px, 8 * len(told))
    gaps_px = _GAP_PX * (len(columns) - 1)
    widths[-1] += max(0.0, head_px - sum(widths) - gaps_px)
    width = sum(widths) + gaps_px + 2 * _MARGIN_PX
    height = _HEAD_PX + max(map(_stack_px, columns))
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_px(width)} {_px(height)}" '
        f'font-family="{_FONT}" role="img" aria-label={quoteattr(f"{title}; {told}")}>',
        "<defs>",
        *(
            f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" '
            f'markerHeight="6" orient="auto"><path d="M0 0 8 4 0 8z" fill="{colour}"/></marker>'
            for colour, name in _ARROWS.items()
        ),
        "</defs>",
        f'<rect width="{_px(width)}" height="{_px(height)}" rx="10" fill="#f8fafc"/>',
        _text(_MARGIN_PX, 30, title, 18, _INK, bold=True),
        _text(_MARGIN_PX, 52, told, 14, _INK),
        _text(_MARGIN_PX, 71, "Each part of the whole tells its own.", 12, _MUTED),
        *legend.draw(width - _MARGIN_PX),
    ]
    left = float(_MARGIN_PX)
    for column, column_px in zip(columns, widths, strict=True):
        top = float(_HEAD_PX)
        for card in column:
            drawn.append(f'<g transform="translate({_px(left)} {_px(top)})">')
            drawn += [*card.draw(column_px), "</g>"]
            top += card.height_px + _GAP_PX
        left += column_px + _GAP_PX
    return "\n".join([*drawn, "</svg>", ""])


class _Legend:
    """What the colours mean, of those that there are."""

    def __init__(self, cards: Sequence[_Card]) -> None:
        used = {inks for card in cards for inks in card.inks.values()}
        known = ((_TRUNK, "trunk"), (_BESIDE, "beside it"), (_FIXED, "learns nothing"))
        self._entries = [(*inks, name) for inks, name in known if inks in used]
        self.width_px = sum(map(self._measure, self._entries))

    def draw(self, right_px: float) -> list[str]:
        """Draw it so that it ends at ``right_px``."""
        drawn, left = [], right_px - self.width_px
        for entry in self._entries:
            ink, paper, name = entry
            drawn.append(
                f'<rect x="{_px(left)}" y="17" width="16" height="16" rx="4" fill="{paper}" '
                f'stroke="{ink}" stroke-width="1.5"/>'
            )
            drawn.append(_text(left + 22, 30, name, 13, _MUTED))
            left += self._measure(entry)
        return drawn

    @staticmethod
    def _measure(entry: tuple[str, str, str]) -> float:
        return 7.6 * len(entry[2]) + 40


def _arrange(cards: Sequence[_Card]) -> list[list[_Card]]:
    """Return two columns, which text in a page of 800 px allows: each card where there is room."""
    columns: list[list[_Card]] = [[], []]
    for card in cards:
        min(columns, key=_stack_px).append(card)
    return [column for column in columns if column]


def _stack_px(column: Sequence[_Card]) -> float:
    return sum(card.height_px + _GAP_PX for card in column)


class _Card:
    """One scheme on its own ground, under its name."""

    def __init__(self, scheme: Scheme, *, is_whole: bool) -> None:
        self._title = "The whole" if is_whole else scheme.title
        self._where = "" if is_whole else _say_where(scheme.paths)
        lines = {
            id(part): (*part.lines, *(_say_cost(part) if is_whole else ())) for part in scheme.parts
        }
        self._layout = lay_out(scheme, lines)
        self.inks = {id(box.part): _choose_inks(box) for box in self._layout.boxes}
        title_px = max(9 * len(self._title), 7 * len(self._where)) + 2 * _GAP_PX
        self.width_px = max(self._layout.width_px + 2 * _GAP_PX, title_px)
        self.height_px = self._layout.height_px + _TITLE_PX + 2 * _GAP_PX

    def draw(self, width_px: float) -> list[str]:
        """Draw it at a width."""
        drawn = [
            f'<rect width="{_px(width_px)}" height="{_px(self.height_px)}" rx="8" fill="#fff" '
            f'stroke="{_RULE}"/>',
            _text(_GAP_PX, 25, self._title, 15, _INK, bold=True),
            _text(_GAP_PX, 43, self._where, 12, _MUTED, mono=True),
        ]
        left, top = (width_px - self._layout.width_px) / 2, _TITLE_PX + _GAP_PX
        drawn.append(f'<g transform="translate({_px(left)} {_px(top)})">')
        for source in dict.fromkeys(id(wire.source) for wire in self._layout.wires):
            wires = [wire for wire in self._layout.wires if id(wire.source) == source]
            drawn += _draw_wires(wires, self.inks[source][0])
        for point, part in self._layout.joints:
            drawn.append(_draw_joint(point, self.inks[id(part)][0]))
        for box in self._layout.boxes:
            drawn += _draw_box(box, *self.inks[id(box.part)])
        return [*drawn, "</g>"]


def _choose_inks(box: Box) -> tuple[str, str]:
    """Return the colour of a part's line and ground."""
    if box.part.is_fixed:
        return _FIXED
    if box.is_beside:
        return _BESIDE
    return _TRUNK if box.part.kind == "module" else (_MUTED, "#fff")


def _draw_box(box: Box, ink: str, paper: str) -> list[str]:
    x, _ = box.centre_px
    radius = box.height_px / 2 if box.part.kind != "module" else 8
    drawn = [
        f'<rect x="{_px(x - box.width_px / 2)}" y="{_px(box.top_px)}" width="{_px(box.width_px)}" '
        f'height="{_px(box.height_px)}" rx="{_px(min(radius, 20))}" fill="{paper}" stroke="{ink}" '
        'stroke-width="1.5"/>'
    ]
    is_module = box.part.kind == "module"
    title_ink = ink if is_module else _INK
    first = box.centre_px[1] - LINE_PX * len(box.lines) / 2 + 5
    drawn.append(_text(x, first, box.part.title, 14, title_ink, bold=is_module, middle=True))
    for number, line in enumerate(box.lines, start=1):
        y = first + LINE_PX * number
        drawn.append(_text(x, y, line, 12, _INK if number == 1 else _MUTED, middle=True))
    return drawn


def _draw_wires(wires: Sequence[Wire], ink: str) -> list[str]:
    """Draw the wires from one part as one line, its corners rounded, and an arrow at each end."""
    lines, arrows = "", []
    for points in (wire.points_px for wire in wires):
        lines += f"M{_point(points[0])}"
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            begin, end = _toward(corner, before), _toward(corner, after)
            lines += f"L{_point(begin)}Q{_point(corner)} {_point(end)}"
        lines += f"L{_point(points[-1])}"
        arrows.append(
            f'<path d="M{_point(_toward(points[-1], points[-2]))}L{_point(points[-1])}" '
            f'stroke="{ink}" stroke-width="1.6" marker-end="url(#{_ARROWS.get(ink, "a")})"/>'
        )
    return [f'<path d="{lines}" fill="none" stroke="{ink}" stroke-width="1.6"/>', *arrows]


def _draw_joint(point: Point, ink: str) -> str:
    return f'<circle cx="{_px(point[0])}" cy="{_px(point[1])}" r="2.8" fill="{ink}"/>'


def _toward(corner: Point, other: Point) -> Point:
    """Return the point where a corner's rounding begins, on the way to another point."""
    length = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    share = min(_CORNER_PX, length / 2) / length if length else 0.0
    (x, y), (far_x, far_y) = corner, other
    return x + share * (far_x - x), y + share * (far_y - y)


def _say_where(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]}, one of {len(paths)}"


def _say_cost(part: Part) -> tuple[str, ...]:
    if part.kind != "module":
        return ()
    learned = "" if part.is_fixed else f"{part.num_params / 1e3:.1f} k, "
    return (f"{learned}{_giga(part.num_macs)}",)


def _giga(num_macs: int) -> str:
    return f"{num_macs / 1e9:.2f} G"


def _text(
    x: float,
    y: float,
    text: str,
    size: float,
    ink: str,
    *,
    bold: bool = False,
    mono: bool = False,
    middle: bool = False,
) -> str:
    style = (' font-weight="700"' if bold else "") + (f' font-family="{_MONO}"' if mono else "")
    anchor = ' text-anchor="middle"' if middle else ""
    return (
        f'<text x="{_px(x)}" y="{_px(y)}" font-size="{size}" fill="{ink}"{style}{anchor}>'
        f"{escape(text)}</text>"
    )


def _point(point: Point) -> str:
    return f"{_px(point[0])} {_px(point[1])}"


def _px(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0")
