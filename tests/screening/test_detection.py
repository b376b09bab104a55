from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from lienet.errors import ToolError
from lienet.params import Params, load_params
from lienet.screening.detection import (
    DEFAULT_FACE,
    DEFAULT_GATES,
    DEFAULT_TEXT,
    Detection,
    find_detection,
)

SHIPPED_ONLY = Detection(DEFAULT_FACE, DEFAULT_TEXT, None, None)


@pytest.fixture
def params(repository: Path) -> Params:
    return load_params(repository / "profiles" / "sample.yaml")


def test_the_defaults_are_those_of_the_sample_profile(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    assert params.filter.face == DEFAULT_FACE
    assert params.filter.text == DEFAULT_TEXT
    assert params.filter.gates == DEFAULT_GATES


def test_a_detection_travels_between_processes():
    copied = pickle.loads(pickle.dumps(SHIPPED_ONLY))
    assert copied == SHIPPED_ONLY
    assert hash(copied) == hash(SHIPPED_ONLY)


@pytest.mark.parametrize("kind", ["face", "text"])
def test_a_configured_model_must_be_there(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setenv(f"LIENET_{kind.upper()}_MODEL", str(tmp_path / "absent.onnx"))
    with pytest.raises(ToolError, match=f"LIENET_{kind.upper()}_MODEL must name an ONNX file"):
        find_detection(params.filter.face, params.filter.text, base_dir=tmp_path)
    changed = {
        name: getattr(params.filter, name).model_copy(
            update={"model": "folder/none.onnx" if name == kind else None}
        )
        for name in ("face", "text")
    }
    with pytest.raises(ToolError, match=rf"filter\.{kind}\.model must .*got {tmp_path}/folder"):
        find_detection(**changed, base_dir=tmp_path)


def test_params_come_before_the_environment(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("ours.onnx", "other.onnx"):
        (tmp_path / name).touch()
    monkeypatch.setenv("LIENET_FACE_MODEL", str(tmp_path / "other.onnx"))
    monkeypatch.setenv("LIENET_TEXT_MODEL", str(tmp_path / "other.onnx"))
    face = params.filter.face.model_copy(update={"model": "ours.onnx"})
    found = find_detection(face, params.filter.text, base_dir=tmp_path)
    assert found.face_model == tmp_path / "ours.onnx"
    assert found.text_model == tmp_path / "other.onnx"
