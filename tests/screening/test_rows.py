from __future__ import annotations

import json
from dataclasses import replace

from lienet.screening.boxes import Box
from lienet.screening.quality import Quality
from lienet.screening.rows import record_verdict
from lienet.screening.verdict import Verdict
from tests.manifests.image_record import KEPT

RAW = replace(KEPT, people="[]")


def test_filtered_row_keeps_the_raw_columns_and_adds_the_verdict():
    box = Box("face", 1, 2, 3, 4, 0.75)
    quality = Quality(10, 0.5, 30.0, 90)
    verdict = Verdict(("face",), (box,), quality, 255)
    row = record_verdict(RAW, verdict, "yunet and cascades", {"face": "yunet"})
    assert {name: getattr(row, name) for name in RAW.__dict__} == RAW.__dict__
    assert (row.verdict, row.reasons, row.score) == ("refuse", ("face",), 0.75)
    assert (row.sharpness, row.contrast, row.jpeg_quality) == (0.5, 30.0, 90)
    assert row.perceptual_hash == "00000000000000ff"
    (stored,) = json.loads(row.boxes)
    assert (stored["detector"], stored["kind"], stored["left_px"]) == ("yunet", "face", 1)


def test_image_that_was_not_looked_at_has_no_measures():
    row = record_verdict(RAW, Verdict((), ()), "exempt", {})
    assert (row.verdict, row.detector, row.boxes) == ("keep", "exempt", "[]")
    assert (row.sharpness, row.jpeg_quality, row.perceptual_hash) == (0.0, 0, "")
