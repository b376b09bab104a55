"""A detector's file is the one in params, else the environment's, else the one that ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import ToolError
from lienet.files import sha256_of_file
from lienet.screening import model_files
from lienet.screening.model_files import SHIPPED_MODEL, find_given_model, find_shipped_model


@pytest.mark.parametrize("kind", ["face", "text"])
def test_a_configured_model_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setenv(f"LIENET_{kind.upper()}_MODEL", str(tmp_path / "absent.onnx"))
    with pytest.raises(ToolError, match=f"LIENET_{kind.upper()}_MODEL must name an ONNX file"):
        find_given_model(None, kind, tmp_path)
    with pytest.raises(ToolError, match=rf"filter\.{kind}\.model must .*got {tmp_path}/folder"):
        find_given_model("folder/none.onnx", kind, tmp_path)


def test_params_come_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("ours.onnx", "other.onnx"):
        (tmp_path / name).touch()
    monkeypatch.setenv("LIENET_FACE_MODEL", str(tmp_path / "other.onnx"))
    assert find_given_model("ours.onnx", "face", tmp_path) == tmp_path / "ours.onnx"
    assert find_given_model(None, "face", tmp_path) == tmp_path / "other.onnx"


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_shipped_model_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
):
    path = tmp_path / SHIPPED_MODEL.name
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(model_files, "SHIPPED_MODEL", path)
    with pytest.raises(ToolError, match="is missing or damaged; install lienet anew"):
        find_shipped_model()


def test_licence_and_origin_of_the_shipped_model_lie_beside_it():
    text = SHIPPED_MODEL.with_suffix(".LICENSE").read_text(encoding="utf-8")
    assert "MIT License" in text
    assert sha256_of_file(SHIPPED_MODEL) in text
