"""Faces through OpenCV's own recogniser; in SFace's place, a network that averages a face's cells.

No SFace file can be had here. The stand-in is an ONNX network of the same input, so that alignment,
embedding and distances run for real.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import skimage.data
from onnx import TensorProto, helper

from lienet.errors import ToolError
from lienet.evaluation.benchmark import Interval
from lienet.evaluation.identity import FaceEmbedder, IdentityScore, summarise_identity
from lienet.evaluation.scoring import EnhancedImage
from lienet.screening.model_files import find_shipped_model

SHIPPED_MODEL = find_shipped_model("alignment").locate()


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Means of 7 x 7 cells of each channel, as an embedding of 147 numbers."""
    nodes = [
        helper.make_node(
            "AveragePool", ["data"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]
        ),
        helper.make_node("Flatten", ["cells"], ["fc1"]),
    ]
    given = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 112, 112])
    made = helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 147])
    graph = helper.make_graph(nodes, "g", [given], [made])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path_factory.mktemp("models") / "stand_in.onnx"
    onnx.save(model, path)
    return path


def make_image(pixels=None) -> EnhancedImage:
    reference = np.ascontiguousarray(skimage.data.astronaut()[:256, 96:352])
    degraded = cv2.GaussianBlur(reference, (0, 0), 6)
    enhanced = reference if pixels is None else pixels
    return EnhancedImage(1, "faces", "a", enhanced, degraded, reference)


def test_the_same_face_is_at_no_distance_and_another_is_far(stand_in: Path):
    embedder = FaceEmbedder(stand_in, SHIPPED_MODEL)
    same = embedder.score(make_image())
    assert same.distance == pytest.approx(0.0, abs=1e-6)
    assert 1e-4 < same.baseline_distance < 0.2
    assert same.is_located
    other = embedder.score(make_image(np.ascontiguousarray(skimage.data.astronaut()[256:, 96:352])))
    assert other.distance > 3 * same.baseline_distance


def test_without_a_face_the_photograph_as_a_whole_is_taken(stand_in: Path):
    embedder = FaceEmbedder(stand_in, SHIPPED_MODEL)
    coffee = np.ascontiguousarray(skimage.data.coffee()[:256, :256])
    found = embedder.score(EnhancedImage(1, "faces", "a", coffee, coffee[::-1].copy(), coffee))
    assert not found.is_located
    assert found.distance == pytest.approx(0.0, abs=1e-6)
    assert found.baseline_distance > 1e-4


def test_the_face_of_the_reference_is_found_and_all_are_cut_there(stand_in: Path):
    embedder = FaceEmbedder(stand_in, SHIPPED_MODEL)
    found = embedder.score(make_image())
    assert found.is_located
    assert found.distance == pytest.approx(0.0, abs=1e-6)
    beyond = make_image().degraded.copy()
    beyond[:, :20] = 0
    before = embedder.score(make_image(make_image().degraded)).distance
    assert embedder.score(make_image(beyond)).distance == pytest.approx(before, abs=1e-6)


def test_a_file_that_is_missing_or_no_embedder_is_one_error(tmp_path: Path):
    with pytest.raises(ToolError, match=r"face_embedding must name an ONNX file, got .*gone\.onnx"):
        FaceEmbedder(tmp_path / "gone.onnx", SHIPPED_MODEL)
    (tmp_path / "text.onnx").write_text("not a network")
    for path in (tmp_path / "text.onnx", SHIPPED_MODEL):
        with pytest.raises(ToolError, match="is not an SFace face embedder; correct evaluate"):
            FaceEmbedder(path, SHIPPED_MODEL)


def test_a_wrong_detector_is_one_error(stand_in: Path, tmp_path: Path):
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(ToolError, match="is not a YuNet face detector; correct filter"):
        FaceEmbedder(stand_in, tmp_path / "text.onnx")


def test_distances_are_summed_up_by_test_set():
    scores = [
        IdentityScore("faces", "a", 0.1, 0.3, True),
        IdentityScore("faces", "b", 0.2, 0.3, False),
    ]
    shown = summarise_identity(scores, lambda values: Interval(float(np.mean(values)), -1.0, 1.0))
    assert shown["faces"]["num_images"] == 2
    assert shown["faces"]["num_located"] == 1
    assert shown["faces"]["distance"] == 0.15
    assert shown["faces"]["distance_gain"] == -0.15
    assert summarise_identity([], lambda values: Interval(0, 0, 0)) == {}
