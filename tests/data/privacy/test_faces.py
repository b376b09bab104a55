from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut

from lienet.data.privacy.boxes import overlap
from lienet.data.privacy.faces import CascadeDetector, YunetDetector, resize_longest
from lienet.data.privacy.verdict import DEFAULT_FACE
from lienet.errors import ToolError


def _yunet(real_data: Path) -> YunetDetector:
    return YunetDetector(real_data / "models/face_detection_yunet_2023mar.onnx", DEFAULT_FACE)


@pytest.mark.parametrize(
    ("shape", "side_px", "expected"),
    [
        ((100, 50, 3), 200, (200, 100, 3)),
        ((30, 60, 3), 20, (10, 20, 3)),
        ((1, 5000, 3), 160, (1, 160, 3)),
        ((64, 64, 3), 64, (64, 64, 3)),
    ],
)
def test_resizing_keeps_the_shape(shape: tuple[int, ...], side_px: int, expected):
    assert resize_longest(np.zeros(shape, np.uint8), side_px).shape == expected


def test_the_cascades_see_the_astronaut_and_nothing_in_noise():
    detector = CascadeDetector(DEFAULT_FACE)
    (face,) = detector.find(astronaut())
    assert 200 < face.left_px + face.width_px / 2 < 250
    assert 90 < face.top_px + face.height_px / 2 < 140
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert detector.find(noise) == []


def test_boxes_are_in_the_pixels_of_the_image_whatever_its_size():
    detector = CascadeDetector(DEFAULT_FACE)
    (small,) = detector.find(astronaut())
    (large,) = detector.find(np.kron(astronaut(), np.ones((3, 3, 1), np.uint8)))
    assert large.width_px == pytest.approx(3 * small.width_px, rel=0.15)
    assert large.left_px == pytest.approx(3 * small.left_px, rel=0.15)


def test_a_file_that_is_no_model_is_one_clear_error(tmp_path: Path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ToolError, match="is not a YuNet face detector"):
        YunetDetector(path, DEFAULT_FACE)


def test_a_model_of_another_kind_is_one_clear_error(real_data: Path):
    with pytest.raises(ToolError, match="is not a YuNet face detector"):
        YunetDetector(real_data / "models/ch_PP-OCRv3_det_infer.onnx", DEFAULT_FACE)


def test_yunet_finds_small_and_large_faces_once(real_data: Path):
    detector = _yunet(real_data)
    (face,) = detector.find(astronaut())
    assert face.score > 0.9
    scene = np.full((900, 1400, 3), 90, np.uint8)
    scene[300:812, 700:1212] = astronaut()
    (moved,) = detector.find(scene)
    assert (moved.left_px - 700, moved.top_px - 300) == pytest.approx(
        (face.left_px, face.top_px), abs=12
    )
    close = astronaut()[50:190, 155:300]
    assert len(detector.find(np.kron(close, np.ones((6, 6, 1), np.uint8)))) == 1


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (1, 700, 3), (20, 700, 3), (100, 700, 3), (333, 7, 3)]
)
def test_slivers_give_the_same_every_time_and_no_face(real_data: Path, shape: tuple[int, ...]):
    detector = _yunet(real_data)
    generator = np.random.default_rng(0)
    for sliver in (np.full(shape, 128, np.uint8), generator.integers(0, 256, shape, np.uint8)):
        for _ in range(6):
            assert detector.find(sliver) == []
            detector.find(generator.integers(0, 256, (64, 48, 3), np.uint8))


def test_what_yunet_finds_does_not_depend_on_what_it_saw_before(real_data: Path):
    detector = _yunet(real_data)
    first = detector.find(astronaut())
    detector.find(np.zeros((40, 700, 3), np.uint8))
    assert detector.find(astronaut()) == first


def test_both_detectors_agree_on_where_a_face_is(real_data: Path):
    (by_yunet,) = _yunet(real_data).find(astronaut())
    (by_cascades,) = CascadeDetector(DEFAULT_FACE).find(astronaut())
    assert overlap(by_yunet, by_cascades) > 0.5
