from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
import pytest

from lienet.deployment.onnx_network import OnnxNetwork
from lienet.errors import ModelError
from lienet.files import write_json
from lienet.web.models import choose_models, prepare_models


def test_each_network_is_described_with_the_hash_of_its_file(doubling_onnx: Path, faces_onnx: Path):
    doubling, faces = prepare_models(choose_models([doubling_onnx, faces_onnx]))
    content = doubling_onnx.read_bytes()
    assert doubling.files == {"sr_doubling_x2.onnx": content}
    assert doubling.entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert (doubling.entry["task"], doubling.entry["scale"]) == ("sr", 2)
    assert doubling.entry["suffix"] == "_doubling_x2"
    assert faces.entry["fold"] == 4
    assert faces.entry["statistics"]["channels"] == [4, 4]
    for told in (faces.entry, faces.entry["statistics"]):
        assert hashlib.sha256(faces.files[told["file"]]).hexdigest() == told["sha256"]
        assert len(faces.files[told["file"]]) == told["size_bytes"]


def test_networks_of_one_name_are_told_apart(doubling_onnx: Path):
    models = prepare_models(choose_models([doubling_onnx, doubling_onnx, doubling_onnx]))
    names = ["sr_doubling_x2", "sr_doubling_x2~2", "sr_doubling_x2~3"]
    assert [model.name for model in models] == names


def test_a_network_of_one_size_is_refused(doubling_onnx: Path, tmp_path: Path):
    model = onnx.load(doubling_onnx)
    for axis, size in ((0, 1), (2, 32), (3, 32)):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = size
    path = tmp_path / "fixed.onnx"
    onnx.save(model, path)
    assert OnnxNetwork(path).input_size_px == (32, 32)
    with pytest.raises(ModelError, match=r"float32 images of any size to run in a browser"):
        prepare_models(choose_models([path]))


def test_without_files_and_without_shipped_weights_one_line_says_what_to_do(tmp_path: Path):
    write_json(tmp_path / "index.json", {"weights": []})
    with pytest.raises(ModelError, match="name an ONNX file with --model"):
        choose_models([], folder=tmp_path)
