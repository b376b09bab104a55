from __future__ import annotations

import json

from lienet.tracking.table_columns import COLUMNS, NOTE, VIEW_KEY, VIEW_TAG, describe_view


def test_the_view_names_every_column_as_the_page_does():
    view = json.loads(describe_view())
    assert view["selectedColumns"] == [f"{each.kind}.`{each.key}`" for each in COLUMNS]
    assert view["orderByKey"] in view["selectedColumns"]
    assert view["orderByAsc"] is False
    assert len(describe_view()) < 5000, "MLflow keeps no longer tag"


def test_the_note_links_to_the_view():
    assert f"#/experiments/7/runs?viewStateShareKey={VIEW_KEY}" in NOTE.format(id=7)
    assert VIEW_TAG.endswith(VIEW_KEY)
