from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from lienet.deployment.formats import registry
from lienet.deployment.formats.base import Format, Source
from lienet.errors import ToolError
from lienet.files import sha256_of_file
from lienet.params.evaluation import FormatName
from tests.deployment.repeating import write_repeating

pytestmark = pytest.mark.xdist_group("onnx")


class Fake(Format):
    suffix, tool, extra = ".onnx", "numpy", "train"

    def __init__(self, scale: int | None) -> None:
        self._scale = scale

    def convert(self, source: Source, path: Path) -> None:
        path.write_bytes(b"half a file")
        if self._scale is None:
            raise RuntimeError("\n no operator Einsum\nmore lines")
        write_repeating(path, self._scale)


def test_the_formats_are_those_that_params_can_name():
    assert tuple(registry.FORMATS) == get_args(FormatName)


def test_a_file_is_listed_with_its_hash_tool_and_agreement(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(registry.FORMATS, "fake", Fake(2))
    (found,) = registry.convert_all(["fake"], source, tmp_path)
    assert (found.file, found.reason) == ("fake.onnx", None)
    assert found.tool.startswith("numpy ")
    assert found.sha256 == sha256_of_file(tmp_path / "fake.onnx")
    assert found.size_bytes == (tmp_path / "fake.onnx").stat().st_size
    assert found.agreement_db is not None
    assert 5 < found.agreement_db < 100


def test_a_tool_that_fails_is_told_with_its_reason_and_leaves_no_file(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(registry.FORMATS, "bad", Fake(None))
    monkeypatch.setitem(registry.FORMATS, "good", Fake(2))
    bad, good = registry.convert_all(["bad", "good"], source, tmp_path)
    assert (bad.file, bad.reason) == (None, "RuntimeError: no operator Einsum")
    assert good.file == "good.onnx"
    assert [path.name for path in tmp_path.iterdir()] == ["good.onnx"]


def test_a_file_of_another_scale_is_no_conversion(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(registry.FORMATS, "fake", Fake(4))
    (found,) = registry.convert_all(["fake"], source, tmp_path)
    assert found.file is None
    assert "must give finite (1, 3, 48, 48)" in (found.reason or "")


def test_a_missing_tool_is_one_error_before_work_starts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Fake, "tool", "no-such-package")
    monkeypatch.setitem(registry.FORMATS, "fake", Fake(2))
    registry.require_tools(["onnx_fp16"])
    with pytest.raises(ToolError, match=r"fake needs no-such-package.*\.\[train\]"):
        registry.require_tools(["onnx_fp16", "fake"])
