"""Which entries a changed param makes stale, and which not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lienet.params import Params, parse_params
from lienet.params.resolved import flatten, list_changed, list_entries, resolve

MODELS = ("sr-srgan", "sr-esrgan", "sr-sftgan", "sr-lienet", "face-lienet", "old_photo-lienet")
SR = tuple(name for name in MODELS if name.startswith("sr-"))


def entries_of(stage: str, *items: str) -> set[str]:
    return {f"{stage} {item}" for item in items}


MEASURED_SR = entries_of("evaluate", *SR, *(f"{name}-formats" for name in SR), "sr-bicubic")
MEASURED_FACES = entries_of(
    "evaluate", "face-lienet", "face-lienet-formats", "face-input", "face-unsharp"
)
REPORT = {"report report"}
TIMED = entries_of("time", "sr", "face", "old_photo")
STALE = {
    "train.steps": entries_of("train", *SR),
    "train.patch_px": entries_of("train", *SR),
    "train.batch_size": entries_of("train", *MODELS),
    "train.overrides.face.steps": entries_of("train", "face-lienet"),
    "train.objectives.sr.ssim_weight": entries_of("train", *SR) | REPORT,
    "models.sr-lienet.num_blocks": entries_of("train", "sr-lienet") | REPORT,
    "evaluate.methods.face-unsharp.radius_px": (
        entries_of("evaluate", "face-unsharp") | entries_of("time", "face") | REPORT
    ),
    "evaluate.protocols.face_rgb.border_px": MEASURED_FACES | REPORT,
    "evaluate.protocols.x4_q20_luma.border_px": MEASURED_SR | REPORT,
    "evaluate.protocols.x2_q20_luma.border_px": entries_of("evaluate", "sr-bicubic") | REPORT,
    "evaluate.face_embedding": MEASURED_FACES | REPORT,
    "evaluate.confidence": (
        MEASURED_SR
        | MEASURED_FACES
        | entries_of(
            "evaluate",
            "old_photo-lienet",
            "old_photo-lienet-formats",
            "old_photo-input",
            "old_photo-classical",
        )
        | REPORT
    ),
    "synthesize.tasks.face.factor": entries_of("synthesize", "face") | REPORT,
    "download.min_side_px": entries_of("download", "sample", "portrait"),
    "filter.exempt_sources": entries_of("filter", "portrait"),
    "time.num_runs": TIMED,
    "export.opset": entries_of("export", *MODELS),
    "promote.min_images": set(),
    "flows.resumes": set(),
    "download.transfer.retries": set(),
    "num_workers": set(),
    "profile": set(),
}
NEW = {
    "evaluate.confidence": 0.9,
    "evaluate.face_embedding": "sface.onnx",
    "filter.exempt_sources": [],
    "profile": "other",
    "synthesize.tasks.face.factor": 2,
    "train.patch_px": 40,
}


@pytest.fixture(scope="module")
def values(repository: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    return loaded


def parse(values: dict[str, Any]) -> Params:
    return parse_params(yaml.safe_dump(values), name="test")


def change(values: dict[str, Any], key: str) -> dict[str, Any]:
    """Return params with another value at a dotted key."""
    changed: dict[str, Any] = yaml.safe_load(yaml.safe_dump(values))
    *parents, last = key.split(".")
    section = changed
    for name in parents:
        section = section[name]
    section[last] = NEW[key] if key in NEW else section[last] + 1
    return changed


def find_stale(before: Params, after: Params) -> set[str]:
    return {
        " ".join(entry)
        for entry in list_entries(before)
        if resolve(before, *entry) != resolve(after, *entry)
    }


@pytest.mark.parametrize("key", STALE)
def test_a_changed_param_makes_exactly_these_entries_stale(values: dict[str, Any], key: str):
    assert find_stale(parse(values), parse(change(values, key))) == STALE[key]


def test_a_new_source_that_no_task_takes_makes_only_the_report_stale(values: dict[str, Any]):
    changed = yaml.safe_load(yaml.safe_dump(values))
    changed["download"]["sources"]["more"] = {**changed["download"]["sources"]["portrait"]}
    before, after = parse(values), parse(changed)
    new = {*list_entries(after)} - {*list_entries(before)}
    assert new == {("download", "more"), ("filter", "more")}
    assert find_stale(before, after) == REPORT


def test_saying_that_a_model_repeats_another_makes_only_the_report_stale(values: dict[str, Any]):
    changed = yaml.safe_load(yaml.safe_dump(values))
    again = changed["models"]["sr-srgan"] | {"name": "again", "seed": 1}
    changed["models"]["sr-again"] = again
    before = parse(changed)
    again["replicate_of"] = "sr-srgan"
    assert find_stale(before, parse(changed)) == REPORT
    assert resolve(before, "train", "sr-again")["seed"] == 1


def test_the_seed_decides_nothing_that_is_measured(values: dict[str, Any]):
    stale = find_stale(parse(values), parse(change(values, "seed")))
    assert stale == {*entries_of("train", *MODELS), *REPORT} | entries_of(
        "synthesize", "sr", "face", "old_photo"
    )


def test_a_loss_that_needs_vgg19_makes_its_download_stale(values: dict[str, Any]):
    changed = yaml.safe_load(yaml.safe_dump(values))
    changed["train"]["objectives"]["enhancement"]["perceptual"] = {
        "weight": 0.1,
        "layers": {"conv5_4": 1.0},
        "weights": None,
    }
    enhancing = entries_of("train", "face-lienet", "old_photo-lienet")
    expected = {"download vgg19"} | enhancing | REPORT
    assert find_stale(parse(values), parse(changed)) == expected


def test_code_depends_on_every_param_and_a_plugin_on_none(values: dict[str, Any]):
    keys = {key for key, _ in flatten(resolve(parse(values), "code", "code"))}
    empty = {key for key, value in flatten(values) if value == {}}
    assert {key for key, _ in flatten(values)} - keys - empty == set()
    assert resolve(parse(values), "code", "parts/mine.py") == {}


def test_changed_keys_are_named_and_so_are_those_that_came_or_went():
    before = {"a": {"same": 1, "other": 2, "gone": None}, "b": {}}
    after = {"a": {"same": 1, "other": 3, "new": 4}, "b": {}}
    assert list_changed(before, after) == ["a.gone", "a.new", "a.other"]
