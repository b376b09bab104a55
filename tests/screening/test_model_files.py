"""A detector's file is the one in params, else the environment's, else ours; and it is verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import ToolError
from lienet.files import sha256_of_file
from lienet.screening import model_files
from lienet.screening.model_files import ModelFile, find_model, find_shipped_model

KINDS = ["face", "text"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_named_file_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str):
    monkeypatch.setenv(f"LIENET_{kind.upper()}_MODEL", str(tmp_path / "absent.onnx"))
    with pytest.raises(ToolError, match=f"LIENET_{kind.upper()}_MODEL must name an ONNX file"):
        find_model(kind, None, "0" * 64, tmp_path)
    with pytest.raises(ToolError, match=rf"filter\.{kind}\.model must .*got {tmp_path}/folder"):
        find_model(kind, "folder/none.onnx", "0" * 64, tmp_path)


def test_params_come_before_the_environment_and_that_before_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ours = find_shipped_model("face")
    assert find_model("face", None, ours.sha256, tmp_path) == ours
    for name in ("one.onnx", "other.onnx"):
        (tmp_path / name).write_text(name)
    monkeypatch.setenv("LIENET_FACE_MODEL", str(tmp_path / "other.onnx"))
    one, other = (sha256_of_file(tmp_path / name) for name in ("one.onnx", "other.onnx"))
    assert find_model("face", "one.onnx", one, tmp_path).path == tmp_path / "one.onnx"
    assert find_model("face", None, other, tmp_path).path == tmp_path / "other.onnx"
    assert find_model("face", None, None, tmp_path).sha256 == other


@pytest.mark.parametrize("by", ["params", "environment"])
def test_another_file_than_the_pinned_one_is_named_with_both_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
):
    path = tmp_path / "other.onnx"
    path.write_text("another model")
    monkeypatch.setenv("LIENET_TEXT_MODEL", str(path))
    pinned, named = find_shipped_model("text").sha256, str(path) if by == "params" else None
    with pytest.raises(ToolError) as caught:
        find_model("text", named, pinned, tmp_path)
    for part in (str(path), pinned, sha256_of_file(path), "filter.text.sha256"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pin_without_its_file_names_the_shipped_one(tmp_path: Path):
    with pytest.raises(ToolError, match=f"does not ship .*{find_shipped_model('face').sha256}"):
        find_model("face", None, "0" * 64, tmp_path)


def test_a_file_that_changes_after_it_was_found_is_refused(tmp_path: Path):
    path = tmp_path / "model.onnx"
    path.write_text("one")
    found = ModelFile("face", sha256_of_file(path), path)
    assert found.read() == b"one"
    path.write_text("two")
    with pytest.raises(ToolError, match="is not the model that filter"):
        found.read()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [None, b"damaged"])
def test_shipped_models_are_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, kind: str
):
    model = find_shipped_model(kind)
    if content is not None:
        (tmp_path / model.locate().name).write_bytes(content)
    monkeypatch.setattr(model_files, "_FOLDER", tmp_path)
    with pytest.raises(ToolError, match=f"the {kind} detector .*; install lienet anew"):
        find_model(kind, None, model.sha256, tmp_path)


@pytest.mark.parametrize(
    ("kind", "licences"),
    [
        ("face", ("Apache License, Version 2.0", "BSD 3-Clause License")),
        ("text", ("Apache License, Version 2.0",)),
        ("alignment", ("MIT License",)),
    ],
)
def test_licence_and_origin_of_a_shipped_model_lie_beside_it(kind: str, licences: tuple[str, ...]):
    model = find_shipped_model(kind)
    text = model.locate().with_suffix(".LICENSE").read_text(encoding="utf-8")
    for part in (*licences, "https://github.com/", model.sha256):
        assert part in text
    assert sha256_of_file(model.locate()) == model.sha256
