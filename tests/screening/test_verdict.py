from __future__ import annotations

import json
from pathlib import Path

from lienet.screening.boxes import Box
from lienet.screening.verdict import Verdict, format_table, to_plain
from lienet.text_tables import print_tables

FACE, TEXT = Box("face", 1, 2, 30, 40, 0.75), Box("text", 5, 6, 70, 8, 0.9)


def test_plain_values_have_the_agreed_shape():
    plain = to_plain(Path("a.png"), Verdict(("face", "text"), (FACE, TEXT)))
    assert json.loads(json.dumps(plain)) == {
        "path": "a.png",
        "verdict": "refuse",
        "reasons": ["face", "text"],
        "faces": [{"left_px": 1, "top_px": 2, "width_px": 30, "height_px": 40, "score": 0.75}],
        "texts": [{"left_px": 5, "top_px": 6, "width_px": 70, "height_px": 8, "score": 0.9}],
        "quality": None,
    }


def test_the_table_names_each_image_and_box(capsys):
    inspected = [
        (Path("a[1].png"), Verdict(("face",), (FACE,) * 6)),
        (Path("b.png"), Verdict((), ())),
    ]
    print_tables(format_table(inspected))
    shown = capsys.readouterr().out
    assert "a[1].png" in shown
    assert "30×40+1+2 (0.75)" in shown
    assert "and 2 more" in shown
