"""The stage report writes everything, the same again, and nothing if an evaluation is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import DataError
from lienet.manifests.parquet_rows import write_rows
from lienet.manifests.trained_on import TrainedRecord
from lienet.params import Params
from lienet.stages import report
from lienet.workspace import Workspace
from tests.report import evaluated, restored

WRITTEN = [
    "ATTRIBUTION.csv",
    "figures/figure1.png",
    "figures/figure6.png",
    "figures/figure7.png",
    "index.html",
    "per_image.csv",
    "table1.csv",
    "table1.md",
]


@pytest.fixture
def params(repository: Path) -> Params:
    return evaluated.make_params(repository, max_figure_images=1)


@pytest.fixture
def workspace(params: Params, tmp_path: Path) -> Workspace:
    return keep_photographs(evaluated.make_workspace(tmp_path, params, side_px=96))


def keep_photographs(workspace: Workspace) -> Workspace:
    """Write the lists of photographs that were trained on, which name whom to credit."""
    record = TrainedRecord("sample__1", "", "nobody", "CC0", "here", "sample")
    for task in ("sr", "face", "old_photo"):
        write_rows(workspace.trained_on_path(task), [record], TrainedRecord)
    return workspace


def read_outputs(workspace: Workspace) -> dict[str, bytes]:
    paths = [
        path
        for path in sorted(workspace.reports_dir.rglob("*"))
        if path.is_file() and not {"evaluate", "metrics"} & {*path.parts}
    ]
    return {str(path.relative_to(workspace.reports_dir)): path.read_bytes() for path in paths}


def test_there_is_one_item(params: Params):
    assert report.list_items(params) == ["report"]


def test_all_outputs_are_written_and_a_second_run_writes_the_same(params, workspace):
    report.run(params, workspace, "report")
    first = read_outputs(workspace)
    assert sorted(first) == WRITTEN
    assert b"| x4_q20_luma | mixed (2) | lienet - esrgan | +0." in first["table1.md"]
    assert first["ATTRIBUTION.csv"] == (
        b"key,title,author,licence,origin,source\nsample__1,,nobody,CC0,here,sample\n"
    )
    metrics = sorted(path.name for path in (workspace.metrics_dir / "sr").iterdir())
    assert metrics == ["bicubic.json", "esrgan.json", "lienet.json", "sftgan.json", "srgan.json"]
    assert first["table1.csv"].count(b"\n") == 1 + 4 * 5 + 4
    report.run(params, workspace, "report")
    assert read_outputs(workspace) == first


def test_a_missing_evaluation_leaves_the_last_report_as_it_was(params, workspace):
    (workspace.reports_dir / "table1.csv").write_text("the last one")
    workspace.evaluation_path("sr", "srgan").unlink()
    with pytest.raises(DataError, match="run `lienet evaluate sr-srgan`"):
        report.run(params, workspace, "report")
    assert read_outputs(workspace) == {"table1.csv": b"the last one"}


def test_faces_and_old_photographs_are_reported_without_super_resolution(
    repository: Path, tmp_path: Path
):
    params = restored.make_params(repository)
    place = keep_photographs(restored.make_workspace(tmp_path, params))
    report.run(params, place, "report")
    names = ("1", "3", "5", "6_face", "6_old_photo", "8", "9")
    written = read_outputs(place)
    assert sorted(written) == sorted(
        [
            *(f"figures/figure{name}.png" for name in names),
            *("ATTRIBUTION.csv", "index.html", "per_image.csv", "table1.csv", "table1.md"),
        ]
    )
    lines = written["table1.csv"].decode().splitlines()
    assert sum(",ablation_no_spade," in line for line in lines) == 4
    page = written["index.html"].decode()
    assert "Bicubic under every protocol" not in page
    assert "ablation_no_spade \N{MINUS SIGN} lienet" in page
    assert "Trained against a discriminator, lienet_gan differs from lienet" in page
    assert "Identity was left out" in page
    assert "Real photographs of set (2)" in page
