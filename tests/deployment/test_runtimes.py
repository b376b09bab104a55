"""A network is opened by what it is: a module, or the path of an ONNX file."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from lienet.deployment.onnx_network import OnnxNetwork
from lienet.deployment.runtimes import open_network
from lienet.deployment.torch_network import TorchNetwork
from tests.deployment.repeating import write_repeating


def test_a_module_and_a_file_are_each_opened_as_what_they_are(tmp_path: Path):
    assert isinstance(open_network(nn.Conv2d(3, 3, 1)), TorchNetwork)
    path = write_repeating(tmp_path / "twice.onnx", 2)
    assert isinstance(open_network(Path(path)), OnnxNetwork)
