"""A network is found by name or file, and its scale is what it does, not what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto

from lienet.enhancing.models import ChosenModel, choose_model, list_models, open_file
from lienet.errors import InputError, ModelError
from tests.deployment.repeating import write_repeating
from tests.enhancing.networks import make_model, ship


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    ship(folder, "sr_lienet_x2", 2)
    ship(folder, "sr_lienet_x4", 4)
    ship(folder, "face_lienet_x1", 1, task="face", notice="not for sale")
    return folder


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    clone = tmp_path / "clone"
    folder = clone / "data" / "models" / "sr" / "plain"
    folder.mkdir(parents=True)
    (clone / "params.yaml").write_text("")
    write_repeating(folder / "model.onnx", 4, producer="plain")
    return clone


def test_without_a_name_the_one_that_comes_along_is_taken(weights: Path, tmp_path: Path):
    model = choose_model(None, task="sr", scale=None, start=tmp_path, folder=weights)
    assert (model.label, model.scale, model.suffix) == ("lienet", 4, "_lienet_x4")
    face = choose_model("lienet", task="face", scale=None, start=tmp_path, folder=weights)
    assert (face.suffix, face.notice) == ("_lienet_face", "not for sale")


def test_a_label_that_ends_with_its_scale_does_not_say_it_twice(tmp_path: Path):
    model = ChosenModel(tmp_path, "lienet_x2", "sr", 2, "")
    assert model.suffix == "_lienet_x2"
    assert replace(model, scale=4).suffix == "_lienet_x2_x4"


def test_a_workspace_s_network_is_found_by_name(weights: Path, clone: Path, tmp_path: Path):
    model = choose_model("plain", task="sr", scale=None, start=clone, folder=weights)
    assert (model.label, model.scale) == ("plain", 4)
    with pytest.raises(ModelError, match="no weights for plain for sr come with lienet"):
        choose_model("plain", task="sr", scale=None, start=tmp_path, folder=weights)


def test_all_of_one_scale_are_listed(weights: Path, clone: Path):
    models = list_models(task="sr", scale=None, start=clone, folder=weights)
    assert [(model.label, model.scale) for model in models] == [("lienet", 4), ("plain", 4)]
    models = list_models(task="sr", scale=2, start=clone, folder=weights)
    assert [model.label for model in models] == ["lienet"]
    assert list_models(task="old_photo", scale=None, start=clone, folder=weights) == []


def test_a_file_is_tried_out_and_what_it_says_of_itself_names_outputs(tmp_path: Path):
    model = make_model(tmp_path, 3, scale="4", model="mine/../x", task="sr", architecture="plain")
    assert (model.scale, model.architecture) == (3, "plain")
    assert model.suffix == "_mine-..-x_x3"
    with pytest.raises(InputError, match="enlarges by 3 per side, got --scale 2; leave it out"):
        open_file(model.path, task="sr", scale=2)


def test_files_of_one_size_and_of_sixteen_bit_floats_are_taken(tmp_path: Path):
    fixed = write_repeating(tmp_path / "fixed.onnx", 2, shape=(1, 3, 24, 40))
    assert open_file(fixed, task="sr", scale=None).scale == 2
    proto = onnx.load(write_repeating(tmp_path / "half.onnx", 2, kind=TensorProto.FLOAT16))
    onnx.save(proto, tmp_path / "half.onnx")
    assert open_file(tmp_path / "half.onnx", task="sr", scale=None).label == "half"
