"""Built by params, stored and found again bit by bit; broken files are one clear error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from lienet.errors import ModelError
from lienet.files import sha256_of_file
from lienet.networks.global_skip import enlargement
from lienet.networks.registry import (
    ModelCard,
    build_model,
    count_parameters,
    load_model,
    read_card,
    save_model,
)
from lienet.params import load_params


@pytest.fixture
def stored(tmp_path: Path, repository: Path) -> tuple[Path, torch.nn.Module]:
    spec = load_params(repository / "profiles" / "sample.yaml").models["sr-srgan"]
    model = build_model(spec).eval()
    card = ModelCard(
        task="sr",
        name="srgan",
        architecture="srgan",
        spec=spec.model_dump(),
        scale=4,
        num_params=count_parameters(model),
        steps=1,
        seed=0,
        data_sha256={},
        run_key="0" * 64,
        weights_sha256="",
        valid_psnr_db=None,
    )
    save_model(tmp_path, model, card)
    return tmp_path, model


@pytest.mark.parametrize("profile", ["sample", "bench", "paper"])
def test_every_profile_builds_rivals_no_lighter_than_lienet(repository, profile):
    models = load_params(repository / "profiles" / f"{profile}.yaml").models.values()
    networks = ("lienet", "lienet_enhancement")
    ours = {
        (spec.task, spec.scale): count_parameters(build_model(spec))
        for spec in models
        if spec.architecture in networks
    }
    others = (*networks, "espcn")  # which is as wide as its paper has it
    rivals = [spec for spec in models if spec.architecture not in others]
    assert rivals
    for spec in rivals:
        assert count_parameters(build_model(spec)) >= ours[spec.task, spec.scale], spec.name


@pytest.mark.parametrize("profile", ["sample", "bench", "paper"])
def test_every_profile_s_enhancement_networks_have_the_stated_size(repository, profile):
    models = load_params(repository / "profiles" / f"{profile}.yaml").models
    ours = [spec for spec in models.values() if spec.architecture == "lienet_enhancement"]
    assert {spec.task for spec in ours} == {"face", "old_photo"}
    for spec in ours:
        of_skip = 12 if spec.global_skip == "colour" else 0
        stated = {"concatenation": 308_816, "output": 276_176}[spec.modulate]
        assert count_parameters(build_model(spec)) == stated + of_skip


def test_every_network_with_a_skip_starts_near_it(repository):
    """Else its first steps of training are violent, and may leave it dead."""
    models = load_params(repository / "profiles" / "bench.yaml").models
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    far = {}
    for key, spec in models.items():
        if getattr(spec, "global_skip", "none") == "none" or spec.replicate_of is not None:
            continue
        torch.manual_seed(0)
        network = build_model(spec)
        with torch.no_grad():
            added = network(image) - enlargement(spec.scale)(image)
        far[key] = float(added.square().mean())
    assert len(far) > 20
    assert {key: value for key, value in far.items() if value > 0.15} == {}


def test_every_ablation_takes_something_away(repository):
    """An entry differs from its task's whole network in one key beside its name."""
    models = load_params(repository / "profiles" / "ablation.yaml").models
    for key, spec in models.items():
        if not spec.name.startswith("ablation_"):
            continue
        whole = models[f"{spec.task}-lienet"].model_dump()
        changed = {name for name, value in spec.model_dump().items() if value != whole[name]}
        assert len(changed - {"name"}) == 1, key
        assert count_parameters(build_model(spec)) <= count_parameters(
            build_model(models[f"{spec.task}-lienet"])
        )


def test_round_trip(stored):
    folder, model = stored
    loaded, card = load_model(folder)
    degraded = torch.rand(1, 3, 12, 10)
    with torch.inference_mode():
        assert torch.equal(loaded(degraded), model(degraded))
    assert card.weights_sha256 == sha256_of_file(folder / "weights.safetensors")
    assert not loaded.training


def test_same_seed_same_weights(repository):
    spec = load_params(repository / "profiles" / "sample.yaml").models["sr-lienet"]
    first, second = ({}, {})
    for state in (first, second):
        torch.manual_seed(7)
        state.update(build_model(spec).state_dict())
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_weights_cut_short(stored):
    folder, _ = stored
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="do not fit the model srgan"):
        load_model(folder)


def test_weights_of_another_shape(stored):
    folder, _ = stored
    content = json.loads((folder / "model.json").read_text())
    content["spec"]["channels"] = 12
    (folder / "model.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="do not fit"):
        load_model(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"task": "sr"}'])
def test_broken_card(stored, content):
    folder, _ = stored
    (folder / "model.json").write_text(content)
    with pytest.raises(ModelError, match="not a readable model card"):
        read_card(folder)


def test_missing_card(tmp_path):
    with pytest.raises(ModelError, match="train the model first"):
        load_model(tmp_path)
