"""A network is opened by what it is: a module, or the path of an ONNX file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from torch import nn

from lienet.deployment.onnx_network import OnnxNetwork
from lienet.deployment.runtimes import RUNTIMES, Runtime, open_network
from lienet.deployment.torch_network import TorchNetwork
from lienet.errors import ModelError, ToolError
from tests.deployment.repeating import write_repeating


def test_a_module_and_a_file_are_each_opened_as_what_they_are(tmp_path: Path):
    assert isinstance(open_network(nn.Conv2d(3, 3, 1)), TorchNetwork)
    path = write_repeating(tmp_path / "twice.onnx", 2)
    assert isinstance(open_network(Path(path)), OnnxNetwork)


def test_every_suffix_has_its_runtime_and_others_are_told_which(tmp_path: Path):
    for suffix, runtime in RUNTIMES.items():
        assert hasattr(import_module(runtime.module), runtime.name), suffix
    with pytest.raises(ModelError, match=r"got \.mlpackage; give \.onnx, \.pte, \.tflite"):
        open_network(tmp_path / "a.mlpackage")


def test_a_runtime_that_is_not_installed_is_told_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    missing = Runtime("lienet.deployment.ncnn_network", "NcnnNetwork", "no_such_package")
    monkeypatch.setitem(RUNTIMES, ".param", missing)
    with pytest.raises(ToolError, match=r"no_such_package, which is not installed; run make mob"):
        open_network(tmp_path / "a.param")
