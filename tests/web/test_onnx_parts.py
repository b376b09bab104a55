from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from lienet.deployment.onnx_network import open_session
from lienet.deployment.tensor_names import features_name, mean_name, variance_name
from lienet.errors import ModelError
from lienet.web.onnx_parts import cut_out, require_inputs

NAMES = [each(layer) for layer in range(2) for each in (mean_name, variance_name)]


def run(path: Path, content: bytes, feed: dict[str, np.ndarray], name: str) -> np.ndarray:
    session = open_session(path, num_threads=1, content=content)
    return np.asarray(session.run([name], feed)[0])


def statistics() -> dict[str, np.ndarray]:
    values = zip(NAMES, (0.1, 0.5, -0.2, 2.0), strict=True)
    return {name: np.full((1, 4, 1, 1), value, np.float32) for name, value in values}


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).random((1, 3, 24, 32), np.float32)


def test_optional_inputs_become_required_and_nothing_else_changes(
    faces_onnx: Path, image: np.ndarray
):
    content = faces_onnx.read_bytes()
    changed = require_inputs(content, NAMES)
    onnx.checker.check_model(onnx.load_from_string(changed))
    session = open_session(faces_onnx, num_threads=1, content=changed)
    assert [each.name for each in session.get_inputs()] == ["degraded", *NAMES]
    assert session.get_modelmeta().custom_metadata_map["fold"] == "4"
    feed = {"degraded": image, **statistics()}
    expected = run(faces_onnx, content, feed, "enhanced")
    np.testing.assert_array_equal(run(faces_onnx, changed, feed, "enhanced"), expected)


def test_what_leads_to_features_is_cut_out_and_gives_the_same(faces_onnx: Path, image: np.ndarray):
    content = faces_onnx.read_bytes()
    names = [features_name(0), features_name(1)]
    part = cut_out(require_inputs(content, NAMES), names)
    onnx.checker.check_model(onnx.load_from_string(part))
    session = open_session(faces_onnx, num_threads=1, content=part)
    assert [each.name for each in session.get_outputs()] == names
    assert [each.name for each in session.get_inputs()] == ["degraded", *NAMES[:2]]
    assert len(part) < len(content) / 2
    given = {name: statistics()[name] for name in NAMES[:2]}
    for name in names:
        expected = run(faces_onnx, content, {"degraded": image, **given}, name)
        found = run(faces_onnx, part, {"degraded": image, **given}, name)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("broken", [b"\x3a\xff", b"\x3a\x04\x0a", b"\x07"])
def test_other_bytes_are_refused_in_one_line(broken: bytes):
    with pytest.raises(ModelError, match="no bytes of an ONNX file"):
        require_inputs(broken, NAMES)
