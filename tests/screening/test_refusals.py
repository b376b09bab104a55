from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut, coffee

from lienet.errors import InputError
from lienet.screening.refusals import (
    SHEET_TILE_PX,
    blur_beyond_recognition,
    compare_with_truth,
    draw_sheet,
    format_comparison,
    list_refused,
    read_truth,
)
from tests.stages.studio import record_of


def _judged(name: str, *reasons: str, **changes: object):
    verdict = "refuse" if reasons else "keep"
    return record_of(f"p__{name}", "auto", verdict=verdict, reasons=reasons, **changes)


def test_the_list_has_every_refused_image_and_nothing_that_leads_to_its_person():
    boxes = '[{"kind": "face"}]'
    records = [_judged("a"), _judged("b", "blurred", "face", score=0.9, boxes=boxes, origin="x,y")]
    stream = io.StringIO()
    list_refused(records, stream)
    (row,) = csv.DictReader(io.StringIO(stream.getvalue()))
    assert row == {
        "key": "p__b",
        "reasons": "blurred face",
        "score": "0.9",
    }


def test_precision_and_recall_are_over_the_images_that_the_truth_names(tmp_path: Path):
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "path,has_face,has_text\nset/a.png,1,0\nset/b.png,1,0\nset/c.png,0,1\nset/d.png,0,0\n"
    )
    records = [
        _judged("a", "face", origin="a.png"),
        _judged("b", "text", origin="set/b.png"),
        _judged("c", "face", "text", origin="elsewhere/set/c.png"),
        _judged("d", "face", origin="other/d.png"),  # another d.png
        _judged("e", "face", origin="e.png"),
    ]
    faces, texts = compare_with_truth(records, read_truth(truth))
    assert faces == {
        "kind": "face",
        "images": 3,
        "shown": 2,
        "found": 2,
        "hits": 1,
        "false_alarms": 1,
        "precision": 0.5,
        "recall": 0.5,
    }
    assert (texts["hits"], texts["false_alarms"], texts["recall"]) == (1, 1, 1.0)
    assert format_comparison([faces, texts]).splitlines()[1] == "face,3,2,2,1,1,0.5,0.5"


def test_a_truth_by_key_and_nothing_shown(tmp_path: Path):
    truth = tmp_path / "truth.csv"
    truth.write_text("key,has_face,has_text\np__a,0,0\n")
    faces, _ = compare_with_truth([_judged("a")], read_truth(truth))
    assert (faces["precision"], faces["recall"], faces["images"]) == (None, None, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,has_face\na,1\n", r"lacks the columns \['has_text'\]"),
        ("path,has_face,has_text\na,1,0\nb,yes,0\n", "line 3: 0 or 1 is expected"),
        (b"\xff\xfe", "cannot read filter.truth"),
    ],
)
def test_a_broken_truth_is_one_clear_error(tmp_path: Path, content: str | bytes, message: str):
    path = tmp_path / "truth.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message):
        read_truth(path)
    with pytest.raises(InputError, match=r"cannot read filter\.truth"):
        read_truth(tmp_path / "none.csv")


def test_a_shown_tile_holds_no_more_than_thirty_six_colours_of_the_image():
    """A picture with the same six by six means gives the same tile: nothing else is in it."""
    tile = blur_beyond_recognition(astronaut()[:510, :510])
    means = astronaut()[:510, :510].reshape(6, 85, 6, 85, 3).mean(axis=(1, 3))
    mosaic = np.kron(means.round().astype(np.uint8), np.ones((85, 85, 1), np.uint8))
    assert np.abs(tile.astype(int) - blur_beyond_recognition(mosaic)).max() <= 1
    assert tile.shape == (SHEET_TILE_PX, SHEET_TILE_PX, 3)


def test_a_sheet_lays_tiles_out_in_rows():
    tile = blur_beyond_recognition(coffee())
    assert draw_sheet([tile] * 41).shape == (3 * SHEET_TILE_PX, 20 * SHEET_TILE_PX, 3)
    assert (draw_sheet([tile] * 21)[SHEET_TILE_PX:, SHEET_TILE_PX:] == 255).all()
    assert draw_sheet([]).shape == (SHEET_TILE_PX, SHEET_TILE_PX, 3)
