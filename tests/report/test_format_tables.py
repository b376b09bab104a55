from __future__ import annotations

from pathlib import Path

import pytest

from lienet.evaluation.format_costs import Difference, FormatCost, FormatCosts, FormatSet
from lienet.evaluation.scores import ImageScore, scores_as_csv
from lienet.files import write_json, write_text
from lienet.params import Params, load_params
from lienet.report.format_tables import compare_formats, make_format_sheets, read_all_costs
from lienet.report.side_tables import make_order_sheets
from lienet.workspace import Workspace

PROTOCOL = "x4_q20_luma"


@pytest.fixture
def params(repository: Path) -> Params:
    return load_params(repository / "profiles" / "sample.yaml")


def make_cost(name: str, difference: float | None) -> FormatCost:
    results = {}
    if difference is not None:
        psnr = Difference(
            mean=25.0,
            difference=difference,
            difference_low=difference - 0.01,
            difference_high=difference + 0.01,
        )
        results = {PROTOCOL: {"kodak": FormatSet(num_images=7, metrics={"psnr_db": psnr})}}
    return FormatCost(
        format=name,
        tool="tool 1",
        reason=None if results else "no operator",
        size_bytes=487_400,
        latency_ms={1: 20.04, 2: 11.0} if results else {},
        peak_memory_mb=33.3 if results else None,
        results=results,
    )


def write(workspace: Workspace, model: str, offset_db: float) -> None:
    formats = [make_cost("onnx", 0.0), make_cost("int8", -0.02), make_cost("other", None)]
    costs = FormatCosts(task="sr", model=model, weights_sha256="ab", formats=formats)
    costs = costs.model_copy(update={"latency_input_px": (180, 320)})
    write_json(workspace.format_costs_path("sr", model), costs.model_dump(mode="json"))
    scores = [
        ImageScore(PROTOCOL, "kodak", f"{key}", {"psnr_db": 25 + offset_db + key, "ssim": 0.5})
        for key in range(7)
    ]
    path = workspace.format_costs_dir("sr", model) / "int8.csv"
    write_text(path, scores_as_csv(scores))


def test_each_format_is_a_line_and_a_failing_one_says_why(params: Params, tmp_path: Path):
    write(Workspace(tmp_path), "lienet", 0.0)
    (sheet,) = make_format_sheets(params, read_all_costs(params, Workspace(tmp_path)))
    lines = [[cell.text for cell in line] for line in sheet.lines]
    assert {len(line) for line in lines} == {len(sheet.titles)}
    assert lines[1][:5] == ["lienet", "int8", "kodak (7)", "487", "-0.020 [-0.030, -0.010]"]
    assert lines[1][-3:] == ["20.0", "11.0", "33.3"]
    assert lines[2][:3] == ["lienet", "other: tool 1 says: no operator", "–"]
    assert "320x180" in sheet.note


def test_networks_are_compared_in_the_same_format(params: Params, tmp_path: Path):
    workspace = Workspace(tmp_path)
    write(workspace, "lienet", 0.5)
    write(workspace, "srgan", 0.0)
    costs = read_all_costs(params, workspace)
    (pair,) = compare_formats(params, workspace, costs)
    assert (pair.protocol, pair.ours, pair.other, pair.num_images) == ("int8", "lienet", "srgan", 7)
    assert pair.differences["psnr_db"].mean == pytest.approx(0.5)
    (sheet,) = make_order_sheets(params, [pair])
    assert sheet.title == "Super-resolution: model against model in each format"


def test_params_may_name_more_pairs(params: Params, tmp_path: Path):
    report = params.report.model_copy(update={"compare": (("sr-esrgan", "sr-srgan"),)})
    params = params.model_copy(update={"report": report})
    workspace = Workspace(tmp_path)
    for name, gain_db in {"lienet": 0.5, "srgan": 0.0, "esrgan": 0.2}.items():
        write(workspace, name, gain_db)
    found = compare_formats(params, workspace, read_all_costs(params, workspace))
    assert {(pair.ours, pair.other) for pair in found} == {
        ("lienet", "srgan"), ("lienet", "esrgan"), ("esrgan", "srgan")
    }  # fmt: skip


def test_without_measured_formats_there_is_no_table(params: Params, tmp_path: Path):
    assert read_all_costs(params, Workspace(tmp_path)) == []
    assert make_format_sheets(params, []) == []
