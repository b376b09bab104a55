from __future__ import annotations

import csv
import json
from pathlib import Path

import onnx
import pytest
import skimage.data
import yaml
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from lienet.cli import app
from lienet.data.degradations import degrade_sr
from lienet.data.shard_writer import write_split
from lienet.data.shards import Sample, read_index
from lienet.errors import DataError
from lienet.evaluation.benchmark import paired_bootstrap
from lienet.evaluation.metrics import measure_psnr
from lienet.images import decode_image, encode_png
from lienet.models.registry import ModelCard, build_model, count_parameters, save_model
from lienet.params import Params, load_params
from lienet.stages import evaluate
from lienet.workspace import Workspace

PLACES = (("a", "near", 0), ("b", "near", 120), ("c", "far", 260))
SIZE_PX = (96, 128)


def make_reference(top_px: int):
    return skimage.data.astronaut()[top_px : top_px + SIZE_PX[0], 180 : 180 + SIZE_PX[1]]


def make_samples() -> list[Sample]:
    samples = []
    for key, test_set, top_px in PLACES:
        pixels = make_reference(top_px)
        degraded = {
            scale: degrade_sr(pixels, scale=scale, jpeg_quality=20, jpeg_chroma="4:2:0")
            for scale in (2, 4)
        }
        info = {"image": key, "source": test_set, "test_set": test_set}
        samples.append(Sample(f"{test_set}__{key}", encode_png(pixels), degraded, info))
    return sorted(samples, key=lambda sample: sample.key)


def write_onnx(path: Path, scale: int) -> None:
    """Write a network that repeats every pixel ``scale`` times per side."""
    import numpy as np

    node = helper.make_node(
        "Resize",
        ["degraded", "", "scales"],
        ["enhanced"],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3, None, None])
        for name in ("degraded", "enhanced")
    ]
    scales = numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales")
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [scales])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)


def write_model(params: Params, workspace: Workspace, key: str) -> None:
    spec = params.models[key]
    model = build_model(spec)
    model_dir = workspace.model_dir(spec.task, spec.name)
    card = ModelCard(
        task=spec.task,
        name=spec.name,
        architecture=spec.architecture,
        spec=spec.model_dump(),
        scale=spec.scale,
        num_params=count_parameters(model),
        steps=3,
        seed=params.seed,
        data_sha256={"train": "1", "valid": "2"},
        run_key="ab" * 32,
        weights_sha256="",
        valid_psnr_db=None,
    )
    save_model(model_dir, model, card)
    write_onnx(model_dir / "model.onnx", spec.scale)


@pytest.fixture(scope="module")
def workspace(
    tmp_path_factory: pytest.TempPathFactory, repository: Path
) -> tuple[Params, Workspace]:
    """A workspace with three test images, an untrained lienet and bicubic, both evaluated."""
    root = tmp_path_factory.mktemp("a clone")
    content = yaml.safe_load((repository / "params.yaml").read_text())
    content["evaluate"] |= {"bootstrap_resamples": 500, "keep_images_per_set": 1}
    content["evaluate"]["latency"] = {"input_height_px": 16, "input_width_px": 24, "num_runs": 2}
    (root / "params.yaml").write_text(yaml.safe_dump(content))
    params, place = load_params(root / "params.yaml"), Workspace(root)
    write_split(
        place.shards_dir("sr") / "test",
        make_samples(),
        task="sr",
        split="test",
        params={},
        shard_max_bytes=2**20,
    )
    for key in ("sr-bicubic", "sr-lienet"):
        write_model(params, place, key)
        evaluate.run(params, place, key)
    return params, place


def read_metrics(workspace: Workspace, model: str) -> dict:
    return json.loads(workspace.evaluation_path("sr", model).read_text())


def read_rows(workspace: Workspace, model: str) -> list[dict[str, str]]:
    text = (workspace.evaluation_dir("sr", model) / "per_image.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


def test_items_are_the_models(workspace: tuple[Params, Workspace]):
    assert evaluate.list_items(workspace[0]) == list(workspace[0].models)


def test_metrics_say_what_was_measured(workspace: tuple[Params, Workspace]):
    params, place = workspace
    metrics = read_metrics(place, "lienet")
    assert set(metrics) == {
        "task", "model", "architecture", "scale", "num_params", "num_macs", "macs_output_px",
        "latency_ms", "latency_input_px", "steps", "data_sha256", "weights_sha256", "results",
    }  # fmt: skip
    assert metrics["num_params"] == count_parameters(build_model(params.models["sr-lienet"]))
    assert metrics["num_macs"] > 1e9
    assert metrics["latency_ms"] > 0
    assert metrics["latency_input_px"] == [16, 24]
    assert metrics["steps"] == 3
    index = read_index(place.shards_dir("sr") / "test")
    assert metrics["data_sha256"] == {"train": "1", "valid": "2", "test": index.sha256}


def test_a_model_is_measured_at_its_scale_and_bicubic_at_every_one(
    workspace: tuple[Params, Workspace],
):
    params, place = workspace
    assert set(read_metrics(place, "lienet")["results"]) == {"x4_q20_luma", "x4_q20_rgb"}
    bicubic = read_metrics(place, "bicubic")["results"]
    assert set(bicubic) == set(params.evaluate.protocols)
    for sets in bicubic.values():
        assert {name: each["num_images"] for name, each in sets.items()} == {"near": 2, "far": 1}
        for each in sets.values():
            gains = [value for name, value in each.items() if "gain" in name]
            assert gains == [0.0] * 6
    luma, rgb = bicubic["x4_q20_luma"]["near"], bicubic["x4_q20_rgb"]["near"]
    assert luma["psnr_db"] > rgb["psnr_db"]
    assert luma["vmaf"] == rgb["vmaf"]
    assert bicubic["x2_q20_luma"]["near"]["psnr_db"] > luma["psnr_db"]


def test_results_are_the_means_and_paired_intervals_of_the_rows(
    workspace: tuple[Params, Workspace],
):
    params, place = workspace
    result = read_metrics(place, "lienet")["results"]["x4_q20_rgb"]["near"]
    rows = [
        row
        for row in read_rows(place, "lienet")
        if (row["protocol"], row["test_set"]) == ("x4_q20_rgb", "near")
    ]
    bicubic = {(row["protocol"], row["key"]): row["psnr_db"] for row in read_rows(place, "bicubic")}
    assert [row["key"] for row in rows] == ["near__a", "near__b"]
    for row in rows:
        assert row["bicubic_psnr_db"] == bicubic[row["protocol"], row["key"]]
    own = [float(row["psnr_db"]) for row in rows]
    gains = [float(row["psnr_db"]) - float(row["bicubic_psnr_db"]) for row in rows]
    interval = paired_bootstrap(gains, resamples=500, confidence=0.95, seed=params.seed)
    assert result["psnr_db"] == pytest.approx(sum(own) / 2, abs=2e-6)
    assert result["psnr_gain_db"] == pytest.approx(interval.mean, abs=2e-6)
    assert result["psnr_gain_low_db"] == pytest.approx(interval.low, abs=2e-6)
    assert result["psnr_gain_high_db"] == pytest.approx(interval.high, abs=2e-6)
    vmafs = [float(row["vmaf"]) for row in rows]
    assert result["vmaf"] == pytest.approx(sum(vmafs) / 2, abs=2e-6)


def test_the_first_images_of_each_set_are_kept_as_measured(workspace: tuple[Params, Workspace]):
    _, place = workspace
    images = place.evaluation_dir("sr", "bicubic") / "images"
    kept = sorted(path.relative_to(images).as_posix() for path in images.rglob("*.png"))
    assert kept == [
        "x2/far/far__c.png",
        "x2/near/near__a.png",
        "x4/far/far__c.png",
        "x4/near/near__a.png",
    ]
    pixels = decode_image((images / "x4/near/near__a.png").read_bytes())
    measured = next(
        row
        for row in read_rows(place, "bicubic")
        if (row["protocol"], row["key"]) == ("x4_q20_rgb", "near__a")
    )
    psnr_db = measure_psnr(make_reference(0), pixels, colour="rgb", border_px=4)
    assert float(measured["psnr_db"]) == pytest.approx(psnr_db, abs=1e-6)


def test_a_second_run_writes_the_same_scores(workspace: tuple[Params, Workspace]):
    params, place = workspace
    folder = place.evaluation_dir("sr", "lienet")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    results = read_metrics(place, "lienet")["results"]
    evaluate.run(params, place, "sr-lienet")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert read_metrics(place, "lienet")["results"] == results


def test_a_person_s_own_onnx_file_is_measured_from_the_command_line(
    workspace: tuple[Params, Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _, place = workspace
    write_onnx(tmp_path / "mine.onnx", 4)
    monkeypatch.chdir(place.root)
    before = sorted(place.reports_dir.rglob("*"))
    output = tmp_path / "mine.json"
    ran = CliRunner().invoke(
        app, ["evaluate", "--onnx", str(tmp_path / "mine.onnx"), "--scale", "4", "-o", str(output)]
    )
    assert ran.exit_code == 0, ran.output
    assert "x4_q20_luma" in ran.stdout
    assert sorted(place.reports_dir.rglob("*")) == before
    results = json.loads(output.read_text())["results"]
    assert set(results) == {"x4_q20_luma", "x4_q20_rgb"}
    reference = make_reference(260)
    degraded = decode_image(degrade_sr(reference, scale=4, jpeg_quality=20, jpeg_chroma="4:2:0"))
    repeated = degraded.repeat(4, axis=0).repeat(4, axis=1)
    psnr_db = measure_psnr(reference, repeated, colour="rgb", border_px=4)
    assert results["x4_q20_rgb"]["far"]["psnr_db"] == pytest.approx(psnr_db, abs=1e-6)


def test_no_test_images_is_one_error_with_its_remedy(
    workspace: tuple[Params, Workspace], tmp_path: Path
):
    params, _ = workspace
    place = Workspace(tmp_path)
    write_split(
        place.shards_dir("sr") / "test",
        [],
        task="sr",
        split="test",
        params={},
        shard_max_bytes=2**20,
    )
    with pytest.raises(DataError, match="no test images; give a source the split test"):
        evaluate.run(params, place, "sr-lienet")
    assert not place.reports_dir.exists()
