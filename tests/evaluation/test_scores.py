"""The schema of a measurement: what is written is what is read, and a metric has one name."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from lienet.errors import DataError
from lienet.evaluation.scores import (
    Evaluation,
    ImageScore,
    Interval,
    Result,
    gain_names,
    parse_scores,
    read_evaluation,
    read_scores,
    scores_as_csv,
)
from lienet.files import write_json


def make_score(key: str, **values: float) -> ImageScore:
    measured = {"psnr_db": 26.123456789, "ssim": 0.7} | values
    return ImageScore("x4_q20_luma", "kodak24", key, measured, {"psnr_db": 25.0, "ssim": 0.6})


def test_scores_are_written_as_others_read_them():
    text = scores_as_csv([make_score("a", vmaf=80.0), make_score("b", own=1.0)])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == [
        "protocol", "test_set", "key", "psnr_db", "ssim", "vmaf", "baseline_psnr_db",
        "baseline_ssim", "baseline_vmaf", "ciede2000", "baseline_ciede2000", "sharpness",
        "baseline_sharpness", "own", "baseline_own",
    ]  # fmt: skip
    assert rows[0]["psnr_db"] == "26.123457"
    assert (rows[1]["vmaf"], rows[1]["own"]) == ("", "1.0")


def test_scores_come_back_as_they_were():
    scores = [make_score("a", vmaf=80.0), make_score("b", own=1.5)]
    rounded = parse_scores(scores_as_csv(scores))
    assert [score.key for score in rounded] == ["a", "b"]
    assert rounded[0].values == {"psnr_db": 26.123457, "ssim": 0.7, "vmaf": 80.0}
    assert rounded[1].values["own"] == 1.5
    assert rounded[0].baseline == {"psnr_db": 25.0, "ssim": 0.6}


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "protocol,test_set,key,psnr_db,ssim\np,s,k,x,1\n"])
def test_a_table_that_is_none_is_one_line(text: str, tmp_path: Path):
    with pytest.raises(DataError, match="cannot be read"):
        parse_scores(text)
    (tmp_path / "per_image.csv").write_text(text)
    with pytest.raises(DataError, match=r"broken.*run it again"):
        read_scores(tmp_path / "per_image.csv", remedy="run it again")
    with pytest.raises(DataError, match="no per-image results"):
        read_scores(tmp_path / "none.csv", remedy="run it again")


def test_a_gain_is_named_with_the_unit_last():
    assert gain_names("psnr_db") == ("psnr_gain_db", "psnr_gain_low_db", "psnr_gain_high_db")
    assert gain_names("ssim") == ("ssim_gain", "ssim_gain_low", "ssim_gain_high")


def test_a_result_goes_through_json_with_metrics_of_any_name():
    result = Result(
        3,
        {"psnr_db": 28.5, "ssim": 0.75, "own_error": 2.0},
        {"psnr_db": Interval(1.0, 0.5, 1.5), "own_error": Interval(-1.0, -2.0, 0.0)},
    )
    flat = result.as_json()
    assert (flat["vmaf"], flat["own_error_gain_low"], flat["ssim_gain"]) == (None, -2.0, None)
    assert Result.from_json(flat) == result


def test_a_result_without_the_ends_of_an_interval_is_refused():
    flat = Result(3, {"psnr_db": 1.0, "ssim": 0.5}, {"ssim": Interval(0.1, 0.0, 0.2)}).as_json()
    with pytest.raises(ValueError, match="no ends"):
        Result.from_json(flat | {"ssim_gain_low": None})
    with pytest.raises(ValueError, match="num_images"):
        Result.from_json({name: each for name, each in flat.items() if name != "num_images"})


def test_the_opposite_of_an_interval_has_its_ends_turned():
    assert Interval(-2.0, -3.0, -1.0).negated() == Interval(2.0, 1.0, 3.0)


def test_a_missing_or_broken_evaluation_is_one_line(tmp_path: Path):
    with pytest.raises(DataError, match=r"no evaluation.*lienet evaluate"):
        read_evaluation(tmp_path / "none.json", remedy="run lienet evaluate x")
    (tmp_path / "broken.json").write_text('{"task": "sr"}')
    with pytest.raises(DataError, match="broken at"):
        read_evaluation(tmp_path / "broken.json", remedy="run lienet evaluate x")


def test_an_evaluation_is_written_as_it_is_read_and_without_what_was_not_measured(tmp_path: Path):
    result = Result(3, {"psnr_db": 28.1234567, "ssim": 0.75}, {"ssim": Interval(0.1, 0.0, 0.2)})
    measured: dict[str, Any] = {
        "task": "old_photo", "model": "lienet", "architecture": "lienet_enhancement", "scale": 1,
        "num_params": 9, "num_macs": None, "macs_output_px": [720, 1280], "latency_ms": 1.5,
        "latency_input_px": [180, 320], "steps": 4, "data_sha256": {"test": "ab"},
        "weights_sha256": "cd", "results": {"rgb": {"sample": result}},
        "real": {"prints": {"num_images": 1, "before": {"noise": 0.5}, "after": {"noise": 0.25},
                            "images": {"a": {"before": {"noise": 0.5}, "after": {"noise": 0.25}}}}},
    }  # fmt: skip
    path = tmp_path / "lienet.json"
    write_json(path, Evaluation.model_validate(measured).as_json())
    flat = {"rgb": {"sample": result.as_json()}}
    assert json.loads(path.read_text()) == measured | {"results": flat}
    written = path.read_bytes()
    write_json(path, read_evaluation(path, remedy="").as_json())
    assert path.read_bytes() == written
