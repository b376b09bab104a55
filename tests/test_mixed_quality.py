"""Profile ``mixed`` from photographs to its figure, every stage, on a few small pictures."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from lienet.images import decode_image
from lienet.params import load_params
from lienet.screening.quality import estimate_jpeg_quality
from lienet.shards.reading import Sample, iterate_samples, read_index
from lienet.workspace import Workspace
from tests.small_clone import shrink, write_pictures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("mixed")]
STAGES = ("download", "filter", "synthesize", "train", "export", "evaluate", "time", "report")
TASKS = ("sr", "sr_mixed")
QUALITIES = (10, 20, 30, 40)


@pytest.fixture(scope="module")
def place(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which every stage has run."""
    root = tmp_path_factory.mktemp("mixed")
    write_pictures(root / "pictures")
    (root / "params.yaml").write_text(yaml.safe_dump(make_params(repository, root / "pictures")))
    workspace, params = Workspace(root), load_params(root / "params.yaml")
    for name in STAGES:
        stage = import_module(f"lienet.stages.{name}")
        for item in stage.list_items(params):
            stage.run(params, workspace, item)
    return workspace


def make_params(repository: Path, pictures: Path) -> dict[str, Any]:
    """The profile, with the detectors that ship, six steps and no VMAF."""
    mixed, sample = (
        yaml.safe_load((repository / "profiles" / f"{name}.yaml").read_text())
        for name in ("mixed", "sample")
    )
    mixed["filter"] = sample["filter"]
    params = shrink(mixed, pictures, [(task, "lienet_fast") for task in TASKS])
    params["evaluate"]["metrics"] = {}
    params["export"]["formats"] = []
    return params


def test_the_profile_is_bench_but_for_qualities_at_which_both_are_tested(repository: Path):
    params, bench = (
        load_params(repository / "profiles" / f"{name}.yaml") for name in ("mixed", "bench")
    )
    fixed, mixed = (params.synthesize.tasks[task] for task in TASKS)
    assert mixed == fixed.model_copy(update={"jpeg_quality": (10.0, 60.0)})
    unlike = {"scales": (4,), "test_jpeg_qualities": QUALITIES}
    assert fixed == bench.synthesize.tasks["sr"].model_copy(update=unlike)
    alike, named = bench.models["sr-lienet_fast"], {"objectives", "overrides"}
    assert [*params.models] == [f"{task}-lienet_fast" for task in TASKS]
    for model in params.models.values():
        assert model == alike.model_copy(update={"task": model.task})
        trained, like = params.training_of(model), bench.training_of(alike)
        assert trained.objectives[model.objective] == like.objectives[model.objective]
        assert trained.model_dump(exclude=named) == like.model_dump(exclude=named)
        assert params.sources_of(model.task) == bench.sources_of("sr")
    measured = [(each.task, each.jpeg_quality) for each in params.evaluate.protocols.values()]
    assert measured == [(task, quality) for task in TASKS for quality in QUALITIES]
    usual = bench.evaluate.protocols["x4_q20_luma"]
    for each in params.evaluate.protocols.values():
        changes = {"task": each.task, "jpeg_quality": each.jpeg_quality}
        assert each == usual.model_copy(update=changes)


def samples_of(place: Workspace, task: str, split: str) -> list[Sample]:
    return list(iterate_samples(place.shards_dir(task) / split))


def test_tiles_of_one_task_are_of_one_quality_and_of_the_other_of_many(place: Workspace):
    for split in ("train", "valid"):
        fixed, mixed = (samples_of(place, task, split) for task in TASKS)
        assert [each.key for each in fixed] == [each.key for each in mixed]
        assert {estimate_jpeg_quality(each.degraded[4]) for each in fixed} == {20}
        drawn = [each.info["jpeg_quality"] for each in mixed]
        assert [estimate_jpeg_quality(each.degraded[4]) for each in mixed] == drawn
        assert len({*drawn}) > len(drawn) / 2
        assert all(10 <= quality <= 60 for quality in drawn)


def test_both_are_tested_on_the_same_bytes_at_every_quality(place: Workspace):
    fixed, mixed = (read_index(place.shards_dir(task) / "test") for task in TASKS)
    assert fixed.sha256 == mixed.sha256
    assert (fixed.num_images, fixed.num_samples) == (2, 2 * len(QUALITIES))
    found = [estimate_jpeg_quality(each.degraded[4]) for each in samples_of(place, "sr", "test")]
    assert found == 2 * [*QUALITIES]


def test_each_protocol_measures_the_images_of_its_quality(place: Workspace):
    keys: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    psnr_db: dict[tuple[str, str], list[float]] = defaultdict(list)
    with (place.reports_dir / "per_image.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            keys[row["task"], row["model"], row["protocol"]].add(row["key"].rpartition("_q")[2])
            psnr_db[row["model"], row["protocol"]].append(float(row["psnr_db"]))
    for task, prefix in zip(TASKS, ("", "mixed_"), strict=True):
        for model in ("bicubic", "lienet_fast"):
            for quality in QUALITIES:
                assert keys.pop((task, model, f"{prefix}x4_q{quality}_luma")) == {str(quality)}
    assert not keys
    # The less is lost to JPEG, the nearer the enlarged picture is; the networks differ.
    bicubic = [sum(psnr_db["bicubic", f"x4_q{quality}_luma"]) for quality in QUALITIES]
    assert bicubic == sorted(bicubic)
    fixed, mixed = (psnr_db["lienet_fast", f"{prefix}x4_q20_luma"] for prefix in ("", "mixed_"))
    assert fixed != mixed


def test_the_report_draws_robustness_and_shows_pictures_of_the_figures_quality(place: Workspace):
    drawn = decode_image((place.reports_dir / "figures" / "robustness.png").read_bytes())
    assert drawn.shape[0] > 400
    page = (place.reports_dir / "index.html").read_text(encoding="utf-8")
    assert "Robustness: gain against JPEG quality" in page
    assert "_q20 (test)</option>" in page
    assert "_q10 (test)</option>" not in page
    assert "antialiased bicubic ÷4, JPEG quality 40 with 4:2:0 chroma;" in page
    kept = place.evaluation_dir("sr", "lienet_fast") / "images" / "x4" / "test"
    assert len(list(kept.iterdir())) == len(QUALITIES)


def test_the_documented_lines_give_differences_on_the_same_images(
    place: Workspace,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    page = (repository / "docs" / "robustness.md").read_text()
    lines = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(place.root)
    exec(lines[0], {})
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [int(row[-4]) for row in rows] == [*QUALITIES]
    assert {int(row[-1]) for row in rows} == {2}
