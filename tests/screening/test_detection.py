from __future__ import annotations

import logging
import pickle
from pathlib import Path

import pytest

from lienet.errors import ToolError
from lienet.params import Filter, load_params
from lienet.screening.detection import (
    DEFAULT_DETECTION,
    DEFAULT_FACE,
    DEFAULT_GATES,
    DEFAULT_TEXT,
    find_detection,
    find_local_detection,
)


@pytest.fixture
def chosen(repository: Path) -> Filter:
    find_detection.cache_clear()
    return load_params(repository / "profiles" / "sample.yaml").filter


def _without_text_model(chosen: Filter, privacy: str) -> Filter:
    text = chosen.text.model_copy(update={"model": "absent.onnx"})
    return chosen.model_copy(update={"text": text, "privacy": privacy})


def test_a_missing_detector_stops_it_unless_privacy_may_be_reduced(
    chosen: Filter, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with pytest.raises(ToolError, match=r"filter\.text\.model must name an ONNX file"):
        find_detection(_without_text_model(chosen, "full"), tmp_path)
    with caplog.at_level(logging.WARNING):
        found = find_detection(_without_text_model(chosen, "reduced"), tmp_path)
    assert (found.text_model, found.face_model) == (None, DEFAULT_DETECTION.face_model)
    assert "privacy is reduced: no text is looked for" in caplog.text


def test_policy_none_needs_no_text_model(chosen: Filter, tmp_path: Path):
    text = chosen.text.model_copy(update={"policy": "none", "model": "absent.onnx"})
    found = find_detection(chosen.model_copy(update={"text": text}), tmp_path)
    assert found.text_model is None


def test_outside_a_workspace_any_named_file_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert find_local_detection(tmp_path) == DEFAULT_DETECTION
    (tmp_path / "own.onnx").write_text("a model")
    monkeypatch.setenv("LIENET_FACE_MODEL", str(tmp_path / "own.onnx"))
    found = find_local_detection(tmp_path)
    assert found.face_model.path == tmp_path / "own.onnx"


def test_the_defaults_are_those_of_the_sample_profile(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    assert params.filter.face == DEFAULT_FACE
    assert params.filter.text == DEFAULT_TEXT
    assert params.filter.gates == DEFAULT_GATES


def test_a_detection_travels_between_processes():
    copied = pickle.loads(pickle.dumps(DEFAULT_DETECTION))
    assert copied == DEFAULT_DETECTION
    assert hash(copied) == hash(DEFAULT_DETECTION)
