"""The table of how each source's photographs were looked at for faces and text before their use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienet.report.side_tables import Sheet
from lienet.report.summaries import Cell

_NOTE = (
    "Full: faces and legible text were looked for. Reduced: one of them was not, as params allow. "
    "Not judged: published test sets and consented portraits. Detectors with the SHA-256 of their "
    "files."
)


def make_privacy_sheets(counts: Mapping[str, Mapping[str, Any]]) -> list[Sheet]:
    """Return one sheet of all sources; none where no source was counted.

    Args:
        counts: by source, as :func:`lienet.screening.counts.read_counts` gives them.
    """
    lines = [
        [
            Cell(source),
            Cell(each["privacy"]),
            Cell(" and ".join(each["detectors"]) or "nobody"),
            *(Cell(f"{each[name]:,}") for name in ("photographs", "kept", "refused")),
        ]
        for source, each in counts.items()
    ]
    titles = ["source", "privacy", "by", "photographs", "kept", "refused"]
    return [Sheet("Privacy", _NOTE, titles, lines, num_words=3)] if lines else []
