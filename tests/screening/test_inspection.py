"""Who is looked at, and who keeps an earlier verdict; the stage's test has the verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.manifests.photographs import Photographs
from lienet.manifests.records import write_filtered
from lienet.params import Params, load_params
from lienet.screening.inspection import find_pass, inspect_photographs
from lienet.screening.purge import purge_refused
from lienet.workspace import Workspace
from tests.stages.raw_folder import store_raw
from tests.stages.studio import record_of


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
