"""The verdict on an image: what was found and measured, and whether that keeps the image out.

Owns how people and programs read a verdict. It looks at nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from lienet.screening.boxes import Box
from lienet.screening.quality import Quality
from lienet.text_tables import draw_table

_MAX_SHOWN = 4
"""Boxes named in a row of the table; JSON has them all."""


@dataclass(frozen=True)
class Verdict:
    """What was found in one image, and the word that follows from it."""

    reasons: tuple[str, ...]
    """"face", "text", a gate, or why the file cannot be read; empty if the image is kept."""
    boxes: tuple[Box, ...]
    """What was found and counts."""
    quality: Quality | None = None
    """None for a file that cannot be read, or that was not looked at."""
    perceptual_hash: int | None = None
    """None for an image without detail, too."""

    @property
    def word(self) -> str:
        """The verdict: "keep" or "refuse"."""
        return "refuse" if self.reasons else "keep"

    @property
    def score(self) -> float:
        """The highest score of any box; 0 without boxes."""
        return max((box.score for box in self.boxes), default=0.0)

    def list_boxes(self, kind: str) -> list[dict[str, float]]:
        """Return the boxes of one kind as plain values."""
        found = [asdict(box) for box in self.boxes if box.kind == kind]
        return [{name: value for name, value in box.items() if name != "kind"} for box in found]


def to_plain(path: Path, verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON can hold it: path, verdict, reasons, faces, texts, quality."""
    return {
        "path": str(path),
        "verdict": verdict.word,
        "reasons": list(verdict.reasons),
        "faces": verdict.list_boxes("face"),
        "texts": verdict.list_boxes("text"),
        "quality": asdict(verdict.quality) if verdict.quality else None,
    }


def format_table(judged: Sequence[tuple[Path, Verdict]]) -> Table:
    """Return one row for each image, with its surest boxes as width×height+left+top and score."""
    rows: list[list[str | Text]] = [
        [
            str(path),
            Text(verdict.word, style="green" if verdict.word == "keep" else "red"),
            ", ".join(verdict.reasons),
            *(
                _name_boxes([box for box in verdict.boxes if box.kind == kind])
                for kind in ("face", "text")
            ),
        ]
        for path, verdict in judged
    ]
    return draw_table(["image", "verdict", "reasons", "faces", "texts"], rows)


def _name_boxes(boxes: list[Box]) -> str:
    lines = [
        f"{box.width_px}×{box.height_px}+{box.left_px}+{box.top_px} ({box.score:.2f})"
        for box in boxes[:_MAX_SHOWN]
    ]
    more = len(boxes) - len(lines)
    return "\n".join([*lines, f"and {more} more"] if more > 0 else lines)
