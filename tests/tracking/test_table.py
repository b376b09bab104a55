from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from lienet.errors import InputError
from lienet.text_tables import print_tables
from lienet.tracking.runs import FORMER_PARENT_TAG
from lienet.tracking.store import connect
from lienet.tracking.table import make_table, read_table, to_csv, to_json, to_markdown

RUNS = (
    ("lienet", 1, {"psnr_db": 26.0, "psnr_gain_db": 0.9}),
    (
        "lienet",
        2,
        {
            "psnr_db": 26.5,
            "psnr_gain_db": 1.31,
            "num_params": 123648.0,
            "ssim": 0.7514,
            "latency_ms": 227.02,
        },
    ),
    ("srgan", 3, {"psnr_db": 26.7, "psnr_gain_db": 1.5, "a/b/ciede2000": 3.0}),
    ("esrgan", 4, {"psnr_db": 26.1, "a/b/ciede2000": 2.0}),
    ("nothing_yet", 5, {}),
)
TAGS = {"lienet.git_commit": "0123456789abcdef", "lienet.profile": "sa|mple"}


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> str:
    folder = tmp_path_factory.mktemp("tracked")
    shutil.copy(empty_store, folder / "mlflow.db")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = connect(uri, folder)
    experiment = client.create_experiment("lienet-sr")
    for name, start_ms, metrics in RUNS:
        run = client.create_run(experiment, start_time=start_ms, run_name=name, tags=TAGS)
        client.log_param(run.info.run_id, "train.steps", 400)
        for key, value in metrics.items():
            client.log_metric(run.info.run_id, key, value)
    held = {**TAGS, FORMER_PARENT_TAG: "night"}  # a row of before, which is no model
    client.log_metric(client.create_run(experiment, tags=held).info.run_id, "psnr_db", 1.0)
    return uri


def read(uri: str, **options) -> pd.DataFrame:
    return read_table(Path("/nowhere"), uri=uri, **({"tasks": ("sr", "face")} | options))


def test_each_model_has_its_latest_run_the_highest_gain_first(uri: str):
    found = read(uri)
    assert list(found["model"]) == ["srgan", "lienet", "esrgan"]
    assert found["psnr_db"][1] == 26.5
    assert list(read(uri, is_all=True)["model"]) == ["srgan", "lienet", "lienet", "esrgan"]


def test_it_is_shown_as_table_1(uri: str, capsys):
    print_tables(make_table(read(uri)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:8] == ["task", "model", "PSNR", "(dB)", "gain", "(dB)", "SSIM", "VMAF"]
    shown = " ".join(lines[2].split())
    assert shown == "sr lienet 26.500 +1.310 0.7514 - 227.0 123,648 - 400 - - 012345678 sa|mple -"
    ends = [lines[0].index("gain (dB)") + len("gain (dB)"), lines[1].index("+1.500") + 6]
    assert ends[0] == ends[1], "figures end where their heading ends"


def test_a_metric_that_is_asked_for_sorts_best_first(uri: str):
    assert list(read(uri, metrics=("psnr_db",))["model"]) == ["srgan", "lienet", "esrgan"]
    by_colour = read(uri, metrics=("a/b/ciede2000", "psnr_db"))
    assert list(by_colour["model"]) == ["esrgan", "srgan", "lienet"]
    assert list(by_colour.columns)[:4] == ["task", "model", "a/b/ciede2000", "psnr_db"]


def test_what_no_run_has_is_named_with_what_there_is(uri: str):
    with pytest.raises(InputError, match=r"the metrics are a/b/ciede2000, latency_ms, .*got psnr;"):
        read(uri, metrics=("psnr",))
    with pytest.raises(InputError, match="no models are tracked for face; run dvc repro"):
        read(uri, tasks=("face",))


def test_json_holds_every_digit_and_null_where_there_is_none(uri: str):
    rows = json.loads(to_json(read(uri)))
    assert (rows[1]["model"], rows[1]["ssim"], rows[1]["vmaf"]) == ("lienet", 0.7514, None)


def test_csv_holds_every_digit_and_markdown_what_is_shown(uri: str):
    found = read(uri)
    rows = to_csv(found).splitlines()
    assert rows[0].startswith(
        "task,model,psnr_db,psnr_gain_db,ssim,vmaf,latency_ms,num_params,num_macs,train.steps,"
    )
    assert rows[2].startswith("sr,lienet,26.5,1.31,0.7514,,227.02,123648.0,,400,")
    table = to_markdown(found).splitlines()
    assert table[1].startswith("| :-- | :-- | --: | --: |")
    assert "| sr | lienet | 26.500 | +1.310 | 0.7514 | - | 227.0 | 123,648 | - | 400 |" in table[3]
    assert "sa\\|mple" in table[3]
