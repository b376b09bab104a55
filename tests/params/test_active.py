"""The params file is complete, typed, and refused as a whole if anything is wrong."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lienet.errors import InputError, LienetError, ParamsError
from lienet.params import Params, load_params, parse_params
from lienet.plugins import list_plugins


@pytest.fixture(scope="session")
def sample_tree(repository: Path) -> dict[str, Any]:
    """The sample profile as plain data."""
    loaded: dict[str, Any] = yaml.safe_load((repository / "profiles/sample.yaml").read_text())
    return loaded


def parse_changed(tree: dict[str, Any], path: str, value: object) -> Params:
    """Parse ``tree`` with one value replaced; a dotted path leads to it."""
    changed = copy.deepcopy(tree)
    *parents, last = path.split(".")
    inside = changed
    for name in parents:
        inside = inside[name]
    inside[last] = value
    return parse_params(json.dumps(changed), name="params.yaml")


def test_the_sample_profile_is_valid_and_frozen(sample_tree: dict[str, Any]):
    params = parse_params(json.dumps(sample_tree), name="sample")
    assert params.train.patch_px == sample_tree["train"]["patch_px"]
    with pytest.raises(ValueError, match="frozen"):
        params.train.steps = 1  # type: ignore[misc]


def leaves(tree: object, path: str = "") -> list[str]:
    """Return the dotted path of each key of each mapping."""
    if not isinstance(tree, dict):
        return []
    here = [f"{path}{key}" for key in tree]
    return here + [leaf for key in tree for leaf in leaves(tree[key], f"{path}{key}.")]


def outcome_of(tree: dict[str, Any]) -> str:
    """Return the error that a tree of params is refused with, or that it was accepted."""
    try:
        parse_params(json.dumps(tree), name="params.yaml")
    except ParamsError as error:
        return str(error)
    return "accepted"


# Entries of these mappings are named by their user: one fewer is a choice, not a mistake.
NAMED_BY_USERS = (
    "download.sources.",
    "synthesize.split.test_images.",
    "models.",
    "train.objectives.",
    "evaluate.protocols.",
    "evaluate.methods.",
    "evaluate.metrics.",
    "report.figure_protocols.",
    "promote.tolerances.",
)
# What a task does otherwise than `train` says, and what a metric has a default of.
OPTIONAL = re.compile(r"train\.overrides\.\w+\.|evaluate\.metrics\.\w+\.")


def test_no_key_can_be_left_out(sample_tree: dict[str, Any]):
    outcomes = {}
    for path in leaves(sample_tree):
        if any(path.startswith(n) and path.count(".") == n.count(".") for n in NAMED_BY_USERS):
            continue
        if OPTIONAL.match(path):
            continue
        changed = copy.deepcopy(sample_tree)
        *parents, last = path.split(".")
        inside = changed
        for name in parents:
            inside = inside[name]
        del inside[last]
        outcomes[path] = outcome_of(changed)
    assert len(outcomes) > 60
    # Without its discriminator an entry has no other keys to speak of.
    unnamed = {
        path: outcome
        for path, outcome in outcomes.items()
        if path.rpartition(".")[2] not in outcome and "discriminator" not in outcome
    }
    assert unnamed == {}


@pytest.mark.parametrize("section", ["", "train.", "download.", "time."])
def test_an_unknown_key_is_named(sample_tree: dict[str, Any], section: str):
    with pytest.raises(ParamsError, match=rf"{section}pathc_px: .*edit params.yaml"):
        parse_changed(sample_tree, f"{section}pathc_px", 32)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("train.steps", 0, "train.steps: .*greater than 0, got 0"),
        ("train.steps", 2.5, "train.steps: "),
        ("train.patch_px", 100, "train.patch_px must be a multiple of 8, got 100"),
        ("train.learning_rate", -1e-3, "train.learning_rate: .*greater than 0"),
        ("train.ema_decay", 1.0, "train.ema_decay: .*less than 1"),
        ("train.precision", "fp8", "train.precision: .*'auto', 'fp32' or 'bf16', got 'fp8'"),
        ("seed", -1, "seed: .*got -1"),
        ("synthesize.tasks.sr.jpeg_quality", 101, "jpeg_quality: .*100, got 101"),
        (
            "synthesize.tasks.sr.jpeg_quality",
            [60, 10],
            r"jpeg_quality: .*low first, .*got \[60, 10",
        ),
        ("synthesize.tasks.sr.jpeg_chroma", "4:1:1", "jpeg_chroma: .*got '4:1:1'"),
        ("synthesize.tasks.sr.scales", [5], "scales.0: "),
        ("models.sr-lienet.scale", 3, r"models.sr-lienet.scale: .*1, 2 or 4, got 3"),
        ("evaluate.protocols.x4_q20_luma.scale", 3, "x4_q20_luma asks for inputs that"),
        ("synthesize.tasks.sr.tile_px", 190, "tile_px and tile_stride_px must divide by 4"),
        ("train.patch_px", 96, "train.patch_px 96 x scale 4 exceeds .*sr.tile_px 192"),
        ("synthesize.split.valid_share", 0.8, "leaves nothing for training"),
        ("models.sr-lienet.name", "lionet", "models.sr-lienet must be keyed sr-lionet"),
        ("models.sr-lienet.architecture", "vit", "models.sr-lienet: .*vit"),
        ("models", {}, "models: .*at least 1"),
        ("filter.exempt_sources", ["kodak"], "filter.exempt_sources names unknown sources"),
        ("filter.exempt_sources", ["sample"], "may hold test sources only, got sample"),
        ("filter.text.policy", "none", "policy none looks for no text.*filter.privacy: reduced"),
        ("filter.privacy", "none", "filter.privacy: .*'full' or 'reduced', got 'none'"),
        ("filter.face.sha256", "8f23", "filter.face.sha256: .*got '?8f23"),
        ("filter.face.min_score", 1.5, "filter.face.min_score: .*less than 1, got 1.5"),
        (
            "report.figure_protocols.sr",
            "x3",
            "figure_protocols.sr is not one of sr's evaluate.protocols",
        ),
        ("report.compare", [["sr-lienet", "sr-vdsr"]], "compare must name keys .*got sr-vdsr"),
        ("report.compare", [["sr-lienet"] * 2], "report.compare compares sr-lienet with itself"),
        ("report.compare", [["sr-lienet", "face-lienet"]], "compare must name two of one task"),
        (
            "promote.tasks.sr.protocol",
            "face_luma",
            "promote.tasks.sr.protocol is not one of sr's evaluate.protocols",
        ),
        ("promote.tasks", {}, "promote.tasks lacks face"),
        ("promote.min_images", 1, "promote.min_images: .*got 1"),
        ("promote.confidence", 0.9, "promote.confidence: .*0.95, got 0.9"),
        ("evaluate.confidence", 95, "evaluate.confidence: .*less than 1, got 95"),
        ("promote.tolerances.ssim", -0.1, "promote.tolerances.ssim: .*got -0.1"),
        (
            "promote.measure",
            "lpips",
            "promote.measure must be one of psnr_db, ssim, vmaf.*got lpips",
        ),
        ("promote.measure", "sharpness", "promote.measure must be .*better, got sharpness"),
        (
            "promote.tolerances",
            {"brisque": 0.1},
            "promote.tolerances.brisque must be one of ciede2000.*got brisque",
        ),
        ("evaluate.protocols.x4_q20_rgb.jpeg_quality", 40, "x4_q20_rgb asks for inputs that"),
        ("download.sources", {"Bad Name": {"kind": "sample", "split": "auto"}}, "Bad Name"),
        ("download.sources.sample.kind", "ftp", "download.sources.sample: .*ftp"),
        ("download.sources.sample.names", ["lena"], "names.0: .*'astronaut', .*got 'lena'"),
        ("download.sources.sample.names", [], "names: .*at least 1"),
        ("filter.consented_sources", ["nobody"], "consented_sources names unknown sources"),
        ("filter.consented_sources", ["portrait"], "both name portrait"),
        (
            "filter.consented_sources",
            ["sample"],
            r"sr.sources: the faces of \['sample'\] are for tasks of faces alone",
        ),
        ("synthesize.split.test_images", {"sample": 2}, "other than the sample, got sample"),
        ("synthesize.split.test_images", {"lost": 2}, "other than the sample, got lost"),
        ("intended_use.purpose", "profit", "intended_use.purpose: .*got 'profit'"),
        ("intended_use.when_not_permitted", "hide", "when_not_permitted: .*got 'hide'"),
        ("download.sources.sample.permitted_use", "any", "permitted_use: .*got 'any'"),
        ("synthesize.tasks.face.sources", ["lost"], r"face.sources names unknown .*'lost'"),
        ("synthesize.tasks.face.factor", 3, "face.factor: "),
        ("synthesize.tasks.face.train_draws", 4, "face draws nothing here"),
        ("synthesize.tasks.sr.train_draws", 4, "sr draws nothing here"),
        ("synthesize.tasks.old_photo.train_draws", 0, "old_photo.train_draws: .*got 0"),
        ("train.learning_rate", float("inf"), "learning_rate: .*finite"),
        ("synthesize.real_sources", ["sample"], "among filter.exempt_sources"),
        (
            "synthesize.real_sources",
            ["portrait"],
            "tasks.face.sources: of the real photographs portrait is no reference",
        ),
        ("synthesize.tasks.old_photo.grain.probability", 1.5, "grain.probability: .*got 1.5"),
        ("synthesize.tasks.old_photo.grain.sigma", [0.2, 0.1], r"low first, got \[0.2, 0.1\]"),
        ("synthesize.tasks.old_photo.grain.sigma", [0.1, 0.7], r"lie in \[0, 0.5\], got \[0.1"),
        ("synthesize.tasks.old_photo.jpeg.quality", [0, 95], r"quality: .*lie in \[1, 100\]"),
        ("synthesize.tasks.old_photo.texture.period_px", [1, 9], r"period_px: .*\[2, 64\]"),
        ("synthesize.tasks.old_photo.texture.kinds", ["woven"], "kinds.0: .*got 'woven'"),
        ("synthesize.tasks.old_photo.fading.black_level", [0.1, 0.6], r"lie in \[0, 0.5\]"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(
    sample_tree: dict[str, Any], path: str, value: object, message: str
):
    with pytest.raises(ParamsError, match=message) as caught:
        parse_changed(sample_tree, path, value)
    assert "\n" not in str(caught.value)


def test_low_resolution_is_nobody_s_reference(sample_tree: dict[str, Any]):
    changed = copy.deepcopy(sample_tree)
    changed["download"]["sources"]["small"] = {
        "kind": "div2k",
        "permitted_use": None,
        "subset": "valid",
        "contents": "lr_bicubic_x4",
        "base_url": "https://example.org",
        "split": "test",
    }
    changed["synthesize"]["tasks"]["sr"]["sources"] = None
    params = parse_params(json.dumps(changed), name="params.yaml")
    assert params.sources_of("sr") == ("sample", "portrait")
    with pytest.raises(ParamsError, match=r"sr.sources: the low resolution of small is no refer"):
        parse_changed(changed, "synthesize.tasks.sr.sources", ["sample", "small"])


def test_several_mistakes_are_named_together(sample_tree: dict[str, Any]):
    changed = copy.deepcopy(sample_tree)
    changed["train"]["steps"] = -1
    changed["export"]["opset"] = 3
    with pytest.raises(ParamsError, match=r"train.steps: .*; export.opset: "):
        parse_params(json.dumps(changed), name="params.yaml")


def test_plugins_are_loaded_from_beside_the_params(sample_tree: dict[str, Any], tmp_path: Path):
    name = f"plugin_{tmp_path.name}"
    path = tmp_path / "parts" / f"{name}.py"
    path.parent.mkdir()
    path.write_text("")
    changed = sample_tree | {"plugins": [f"parts/{name}.py"]}
    parse_params(json.dumps(changed), name="params.yaml", folder=tmp_path)
    assert path in list_plugins()


@pytest.mark.parametrize("plugins", [["lost.py"], "lost.py", [3]])
def test_plugins_that_cannot_be_loaded_are_one_line(sample_tree: dict[str, Any], plugins: object):
    with pytest.raises(LienetError, match="plugins"):
        parse_changed(sample_tree, "plugins", plugins)


@pytest.mark.parametrize("text", ["", "[]", "just words", "profile: [unclosed"])
def test_what_is_no_params_file_at_all_is_one_line(text: str):
    with pytest.raises(ParamsError) as caught:
        parse_params(text, name="params.yaml")
    assert "\n" not in str(caught.value)
    assert "Params" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"cannot read .*params.yaml"):
        load_params(tmp_path / "params.yaml")


def perceptual(weights: str | None) -> dict[str, Any]:
    return {"weight": 0.001, "layers": {"conv1_2": 1.0}, "weights": weights}


@pytest.mark.parametrize(
    ("loss", "objective", "is_needed"),
    [
        (None, "spare", False),
        (perceptual(None), "spare", True),
        (perceptual("my.npz"), "spare", False),
        (perceptual(None), "enhancement", False),
    ],
)
def test_vgg19_is_needed_by_a_model_whose_perceptual_loss_names_no_weights(
    sample_tree: dict[str, Any], loss: dict[str, Any] | None, objective: str, is_needed: bool
):
    tree = copy.deepcopy(sample_tree)
    objectives = tree["train"]["objectives"]
    objectives["spare"] = objectives["enhancement"] | {"perceptual": loss}
    tree["models"]["face-lienet"]["objective"] = objective
    params = parse_params(json.dumps(tree), name="params.yaml")
    assert params.needs_vgg19 is is_needed
