"""YuNet finds small and large faces once, and refuses files of other models."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from lienet.errors import ToolError
from lienet.files import sha256_of_file
from lienet.screening.boxes import overlap
from lienet.screening.detection import DEFAULT_FACE
from lienet.screening.faces import YunetDetector, decode_faces, list_passes, turn_back
from lienet.screening.model_files import ModelFile, find_shipped_model
from lienet.screening.pyramid import Pyramid

SHIPPED = find_shipped_model("face")


@pytest.fixture(scope="module")
def detector() -> YunetDetector:
    return YunetDetector(SHIPPED, DEFAULT_FACE)


def test_a_place_of_a_grid_becomes_a_rectangle():
    # Of an input of 64 × 32 pixels: grids of 8 × 4, 4 × 2 and 2 × 1 places.
    sizes = {8: 32, 16: 8, 32: 2}
    outputs = {}
    for stride, count in sizes.items():
        outputs[f"cls_{stride}"] = np.zeros((count, 1), np.float32)
        outputs[f"obj_{stride}"] = np.ones((count, 1), np.float32)
        outputs[f"bbox_{stride}"] = np.zeros((count, 4), np.float32)
    outputs["cls_16"][6] = 0.25  # row 1, column 2
    outputs["bbox_16"][6] = [0.5, 0.25, np.log(3), np.log(2)]
    rows = decode_faces(outputs, 64)
    assert rows.shape == (42, 5)
    assert rows[rows[:, 4] > 0].tolist() == [pytest.approx([40 - 24, 20 - 16, 48, 32, 0.5])]


def test_astronaut_has_a_face_and_noise_has_none(detector: YunetDetector):
    (face,) = detector.find(Pyramid(astronaut()))
    assert 200 < face.left_px + face.width_px / 2 < 250
    assert 90 < face.top_px + face.height_px / 2 < 140
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert detector.find(Pyramid(noise)) == []


def test_boxes_are_in_the_pixels_of_the_image_whatever_its_size(detector: YunetDetector):
    (small,) = detector.find(Pyramid(astronaut()))
    (large,) = detector.find(Pyramid(np.kron(astronaut(), np.ones((2, 2, 1), np.uint8))))
    assert large.width_px == pytest.approx(2 * small.width_px, rel=0.15)
    assert large.left_px == pytest.approx(2 * small.left_px, rel=0.15)


def test_another_yunet_file_may_be_named(real_data: Path, detector: YunetDetector):
    path = real_data / "models/face_detection_yunet_2023mar.onnx"
    named = YunetDetector(ModelFile("face", sha256_of_file(path), path), DEFAULT_FACE)
    (theirs,), (ours,) = named.find(Pyramid(astronaut())), detector.find(Pyramid(astronaut()))
    assert overlap(theirs, ours) > 0.7


def test_a_file_that_is_no_model_is_one_clear_error(tmp_path: Path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ToolError, match="is not a YuNet face detector"):
        YunetDetector(ModelFile("face", sha256_of_file(path), path), DEFAULT_FACE)


def test_a_model_of_another_kind_is_one_clear_error():
    with pytest.raises(ToolError, match="is not a YuNet face detector"):
        YunetDetector(find_shipped_model("text"), DEFAULT_FACE)


def test_yunet_finds_small_and_large_faces_once(detector: YunetDetector):
    (face,) = detector.find(Pyramid(astronaut()))
    assert face.score > 0.9
    scene = np.full((900, 1400, 3), 90, np.uint8)
    scene[300:812, 700:1212] = astronaut()
    (moved,) = detector.find(Pyramid(scene))
    assert (moved.left_px - 700, moved.top_px - 300) == pytest.approx(
        (face.left_px, face.top_px), abs=12
    )
    close = astronaut()[50:190, 155:300]
    assert len(detector.find(Pyramid(np.kron(close, np.ones((6, 6, 1), np.uint8))))) == 1


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (1, 700, 3), (20, 700, 3), (100, 700, 3), (333, 7, 3)]
)
def test_slivers_give_the_same_every_time_and_no_face(
    detector: YunetDetector, shape: tuple[int, ...]
):
    generator = np.random.default_rng(0)
    for sliver in (np.full(shape, 128, np.uint8), generator.integers(0, 256, shape, np.uint8)):
        for _ in range(6):
            assert detector.find(Pyramid(sliver)) == []
            detector.find(Pyramid(generator.integers(0, 256, (64, 48, 3), np.uint8)))


def test_what_yunet_finds_does_not_depend_on_what_it_saw_before(detector: YunetDetector):
    first = detector.find(Pyramid(astronaut()))
    detector.find(Pyramid(np.zeros((40, 700, 3), np.uint8)))
    assert detector.find(Pyramid(astronaut())) == first


def test_boxes_are_those_that_opencv_reads_from_the_same_network():
    picture = np.ascontiguousarray(astronaut()[:448, :480])
    one_pass = DEFAULT_FACE.model_copy(
        update={
            "pass_sides_px": (480,),
            "turned_sides_px": (),
            "large_side_px": None,
            "min_score": 0.6,
        }
    )
    smaller = find_shipped_model("alignment")
    (ours,) = YunetDetector(smaller, one_pass).find(Pyramid(picture))
    theirs = cv2.FaceDetectorYN.create(str(smaller.locate()), "", (480, 448), 0.6, 0.3, 5000)
    (row,) = theirs.detect(picture[..., ::-1].copy())[1]
    found = (ours.left_px, ours.top_px, ours.width_px, ours.height_px)
    assert found == pytest.approx(row[:4], abs=1.0)
    assert ours.score == pytest.approx(row[14], abs=1e-3)


def test_lower_score_can_be_asked_for():
    strict = DEFAULT_FACE.model_copy(update={"min_score": 0.99, "fine_min_score": 0.99})
    assert YunetDetector(SHIPPED, strict).find(Pyramid(astronaut())) == []
    (face,) = YunetDetector(SHIPPED, strict, min_score=0.6).find(Pyramid(astronaut()))
    assert face.score < 0.99


@pytest.mark.parametrize("quarter_turns", [0, 1, 3])
def test_a_rectangle_in_a_turned_image_is_turned_back(quarter_turns: int):
    image = np.zeros((40, 70), np.uint8)
    image[5:13, 20:26] = 1
    down, across = np.nonzero(np.rot90(image, quarter_turns))
    left, top = across.min(), down.min()
    row = [left, top, across.max() + 1 - left, down.max() + 1 - top, 0.9]
    (found,) = turn_back(np.array([row], np.float32), image.shape, quarter_turns)
    assert found.tolist() == pytest.approx([20, 5, 6, 8, 0.9])


@pytest.mark.parametrize("quarter_turns", [1, 3])
def test_a_face_lying_on_its_side_is_found_where_it_is(detector: YunetDetector, quarter_turns: int):
    small = cv2.resize(astronaut(), (256, 256), interpolation=cv2.INTER_AREA)
    scene = np.full((700, 1000, 3), 90, np.uint8)
    scene[100:356, 200:456] = np.rot90(small, quarter_turns)
    (upright,) = detector.find(Pyramid(small))
    (face,) = YunetDetector(SHIPPED, DEFAULT_FACE, min_score=0.99).find(Pyramid(scene))
    assert face.width_px == pytest.approx(upright.height_px, rel=0.25)
    assert face.height_px == pytest.approx(upright.width_px, rel=0.25)


def test_large_images_get_one_pass_more():
    small, large, huge = (Pyramid(np.zeros((8, px, 3), np.uint8)) for px in (900, 1500, 9000))
    upright = [
        [side for side, turns in list_passes(DEFAULT_FACE, image) if turns == 0]
        for image in (small, large, huge)
    ]
    assert upright == [[1024, 320], [1024, 320, 1500], [1024, 320, 2048]]
    turned = [one for one in list_passes(DEFAULT_FACE, small) if one[1]]
    assert turned == [(640, 1), (640, 3)]
