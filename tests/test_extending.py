"""docs/extending.md holds: its files and params, and nothing else, run through ``dvc repro``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.small_clone import Clone, copy_project, shrink, stages_run, write_pictures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.xdist_group("extending")]
MAX_LINES = 30


@pytest.fixture(scope="module")
def fragments(repository: Path) -> list[dict[str, Any]]:
    """The params of the page, one mapping for each part."""
    page = (repository / "docs" / "extending.md").read_text()
    loaded = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    return [each for each in loaded if each["plugins"] != ["my_parts.py"]]


@pytest.fixture(scope="module")
def clone(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, fragments: list[dict[str, Any]]
) -> Clone:
    """A clone with a user's own parts, in which ``dvc repro`` has run once."""
    folder = tmp_path_factory.mktemp("extending")
    pictures = folder / "pictures"
    write_pictures(pictures)
    clone = Clone(folder / "clone")
    copy_project(repository, clone.root)
    (clone.root / "dvc.lock").unlink(missing_ok=True)
    (pictures / "train").rename(clone.root / "friends")
    for number, path in enumerate(sorted((clone.root / "friends").iterdir())):
        author = clone.root / "friends" / f"author {number}"
        author.mkdir()
        path.rename(author / path.name)
    params = shrink(yaml.safe_load((repository / "profiles" / "sample.yaml").read_text()), pictures)
    params["download"]["sources"].pop("train")
    keep_super_resolution(params)
    for fragment in fragments:
        merge(params, fragment)
    (clone.root / "params.yaml").write_text(yaml.safe_dump(params))
    clone.run("git", "init", "--quiet")
    clone.commit("as cloned")
    clone.first_output = clone.run("dvc", "repro")
    return clone


def keep_super_resolution(params: dict[str, Any]) -> None:
    """Leave the task ``sr`` without networks, at one scale and under one protocol."""
    evaluate, protocol = params["evaluate"], "x4_q20_luma"
    params["models"] = {}
    params["synthesize"]["tasks"] = {"sr": params["synthesize"]["tasks"]["sr"] | {"scales": [4]}}
    params["train"]["overrides"] = {"sr": {}}
    params["promote"]["tasks"] = {"sr": params["promote"]["tasks"]["sr"]}
    params["report"]["figure_protocols"] = {"sr": protocol}
    evaluate["protocols"] = {protocol: evaluate["protocols"][protocol]}
    evaluate["methods"] = {"sr-bicubic": evaluate["methods"]["sr-bicubic"]}
    evaluate["metrics"] = {}


def merge(tree: dict[str, Any], fragment: dict[str, Any]) -> None:
    """Add a fragment of params to a tree: entries to mappings, items to lists."""
    for key, value in fragment.items():
        match tree.get(key):
            case dict() as inside:
                merge(inside, value)
            case list() as items:
                items.extend(value)
            case _:
                tree[key] = value


def test_the_page_shows_each_example_as_it_is_run(
    repository: Path, fragments: list[dict[str, Any]]
):
    page = (repository / "docs" / "extending.md").read_text()
    run = [repository / name for each in fragments for name in each["plugins"]]
    assert sorted(run) == sorted((repository / "docs" / "examples").glob("*.py"))
    for path in run:
        assert f"```python\n{path.read_text()}```" in page, path
        assert len(path.read_text().splitlines()) < MAX_LINES, path


def test_a_source_of_ones_own_is_downloaded_with_its_authors(clone: Clone):
    manifest = pq.read_table(clone.root / "data/raw/friends/manifest.parquet").to_pylist()
    assert {row["author"] for row in manifest} == {"author 0", "author 1", "author 2"}
    assert {row["status"] for row in manifest} == {"kept"}


def test_a_task_of_ones_own_is_made_learned_and_stands_in_table_1(clone: Clone):
    assert (clone.root / "data/models/denoise/lienet/weights.safetensors").is_file()
    table = (clone.root / "reports/table1.csv").read_text()
    assert "denoise" in table
    assert "denoise_rgb" in (clone.root / "reports/table1.md").read_text()
    assert "Gaussian noise, σ 12.0 of 255" in (clone.root / "reports/index.html").read_text()
    picture = next((clone.root / "friends").rglob("*.png"))
    clone.run("lienet", "degrade", str(picture), "--task", "denoise", "-o", "noisy.png")
    assert (clone.root / "noisy.png").read_bytes() != picture.read_bytes()


def test_an_architecture_of_ones_own_is_trained_exported_and_stands_in_table_1(clone: Clone):
    folder = clone.root / "data/models/sr/three_layers"
    assert {path.name for path in folder.iterdir()} >= {"weights.safetensors", "model.onnx"}
    report = json.loads((clone.root / "reports/export/sr/three_layers.json").read_text())
    assert report["passed"]
    assert "three_layers" in (clone.root / "reports/table1.md").read_text()
    assert "three_layers" in clone.run("lienet", "models")


def test_a_metric_of_ones_own_shows_up_with_its_direction_everywhere(clone: Clone):
    folder = clone.root / "reports/evaluate/denoise"
    (header, *_) = (folder / "lienet/per_image.csv").read_text().splitlines()
    assert header.endswith("gradient_error,baseline_gradient_error")
    table = (clone.root / "reports/table1.md").read_text()
    assert "gradient error (less is better) | change [95%]" in table
    assert "gradient error (less is better)" in (clone.root / "reports/index.html").read_text()
    clone.run("lienet", "track")
    found = clone.run("lienet", "compare", "--task", "denoise", "--metric", "gradient_error")
    assert "gradient_error" in found


def test_nothing_is_stale_then_and_a_changed_plugin_makes_it_so(clone: Clone):
    assert clone.stages_to_run() == set()
    path = clone.root / "docs/examples/degradation.py"
    noted, text = {f"code_plugins@{path.relative_to(clone.root)}"}, path.read_text()
    path.write_text(f"# A comment.\n{text}")
    assert stages_run(clone.run("dvc", "repro")) == noted
    path.write_text(text.replace("normal(0.0", "normal(0.5"))
    assert stages_run(clone.run("dvc", "repro", "code")) == {*noted, "code"}
    assert "synthesize@denoise" in clone.stages_to_run()
