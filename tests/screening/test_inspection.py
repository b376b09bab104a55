"""Who is looked at, and who keeps an earlier verdict; the stage's test has the verdicts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lienet.manifests.photographs import Photographs
from lienet.manifests.records import write_filtered
from lienet.params import Params, load_params
from lienet.screening.boxes import Box
from lienet.screening.inspection import find_pass, inspect_photographs, record_verdict
from lienet.screening.purge import purge_refused
from lienet.screening.quality import Quality
from lienet.screening.verdict import Verdict
from lienet.workspace import Workspace
from tests.manifests.image_record import KEPT
from tests.stages.raw_folder import store_raw
from tests.stages.studio import record_of

RAW = replace(KEPT, people="[]")


@pytest.fixture
def params(repository: Path) -> Params:
    params = load_params(repository / "profiles" / "sample.yaml")
    chosen = params.filter.model_copy(
        update={"exempt_sources": ("tests",), "consented_sources": ("sample",)}
    )
    return params.model_copy(update={"filter": chosen})


def test_sources_pass_by_the_words_of_params(params: Params):
    found = [find_pass(params, source) for source in ("tests", "sample", "others")]
    assert found == ["exempt", "consented", None]


def test_photographs_that_were_removed_keep_their_rows_and_come_last(
    params: Params, tmp_path: Path
):
    workspace = Workspace(tmp_path)
    store_raw(workspace, {name: name.encode() for name in ("a", "b", "c")})
    photographs = Photographs.find(workspace.raw_dir("sample"))
    first = list(inspect_photographs(params, workspace, "sample", photographs))
    assert [record.key for record in first] == ["sample__a", "sample__b", "sample__c"]
    refused = record_of("sample__b", "auto", verdict="refuse", path=first[1].path)
    write_filtered(tmp_path / "filtered.parquet", [first[0], refused, first[2]])
    purge_refused(photographs, tmp_path / "none", tmp_path / "filtered.parquet")
    again = list(inspect_photographs(params, workspace, "sample", photographs))
    assert again == [first[0], first[2], refused]


def test_filtered_row_keeps_the_raw_columns_and_adds_the_verdict():
    box = Box("face", 1, 2, 3, 4, 0.75)
    quality = Quality(10, 0.5, 30.0, 90)
    verdict = Verdict(("face",), (box,), quality, 255)
    row = record_verdict(RAW, verdict, "yunet and cascades", {"face": "yunet"})
    assert {name: getattr(row, name) for name in RAW.__dict__} == RAW.__dict__
    assert (row.verdict, row.reasons, row.score) == ("refuse", ("face",), 0.75)
    assert (row.sharpness, row.contrast, row.jpeg_quality) == (0.5, 30.0, 90)
    assert row.perceptual_hash == "00000000000000ff"
    (stored,) = json.loads(row.boxes)
    assert (stored["detector"], stored["kind"], stored["left_px"]) == ("yunet", "face", 1)


def test_image_that_was_not_looked_at_has_no_measures():
    row = record_verdict(RAW, Verdict((), ()), "exempt", {})
    assert (row.verdict, row.detector, row.boxes) == ("keep", "exempt", "[]")
    assert (row.sharpness, row.jpeg_quality, row.perceptual_hash) == (0.0, 0, "")
