"""Tables of single images: scores of all, and pictures side by side where the shards are here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lienet.evaluation.scores import ImageScore, scores_as_csv
from lienet.files import write_bytes, write_text
from lienet.tracking.image_tables import ImageTables, describe_tables
from lienet.workspace import Workspace
from tests.stages.evaluate_inputs import SIZE_PX, make_samples, write_shards

PROTOCOL = "x4_q20_luma"


@pytest.fixture
def tables(tmp_path: Path) -> ImageTables:
    """What is kept of three images, of one of which there is a picture; no shards."""
    values, baseline = {"psnr_db": 26.12345, "vmaf": 20.0}, {"psnr_db": 25.0}
    scores = [
        ImageScore(protocol, sample.info["test_set"], sample.key, {**values, "ssim": 0.8}, baseline)
        for protocol in ("another", PROTOCOL)
        for sample in make_samples()
    ]
    write_text(tmp_path / "per_image.csv", scores_as_csv(scores))
    first = make_samples()[1]
    assert first.reference_png is not None
    folder = tmp_path / "x4" / first.info["test_set"]
    write_bytes(folder / f"{first.key}.png", first.reference_png)
    place = Workspace(tmp_path)
    return ImageTables(
        protocol=PROTOCOL,
        scores_path=tmp_path / "per_image.csv",
        enhanced_dir=tmp_path / "x4",
        test_dir=place.shards_dir("sr") / "test",
        scale=4,
    )


def read(path: Path) -> list[dict[str, Any]]:
    table = json.loads(path.read_text())
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


def test_without_shards_there_are_the_scores_of_one_protocol(tables: ImageTables, tmp_path: Path):
    assert tables.write(tmp_path / "out") == ["per_image.json"]
    rows = read(tmp_path / "out" / "per_image.json")
    assert [row["image"] for row in rows] == [sample.key for sample in make_samples()]
    assert rows[0] == {
        "image": "far__c", "psnr_db": 26.123, "psnr_gain_db": 1.123, "ssim": 0.8, "vmaf": 20.0,
        "test_set": "far",
    }  # fmt: skip


def test_a_picture_stands_between_its_input_and_its_reference(tables: ImageTables, tmp_path: Path):
    write_shards(Workspace(tmp_path), "sr", "test", make_samples())
    folder = tmp_path / "out"
    assert tables.write(folder) == ["per_image.json", "pictures.json"]
    (row,) = read(folder / "pictures.json")
    assert list(row) == ["image", "input", "enhanced", "reference", "psnr_db", "ssim", "vmaf"]
    sizes = {}
    for name in ("input", "enhanced", "reference"):
        assert row[name]["type"] == "image"
        with Image.open(folder / row[name]["filepath"]) as picture:
            sizes[name] = picture.size
        with Image.open(folder / row[name]["compressed_filepath"]) as thumbnail:
            assert thumbnail.format == "WEBP"
    whole = SIZE_PX[::-1]
    small = (SIZE_PX[1] // 4, SIZE_PX[0] // 4)
    assert sizes == {"input": small, "enhanced": whole, "reference": whole}


def test_the_tag_names_the_tables_as_mlflow_does():
    assert json.loads(describe_tables(["a.json"])) == [{"path": "a.json", "type": "table"}]
