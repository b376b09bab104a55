"""A run is known by what changes its weights, VGG19's file by its content and its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import ToolError
from lienet.files import sha256_of_file
from lienet.training.run_key import describe_training, find_run_key, find_vgg19
from tests.stages.train_inputs import GAN, make_workspace, write_vgg19


def test_run_key_ignores_what_changes_no_weight(tmp_path: Path, repository: Path):
    keys = []
    for number, changes in enumerate(({}, {"log_every_steps": 30}, {"learning_rate": 0.5})):
        _, params = make_workspace(tmp_path / str(number), repository, **changes)
        keys.append(find_run_key(params, params.models["sr-lienet"], {"train": "x"}, None, "fp32"))
    assert keys[0] == keys[1] != keys[2]


def test_a_rate_and_a_seed_of_a_model_s_own_make_another_run(tmp_path: Path, repository: Path):
    _, params = make_workspace(tmp_path / "a", repository)
    spec = params.models["sr-lienet"]
    shared = find_run_key(params, spec, {}, None, "fp32")
    for changes in ({"learning_rate": 0.5}, {"seed": 3}):
        own = spec.model_copy(update=changes)
        assert find_run_key(params, own, {}, None, "fp32") != shared
    same = {"learning_rate": params.train.learning_rate}
    described = describe_training(params, spec.model_copy(update=same), None, "fp32")
    assert described == describe_training(params, spec, None, "fp32")


def test_a_run_in_another_number_format_is_another(tmp_path: Path, repository: Path):
    _, params = make_workspace(tmp_path / "a", repository)
    spec = params.models["sr-lienet"]
    assert find_run_key(params, spec, {}, None, "fp32") != find_run_key(
        params, spec, {}, None, "bf16"
    )


def test_the_card_holds_the_params_that_the_run_key_stands_for(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan")
    spec = params.models["sr-lienet"]
    path = find_vgg19(params, spec, workspace)
    training = describe_training(params, spec, path, "bf16")
    assert training["train"]["learning_rate"] == params.train.learning_rate
    assert training["train"]["precision"] == "bf16"
    assert "log_every_steps" not in training["train"]
    assert training["objective"]["perceptual"]["weights"] == sha256_of_file(
        workspace.root / "vgg.npz"
    )


def test_run_key_takes_vgg19_by_its_content(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan")
    spec = params.models["sr-lienet"]
    path = find_vgg19(params, spec, workspace)
    assert path == workspace.root / "vgg.npz"
    moved = path.with_name("moved.npz")
    moved.write_bytes(path.read_bytes())
    write_vgg19(other := path.with_name("other.npz"), seed=1)
    keys = [find_run_key(params, spec, {}, each, "fp32") for each in (path, moved, other)]
    assert keys[0] == keys[1] != keys[2]


def test_vgg19_is_looked_for_only_where_it_is_of_use(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository)
    spec = params.models["sr-lienet"]
    assert find_vgg19(params, spec, workspace) is None


def test_published_vgg19_is_what_the_stage_download_stored(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(GAN, "perceptual", GAN["perceptual"] | {"weights": None})
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan")
    spec = params.models["sr-lienet"]
    with pytest.raises(ToolError, match=r"VGG19's weights are not there, .*lienet download vgg19"):
        find_vgg19(params, spec, workspace)
    workspace.vgg19_dir.mkdir(parents=True)
    (stored := workspace.vgg19_dir / "vgg19-dcbb9e9d.pth").write_bytes(b"weights")
    assert find_vgg19(params, spec, workspace) == stored


def test_named_vgg19_must_be_there(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(GAN, "perceptual", GAN["perceptual"] | {"weights": "none.npz"})
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan")
    with pytest.raises(ToolError, match=r"none\.npz; correct train\.objectives\.gan\.perceptual"):
        find_vgg19(params, params.models["sr-lienet"], workspace)
