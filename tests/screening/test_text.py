from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import coffee

from lienet.errors import ToolError
from lienet.files import sha256_of_file
from lienet.screening.boxes import overlap
from lienet.screening.detection import DEFAULT_TEXT
from lienet.screening.model_files import ModelFile, find_shipped_model
from lienet.screening.pyramid import Pyramid
from lienet.screening.text import TextDetector, choose_size, outline_text

SHIPPED = find_shipped_model("text")


def _tagged(height_px: int) -> np.ndarray:
    picture = coffee().copy()
    picture[100 : 100 + 2 * height_px, 60 : 60 + 12 * height_px] = 245
    origin = (60 + height_px // 2, 100 + int(1.5 * height_px))
    font, size = cv2.FONT_HERSHEY_SIMPLEX, height_px / 22
    cv2.putText(picture, "HELLO ANNA", origin, font, size, (20, 20, 20), 2, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((100, 50), (96, 64)),
        ((10, 10), (32, 32)),
        ((1920, 960), (960, 480)),
        ((1, 5000), (32, 960)),
    ],
)
def test_the_input_fits_and_is_never_enlarged(shape: tuple[int, int], expected):
    assert choose_size(Pyramid(np.zeros((*shape, 3), np.uint8)), 960) == expected


def test_text_box_grows_by_its_area_over_its_perimeter():
    probability = np.zeros((64, 128), np.float32)
    probability[20:31, 40:81] = 0.9  # corner pixels 40 x 10 apart
    ((corners, score, sides_px),) = outline_text(probability)
    growth_px = 1.5 * 40 * 10 / (2 * (40 + 10))
    assert sides_px == pytest.approx((10 + 2 * growth_px, 40 + 2 * growth_px), abs=0.01)
    assert corners.min(axis=0) == pytest.approx([40 - growth_px, 20 - growth_px], abs=0.01)
    assert score == pytest.approx(0.9)


def test_specks_and_doubtful_areas_are_left_out():
    probability = np.zeros((64, 64), np.float32)
    probability[10:12, 10:60] = 0.9
    probability[30:50, 10:60] = 0.29
    assert outline_text(probability) == []


def test_a_file_that_is_no_model_is_one_clear_error(tmp_path: Path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not a model")
    model = ModelFile("text", sha256_of_file(path), path)
    with pytest.raises(ToolError, match="is not a DB-style text detector"):
        TextDetector(model, DEFAULT_TEXT)


def test_a_model_of_another_kind_is_one_clear_error():
    with pytest.raises(ToolError, match="is not a DB-style text detector"):
        TextDetector(find_shipped_model("face"), DEFAULT_TEXT)


@pytest.mark.parametrize("height_px", [14, 24])
def test_a_name_tag_is_found_where_it_is(height_px: int):
    detector = TextDetector(SHIPPED, DEFAULT_TEXT)
    assert detector.find(Pyramid(coffee())) == []
    box = detector.find(Pyramid(_tagged(height_px)))[0]
    assert 100 - 6 <= box.top_px <= 100 + height_px
    assert 60 - 6 <= box.left_px <= 60 + height_px
    assert box.width_px > 5 * height_px


@pytest.mark.parametrize("height_px", [14, 24])
def test_in_a_large_image_a_close_look_finds_what_the_whole_shows(height_px: int):
    scene = cv2.resize(coffee(), (1200, 800), interpolation=cv2.INTER_LINEAR)
    scene[200:600, 300:900] = _tagged(height_px)
    whole = DEFAULT_TEXT.model_copy(update={"whole_side_px": 5000})
    closely = TextDetector(SHIPPED, DEFAULT_TEXT).find(Pyramid(scene))
    (expected, *_) = TextDetector(SHIPPED, whole).find(Pyramid(scene))
    assert max(overlap(expected, box) for box in closely) > 0.6
