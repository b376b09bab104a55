from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lienet.deployment.formats.base import Source
from lienet.deployment.formats.litert import PYTHON_VARIABLE, Litert, find_python
from lienet.errors import ToolError
from tests.deployment.formats.phone_tools import measure_strays, needs

pytestmark = pytest.mark.xdist_group("onnx")


def write_python(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_converter_s_python_is_beside_lienet_s_or_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    assert find_python().parts[-3:] == (".venv-litert", "bin", "python")
    monkeypatch.setenv(PYTHON_VARIABLE, str(tmp_path / "none"))
    assert Litert().find_version() is None
    monkeypatch.setenv(PYTHON_VARIABLE, str(write_python(tmp_path / "python", "echo 0.10.0")))
    assert Litert().find_version() == "0.10.0"


def test_the_converter_s_last_line_is_the_reason_it_fails_for(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    failing = write_python(tmp_path / "python", "echo one >&2; echo no such operator >&2; exit 1")
    monkeypatch.setenv(PYTHON_VARIABLE, str(failing))
    with pytest.raises(ToolError, match="litert-torch says: no such operator"):
        Litert().convert(source, tmp_path / "a.tflite")


@pytest.mark.slow
@needs("ai_edge_litert")
@pytest.mark.skipif(not find_python().is_file(), reason="no .venv-litert: run make mobile")
def test_a_file_of_one_size_gives_what_torch_gives(source: Source, spade_network, tmp_path: Path):
    for model in (source.model, spade_network):
        path = tmp_path / f"{type(model).__name__}.tflite"
        Litert().convert(Source(model, b"", [], 18, {}), path)
        assert measure_strays(path, model, sizes_px=[(16, 16)]) < 1e-4
