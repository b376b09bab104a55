from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from typer.testing import CliRunner

from lienet.cli import app
from lienet.errors import DataError, ToolError
from lienet.evaluation.intervals import estimate_mean
from lienet.evaluation.metrics import measure_psnr
from lienet.images import decode_image
from lienet.networks.registry import build_model, count_parameters
from lienet.params import Params
from lienet.screening.model_files import find_shipped_model
from lienet.shards.reading import read_index
from lienet.stages import evaluate
from lienet.tracking.table import read_table
from lienet.workspace import Workspace
from tests.deployment.repeating import write_repeating
from tests.sr_inputs import degrade_sr
from tests.stages.evaluate_inputs import (
    SIZE_PX,
    make_faded_samples,
    make_quick,
    make_reference,
    make_samples,
    write_model,
    write_shards,
)


@pytest.fixture(scope="module")
def workspace(
    tmp_path_factory: pytest.TempPathFactory, repository: Path
) -> tuple[Params, Workspace]:
    """A workspace with three test images, an untrained lienet and bicubic, both evaluated."""
    root = tmp_path_factory.mktemp("a clone")
    params, place = make_quick(root, repository)
    write_shards(place, "sr", "test", make_samples())
    write_model(params, place, "sr-lienet")
    for key in ("sr-bicubic", "sr-lienet"):
        evaluate.run(params, place, key)
    return params, place


def read_facts(place: Workspace, task: str, name: str) -> dict:
    return json.loads(place.evaluation_path(task, name).read_text())


def read_rows(workspace: Workspace, model: str) -> list[dict[str, str]]:
    text = (workspace.evaluation_dir("sr", model) / "per_image.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


def test_items_are_the_models_the_methods_and_the_models_formats(
    workspace: tuple[Params, Workspace],
):
    models, methods = workspace[0].models, workspace[0].evaluate.methods
    formats = [f"{key}-formats" for key in models]
    assert evaluate.list_items(workspace[0]) == [*models, *methods, *formats]


def test_metrics_say_what_was_measured(workspace: tuple[Params, Workspace]):
    params, place = workspace
    metrics = read_facts(place, "sr", "lienet")
    assert set(metrics) == {
        "task", "model", "architecture", "scale", "num_params", "num_macs", "macs_output_px",
        "steps", "data_sha256", "weights_sha256", "results",
    }  # fmt: skip
    assert metrics["num_params"] == count_parameters(build_model(params.models["sr-lienet"]))
    assert metrics["num_macs"] > 1e9
    assert metrics["steps"] == 3
    index = read_index(place.shards_dir("sr") / "test")
    assert metrics["data_sha256"] == {"train": "1", "valid": "2", "test": index.sha256}


def test_a_model_is_measured_at_its_scale_and_bicubic_at_every_one(
    workspace: tuple[Params, Workspace],
):
    params, place = workspace
    assert set(read_facts(place, "sr", "lienet")["results"]) == {"x4_q20_luma", "x4_q20_rgb"}
    bicubic = read_facts(place, "sr", "bicubic")["results"]
    protocols = params.evaluate.protocols
    assert set(bicubic) == {name for name, each in protocols.items() if each.task == "sr"}
    for sets in bicubic.values():
        assert {name: each["num_images"] for name, each in sets.items()} == {"near": 2, "far": 1}
        for each in sets.values():
            gains = {name: value for name, value in each.items() if "gain" in name}
            measured = {name for name in gains if name.startswith(("psnr", "ssim", "vmaf"))}
            assert {gains[name] for name in measured} == {0.0}
            assert {gains[name] for name in gains.keys() - measured} == {None}
    luma, rgb = bicubic["x4_q20_luma"]["near"], bicubic["x4_q20_rgb"]["near"]
    assert luma["psnr_db"] > rgb["psnr_db"]
    assert luma["vmaf"] == rgb["vmaf"]
    assert bicubic["x2_q20_luma"]["near"]["psnr_db"] > luma["psnr_db"]


def test_results_are_the_means_and_paired_intervals_of_the_rows(
    workspace: tuple[Params, Workspace],
):
    place = workspace[1]
    result = read_facts(place, "sr", "lienet")["results"]["x4_q20_rgb"]["near"]
    rows = [
        row
        for row in read_rows(place, "lienet")
        if (row["protocol"], row["test_set"]) == ("x4_q20_rgb", "near")
    ]
    bicubic = {(row["protocol"], row["key"]): row["psnr_db"] for row in read_rows(place, "bicubic")}
    assert [row["key"] for row in rows] == ["near__a", "near__b"]
    for row in rows:
        assert row["baseline_psnr_db"] == bicubic[row["protocol"], row["key"]]
    own = [float(row["psnr_db"]) for row in rows]
    gains = [float(row["psnr_db"]) - float(row["baseline_psnr_db"]) for row in rows]
    interval = estimate_mean(gains).bound(0.95)
    assert result["psnr_db"] == pytest.approx(sum(own) / 2, abs=2e-6)
    assert result["psnr_gain_db"] == pytest.approx(interval.mean, abs=2e-6)
    assert result["psnr_gain_low_db"] == pytest.approx(interval.low, abs=2e-5)  # t is 12.7
    assert result["psnr_gain_high_db"] == pytest.approx(interval.high, abs=2e-5)
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
    results = read_facts(place, "sr", "lienet")["results"]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    evaluate.run(params, place, "sr-lienet")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert read_facts(place, "sr", "lienet")["results"] == results


def test_a_person_s_own_onnx_file_is_measured_from_the_command_line(
    workspace: tuple[Params, Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _, place = workspace
    write_repeating(tmp_path / "mine.onnx", 4)
    monkeypatch.chdir(place.root)
    before = sorted(place.reports_dir.rglob("*"))
    output = tmp_path / "mine.json"
    ran = CliRunner().invoke(
        app, ["evaluate", "--model", str(tmp_path / "mine.onnx"), "--scale", "4", "-o", str(output)]
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
    write_shards(place, "sr", "test", [])
    with pytest.raises(DataError, match="no test images; give a source the split test"):
        evaluate.run(params, place, "sr-lienet")
    assert not place.reports_dir.exists()


@pytest.fixture(scope="module")
def restored(
    tmp_path_factory: pytest.TempPathFactory, repository: Path
) -> tuple[Params, Workspace]:
    """Test shards of face and old_photo with both classical methods evaluated on them."""
    root = tmp_path_factory.mktemp("another clone")
    params, place = make_quick(root, repository)
    write_shards(place, "face", "test", make_faded_samples())
    write_shards(place, "old_photo", "test", make_faded_samples())
    bare = [replace(each, reference_png=None) for each in make_faded_samples()]
    write_shards(place, "old_photo", "real", bare)
    for key in ("face-unsharp", "old_photo-classical"):
        evaluate.run(params, place, key)
    return params, place


def test_a_method_is_measured_like_a_model_of_no_parameters(restored: tuple[Params, Workspace]):
    facts = read_facts(restored[1], "old_photo", "classical")
    assert (facts["num_params"], facts["num_macs"], facts["steps"]) == (0, None, 0)
    assert set(facts["results"]) == {"old_photo_luma", "old_photo_rgb"}
    near = facts["results"]["old_photo_rgb"]["near"]
    assert near["num_images"] == 2
    assert near["psnr_gain_db"] > 1
    assert near["ciede2000_gain"] < -1
    assert near["ciede2000_gain_low"] <= near["ciede2000_gain"] <= near["ciede2000_gain_high"]
    assert near["vmaf_gain"] is not None
    path = restored[1].evaluation_dir("old_photo", "classical") / "per_image.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert list(rows[0])[:6] == ["protocol", "test_set", "key", "psnr_db", "ssim", "vmaf"]
    assert float(rows[0]["ciede2000"]) < float(rows[0]["baseline_ciede2000"])


def test_colour_error_is_measured_for_the_tasks_that_ask_for_it(restored: tuple[Params, Workspace]):
    near = read_facts(restored[1], "face", "unsharp")["results"]["face_luma"]["near"]
    assert near["ciede2000"] is None
    assert near["sharpness_gain"] > 0


def test_identity_is_left_out_with_a_note(restored: tuple[Params, Workspace]):
    identity = read_facts(restored[1], "face", "unsharp")["identity"]
    assert identity["sets"] == {}
    assert "left out: evaluate.face_embedding names no model" in identity["note"]
    assert "identity" not in read_facts(restored[1], "old_photo", "classical")


def test_an_embedding_that_is_no_network_stops_before_anything_is_written(
    restored: tuple[Params, Workspace], tmp_path: Path
):
    params, place = restored
    (tmp_path / "wrong.onnx").write_text("no network")
    chosen = params.evaluate.model_copy(update={"face_embedding": str(tmp_path / "wrong.onnx")})
    before = read_facts(place, "face", "unsharp")
    with pytest.raises(ToolError, match="is not an SFace face embedder"):
        evaluate.run(params.model_copy(update={"evaluate": chosen}), place, "face-unsharp")
    assert read_facts(place, "face", "unsharp") == before


def test_faces_are_aligned_for_identity_by_the_detector_that_ships_with_lienet(
    restored: tuple[Params, Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    params, place = restored
    chosen = params.evaluate.model_copy(update={"face_embedding": str(tmp_path / "sface.onnx")})
    stop = Mock(side_effect=InterruptedError)
    monkeypatch.setattr(evaluate, "FaceEmbedder", stop)
    with pytest.raises(InterruptedError):
        evaluate.run(params.model_copy(update={"evaluate": chosen}), place, "face-unsharp")
    stop.assert_called_once_with(tmp_path / "sface.onnx", find_shipped_model("alignment").locate())


def test_real_photographs_are_enhanced_kept_and_measured(restored: tuple[Params, Workspace]):
    place = restored[1]
    real = read_facts(place, "old_photo", "classical")["real"]
    assert {name: each["num_images"] for name, each in real.items()} == {"near": 2, "far": 1}
    assert real["near"]["after"]["contrast"] > 1.2 * real["near"]["before"]["contrast"]
    folder = place.evaluation_dir("old_photo", "classical") / "real" / "x1"
    kept = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    assert kept == ["far/far__c.png", "near/near__a.png"]
    assert "real" not in read_facts(place, "face", "unsharp")


def test_without_real_photographs_there_is_nothing_real(
    restored: tuple[Params, Workspace], tmp_path: Path
):
    place = Workspace(tmp_path)
    write_shards(place, "old_photo", "test", make_faded_samples()[:1])
    evaluate.run(restored[0], place, "old_photo-classical")
    assert read_facts(place, "old_photo", "classical")["real"] == {}


def test_our_network_leaves_what_it_saw_in_the_first_image(workspace: tuple[Params, Workspace]):
    _, place = workspace
    with np.load(place.evaluation_dir("sr", "lienet") / "features.npz") as stored:
        assert str(stored["key"]) == "far__c"
        assert stored["channels"].shape == (16, SIZE_PX[0] // 4, SIZE_PX[1] // 4)
    assert not (place.evaluation_dir("sr", "bicubic") / "features.npz").exists()


def test_the_tracked_run_reads_like_table_1(workspace: tuple[Params, Workspace]):
    params, place = workspace
    found = read_table(place.root, uri=None, tasks=("sr",)).set_index("model").loc["lienet"]
    protocol = params.promote.tasks["sr"].protocol
    rows = [row for row in read_rows(place, "lienet") if row["protocol"] == protocol]
    mean = sum(float(row["psnr_db"]) for row in rows) / len(rows)
    assert found["psnr_db"] == round(mean, 3)
    assert (found["num_params"], found["lienet.protocol"]) == (123_648, protocol)
    assert found["lienet.data.test"] == read_index(place.shards_dir("sr") / "test").sha256[:36]
